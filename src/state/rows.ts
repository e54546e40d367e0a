/** Translates between rows of the tables and records of the program. */
import type { StoredContainer, StoredState, StoredStatus } from './records.js';

/** A row with the columns of {@link ROW_COLUMNS}, as an array: that costs a third of a row as an object. */
export type ContainerRow = readonly [
  seq: number,
  id: string,
  name: string,
  createdUs: number,
  status: StoredStatus,
  autoRemove: number,
  stoppedByUser: number,
  exitCode: number,
  exitSignal: number,
  oomKilled: number,
  timedOut: number,
  startedUs: number,
  finishedUs: number,
  restarts: number,
  error: string,
  updates: string,
  updating: number,
  mounts: number,
  mounted: number,
  splitFrom: string,
];

/** A ContainerRow followed by the column `summary`. */
export type ListedRow = readonly [...ContainerRow, summary: string];

export const STATE_COLUMN_NAMES = [
  'status',
  'auto_remove',
  'stopped_by_user',
  'exit_code',
  'exit_signal',
  'oom_killed',
  'timed_out',
  'started_us',
  'finished_us',
  'restarts',
  'error',
  'updates',
  'updating',
  'mounts',
  'mounted',
  'split_from',
] as const;

/** The columns of a ContainerRow, for a SELECT from container c JOIN container_state s. */
export const ROW_COLUMNS = `c.seq, c.id, c.name, c.created_us, ${STATE_COLUMN_NAMES.map((name) => `s.${name}`).join(', ')}`;

/** Inserts into container_state; its parameters are `seq` and the values of {@link stateValues}. */
export const STATE_INSERT = `INSERT INTO container_state (seq, ${STATE_COLUMN_NAMES.join(', ')})
  VALUES (?${', ?'.repeat(STATE_COLUMN_NAMES.length)})`;

/** Updates container_state; its parameters are the values of {@link stateValues} and `seq`. */
export const STATE_UPDATE = `UPDATE container_state SET ${STATE_COLUMN_NAMES.map((name) => `${name} = ?`).join(', ')} WHERE seq = ?`;

/** Returns the values for {@link STATE_COLUMN_NAMES}, in that order. */
export function stateValues(state: StoredState): readonly (string | number)[] {
  return [
    state.status,
    Number(state.autoRemove),
    Number(state.stoppedByUser),
    state.exitCode,
    state.exitSignal,
    Number(state.oomKilled),
    Number(state.timedOut),
    state.startedUs,
    state.finishedUs,
    state.restarts,
    state.error,
    state.updates,
    Number(state.updating),
    state.mounts,
    Number(state.mounted),
    state.splitFrom,
  ];
}

/** Index of each column in a row. */
const AT = {
  seq: 0,
  id: 1,
  name: 2,
  createdUs: 3,
  status: 4,
  autoRemove: 5,
  stoppedByUser: 6,
  exitCode: 7,
  exitSignal: 8,
  oomKilled: 9,
  timedOut: 10,
  startedUs: 11,
  finishedUs: 12,
  restarts: 13,
  error: 14,
  updates: 15,
  updating: 16,
  mounts: 17,
  mounted: 18,
  splitFrom: 19,
  summary: 20,
} as const;

export function toContainer(row: ContainerRow | ListedRow): StoredContainer {
  return {
    seq: row[AT.seq],
    id: row[AT.id],
    name: row[AT.name],
    createdUs: row[AT.createdUs],
    state: {
      status: row[AT.status],
      autoRemove: row[AT.autoRemove] !== 0,
      stoppedByUser: row[AT.stoppedByUser] !== 0,
      exitCode: row[AT.exitCode],
      exitSignal: row[AT.exitSignal],
      oomKilled: row[AT.oomKilled] !== 0,
      timedOut: row[AT.timedOut] !== 0,
      startedUs: row[AT.startedUs],
      finishedUs: row[AT.finishedUs],
      restarts: row[AT.restarts],
      error: row[AT.error],
      updates: row[AT.updates],
      updating: row[AT.updating] !== 0,
      mounts: row[AT.mounts],
      mounted: row[AT.mounted] !== 0,
      splitFrom: row[AT.splitFrom],
    },
  };
}

export function summaryTextOf(row: ListedRow): string {
  return row[AT.summary];
}
