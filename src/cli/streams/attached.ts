/** Connects the caller's streams and terminal to a container, or to a command in one, until either side ends. */
import type { Writable } from 'node:stream';

import type { AttachEnd, AttachOptions, AttachSession, TerminalSize } from '../../container/api/container.js';
import { parseDetachKeys } from '../../container/streams/detach-keys.js';
import type { Context } from '../context.js';
import { isTerminal } from '../../host/is-terminal.js';
import { outputStream } from './output.js';
import { openSignalProxy, type SignalProxy } from '../terminal/signal-proxy.js';

const STDIN = 0;

/** How long the size is another one, in ms: long enough for a shell on a busy machine to see it. */
const REDRAW_MS = 100;

export interface AttachRequest {
  /** Whether to connect stdin, stdout and stderr. */
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Whether the container or command has a terminal. */
  readonly tty: boolean;
  /** Keys that detach. Ignored without a terminal, since the keys would be data then. @default those of the library */
  readonly detachKeys?: string;
  /**
   * Passes a signal of this process on; returns false if the container does not run.
   * @default signals have their usual effect on this process
   */
  readonly sendSignal?: (signal: NodeJS.Signals) => Promise<boolean>;
  /** Whether what runs is told to draw its screen again, since it does not know that it is looked at. @default false */
  readonly redraws?: boolean;
  /** Makes the connection; called when the caller's streams are ready. */
  readonly open: (options: AttachOptions) => Promise<AttachSession>;
}

/**
 * Attaches, and returns how that ended once all output is written. Throws OutputClosed if stdout has no reader any
 * more.
 */
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
  parseDetachKeys(request.detachKeys ?? ''); // Checked even if there is no terminal on which to type them.
  const detachKeys = request.tty ? request.detachKeys : '';
  const stdout =
    request.stdout && context.globals.stdout !== undefined ? outputStream(context.globals.stdout) : undefined;
  const stderr = request.stderr && !request.tty ? outputStream(2) : undefined;
  const broken = firstFailure([stdout, stderr]);
  const size = request.tty ? await windowSize() : undefined;
  // Raw mode also if stdin is not passed on: typed keys must neither be echoed nor send signals.
  if (request.tty && isTerminal(STDIN)) plumbing.cleanups.push(await rawMode(plumbing.proxy));
  const session = await request.open({
    ...(request.stdin ? { stdin: process.stdin } : {}),
    ...(stdout === undefined ? {} : { stdout }),
    ...(stderr === undefined ? {} : { stderr }),
    ...(detachKeys === undefined ? {} : { detachKeys }),
    ...(size === undefined ? {} : { size }),
  });
  if (request.redraws === true && size !== undefined) plumbing.cleanups.push(await redraw(session, size));
  if (request.tty) plumbing.cleanups.push(await followWindow(session, size));
  if (request.sendSignal !== undefined) plumbing.proxy?.connect(request.sendSignal);
  return Promise.race([session.ended, broken]);
}

/** Returns a promise that rejects when one of the streams cannot be written to, and never resolves. */
function firstFailure(streams: readonly (Writable | undefined)[]): Promise<never> {
  const failure = new Promise<never>((_, reject) => {
    for (const stream of streams) stream?.on('error', (error) => reject(error));
  });
  // The promise may reject when nobody waits for it any more.
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
  // The size may have changed while the connection was made.
  const now = terminalSize();
  if (now !== undefined && (now.rows !== sent?.rows || now.columns !== sent.columns)) session.resize(now);
  return stop;
}

/**
 * Changes the size for a moment: the kernel sends SIGWINCH for another size only, and bash prints its prompt again only
 * if it sees another size. Nobody tells that it has looked. Returns a function that ends the moment.
 */
async function redraw(session: AttachSession, size: TerminalSize): Promise<() => void> {
  const { terminalSize } = await import('../terminal/window.js');
  session.resize({ rows: size.rows + 1, columns: size.columns + 1 });
  let isOver = false;
  const end = (): void => {
    if (!isOver) session.resize(terminalSize() ?? size);
    isOver = true;
  };
  const timer = setTimeout(end, REDRAW_MS);
  return () => {
    clearTimeout(timer);
    end();
  };
}

async function rawMode(proxy: SignalProxy | undefined): Promise<() => void> {
  const { enterRawMode } = await import('../terminal/raw-mode.js');
  return enterRawMode(STDIN, () => proxy?.isOpen() === true);
}
