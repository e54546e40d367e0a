/** Copies of the host's mounts that the monitor takes for a container. */
import { MS } from '../oci/mount-options.js';
import type { PlanBuilder } from './builder.js';
import { openSource, type Source } from './open-source.js';
import { NONE } from './ops.js';

/**
 * Adds steps that copy a part of the host's tree, taken in the host's mount namespace, into the source's slot. The copy
 * is made private: where the host's mount is shared, as systemd has it, so would the copy be, and what is mounted on it
 * would appear on the host as well (mount_namespaces(7)).
 */
export function copyMount(builder: PlanBuilder, source: Source): void {
  const { slot } = source;
  openSource(builder, 'prepare', source);
  const none = { set: 0n, clear: 0n, usernsSlot: NONE };
  builder.add('prepare', 'mountAttributes', { slot, ...none, propagation: MS.PRIVATE, recursive: 1 });
}
