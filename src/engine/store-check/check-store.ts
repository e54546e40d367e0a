/** `checkStore()`: checks and repairs a whole store, database and files. */
import { existsSync } from 'node:fs';

import { resolveDirectories } from '../../host/directories.js';
import { checkDatabase } from './database.js';
import type { StoreCheck } from '../images/types.js';
import { openEngine } from '../open.js';
import type { EngineOptions } from '../types.js';

/**
 * Checks the store, and with `repair` fixes what can be fixed. Unlike `openEngine`, accepts a store whose database is
 * damaged or missing: with `repair`, a new database is built from what can be read of the old one and from what lies on
 * the disk, and the damaged one is kept beside it. Files of volumes are never touched.
 *
 * @throws {TspodError} STORE_NEWER; STORE_BUSY (with `repair`: another process has the database open); STORE_BROKEN
 * (the database belongs to another program); and those of openEngine().
 */
export async function checkStore(options: EngineOptions & { readonly repair?: boolean } = {}): Promise<StoreCheck> {
  const { repair = false, ...opening } = options;
  const directories = resolveDirectories(opening, process.geteuid?.() ?? 0);
  if (!existsSync(directories.root)) return { problems: [], repaired: true };
  const database = checkDatabase(directories, { repair });
  if (!database.repaired) return database;
  await using engine = await openEngine(opening);
  const checks = [database, await engine.images.check({ repair }), await engine.volumes.check({ repair })];
  return {
    problems: checks.flatMap(({ problems }) => problems),
    repaired: checks.every(({ repaired }) => repaired),
  };
}
