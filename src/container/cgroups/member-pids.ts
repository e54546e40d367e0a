/** Finds the processes of a container among those of the machine. */
import { pidsBelow, pidsInCgroup, pidsInNamespace, sameNamespace } from '../../host/process-files.js';
import type { CgroupPlacement } from '../../plan/context.js';

/**
 * Returns the processes in the container's cgroup; without a cgroup, those in its PID namespace; without either, the
 * descendants of its first process.
 */
export function memberPids(initPid: number, cgroup: CgroupPlacement | undefined): readonly number[] {
  const directories = cgroup?.directories ?? [];
  const counted = directories.find(({ hierarchy }) => hierarchy.controllers.includes('pids')) ?? directories[0];
  if (counted !== undefined) return pidsInCgroup(counted.path);
  const own = `/proc/${String(initPid)}/ns/pid`;
  return sameNamespace(own, '/proc/self/ns/pid') ? pidsBelow(initPid) : pidsInNamespace(own);
}
