/** `engine.volumes`: creates, lists, removes, exports and imports the volumes of one engine. */
import { createReadStream, existsSync } from 'node:fs';
import type { Readable } from 'node:stream';

import type { SignalOption } from '../../container/api/container.js';
import { heldStream } from '../../container/files/archive-stream.js';
import { tracked, type EngineContext } from '../../container/context.js';
import { newId } from '../../container/ids.js';
import { removeUsers } from '../../container/verbs/remove.js';
import {
  announceVolumes,
  prepareVolume,
  insertVolume,
  removeMarked,
  volumeMount,
} from '../../container/files/volumes.js';
import { isTspodError } from '../../errors.js';
import { throwIfAborted } from '../../native/abort.js';
import { openDirectory } from '../../native/directory-entries.js';
import { lock } from '../../native/file-lock.js';
import { checkVolumeOptions, type VolumeCreateOptions } from '../../spec/files/volume-options.js';
import { noSuchVolume, volumeExists, type StoredVolume } from '../../state/volumes.js';
import { NO_ID_MAPS } from '../../storage/owners.js';
import { packDirectory } from '../../storage/pack-tree.js';
import { moveIn, volumeDirectories, volumeOwner, volumePaths } from '../../storage/volumes.js';
import { defined } from '../../util/defined.js';
import { requirePathOrBytes } from '../../util/source-errors.js';
import { checkArchiveFile } from '../archive-file.js';
import { checkedArchive, checkedCheck, checkedList, checkedVolumePrune, checkedVolumeRemove } from '../call-options.js';
import type { BatchResult } from '../types.js';
import { volumePredicate } from './filters.js';
import type {
  VolumeCheck,
  VolumeFilters,
  VolumeInspect,
  VolumePruneOptions,
  VolumeRemoveOptions,
  Volumes,
  VolumeSummary,
} from './types.js';

export function makeVolumes(context: EngineContext): Volumes {
  const { volumes } = context.store;
  return {
    create: (options = {}) => tracked(context, () => create(context, options)),
    get: (name) => summarize(context, volumes.find(name)),
    inspect: (name) => inspect(context, volumes.find(name)),
    list: (options) => list(context, checkedList(options)?.filters ?? {}),
    exists: (name) => volumes.get(name) !== undefined,
    remove: (name, options) => tracked(context, async () => remove(context, name, checkedVolumeRemove(options))),
    prune: (options) => tracked(context, async () => prune(context, checkedVolumePrune(options))),
    export: async (name, options) => exportVolume(context, name, checkedArchive('export', options) ?? {}),
    import: async (name, from, options) => {
      requirePathOrBytes('the archive', from);
      return tracked(context, async () =>
        importVolume(context, { name, from }, checkedArchive('import', options) ?? {}),
      );
    },
    check: (options) => tracked(context, async () => Promise.resolve(check(context, checkedCheck(options) ?? {}))),
  };
}

async function create(context: EngineContext, options: VolumeCreateOptions): Promise<VolumeSummary> {
  const { owner } = checkVolumeOptions(options);
  const { name = newId(), labels = {}, options: given = {}, ignoreExisting = false } = options;
  const { store } = context;
  const isNew = store.transaction(() => {
    if (store.volumes.get(name) !== undefined) {
      if (ignoreExisting) return false;
      throw volumeExists(name);
    }
    insertVolume(context, { name, anonymous: false, labels, options: given, owner });
    return true;
  });
  if (isNew) await makeOrTakeBack(context, name);
  return summarize(context, store.volumes.find(name));
}

/**
 * Makes the directory of a new volume. If that fails, removes the volume again, unless a container has taken it
 * meanwhile.
 */
async function makeOrTakeBack(context: EngineContext, name: string): Promise<void> {
  try {
    announceVolumes(context, [name]);
  } catch (error) {
    await remove(context, name, { exact: true }).catch(() => undefined);
    throw error;
  }
}

function summarize(context: EngineContext, volume: StoredVolume): VolumeSummary {
  const { name, createdUs, labels, options, anonymous } = volume;
  return {
    name,
    driver: 'local',
    mountpoint: volumePaths(context.paths.volumes, name).data,
    createdAt: new Date(createdUs / 1000),
    labels,
    options,
    anonymous,
    containers: context.store.volumes.users(name),
  };
}

function inspect(context: EngineContext, volume: StoredVolume): VolumeInspect {
  const { name, uid, gid, stage } = volume;
  return {
    Name: name,
    Driver: 'local',
    Mountpoint: volumePaths(context.paths.volumes, name).data,
    CreatedAt: new Date(volume.createdUs / 1000).toISOString(),
    Labels: volume.labels,
    Scope: 'local',
    Options: volume.options,
    ...(uid === 0 ? {} : { UID: uid }),
    ...(gid === 0 ? {} : { GID: gid }),
    ...(volume.anonymous ? { Anonymous: true } : {}),
    MountCount: context.store.volumes.mountCount(name),
    ...(stage === 'new' || stage === 'owned' ? { NeedsCopyUp: true } : {}),
    ...(stage === 'new' ? { NeedsChown: true } : {}),
  };
}

