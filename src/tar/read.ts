/**
 * Reads archives in ustar, pax and GNU format, as streams of any length. Archives are untrusted: everything is checked.
 */
import type { BinaryText } from '../util/binary-text.js';
import { badArchive, ByteSource, endsEarly } from './byte-source.js';
import { decodeBlock, decodeDecimal, decodePax, decodeTime, type RawHeader } from './decode.js';
import { BLOCK_BYTES, paddingOf, TYPE_FLAGS, XATTR_RECORD, type TarHeader, type TarType } from './header.js';
import { oldSparse, paxSparse, type SparseMap } from './sparse.js';

/**
 * Size limit of a pax header or long name. Each extended attribute takes up to 64 KiB; no realistic header is longer.
 */
const MAX_EXTENSION_BYTES = 4 * 1024 * 1024;

/** Limits of the records of global headers, which are processed for each file. */
const MAX_GLOBALS = 256;
const MAX_GLOBAL_BYTES = 256 * 1024;

/** The records of global headers that are kept, in addition to extended attributes. */
const GLOBAL_KEYS: ReadonlySet<string> = new Set(['path', 'linkpath', 'size', 'uid', 'gid', 'mtime']);

/**
 * Limit of extension headers per file. Normally there are at most four: a long name, a long link target, a pax header
 * and a global one.
 */
const MAX_EXTENSIONS = 100;

const CHUNK_BYTES = 1024 * 1024;

/** A part of a file's content; what no part covers is a hole. */
export interface ContentPart {
  readonly offset: number;
  readonly bytes: Buffer;
}

export interface TarEntry {
  readonly header: TarHeader;
  /** The content of a file. Whatever is not read before the next entry is requested is skipped. */
  readonly content: AsyncIterable<ContentPart>;
}

const TYPES: Readonly<Record<string, TarType>> = {
  ...Object.fromEntries(Object.entries(TYPE_FLAGS).map(([type, flag]) => [flag, type as TarType])),
  '\0': 'file',
  '7': 'file',
  S: 'file',
};

