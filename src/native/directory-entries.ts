/**
 * Reading trees that other processes may be changing: by descriptors, one name at a time, never through a link. Names
 * are binary text.
 */
import { binaryBytes, type BinaryText } from '../util/binary-text.js';
import { errnoName } from '../util/errno.js';
import { O_DIRECTORY, O_PATH, S_IFDIR, S_IFLNK, S_IFMT } from '../util/file-bits.js';
import { requireText } from './arguments.js';
import { binding } from './binding.js';
import { isFailure, NativeError, unwrap } from './native-error.js';

const ENOENT = 2;

/** An open descriptor that is closed at the end of its scope. */
export interface OwnedFd extends Disposable {
  readonly fd: number;
  close(): void;
}

export function ownFd(fd: number): OwnedFd {
  let open = true;
  const close = () => {
    if (open) binding().closeFd(fd);
    open = false;
  };
  return { fd, close, [Symbol.dispose]: close };
}

/** Opens a directory by a path of this process. */
export function openDirectory(path: string): OwnedFd {
  return ownFd(unwrap(binding().openFd(requireText(path, 'a path'), O_PATH | O_DIRECTORY)));
}

/** An entry of a directory. */
export interface DirectoryEntry {
  readonly name: BinaryText;
  /** Type and permissions. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  /** Major number of a device. */
  readonly major: number;
  readonly minor: number;
  readonly mtimeSec: number;
  readonly mtimeNsec: number;
  readonly inode: bigint;
  /** Device number of the file system. */
  readonly device: bigint;
  readonly size: number;
  /** Target of a symbolic link; else ''. */
  readonly target: BinaryText;
  readonly xattrs: ReadonlyMap<BinaryText, Buffer>;
}

export function isSymlink({ mode }: Pick<DirectoryEntry, 'mode'>): boolean {
  return (mode & S_IFMT) === S_IFLNK;
}

export function isDirectory({ mode }: Pick<DirectoryEntry, 'mode'>): boolean {
  return (mode & S_IFMT) === S_IFDIR;
}

/**
 * Opens a path in the tree of a directory. With `links`, symbolic links are followed but never lead out of the tree,
 * absolute ones start at its top; without, a link is ELOOP and a path out of the tree EXDEV. Opening a fifo does not
 * block. NativeError.
 */
export function openBeneath(
  root: number,
  path: BinaryText,
  flags: number,
  { links }: { readonly links: boolean },
): OwnedFd {
  return ownFd(unwrap(binding().openBeneath(root, binaryBytes(path === '' ? '.' : path), flags, links)));
}

/**
 * Opens again what an O_PATH descriptor holds. With O_NONBLOCK, EAGAIN for a file on which another process has a lease.
 * NativeError.
 */
export function reopen(fd: number, flags: number): OwnedFd {
  return ownFd(unwrap(binding().openFd(`/proc/self/fd/${fd}`, flags)));
}

/** Returns all names in a directory, sorted by their bytes; none if the directory was removed after it was opened. */
export async function directoryNames(directory: number): Promise<BinaryText[]> {
  const outcome = await binding().directoryNames(directory);
  if (isFailure(outcome) && errnoName(outcome.errno) === 'ENOENT') return [];
  const names = unwrap(outcome);
  return names.toString('latin1').split('\0').slice(0, -1).sort();
}

/** Returns the entries of these names; undefined for a name that has vanished. */
export async function directoryEntries(
  directory: number,
  names: readonly BinaryText[],
): Promise<(DirectoryEntry | undefined)[]> {
  const bytes = unwrap(
    await binding().directoryEntries(directory, binaryBytes(names.map((name) => `${name}\0`).join(''))),
  );
  const reader = new EntryReader(bytes);
  return names.map((name) => reader.entry(name));
}

/** Returns the entry of one name in a directory. */
export async function directoryEntry(directory: number, name: BinaryText): Promise<DirectoryEntry | undefined> {
  return (await directoryEntries(directory, [name]))[0];
}

/** Reads what native/addon/entries.cc writes. */
class EntryReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  entry(name: BinaryText): DirectoryEntry | undefined {
    const errno = this.#u32();
    if (errno === ENOENT) return undefined;
    if (errno !== 0) throw new NativeError({ errno, syscall: 'openat', path: binaryBytes(name).toString('utf8') });
    const [mode, uid, gid, links, major, minor, mtimeNsec] = [
      this.#u32(),
      this.#u32(),
      this.#u32(),
      this.#u32(),
      this.#u32(),
      this.#u32(),
      this.#u32(),
    ];
    const mtimeSec = Number(this.#i64());
    const [inode, device, size] = [this.#u64(), this.#u64(), Number(this.#u64())];
    const target = this.#data().toString('latin1');
    const xattrs = new Map<BinaryText, Buffer>();
    for (let count = this.#u32(); count > 0; count -= 1) xattrs.set(this.#data().toString('latin1'), this.#data());
    return { name, mode, uid, gid, links, major, minor, mtimeSec, mtimeNsec, inode, device, size, target, xattrs };
  }

  #u32(): number {
    this.#at += 4;
    return this.#bytes.readUInt32LE(this.#at - 4);
  }

  #i64(): bigint {
    this.#at += 8;
    return this.#bytes.readBigInt64LE(this.#at - 8);
  }

  #u64(): bigint {
    return BigInt.asUintN(64, this.#i64());
  }

  #data(): Buffer {
    const size = this.#u32();
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }
}
