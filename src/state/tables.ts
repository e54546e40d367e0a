/** Access to the store's tables for parts of it that have a file of their own. */
export interface Tables {
  readonly one: <Row>(sql: string, ...values: readonly unknown[]) => Row | undefined;
  readonly all: <Row>(sql: string, ...values: readonly unknown[]) => readonly Row[];
  /** Answers how many rows it changed. */
  readonly run: (sql: string, ...values: readonly unknown[]) => number;
  /** As of the store. */
  readonly transaction: <T>(body: () => T) => T;
  /** As of the store: for reading. */
  readonly snapshot: <T>(body: () => T) => T;
}
