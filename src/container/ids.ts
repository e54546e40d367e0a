/** Ids of containers: 64 hexadecimal digits that nobody can guess. */
import { randomBytes } from 'node:crypto';

export function newId(): string {
  return randomBytes(32).toString('hex');
}
