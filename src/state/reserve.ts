/** Room for the database to be written to when the disk is full: what ends or removes something must still be recorded then. */
import { statSync } from 'node:fs';

import { isNativeError } from '../native/native-error.js';
import { reserveSpace } from '../native/disk.js';

/**
 * SQLite's log is written from its start again once it is copied back, at 2 MiB (CHECKPOINT_PAGES). Where a full disk keeps it from being copied back, for the
 * database would have to grow, as much again is left: some 50 containers can be ended and removed.
 */
const RESERVED_LOG_BYTES = 4 << 20;

/** `stat` counts in these. */
const BLOCK_BYTES = 512;

/** Sees to it that the log of an open database has its room. A disk that is full by now, or cannot promise anything, is used as it is. */
export function reserveLog(database: string): void {
  const log = `${database}-wal`;
  const blocks = statSync(log, { throwIfNoEntry: false })?.blocks;
  if (blocks === undefined || blocks * BLOCK_BYTES >= RESERVED_LOG_BYTES) return;
  try {
    // SQLite's locks are on the other files.
    reserveSpace(log, RESERVED_LOG_BYTES);
  } catch (error) {
    if (!isNativeError(error)) throw error;
  }
}
