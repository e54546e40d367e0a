/** Prints what containers wrote: their stdout to stdout, their stderr to stderr. */
import { once } from 'node:events';
import { fstatSync } from 'node:fs';
import type { Writable } from 'node:stream';

import type { Container, LogChunk, LogsOptions } from '../../container/api/container.js';
import type { Invocation } from '../command-parts/definition.js';
import type { Flag } from '../command-parts/flag.js';
import type { Context } from '../context.js';
import { NEWLINE } from '../../logs/record.js';
import { outputStream } from './output.js';
import { parseMomentFlag } from '../parse/moment.js';
import { shortId } from '../../util/short-id.js';

/** Flags that choose what is printed, and how. */
export const LOG_FLAGS: readonly Flag[] = [
  { name: 'color', kind: 'bool', help: 'Print names in colours' },
  { name: 'follow', short: 'f', kind: 'bool', help: 'Follow the output until the container ends' },
  { name: 'names', short: 'n', kind: 'bool', help: 'Begin each line with the name of its container' },
  {
    name: 'since',
    kind: 'text',
    value: 'time',
    help: 'Show output since this time: a date, seconds since 1970, or a duration before now',
  },
  { name: 'tail', kind: 'int', value: 'lines', default: '-1', help: 'Print only the last lines; -1 is all' },
  { name: 'timestamps', short: 't', kind: 'bool', help: 'Begin each line with its time' },
  {
    name: 'until',
    kind: 'text',
    value: 'time',
    help: 'Show output until this time: a date, seconds since 1970, or a duration from now on',
  },
];

export interface LogSources {
  readonly containers: readonly Container[];
  /** Whether each line names its container. */
  readonly several: boolean;
  /** Options from readLogOptions(). */
  readonly options: LogsOptions;
}

/** Prints the logs one after the other, or with --follow at the same time, and returns the exit status. */
export async function printLogs(
  context: Context,
  invocation: Invocation,
  { containers, several, options }: LogSources,
): Promise<number> {
  const sinks = openSinks(context);
  const prefixes = containers.map((container, i) => linePrefix(container, invocation, { index: i, several }));
  const isMixed = options.follow === true && containers.length > 1;
  const print = (container: Container, i: number): Promise<void> =>
    copy(container, { ...options, prefix: prefixes[i] ?? '' }, { sinks, isMixed });
  if (options.follow === true) await Promise.race([Promise.all(containers.map(print)), sinks.failed]);
  else for (const [i, container] of containers.entries()) await Promise.race([print(container, i), sinks.failed]);
  await Promise.race([sinks.end(), sinks.failed]);
  return 0;
}

/** Reads LOG_FLAGS. Called before containers are looked up, so that an invalid flag is reported first. */
export function readLogOptions({ flags }: Invocation): LogsOptions {
  const now = new Date();
  const [since, until, tail] = [flags.text('since'), flags.text('until'), flags.number('tail')];
  return {
    follow: flags.bool('follow'),
    timestamps: flags.bool('timestamps'),
    ...(tail === undefined ? {} : { tail: tail < 0 ? -1 : tail }),
    ...(since === undefined ? {} : { since: parseMomentFlag('--since', since, now) }),
    ...(until === undefined ? {} : { until: parseMomentFlag('--until', until, now) }),
  };
}

const COLORS = [36, 33, 32, 35, 34, 31] as const;

/**
 * Returns the prefix of a container's lines, which is empty unless there are several containers or --names is given.
 */
function linePrefix(
  container: Container,
  { flags }: Invocation,
  place: { readonly index: number; readonly several: boolean },
): string {
  if (!flags.bool('names') && !place.several) return '';
  const name = flags.bool('names') ? container.name : shortId(container.id);
  return flags.bool('color') ? `\x1b[${COLORS[place.index % COLORS.length]}m${name}\x1b[0m ` : `${name} `;
}

interface Sinks {
  readonly stdout: Writable | undefined;
  readonly stderr: Writable;
  /** Streams whose last line is not ended yet. */
  readonly unended: Set<Writable>;
  /** Rejects when a stream cannot be written to any more. */
  readonly failed: Promise<never>;
  /** Resolves when everything is written. */
  end(): Promise<void>;
}

/**
 * Opens the streams. If stdout and stderr are the same file or terminal, there is one stream, because two would not
 * keep the order.
 */
function openSinks(context: Context): Sinks {
  const fd = context.globals.stdout;
  const stdout = fd === undefined ? undefined : outputStream(fd);
  const stderr = stdout !== undefined && fd !== undefined && isSameFile(fd, 2) ? stdout : outputStream(2);
  const streams = new Set(stdout === undefined ? [stderr] : [stdout, stderr]);
  const failed = new Promise<never>((_, reject) => {
    for (const stream of streams) stream.on('error', reject);
  });
  failed.catch(() => undefined);
  return {
    stdout,
    stderr,
    unended: new Set(),
    failed,
    end: async () => {
      await Promise.all([...streams].map((stream) => new Promise<void>((resolve) => stream.end(resolve))));
    },
  };
}

function isSameFile(fd: number, other: number): boolean {
  const [one, two] = [fstatSync(fd, { bigint: true }), fstatSync(other, { bigint: true })];
  return one.dev === two.dev && one.ino === two.ino;
}

/**
 * Copies a log. An unended line of a container before it is ended first. `isMixed`: other logs are written at the same
 * time, so that a line is written only when it is complete, or will never be.
 */
async function copy(
  container: Container,
  options: LogsOptions,
  { sinks, isMixed }: { readonly sinks: Sinks; readonly isMixed: boolean },
): Promise<void> {
  const left = [...sinks.unended];
  const chunks = container.logs(options);
  for await (const { stream, data } of isMixed ? wholeLines(chunks) : chunks) {
    const sink = stream === 'stderr' ? sinks.stderr : sinks.stdout;
    if (sink === undefined) continue;
    for (const other of left.splice(0)) endLine(other, sinks);
    if (isMixed && sinks.unended.has(sink)) endLine(sink, sinks);
    if (data.at(-1) === NEWLINE) sinks.unended.delete(sink);
    else sinks.unended.add(sink);
    if (!sink.write(data)) await Promise.race([once(sink, 'drain'), sinks.failed]);
  }
}

/** Maximum number of bytes of an unended line that are held back. */
const MAX_LINE_BYTES = 1024 * 1024;

/** Regroups chunks so that each ends with a line; an unended line comes last, or when it gets too long. */
async function* wholeLines(chunks: AsyncIterable<LogChunk>): AsyncGenerator<LogChunk, void, undefined> {
  const kept: Record<LogChunk['stream'], Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  for await (const { stream, data } of chunks) {
    const end = data.lastIndexOf(NEWLINE) + 1;
    const isLong = kept[stream].length + data.length - end > MAX_LINE_BYTES;
    const cut = isLong ? data.length : end;
    if (cut > 0) yield { stream, data: Buffer.concat([kept[stream], data.subarray(0, cut)]) };
    kept[stream] = Buffer.concat([cut > 0 ? Buffer.alloc(0) : kept[stream], data.subarray(cut)]);
  }
  for (const stream of ['stdout', 'stderr'] as const) if (kept[stream].length > 0) yield { stream, data: kept[stream] };
}

function endLine(sink: Writable, { unended }: Sinks): void {
  sink.write('\n');
  unended.delete(sink);
}
