/** The namespaces of a process, for ps --ns. */
import { readlinkSync } from 'node:fs';

/** For each heading, the name of the file in /proc/PID/ns, and Podman's key in JSON. */
const KINDS = {
  CGROUPNS: { file: 'cgroup', key: 'Cgroup' },
  IPC: { file: 'ipc', key: 'Ipc' },
  MNT: { file: 'mnt', key: 'Mnt' },
  NET: { file: 'net', key: 'Net' },
  PIDNS: { file: 'pid', key: 'Pidns' },
  USERNS: { file: 'user', key: 'User' },
  UTS: { file: 'uts', key: 'Uts' },
} as const;

export type NamespaceHeading = keyof typeof KINDS;

export const NAMESPACE_HEADINGS = Object.keys(KINDS) as readonly NamespaceHeading[];

/** Returns the inode numbers of a process's namespaces; empty texts without a process. */
export function namespacesOf(pid: number): Readonly<Record<NamespaceHeading, string>> {
  const cells = NAMESPACE_HEADINGS.map((heading) => [heading, inodeOf(pid, KINDS[heading].file)] as const);
  return Object.fromEntries(cells) as Record<NamespaceHeading, string>;
}

function inodeOf(pid: number, file: string): string {
  if (pid === 0) return '';
  try {
    return /\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/ns/${file}`))?.[1] ?? '';
  } catch {
    return '';
  }
}

/** Returns the namespaces as --format json prints them in Podman; empty ones are omitted. */
export function namespacesJson(pid: number): Readonly<Record<string, string>> {
  const found = namespacesOf(pid);
  return Object.fromEntries(
    NAMESPACE_HEADINGS.flatMap((heading) => (found[heading] === '' ? [] : [[KINDS[heading].key, found[heading]]])),
  );
}
