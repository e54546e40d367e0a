/** Whether a store is whole: its database, and what that says of containers, images and volumes. */
import { existsSync } from 'node:fs';

import { resolveDirectories } from '../../host/directories.js';
import { checkDatabase } from './database.js';
import type { StoreCheck } from '../images/types.js';
import { openEngine } from '../open.js';
import type { EngineOptions } from '../types.js';

/**
 * Looks whether the store is whole; with `repair` puts right what can be. Unlike `openEngine` it takes a store whose database is damaged or missing: a whole one is made of what can
 * be read of it, and of what lies on the disk; the damaged one stays beside it. Volumes' files are never touched.
 *
 * @throws {TspodError} STORE_NEWER; STORE_BUSY: with `repair`, another process has the database open; STORE_BROKEN: it is somebody else's; and those of openEngine().
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
