/** Whether the database is whole and knows all containers; and a whole one in the place of a damaged one. */
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
 * What is wrong with the database, and with `repair` what became of it. No engine need be open, or can be. The damaged database stays beside the new one.
 *
 * @throws {TspodError} STORE_NEWER; STORE_BROKEN: it is somebody else's; STORE_BUSY: another process has it open; PERMISSION_DENIED; INVALID_ARGUMENT: it has another run root
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

/** Answers what was done. Killed anywhere, it is gone on with by the next call. */
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

/** What such a process writes would be lost. Throws STORE_BUSY. */
function refuseOpen(database: string): void {
  const names = new Set(['', '-wal', '-shm'].map((end) => database + end));
  for (const pid of namesIn('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    if (namesIn(`/proc/${pid}/fd`).some((fd) => names.has(linkOf(`/proc/${pid}/fd/${fd}`))))
      throw new TspodError('STORE_BUSY', `process ${pid} has ${database} open: end it before the repair`);
  }
}

/** The database and its log under other names; undefined if there is none. The log goes first: it would be taken for that of the new one. */
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
