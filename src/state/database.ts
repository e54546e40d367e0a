/** Opens the database file (pragmas, migrations) and translates SQLite's errors into errors that name the file. */
import { chmodSync, existsSync } from 'node:fs';
import Database from 'better-sqlite3';

import { isTspodError, TspodError, type ErrorCode } from '../errors.js';
import { sqliteBinding } from './binding.js';
import { reserveLog } from './reserve.js';
import { APPLICATION_ID, MIGRATIONS } from './schema.js';

export type Connection = Database.Database;
export type Statement = Database.Statement<unknown[]>;

/**
 * Time limit for a statement that waits for another process's transaction, in ms; each of tspod's takes well under 1
 * ms.
 */
const BUSY_TIMEOUT_MS = 8_000;

/**
 * Pages in the write-ahead log before a checkpoint (which costs two fsyncs); also the most that an open after a crash
 * has to replay.
 */
const CHECKPOINT_PAGES = 512;

/** The advice given in errors about a damaged database. */
export const REPAIR_HINT = 'run "tspod system check --repair"';

/**
 * Opens the database, or creates it in a directory that exists. Before tables are created in a database that has none,
 * `onNew` is called inside the transaction, while no other process writes; it throws if the tables should already
 * exist.
 *
 * WAL with `synchronous=NORMAL`: a change of state costs no fsync, and a power cut loses the last changes but never the
 * consistency of the file.
 *
 * @throws {TspodError} STORE_NEWER, STORE_BROKEN, STORE_BUSY, DISK_FULL, PERMISSION_DENIED
 */
export function openDatabase(path: string, onNew: () => void = () => undefined): Connection {
  return translateErrors(path, () => {
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

/** Applies the migrations that the database lacks. */
export function migrate(db: Connection, path: string, onNew: () => void = () => undefined): void {
  if (schemaVersion(db) === MIGRATIONS.length && applicationId(db) === APPLICATION_ID) return;
  // Checked again inside the transaction: another process may have migrated meanwhile.
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
 * Checks the integrity of the whole database without changing it. Returns a description of the damage, or undefined.
 *
 * @throws {TspodError} STORE_NEWER, STORE_BUSY, PERMISSION_DENIED; STORE_BROKEN for a database that is not tspod's
 */
export function examineDatabase(path: string): string | undefined {
  let db;
  try {
    db = translateErrors(
      path,
      () => new Database(path, { readonly: true, timeout: BUSY_TIMEOUT_MS, nativeBinding: sqliteBinding() }),
    );
    const open = db;
    const found = translateErrors(path, () => {
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

/** Sets whether statements wait for another process's transaction. */
export function setPatience(db: Connection, patient: boolean): void {
  db.pragma(`busy_timeout = ${String(patient ? BUSY_TIMEOUT_MS : 0)}`);
}

/** Whether SQLite failed because another process has locked the database. */
export function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(BUSY|LOCKED)/.test(error.code);
}

/** Runs database code, and translates SQLite's errors into TspodErrors that name the file. */
export function translateErrors<T>(path: string, body: () => T): T {
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

/** Maps an extended result code of SQLite, by its prefix: https://sqlite.org/rescode.html */
function meaningOf(code: string): readonly [ErrorCode | undefined, string] {
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return ['STORE_BUSY', 'the database is locked by another process'];
  }
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') {
    return ['STORE_BROKEN', `the database is damaged: ${REPAIR_HINT}`];
  }
  // The first process that opens the log recreates its shared-memory index, which needs 32 KiB.
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE') return ['DISK_FULL', 'no space left'];
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN') || code === 'SQLITE_PERM') {
    return ['PERMISSION_DENIED', 'the database cannot be opened for writing'];
  }
  if (code.startsWith('SQLITE_IOERR')) return ['STORE_BROKEN', 'the database cannot be read or written'];
  return [undefined, ''];
}
