/**
 * The directories of volumes: `NAME/_data` is what containers see; beside it lie `_made` and `_data.new` while these are in the making, and the lock of
 * those who are at work on them. What is to be removed is put aside in `.gone`, which no volume can be called.
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
/** Until the first container gives it another one. */
const MADE_MODE = 0o755;

export interface VolumePaths {
  readonly directory: string;
  readonly data: string;
  /** What an image has at the volume's place: complete, or to be removed. */
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

/** Makes what is missing; what there is stays as it is. */
export function ensureVolumeDirectory({ directory, data }: VolumePaths, owner: Owner): void {
  if (existsSync(data)) return;
  // By now: a removal must not need room.
  mkdirSync(join(dirname(directory), GONE), { recursive: true, mode: 0o700 });
  if (mkdirSync(directory, { recursive: true, mode: 0o700 }) !== undefined) chmodSync(directory, 0o700);
  const made = join(directory, '_made');
  mkdirSync(made, { recursive: true });
  chownSync(made, owner.uid, owner.gid);
  chmodSync(made, MADE_MODE);
  renameSync(made, data);
  // The new names are there after a power cut.
  for (const path of [directory, dirname(directory)]) syncPath(path);
}

/** Out of the way in one step, so that the name is free. Answers where it is, for removeTree(); undefined if there is none. */
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

/** Paths of all that was put aside, by whomever. */
export function goneVolumes(volumes: string): readonly string[] {
  const gone = join(volumes, GONE);
  return namesIn(gone).map((name) => join(gone, name));
}

/** Names of the directories that can be volumes; what else there is, such as the `lost+found` of a file system, is none of ours. */
export function volumeDirectories(volumes: string): readonly string[] {
  return namesIn(volumes).filter((name) => isName(name) && isRealDirectory(join(volumes, name)));
}

function isRealDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The owner of what containers see, if that is there. */
export function volumeOwner({ data }: VolumePaths): Owner | undefined {
  const found = lstatSync(data, { throwIfNoEntry: false });
  return found === undefined ? undefined : { uid: found.uid, gid: found.gid };
}

/** Nobody has given it, by hand, an owner or permissions of their own: it is root's, as one is made that has no owner yet. */
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

/** A directory of an image, or undefined. Links lead nowhere out of the image. */
export function directoryInside(root: number, target: string): OwnedFd | undefined {
  try {
    return openBeneath(root, toBinaryText(target), O_PATH | O_DIRECTORY, { links: true });
  } catch (error) {
    if (isNativeError(error)) return undefined;
    throw error;
  }
}

/** How owners are read and written. */
export interface CopyMaps {
  /** Of the files that are there. */
  readonly from: IdMaps;
  /** Of the copies. */
  readonly to: IdMaps;
}

/** Owner, permissions and attributes of a directory, for the volume that is mounted over it. Answers the owner, as the container sees it. */
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

/** A copy of all in a directory, beside the volume. */
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

/** Moves the copy into the volume. What a container has put there meanwhile stays. May be repeated. */
export async function moveIn({ filling, data }: VolumePaths): Promise<void> {
  if (!existsSync(filling)) return;
  for (const name of readdirSync(filling, { encoding: 'buffer' })) {
    const to = within(data, name);
    if (lstatSync(to, { throwIfNoEntry: false }) === undefined) renameSync(within(filling, name), to);
  }
  await removeTree(filling);
}

/** Names are bytes. */
function within(directory: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), name]);
}
