/** Access to the tables for the parts of the store that have a file of their own. */
export interface Tables {
  readonly one: <Row>(sql: string, ...values: readonly unknown[]) => Row | undefined;
  readonly all: <Row>(sql: string, ...values: readonly unknown[]) => readonly Row[];
  /** Runs a statement and returns the number of rows that it changed. */
  readonly run: (sql: string, ...values: readonly unknown[]) => number;
  /** Runs `body` in a write transaction: Store.transaction(). */
  readonly transaction: <T>(body: () => T) => T;
  /** Runs `body` in a read transaction: Transactions.read(). */
  readonly snapshot: <T>(body: () => T) => T;
}
