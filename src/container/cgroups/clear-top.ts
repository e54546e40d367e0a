/** Makes limits possible where tspod runs in a container, so that the top cgroup it sees is that container's. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import type { CgroupLayout } from '../../host/cgroup-layout.js';

/** Name of the group that processes of the top group are moved to, as with Podman. */
const INIT_GROUP = 'init';

/** How often moving is tried: a process may fork while it is moved, and leave its child behind. */
const ATTEMPTS = 10;

/**
 * Moves all processes out of the top cgroup, if a cgroup namespace makes that group the top one (as in a container) and
 * this process is in it. In version 2 a group that holds processes cannot enable controllers for groups below it; only
 * the machine's own top group can. The new group lies beside those of the containers. Whatever fails here shows as a
 * limit that cannot be set.
 */
export function clearTopGroup({ hierarchies }: CgroupLayout): void {
  const unified = hierarchies.find(({ version }) => version === 2);
  if (unified === undefined || unified.readOnly || unified.ownPath !== '/') return;
  const { mountPoint, controllers } = unified;
  // The machine's own top group has no type.
  if (controllers.length === 0 || !existsSync(`${mountPoint}/cgroup.type`)) return;
  const group = `${mountPoint}/${INIT_GROUP}`;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const pids = processesIn(mountPoint);
    if (pids.length === 0) return;
    tryTo(() => mkdirSync(group));
    for (const pid of pids) tryTo(() => writeFileSync(`${group}/cgroup.procs`, pid));
  }
}

/** Returns the processes of a group without those of other PID namespaces, which have the number 0 here. */
function processesIn(group: string): readonly string[] {
  try {
    return readFileSync(`${group}/cgroup.procs`, 'utf8')
      .split('\n')
      .filter((pid) => Number(pid) > 0);
  } catch {
    return [];
  }
}

/** Ignores errors: the group may exist, or a process may have ended. */
function tryTo(act: () => void): void {
  try {
    act();
  } catch {
    // Shows as a limit that cannot be set.
  }
}
