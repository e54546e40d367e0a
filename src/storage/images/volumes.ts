/** Anonymous volumes of a container: directories of its own that begin with what its image has at their place. */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';

import {
  directoryEntry,
  isDirectory,
  O_DIRECTORY,
  O_PATH,
  openBeneath,
  type OwnedFd,
} from '../../native/directory-entries.js';
import { setAttributeAt, setModeAt, setOwnerAt, setTimeAt } from '../../native/directory-changes.js';
import { isNativeError } from '../../native/native-error.js';
import { removeTree } from '../../native/tree.js';
import { toBinaryText } from '../../util/binary-text.js';
import { isKept, NO_ID_MAPS, ownerOutside, type IdMaps } from '../owners.js';
import { packDirectory } from '../pack-tree.js';
import type { ContainerPaths } from '../paths.js';
import { unpackTree } from '../unpack-tree.js';
import { openDirectory } from './open-directory.js';

export function volumePath({ directory }: Pick<ContainerPaths, 'directory'>, index: number): string {
  return join(directory, 'volumes', String(index));
}

export interface VolumeRequest {
  readonly paths: ContainerPaths;
  /** Absolute paths in the container. */
  readonly targets: readonly string[];
  readonly idMaps: IdMaps;
  /** The image's files: a directory. */
  readonly openImage: () => Promise<OwnedFd>;
}

/** Makes those that are missing; each appears under its name when it is complete. */
export async function ensureVolumes({ paths, targets, idMaps, openImage }: VolumeRequest): Promise<void> {
  const missing = [...targets.entries()].filter(([index]) => !existsSync(volumePath(paths, index)));
  if (missing.length === 0) return;
  using image = await openImage();
  for (const [index, target] of missing) {
    const path = volumePath(paths, index);
    const unready = `${path}.new`;
    await removeTree(unready);
    mkdirSync(unready, { recursive: true, mode: 0o755 });
    using from = directoryAt(image.fd, target);
    if (from !== undefined) await copyInto(unready, from, idMaps);
    renameSync(unready, path);
  }
}

/** Links lead nowhere out of the image. */
function directoryAt(root: number, target: string): OwnedFd | undefined {
  try {
    return openBeneath(root, toBinaryText(target), O_PATH | O_DIRECTORY, { links: true });
  } catch (error) {
    if (isNativeError(error)) return undefined;
    throw error;
  }
}

async function copyInto(path: string, from: OwnedFd, idMaps: IdMaps): Promise<void> {
  using volume = openDirectory(path);
  await unpackTree(
    packDirectory(from.fd, { idMaps: NO_ID_MAPS }),
    { root: volume.fd, directory: '', links: false },
    { idMaps },
  );
  const top = await directoryEntry(from.fd, '.');
  if (top === undefined || !isDirectory(top)) return;
  const place = { directory: volume.fd, name: '.' };
  setOwnerAt(place, ownerOutside(idMaps, top));
  for (const [name, value] of top.xattrs) if (isKept(name)) setAttributeAt(place, name, value);
  setModeAt(place, top.mode);
  setTimeAt(place, { sec: top.mtimeSec, nsec: top.mtimeNsec });
}
