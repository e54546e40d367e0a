/** Which CPUs and memory nodes a cgroup may be given. */
import { hierarchyWith, type CgroupLayout, type ReadText } from './cgroup-layout.js';

/** Lists as in cpuset(7); '' where nothing says so. */
export interface CpuSets {
  readonly cpus: string;
  readonly mems: string;
}

/** Those of the top group, since no other can have more. `readText` is asked for its files. */
export function readCpuSets(layout: CgroupLayout, readText: ReadText): CpuSets {
  const hierarchy = hierarchyWith(layout, 'cpuset');
  if (hierarchy === undefined) return { cpus: '', mems: '' };
  const suffix = hierarchy.version === 2 ? '.effective' : '';
  const list = (name: string): string => readText(`${hierarchy.mountPoint}/cpuset.${name}${suffix}`).trim();
  return { cpus: list('cpus'), mems: list('mems') };
}
