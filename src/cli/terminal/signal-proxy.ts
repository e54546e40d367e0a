/** Passes signals that the command line gets on to the container. */
import { closeSync } from 'node:fs';

import { isTerminal } from '../../host/is-terminal.js';

/**
 * All that a process can catch, but for those that are about itself: SIGCHLD, SIGPIPE, SIGWINCH (the window is passed on as a
 * size), and those that stand for its own mistakes.
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
 * They stop a process in the background that reads its terminal or changes it. One that catches them and tries again gets them again, for ever:
 * whoever uses the caller's terminal must not.
 */
const OF_TERMINAL = ['SIGTTIN', 'SIGTTOU'] as const satisfies readonly NodeJS.Signals[];

export interface SignalProxy {
  /**
   * From now on signals go to `send`; those that came before go first. One that it answers false for has nobody to go to: that and all to
   * come have their usual effect on this process.
   */
  connect(send: (signal: NodeJS.Signals) => Promise<boolean>): void;
  /** Whether signals still go through it. */
  isOpen(): boolean;
  stop(): void;
}

/** Holds signals back until it is connected: one that comes while the container starts must not be lost. */
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
 * Closes those of the terminals that are gone. This process outlives its terminal when SIGHUP goes on to the container, and node aborts at its end where
 * it cannot put back the settings of a terminal that it has open.
 */
function closeLost(terminals: readonly number[]): () => void {
  return () => {
    for (const fd of terminals) if (!isTerminal(fd)) closeSync(fd);
  };
}
