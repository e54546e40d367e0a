/** Directories in each other, deeper than a path can say. */
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';

/** Makes so many of them below `top`, and a file of so many bytes in the last. Remove them with removeTree(). */
export function makeDeepTree(top: string, depth: number, bytes = 0): void {
  let fd = openSync(top, 'r');
  for (let level = 0; level < depth; level += 1) {
    const path = `/proc/self/fd/${fd}/${'d'.repeat(20)}`;
    mkdirSync(path);
    const inner = openSync(path, 'r');
    closeSync(fd);
    fd = inner;
  }
  writeFileSync(`/proc/self/fd/${fd}/file`, Buffer.alloc(bytes, 'x'));
  closeSync(fd);
}
