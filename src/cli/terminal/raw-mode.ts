/** Puts the caller's terminal into raw mode, and back whatever happens. */
import { makeTerminalRaw, restoreTerminal } from '../../native/terminal.js';

/** Signals that end the program; by default they would do so without putting the terminal back. */
const ENDING = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGTERM', 'SIGIO'] as const;

/** Call the result to put the terminal back; it may be called again. While `isProxied()`, signals neither end nor stop this process. */
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
  // the shell has put the terminal back while this process was stopped
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

/** A terminal that has been closed needs no settings any more. */
function ifThere(change: () => void): void {
  try {
    change();
  } catch {
    // nobody sees it
  }
}
