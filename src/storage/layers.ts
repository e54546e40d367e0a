/** The directories of a container's own layer. */
import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

import { removeTreeSync } from '../native/tree.js';
import type { ContainerConfig } from '../spec/config.js';
import { mappedId } from '../spec/users/userns.js';
import type { ContainerPaths } from './paths.js';

/**
 * Modes of a container's directory. The sticky bit marks a container with auto-remove: its record is not synced to the
 * disk before it starts, so that after a power cut the directory may be left without a record, and can be removed.
 */
const KEPT_MODE = 0o700;
const AUTO_REMOVE_MODE = 0o1700;

type Lifetime = Pick<ContainerConfig, 'autoRemove'>;

type LayerPaths = Pick<ContainerPaths, 'directory' | 'upper' | 'work'>;

/** Whether the directory is that of a container with auto-remove. False if it does not exist. */
export function isAutoRemoveDirectory(directory: string): boolean {
  const mode = statSync(directory, { throwIfNoEntry: false })?.mode ?? 0;
  return (mode & 0o7777) === AUTO_REMOVE_MODE;
}

/**
 * Creates the layer's directories if they are missing. The top directory gets the owner and mode of the root below it,
 * as the container sees them on "/"; `maps` translates the owner's ids to the host's. It gets its name when it is
 * complete.
 */
export function ensureLayer(
  { paths, config }: { readonly paths: LayerPaths; readonly config: Lifetime },
  lowerRoot: string,
  maps: LayerMaps | undefined,
): { readonly isNew: boolean } {
  const isNew = ensureContainerDirectory(paths, config);
  if (!isNew && existsSync(paths.upper)) return { isNew: false };
  const { mode, ...owner } = statSync(lowerRoot);
  const { uid, gid } = maps === undefined ? owner : shifted(owner, maps);
  const unready = `${paths.upper}.new`;
  ensureDirectory(paths.work, 0o700);
  ensureDirectory(unready, 0o700);
  // chmod comes last: mkdir applies the umask, and chown would clear the set-id bits.
  if (uid !== 0 || gid !== 0) chownSync(unready, uid, gid);
  chmodSync(unready, mode & 0o7777);
  renameSync(unready, paths.upper);
  return { isNew: true };
}

/**
 * Creates the layer for writes to an image that is mounted in the container, with the attributes of the image's root.
 */
export function ensureMountLayer(
  { paths, config }: { readonly paths: ContainerPaths; readonly config: Lifetime },
  own: Pick<LayerPaths, 'upper' | 'work'>,
  lowerRoot: string,
  maps: LayerMaps | undefined,
): void {
  ensureContainerDirectory(paths, config);
  mkdirSync(dirname(own.upper), { recursive: true, mode: 0o700 });
  ensureLayer({ paths: { directory: paths.directory, ...own }, config }, lowerRoot, maps);
}

/**
 * Removes the mark by which the kernel refuses to mount a `volatile` layer again. Such a layer, which is not synced,
 * may be damaged if the machine has crashed.
 */
export function removeVolatileMark(paths: ContainerPaths): void {
  removeTreeSync(`${paths.work}/work/incompat`);
}

/** Mappings of a container with a user namespace whose lower layers are id-mapped into it. */
type LayerMaps = Pick<ContainerConfig, 'uidMaps' | 'gidMaps'>;

/** Translates ids to the host's. An id that has no mapping is nobody's in the container, so it stays as it is. */
function shifted({ uid, gid }: { readonly uid: number; readonly gid: number }, { uidMaps, gidMaps }: LayerMaps) {
  return { uid: mappedId(uidMaps, uid) ?? uid, gid: mappedId(gidMaps, gid) ?? gid };
}

/** Creates a directory, whose parent must exist. Returns false if it exists already. */
function ensureDirectory(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** Creates the container's directory, which is needed even if only for the log. Returns false if it exists. */
export function ensureContainerDirectory(paths: Pick<ContainerPaths, 'directory'>, { autoRemove }: Lifetime): boolean {
  return ensureDirectory(paths.directory, autoRemove ? AUTO_REMOVE_MODE : KEPT_MODE);
}
