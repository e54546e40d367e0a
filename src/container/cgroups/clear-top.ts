/** Makes room for limits where the top cgroup that this process sees is that of a container it runs in. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import type { CgroupLayout } from '../../host/cgroup-layout.js';

/** Where processes of the top group go, as Podman has it. */
const INIT_GROUP = 'init';

/** A process may fork while it is moved, and its child be left behind. */
const ATTEMPTS = 10;

/**
 * In version 2 a group that holds processes cannot enable controllers for those below it, but for the top one of the machine. So where a cgroup namespace makes
 * another group the top one, as in a container, and this process is in that, all in it are moved to a group beside those of the containers. Whatever fails here is told by
 * the limit that cannot be set.
 */
export function clearTopGroup({ hierarchies }: CgroupLayout): void {
  const unified = hierarchies.find(({ version }) => version === 2);
  if (unified === undefined || unified.readOnly || unified.ownPath !== '/') return;
  const { mountPoint, controllers } = unified;
  // The machine's own top group is of no type.
  if (controllers.length === 0 || !existsSync(`${mountPoint}/cgroup.type`)) return;
  const group = `${mountPoint}/${INIT_GROUP}`;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const pids = processesIn(mountPoint);
    if (pids.length === 0) return;
    tryTo(() => mkdirSync(group));
    for (const pid of pids) tryTo(() => writeFileSync(`${group}/cgroup.procs`, pid));
  }
}

/** Without those of other PID namespaces, which have the number 0 here. */
function processesIn(group: string): readonly string[] {
  try {
    return readFileSync(`${group}/cgroup.procs`, 'utf8')
      .split('\n')
      .filter((pid) => Number(pid) > 0);
  } catch {
    return [];
  }
}

/** The group may be there, a process have ended. */
function tryTo(act: () => void): void {
  try {
    act();
  } catch {
    // Told by the limit that cannot be set.
  }
}
