/** The flags of namespaces, as clone(2), unshare(2) and setns(2) take them. */
import type { NamespaceType } from '../oci/spec.js';

/** CLONE_NEW* flags by the namespaces' names in the OCI spec. */
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

/** Returns the combined flags of several namespaces. */
export function cloneFlags(types: Iterable<NamespaceType>): number {
  let flags = 0;
  for (const type of types) flags += CLONE_FLAGS[type];
  return flags;
}
