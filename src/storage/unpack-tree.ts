/**
 * Unpacks archives into trees. The archive is untrusted, and the tree may change concurrently: nothing is written
 * outside it.
 */
import { ftruncateSync, fstatSync } from 'node:fs';

import { TspodError } from '../errors.js';
import { isMountPointAt, mountOf } from '../host/mount-point.js';
import { abortedError } from '../native/abort.js';
import {
  createFileAt,
  held,
  linkAt,
  makeEntryAt,
  removeTreeAt,
  setAttributeAt,
  setModeAt,
  setOwnerAt,
  setTimeAt,
  unlinkAt,
  type NewEntry,
  type PlaceAt,
} from '../native/directory-changes.js';
import {
  directoryEntries,
  directoryEntry,
  directoryNames,
  isDirectory,
  openBeneath,
  reopen,
  type OwnedFd,
} from '../native/directory-entries.js';
import { isNativeError } from '../native/native-error.js';
import type { TarHeader, TarType } from '../tar/header.js';
import { readTar, type ContentPart, type TarEntry } from '../tar/read.js';
import { fromBinaryText, type BinaryText } from '../util/binary-text.js';
import {
  O_DIRECTORY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_TRUNC,
  O_WRONLY,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
} from '../util/file-bits.js';
import { checkDepth } from './depth.js';
import { openPastLease } from './leases.js';
import { attributeOutside, CAPABILITY, isKept, ownerOutside, type IdMaps, type Owner } from './owners.js';
import { writeSparse } from './sparse-write.js';

export interface UnpackTarget {
  /** Descriptor of the directory that nothing is written outside of. */
  readonly root: number;
  /** Directory below the root that the archive's paths are relative to. */
  readonly directory: BinaryText;
  /**
   * Whether symbolic links in the tree are followed (within the root), as in a container, or refused, as on the host.
   */
  readonly links: boolean;
  /**
   * Whether a directory or file may be changed, by its descriptor and its path in `directory`. Nothing is changed that
   * this does not allow, except what was made here. @default everything may be changed
   */
  readonly mayChange?: ((fd: number, path: BinaryText) => boolean) | undefined;
}

export interface UnpackOptions {
  /** Whether a directory may replace a file, and a file a directory. @default false */
  readonly overwrite?: boolean;
  /** Owner of everything. @default as the archive says */
  readonly owner?: Owner | undefined;
  /**
   * Unpacked programs run with the rights of whoever starts them: set-uid and set-gid bits and file capabilities are
   * dropped. @default false
   */
  readonly dropRights?: boolean;
  readonly idMaps: IdMaps;
  /** Whether device files are skipped. @default false */
  readonly skipDevices?: boolean;
  /** Replacements for the first component of paths. */
  readonly rename?: Readonly<Record<BinaryText, BinaryText>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** S_ISUID and S_ISGID. */
const SET_IDS = 0o6000;

/**
 * Unpacks the archive. Existing files are replaced; an existing directory keeps its content. Throws BAD_ARCHIVE,
 * INVALID_ARGUMENT, PERMISSION_DENIED.
 */
export async function unpackTree(
  archive: AsyncIterable<Uint8Array>,
  target: UnpackTarget,
  options: UnpackOptions,
): Promise<void> {
  const unpacking = new Unpacking(target, options);
  try {
    for await (const entry of readTar(archive)) {
      if (options.signal?.aborted === true) throw abortedError('write files', options.signal);
      await unpacking.add(entry);
    }
    unpacking.finishDirectories();
  } finally {
    unpacking.close();
  }
}

/**
 * Splits a path, dropping empty components and "."; returns [] for the top itself. Throws BAD_ARCHIVE for a path with
 * "..".
 */
function cleanArchivePath(path: BinaryText): readonly BinaryText[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || path.includes('\0'))
    throw new TspodError('BAD_ARCHIVE', `the archive holds a path that leads out of it: "${fromBinaryText(path)}"`);
  return parts;
}

class Unpacking {
  readonly #target: UnpackTarget;
  readonly #options: UnpackOptions;
  /** The parent directory of the last entry, kept open: most entries have the same one as the entry before. */
  #parent: { readonly path: BinaryText; readonly held: OwnedFd; isAllowed: boolean } | undefined;
  /**
   * Directories, whose modes and times are set at the end because adding entries would change them. If a directory
   * occurs twice, its last entry counts.
   */
  readonly #directories = new Map<BinaryText, { readonly parts: readonly BinaryText[]; readonly header: TarHeader }>();

