/**
 * Changes in trees that other processes may be changing: each is to one name in a directory that is held by a
 * descriptor, and follows no link. Failures are NativeErrors.
 */
import { binaryBytes, type BinaryText } from '../util/binary-text.js';
import { binding, type OwnerArguments } from './binding.js';
import { ownFd, type OwnedFd } from './directory-entries.js';
import { unwrap } from './native-error.js';

/** A name in a directory. */
export interface PlaceAt {
  readonly directory: number;
  readonly name: BinaryText;
}

/** Owner of a file. */
export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

/** Returns the arguments of the addon for an owner. */
function ownerArguments(owner: FileOwner | undefined): OwnerArguments {
  return owner === undefined ? [] : [owner.uid, owner.gid];
}

/**
 * Makes a new, empty regular file (mode 0600), open for writing. It belongs to `owner` from the start, or else to this
 * process. EEXIST.
 */
export function createFileAt({ directory, name }: PlaceAt, owner?: FileOwner): OwnedFd {
  return ownFd(unwrap(binding().createFileAt(directory, binaryBytes(name), ...ownerArguments(owner))));
}

export interface NewEntry {
  /** Type and permissions (the umask applies to those of a directory). */
  readonly mode: number;
  readonly major?: number;
  readonly minor?: number;
  /** Target of a symbolic link. */
  readonly target?: BinaryText;
  /** Owner from the start. @default this process */
  readonly owner?: FileOwner | undefined;
}

/** Makes a directory, a symbolic link, a fifo or a device. EEXIST. */
export function makeEntryAt(
  { directory, name }: PlaceAt,
  { mode, major = 0, minor = 0, target = '', owner }: NewEntry,
): void {
  const to = binaryBytes(target);
  unwrap(binding().makeEntryAt(directory, binaryBytes(name), mode, major, minor, to, ...ownerArguments(owner)));
}

const AT_FDCWD = -100;
const AT_SYMLINK_FOLLOW = 0x400;

/**
 * Makes another name (a hard link) for what a descriptor holds, also for a symbolic link. In a file system of a user
 * namespace only an `owner` that the namespace has may do that. EEXIST.
 */
export function linkAt(fd: number, { directory, name }: PlaceAt, owner?: FileOwner): void {
  const own = Buffer.from(`/proc/self/fd/${fd}`);
  const to = binaryBytes(name);
  unwrap(binding().linkAt(AT_FDCWD, own, directory, to, AT_SYMLINK_FOLLOW, ...ownerArguments(owner)));
}

/**
 * Gives a name to an open file that has none (O_TMPFILE). The path is UTF-8; links in it are followed, except the last
 * name. EEXIST.
 */
export function nameFile(fd: number, path: string): void {
  const own = Buffer.from(`/proc/self/fd/${fd}`);
  unwrap(binding().linkAt(AT_FDCWD, own, AT_FDCWD, Buffer.from(path), AT_SYMLINK_FOLLOW));
}

/** Removes a file or an empty directory. ENOTEMPTY, EBUSY for a mount point. */
export function unlinkAt({ directory, name }: PlaceAt): void {
  unwrap(binding().unlinkAt(directory, binaryBytes(name)));
}

/** Removes a file or directory with all its contents; other mounts are not entered (EBUSY, EXDEV). */
export async function removeTreeAt({ directory, name }: PlaceAt): Promise<void> {
  unwrap(await binding().removeTreeAt(directory, binaryBytes(name)));
}

/** Returns what a descriptor itself holds as a place, for the functions below. */
export function held(fd: number): PlaceAt {
  return { directory: fd, name: '' };
}

export function setOwnerAt({ directory, name }: PlaceAt, owner: FileOwner): void {
  unwrap(binding().setOwnerAt(directory, binaryBytes(name), owner.uid, owner.gid));
}

/** Sets permissions and set-id bits; a symbolic link has none. */
export function setModeAt({ directory, name }: PlaceAt, mode: number): void {
  unwrap(binding().setModeAt(directory, binaryBytes(name), mode & 0o7777));
}

/** Sets the times of the last change and of the last access. */
export function setTimeAt({ directory, name }: PlaceAt, time: { readonly sec: number; readonly nsec: number }): void {
  unwrap(binding().setTimeAt(directory, binaryBytes(name), time.sec, time.nsec));
}

/** Sets an extended attribute. */
export function setAttributeAt({ directory, name }: PlaceAt, attribute: BinaryText, value: Uint8Array): void {
  unwrap(binding().setAttributeAt(directory, binaryBytes(name), binaryBytes(attribute), value));
}
