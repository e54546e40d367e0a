/** The plan that shows the root of a container that does not run together with the mounts that it would have. */
import { MOUNT_ATTR, parseMountOptions } from '../oci/mount-options.js';
import type { OciMount } from '../oci/spec.js';
import { O_DIRECTORY, O_PATH, O_RDONLY } from '../util/file-bits.js';
import { PlanBuilder } from './builder.js';
import { CLONE_FLAGS } from './clone-flags.js';
import { CODES } from './codes.js';
import type { MountLayers } from './context.js';
import { openSource, type SourcePlace } from './open-source.js';
import { NONE } from './ops.js';
import { addMountLayers, enterPrivateMounts, type RootPlan } from './root.js';

export interface SeenRootRequest {
  /**
   * Descriptor, in this process, of the root: a detached mount. It stays valid, but the mount cannot be attached again.
   */
  readonly rootFd: number;
  /** Bind mounts, images and overlays, each after the mounts that it lies in. */
  readonly mounts: readonly SeenMount[];
  /** Descriptor, in this process, of a user namespace with the container's maps; undefined without maps. */
  readonly usernsFd: number | undefined;
  /** A directory of the engine that contains no layer: it is covered for a moment, visible to the plan alone. */
  readonly frame: string;
}

export interface SeenMount {
  readonly mount: OciMount;
  /** What the mount is made of; `gone`: its source no longer exists. */
  readonly from: 'bind' | 'gone' | MountLayers;
  /** The place of a source that lies in a directory which the container may write. */
  readonly place: SourcePlace | undefined;
}

/**
 * Returns the plan. It works in a mount namespace of its own, because only an attached mount can have others below it.
 * The finished tree is copied from there as a whole, detached. Sources are opened before the root covers the frame, so
 * that no recursive copy of the machine's tree contains the root.
 */
export function seenRootPlan({ rootFd, mounts, usernsFd, frame }: SeenRootRequest): RootPlan {
  const builder = new PlanBuilder();
  const [slot, rootSlot] = [builder.slot(), builder.slot()];
  const usernsSlot = usernsFd === undefined ? NONE : builder.slot();
  if (usernsFd !== undefined)
    builder.add('prepare', 'openPath', { slot: usernsSlot, path: `/proc/self/fd/${usernsFd}`, flags: O_RDONLY });
  builder.add('prepare', 'openPath', { slot: rootSlot, path: `/proc/self/fd/${rootFd}`, flags: O_PATH | O_DIRECTORY });
  const { hostMounts } = enterPrivateMounts(builder);
  const made = mounts.map((mount) => addSource(builder, mount, { usernsSlot, frame }));
  builder.add('prepare', 'attachMount', { slot: rootSlot, path: frame });
  for (const { slot: mountSlot, target, create, mayFail } of made) {
    const operands = { slot: mountSlot, rootSlot, target, create };
    if (mayFail) builder.try('prepare', 'attachInRoot', operands);
    else builder.add('prepare', 'attachInRoot', operands);
  }
  builder.add('prepare', 'openTree', { slot, path: frame, recursive: 1 });
  builder.add('prepare', 'joinNamespaces', { slot: hostMounts, flags: CLONE_FLAGS.mount });
  return { plan: builder.build(), slot };
}

interface MadeMount {
  readonly slot: number;
  readonly target: string;
  readonly create: number;
  readonly mayFail: boolean;
}

function addSource(
  builder: PlanBuilder,
  { mount, from, place }: SeenMount,
  { usernsSlot, frame }: { readonly usernsSlot: number; readonly frame: string },
): MadeMount {
  const slot = builder.slot();
  const target = mount.destination;
  const options = parseMountOptions(mount.options ?? []);
  const change = (attributes: { set: bigint; clear: bigint; recursive: 0 | 1; usernsSlot: number }): void => {
    builder.add('prepare', 'mountAttributes', { slot, propagation: 0n, ...attributes });
  };
  if (from === 'gone') {
    // Read-only: files that were copied into it would be hidden once the source exists again.
    const attributes = MOUNT_ATTR.RDONLY;
    builder.add('prepare', 'mountFs', { slot, type: 'tmpfs', options: ['source=tmpfs', 'mode=755'], attributes });
    return { slot, target, create: CODES.create.directory, mayFail: true };
  }
  if (from !== 'bind') {
    addMountLayers(builder, { slot, staging: frame, usernsSlot, mountLabel: undefined, place }, from, 'prepare');
    if (options.set !== 0n) change({ set: options.set, clear: 0n, recursive: 0, usernsSlot: NONE });
    return { slot, target, create: CODES.create.directory, mayFail: false };
  }
  const recursive = options.bind === 'bind' ? 0 : 1;
  openSource(builder, 'prepare', { slot, path: mount.source ?? '', recursive, place });
  if (options.idmap !== 'no')
    change({ set: MOUNT_ATTR.IDMAP, clear: 0n, recursive: options.idmap === 'ridmap' ? 1 : 0, usernsSlot });
  if (options.set !== 0n || options.clear !== 0n)
    change({ set: options.set, clear: options.clear, recursive: 0, usernsSlot: NONE });
  const { recursiveSet, recursiveClear } = options;
  if (recursiveSet !== 0n || recursiveClear !== 0n)
    change({ set: recursiveSet, clear: recursiveClear, recursive: 1, usernsSlot: NONE });
  return { slot, target, create: CODES.create.sameKind, mayFail: false };
}
