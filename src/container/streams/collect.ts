/** Collects what a process writes, feeds it its input, and ends it when it writes too much or takes too long. */
import { Readable } from 'node:stream';
import type { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { invalid, TspodError } from '../../errors.js';
import { abortedError, whenAborted } from '../../native/abort.js';
import { monotonicMs } from '../../native/primitives.js';
import type { CollectedResult, CollectOptions, ContainerProcess, ExitStatus } from '../api/container.js';
import { MAX_TIMER_MS } from '../../util/timer.js';

const DEFAULT_MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * How long input is fed in one turn, in ms: a source that always has more, with a reader as fast, would keep the event
 * loop from everything else.
 */
const MAX_TURN_MS = 10;

/** Checks the options before anything runs. Throws INVALID_ARGUMENT, TypeError. */
export function checkCollectOptions({
  maxOutputBytes = 0,
  encoding = 'utf8',
  input,
}: Pick<CollectOptions, 'maxOutputBytes' | 'encoding' | 'input'>): void {
  if (!(maxOutputBytes >= 0)) throw invalid(`maxOutputBytes must be 0 or more, not ${maxOutputBytes}`);
  if (encoding !== 'buffer' && !Buffer.isEncoding(encoding)) {
    throw new TypeError(`encoding must be one of Buffer's or 'buffer', not ${JSON.stringify(encoding)}`);
  }
  if (input !== undefined && !isWhole(input) && typeof input[Symbol.asyncIterator] !== 'function') {
    throw new TypeError('input must be text, bytes or a stream of these');
  }
}

function isWhole(input: NonNullable<CollectOptions['input']>): input is string | Uint8Array {
  return typeof input === 'string' || input instanceof Uint8Array;
}

export interface Killable {
  readonly process: ContainerProcess;
  /** Kills the process with all that it has started, as far as that can be found. */
  readonly killAll: () => void;
}

/**
 * Feeds the process and collects its output; resolves when it has ended and everything that has its output open has
 * closed that. When the signal aborts, there is too much output, or the input cannot be read (whose error is thrown
 * then), the process is killed and its output is not waited for: what it has started may hold that open for long.
 * Whatever is thrown, the process has ended by then, and nothing is left of a container that was to be removed. Nor is
 * the output waited for beyond the time limit, which the monitor keeps for the process itself.
 */
export async function collectProcess(
  { process, killAll }: Killable,
  options: CollectOptions,
  what: string,
): Promise<Omit<CollectedResult<string | Buffer>, 'id' | 'durationMs'>> {
  const { signal, input, timeoutMs = 0 } = options;
  const { stdin, stdout, stderr, ended } = process;
  const letGo = () => {
    stdout?.destroy();
    stderr?.destroy();
  };
  const giveUp = () => {
    killAll();
    void ended.then(letGo, letGo);
  };
  let isCut = false;
  const cut = async () => {
    await ended;
    // What is in the pipes is read in one turn.
    for (let turns = 0; turns < 2; turns += 1) await nextTurn();
    isCut = [stdout, stderr].some((stream) => stream !== null && !stream.readableEnded && !stream.destroyed);
    letGo();
  };
  const forget = whenAborted(signal, giveUp);
  const isLimited = timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS;
  const timer = isLimited ? setTimeout(() => void cut().catch(letGo), timeoutMs) : undefined;
  try {
    const [output, status] = await Promise.all([
      collectOutput({ stdout, stderr }, options, giveUp),
      ended,
      feed(stdin, input, ended),
    ]);
    if (signal?.aborted === true) throw abortedError(what, signal);
    return { ...status, timedOut: status.timedOut || isCut, ...encodeOutput(output, options.encoding) };
  } catch (error) {
    giveUp();
    await ended.catch(() => undefined);
    throw error;
  } finally {
    clearTimeout(timer);
    forget();
  }
}

interface CollectedOutput {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

interface CollectStreams {
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
}

/**
 * Collects both streams; resolves when both have ended. When one grows too long, `onTooMuch` is called once, and the
 * rest of the stream is thrown away; in the end the promise rejects with OUTPUT_TOO_LARGE, whose details have as much
 * of both as is allowed.
 */
async function collectOutput(
  streams: CollectStreams,
  options: Pick<CollectOptions, 'maxOutputBytes'>,
  onTooMuch: () => void,
): Promise<CollectedOutput> {
  const limit = options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES;
  let tooLong: string | undefined;
  const overflow = (name: string) => () => {
    if (tooLong === undefined) onTooMuch();
    tooLong ??= name;
  };
  const [stdout, stderr] = await Promise.all([
    collect(streams.stdout, limit, overflow('stdout')),
    collect(streams.stderr, limit, overflow('stderr')),
  ]);
  if (tooLong === undefined) return { stdout, stderr };
  throw new TspodError('OUTPUT_TOO_LARGE', `${tooLong} is longer than ${String(limit)} bytes (maxOutputBytes)`, {
    details: { stdout, stderr },
  });
}

const NOTHING = Buffer.alloc(0);

function collect(stream: Readable | null, limit: number, onTooMuch: () => void): Promise<Buffer> {
  if (stream === null) return Promise.resolve(NOTHING);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    stream.on('data', (chunk: Buffer) => {
      if (length > limit) return;
      chunks.push(chunk.subarray(0, limit - length));
      length += chunk.length;
      if (length > limit) onTooMuch();
    });
    const done = () => {
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
    };
    stream.once('close', done);
    stream.once('error', done);
  });
}

/**
 * Writes the input and ends the stream. What is left of a source when the process has ended is not read, and the source
 * is destroyed.
 */
async function feed(stdin: Writable | null, input: CollectOptions['input'], ended: Promise<ExitStatus>): Promise<void> {
  if (stdin === null) return;
  if (input === undefined || isWhole(input)) {
    stdin.end(input);
    return;
  }
  const source = input instanceof Readable ? input : Readable.from(input);
  let isOver = false;
  const stop = () => {
    isOver = true;
    source.destroy();
    stdin.destroy();
  };
  void ended.then(stop, stop);
  let turn = monotonicMs();
  try {
    for await (const chunk of source) {
      if (stdin.destroyed) break;
      if (!stdin.write(chunk)) await drained(stdin);
      if (monotonicMs() - turn < MAX_TURN_MS) continue;
      await nextTurn();
      turn = monotonicMs();
    }
  } catch (error) {
    if (!isOver) throw error;
  } finally {
    stdin.end();
  }
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}

/** Returns the output as text in the given encoding, or as bytes. */
function encodeOutput(
  output: CollectedOutput,
  encoding: CollectOptions['encoding'] = 'utf8',
): { readonly stdout: string | Buffer; readonly stderr: string | Buffer } {
  if (encoding === 'buffer') return output;
  return { stdout: output.stdout.toString(encoding), stderr: output.stderr.toString(encoding) };
}
