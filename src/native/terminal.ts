/** The settings of a terminal: raw, and back. */
import { binding } from './binding.js';
import { unwrap } from './native-error.js';

/**
 * Passes all bytes on as they are, in both directions (cfmakeraw(3)), and answers the settings that the terminal had. Node's setRawMode does not: it leaves a
 * line end that is written to become two characters. NativeError ENOTTY for what is no terminal.
 */
export function makeTerminalRaw(fd: number): Uint8Array {
  return unwrap(binding().makeTerminalRaw(fd));
}

/** `settings` are those of makeTerminalRaw. NativeError EIO once the terminal is closed. */
export function restoreTerminal(fd: number, settings: Uint8Array): void {
  unwrap(binding().restoreTerminal(fd, settings));
}
