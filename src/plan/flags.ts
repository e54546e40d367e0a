/** Numbers of the kernel's interface that plans carry. */
import type { NamespaceType } from '../oci/spec.js';

/** Flags of open(2); the same on x86, ARM and most others but for O_DIRECTORY. */
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_TRUNC = 0o1000;
export const O_PATH = 0o10000000;

/** O_DIRECTORY differs on ARM. */
export const O_DIRECTORY = process.arch === 'arm64' || process.arch === 'arm' ? 0o40000 : 0o200000;

/** CLONE_NEW* by the namespaces' names in the OCI spec. */
export const CLONE_FLAGS: Readonly<Record<NamespaceType, number>> = {
  time: 0x80,
  mount: 0x20000,
  cgroup: 0x2000000,
  uts: 0x4000000,
  ipc: 0x8000000,
  user: 0x10000000,
  pid: 0x20000000,
  network: 0x40000000,
};

/** Types of files for mknod(2). */
export const S_IFIFO = 0o010000;
export const S_IFCHR = 0o020000;
export const S_IFBLK = 0o060000;

/** Combined bits of several namespaces. */
export function cloneFlags(types: Iterable<NamespaceType>): number {
  let flags = 0;
  for (const type of types) flags += CLONE_FLAGS[type];
  return flags;
}
