/**
 * When the record of a container must be on the disk, so that a power cut leaves neither files of nobody nor a record without its files. Each costs a
 * write of the disk's; a container that is removed at its end costs none: it is gone after a power cut either way (isPassing() of its directory).
 */
import { existsSync } from 'node:fs';

import type { HeldContainer } from '../held.js';

/** Before what may make the container's directory. */
export function flushBeforeFiles({ config, paths, context }: HeldContainer): void {
  if (!config.autoRemove && !existsSync(paths.directory)) context.store.flush();
}

/** Before the directory is removed, when the record says that it will be. */
export function flushBeforeRemoval({ state, paths, context }: HeldContainer): void {
  if (!state.autoRemove && existsSync(paths.directory)) context.store.flush();
}
