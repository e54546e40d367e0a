/**
 * Writes trees as archives. The tree may change concurrently: entries that vanish are left out, and no symbolic link is
 * followed.
 */
import { fstatSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';

import { TspodError } from '../errors.js';
import { abortedError } from '../native/abort.js';
import type { PlaceAt } from '../native/directory-changes.js';
import {
  directoryEntries,
  directoryNames,
  openBeneath,
  type DirectoryEntry,
  type OwnedFd,
} from '../native/directory-entries.js';
import { isNativeError } from '../native/native-error.js';
import { ARCHIVE_END, encodeHeader } from '../tar/encode.js';
import { paddingOf, type TarHeader, type TarType } from '../tar/header.js';
import { fromBinaryText, type BinaryText } from '../util/binary-text.js';
import {
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from '../util/file-bits.js';
import { checkDepth } from './depth.js';
import { OPAQUE_MARK, WHITEOUT } from './images/unpack-layer.js';
import { isOpaque, isWhiteout } from './layer-changes.js';
import { openPastLease } from './leases.js';
import { attributeInside, isKept, ownerInside, type IdMaps } from './owners.js';

export interface PackOptions {
  /** Mappings of the container; the archive has owners as the container sees them. */
  readonly idMaps: IdMaps;
  readonly signal?: AbortSignal | undefined;
  /**
   * For an upper directory of overlayfs: hidden entries become `.wh.` files, as in image layers, and only paths for
   * which this function returns true are in the archive. @default the tree is archived as it is
   */
  readonly layer?: (path: BinaryText) => boolean;
}

/** Attributes of files and directories whose content is in another layer (overlayfs.rst: redirect_dir, metacopy). */
const ELSEWHERE = ['trusted.overlay.redirect', 'trusted.overlay.metacopy'];

/** Directory entries read at a time. */
const BATCH = 256;

const CHUNK_BYTES = 1024 * 1024;
/** Smaller files are read synchronously: the thread pool would take longer. */
const SMALL_BYTES = 64 * 1024;
/** Headers and small files are combined into chunks of this size. */
const PIECE_BYTES = 256 * 1024;

const TYPES: ReadonlyMap<number, TarType> = new Map([
  [S_IFREG, 'file'],
  [S_IFDIR, 'directory'],
  [S_IFLNK, 'symlink'],
  [S_IFCHR, 'character'],
  [S_IFBLK, 'block'],
  [S_IFIFO, 'fifo'],
]);

const readAsync = promisify(read);

/** Archives the content of a directory; paths are relative to it. */
export function packDirectory(directory: number, options: PackOptions): AsyncGenerator<Buffer, void, undefined> {
  return inPieces(archiveOf(new TreePacker(options).content(directory, '', 0)));
}

/** Archives one file or tree under the name `as`. */
export function packPlace(
  place: PlaceAt,
  as: BinaryText,
  options: PackOptions,
): AsyncGenerator<Buffer, void, undefined> {
  return inPieces(archiveOf(new TreePacker(options).named(place, as)));
}

async function* archiveOf(entries: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  yield* entries;
  yield ARCHIVE_END;
}

async function* inPieces(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let waiting: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    size += chunk.length;
    if (size < PIECE_BYTES) continue;
    yield waiting.length === 1 ? chunk : Buffer.concat(waiting);
    waiting = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(waiting);
}

class TreePacker {
  readonly #options: PackOptions;
  /** The first path of each inode with several hard links. */
  readonly #linked = new Map<string, BinaryText>();

  constructor(options: PackOptions) {
    this.#options = options;
  }

  async *named({ directory, name }: PlaceAt, as: BinaryText): AsyncGenerator<Buffer, void, undefined> {
    const [entry] = await directoryEntries(directory, [name]);
    if (entry !== undefined) yield* this.#entry(directory, entry, { path: as, depth: 0 });
  }

  async *content(directory: number, path: BinaryText, depth: number): AsyncGenerator<Buffer, void, undefined> {
    checkDepth(depth, 'archived');
    const names = await directoryNames(directory);
    for (let at = 0; at < names.length; at += BATCH) {
      const { signal } = this.#options;
      if (signal?.aborted === true) throw abortedError('read files', signal);
      for (const entry of await directoryEntries(directory, names.slice(at, at + BATCH))) {
        if (entry === undefined) continue;
        yield* this.#entry(directory, entry, { path: path === '' ? entry.name : `${path}/${entry.name}`, depth });
      }
    }
  }

  async *#entry(
    directory: number,
    entry: DirectoryEntry,
    { path, depth }: { readonly path: BinaryText; readonly depth: number },
  ): AsyncGenerator<Buffer, void, undefined> {
    // A socket is useless without the process that listens on it.
    const type = TYPES.get(entry.mode & S_IFMT);
    if (type === undefined) return;
    if (this.#options.layer !== undefined) {
      if (!this.#options.layer(path)) return;
      checkLayerEntry(entry, path);
      if (isWhiteout(entry)) {
        yield encodeHeader(this.#mark(entry, besides(path, `${WHITEOUT}${entry.name}`)));
        return;
      }
    }
    if (type !== 'directory' && entry.links > 1) {
      const key = `${entry.device}:${entry.inode}`;
      const first = this.#linked.get(key);
      if (first !== undefined) {
        yield encodeHeader({ ...this.#header(entry, 'hardlink', path), target: first, size: 0, xattrs: new Map() });
        return;
      }
      this.#linked.set(key, path);
    }
    if (type === 'file') {
      yield* this.#file(directory, entry, path);
      return;
    }
    if (type !== 'directory') {
      yield encodeHeader(this.#header(entry, type, path));
      return;
    }
    using opened = openEntry(directory, entry.name, O_PATH | O_DIRECTORY);
    if (opened === undefined) return;
    yield encodeHeader(this.#header(entry, type, path));
    if (this.#options.layer !== undefined && isOpaque(entry))
      yield encodeHeader(this.#mark(entry, `${path}/${OPAQUE_MARK}`));
    yield* this.content(opened.fd, path, depth + 1);
  }

  async *#file(directory: number, entry: DirectoryEntry, path: BinaryText): AsyncGenerator<Buffer, void, undefined> {
    using opened = await openPastLease(() => openEntry(directory, entry.name, 0), this.#options.signal);
    if (opened === undefined) return;
    const stats = fstatSync(opened.fd);
    // Another file type has taken the name.
    if (!stats.isFile()) return;
    const { size } = stats;
    yield encodeHeader({ ...this.#header(entry, 'file', path), size });
    if (size === 0) return;
    yield* contentOf(opened.fd, size);
    yield Buffer.alloc(paddingOf(size));
  }

  /** Returns the header of an empty file whose name is a marker. */
  #mark(entry: DirectoryEntry, path: BinaryText): TarHeader {
    return { ...this.#header(entry, 'file', path), uid: 0, gid: 0, mode: 0o600, xattrs: new Map() };
  }

  #header(entry: DirectoryEntry, type: TarType, path: BinaryText): TarHeader {
    const { idMaps } = this.#options;
    const isDevice = type === 'character' || type === 'block';
    return {
      path,
      type,
      mode: entry.mode & 0o7777,
      ...ownerInside(idMaps, entry),
      size: 0,
      mtimeSec: entry.mtimeSec,
      mtimeNsec: entry.mtimeNsec,
      target: entry.target,
      major: isDevice ? entry.major : 0,
      minor: isDevice ? entry.minor : 0,
      xattrs: new Map(
        [...entry.xattrs]
          .filter(([name]) => isKept(name))
          .map(([name, value]) => [name, attributeInside(idMaps, name, value)]),
      ),
    };
  }
}

function besides(path: BinaryText, name: BinaryText): BinaryText {
  return path.slice(0, path.lastIndexOf('/') + 1) + name;
}

/** Throws NOT_SUPPORTED for an entry that an image layer cannot represent. */
function checkLayerEntry({ name, xattrs }: DirectoryEntry, path: BinaryText): void {
  const quoted = JSON.stringify(fromBinaryText(path));
  if (name.startsWith(WHITEOUT))
    throw new TspodError(
      'NOT_SUPPORTED',
      `a layer cannot have ${quoted}: names that begin with ${WHITEOUT} hide others`,
    );
  if (ELSEWHERE.some((attribute) => xattrs.has(attribute)))
    throw new TspodError(
      'NOT_SUPPORTED',
      `${quoted} was moved, and its content is in a layer below: squash the layers`,
    );
}

/** Opens an entry; undefined if it has vanished or changed its type. */
function openEntry(directory: number, name: BinaryText, flags: number): OwnedFd | undefined {
  try {
    return openBeneath(directory, name, flags | O_NOFOLLOW, { links: false });
  } catch (error) {
    if (isNativeError(error) && ['ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO'].includes(error.code)) return undefined;
    throw error;
  }
}

/** Yields exactly `size` bytes: a file that shrinks meanwhile is padded with zeros, one that grows is truncated. */
async function* contentOf(fd: number, size: number): AsyncGenerator<Buffer, void, undefined> {
  if (size <= SMALL_BYTES) {
    const content = Buffer.alloc(size);
    for (let at = 0; at < size;) {
      const count = readSync(fd, content, at, size - at, at);
      if (count === 0) break;
      at += count;
    }
    yield content;
    return;
  }
  for (let at = 0; at < size;) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - at));
    const { bytesRead } = await readAsync(fd, chunk, 0, chunk.length, at);
    if (bytesRead === 0) {
      for (; at < size; at += CHUNK_BYTES) yield Buffer.alloc(Math.min(CHUNK_BYTES, size - at));
      return;
    }
    at += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}
