/** Names, records and removes the volumes of containers. launch/fill-volumes.ts makes them ready to be mounted. */
import { removeTree } from '../../native/tree.js';
import type { ContainerConfig, MountConfig } from '../../spec/config.js';
import type { VolumeMount } from '../../spec/files/mounts.js';
import { checkVolumeName, localMount } from '../../spec/files/volume-options.js';
import { noSuchVolume, type NewVolume, type StoredVolume } from '../../state/volumes.js';
import { ensureVolumeDirectory, goneVolumes, putVolumeAside, volumePaths } from '../../storage/volumes.js';
import type { EngineContext } from '../context.js';
import { recordEngineEvent } from '../events.js';
import { failpoint } from '../failpoint.js';
import { newId } from '../ids.js';

/** A mount of a volume. */
export type NamedMount = MountConfig & { readonly type: 'volume'; readonly source: string };

export function isVolume(mount: MountConfig): mount is NamedMount {
  return mount.type === 'volume';
}

export function hasVolumes({ mounts }: Pick<ContainerConfig, 'mounts'>): boolean {
  return mounts.some(isVolume);
}

/** Returns the configuration with names for the anonymous volumes that have none. */
export function withVolumeNames(config: ContainerConfig): ContainerConfig {
  if (!config.mounts.some((mount) => mount.type === 'volume' && mount.source === undefined)) return config;
  return {
    ...config,
    mounts: config.mounts.map((mount) =>
      mount.type === 'volume' && mount.source === undefined ? { ...mount, source: newId() } : mount,
    ),
  };
}

/**
 * Records the volumes that the new container uses, and creates records of missing ones; returns the names of these.
 * Runs in the transaction that records the container.
 */
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

/** Records a new volume, in a transaction that has seen that there is none of this name. */
export function insertVolume(context: EngineContext, volume: NewVolume): void {
  const { volumes } = context.store;
  if (volumes.row(volume.name) !== undefined) finishRemoval(context, volume.name);
  volumes.insert(volume);
}

/** Makes the volumes that a transaction has recorded, and records their events. */
export function announceVolumes(
  context: EngineContext,
  names: readonly string[],
  make: (context: EngineContext, name: string) => unknown = prepareVolume,
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

/**
 * Makes the volume's directory if that is missing. Runs in a transaction, so that a removal at the same time finds the
 * directory. Throws NO_SUCH_VOLUME.
 */
export function prepareVolume({ store, paths }: EngineContext, name: string): StoredVolume {
  return store.transaction(() => {
    const volume = store.volumes.get(name);
    if (volume === undefined) throw noSuchVolume(name);
    ensureVolumeDirectory(volumePaths(paths.volumes, name), volume);
    return volume;
  });
}

/**
 * Makes the volume's directory without failing, since the container is recorded by now: its launch makes what is
 * missing, and reports why it cannot.
 */
export function tryToPrepareVolume(context: EngineContext, name: string): void {
  try {
    prepareVolume(context, name);
  } catch {
    // the launch reports it
  }
}

/**
 * Makes the directories of volumes that a power cut has left without one. Whoever uses a volume that cannot be made
 * gets the error.
 */
export function restoreDirectories(context: EngineContext): void {
  for (const { name } of context.store.volumes.list()) tryToPrepareVolume(context, name);
}

/** Returns what is mounted for a volume: its directory, or what its options name. */
export function volumeMount({ store, paths }: EngineContext, name: string): VolumeMount {
  const { options = {} } = store.volumes.get(name) ?? {};
  return localMount(options) ?? { path: volumePaths(paths.volumes, name).data, options: [] };
}

/** Removes a volume that is marked for removal. */
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

/** Removes all of the volumes, and then throws the first failure: the next engine that opens tries those again. */
export async function removeAllMarked(context: EngineContext, names: readonly string[]): Promise<void> {
  const failures: unknown[] = [];
  for (const name of names)
    await removeMarked(context, name).catch((error: unknown) => {
      failures.push(error);
    });
  if (failures.length > 0) throw failures[0];
}

/**
 * Deletes the record of a volume and moves its directory aside. Runs in a transaction: the name may be given to another
 * volume right after it. Returns where the directory is now.
 */
function finishRemoval({ store, paths }: EngineContext, name: string): string | undefined {
  const path = putVolumeAside(paths.volumes, name);
  store.volumes.delete(name);
  return path;
}

/**
 * Removes what crashes left, when an engine opens. What cannot be removed now, because something is mounted in it, is
 * tried again by the next engine.
 */
export async function settleVolumes(context: EngineContext): Promise<void> {
  const { store, paths } = context;
  for (const name of store.volumes.removing()) await removeMarked(context, name).catch(() => undefined);
  try {
    for (const path of goneVolumes(paths.volumes)) await removeTree(path).catch(() => undefined);
  } catch {
    // The directory cannot be read: whoever uses a volume gets the error.
  }
}
