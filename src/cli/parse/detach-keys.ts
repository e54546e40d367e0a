/** Keys that detach, looked at before anything is made. */
import { parseDetachKeys } from '../../container/streams/detach-keys.js';
import type { FlagValues } from '../command-parts/flag-values.js';

/** Nobody types keys with --detach; without a terminal they have to be right all the same. `failure` is what a command makes of keys that are none. */
export function checkDetachKeys(flags: FlagValues, failure: (error: unknown) => Error): void {
  if (flags.bool('detach')) return;
  try {
    parseDetachKeys(flags.text('detach-keys') ?? '');
  } catch (error) {
    throw failure(error);
  }
}
