/** The end of a process, from each of the places that tell of it. */
import type { StoredState } from '../state/records.js';
import { signalName } from '../util/signals.js';
import type { ExitStatus } from './api/container.js';

/** The monitor's `exited` message. */
export interface ExitedFields {
  readonly code: number;
  readonly signal: number;
  readonly oomKilled: number;
  readonly timedOut: number;
}

export function statusFromMessage(fields: ExitedFields): ExitStatus {
  return {
    exitCode: exitCodeOf(fields.code, fields.timedOut !== 0),
    signal: fields.signal === 0 ? null : signalName(fields.signal),
    oomKilled: fields.oomKilled !== 0,
    timedOut: fields.timedOut !== 0,
  };
}

export function statusFromRecord(state: StoredState): ExitStatus {
  return {
    exitCode: state.exitCode,
    signal: state.exitSignal === 0 ? null : signalName(state.exitSignal),
    oomKilled: state.oomKilled,
    timedOut: state.timedOut,
  };
}

/** Podman's word for a container that its time limit ended, whatever signal did it. */
export function exitCodeOf(code: number, timedOut: boolean): number {
  return timedOut ? -1 : code;
}

/** Nobody knows how it ended. */
export const UNKNOWN_END: ExitStatus = { exitCode: -1, signal: null, oomKilled: false, timedOut: false };
