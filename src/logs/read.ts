/** Reads a container's log: all of it or its last lines, once or following it. */
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
  /** Number of lines from the end; -1: all. */
  readonly tail: number;
  readonly since: Date | undefined;
  readonly until: Date | undefined;
  readonly timestamps: boolean;
  readonly prefix: string;
  readonly stream: LogStream | undefined;
  /**
   * Follows the log until this promise settles, and then reads to the end of what has been written. undefined: reads to
   * the end of what was there at the start.
   */
  readonly followUntil: Promise<unknown> | undefined;
  /** Ends the reading by throwing the signal's reason. */
  readonly signal: AbortSignal | undefined;
}

type Render = (block: Block) => readonly LogChunk[];

const PARSERS: Readonly<Record<ReadLogOptions['driver'], RecordParser>> = {
  'k8s-file': parseK8s,
  'json-file': parseJson,
};

/** Yields the container's output. Throws the reason of `signal`. */
export async function* readLog(options: ReadLogOptions): AsyncGenerator<LogChunk, void, undefined> {
  const render = renderer(options);
  // Watching begins before the first read, so that nothing written between reading and waiting is missed.
  using watcher = options.followUntil === undefined ? undefined : watchIfThere(options.path);
  // In case the consumer never comes back for more.
  if (watcher !== undefined) void options.followUntil?.then(watcher.stop, watcher.stop);
  const files = await openLogFiles(options.path);
  try {
    // A container may write faster than the log is read, and further lines may follow while the last ones are searched.
    if (watcher === undefined) for (const file of files) await file.endHere();
    if (options.tail >= 0) {
      const tail = { lines: options.tail, parse: PARSERS[options.driver], stream: options.stream };
      const first = await seekTail(files, tail);
      // The newest file is kept even so: it may grow.
      await closeLogFiles(files.splice(0, Math.min(first, files.length - 1)));
    }
    yield* readOlder(files, render, options.signal);
    yield* readFile(files[0], render, options.signal);
    if (watcher !== undefined) yield* follow({ files, render, watcher, options });
  } finally {
    await closeLogFiles(files);
  }
}

/**
 * Reads all files but the last. Each is closed and removed from the list: a deleted file that is open keeps its disk
 * space.
 */
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

/** Watches the log; undefined if its directory is missing: nothing is written there until that is created again. */
function watchIfThere(path: string): ChangeWatcher | undefined {
  try {
    return watchFile(path);
  } catch (error) {
    requireGone(error);
    return undefined;
  }
}

/**
 * Returns the function that renders blocks. If nothing is added or filtered by time, a fast one only moves the bytes.
 */
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
  /** The last file is the one that grows; newer ones are appended. */
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
      // Checked here because an abort before the listener was added wakes nobody.
      options.signal?.throwIfAborted();
      const isLast = ended;
      yield* readFile(files.at(-1), render, options.signal);
      const change = await whatChanged(following);
      if (change !== 'nothing') {
        if (change !== 'emptied') {
          files.push(...change);
          // Writes to the old file before it was renamed come first.
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

/**
 * Returns the files that a rotation has created since; or 'emptied' if the file was truncated: it is then read from its
 * beginning.
 */
async function whatChanged({ files, options }: Following): Promise<'nothing' | 'emptied' | readonly LogFile[]> {
  const current = files.at(-1);
  const found = await stat(options.path, { bigint: true }).catch(() => undefined);
  if (found === undefined) return 'nothing';
  if (found.ino !== current?.inode) return openLogFiles(options.path, current?.inode);
  if (found.size >= BigInt(current.position)) return 'nothing';
  current.seek(0);
  return 'emptied';
}

/**
 * Calls `wake` at a date; returns a function that cancels it. A date beyond the range of a timer is ignored: nobody
 * follows a log for so long.
 */
function wakeAt(date: Date | undefined, wake: () => void): () => void {
  const delay = date === undefined ? Infinity : date.getTime() - Date.now();
  if (delay > MAX_TIMER_MS) return () => undefined;
  const timer = setTimeout(wake, Math.max(0, delay));
  return () => {
    clearTimeout(timer);
  };
}
