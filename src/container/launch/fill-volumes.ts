/** Makes the volumes of a container ready to be mounted: an empty volume gets what the image has at its place. */
import { chownSync } from 'node:fs';

import { isTspodError } from '../../errors.js';
import { directoryNames, type OwnedFd } from '../../native/directory-entries.js';
import { lock } from '../../native/file-lock.js';
import type { RootSource } from '../../plan/context.js';
import type { ContainerConfig } from '../../spec/config.js';
import { numericUser } from '../../spec/users/users.js';
import { localMount, readVolumeOptions } from '../../spec/files/volume-options.js';
import { noSuchVolume } from '../../state/volumes.js';
import { NO_ID_MAPS, ownerOutside, type Owner } from '../../storage/owners.js';
import {
  copyBeside,
  directoryInside,
  isAsMade,
  isEmptyDirectory,
  moveIn,
  takeAttributes,
  volumePaths,
  type CopyMaps,
} from '../../storage/volumes.js';
import type { EngineContext } from '../context.js';
import { failpoint } from '../failpoint.js';
import { userInside } from '../files/user-inside.js';
import { prepareVolume, isVolume, type NamedMount } from '../files/volumes.js';
import { openLower } from './lower-root.js';

interface Preparation {
  readonly config: ContainerConfig;
  readonly root: RootSource;
}

/**
 * Makes volumes ready to be mounted. They get what the layers of the container's root have at their places, whatever
 * the container has changed there.
 */
export async function prepareVolumes(context: EngineContext, { config, root }: Preparation): Promise<void> {
  for (const mount of config.mounts.filter(isVolume)) {
    const volume = prepareVolume(context, mount.source);
    if (volume.stage === 'done' || localMount(volume.options) !== undefined) continue;
    const paths = volumePaths(context.paths.volumes, volume.name);
    using _held = await lock(paths.lock);
    await fill(context, { name: volume.name, mount, config, root });
  }
}

interface Filling extends Preparation {
  readonly name: string;
  readonly mount: NamedMount;
}

/** Fills a volume, under its lock, so that an empty volume gets its content once, and from one container. */
async function fill(context: EngineContext, filling: Filling): Promise<void> {
  const { name, mount, config, root } = filling;
  const { volumes } = context.store;
  const paths = volumePaths(context.paths.volumes, name);
  const volume = volumes.get(name);
  if (volume === undefined) throw noSuchVolume(name);
  if (volume.stage === 'filling') {
    await moveIn(paths);
    volumes.setStage(name, 'done');
    return;
  }
  if (volume.stage === 'done') return;
  const isFull = !isEmptyDirectory(paths.data);
  if (isFull && (volume.stage === 'owned' || !isAsMade(paths))) {
    volumes.setStage(name, 'done');
    return;
  }
  const wantsNone = mount.options.includes('nocopy') || readVolumeOptions(volume.options).nocopy;
  if (wantsNone && volume.stage !== 'new') return;
  const maps = copyMaps(filling);
  // Nothing is copied from the machine's own system: what is hidden of it would be copied as well.
  using top = config.root.kind === 'host' ? undefined : await openLower(context, root);
  using from = top === undefined ? undefined : directoryInside(top.fd, mount.target);
  if (volume.stage === 'new') {
    const owner = from === undefined ? userOf(config, top) : await takeAttributes(paths, from, maps);
    if (from === undefined) {
      const { uid, gid } = ownerOutside(maps.to, owner);
      chownSync(paths.data, uid, gid);
    }
    volumes.setOwner(name, owner);
  }
  if (isFull) {
    volumes.setStage(name, 'done');
    return;
  }
  if (from === undefined || wantsNone || (await directoryNames(from.fd)).length === 0) return;
  await copyBeside(paths, from, maps);
  failpoint('volume-copied');
  volumes.setStage(name, 'filling');
  failpoint('volume-filling');
  await moveIn(paths);
  volumes.setStage(name, 'done');
}

/**
 * Returns the id maps for a copy from the root to the volume. Files of a root or a volume that is not shifted have the
 * container's owners as they are on the machine.
 */
function copyMaps({ mount, config, root }: Pick<Filling, 'mount' | 'config' | 'root'>): CopyMaps {
  const own = { uidMaps: config.uidMaps, gidMaps: config.gidMaps };
  const isShifted = mount.options.includes('idmap') || mount.options.includes('ridmap');
  return { from: root.mapped === false ? own : NO_ID_MAPS, to: isShifted ? NO_ID_MAPS : own };
}

/**
 * Returns the container's user, to whom a directory belongs that the image does not have; root for an unknown user, who
 * fails the launch later, with a better message.
 */
function userOf(config: ContainerConfig, top: OwnedFd | undefined): Owner {
  try {
    return (top === undefined ? numericUser(config.user) : userInside(top.fd, config.user)) ?? { uid: 0, gid: 0 };
  } catch (error) {
    if (isTspodError(error, 'NO_SUCH_USER')) return { uid: 0, gid: 0 };
    throw error;
  }
}
