/** The namespaces of a process, for ps --ns. */
import { readlinkSync } from 'node:fs';

const KINDS = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'] as const;

export const NAMESPACE_HEADINGS = ['CGROUPNS', 'IPC', 'MNT', 'NET', 'PIDNS', 'USERNS', 'UTS'] as const;

/** Inode numbers in the order of the headings; empty without a process. */
export function namespaceCells(pid: number): readonly string[] {
  if (pid === 0) return KINDS.map(() => '');
  return KINDS.map((kind) => {
    try {
      return /\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/ns/${kind}`))?.[1] ?? '';
    } catch {
      return '';
    }
  });
}
