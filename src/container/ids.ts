/** Ids of containers: 64 hexadecimal digits that nobody can guess. */
import { randomBytes } from '../native/primitives.js';

export function newId(): string {
  return randomBytes(32).toString('hex');
}
