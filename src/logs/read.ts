/** Reads a container's log: all of it or its end, once or for as long as it grows. */
import { stat } from 'node:fs/promises';

import { watchFile, type ChangeWatcher } from '../host/file-changes.js';
import { parseJson } from './json.js';
import { compactK8s, parseK8s } from './k8s.js';
import { closeLogFiles, openLogFiles, type Block, type LogFile } from './log-file.js';
import type { LogChunk, LogStream, RecordParser } from './record.js';
import { Renderer } from './render.js';
import { seekTail } from './tail.js';
import { recordTime } from './times.js';
import { requireGone } from '../util/gone.js';
import { MAX_TIMER_MS } from '../util/timer.js';

export interface ReadLogOptions {
  readonly path: string;
  readonly driver: 'k8s-file' | 'json-file';
  /** The last lines only; -1 is all. */
  readonly tail: number;
  readonly since: Date | undefined;
  readonly until: Date | undefined;
  readonly timestamps: boolean;
  readonly prefix: string;
  readonly stream: LogStream | undefined;
  /** Goes on until this settles, and then to the end of what has been written; undefined: to the end of what was there at first. */
  readonly followUntil: Promise<unknown> | undefined;
  /** Ends the reading by throwing its reason. */
  readonly signal: AbortSignal | undefined;
}

type Render = (block: Block) => readonly LogChunk[];

const PARSERS: Readonly<Record<ReadLogOptions['driver'], RecordParser>> = {
  'k8s-file': parseK8s,
  'json-file': parseJson,
};

export async function* readLog(options: ReadLogOptions): AsyncGenerator<LogChunk, void, undefined> {
  const render = renderer(options);
  // Watching begins before the first read: what is written between the end of the reading and the waiting is not missed.
  using watcher = options.followUntil === undefined ? undefined : watchIfThere(options.path);
  // For whoever does not come for more.
  if (watcher !== undefined) void options.followUntil?.then(watcher.stop, watcher.stop);
  const files = await openLogFiles(options.path);
  try {
    // A container may write faster than anybody reads, and the last lines be followed by others while they are looked for.
    if (watcher === undefined) for (const file of files) await file.endHere();
    if (options.tail >= 0) {
      const tail = { lines: options.tail, parse: PARSERS[options.driver], stream: options.stream };
      const first = await seekTail(files, tail);
      // The last one may grow.
      await closeLogFiles(files.splice(0, Math.min(first, files.length - 1)));
    }
    yield* readOlder(files, render, options.signal);
    yield* readFile(files[0], render, options.signal);
    if (watcher !== undefined) yield* follow({ files, render, watcher, options });
  } finally {
    await closeLogFiles(files);
  }
}

/** All but the last, each of which is closed and leaves the list: once deleted it would hold its space on the disk. */
async function* readOlder(
  files: LogFile[],
  render: Render,
  signal: AbortSignal | undefined,
): AsyncGenerator<LogChunk, void, undefined> {
  while (files.length > 1) {
    yield* readFile(files[0], render, signal);
    await closeLogFiles(files.splice(0, 1));
  }
}

/** Undefined without its directory: nobody writes there, or will before it has been made anew. */
function watchIfThere(path: string): ChangeWatcher | undefined {
  try {
    return watchFile(path);
  } catch (error) {
    requireGone(error);
    return undefined;
  }
}

/** The way with nothing to add or to leave out moves the bytes and looks at little else. */
function renderer(options: ReadLogOptions): Render {
  const { driver, since, until, timestamps, prefix, stream } = options;
  const plain = since === undefined && until === undefined && !timestamps && prefix === '';
  if (plain && driver === 'k8s-file') return ({ bytes, end }) => compactK8s(bytes, end, stream);
  const lines = new Renderer({
    parse: PARSERS[driver],
    stream,
    since: since && recordTime(since),
    until: until && recordTime(until),
    timestamps,
    prefix: Buffer.from(prefix),
  });
  return ({ bytes, end }) => lines.render(bytes, end);
}

async function* readFile(
  file: LogFile | undefined,
  render: Render,
  signal: AbortSignal | undefined,
): AsyncGenerator<LogChunk, void, undefined> {
  if (file === undefined) return;
  for await (const block of file.blocks()) {
    signal?.throwIfAborted();
    yield* render(block);
  }
}

interface Following {
  /** The last is the one that grows; newer ones are added. */
  readonly files: LogFile[];
  readonly render: Render;
  readonly watcher: ChangeWatcher;
  readonly options: ReadLogOptions;
}

async function* follow(following: Following): AsyncGenerator<LogChunk, void, undefined> {
  const { files, render, watcher, options } = following;
  let ended = false;
  const end = () => {
    ended = true;
    cancelTimer();
    watcher.stop();
  };
  options.followUntil?.then(end, end);
  const cancelTimer = wakeAt(options.until, end);
  options.signal?.addEventListener('abort', watcher.wake);
  try {
    for (;;) {
      watcher.reset();
      // Here, for an abort that came before anyone listened wakes nobody.
      options.signal?.throwIfAborted();
      const isLast = ended;
      yield* readFile(files.at(-1), render, options.signal);
      const change = await whatChanged(following);
      if (change !== 'nothing') {
        if (change !== 'emptied') {
          files.push(...change);
          // What was written to the old file before it was renamed comes first.
          yield* readOlder(files, render, options.signal);
        }
        continue;
      }
      if (isLast) return;
      if (!ended) await watcher.next();
    }
  } finally {
    cancelTimer();
    options.signal?.removeEventListener('abort', watcher.wake);
  }
}

/** The files that a rotation has made since; or the file was cut to nothing, and is read from its beginning. */
async function whatChanged({ files, options }: Following): Promise<'nothing' | 'emptied' | readonly LogFile[]> {
  const current = files.at(-1);
  const found = await stat(options.path, { bigint: true }).catch(() => undefined);
  if (found === undefined) return 'nothing';
  if (found.ino !== current?.inode) return openLogFiles(options.path, current?.inode);
  if (found.size >= BigInt(current.position)) return 'nothing';
  current.seek(0);
  return 'emptied';
}

/** Answers what calls it off. What is further away than a timer reaches does not matter to a log that is being followed. */
function wakeAt(date: Date | undefined, wake: () => void): () => void {
  const delay = date === undefined ? Infinity : date.getTime() - Date.now();
  if (delay > MAX_TIMER_MS) return () => undefined;
  const timer = setTimeout(wake, Math.max(0, delay));
  return () => {
    clearTimeout(timer);
  };
}
