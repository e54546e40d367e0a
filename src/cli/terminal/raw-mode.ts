/** Puts the caller's terminal into raw mode, and restores it in any case. */
import { makeTerminalRaw, restoreTerminal } from '../../native/terminal.js';

/** Signals that would end the program without restoring the terminal. */
const ENDING = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGTERM', 'SIGIO'] as const;

/**
 * Enters raw mode, and returns a function that restores the terminal, which may be called again. While `isProxied()`,
 * signals neither end nor stop this process.
 */
export function enterRawMode(terminal: number, isProxied: () => boolean): () => void {
  const settings = makeTerminalRaw(terminal);
  const restore = (): void => ifThere(() => restoreTerminal(terminal, settings));
  const onEnding = (signal: NodeJS.Signals): void => {
    if (isProxied()) return;
    leave();
    process.kill(process.pid, signal);
  };
  const onStop = (): void => {
    if (isProxied()) return;
    restore();
    process.kill(process.pid, 'SIGSTOP');
  };
  // The shell has restored the terminal while this process was stopped.
  const onContinue = (): void => ifThere(() => makeTerminalRaw(terminal));
  const leave = (): void => {
    restore();
    process.removeListener('exit', restore);
    process.removeListener('SIGTSTP', onStop);
    process.removeListener('SIGCONT', onContinue);
    for (const signal of ENDING) process.removeListener(signal, onEnding);
  };
  process.on('exit', restore);
  process.on('SIGTSTP', onStop);
  process.on('SIGCONT', onContinue);
  for (const signal of ENDING) process.on(signal, onEnding);
  return leave;
}

/** Changes settings, ignoring the failure for a closed terminal, which needs none. */
function ifThere(change: () => void): void {
  try {
    change();
  } catch {
    // The terminal is gone.
  }
}
