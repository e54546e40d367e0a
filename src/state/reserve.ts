/**
 * Reserves disk space for the database's log: on a full disk, the end or removal of a container must still be recorded.
 */
import { statSync } from 'node:fs';

import { isNativeError } from '../native/native-error.js';
import { reserveSpace } from '../native/disk.js';

/**
 * SQLite restarts its log from the beginning after each checkpoint, at 2 MiB (CHECKPOINT_PAGES). If a full disk
 * prevents the checkpoint, because the database would have to grow, another 2 MiB are left: enough to end and remove
 * some 50 containers.
 */
const RESERVED_LOG_BYTES = 4 << 20;

/** Unit of `stat`'s block count. */
const BLOCK_BYTES = 512;

/**
 * Reserves the space for the log of an open database. If the disk is already full, or the filesystem cannot reserve
 * space, the log is used as it is.
 */
export function reserveLog(database: string): void {
  const log = `${database}-wal`;
  const blocks = statSync(log, { throwIfNoEntry: false })?.blocks;
  if (blocks === undefined || blocks * BLOCK_BYTES >= RESERVED_LOG_BYTES) return;
  try {
    // Safe to open: SQLite's locks are on the other files.
    reserveSpace(log, RESERVED_LOG_BYTES);
  } catch (error) {
    if (!isNativeError(error)) throw error;
  }
}
