/** Shows the root of a container without a process together with its volumes, bind mounts and images. */
import { statSync } from 'node:fs';

import { openBeneath, openDirectory, ownFd, type OwnedFd } from '../../native/directory-entries.js';
import { executeFor } from '../../native/execute.js';
import type { MountLayers } from '../../plan/context.js';
import { encodePlan } from '../../plan/encode.js';
import type { SourcePlace } from '../../plan/open-source.js';
import { seenRootPlan, type SeenMount } from '../../plan/seen-root.js';
import type { ContainerConfig, MountConfig } from '../../spec/config.js';
import { orderMounts } from '../../spec/files/default-mounts.js';
import { ociMount } from '../../spec/files/mounts.js';
import { toBinaryText } from '../../util/binary-text.js';
import { O_PATH } from '../../util/file-bits.js';
import { isWithin } from '../../util/paths.js';
import type { HeldContainer } from '../held.js';
import { prepareVolumes } from '../launch/fill-volumes.js';
import { layersOfMounts, prepareLayeredMounts } from '../launch/layered-mounts.js';
import { rootOf } from '../launch/prepare.js';
import { sourcePlaces, writtenRoot } from '../launch/source-places.js';
import { openUserns } from './root-userns.js';
import { hasVolumes, volumeMount } from './volumes.js';

/**
 * Types of mounts that are shown. A tmpfs is not: it is empty when the container starts, or has what is below it, so
 * that copies to its place belong there.
 */
const SEEN_TYPES: readonly string[] = ['bind', 'volume', 'image'];

/** Whether a mount is shown. One in /proc or /sys is not: it has its mount point only when these are mounted. */
function isSeen({ type, target }: MountConfig): boolean {
  return SEEN_TYPES.includes(type) && !isWithin(target, '/proc') && !isWithin(target, '/sys');
}

export function hasSeenMounts({ mounts }: Pick<ContainerConfig, 'mounts'>): boolean {
  return mounts.some(isSeen);
}

/**
 * Returns the mounted root with all these mounts, as a start would make them: volumes are filled, mount points made.
 */
export async function openSeenRoot(held: HeldContainer, root: OwnedFd): Promise<OwnedFd> {
  const { context, config, paths } = held;
  prepareLayeredMounts(context, { config, paths });
  if (hasVolumes(config)) await prepareVolumes(context, { config, root: rootOf(context, held).root });
  const layers = layersOfMounts(context, { config, paths });
  const own = config.mounts.filter(isSeen).map((mount) => ociMount(mount, (name) => volumeMount(context, name)));
  using userns = await openUserns(config);
  const mounts = orderMounts([], [], own);
  const places = sourcePlaces(mounts, writtenRoot(config));
  const { plan, slot } = seenRootPlan({
    rootFd: root.fd,
    mounts: mounts.map((mount) => {
      const place = places.get(mount.source ?? '');
      return { mount, from: sourceOf(mount, layers, place), place };
    }),
    usernsFd: userns?.fd,
    frame: context.paths.locks,
  });
  return ownFd(await executeFor(encodePlan(plan), slot));
}

/**
 * Returns what a mount is made from; `gone` if its source no longer exists: such a container cannot start, but its
 * other files can be reached.
 */
function sourceOf(
  { destination, source = '' }: SeenMount['mount'],
  layers: ReadonlyMap<string, MountLayers>,
  place: SourcePlace | undefined,
): SeenMount['from'] {
  const found = layers.get(destination);
  if (found !== undefined && found.fromHost !== true) return found;
  const isThere = place === undefined ? statSync(source, { throwIfNoEntry: false }) !== undefined : isIn(place);
  return isThere ? (found ?? 'bind') : 'gone';
}

function isIn({ top, path }: SourcePlace): boolean {
  try {
    using directory = openDirectory(top);
    openBeneath(directory.fd, toBinaryText(path), O_PATH, { links: true }).close();
    return true;
  } catch {
    return false;
  }
}