/** Yields the entries in order. An archive may end without the two empty blocks. Throws BAD_ARCHIVE. */
export async function* readTar(archive: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry, void, undefined> {
  await using source = new ByteSource(archive);
  let extension = NO_EXTENSION;
  let globals: Records = NO_EXTENSION.records;
  for (let extensions = 0; ; extensions += 1) {
    if (extensions > MAX_EXTENSIONS) throw badArchive('a file has too many headers');
    const block = await source.exactly(BLOCK_BYTES);
    const raw = block === undefined ? undefined : decodeBlock(block);
    if (raw === undefined) {
      await drain(source);
      return;
    }
    switch (raw.flag) {
      case 'x':
        extension = { ...extension, records: decodePax(await extensionOf(raw, source)) };
        continue;
      case 'g':
        globals = withGlobals(globals, decodePax(await extensionOf(raw, source)));
        continue;
      case 'L':
        extension = { ...extension, path: longName(await extensionOf(raw, source)) };
        continue;
      case 'K':
        extension = { ...extension, target: longName(await extensionOf(raw, source)) };
        continue;
      default:
    }
    extensions = -1;
    const records = merged(globals, extension.records);
    const sparse = raw.flag === 'S' ? await oldSparse(raw, source) : undefined;
    const header = headerOf(raw, { ...extension, records });
    extension = NO_EXTENSION;
    const stored = records.has('size') ? decodeDecimal(records.get('size') ?? Buffer.alloc(0)) : raw.size;
    const size = header?.type === 'file' || header === undefined ? stored : 0;
    if (header === undefined) {
      await source.skip(size + paddingOf(size));
      continue;
    }
    const map = sparse ?? (header.type === 'file' ? await paxSparse(records, source) : undefined);
    const content = new Content(source, size, map);
    yield { header: map === undefined ? header : { ...header, size: map.size }, content };
    await content.finish();
  }
}

/** Reads the source to its end: a program that writes the archive into a pipe must get rid of all of it. */
async function drain(source: ByteSource): Promise<void> {
  while ((await source.some(CHUNK_BYTES)) !== undefined);
}

interface Extension {
  readonly records: Records;
  readonly path?: BinaryText;
  readonly target?: BinaryText;
}

type Records = ReadonlyMap<string, Buffer>;

const NO_EXTENSION: Extension = { records: new Map() };

/** Merges the records of another global header, as far as they are used. */
function withGlobals(globals: Records, more: Records): Records {
  const kept = new Map<string, Buffer>();
  for (const [key, value] of more) {
    if (key.startsWith('GNU.sparse.')) throw badArchive('a global header has the holes of a file');
    // Copied, so that the whole header is not kept in memory.
    if (GLOBAL_KEYS.has(key) || key.startsWith(XATTR_RECORD)) kept.set(key, Buffer.from(value));
  }
  const all = merged(globals, kept);
  if (all.size > MAX_GLOBALS) throw badArchive('the global headers have too many records');
  const bytes = [...all].reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (bytes > MAX_GLOBAL_BYTES) throw badArchive('the global headers are too long');
  return all;
}

/**
 * Merges a file's own records into the global ones. An empty record cancels a global one, except that an extended
 * attribute may be empty.
 */
function merged(globals: Records, own: Records): Records {
  if (own.size === 0) return globals;
  const all = [...new Map([...globals, ...own])];
  return new Map(all.filter(([key, value]) => value.length > 0 || key.startsWith(XATTR_RECORD)));
}

async function extensionOf({ size }: RawHeader, source: ByteSource): Promise<Buffer> {
  if (size > MAX_EXTENSION_BYTES) throw badArchive('a header is too long');
  const content = await source.exactly(size);
  if (content === undefined) throw endsEarly();
  await source.skip(paddingOf(size));
  return content;
}

function longName(content: Buffer): BinaryText {
  const end = content.indexOf(0);
  return content.toString('latin1', 0, end === -1 ? content.length : end);
}

/** Returns a name in a pax header, where only its length ends it, so that it must not contain a NUL. */
function recordedName(records: Records, key: string): BinaryText | undefined {
  const name = records.get(key);
  if (name?.includes(0) === true) throw badArchive('a name has a NUL in it');
  return name?.toString('latin1');
}

/** Returns the header of an entry; undefined if it is not a file, but a volume label or the like. */
function headerOf(raw: RawHeader, { records, path, target }: Extension): TarHeader | undefined {
  const record = (key: string) => recordedName(records, key);
  const named = record('GNU.sparse.name') ?? record('path') ?? path ?? raw.path;
  // Before ustar a directory was a file whose name ends with a slash.
  const type = named.endsWith('/') && TYPES[raw.flag] === 'file' ? 'directory' : TYPES[raw.flag];
  if (type === undefined) return undefined;
  const decimal = (key: string, otherwise: number) => {
    const value = records.get(key);
    return value === undefined ? otherwise : decodeDecimal(value);
  };
  const time = records.get('mtime');
  return {
    path: named.replace(/\/+$/, ''),
    type,
    mode: raw.mode,
    uid: decimal('uid', raw.uid),
    gid: decimal('gid', raw.gid),
    size: type === 'file' ? decimal('size', raw.size) : 0,
    ...(time === undefined ? { mtimeSec: raw.mtimeSec, mtimeNsec: 0 } : decodeTime(time)),
    target: type === 'symlink' || type === 'hardlink' ? (record('linkpath') ?? target ?? raw.target) : '',
    major: raw.major,
    minor: raw.minor,
    xattrs: new Map(
      [...records].flatMap(([key, value]) =>
        key.startsWith(XATTR_RECORD) ? [[key.slice(XATTR_RECORD.length), value] as const] : [],
      ),
    ),
  };
}

/** The content of one entry, which can be iterated once. */
class Content implements AsyncIterable<ContentPart> {
  readonly #source: ByteSource;
  readonly #ranges: readonly { readonly offset: number; readonly size: number }[];
  /** Bytes of content left in the archive, without padding. */
  #left: number;
  readonly #padding: number;

  constructor(source: ByteSource, size: number, map: SparseMap | undefined) {
    this.#source = source;
    this.#ranges = map?.ranges ?? [{ offset: 0, size }];
    this.#left = size - (map?.mapBytes ?? 0);
    this.#padding = paddingOf(size);
    if (this.#left < 0) throw badArchive('the map of a sparse file is longer than the file');
  }

  async *[Symbol.asyncIterator](): AsyncIterator<ContentPart> {
    for (const range of this.#ranges) {
      for (let at = 0; at < range.size;) {
        const bytes = await this.#source.some(Math.min(range.size - at, CHUNK_BYTES, this.#left));
        if (bytes === undefined || bytes.length === 0) throw endsEarly();
        this.#left -= bytes.length;
        yield { offset: range.offset + at, bytes };
        at += bytes.length;
      }
    }
  }

  /** Skips the content that was not read. */
  async finish(): Promise<void> {
    await this.#source.skip(this.#left + this.#padding);
    this.#left = 0;
  }
}
