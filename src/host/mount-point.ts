/**
 * Whether something is mounted on a path. Decided by the kernel's number of the mount, not of the device: a bind mount
 * has the same device as its source.
 */
import { readFileSync } from 'node:fs';

import type { PlaceAt } from '../native/directory-changes.js';
import { openBeneath, openDirectory } from '../native/directory-entries.js';
import { toBinaryText } from '../util/binary-text.js';
import { O_NOFOLLOW, O_PATH } from '../util/file-bits.js';
import { baseName, parentOf } from '../util/paths.js';

/**
 * Whether a clean absolute path is a mount point. A missing path is none; if the last name is a link, it is not
 * followed.
 */
export function isMountPoint(path: string): boolean {
  try {
    using directory = openDirectory(parentOf(path));
    return isMountPointAt({ directory: directory.fd, name: toBinaryText(baseName(path)) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Whether a name in an open directory is a mount point. */
export function isMountPointAt({ directory, name }: PlaceAt): boolean {
  try {
    using file = openBeneath(directory, name, O_PATH | O_NOFOLLOW, { links: false });
    return mountOf(file.fd) !== mountOf(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Returns the number of the mount that a descriptor is on (proc_pid_fdinfo(5)). */
export function mountOf(fd: number): string | undefined {
  return /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${String(fd)}`, 'utf8'))?.[1];
}
