/** Connects the caller's streams and terminal to a container, or to a command in it, until either ends. */
import type { Writable } from 'node:stream';

import type { AttachEnd, AttachOptions, AttachSession, TerminalSize } from '../../container/api/container.js';
import { parseDetachKeys } from '../../container/streams/detach-keys.js';
import type { Context } from '../context.js';
import { isTerminal } from '../../host/is-terminal.js';
import { outputStream } from './output.js';
import { openSignalProxy, type SignalProxy } from '../terminal/signal-proxy.js';

const STDIN = 0;

export interface AttachRequest {
  /** Streams that are connected. */
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** What is attached to has a terminal. */
  readonly tty: boolean;
  /** Absent: the default keys. None without a terminal, where nobody types them and they would be data. */
  readonly detachKeys?: string;
  /** Where the signals that this process gets go; false: there is nobody. Absent: they end it as usual. */
  readonly sendSignal?: (signal: NodeJS.Signals) => Promise<boolean>;
  /** Makes the connection; the caller's streams are ready then. */
  readonly open: (options: AttachOptions) => Promise<AttachSession>;
}

/** How it ended, when all output is written; throws OutputClosed when stdout has no reader any more. */
export async function attach(context: Context, request: AttachRequest): Promise<AttachEnd> {
  const proxy = request.sendSignal === undefined ? undefined : openSignalProxy({ tty: request.tty });
  const cleanups: (() => void)[] = proxy === undefined ? [] : [() => proxy.stop()];
  try {
    return await connect(context, request, { proxy, cleanups });
  } finally {
    for (const cleanup of cleanups.reverse()) cleanup();
  }
}

interface Plumbing {
  readonly proxy: SignalProxy | undefined;
  readonly cleanups: (() => void)[];
}

async function connect(context: Context, request: AttachRequest, plumbing: Plumbing): Promise<AttachEnd> {
  parseDetachKeys(request.detachKeys ?? ''); // those that nobody can type are to be right as well
  const detachKeys = request.tty ? request.detachKeys : '';
  const stdout =
    request.stdout && context.globals.stdout !== undefined ? outputStream(context.globals.stdout) : undefined;
  const stderr = request.stderr && !request.tty ? outputStream(2) : undefined;
  const broken = firstFailure([stdout, stderr]);
  const size = request.tty ? await windowSize() : undefined;
  // also where nobody reads what is typed: its keys are not to be echoed, nor to be signals
  if (request.tty && isTerminal(STDIN)) plumbing.cleanups.push(await rawMode(plumbing.proxy));
  const session = await request.open({
    ...(request.stdin ? { stdin: process.stdin } : {}),
    ...(stdout === undefined ? {} : { stdout }),
    ...(stderr === undefined ? {} : { stderr }),
    ...(detachKeys === undefined ? {} : { detachKeys }),
    ...(size === undefined ? {} : { size }),
  });
  if (request.tty) plumbing.cleanups.push(await followWindow(session, size));
  if (request.sendSignal !== undefined) plumbing.proxy?.connect(request.sendSignal);
  return Promise.race([session.ended, broken]);
}

/** Rejects when one of the streams cannot be written to; never resolves. */
function firstFailure(streams: readonly (Writable | undefined)[]): Promise<never> {
  const failure = new Promise<never>((_, reject) => {
    for (const stream of streams) stream?.on('error', (error) => reject(error));
  });
  // it may reject when nobody waits any more
  failure.catch(() => undefined);
  return failure;
}

async function windowSize(): Promise<TerminalSize | undefined> {
  const { terminalSize } = await import('../terminal/window.js');
  return terminalSize();
}

async function followWindow(session: AttachSession, sent: TerminalSize | undefined): Promise<() => void> {
  const { terminalSize, watchWindow } = await import('../terminal/window.js');
  const stop = watchWindow((size) => session.resize(size));
  // it may have changed while the connection was made
  const now = terminalSize();
  if (now !== undefined && (now.rows !== sent?.rows || now.columns !== sent.columns)) session.resize(now);
  return stop;
}

async function rawMode(proxy: SignalProxy | undefined): Promise<() => void> {
  const { enterRawMode } = await import('../terminal/raw-mode.js');
  return enterRawMode(STDIN, () => proxy?.isOpen() === true);
}
