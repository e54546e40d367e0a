/** Who files that are copied into a container belong to: its user, as its own files know it. */
import { fstatSync, readFileSync } from 'node:fs';

import { TspodError } from '../errors.js';
import { openBeneath } from '../native/directory-entries.js';
import { isNativeError } from '../native/native-error.js';
import { numericUser } from '../spec/users.js';
import type { Owner } from '../storage/owners.js';

/** No list of users is longer. */
const MAX_BYTES = 1024 * 1024;

/** "user[:group]", names or numbers; '' is root. Throws NO_SUCH_USER. */
export function userInside(root: number, user: string): Owner {
  const known = numericUser(user);
  if (known !== undefined) return known;
  const [name = '', group] = user.split(':');
  const line = lines(root, 'etc/passwd').find((fields) => fields[0] === name || fields[2] === name);
  const uid = Number(line?.[2] ?? (/^\d+$/.test(name) ? name : Number.NaN));
  const gid = group === undefined ? Number(line?.[3] ?? 0) : groupId(root, group);
  if (!Number.isInteger(uid) || !Number.isInteger(gid))
    throw new TspodError('NO_SUCH_USER', `the container has no user "${user}"`, { details: { user } });
  return { uid, gid };
}

function groupId(root: number, group: string): number {
  if (/^\d+$/.test(group)) return Number(group);
  return Number(lines(root, 'etc/group').find((fields) => fields[0] === group)?.[2] ?? Number.NaN);
}

function lines(root: number, path: string): string[][] {
  try {
    using file = openBeneath(root, path, 0, { links: true });
    const stats = fstatSync(file.fd);
    if (!stats.isFile() || stats.size > MAX_BYTES) return [];
    return readFileSync(file.fd, 'utf8')
      .split('\n')
      .map((line) => line.split(':'));
  } catch (error) {
    if (isNativeError(error, 'ENOENT') || isNativeError(error, 'ENOTDIR')) return [];
    throw error;
  }
}
