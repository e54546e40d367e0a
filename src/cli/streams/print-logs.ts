/** Prints what containers wrote: their stdout to stdout, their stderr to stderr. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';

import type { Container, LogsOptions } from '../../container/api/container.js';
import type { Invocation } from '../command/definition.js';
import type { Flag } from '../command/flag.js';
import type { Context } from '../context.js';
import { NEWLINE } from '../../logs/record.js';
import { outputStream } from './output.js';
import { parseMoment } from '../parse/moment.js';
import { shortId } from '../../util/short-id.js';

/** What is printed, and how. */
export const LOG_FLAGS: readonly Flag[] = [
  { name: 'color', kind: 'bool', help: 'Print names in colours' },
  { name: 'follow', short: 'f', kind: 'bool', help: 'Go on until the container ends' },
  { name: 'names', short: 'n', kind: 'bool', help: 'Begin each line with the name of its container' },
  {
    name: 'since',
    kind: 'text',
    value: 'time',
    help: 'Leave out what is older: a date, seconds since 1970, or a duration before now',
  },
  { name: 'tail', kind: 'int', value: 'lines', default: '-1', help: 'Print the last lines only; -1 is all' },
  { name: 'timestamps', short: 't', kind: 'bool', help: 'Begin each line with its time' },
  {
    name: 'until',
    kind: 'text',
    value: 'time',
    help: 'Leave out what is newer: a date, seconds since 1970, or a duration from now on',
  },
];

export interface LogSources {
  readonly containers: readonly Container[];
  /** Each line says whose it is. */
  readonly several: boolean;
  /** Of readLogOptions(). */
  readonly options: LogsOptions;
}

/** One after the other, or with --follow at the same time. The exit status. */
export async function printLogs(
  context: Context,
  invocation: Invocation,
  { containers, several, options }: LogSources,
): Promise<number> {
  const sinks = openSinks(context);
  const prefixes = containers.map((container, i) => linePrefix(container, invocation, { index: i, several }));
  const print = (container: Container, i: number): Promise<void> =>
    copy(container, { ...options, prefix: prefixes[i] ?? '' }, sinks);
  if (options.follow === true) await Promise.race([Promise.all(containers.map(print)), sinks.failed]);
  else for (const [i, container] of containers.entries()) await Promise.race([print(container, i), sinks.failed]);
  await Promise.race([sinks.end(), sinks.failed]);
  return 0;
}

/** What LOG_FLAGS say. Before containers are looked for: a wrong one is told first. */
export function readLogOptions({ flags }: Invocation): LogsOptions {
  const now = new Date();
  const [since, until, tail] = [flags.text('since'), flags.text('until'), flags.number('tail')];
  return {
    follow: flags.bool('follow'),
    timestamps: flags.bool('timestamps'),
    ...(tail === undefined ? {} : { tail: tail < 0 ? -1 : tail }),
    ...(since === undefined ? {} : { since: parseMoment('--since', since, now) }),
    ...(until === undefined ? {} : { until: parseMoment('--until', until, now) }),
  };
}

const COLORS = [36, 33, 32, 35, 34, 31] as const;

/** Lines of several containers say whose they are. */
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
  /** Those whose last line has no end so far. */
  readonly unended: Set<Writable>;
  /** Rejects when nobody reads any more. */
  readonly failed: Promise<never>;
  /** All is written. */
  end(): Promise<void>;
}

function openSinks(context: Context): Sinks {
  const stdout = context.globals.stdout === undefined ? undefined : outputStream(context.globals.stdout);
  const stderr = outputStream(2);
  const streams = stdout === undefined ? [stderr] : [stdout, stderr];
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
      await Promise.all(streams.map((stream) => new Promise<void>((resolve) => stream.end(resolve))));
    },
  };
}

/** Lines of its own: what a container before it has left without an end gets one. */
async function copy(container: Container, options: LogsOptions, sinks: Sinks): Promise<void> {
  const left = [...sinks.unended];
  for await (const { stream, data } of container.logs(options)) {
    const sink = stream === 'stderr' ? sinks.stderr : sinks.stdout;
    if (sink === undefined) continue;
    for (const other of left.splice(0)) endLine(other, sinks);
    if (data.at(-1) === NEWLINE) sinks.unended.delete(sink);
    else sinks.unended.add(sink);
    if (!sink.write(data)) await Promise.race([once(sink, 'drain'), sinks.failed]);
  }
}

function endLine(sink: Writable, { unended }: Sinks): void {
  sink.write('\n');
  unended.delete(sink);
}
