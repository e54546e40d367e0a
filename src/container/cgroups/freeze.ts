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

/** A process in the kernel's hands can take a while to stop. */
const PATIENCE_MS = 10_000;
const LOOK_EVERY_MS = 5;

/** Resolves when all processes have stopped. Throws NO_CGROUPS, TIMED_OUT. */
export async function freeze(held: HeldContainer): Promise<void> {
  const placement = heldCgroups(held);
  await execute(encodePlan(freezePlan(placement, { frozen: true })));
  const file = frozenFile(placement);
  if (file === undefined) return;
  // Version 1 tells nobody when it is done; it has to be asked.
  for (const start = monotonicMs(); !hasLine(file.path, file.line); await delay(LOOK_EVERY_MS)) {
    if (monotonicMs() - start < PATIENCE_MS) continue;
    await execute(encodePlan(freezePlan(placement, { frozen: false })));
    throw new TspodError('TIMED_OUT', `container ${held.id} could not be paused: a process of it does not stop`);
  }
}

/** Lets all processes go on. Throws NO_CGROUPS. */
export async function thaw(held: HeldContainer): Promise<void> {
  await execute(encodePlan(freezePlan(heldCgroups(held), { frozen: false })));
}

/**
 * Thaws what is being ended, in groups that the container has made and frozen itself as well: in cgroup version 1 a frozen process does not die. In
 * version 2 it does. Monitors of its commands go on as well.
 */
export async function thawEnding(held: HeldContainer): Promise<void> {
  wakeExecMonitors(held.paths.run);
  const frozen = frozenFile(heldCgroups(held));
  if (frozen?.line === 'FROZEN') await execute(encodePlan(thawPlan(groupsFrom(dirname(frozen.path)))));
}

/** More than any container has that is not about to harm its host; each takes a step of the plan. */
const MOST_GROUPS = 10_000;

/** A group and those below it. */
function groupsFrom(top: string): readonly string[] {
  const groups = [top];
  for (const group of groups) {
    if (groups.length >= MOST_GROUPS) break;
    groups.push(...directoriesIn(group));
  }
  return groups;
}

/** None of a group that has been removed meanwhile. */
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
 * A paused container may be killed, and its policy starts it again; or its process ends while it is being paused. What is launched in a frozen cgroup
 * never gets anywhere, and neither does who waits for its monitor.
 */
export async function endPause(held: HeldContainer): Promise<void> {
  try {
    await thaw(held);
  } catch (error) {
    if (!GONE.has((error as { code?: string }).code ?? '')) throw error;
  }
  held.save({ status: 'active' });
}

/** It has ended with its cgroup, or systemd has removed that. */
const GONE: ReadonlySet<string> = new Set(['NO_CGROUPS', 'ENOENT', 'ENODEV']);

/** Its command does. */
export function runs(observation: Observation): boolean {
  return observation.kind === 'live' && observation.live.status === 'running';
}

function hasLine(path: string, line: string): boolean {
  return readFileSync(path, 'utf8').split('\n').includes(line);
}
