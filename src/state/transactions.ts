/** Transactions of one connection. */
import { isBusy, naming, setPatience, type Connection, type Statement } from './database.js';

interface TransactionsOptions {
  /** Of the database, for errors. */
  readonly path: string;
  readonly prepare: (sql: string) => Statement;
}

/** Within another one each of them is a part of that. Bodies are synchronous. */
export class Transactions {
  readonly #db: Connection;
  readonly #options: TransactionsOptions;
  #isImpatient = false;

  constructor(db: Connection, options: TransactionsOptions) {
    this.#db = db;
    this.#options = options;
  }

  /** All or nothing, and alone among writers from the start. */
  write<T>(body: () => T): T {
    return this.#together(() => this.#begin(), body);
  }

  /** Reads all as of one moment, whoever writes meanwhile. */
  read<T>(body: () => T): T {
    return this.#together(() => this.#run('BEGIN'), body);
  }

  /** As write(), but that nothing of it stays: tells what would be taken. Not within another one. */
  rehearse<T>(body: () => T): T {
    return this.#together(() => this.#begin(), body, 'ROLLBACK');
  }

  #together<T>(begin: () => void, body: () => T, end: 'COMMIT' | 'ROLLBACK' = 'COMMIT'): T {
    if (this.#db.inTransaction) return body();
    return naming(this.#options.path, () => {
      begin();
      try {
        const result = body();
        this.#run(end);
        return result;
      } catch (error) {
        // SQLite rolls back by itself after some failures (a full disk).
        if (this.#db.inTransaction) this.#run('ROLLBACK');
        throw error;
      }
    });
  }

  /** Who has waited in vain once waits no more, so that work on many containers ends as soon as that on one. */
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
