/** Estimates how many ids the users and groups of a root file system take, to make room for them in a map. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** Number of bytes that are read of a file; the rest of a larger file is ignored. */
const MAX_BYTES = 1024 * 1024;

/** Names that are not counted, whatever their number: they stand for nobody, and would make each estimate 65536. */
const NOBODY = new Set(['nobody', 'nogroup']);
const NOBODY_ID = 65534;

/**
 * Returns the number of ids from 0 to the highest in /etc/passwd and /etc/group; 0 without such files. No link is
 * followed out of the root.
 */
export function idsOfAccounts(root: string): number {
  const etc = join(root, 'etc');
  if (lstatSync(etc, { throwIfNoEntry: false })?.isDirectory() !== true) return 0;
  return Math.max(idsIn(readStart(join(etc, 'passwd')), [2, 3]), idsIn(readStart(join(etc, 'group')), [2]));
}

export function idsIn(text: string, fields: readonly number[]): number {
  let ids = 0;
  for (const line of text.split('\n')) {
    const parts = line.split(':');
    if (NOBODY.has(parts[0] ?? '')) continue;
    for (const field of fields) {
      const number = parts[field] ?? '';
      if (/^\d{1,10}$/.test(number) && Number(number) !== NOBODY_ID) ids = Math.max(ids, Number(number) + 1);
    }
  }
  return ids;
}

function readStart(path: string): string {
  let fd;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return '';
  }
  try {
    const status = fstatSync(fd);
    if (!status.isFile()) return '';
    const bytes = Buffer.alloc(Math.min(status.size, MAX_BYTES));
    const length = readSync(fd, bytes);
    return bytes.toString('latin1', 0, length);
  } finally {
    closeSync(fd);
  }
}
