/** The kinds of namespaces (namespaces(7)). */

/** Kinds of namespaces, by their names under /proc/PID/ns. */
export type NamespaceKind = 'cgroup' | 'ipc' | 'mnt' | 'net' | 'pid' | 'time' | 'user' | 'uts';

/** CLONE_NEW* flags by kind (linux/sched.h). */
export const CLONE_FLAGS: Readonly<Record<NamespaceKind, number>> = {
  time: 0x00000080,
  mnt: 0x00020000,
  cgroup: 0x02000000,
  uts: 0x04000000,
  ipc: 0x08000000,
  user: 0x10000000,
  pid: 0x20000000,
  net: 0x40000000,
};

/** All kinds of namespaces. */
export const NAMESPACE_KINDS = Object.keys(CLONE_FLAGS) as readonly NamespaceKind[];

/**
 * Kinds that a single thread of a process can enter. The kernel refuses the others: a user or a time namespace belongs
 * to the whole process, a pid namespace takes only processes that are born in it.
 */
export type ThreadNamespaceKind = Exclude<NamespaceKind, 'pid' | 'time' | 'user'>;

/** The kinds of namespaces that a single thread can enter. */
export const THREAD_NAMESPACE_KINDS: readonly ThreadNamespaceKind[] = ['cgroup', 'ipc', 'mnt', 'net', 'uts'];
