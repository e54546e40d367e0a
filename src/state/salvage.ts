/** Copies what can still be read of a damaged database into a new one. */
import {
  closeSync,
  copyFileSync,
  existsSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import Database from 'better-sqlite3';

import { syncPath } from '../native/disk.js';
import { sqliteBinding } from './binding.js';
import { migrate, type Connection } from './database.js';
import { TIDY_UP } from './salvage-rows.js';

/** Number of records that were recovered. */
export interface Salvaged {
  readonly containers: number;
  readonly images: number;
  readonly volumes: number;
}

/** Page size of the databases that tspod creates: SQLite's default. */
const PAGE_BYTES = 4096;
/** A larger page count (64 GiB) is taken for damage. */
const MAX_PAGES = 1 << 24;
/** Largest gap between two damaged places that is searched row by row. */
const MAX_GAP = 100_000;
const MAGIC = 'SQLite format 3\0';

/**
 * Creates `target`, which must not exist: a complete database with all rows that can be read and that are consistent.
 * Reads copies of `damaged` and its write-ahead log, and leaves both as they are. `bootId` is recorded as the last
 * boot's if the database does not say.
 */
export function salvageDatabase(damaged: string, target: string, bootId: string): Salvaged {
  const copy = `${damaged}.reading`;
  const saved = new Database(target, { nativeBinding: sqliteBinding() });
  try {
    // A power cut does no harm: the file is not used before it is complete.
    saved.pragma('synchronous = OFF');
    migrate(saved, target);
    // The log may be what is damaged, or the first page, without which nothing can be found.
    for (const how of [{ log: true }, { log: true, head: target }, { log: false }, { log: false, head: target }]) {
      if (!copyDatabase(damaged, copy, how)) continue;
      if (readInto(saved, copy)) break;
    }
    saved.exec(TIDY_UP);
    saved.prepare("INSERT OR IGNORE INTO meta VALUES ('boot_id', ?)").run(bootId);
    saved.prepare(`INSERT OR REPLACE INTO meta VALUES ('${SALVAGED}', '1')`).run();
    return { containers: count(saved, 'container'), images: count(saved, 'image'), volumes: count(saved, 'volume') };
  } finally {
    saved.close();
    removeCopy(copy);
    syncPath(target);
  }
}

/** Key in `meta`, set after a salvage: files without a record may be those whose record was lost to the damage. */
export const SALVAGED = 'salvaged';

function count(db: Connection, table: string): number {
  return db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
}

interface CopyOptions {
  /** Also copies the write-ahead log. */
  readonly log: boolean;
  /**
   * A sound database, whose first page replaces that of the damaged one: it tells where each table begins, which is the
   * same in all databases.
   */
  readonly head?: string;
}

/** Makes a copy that is long enough for SQLite to open it. Returns false if there is nothing to read. */
function copyDatabase(from: string, copy: string, { log, head }: CopyOptions): boolean {
  removeCopy(copy);
  const hasLog = log && existsSync(`${from}-wal`);
  const size = statSync(from, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0 && !hasLog) return false;
  if (size === 0) closeSync(openSync(copy, 'w', 0o600));
  else copyFileSync(from, copy);
  if (hasLog) copyFileSync(`${from}-wal`, `${copy}-wal`);
  const fd = openSync(copy, 'r+');
  try {
    const pages = Math.max(1, Math.ceil(size / PAGE_BYTES), headerPageCount(fd));
    // SQLite refuses a file that is shorter than its header says. The padding reads as damage.
    ftruncateSync(fd, pages * PAGE_BYTES);
    if (head !== undefined) writeHead(fd, head, pages);
  } finally {
    closeSync(fd);
  }
  return true;
}

/**
 * Returns the page count in the header (https://sqlite.org/fileformat2.html#the_database_header); 0 if the header is
 * damaged.
 */
function headerPageCount(fd: number): number {
  const header = Buffer.alloc(32);
  readSync(fd, header, 0, header.length, 0);
  const pages = header.readUInt32BE(28);
  return header.toString('latin1', 0, MAGIC.length) === MAGIC && pages <= MAX_PAGES ? pages : 0;
}

function writeHead(fd: number, whole: string, pages: number): void {
  const page = Buffer.alloc(PAGE_BYTES);
  const source = openSync(whole, 'r');
  readSync(source, page, 0, page.length, 0);
  closeSync(source);
  page.writeUInt32BE(pages, 28);
  // No free pages: the list of them is lost.
  page.fill(0, 32, 40);
  writeSync(fd, page, 0, page.length, 0);
}

function readInto(saved: Connection, copy: string): boolean {
  let db;
  try {
    db = new Database(copy, { nativeBinding: sqliteBinding() });
    if ((db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() as number) === 0) return false;
    for (const table of tablesOf(saved)) readTable({ from: db, into: saved, table });
    return true;
  } catch {
    return false;
  } finally {
    db?.close();
  }
}

function tablesOf(db: Connection): readonly string[] {
  return db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .pluck()
    .all() as string[];
}

interface Table {
  readonly from: Connection;
  readonly into: Connection;
  readonly table: string;
}

interface Column {
  readonly name: string;
  /** Position in the primary key, counted from 1; 0: not part of it. */
  readonly pk: number;
}

/** Reads forward to the first damaged place, backward to the last one, and row by row between the two. */
function readTable({ from, into, table }: Table): void {
  const columns = into.pragma(`table_info(${table})`) as Column[];
  const names = columns.map(({ name }) => name);
  const key = columns.filter(({ pk }) => pk > 0).map(({ name }) => name);
  const insert = into.prepare(
    `INSERT OR IGNORE INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
  );
  const select = `SELECT ${names.join(', ')} FROM ${table}`;
  const keep = (row: readonly unknown[]): void => {
    try {
      insert.run(...row);
    } catch {
      // Not a row that was ever written.
    }
  };
  const read = (order: 'ASC' | 'DESC'): unknown => {
    let last: unknown;
    try {
      const statement = from.prepare(`${select} ORDER BY ${key.map((name) => `${name} ${order}`).join(', ')}`);
      for (const row of statement.raw().safeIntegers().iterate() as Iterable<unknown[]>) {
        keep(row);
        last = row[0];
      }
      return undefined;
    } catch {
      return last ?? null;
    }
  };
  into.transaction(() => {
    const low = read('ASC');
    if (low === undefined) return;
    const high = read('DESC');
    if (key.length !== 1 || typeof low !== 'bigint' || typeof high !== 'bigint' || high - low > MAX_GAP) return;
    for (let at = low + 1n; at < high; at += 1n) {
      try {
        const row = from
          .prepare(`${select} WHERE ${key.join('')} = ?`)
          .raw()
          .safeIntegers()
          .get(at);
        if (row !== undefined) keep(row as unknown[]);
      } catch {
        // The row is in a damaged page.
      }
    }
  })();
}

function removeCopy(copy: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(copy + end, { force: true });
}
