/** CPUs and memory nodes that cgroups may use. */
import { hierarchyWith, type CgroupLayout, type ReadText } from './cgroup-layout.js';

/** CPUs and memory nodes, as lists of cpuset(7); '' if unknown. */
export interface CpuSets {
  readonly cpus: string;
  readonly mems: string;
}

/** Returns those of the top group, since no other group can have more. `readText` reads its files. */
export function readCpuSets(layout: CgroupLayout, readText: ReadText): CpuSets {
  const hierarchy = hierarchyWith(layout, 'cpuset');
  if (hierarchy === undefined) return { cpus: '', mems: '' };
  const suffix = hierarchy.version === 2 ? '.effective' : '';
  const list = (name: string): string => readText(`${hierarchy.mountPoint}/cpuset.${name}${suffix}`).trim();
  return { cpus: list('cpus'), mems: list('mems') };
}
