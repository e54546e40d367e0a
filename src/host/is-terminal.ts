/** Whether a descriptor is a terminal. */
import { fstatSync } from 'node:fs';

const MAJOR_MEM = 1;

/** Whether a descriptor is a terminal. node:tty is loaded only if it may be one, since that loads node:net. */
export function isTerminal(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    // /dev/null and its like are character devices, too
    if (!stat.isCharacterDevice() || ((stat.rdev >> 8) & 0xfff) === MAJOR_MEM) return false;
  } catch {
    return false;
  }
  return process.getBuiltinModule('node:tty').isatty(fd);
}
