/** Size of the caller's terminal, and its changes. */
import type { TerminalSize } from '../../container/api/container.js';

/** Returns the size of the terminal; undefined if neither stdout nor stderr is one. */
export function terminalSize(): TerminalSize | undefined {
  const stream = [process.stdout, process.stderr].find(({ isTTY }) => isTTY);
  if (stream === undefined) return undefined;
  const [columns, rows] = stream.getWindowSize();
  return columns > 0 && rows > 0 ? { rows, columns } : undefined;
}

/** Calls back at every change of the size until the returned function is called. */
export function watchWindow(onChange: (size: TerminalSize) => void): () => void {
  const update = (): void => {
    const size = terminalSize();
    if (size !== undefined) onChange(size);
  };
  process.on('SIGWINCH', update);
  return () => process.removeListener('SIGWINCH', update);
}
