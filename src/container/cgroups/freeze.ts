/** Freezing and thawing a container's cgroup. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { TspodError } from '../../errors.js';
import { execute } from '../../native/execute.js';
import { monotonicMs } from '../../native/primitives.js';
import { encodePlan } from '../../plan/encode.js';
import { freezePlan, frozenFile, thawPlan } from '../../plan/update.js';
import { wakeExecMonitors } from '../exec/wake.js';
import { heldCgroups } from './held.js';
import type { HeldContainer } from '../held.js';
import type { Observation } from '../observe.js';

/** Time limit of freeze(), in ms: a process in the middle of a system call can take a while to stop. */
const PATIENCE_MS = 10_000;
const LOOK_EVERY_MS = 5;

/** What the state of a frozen group is in cgroup version 1, the whole file; in version 2 it is a line of others. */
const VERSION_1_LINE = 'FROZEN';

/**
 * Time after which freeze() begins anew in cgroup version 1, in ms: there a process that waits for its child's execve
 * (vfork(2), as in shells) does not stop if the child has stopped before that.
 */
const ANEW_AFTER_MS = 100;

/** Freezes the container's cgroup; resolves when all processes have stopped. Throws NO_CGROUPS, TIMED_OUT. */
export async function freeze(held: HeldContainer): Promise<void> {
  const placement = heldCgroups(held);
  const setFrozen = (frozen: boolean) => execute(encodePlan(freezePlan(placement, { frozen })));
  await setFrozen(true);
  const file = frozenFile(placement);
  if (file === undefined) return;
  // Version 1 sends no notice when all have stopped, so the file is polled.
  let begun = monotonicMs();
  for (const start = begun; !hasLine(file.path, file.line); await delay(LOOK_EVERY_MS)) {
    const now = monotonicMs();
    if (now - start >= PATIENCE_MS) {
      await setFrozen(false);
      throw new TspodError('TIMED_OUT', `container ${held.id} could not be paused: one of its processes does not stop`);
    }
    if (file.line !== VERSION_1_LINE || now - begun < ANEW_AFTER_MS) continue;
    await setFrozen(false);
    await delay(LOOK_EVERY_MS);
    await setFrozen(true);
    begun = monotonicMs();
  }
}

/** Thaws the container's cgroup. Throws NO_CGROUPS. */
export async function thaw(held: HeldContainer): Promise<void> {
  await execute(encodePlan(freezePlan(heldCgroups(held), { frozen: false })));
}

/**
 * Thaws a container that is being ended, also in groups that it has made and frozen itself: in cgroup version 1 a
 * frozen process does not die, in version 2 it does. Wakes the monitors of its exec sessions as well.
 */
export async function thawEnding(held: HeldContainer): Promise<void> {
  wakeExecMonitors(held.paths.run);
  const frozen = frozenFile(heldCgroups(held));
  if (frozen?.line === VERSION_1_LINE) await execute(encodePlan(thawPlan(groupsFrom(dirname(frozen.path)))));
}

/**
 * Limit of the groups that are thawed: no container has more unless it means harm to its host. Each takes a step of the
 * plan.
 */
const MOST_GROUPS = 10_000;

/** Returns a group and all groups below it. */
function groupsFrom(top: string): readonly string[] {
  const groups = [top];
  for (const group of groups) {
    if (groups.length >= MOST_GROUPS) break;
    groups.push(...directoriesIn(group));
  }
  return groups;
}

/** Returns nothing for a group that has been removed meanwhile. */
function directoriesIn(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [join(path, entry.name)] : [],
    );
  } catch (error) {
    if (!GONE.has((error as { code?: string }).code ?? '')) throw error;
    return [];
  }
}

/**
 * Thaws the cgroup, and records that the container is no longer paused. A paused container may be killed and started
 * again by its policy, or its process may end while it is being paused. A process that is launched in a frozen cgroup
 * never gets anywhere, and neither does a call that waits for its monitor.
 */
export async function endPause(held: HeldContainer): Promise<void> {
  try {
    await thaw(held);
  } catch (error) {
    if (!GONE.has((error as { code?: string }).code ?? '')) throw error;
  }
  held.save({ status: 'active' });
}

/** Error codes of a cgroup that is gone: the container has ended, or systemd has removed the cgroup. */
const GONE: ReadonlySet<string> = new Set(['NO_CGROUPS', 'ENOENT', 'ENODEV']);

/** Whether the container's command runs. */
export function runs(observation: Observation): boolean {
  return observation.kind === 'live' && observation.live.status === 'running';
}

function hasLine(path: string, line: string): boolean {
  return readFileSync(path, 'utf8').split('\n').includes(line);
}