  constructor(target: UnpackTarget, options: UnpackOptions) {
    this.#target = target;
    this.#options = options;
  }

  close(): void {
    this.#parent?.held.close();
    this.#parent = undefined;
  }

  async add({ header, content }: TarEntry): Promise<void> {
    const parts = this.#renamed(cleanArchivePath(header.path));
    if (parts.length === 0) return;
    const isDevice = header.type === 'character' || header.type === 'block';
    if (isDevice && this.#options.skipDevices === true) return;
    const place = this.#place(parts, true);
    await this.#make(place, header, content, parts);
  }

  /**
   * Sets owners, modes and times of directories, last one first: a directory without write permission is finished after
   * its content.
   */
  finishDirectories(): void {
    for (const { parts, header } of [...this.#directories.values()].reverse()) {
      try {
        using directory = openAt(this.#place(parts, false), O_DIRECTORY);
        this.#require(directory.fd, parts.join('/'));
        this.#finish(directory.fd, header);
      } catch (error) {
        // The directory was removed or replaced meanwhile.
        if (!isNativeError(error) || !['ENOENT', 'ENOTDIR', 'ELOOP'].includes(error.code)) throw error;
      }
    }
  }

  #renamed(parts: readonly BinaryText[]): readonly BinaryText[] {
    const [first, ...rest] = parts;
    const { rename } = this.#options;
    if (first === undefined || rename === undefined || !Object.hasOwn(rename, first)) return parts;
    return [...cleanArchivePath(rename[first] ?? ''), ...rest];
  }

  /** Opens the directory that an entry lies in; with `make`, missing directories are created. */
  #place(parts: readonly BinaryText[], make: boolean): PlaceAt {
    const path = parts.slice(0, -1).join('/');
    if (this.#parent?.path !== path) {
      this.close();
      this.#parent = { path, held: this.#open(path, make), isAllowed: false };
    }
    return { directory: this.#parent?.held.fd ?? -1, name: parts.at(-1) ?? '' };
  }

  #open(path: BinaryText, make: boolean): OwnedFd {
    const { root, directory, links } = this.#target;
    const whole = [directory, path].filter((part) => part !== '').join('/');
    try {
      return openBeneath(root, whole, O_PATH | O_DIRECTORY, { links });
    } catch (error) {
      if (!make || path === '' || !isNativeError(error, 'ENOENT')) throw error;
    }
    const slash = path.lastIndexOf('/');
    const pathAbove = slash === -1 ? '' : path.slice(0, slash);
    using above = this.#open(pathAbove, true);
    this.#require(above.fd, pathAbove);
    const place = { directory: above.fd, name: path.slice(slash + 1) };
    const owner = this.#ownerOf({ uid: 0, gid: 0 });
    using made = this.#makeEntry(place, { mode: S_IFDIR | 0o755, owner }, path);
    setOwnerAt(held(made.fd), owner);
    setModeAt(held(made.fd), 0o755);
    return openBeneath(made.fd, '', O_PATH | O_DIRECTORY, { links });
  }

  /** Throws PERMISSION_DENIED if the directory or file may not be changed. */
  #require(fd: number, path: BinaryText): void {
    const { mayChange } = this.#target;
    if (mayChange !== undefined && !mayChange(fd, path)) throw this.#notAllowed(path);
  }

