/** The owner of files that are copied into a container: its user, looked up in the container's own files. */
import { fstatSync, readFileSync } from 'node:fs';

import { openBeneath } from '../../native/directory-entries.js';
import { isNativeError } from '../../native/native-error.js';
import { lookUpAccount } from '../../spec/users/account-lookup.js';
import { numericUser } from '../../spec/users/users.js';
import type { Owner } from '../../storage/owners.js';

/** Limit of a list of users, in bytes; a longer file counts as empty. */
const MAX_BYTES = 1024 * 1024;

/** Returns the ids of "user[:group]", which are names or numbers; '' is root. Throws NO_SUCH_USER. */
export function userInside(root: number, user: string): Owner {
  const known = numericUser(user);
  if (known !== undefined) return known;
  const { uid, gid } = lookUpAccount({ passwd: textOf(root, 'etc/passwd'), group: textOf(root, 'etc/group') }, user);
  return { uid, gid };
}

function textOf(root: number, path: string): string {
  try {
    using file = openBeneath(root, path, 0, { links: true });
    const stats = fstatSync(file.fd);
    return stats.isFile() && stats.size <= MAX_BYTES ? readFileSync(file.fd, 'utf8') : '';
  } catch (error) {
    if (isNativeError(error, 'ENOENT') || isNativeError(error, 'ENOTDIR')) return '';
    throw error;
  }
}