function list(context: EngineContext, filters: VolumeFilters): readonly VolumeSummary[] {
  const { volumes } = context.store;
  const matches = volumePredicate(filters, {
    now: new Date(),
    createdAt: (name) => new Date(volumes.find(name).createdUs / 1000),
  });
  return volumes
    .list()
    .map((volume) => summarize(context, volume))
    .filter(matches);
}

async function remove(context: EngineContext, nameOrPrefix: string, options: VolumeRemoveOptions = {}): Promise<void> {
  const { volumes } = context.store;
  const { force = false, exact = false, timeoutSec, signal } = options;
  throwIfAborted('remove a volume', signal);
  const name = exact ? nameOrPrefix : volumes.find(nameOrPrefix).name;
  if (volumes.get(name) === undefined) throw noSuchVolume(name);
  if (force) {
    await removeUsers(context, volumes.users(name), defined({ timeoutSec, signal }));
    // An anonymous volume was removed with its container.
    if (volumes.get(name) === undefined) return;
  }
  volumes.beginRemoval(name);
  await removeMarked(context, name);
}

async function prune(context: EngineContext, options: VolumePruneOptions = {}): Promise<BatchResult> {
  const { filters = {}, all = false, dryRun = false, signal } = options;
  const done: string[] = [];
  const failed = new Map<string, Error>();
  for (const { name, anonymous, containers } of list(context, filters)) {
    throwIfAborted('prune volumes', signal);
    if (containers.length > 0 || !(all || anonymous)) continue;
    try {
      if (!dryRun) await remove(context, name, { exact: true });
      done.push(name);
    } catch (error) {
      // The volume has been taken by a container, or removed, meanwhile.
      if (isTspodError(error, 'VOLUME_IN_USE') || isTspodError(error, 'NO_SUCH_VOLUME')) continue;
      failed.set(name, error instanceof Error ? error : new Error(String(error)));
    }
  }
  return { done, failed };
}

async function exportVolume(context: EngineContext, nameOrPrefix: string, { signal }: SignalOption): Promise<Readable> {
  const { name } = context.store.volumes.find(nameOrPrefix);
  prepareVolume(context, name);
  return heldStream(context, (stream) =>
    tracked(context, async () => {
      using directory = openDirectory(volumeMount(context, name).path);
      await stream(packDirectory(directory.fd, { idMaps: NO_ID_MAPS, signal }));
    }),
  );
}

interface ImportRequest {
  readonly name: string;
  readonly from: string | Readable;
}

/**
 * Unpacks an archive into a volume, which from then on is not filled from an image any more; the owner of a new volume
 * is still set by its first mount.
 */
async function importVolume(
  context: EngineContext,
  { name: nameOrPrefix, from }: ImportRequest,
  { signal }: SignalOption,
): Promise<void> {
  throwIfAborted('import a volume', signal);
  const { name } = context.store.volumes.find(nameOrPrefix);
  if (typeof from === 'string') checkArchiveFile(from);
  prepareVolume(context, name);
  const paths = volumePaths(context.paths.volumes, name);
  using _held = await lock(paths.lock, signal === undefined ? {} : { signal });
  const stage = context.store.volumes.get(name)?.stage;
  if (stage === 'filling') await moveIn(paths);
  if (stage !== 'new') context.store.volumes.setStage(name, 'done');
  using directory = openDirectory(volumeMount(context, name).path);
  // Loaded on use, because they load node:stream and node:zlib, which other commands do not need.
  const [{ decompressed }, { unpackTree }] = await Promise.all([
    import('../../native/decompress.js'),
    import('../../storage/unpack-tree.js'),
  ]);
  await unpackTree(
    decompressed(typeof from === 'string' ? createReadStream(from) : from, { what: 'archive' }),
    { root: directory.fd, directory: '', links: false },
    { idMaps: NO_ID_MAPS, overwrite: true, signal },
  );
}

function check(context: EngineContext, { repair = false }: { readonly repair?: boolean }): VolumeCheck {
  const { store, paths } = context;
  const known = store.volumes.list().map(({ name }) => name);
  const missing = known.filter((name) => !existsSync(volumePaths(paths.volumes, name).data));
  const strays = volumeDirectories(paths.volumes).filter((name) => store.volumes.row(name) === undefined);
  const problems = [
    ...missing.map((name) => `the directory of volume ${name} is missing`),
    ...strays.map((name) => `${name} in the volume directory belongs to no volume`),
  ];
  if (!repair) return { problems, repaired: problems.length === 0 };
  for (const name of missing) prepareVolume(context, name);
  for (const name of strays) adopt(context, name);
  return { problems, repaired: true };
}

/**
 * Records a volume for a directory without one. The directory may hold all that is left of a lost volume, so nothing is
 * copied into it and its owner is kept.
 */
function adopt({ store, paths }: EngineContext, name: string): void {
  const owner = volumeOwner(volumePaths(paths.volumes, name));
  store.transaction(() => {
    if (store.volumes.row(name) !== undefined) return;
    store.volumes.insert({ name, anonymous: false, labels: {}, options: {}, owner });
    if (owner !== undefined) store.volumes.setStage(name, 'done');
  });
}
