/** Settings of a terminal: raw mode, and back. */
import { binding } from './binding.js';
import { unwrap } from './native-error.js';

/**
 * Makes a terminal pass on all bytes unchanged in both directions (cfmakeraw(3)), and returns the settings that it had.
 * Node's setRawMode does not: it leaves the translation of written line ends into two characters on. NativeError ENOTTY
 * if the descriptor is no terminal.
 */
export function makeTerminalRaw(fd: number): Uint8Array {
  return unwrap(binding().makeTerminalRaw(fd));
}

/** Restores the settings that makeTerminalRaw() returned. NativeError EIO once the terminal is closed. */
export function restoreTerminal(fd: number, settings: Uint8Array): void {
  unwrap(binding().restoreTerminal(fd, settings));
}
