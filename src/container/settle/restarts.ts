/**
 * Records the events of restarts by policy. These happen while no process of the engine lives, so the events follow
 * from what the monitor wrote.
 */
import { readdirSync, unlinkSync } from 'node:fs';

import { recordContainerEvent, recordEnd } from '../events.js';
import type { HeldContainer } from '../held.js';
import { recordEndHealth } from '../health/events.js';
import { exitCodeOf } from '../exit-status.js';
import { readExitRecord } from '../monitor/run-record.js';
import type { ContainerPaths } from '../../storage/paths.js';

/** Name of a file `end-N`, which says how a run ended that another one follows. */
const END_FILE = /^end-\d+$/;

/** Limit of such files (kMaxEndRecords in native/monitor). */
const MAX_END_FILES = 256;

/** Returns the file about the run that has so many restarts before it. */
export function endPath({ run }: Pick<ContainerPaths, 'run'>, restarts: number): string {
  return `${run}/end-${String(restarts % MAX_END_FILES)}`;
}

interface Run {
  readonly startedUs: number;
  /** Restarts before this run. */
  readonly restarts: number;
}

/**
 * Records the ends before the present run, and the starts by policy, each once: the record says up to which restart
 * they are recorded. If this is cut off, some are recorded again, with the same keys.
 */
export function recordRestarts(held: HeldContainer): void {
  const present = presentRun(held);
  if (present === undefined) return;
  let told = held.state.restarts;
  const tellStart = (run: Run) => {
    if (run.restarts <= told || run.startedUs === 0) return;
    recordStart(held, run);
    told = run.restarts;
  };
  for (const { path, exit } of endFiles(held)) {
    tellStart(exit);
    if (exit.health !== undefined) recordEndHealth(held, exit.health);
    recordEnd(held, { ...exit, exitCode: exitCodeOf(exit.code, exit.timedOut) });
    unlinkSync(path);
  }
  tellStart(present);
  held.save({ restarts: told });
}

/** Returns the present run; undefined if there has been no restart, nor an end that one follows. */
function presentRun({ observation }: HeldContainer): Run | undefined {
  switch (observation.kind) {
    case 'live':
    case 'ending':
    case 'lost': {
      const { restarts, status, startedUs } = observation.live;
      if (restarts === 0 && status !== 'waiting') return undefined;
      // Until the container runs, the time is that of the run before.
      return { restarts, startedUs: status === 'running' ? startedUs : 0 };
    }
    case 'ended': {
      const { restarts, startedUs, error } = observation.exit;
      if (restarts === 0) return undefined;
      return { restarts, startedUs: error === '' ? startedUs : 0 };
    }
    default:
      return undefined;
  }
}

/** Returns the records of earlier ends, in the order of the runs. */
function endFiles({ paths }: HeldContainer) {
  return readdirSync(paths.run)
    .filter((name) => END_FILE.test(name))
    .flatMap((name) => {
      const path = `${paths.run}/${name}`;
      const exit = readExitRecord(path);
      return exit === undefined ? [] : [{ path, exit }];
    })
    .sort((a, b) => a.exit.restarts - b.exit.restarts);
}

/** The first start was recorded by whoever asked for it. */
function recordStart({ context, id, name }: HeldContainer, { startedUs }: Run): void {
  for (const status of ['restart', 'init', 'start'] as const) {
    recordContainerEvent(context, { id, name, status, timeUs: startedUs, key: String(startedUs) });
  }
}
