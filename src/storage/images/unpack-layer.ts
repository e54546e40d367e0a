/**
 * Unpacks a layer's archive into its directory, in the format of overlayfs. The archive is untrusted: it is limited in
 * size and cannot write outside the directory.
 */
import { isTspodError, TspodError } from '../../errors.js';
import { abortedError } from '../../native/abort.js';
import { isNativeError } from '../../native/native-error.js';
import { TreeWriter, type WrittenEntry } from '../../native/tree-writer.js';
import type { TarHeader, TarType } from '../../tar/header.js';
import { readTar, type ContentPart } from '../../tar/read.js';
import { fromBinaryText, type BinaryText } from '../../util/binary-text.js';
import { NO_SPACE } from '../../util/errno.js';
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG } from '../../util/file-bits.js';
import { GROWTH_LIMIT, type GrowthLimit } from '../../util/growth-limit.js';
import { isKept } from '../owners.js';

export interface LayerLimits {
  /** Entries in one layer. */
  readonly entries: number;
  /** Directories, including those that are created only because an entry lies in them. */
  readonly directories: number;
  /** Total length of the paths of the layer's directories. */
  readonly pathBytes: number;
  /** Size of the decompressed archive. */
  readonly bytes: number;
  /** Limit relative to the compressed size. */
  readonly growth: GrowthLimit;
}

/**
 * More than any real image needs, and less than what harms a machine: a million empty directories take some 4 GB on the
 * disk, whether each has an entry of its own or few entries lie deep. The paths of directories are kept in memory.
 */
export const LAYER_LIMITS: LayerLimits = {
  entries: 10_000_000,
  directories: 1_000_000,
  pathBytes: 128 * 1024 ** 2,
  bytes: 256 * 1024 ** 3,
  growth: GROWTH_LIMIT,
};

/** Deeper directories could not be archived again. */
const MAX_DEPTH = 400;
/** PATH_MAX without its NUL: no system call takes more. */
const MAX_PATH_BYTES = 4095;
const MAX_ID = 2 ** 32 - 2;
const MAX_DEVICE = 2 ** 32 - 1;

/** Prefix of the names that hide others, in layer archives. */
export const WHITEOUT = '.wh.';
/** Name of the file that makes its directory opaque: it hides everything below in that directory. */
export const OPAQUE_MARK = '.wh..wh..opq';
/** Prefix of AUFS's own bookkeeping files, which are ignored; whiteouts originate from AUFS. */
const AUFS = '.wh..wh.';

const TYPE_BITS: Readonly<Record<Exclude<TarType, 'hardlink'>, number>> = {
  file: S_IFREG,
  directory: S_IFDIR,
  symlink: S_IFLNK,
  character: S_IFCHR,
  block: S_IFBLK,
  fifo: S_IFIFO,
};

export interface UnpackedLayer {
  /** Total size of the layer's files, in bytes. */
  readonly size: number;
  /** Whether the archive describes the top directory. */
  readonly hasTop: boolean;
  /**
   * Directories that were created only for their content: they get the attributes of those in the layers below, if
   * there are any. Parents first.
   */
  readonly implied: readonly BinaryText[];
}

/** Unpacks the archive into an empty directory. Throws BAD_IMAGE, DISK_FULL, ABORTED. */
export async function unpackLayer(
  archive: AsyncIterable<Uint8Array>,
  directory: number,
  options: { readonly limits?: LayerLimits; readonly signal?: AbortSignal | undefined } = {},
): Promise<UnpackedLayer> {
  const { signal, limits = LAYER_LIMITS } = options;
  const unpacking = new LayerUnpacking(directory, limits);
  try {
    for await (const { header, content } of readTar(bounded(archive, limits.bytes))) {
      if (signal?.aborted === true) throw abortedError('unpack a layer', signal);
      if (unpacking.add(header)) await writeContent(unpacking.writer, content);
      if (unpacking.writer.isFull) await unpacking.writer.flush();
    }
    const implied = await unpacking.writer.finish();
    return { size: unpacking.size, hasTop: unpacking.hasTop, implied };
  } catch (error) {
    // The buffers are in use until the writer has settled.
    await unpacking.writer.settled().catch(() => undefined);
    throw asLayerError(error, limits);
  }
}

async function writeContent(writer: TreeWriter, content: AsyncIterable<ContentPart>): Promise<void> {
  for await (const { offset, bytes } of content) {
    writer.data(offset, bytes);
    if (writer.isFull) await writer.flush();
  }
}

class LayerUnpacking {
  readonly writer: TreeWriter;
  readonly #limits: LayerLimits;
  size = 0;
  hasTop = false;
  #entries = 0;
  #directories = 0;

  constructor(directory: number, limits: LayerLimits) {
    this.writer = new TreeWriter(directory, limits);
    this.#limits = limits;
  }

  /** Adds an entry. Returns whether its content is needed. */
  add(header: TarHeader): boolean {
    const parts = cleanPath(header.path);
    this.#count(header.type);
    const name = parts.at(-1) ?? '';
    if (name.startsWith(WHITEOUT)) {
      this.#whiteout(parts, name);
      return false;
    }
    const path = parts.join('/');
    if (path === '') return this.#top(header);
    if (header.type === 'hardlink') {
      const target = cleanPath(header.target).join('/');
      if (target === '') throw badLayer(`"${shown(header.path)}" is a hard link to the top directory`);
      this.writer.hardLink({ ...entryOf(header, path), target });
      return false;
    }
    this.writer.entry(entryOf(header, path));
    if (header.type !== 'file') return false;
    this.size += header.size;
    return true;
  }

