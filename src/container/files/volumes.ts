/** Volumes of containers: named and recorded with them, and made ready before they are mounted. */
import { chownSync } from 'node:fs';

import { isTspodError } from '../../errors.js';
import { directoryNames, openDirectory, ownFd, type OwnedFd } from '../../native/directory-entries.js';
import { lock } from '../../native/file-lock.js';
import { executeFor } from '../../native/execute.js';
import { removeTree } from '../../native/tree.js';
import type { RootSource } from '../../plan/context.js';
import { encodePlan } from '../../plan/encode.js';
import { lowerRootPlan } from '../../plan/root.js';
import type { ContainerConfig, MountConfig } from '../../spec/config.js';
import type { VolumeMount } from '../../spec/mounts.js';
import { numericUser } from '../../spec/users.js';
import { checkVolumeName, localMount, readVolumeOptions } from '../../spec/volume-options.js';
import { noSuchVolume, type NewVolume, type StoredVolume } from '../../state/volumes.js';
import { NO_ID_MAPS, ownerOutside, type Owner } from '../../storage/owners.js';
import {
  copyBeside,
  directoryInside,
  ensureVolumeDirectory,
  goneVolumes,
  isEmptyDirectory,
  moveIn,
  putVolumeAside,
  takeAttributes,
  volumePaths,
  type CopyMaps,
} from '../../storage/volumes.js';
import type { EngineContext } from '../context.js';
import { recordEngineEvent } from '../events.js';
import { failpoint } from '../failpoint.js';
import { newId } from '../ids.js';
import { userInside } from './user-inside.js';

type NamedMount = MountConfig & { readonly type: 'volume'; readonly source: string };

function isVolume(mount: MountConfig): mount is NamedMount {
  return mount.type === 'volume';
}

export function hasVolumes({ mounts }: Pick<ContainerConfig, 'mounts'>): boolean {
  return mounts.some(isVolume);
}

/** The configuration with names for the anonymous volumes that have none. */
export function withVolumeNames(config: ContainerConfig): ContainerConfig {
  if (!config.mounts.some((mount) => mount.type === 'volume' && mount.source === undefined)) return config;
  return {
    ...config,
    mounts: config.mounts.map((mount) =>
      mount.type === 'volume' && mount.source === undefined ? { ...mount, source: newId() } : mount,
    ),
  };
}

/** Records that the new container has its volumes, and those that there are not yet; answers the names of these. In its transaction. */
export function useVolumes(context: EngineContext, seq: number, config: ContainerConfig): readonly string[] {
  const { volumes } = context.store;
  const made: string[] = [];
  for (const { source, anonymous = false } of config.mounts.filter(isVolume)) {
    const name = checkVolumeName(source);
    if (volumes.get(name) === undefined) {
      insertVolume(context, { name, anonymous, labels: {}, options: {} });
      made.push(name);
    }
    volumes.use(seq, name, { doomed: config.autoRemove });
  }
  return made;
}

/** In a transaction that has seen that there is none of this name. */
export function insertVolume(context: EngineContext, volume: NewVolume): void {
  const { volumes } = context.store;
  if (volumes.row(volume.name) !== undefined) finishRemoval(context, volume.name);
  volumes.insert(volume);
}

/** After the transaction. */
export function announceVolumes(
  context: EngineContext,
  names: readonly string[],
  make: (context: EngineContext, name: string) => unknown = ensureDirectory,
): void {
  if (names.length > 0) context.store.flush();
  for (const name of names) {
    failpoint('volume-recorded');
    make(context, name);
    failpoint('volume-made');
    recordVolumeEvent(context, name, 'create');
  }
}

function recordVolumeEvent(context: EngineContext, name: string, status: 'create' | 'remove'): void {
  recordEngineEvent(context, { type: 'volume', status, name });
}

/** In a transaction: who removes the volume meanwhile finds its directory. Throws NO_SUCH_VOLUME. */
export function ensureDirectory({ store, paths }: EngineContext, name: string): StoredVolume {
  return store.transaction(() => {
    const volume = store.volumes.get(name);
    if (volume === undefined) throw noSuchVolume(name);
    ensureVolumeDirectory(volumePaths(paths.volumes, name), volume);
    return volume;
  });
}

/** For a container that is recorded by now, so that this must not fail: its launch makes what is missing, and tells why it cannot. */
export function tryDirectory(context: EngineContext, name: string): void {
  try {
    ensureDirectory(context, name);
  } catch {
    // told by the launch
  }
}

/** After a power cut a volume may be there without its directory. What cannot be made is told to who uses it. */
export function restoreDirectories(context: EngineContext): void {
  for (const { name } of context.store.volumes.list()) tryDirectory(context, name);
}

/** What is mounted in place of a volume: its directory, or what its options name. */
export function volumeMount({ store, paths }: EngineContext, name: string): VolumeMount {
  const { options = {} } = store.volumes.get(name) ?? {};
  return localMount(options) ?? { path: volumePaths(paths.volumes, name).data, options: [] };
}

