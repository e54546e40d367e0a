/** Checks whether the database is intact and knows all containers; replaces a damaged one. */
import { existsSync, readlinkSync, renameSync, rmSync, statSync } from 'node:fs';

import { TspodError } from '../../errors.js';
import type { Directories } from '../../host/directories.js';
import { namesIn } from '../../host/readable.js';
import { tryLock } from '../../native/file-lock.js';
import { readBootId } from '../../state/boot.js';
import { examineDatabase, REPAIR_HINT } from '../../state/database.js';
import { refuseOtherRunRoot } from '../../state/run-root.js';
import { salvageDatabase } from '../../state/salvage.js';
import { Store } from '../../state/store.js';
import { containerPaths, storePaths, type StorePaths } from '../../storage/paths.js';
import type { StoreCheck } from '../images/types.js';
import { adoptContainer, lostContainers, missingDatabase, refuseLostTables, repairedPath } from './lost-records.js';

/**
 * Returns the problems of the database, and with `repair` what was done about them. No engine has to be open. The
 * damaged database is kept beside the new one.
 *
 * @throws {TspodError} STORE_NEWER; STORE_BROKEN (the database belongs to another program); STORE_BUSY (another process
 * has it open); PERMISSION_DENIED; INVALID_ARGUMENT (it has another run root)
 */
export function checkDatabase(directories: Directories, { repair }: { readonly repair: boolean }): StoreCheck {
  const paths = storePaths(directories);
  const problem = databaseProblem(paths);
  if (problem !== undefined && !repair) return { problems: [`${problem}: ${REPAIR_HINT}`], repaired: false };
  const problems = problem === undefined ? [] : [`${problem}: ${replaceDatabase(paths)}`];
  if (existsSync(paths.database)) problems.push(...checkRecords(directories, paths, repair));
  return { problems, repaired: repair || problems.length === 0 };
}

function databaseProblem(paths: StorePaths): string | undefined {
  const { database } = paths;
  const missing = missingDatabase(paths);
  if (missing !== undefined) return missing;
  if ((statSync(database, { throwIfNoEntry: false })?.size ?? 0) === 0) return undefined;
  const found = examineDatabase(database);
  return found === undefined ? undefined : `${database} is damaged (${found})`;
}

/**
 * Replaces the damaged database and returns in words what was done. A repair that is killed at any point is continued
 * by the next call.
 */
function replaceDatabase(paths: StorePaths): string {
  const { database } = paths;
  const [repaired, unready, lockFile] = [repairedPath(paths), `${database}.repairing`, `${database}.lock`];
  using held = tryLock(lockFile);
  if (held === undefined) throw new TspodError('STORE_BUSY', `${database} is being repaired by another process`);
  try {
    refuseOpen(database);
    let recovered = 'the repair was finished';
    if (!existsSync(repaired)) {
      forget(unready);
      const { containers, images, volumes } = salvageDatabase(database, unready, readBootId());
      recovered = `recovered ${counted(containers, 'container')}, ${counted(images, 'image')} and ${counted(volumes, 'volume')}`;
      renameSync(unready, repaired);
    }
    const aside = putAside(database);
    renameSync(repaired, database);
    return aside === undefined ? recovered : `${recovered}; the damaged one is ${aside}`;
  } finally {
    rmSync(lockFile, { force: true });
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** Throws STORE_BUSY if a process has the database open: what it writes later would be lost. */
function refuseOpen(database: string): void {
  const names = new Set(['', '-wal', '-shm'].map((end) => database + end));
  for (const pid of namesIn('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    if (namesIn(`/proc/${pid}/fd`).some((fd) => names.has(linkOf(`/proc/${pid}/fd/${fd}`))))
      throw new TspodError('STORE_BUSY', `process ${pid} has ${database} open: end it before the repair`);
  }
}

/**
 * Renames the damaged database and its write-ahead log; returns the new name, or undefined if there is neither. The log
 * is moved first: otherwise it would be taken for that of the new database.
 */
function putAside(database: string): string | undefined {
  let number = 1;
  while (existsSync(`${database}.damaged-${number}`)) number += 1;
  const aside = `${database}.damaged-${number}`;
  if (existsSync(`${database}-wal`)) renameSync(`${database}-wal`, `${aside}-wal`);
  rmSync(`${database}-shm`, { force: true });
  if (!existsSync(database)) return existsSync(`${aside}-wal`) ? `${aside}-wal` : undefined;
  renameSync(database, aside);
  return aside;
}

function checkRecords(directories: Directories, paths: StorePaths, repair: boolean): readonly string[] {
  const store = new Store(paths.database, () => {
    if (!repair) refuseLostTables(paths);
  });
  try {
    refuseOtherRunRoot(store, { bootId: readBootId(), runRoot: directories.runRoot });
    return lostContainers(store, directories, paths).map((id) => {
      const lost = `container ${id} has no record`;
      if (!repair) return lost;
      const { upper } = containerPaths(directories, id);
      const name = adoptContainer(store, id);
      return `${lost}: it is now ${name}, without its configuration${existsSync(upper) ? `; what it has written is in ${upper}` : ''}`;
    });
  } finally {
    store.close();
  }
}

function forget(path: string): void {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(path + end, { force: true });
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
