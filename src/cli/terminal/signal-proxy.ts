/** Passes the signals of this process on to the container. */
import { closeSync } from 'node:fs';

import { isTerminal } from '../../host/is-terminal.js';

/**
 * Signals that are passed on: all that a process can catch, except those about the process itself: SIGCHLD, SIGPIPE,
 * SIGWINCH (the window's size is passed on instead), and those caused by its own faults.
 */
const FORWARDED = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGTERM',
  'SIGCONT',
  'SIGTSTP',
  'SIGIO',
] as const satisfies readonly NodeJS.Signals[];

/**
 * Signals that stop a background process which reads or changes its terminal. A process that catches them and retries
 * gets them again, forever; so they must not be caught while the caller's terminal is in use.
 */
const OF_TERMINAL = ['SIGTTIN', 'SIGTTOU'] as const satisfies readonly NodeJS.Signals[];

export interface SignalProxy {
  /**
   * Passes signals to `send` from now on, held-back ones first. If it returns false, there is nobody to pass signals
   * to: that signal and all later ones have their usual effect on this process.
   */
  connect(send: (signal: NodeJS.Signals) => Promise<boolean>): void;
  /** Whether signals are still passed on. */
  isOpen(): boolean;
  stop(): void;
}

/**
 * Starts catching signals, and holds them back until the proxy is connected: a signal during the start of the container
 * must not be lost.
 */
export function openSignalProxy({ tty }: { readonly tty: boolean }): SignalProxy {
  const signals = tty ? FORWARDED : [...FORWARDED, ...OF_TERMINAL];
  let isOpen = true;
  const pending: NodeJS.Signals[] = [];
  let send = (signal: NodeJS.Signals): void => {
    pending.push(signal);
  };
  const onSignal = (signal: NodeJS.Signals): void => send(signal);
  for (const signal of signals) process.on(signal, onSignal);
  process.once('exit', closeLost([0, 1, 2].filter(isTerminal)));
  const stop = (): void => {
    isOpen = false;
    for (const signal of signals) process.removeListener(signal, onSignal);
  };
  const pass = async (target: (signal: NodeJS.Signals) => Promise<boolean>, signal: NodeJS.Signals): Promise<void> => {
    if (await target(signal)) return;
    stop();
    process.kill(process.pid, signal);
  };
  return {
    connect: (target) => {
      send = (signal) => void pass(target, signal);
      for (const signal of pending.splice(0)) send(signal);
    },
    isOpen: () => isOpen,
    stop,
  };
}

/**
 * Returns a function that closes the terminals that are gone. This process outlives its terminal if SIGHUP is passed on
 * to the container, and Node aborts at its end if it cannot restore the settings of a terminal that it has open.
 */
function closeLost(terminals: readonly number[]): () => void {
  return () => {
    for (const fd of terminals) if (!isTerminal(fd)) closeSync(fd);
  };
}