/** Removes a volume that is marked for it. */
export async function removeMarked(context: EngineContext, name: string): Promise<void> {
  const { store } = context;
  failpoint('volume-removal-recorded');
  store.flush();
  let path: string | undefined;
  const removed = store.transaction(() => {
    if (store.volumes.row(name)?.removing !== true) return false;
    path = finishRemoval(context, name);
    return true;
  });
  failpoint('volume-put-aside');
  if (removed) recordVolumeEvent(context, name, 'remove');
  if (path !== undefined) await removeTree(path);
}

/** Each of them, and then the first failure is thrown: the next engine that opens tries those again. */
export async function removeAllMarked(context: EngineContext, names: readonly string[]): Promise<void> {
  const failures: unknown[] = [];
  for (const name of names)
    await removeMarked(context, name).catch((error: unknown) => {
      failures.push(error);
    });
  if (failures.length > 0) throw failures[0];
}

/** In a transaction: the name may be given to another volume right after it. Answers where the directory is now. */
function finishRemoval({ store, paths }: EngineContext, name: string): string | undefined {
  const path = putVolumeAside(paths.volumes, name);
  store.volumes.delete(name);
  return path;
}

/** What crashes left. Called when an engine opens: what cannot be removed now, since something is mounted in it, is tried again by the next one. */
export async function settleVolumes(context: EngineContext): Promise<void> {
  const { store, paths } = context;
  for (const name of store.volumes.removing()) await removeMarked(context, name).catch(() => undefined);
  try {
    for (const path of goneVolumes(paths.volumes)) await removeTree(path).catch(() => undefined);
  } catch {
    // The directory cannot be read: who wants a volume is told.
  }
}

interface Preparation {
  readonly config: ContainerConfig;
  readonly root: RootSource;
}

/** Makes volumes ready to be mounted. What the container's root has at their places is as it is in its layers, whatever the container has changed. */
export async function prepareVolumes(context: EngineContext, { config, root }: Preparation): Promise<void> {
  for (const mount of config.mounts.filter(isVolume)) {
    const volume = ensureDirectory(context, mount.source);
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

/** Under the volume's lock: so a volume that is empty gets its content once, and from one container. */
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
  if (!isEmptyDirectory(paths.data)) {
    volumes.setStage(name, 'done');
    return;
  }
  const wantsNone = mount.options.includes('nocopy') || readVolumeOptions(volume.options).nocopy;
  if (wantsNone && volume.stage !== 'new') return;
  const maps = copyMaps(filling);
  using top = await openLower(context, { config, root });
  using from = top === undefined ? undefined : directoryInside(top.fd, mount.target);
  if (volume.stage === 'new') {
    const owner = from === undefined ? userOf(config, top) : await takeAttributes(paths, from, maps);
    if (from === undefined) {
      const { uid, gid } = ownerOutside(maps.to, owner);
      chownSync(paths.data, uid, gid);
    }
    volumes.setOwner(name, owner);
  }
  if (from === undefined || wantsNone || (await directoryNames(from.fd)).length === 0) return;
  await copyBeside(paths, from, maps);
  failpoint('volume-copied');
  volumes.setStage(name, 'filling');
  failpoint('volume-filling');
  await moveIn(paths);
  volumes.setStage(name, 'done');
}

/** The files of a root that is not shifted have the container's owners on the machine; and so have those of a volume that is not. */
function copyMaps({ mount, config, root }: Pick<Filling, 'mount' | 'config' | 'root'>): CopyMaps {
  const own = { uidMaps: config.uidMaps, gidMaps: config.gidMaps };
  const isShifted = mount.options.includes('idmap') || mount.options.includes('ridmap');
  return { from: root.mapped === false ? own : NO_ID_MAPS, to: isShifted ? NO_ID_MAPS : own };
}

/** The container's user: what the image does not have belongs to it. One that is not known fails the launch later, with more to say. */
function userOf(config: ContainerConfig, top: OwnedFd | undefined): Owner {
  try {
    return (top === undefined ? numericUser(config.user) : userInside(top.fd, config.user)) ?? { uid: 0, gid: 0 };
  } catch (error) {
    if (isTspodError(error, 'NO_SUCH_USER')) return { uid: 0, gid: 0 };
    throw error;
  }
}

/** What lies below the container's own layer. Nothing of the machine's own system is copied anywhere: what is hidden of it would be as well. */
async function openLower(context: EngineContext, { config, root }: Preparation): Promise<OwnedFd | undefined> {
  if (config.root.kind === 'host') return undefined;
  if (root.kind === 'directory') return openDirectory(root.path);
  const { plan, slot } = lowerRootPlan(root.lowerDirs, false, context.paths.locks);
  return ownFd(await executeFor(encodePlan(plan), slot));
}
