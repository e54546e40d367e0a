/** Checks the keys that detach, before anything is created. */
import { parseDetachKeys } from '../../container/streams/detach-keys.js';
import type { FlagValues } from '../command-parts/flag-values.js';

/**
 * Throws `failure` for invalid --detach-keys, also if there is no terminal on which to type them. With --detach they
 * are not checked, since nobody is attached.
 */
export function checkDetachKeys(flags: FlagValues, failure: (error: unknown) => Error): void {
  if (flags.bool('detach')) return;
  try {
    parseDetachKeys(flags.text('detach-keys') ?? '');
  } catch (error) {
    throw failure(error);
  }
}
