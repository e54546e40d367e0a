/**
 * Flushes the record of a container to the disk, so that a power cut leaves neither files without a record nor a record
 * without its files. Each flush costs a write of the disk. A container with `autoRemove` needs none: it is gone after a
 * power cut either way (isAutoRemoveDirectory()).
 */
import { existsSync } from 'node:fs';

import type { HeldContainer } from '../held.js';

/** Flushes the record before its container's directory may be made. */
export function flushBeforeFiles({ config, paths, context }: HeldContainer): void {
  if (!config.autoRemove && !existsSync(paths.directory)) context.store.flush();
}

/** Flushes the record, which says `removing`, before the directory is removed. */
export function flushBeforeRemoval({ state, paths, context }: HeldContainer): void {
  if (!state.autoRemove && existsSync(paths.directory)) context.store.flush();
}
