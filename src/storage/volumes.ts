/**
 * The directories of volumes: `NAME/_data` is what containers see. Beside it are `_made` and `_data.new` while these
 * are being prepared, and the lock for work on the volume. Directories to be removed are moved to `.gone`, which no
 * volume can be named.
 */
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, opendirSync, readdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { directoryEntry, isDirectory, openBeneath, openDirectory, type OwnedFd } from '../native/directory-entries.js';
import { syncPath } from '../native/disk.js';
import { setAttributeAt, setModeAt, setOwnerAt } from '../native/directory-changes.js';
import { isNativeError } from '../native/native-error.js';
import { randomBytes } from '../native/primitives.js';
import { removeTree } from '../native/tree.js';
import { isName } from '../spec/checks/names.js';
import { toBinaryText } from '../util/binary-text.js';
import { O_DIRECTORY, O_PATH } from '../util/file-bits.js';
import { attributeOutside, isKept, ownerInside, ownerOutside, type IdMaps, type Owner } from './owners.js';
import { packDirectory } from './pack-tree.js';
import { unpackTree } from './unpack-tree.js';

const GONE = '.gone';
/** Mode of a new volume until the first container that mounts it sets another. */
const MADE_MODE = 0o755;

export interface VolumePaths {
  readonly directory: string;
  readonly data: string;
  /** Copy of the image's content for the volume: complete, or to be removed. */
  readonly filling: string;
  readonly lock: string;
}

export function volumePaths(volumes: string, name: string): VolumePaths {
  const directory = join(volumes, name);
  return {
    directory,
    data: join(directory, '_data'),
    filling: join(directory, '_data.new'),
    lock: join(directory, 'lock'),
  };
}

/** Creates what is missing of the volume's directories; existing ones are left as they are. */
export function ensureVolumeDirectory({ directory, data }: VolumePaths, owner: Owner): void {
  if (existsSync(data)) return;
  // Created now because a removal must not need disk space.
  mkdirSync(join(dirname(directory), GONE), { recursive: true, mode: 0o700 });
  if (mkdirSync(directory, { recursive: true, mode: 0o700 }) !== undefined) chmodSync(directory, 0o700);
  const made = join(directory, '_made');
  mkdirSync(made, { recursive: true });
  chownSync(made, owner.uid, owner.gid);
  chmodSync(made, MADE_MODE);
  renameSync(made, data);
  // Makes sure that the new names survive a power cut.
  for (const path of [directory, dirname(directory)]) syncPath(path);
}

/**
 * Moves the volume's directory aside in one step, so that its name is free. Returns its new path, for removeTree();
 * undefined if there is no such directory.
 */
export function putVolumeAside(volumes: string, name: string): string | undefined {
  const gone = join(volumes, GONE);
  const path = join(gone, randomBytes(16).toString('hex'));
  try {
    mkdirSync(gone, { recursive: true, mode: 0o700 });
    renameSync(join(volumes, name), path);
    return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** Returns the paths of all directories that were moved aside by any process. */
export function goneVolumes(volumes: string): readonly string[] {
  const gone = join(volumes, GONE);
  return namesIn(gone).map((name) => join(gone, name));
}

/** Returns the names of directories that can be volumes. Others, such as a filesystem's `lost+found`, are ignored. */
export function volumeDirectories(volumes: string): readonly string[] {
  return namesIn(volumes).filter((name) => isName(name) && isRealDirectory(join(volumes, name)));
}

function isRealDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Returns the owner of the volume's data directory, if that exists. */
export function volumeOwner({ data }: VolumePaths): Owner | undefined {
  const found = lstatSync(data, { throwIfNoEntry: false });
  return found === undefined ? undefined : { uid: found.uid, gid: found.gid };
}

/** Whether the volume's owner and permissions are those of a new volume: root's, and not changed by hand. */
export function isAsMade({ data }: VolumePaths): boolean {
  const { uid, gid, mode } = lstatSync(data);
  return uid === 0 && gid === 0 && (mode & 0o7777) === MADE_MODE;
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

export function isEmptyDirectory(path: string): boolean {
  const directory = opendirSync(path);
  try {
    return directory.readSync() === null;
  } finally {
    directory.closeSync();
  }
}

/** Opens a directory of an image; undefined if there is none. Symbolic links cannot lead out of the image. */
export function directoryInside(root: number, target: string): OwnedFd | undefined {
  try {
    return openBeneath(root, toBinaryText(target), O_PATH | O_DIRECTORY, { links: true });
  } catch (error) {
    if (isNativeError(error)) return undefined;
    throw error;
  }
}

/** Id mappings by which a copy reads and writes owners. */
export interface CopyMaps {
  /** Mappings of the original files. */
  readonly from: IdMaps;
  /** Mappings of the copies. */
  readonly to: IdMaps;
}

/**
 * Copies owner, permissions and attributes of a directory to the volume that is mounted over it. Returns the owner as
 * the container sees it.
 */
export async function takeAttributes({ data }: VolumePaths, from: OwnedFd, maps: CopyMaps): Promise<Owner> {
  using volume = openDirectory(data);
  const top = await directoryEntry(from.fd, '.');
  if (top === undefined || !isDirectory(top)) return { uid: 0, gid: 0 };
  const place = { directory: volume.fd, name: '.' };
  const owner = ownerInside(maps.from, top);
  setOwnerAt(place, ownerOutside(maps.to, owner));
  for (const [name, value] of top.xattrs)
    if (isKept(name)) setAttributeAt(place, name, attributeOutside(maps.to, name, value));
  setModeAt(place, top.mode);
  return owner;
}

/** Copies the content of a directory to the volume's `filling` directory. */
export async function copyBeside({ filling }: VolumePaths, from: OwnedFd, maps: CopyMaps): Promise<void> {
  await removeTree(filling);
  mkdirSync(filling, { mode: 0o700 });
  using target = openDirectory(filling);
  await unpackTree(
    packDirectory(from.fd, { idMaps: maps.from }),
    { root: target.fd, directory: '', links: false },
    { idMaps: maps.to },
  );
}

/** Moves the copy into the volume. What a container has put there meanwhile is kept. May be repeated. */
export async function moveIn({ filling, data }: VolumePaths): Promise<void> {
  if (!existsSync(filling)) return;
  for (const name of readdirSync(filling, { encoding: 'buffer' })) {
    const to = within(data, name);
    if (lstatSync(to, { throwIfNoEntry: false }) === undefined) renameSync(within(filling, name), to);
  }
  await removeTree(filling);
}

/** Joins bytes: a name need not be valid UTF-8. */
function within(directory: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), name]);
}
