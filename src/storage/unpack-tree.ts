/**
 * Unpacks archives into trees. The archive is untrusted, and the tree may change concurrently: nothing is written
 * outside it.
 */
import { ftruncateSync, fstatSync, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';

import { TspodError } from '../errors.js';
import { isMountPointAt } from '../host/mount-point.js';
import { abortedError } from '../native/abort.js';
import {
  createFileAt,
  linkAt,
  makeEntryAt,
  removeTreeAt,
  setAttributeAt,
  setModeAt,
  setOwnerAt,
  setTimeAt,
  unlinkAt,
  type PlaceAt,
} from '../native/directory-changes.js';
import { directoryEntry, isDirectory, openBeneath, type OwnedFd } from '../native/directory-entries.js';
import { isNativeError } from '../native/native-error.js';
import type { TarHeader, TarType } from '../tar/header.js';
import { readTar, type ContentPart, type TarEntry } from '../tar/read.js';
import { fromBinaryText, type BinaryText } from '../util/binary-text.js';
import {
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  O_TRUNC,
  O_WRONLY,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
} from '../util/file-bits.js';
import { attributeOutside, CAPABILITY, isKept, ownerOutside, type IdMaps, type Owner } from './owners.js';

export interface UnpackTarget {
  /** Descriptor of the directory that nothing is written outside of. */
  readonly root: number;
  /** Directory below the root that the archive's paths are relative to. */
  readonly directory: BinaryText;
  /**
   * Whether symbolic links in the tree are followed (within the root), as in a container, or refused, as on the host.
   */
  readonly links: boolean;
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

const writeAsync = promisify(write);

/** Runs of zeros of this size become holes. */
const HOLE_BYTES = 4096;
const ZEROS = Buffer.alloc(HOLE_BYTES);
const MANY_ZEROS = Buffer.alloc(1024 * 1024);

/** S_ISUID and S_ISGID. */
const SET_IDS = 0o6000;

/**
 * Unpacks the archive. Existing files are replaced; an existing directory keeps its content. Throws BAD_ARCHIVE,
 * INVALID_ARGUMENT.
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
  #parent: { readonly path: BinaryText; readonly held: OwnedFd } | undefined;
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
        this.#finish(this.#place(parts, false), header);
      } catch (error) {
        // The directory was removed or replaced meanwhile.
        if (!isNativeError(error) || !['ENOENT', 'ENOTDIR'].includes(error.code)) throw error;
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
      this.#parent = { path, held: this.#open(path, make) };
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
    using above = this.#open(slash === -1 ? '' : path.slice(0, slash), true);
    const place = { directory: above.fd, name: path.slice(slash + 1) };
    makeEntryAt(place, { mode: S_IFDIR | 0o755 });
    setOwnerAt(place, this.#ownerOf({ uid: 0, gid: 0 }));
    setModeAt(place, 0o755);
    return openBeneath(root, whole, O_PATH | O_DIRECTORY, { links });
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
    const there = await directoryEntry(place.directory, place.name);
    if (header.type === 'directory') {
      if (this.#target.links && there?.target && this.#leadsToDirectory(parts)) return;
      if (there === undefined || !isDirectory(there)) {
        if (there !== undefined) await this.#removeExisting(place, header, false);
        makeEntryAt(place, { mode: S_IFDIR | 0o700 });
      }
      setOwnerAt(place, this.#ownerOf(header));
      this.#directories.set(parts.join('/'), { parts, header: { ...header, xattrs: ownAttributes(header.xattrs) } });
      return;
    }
    const inPlace = there !== undefined && !(await this.#removeExisting(place, header, isDirectory(there)));
    if (header.type === 'hardlink') {
      this.#link(place, header);
      return;
    }
    if (header.type === 'file') await this.#file(place, header, { content, inPlace });
    else makeEntryAt(place, { ...header, mode: TYPE_BITS[header.type] | header.mode });
    this.#finish(place, header);
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
  async #removeExisting(place: PlaceAt, header: TarHeader, isDirectory: boolean): Promise<boolean> {
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
    try {
      if (isDirectory) await removeTreeAt(place);
      else unlinkAt(place);
    } catch (error) {
      if (isNativeError(error, 'ENOENT')) return true;
      if (!isNativeError(error, 'EBUSY') || header.type !== 'file' || isDirectory) throw error;
      return false;
    }
    return true;
  }

  /** Creates a hard link to a file that the archive has brought before. */
  #link(place: PlaceAt, header: TarHeader): void {
    const parts = this.#renamed(cleanArchivePath(header.target));
    using directory = this.#open(parts.slice(0, -1).join('/'), false);
    linkAt({ directory: directory.fd, name: parts.at(-1) ?? '' }, place);
  }

  async #file(
    place: PlaceAt,
    header: TarHeader,
    { content, inPlace }: { readonly content: AsyncIterable<ContentPart>; readonly inPlace: boolean },
  ): Promise<void> {
    using file = inPlace
      ? openBeneath(place.directory, place.name, O_WRONLY | O_TRUNC | O_NOFOLLOW, { links: false })
      : createFileAt(place);
    if (!fstatSync(file.fd).isFile())
      throw new TspodError('INVALID_ARGUMENT', `"${fromBinaryText(header.path)}" is no regular file`);
    for await (const { offset, bytes } of content) {
      const { signal } = this.#options;
      if (signal?.aborted === true) throw abortedError('write files', signal);
      await writeAt(file.fd, offset, bytes);
    }
    ftruncateSync(file.fd, header.size);
  }

  /** Sets owner, attributes, permissions and time, in an order in which no step undoes another. */
  #finish(place: PlaceAt, header: TarHeader): void {
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

/** Writes bytes to a new file, leaving holes in place of zeros. */
async function writeAt(fd: number, offset: number, bytes: Buffer): Promise<void> {
  for (const { start, end } of dataRuns(bytes)) {
    for (let at = start; at < end;) {
      if (end - at <= HOLE_BYTES * 16) at += writeSync(fd, bytes, at, end - at, offset + at);
      else at += (await writeAsync(fd, bytes, at, end - at, offset + at)).bytesWritten;
    }
  }
}

/** Returns the ranges of bytes between pieces that are all zeros. */
function dataRuns(bytes: Buffer): { start: number; end: number }[] {
  if (bytes.length <= MANY_ZEROS.length && bytes.equals(MANY_ZEROS.subarray(0, bytes.length))) return [];
  const runs: { start: number; end: number }[] = [];
  for (let at = 0; at < bytes.length; at += HOLE_BYTES) {
    const piece = bytes.subarray(at, at + HOLE_BYTES);
    if (piece.length === HOLE_BYTES && piece.equals(ZEROS)) continue;
    const last = runs.at(-1);
    if (last?.end === at) last.end = at + piece.length;
    else runs.push({ start: at, end: at + piece.length });
  }
  return runs;
}
