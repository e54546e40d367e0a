/** Containers and volumes on the disk that the database does not know: a store whose database was lost is no new store. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { isProcessAlive } from '../../container/settle/orphans.js';
import { TspodError } from '../../errors.js';
import type { Directories } from '../../host/directories.js';
import { removeTree } from '../../native/tree.js';
import { REPAIR_HINT } from '../../state/database.js';
import { FRESH_STATE, type StoredSummary } from '../../state/records.js';
import type { Store } from '../../state/store.js';
import { isPassing } from '../../storage/layers.js';
import { containerPaths, type StorePaths } from '../../storage/paths.js';
import { volumeDirectories } from '../../storage/volumes.js';

const ID = /^[0-9a-f]{64}$/;

/** A repaired database that is ready to take the place of the damaged one. */
export function repairedPath({ database }: Pick<StorePaths, 'database'>): string {
  return `${database}.repaired`;
}

/** What is wrong before the database is even opened: SQLite would take an empty one for new, and throw its write-ahead log away. */
export function missingDatabase(paths: StorePaths): string | undefined {
  const { database } = paths;
  const isEmpty = () => (statSync(database, { throwIfNoEntry: false })?.size ?? 0) === 0;
  if (existsSync(repairedPath(paths))) return `a repair of ${database} was cut off`;
  if (!isEmpty()) return undefined;
  const kept = whatIsKept(paths);
  const log =
    existsSync(`${database}-wal`) && statSync(`${database}-wal`).size > 0 ? `${database}-wal holds data` : undefined;
  const found = kept ?? log;
  // Another process that makes the store writes to the database before anything else.
  return found === undefined || !isEmpty() ? undefined : `${database} is missing or empty, and ${found}`;
}

function whatIsKept({ containers, volumes }: StorePaths): string | undefined {
  if (idsIn(containers).length > 0) return `${containers} holds containers`;
  if (volumeDirectories(volumes).length > 0) return `${volumes} holds volumes`;
  return undefined;
}

/** For a database without tables. Throws STORE_BROKEN unless the store is as new as that. */
export function refuseLostTables(paths: StorePaths): void {
  const kept = whatIsKept(paths);
  if (kept !== undefined) throw broken(`${paths.database} has no tables, and ${kept}`);
}

/**
 * Before refuseLostRecords() in the first engine of a new boot: directories that a power cut has left of containers that would be removed by now, and
 * of whose records it has left nothing.
 */
export async function removePassing(store: Store, { containers }: StorePaths): Promise<void> {
  for (const id of idsIn(containers)) {
    const directory = join(containers, id);
    if (isPassing(directory) && isLost(store, directory, id)) await removeTree(directory);
  }
}

/** Throws STORE_BROKEN if there are containers on the disk and none in the database. Costs one look at an index where there are some. */
export function refuseLostRecords(store: Store, paths: StorePaths): void {
  const { database, containers } = paths;
  if (store.isEmpty() && idsIn(containers).some((id) => isLost(store, join(containers, id), id)))
    throw broken(`${database} knows of no containers, and ${containers} holds some`);
}

export function broken(what: string): TspodError {
  return new TspodError('STORE_BROKEN', `${what}: ${REPAIR_HINT}`);
}

/** Ids of what lies on the disk, or runs, without a record. */
export function lostContainers(store: Store, directories: Directories, paths: StorePaths): readonly string[] {
  const kept = idsIn(paths.containers).filter((id) => isLost(store, join(paths.containers, id), id));
  const running = idsIn(paths.runDirectories).filter(
    (id) => store.get(id) === undefined && isProcessAlive(containerPaths(directories, id)),
  );
  return [...new Set([...kept, ...running])];
}

/** A record is there before its directory, and longer: it cannot have come and gone between two looks at that. */
function isLost(store: Store, directory: string, id: string): boolean {
  return existsSync(directory) && store.get(id) === undefined && existsSync(directory);
}

/**
 * Records it under a name of its own, without a configuration: it is listed, what it has written can be saved, it can be removed. Whether it runs is found
 * out by whoever looks next. Answers the name.
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
