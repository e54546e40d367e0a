/** Opens the database file: pragmas, migrations, and SQLite's failures in words that name the file. */
import { chmodSync, existsSync } from 'node:fs';
import Database from 'better-sqlite3';

import { isTspodError, TspodError, type ErrorCode } from '../errors.js';
import { sqliteBinding } from './binding.js';
import { reserveLog } from './reserve.js';
import { APPLICATION_ID, MIGRATIONS } from './schema.js';

export type Connection = Database.Database;
export type Statement = Database.Statement<unknown[]>;

/** How long a statement waits for another process's transaction; each of ours takes well under a millisecond. */
const BUSY_TIMEOUT_MS = 8_000;

/** Pages in the write-ahead log before it is copied back, which costs two fsyncs; also what an open after a crash reads at most. */
const CHECKPOINT_PAGES = 512;

/** What is to be done about damage. */
export const REPAIR_HINT = 'run "tspod system check --repair"';

/**
 * Opens or makes the database. Its directory exists. `onNew` is called, where nobody else writes, before tables are made in one that has none: it throws
 * if there should be some.
 *
 * WAL with `synchronous=NORMAL`: no fsync for a change of state, and a power cut loses the last changes but never the file's consistency.
 *
 * @throws {TspodError} STORE_NEWER, STORE_BROKEN, STORE_BUSY, DISK_FULL, PERMISSION_DENIED
 */
export function openDatabase(path: string, onNew: () => void = () => undefined): Connection {
  return naming(path, () => {
    const isNew = !existsSync(path);
    const db = new Database(path, { timeout: BUSY_TIMEOUT_MS, nativeBinding: sqliteBinding() });
    try {
      if (isNew) chmodSync(path, 0o600);
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = NORMAL');
      db.pragma(`wal_autocheckpoint = ${String(CHECKPOINT_PAGES)}`);
      migrate(db, path, onNew);
      reserveLog(path);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** Makes the tables that are not there yet. */
export function migrate(db: Connection, path: string, onNew: () => void = () => undefined): void {
  if (schemaVersion(db) === MIGRATIONS.length && applicationId(db) === APPLICATION_ID) return;
  // Looked at again inside the transaction: another process may have migrated meanwhile.
  db.transaction(() => {
    const version = schemaVersion(db);
    refuseForeign(db, path, version);
    if (version === 0) onNew();
    for (const migration of MIGRATIONS.slice(version)) db.exec(migration);
    db.pragma(`application_id = ${String(APPLICATION_ID)}`);
    db.pragma(`user_version = ${String(MIGRATIONS.length)}`);
  }).immediate();
}

function refuseForeign(db: Connection, path: string, version: number): void {
  if (version > MIGRATIONS.length) {
    throw new TspodError(
      'STORE_NEWER',
      `${path} was made by a newer tspod (schema ${String(version)}, this one knows ${String(MIGRATIONS.length)})`,
    );
  }
  const tables = db.prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").pluck().get() as number;
  if (tables > 0 && applicationId(db) !== APPLICATION_ID) {
    throw new TspodError('STORE_BROKEN', `${path} is not a database of tspod; move it away or use another --root`);
  }
}

/**
 * Reads all of the database, and changes nothing; answers what is wrong with it, or undefined. Throws STORE_NEWER, STORE_BUSY, PERMISSION_DENIED, and STORE_BROKEN
 * for a database of somebody else's.
 */
export function examineDatabase(path: string): string | undefined {
  let db;
  try {
    db = naming(
      path,
      () => new Database(path, { readonly: true, timeout: BUSY_TIMEOUT_MS, nativeBinding: sqliteBinding() }),
    );
    const open = db;
    const found = naming(path, () => {
      refuseForeign(open, path, schemaVersion(open));
      return open.pragma('integrity_check(1)', { simple: true }) as string;
    });
    return found === 'ok' ? undefined : found.replace(/\s+/g, ' ');
  } catch (error) {
    if (isTspodError(error, 'STORE_BROKEN') && error.cause instanceof Database.SqliteError) return error.cause.message;
    throw error;
  } finally {
    db?.close();
  }
}

function schemaVersion(db: Connection): number {
  return db.pragma('user_version', { simple: true }) as number;
}

function applicationId(db: Connection): number {
  return db.pragma('application_id', { simple: true }) as number;
}

/** Whether statements wait for another process's transaction. */
export function setPatience(db: Connection, patient: boolean): void {
  db.pragma(`busy_timeout = ${String(patient ? BUSY_TIMEOUT_MS : 0)}`);
}

/** Another process has it locked. */
export function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(BUSY|LOCKED)/.test(error.code);
}

/** Runs database code and gives SQLite's errors a code of ours and the name of the file. */
export function naming<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw translate(path, error);
  }
}

function translate(path: string, error: unknown): unknown {
  if (isTspodError(error) || !(error instanceof Database.SqliteError)) return error;
  const [code, words] = meaningOf(error.code);
  return code === undefined ? error : new TspodError(code, `${path}: ${words} (${error.message})`, { cause: error });
}

/** SQLite's extended result codes, by their beginning: https://sqlite.org/rescode.html */
function meaningOf(code: string): readonly [ErrorCode | undefined, string] {
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return ['STORE_BUSY', 'the database is locked by another process'];
  }
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') {
    return ['STORE_BROKEN', `the database is damaged: ${REPAIR_HINT}`];
  }
  // The index of the log is made anew by the first process that opens it, and needs 32 KiB.
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE') return ['DISK_FULL', 'no space left'];
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN') || code === 'SQLITE_PERM') {
    return ['PERMISSION_DENIED', 'the database cannot be opened for writing'];
  }
  if (code.startsWith('SQLITE_IOERR')) return ['STORE_BROKEN', 'the database cannot be read or written'];
  return [undefined, ''];
}
