/**
 * Changes in trees that other processes may be changing: each is to one name in a directory that is held by a
 * descriptor, and follows no link. Failures are NativeErrors.
 */
import { binaryBytes, type BinaryText } from '../util/binary-text.js';
import { binding } from './binding.js';
import { ownFd, type OwnedFd } from './directory-entries.js';
import { unwrap } from './native-error.js';

/** A name in a directory. */
export interface PlaceAt {
  readonly directory: number;
  readonly name: BinaryText;
}

/** Makes a new, empty regular file (mode 0600), open for writing. EEXIST. */
export function createFileAt({ directory, name }: PlaceAt): OwnedFd {
  return ownFd(unwrap(binding().createFileAt(directory, binaryBytes(name))));
}

export interface NewEntry {
  /** Type and permissions (the umask applies to those of a directory). */
  readonly mode: number;
  readonly major?: number;
  readonly minor?: number;
  /** Target of a symbolic link. */
  readonly target?: BinaryText;
}

/** Makes a directory, a symbolic link, a fifo or a device. EEXIST. */
export function makeEntryAt({ directory, name }: PlaceAt, { mode, major = 0, minor = 0, target = '' }: NewEntry): void {
  unwrap(binding().makeEntryAt(directory, binaryBytes(name), mode, major, minor, binaryBytes(target)));
}

/** Makes another name for a file (a hard link). EEXIST. */
export function linkAt(from: PlaceAt, to: PlaceAt): void {
  unwrap(binding().linkAt(from.directory, binaryBytes(from.name), to.directory, binaryBytes(to.name), 0));
}

const AT_FDCWD = -100;
const AT_SYMLINK_FOLLOW = 0x400;

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

export function setOwnerAt({ directory, name }: PlaceAt, owner: { readonly uid: number; readonly gid: number }): void {
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
