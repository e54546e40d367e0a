/** Exit statuses of a process, from the monitor's message and from the container's record. */
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

/** Returns -1, as Podman does, for a container that its time limit ended, whatever the signal was. */
export function exitCodeOf(code: number, timedOut: boolean): number {
  return timedOut ? -1 : code;
}

/** Status of a process of which nobody knows how it ended. */
export const UNKNOWN_END: ExitStatus = { exitCode: -1, signal: null, oomKilled: false, timedOut: false };
