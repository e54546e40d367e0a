/** Changing trees that others may be changing: one name in a directory that is held by a descriptor, no link is followed. NativeError. */
import { binaryBytes, type BinaryText } from '../util/binary-text.js';
import { binding } from './binding.js';
import { ownFd, type OwnedFd } from './directory-entries.js';
import { unwrap } from './native-error.js';

/** A name in a directory. */
export interface PlaceAt {
  readonly directory: number;
  readonly name: BinaryText;
}

/** A new, empty regular file (mode 0600), open for writing. EEXIST. */
export function createFileAt({ directory, name }: PlaceAt): OwnedFd {
  return ownFd(unwrap(binding().createFileAt(directory, binaryBytes(name))));
}

export interface NewEntry {
  /** Type and permissions (of a directory those that are left by the umask). */
  readonly mode: number;
  readonly major?: number;
  readonly minor?: number;
  /** Of a symbolic link. */
  readonly target?: BinaryText;
}

/** Makes a directory, a symbolic link, a fifo or a device. EEXIST. */
export function makeEntryAt({ directory, name }: PlaceAt, { mode, major = 0, minor = 0, target = '' }: NewEntry): void {
  unwrap(binding().makeEntryAt(directory, binaryBytes(name), mode, major, minor, binaryBytes(target)));
}

/** A further name for a file. EEXIST. */
export function linkAt(from: PlaceAt, to: PlaceAt): void {
  unwrap(binding().linkAt(from.directory, binaryBytes(from.name), to.directory, binaryBytes(to.name), 0));
}

const AT_FDCWD = -100;
const AT_SYMLINK_FOLLOW = 0x400;

/** A name for a file that is open and has none (O_TMPFILE). The path is UTF-8, and its links are followed but for the last name. EEXIST. */
export function nameFile(fd: number, path: string): void {
  const own = Buffer.from(`/proc/self/fd/${fd}`);
  unwrap(binding().linkAt(AT_FDCWD, own, AT_FDCWD, Buffer.from(path), AT_SYMLINK_FOLLOW));
}

/** Removes a file or an empty directory. ENOTEMPTY, EBUSY for a mount point. */
export function unlinkAt({ directory, name }: PlaceAt): void {
  unwrap(binding().unlinkAt(directory, binaryBytes(name)));
}

/** With all that is in it; other mounts are not entered (EBUSY, EXDEV). */
export async function removeTreeAt({ directory, name }: PlaceAt): Promise<void> {
  unwrap(await binding().removeTreeAt(directory, binaryBytes(name)));
}

export function setOwnerAt({ directory, name }: PlaceAt, owner: { readonly uid: number; readonly gid: number }): void {
  unwrap(binding().setOwnerAt(directory, binaryBytes(name), owner.uid, owner.gid));
}

/** Permissions and set-id bits; a symbolic link has none. */
export function setModeAt({ directory, name }: PlaceAt, mode: number): void {
  unwrap(binding().setModeAt(directory, binaryBytes(name), mode & 0o7777));
}

/** Of the last change and of the last access. */
export function setTimeAt({ directory, name }: PlaceAt, time: { readonly sec: number; readonly nsec: number }): void {
  unwrap(binding().setTimeAt(directory, binaryBytes(name), time.sec, time.nsec));
}

/** An extended attribute. */
export function setAttributeAt({ directory, name }: PlaceAt, attribute: BinaryText, value: Uint8Array): void {
  unwrap(binding().setAttributeAt(directory, binaryBytes(name), binaryBytes(attribute), value));
}