  /** Throws PERMISSION_DENIED if names in the directory of #place() may not be changed. */
  #requireParent(): void {
    const parent = this.#parent;
    if (parent === undefined || parent.isAllowed) return;
    this.#require(parent.held.fd, parent.path);
    parent.isAllowed = true;
  }

  #notAllowed(path: BinaryText): TspodError {
    const whole = [this.#target.directory.replace(/\/+$/, ''), path].filter((part) => part !== '').join('/') || '/';
    return new TspodError(
      'PERMISSION_DENIED',
      `"${fromBinaryText(whole)}" has an owner that is not mapped in the container`,
    );
  }

  /** Returns the owner that a new entry has from the start: anything else that takes its name is recognised by that. */
  #madeFor(owner: Owner): Owner | undefined {
    return this.#target.mayChange === undefined ? undefined : owner;
  }

  /** Makes and opens (as O_PATH) an entry that is no regular file. */
  #makeEntry(place: PlaceAt, entry: NewEntry & { readonly owner: Owner }, path: BinaryText): OwnedFd {
    makeEntryAt(place, { ...entry, owner: this.#madeFor(entry.owner) });
    const made = openAt(place, (entry.mode & S_IFMT) === S_IFDIR ? O_DIRECTORY : 0);
    if (this.#target.mayChange === undefined || fstatSync(made.fd).uid === entry.owner.uid) return made;
    made.close();
    throw this.#notAllowed(path);
  }

  #ownerOf(owner: Owner): Owner {
    return ownerOutside(this.#options.idMaps, this.#options.owner ?? owner);
  }

  async #make(
    place: PlaceAt,
    header: TarHeader,
    content: AsyncIterable<ContentPart>,
    parts: readonly BinaryText[],
  ): Promise<void> {
    const path = parts.join('/');
    const there = await directoryEntry(place.directory, place.name);
    if (header.type === 'directory') {
      if (this.#target.links && there?.target && this.#leadsToDirectory(parts)) return;
      const owner = this.#ownerOf(header);
      if (there !== undefined && !isDirectory(there)) await this.#removeExisting(place, header, parts);
      using directory =
        there !== undefined && isDirectory(there)
          ? this.#openAllowed(place, O_DIRECTORY, path)
          : this.#makeInParent(place, { mode: S_IFDIR | 0o700, owner }, path);
      setOwnerAt(held(directory.fd), owner);
      this.#directories.set(parts.join('/'), { parts, header: { ...header, xattrs: ownAttributes(header.xattrs) } });
      return;
    }
    const inPlace = there !== undefined && !(await this.#removeExisting(place, header, parts, isDirectory(there)));
    if (header.type === 'hardlink') {
      this.#link(place, header);
      return;
    }
    if (header.type === 'file') {
      using file = inPlace ? await this.#openFile(place, path) : this.#createFile(place, header);
      await this.#write(file.fd, header, content);
      this.#finish(file.fd, header);
      return;
    }
    const entry = { ...header, mode: TYPE_BITS[header.type] | header.mode, owner: this.#ownerOf(header) };
    using made = this.#makeInParent(place, entry, path);
    this.#finish(made.fd, header);
  }

  #makeInParent(place: PlaceAt, entry: NewEntry & { readonly owner: Owner }, path: BinaryText): OwnedFd {
    this.#requireParent();
    return this.#makeEntry(place, entry, path);
  }

  #openAllowed(place: PlaceAt, flags: number, path: BinaryText): OwnedFd {
    const found = openAt(place, flags);
    try {
      this.#require(found.fd, path);
      return found;
    } catch (error) {
      found.close();
      throw error;
    }
  }

  /**
   * Whether a symbolic link like /var/run -> /run leads to a directory: an entry for a directory of that name then
   * means the directory.
   */
  #leadsToDirectory(parts: readonly BinaryText[]): boolean {
    try {
      this.#open(parts.join('/'), false).close();
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Removes the existing entry. Returns false if something is mounted on it: then the mounted file gets new content.
   */
  async #removeExisting(
    place: PlaceAt,
    header: TarHeader,
    parts: readonly BinaryText[],
    isDirectory = false,
  ): Promise<boolean> {
    const replacesOtherKind = isDirectory !== (header.type === 'directory');
    if (replacesOtherKind && this.#options.overwrite !== true) {
      const [what, by] = isDirectory ? ['directory', 'non-directory'] : ['non-directory', 'directory'];
      throw new TspodError(
        'INVALID_ARGUMENT',
        `"${fromBinaryText(header.path)}": a ${what} is not overwritten with a ${by} unless overwrite is set`,
      );
    }
    // The kernel protects only mount points in the caller's own mount namespace: those of a container would vanish with
    // the name, and hide what is mounted there.
    if (this.#target.links && isMountPointAt(place)) {
      if (header.type === 'file' && !isDirectory) return false;
      throw new TspodError('INVALID_ARGUMENT', `"${fromBinaryText(header.path)}" is not replaced: it is a mount point`);
    }
    this.#requireParent();
    try {
      if (!isDirectory) unlinkAt(place);
      else if (this.#target.mayChange === undefined) await removeTreeAt(place);
      else await this.#removeTree(place, parts.join('/'), 0);
    } catch (error) {
      if (isNativeError(error, 'ENOENT')) return true;
      if (!isNativeError(error, 'EBUSY') || header.type !== 'file' || isDirectory) throw error;
      return false;
    }
    return true;
  }

  /** Removes a directory like removeTreeAt(), but checks each directory in it first. */
  async #removeTree(place: PlaceAt, path: BinaryText, depth: number): Promise<void> {
    checkDepth(depth, 'removed');
    using directory = this.#openAllowed(place, O_DIRECTORY, path);
    if (mountOf(directory.fd) !== mountOf(place.directory))
      throw new TspodError('INVALID_ARGUMENT', `"${fromBinaryText(path)}" is not removed: it is a mount point`);
    const names = await directoryNames(directory.fd);
    for (const entry of await directoryEntries(directory.fd, names)) {
      if (entry === undefined) continue;
      const inner = { directory: directory.fd, name: entry.name };
      if (isDirectory(entry)) await this.#removeTree(inner, `${path}/${entry.name}`, depth + 1);
      else unlinkAt(inner);
    }
    unlinkAt(place);
  }

  /** Creates a hard link to a file that the archive has brought before. */
  #link(place: PlaceAt, header: TarHeader): void {
    const parts = this.#renamed(cleanArchivePath(header.target));
    using directory = this.#open(parts.slice(0, -1).join('/'), false);
    using file = this.#openAllowed({ directory: directory.fd, name: parts.at(-1) ?? '' }, 0, parts.join('/'));
    this.#requireParent();
    linkAt(file.fd, place, this.#madeFor(this.#ownerOf({ uid: 0, gid: 0 })));
  }

  #createFile(place: PlaceAt, header: TarHeader): OwnedFd {
    this.#requireParent();
    return createFileAt(place, this.#madeFor(this.#ownerOf(header)));
  }

  /** Opens and empties an existing file. */
  async #openFile(place: PlaceAt, path: BinaryText): Promise<OwnedFd> {
    using found = this.#openAllowed(place, 0, path);
    if (!fstatSync(found.fd).isFile())
      throw new TspodError('INVALID_ARGUMENT', `"${fromBinaryText(path)}" is not a regular file`);
    return await openPastLease(() => reopen(found.fd, O_WRONLY | O_TRUNC | O_NONBLOCK), this.#options.signal);
  }

  async #write(fd: number, header: TarHeader, content: AsyncIterable<ContentPart>): Promise<void> {
    for await (const { offset, bytes } of content) {
      const { signal } = this.#options;
      if (signal?.aborted === true) throw abortedError('write files', signal);
      await writeSparse(fd, offset, bytes);
    }
    ftruncateSync(fd, header.size);
  }

  /** Sets owner, attributes, permissions and time, in an order in which no step undoes another. */
  #finish(fd: number, header: TarHeader): void {
    const place = held(fd);
    setOwnerAt(place, this.#ownerOf(header));
    const { dropRights = false } = this.#options;
    for (const [name, value] of header.xattrs) {
      if (isKept(name) && !(dropRights && name === CAPABILITY))
        setAttribute(place, name, attributeOutside(this.#options.idMaps, name, value));
    }
    if (header.type !== 'symlink') setModeAt(place, dropRights ? header.mode & ~SET_IDS : header.mode);
    setTimeAt(place, { sec: header.mtimeSec, nsec: header.mtimeNsec });
  }
}

/** Opens an entry itself, as O_PATH. */
function openAt({ directory, name }: PlaceAt, flags: number): OwnedFd {
  return openBeneath(directory, name, flags | O_PATH | O_NOFOLLOW, { links: false });
}

/** Copies the attributes that are kept: the original values would keep the whole pax header in memory. */
function ownAttributes(xattrs: TarHeader['xattrs']): TarHeader['xattrs'] {
  return new Map([...xattrs].filter(([name]) => isKept(name)).map(([name, value]) => [name, Buffer.from(value)]));
}

const TYPE_BITS: Readonly<Record<Exclude<TarType, 'file' | 'hardlink' | 'directory'>, number>> = {
  symlink: S_IFLNK,
  character: S_IFCHR,
  block: S_IFBLK,
  fifo: S_IFIFO,
};

/** Sets an attribute if the filesystem supports its kind (a tmpfs on an older kernel has no user attributes). */
function setAttribute(place: PlaceAt, name: BinaryText, value: Uint8Array): void {
  try {
    setAttributeAt(place, name, value);
  } catch (error) {
    if (!isNativeError(error, 'EOPNOTSUPP')) throw error;
  }
}
