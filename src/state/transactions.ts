/** Transactions of one database connection. */
import { isBusy, translateErrors, setPatience, type Connection, type Statement } from './database.js';

interface TransactionsOptions {
  /** Path of the database, for errors. */
  readonly path: string;
  readonly prepare: (sql: string) => Statement;
}

/** A transaction that begins inside another becomes part of that one. Bodies are synchronous. */
export class Transactions {
  readonly #db: Connection;
  readonly #options: TransactionsOptions;
  #isImpatient = false;

  constructor(db: Connection, options: TransactionsOptions) {
    this.#db = db;
    this.#options = options;
  }

  /** Runs `body` in a transaction that is atomic, and excludes other writers from its start. */
  write<T>(body: () => T): T {
    return this.#together(() => this.#begin(), body);
  }

  /** Runs `body` with a consistent view of the database, whoever writes meanwhile. */
  read<T>(body: () => T): T {
    return this.#together(() => this.#run('BEGIN'), body);
  }

  /**
   * Runs `body` like write() but rolls everything back: shows what would be taken. Not to be used inside another
   * transaction.
   */
  rehearse<T>(body: () => T): T {
    return this.#together(() => this.#begin(), body, 'ROLLBACK');
  }

  #together<T>(begin: () => void, body: () => T, end: 'COMMIT' | 'ROLLBACK' = 'COMMIT'): T {
    if (this.#db.inTransaction) return body();
    return translateErrors(this.#options.path, () => {
      begin();
      try {
        const result = body();
        this.#run(end);
        return result;
      } catch (error) {
        // SQLite rolls back by itself after some errors (a full disk).
        if (this.#db.inTransaction) this.#run('ROLLBACK');
        throw error;
      }
    });
  }

  /**
   * Begins a write transaction. After one that waited in vain, the next ones do not wait, until one succeeds: so work
   * on many containers fails as quickly as work on one.
   */
  #begin(): void {
    try {
      this.#run('BEGIN IMMEDIATE');
    } catch (error) {
      this.#isImpatient = isBusy(error);
      if (this.#isImpatient) setPatience(this.#db, false);
      throw error;
    }
    if (this.#isImpatient) setPatience(this.#db, true);
    this.#isImpatient = false;
  }

  #run(sql: string): void {
    this.#options.prepare(sql).run();
  }
}
