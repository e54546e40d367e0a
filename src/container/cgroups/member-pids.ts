/** Which processes of the machine are a container's. */
import { pidsBelow, pidsInCgroup, pidsInNamespace, sameNamespace } from '../../host/process-files.js';
import type { CgroupPlacement } from '../../plan/context.js';

/** By its cgroup; without one by its pid namespace; without that, those that its first process has begun. */
export function memberPids(initPid: number, cgroup: CgroupPlacement | undefined): readonly number[] {
  const directories = cgroup?.directories ?? [];
  const counted = directories.find(({ hierarchy }) => hierarchy.controllers.includes('pids')) ?? directories[0];
  if (counted !== undefined) return pidsInCgroup(counted.path);
  const own = `/proc/${String(initPid)}/ns/pid`;
  return sameNamespace(own, '/proc/self/ns/pid') ? pidsBelow(initPid) : pidsInNamespace(own);
}