  #top(header: TarHeader): false {
    if (header.type !== 'directory') throw badLayer('its top is not a directory');
    this.hasTop = true;
    this.writer.entry(entryOf(header, ''));
    return false;
  }

  #whiteout(parts: readonly BinaryText[], name: BinaryText): void {
    const parent = parts.slice(0, -1).join('/');
    if (name === OPAQUE_MARK) {
      if (parent !== '') this.writer.opaque(parent);
      else throw badLayer('its top directory is opaque');
      return;
    }
    if (name.startsWith(AUFS)) return;
    const hidden = name.slice(WHITEOUT.length);
    if (hidden === '' || hidden === '.' || hidden === '..') throw badLayer(`"${shown(name)}" is not a valid whiteout`);
    this.writer.whiteout(parent === '' ? hidden : `${parent}/${hidden}`);
  }

  #count(type: TarType): void {
    this.#entries += 1;
    if (this.#entries > this.#limits.entries) throw badLayer(`it has more than ${this.#limits.entries} entries`);
    if (type !== 'directory') return;
    this.#directories += 1;
    if (this.#directories > this.#limits.directories) throw tooManyDirectories(this.#limits);
  }
}

function entryOf(header: TarHeader, path: BinaryText): WrittenEntry {
  const { uid, gid, major, minor } = header;
  if (!(uid >= 0 && uid <= MAX_ID && gid >= 0 && gid <= MAX_ID))
    throw badLayer(`"${shown(header.path)}" has an impossible owner: ${uid}:${gid}`);
  const isDevice = header.type === 'character' || header.type === 'block';
  if (isDevice && !(major >= 0 && major <= MAX_DEVICE && minor >= 0 && minor <= MAX_DEVICE))
    throw badLayer(`"${shown(header.path)}" is an impossible device`);
  if (header.type === 'symlink') requireShort(header.target);
  return {
    path,
    mode: header.type === 'hardlink' ? 0 : TYPE_BITS[header.type] | header.mode,
    uid,
    gid,
    mtimeSec: header.mtimeSec,
    mtimeNsec: header.mtimeNsec,
    size: header.size,
    major: isDevice ? major : 0,
    minor: isDevice ? minor : 0,
    target: header.type === 'symlink' ? header.target : '',
    xattrs: keptAttributes(header.xattrs),
  };
}

/** Drops the attributes that overlayfs uses itself: an image must not redirect it. */
function keptAttributes(xattrs: TarHeader['xattrs']): TarHeader['xattrs'] {
  if (xattrs.size === 0) return xattrs;
  return new Map([...xattrs].filter(([name]) => isKept(name) && !name.startsWith('user.overlay.')));
}

/**
 * Splits a path, resolving it against the layer's top even if it is absolute. Throws BAD_IMAGE for ".." and for one
 * that is too deep or too long.
 */
function cleanPath(path: BinaryText): readonly BinaryText[] {
  requireShort(path);
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || path.includes('\0')) throw badLayer(`"${shown(path)}" leads out of it`);
  if (parts.length > MAX_DEPTH) throw badLayer(`"${shown(path)}" is nested deeper than ${MAX_DEPTH}`);
  return parts;
}

function requireShort(path: BinaryText): void {
  if (path.length > MAX_PATH_BYTES) throw badLayer(`"${shown(path)}..." is longer than ${MAX_PATH_BYTES} bytes`);
}

function shown(path: BinaryText): string {
  return fromBinaryText(path.slice(0, 256));
}

async function* bounded(archive: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Uint8Array, void, undefined> {
  let count = 0;
  for await (const chunk of archive) {
    count += chunk.length;
    if (count > most) throw badLayer(`it is larger than ${most} bytes when it is decompressed`);
    yield chunk;
  }
}

function badLayer(why: string, cause?: unknown): TspodError {
  return new TspodError('BAD_IMAGE', `a layer cannot be unpacked: ${why}`, cause === undefined ? {} : { cause });
}

function tooManyDirectories({ directories }: LayerLimits, cause?: unknown): TspodError {
  return badLayer(`it has more than ${directories} directories`, cause);
}

/** Kernel errors that the archive's content causes. */
const BAD_PATHS = ['ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENOENT', 'EXDEV', 'EINVAL', 'EISDIR', 'EMLINK', 'EFBIG'];

function asLayerError(error: unknown, limits: LayerLimits): unknown {
  if (isTspodError(error, 'BAD_ARCHIVE')) return new TspodError('BAD_IMAGE', error.message, { cause: error });
  if (!isNativeError(error)) return error;
  if (NO_SPACE.has(error.code))
    return new TspodError('DISK_FULL', `a layer cannot be unpacked: ${error.message}`, { cause: error });
  if (error.code === 'E2BIG' && error.syscall === 'mkdirat') return tooManyDirectories(limits, error);
  if (error.code === 'E2BIG' && error.syscall === 'path')
    return badLayer(`the paths of its directories have more than ${limits.pathBytes} bytes`, error);
  return BAD_PATHS.includes(error.code) ? badLayer(error.message, error) : error;
}
