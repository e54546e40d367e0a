/**
 * Whether something is mounted under a name. The kernel's number of the mount tells; that of the device does not, since a bind mount has the same one as
 * what it comes from.
 */
import { readFileSync } from 'node:fs';

import type { PlaceAt } from '../native/directory-changes.js';
import { openBeneath, openDirectory } from '../native/directory-entries.js';
import { toBinaryText } from '../util/binary-text.js';
import { O_NOFOLLOW, O_PATH } from '../util/file-bits.js';
import { baseName, parentOf } from '../util/paths.js';

/** A clean absolute path. What is not there is none; a link is not followed where it is the last name. */
export function isMountPoint(path: string): boolean {
  try {
    using directory = openDirectory(parentOf(path));
    return isMountPointAt({ directory: directory.fd, name: toBinaryText(baseName(path)) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** The same of a name in an open directory. */
export function isMountPointAt({ directory, name }: PlaceAt): boolean {
  try {
    using file = openBeneath(directory, name, O_PATH | O_NOFOLLOW, { links: false });
    return mountOf(file.fd) !== mountOf(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** proc_pid_fdinfo(5). */
function mountOf(fd: number): string | undefined {
  return /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${String(fd)}`, 'utf8'))?.[1];
}
