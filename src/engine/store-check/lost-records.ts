/**
 * Finds containers and volumes on the disk that the database does not know: a store whose database was lost must not be
 * taken for a new one.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { isProcessAlive } from '../../container/settle/orphans.js';
import { TspodError } from '../../errors.js';
import type { Directories } from '../../host/directories.js';
import { removeTree } from '../../native/tree.js';
import { REPAIR_HINT } from '../../state/database.js';
import { FRESH_STATE, type StoredSummary } from '../../state/records.js';
import type { Store } from '../../state/store.js';
import { isAutoRemoveDirectory } from '../../storage/layers.js';
import { containerPaths, type StorePaths } from '../../storage/paths.js';
import { volumeDirectories } from '../../storage/volumes.js';

const ID = /^[0-9a-f]{64}$/;

/** Returns the path of a repaired database that is ready to replace the damaged one. */
export function repairedPath({ database }: Pick<StorePaths, 'database'>): string {
  return `${database}.repaired`;
}

/**
 * Returns what is wrong with the database before it is opened: SQLite would take an empty file for a new database and
 * discard its write-ahead log.
 */
export function missingDatabase(paths: StorePaths): string | undefined {
  const { database } = paths;
  const isEmpty = () => (statSync(database, { throwIfNoEntry: false })?.size ?? 0) === 0;
  if (existsSync(repairedPath(paths))) return `a repair of ${database} was interrupted`;
  if (!isEmpty()) return undefined;
  const kept = describeContents(paths);
  const log =
    existsSync(`${database}-wal`) && statSync(`${database}-wal`).size > 0 ? `${database}-wal holds data` : undefined;
  const found = kept ?? log;
  // A process that is just creating the store writes to the database first, so it is not empty any more.
  return found === undefined || !isEmpty() ? undefined : `${database} is missing or empty, and ${found}`;
}

function describeContents({ containers, volumes }: StorePaths): string | undefined {
  if (idsIn(containers).length > 0) return `${containers} holds containers`;
  if (volumeDirectories(volumes).length > 0) return `${volumes} holds volumes`;
  return undefined;
}

/** Called for a database without tables. Throws STORE_BROKEN unless the rest of the store is empty, too. */
export function refuseLostTables(paths: StorePaths): void {
  const kept = describeContents(paths);
  if (kept !== undefined) throw broken(`${paths.database} has no tables, and ${kept}`);
}

/**
 * Removes directories of containers that were to be removed at their end and whose records a power cut has lost. Called
 * in the first engine of a new boot, before refuseLostRecords().
 */
export async function removePassing(store: Store, { containers }: StorePaths): Promise<void> {
  for (const id of idsIn(containers)) {
    const directory = join(containers, id);
    if (isAutoRemoveDirectory(directory) && isLost(store, directory, id)) await removeTree(directory);
  }
}

/**
 * Throws STORE_BROKEN if there are containers on the disk but none in the database. If the database has some, this
 * costs one index look-up.
 */
export function refuseLostRecords(store: Store, paths: StorePaths): void {
  const { database, containers } = paths;
  if (store.isEmpty() && idsIn(containers).some((id) => isLost(store, join(containers, id), id)))
    throw broken(`${database} has no containers, but ${containers} holds some`);
}

export function broken(what: string): TspodError {
  return new TspodError('STORE_BROKEN', `${what}: ${REPAIR_HINT}`);
}

/** Returns the ids of containers without a record that lie on the disk or run. */
export function lostContainers(store: Store, directories: Directories, paths: StorePaths): readonly string[] {
  const kept = idsIn(paths.containers).filter((id) => isLost(store, join(paths.containers, id), id));
  const running = idsIn(paths.runDirectories).filter(
    (id) => store.get(id) === undefined && isProcessAlive(containerPaths(directories, id)),
  );
  return [...new Set([...kept, ...running])];
}

/**
 * Whether a directory has no record. A record is created before its directory and removed after it; the second look at
 * the directory rules out that the container came or went meanwhile.
 */
function isLost(store: Store, directory: string, id: string): boolean {
  return existsSync(directory) && store.get(id) === undefined && existsSync(directory);
}

/**
 * Records a lost container under a new name, without a configuration, and returns the name. Such a container is listed,
 * the files it has written can be saved, and it can be removed. Whether it runs is found out by the next process that
 * observes it.
 */
export function adoptContainer(store: Store, id: string): string {
  const name = `lost-${id.slice(0, 12)}`;
  const createdUs = Date.now() * 1000;
  store.insert({
    id,
    name,
    createdUs,
    summary: UNKNOWN,
    config: '',
    state: { ...FRESH_STATE, status: 'active' },
    donors: [],
  });
  return name;
}

const UNKNOWN: StoredSummary = {
  image: '',
  rootfs: '',
  command: [],
  labels: {},
  mounts: [],
  network: '',
  networks: [],
  ports: [],
  restartPolicy: '',
  cidFile: '',
  checked: false,
};

function idsIn(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory).filter((name) => ID.test(name)) : [];
}
