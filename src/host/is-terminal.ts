/** Whether a descriptor is a terminal, at once. */
import { fstatSync } from 'node:fs';

/** Asks node:tty only where it may be one, since that loads node:net. */
export function isTerminal(fd: number): boolean {
  try {
    if (!fstatSync(fd).isCharacterDevice()) return false;
  } catch {
    return false;
  }
  return process.getBuiltinModule('node:tty').isatty(fd);
}
