/** The directories of a container's own layer. */
import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

import { removeTreeSync } from '../native/tree.js';
import type { ContainerConfig } from '../spec/config.js';
import { mappedId } from '../spec/users/userns.js';
import type { ContainerPaths } from './paths.js';

/**
 * Modes of a container's directory. That of one that is removed at its end has the sticky bit: no record of it is synced before it starts, so a
 * power cut may leave the directory alone, and nobody misses it.
 */
const KEPT_MODE = 0o700;
const PASSING_MODE = 0o1700;

type Lifetime = Pick<ContainerConfig, 'autoRemove'>;

type LayerPaths = Pick<ContainerPaths, 'directory' | 'upper' | 'work'>;

/** Whether it is the directory of a container that is removed at its end. False if it is not there. */
export function isPassing(directory: string): boolean {
  const mode = statSync(directory, { throwIfNoEntry: false })?.mode ?? 0;
  return (mode & 0o7777) === PASSING_MODE;
}

/**
 * Makes the layer's directories if they are missing. The top one looks like the root below it: its owner and mode are those that the
 * container sees on "/", where `maps` says what that owner's ids are on the host. It appears under its name when it is complete.
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
  // After the making: the umask does not count, and chown would drop set-id bits.
  if (uid !== 0 || gid !== 0) chownSync(unready, uid, gid);
  chmodSync(unready, mode & 0o7777);
  renameSync(unready, paths.upper);
  return { isNew: true };
}

/** What is written to the image of the container's mount of this number, looking like the image's own root. */
export function ensureImageLayer(
  { paths, config }: { readonly paths: ContainerPaths; readonly config: Lifetime },
  own: Pick<LayerPaths, 'upper' | 'work'>,
  lowerRoot: string,
  maps: LayerMaps | undefined,
): void {
  ensureContainerDirectory(paths, config);
  mkdirSync(dirname(own.upper), { recursive: true, mode: 0o700 });
  ensureLayer({ paths: { directory: paths.directory, ...own }, config }, lowerRoot, maps);
}

/** A layer that was mounted without sync may be damaged after a crash of the machine: the kernel takes it again when this mark is gone. */
export function takeVolatileAgain(paths: ContainerPaths): void {
  removeTreeSync(`${paths.work}/work/incompat`);
}

/** Of a container with a user namespace whose lower layers are shifted into it. */
type LayerMaps = Pick<ContainerConfig, 'uidMaps' | 'gidMaps'>;

/** Who has no id in the container is nobody there, whatever he is here. */
function shifted({ uid, gid }: { readonly uid: number; readonly gid: number }, { uidMaps, gidMaps }: LayerMaps) {
  return { uid: mappedId(uidMaps, uid) ?? uid, gid: mappedId(gidMaps, gid) ?? gid };
}

/** False if it is there. Its parent is there. */
function ensureDirectory(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** The container's directory, also for its log alone. False if it is there. */
export function ensureContainerDirectory(paths: Pick<ContainerPaths, 'directory'>, { autoRemove }: Lifetime): boolean {
  return ensureDirectory(paths.directory, autoRemove ? PASSING_MODE : KEPT_MODE);
}
