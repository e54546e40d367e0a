/** Rows of the tables, and records of the program: one translation, both ways. */
import type { StoredContainer, StoredState, StoredStatus } from './records.js';

export interface ContainerRow {
  readonly seq: number;
  readonly id: string;
  readonly name: string;
  readonly created_us: number;
  readonly status: StoredStatus;
  readonly auto_remove: number;
  readonly stopped_by_user: number;
  readonly exit_code: number;
  readonly exit_signal: number;
  readonly oom_killed: number;
  readonly timed_out: number;
  readonly started_us: number;
  readonly finished_us: number;
  readonly restarts: number;
  readonly error: string;
  readonly updates: string;
  readonly updating: number;
  readonly mounts: number;
  readonly mounted: number;
  readonly split_from: string;
}

const STATE_COLUMN_NAMES = [
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

/** The columns of a ContainerRow, for SELECT from container c JOIN container_state s. */
export const ROW_COLUMNS = `c.seq, c.id, c.name, c.created_us, ${STATE_COLUMN_NAMES.map((name) => `s.${name}`).join(', ')}`;

/** For INSERT INTO container_state: takes `seq` and the values of {@link stateValues}. */
export const STATE_INSERT = `INSERT INTO container_state (seq, ${STATE_COLUMN_NAMES.join(', ')})
  VALUES (?${', ?'.repeat(STATE_COLUMN_NAMES.length)})`;

/** Takes the values of {@link stateValues} and `seq`. */
export const STATE_UPDATE = `UPDATE container_state SET ${STATE_COLUMN_NAMES.map((name) => `${name} = ?`).join(', ')} WHERE seq = ?`;

/** In the order of the columns above. */
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

export function toContainer(row: ContainerRow): StoredContainer {
  return {
    seq: row.seq,
    id: row.id,
    name: row.name,
    createdUs: row.created_us,
    state: {
      status: row.status,
      autoRemove: row.auto_remove !== 0,
      stoppedByUser: row.stopped_by_user !== 0,
      exitCode: row.exit_code,
      exitSignal: row.exit_signal,
      oomKilled: row.oom_killed !== 0,
      timedOut: row.timed_out !== 0,
      startedUs: row.started_us,
      finishedUs: row.finished_us,
      restarts: row.restarts,
      error: row.error,
      updates: row.updates,
      updating: row.updating !== 0,
      mounts: row.mounts,
      mounted: row.mounted !== 0,
      splitFrom: row.split_from,
    },
  };
}
