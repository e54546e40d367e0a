/**
 * Finds the files in an archive by reading its headers once and skipping the contents. For image archives, whose parts
 * are needed in another order.
 */
import { TspodError } from '../../errors.js';
import { decodeBlock, decodeDecimal, decodePax, type RawHeader } from '../../tar/decode.js';
import { BLOCK_BYTES, paddingOf } from '../../tar/header.js';
import type { RandomFile } from './random-file.js';

/** Size limit of a pax header or a long name: those of image archives hold a path at most. */
const MAX_EXTENSION_BYTES = 256 * 1024;
const MAX_ENTRIES = 100_000;
const MAX_LINKS = 4;

interface Place {
  readonly offset: number;
  readonly size: number;
}

export interface TarIndex {
  /** Finds the content of a file; undefined if there is no such file. Throws BAD_ARCHIVE for links that form a loop. */
  find(path: string): Place | undefined;
  /** Paths of the regular files. */
  readonly paths: readonly string[];
}

/** The part of RandomFile that is needed. */
export type ArchiveBytes = Pick<RandomFile, 'bytes' | 'size'>;

/**
 * Throws BAD_ARCHIVE if the file is not an archive, is damaged, has a path that leads out of it, or has two files with
 * the same path.
 */
export async function indexTar(file: ArchiveBytes): Promise<TarIndex> {
  const files = new Map<string, Place>();
  const links = new Map<string, string>();
  for await (const { path, target, ...place } of entries(file)) {
    if (files.has(path) || links.has(path)) throw bad(`it has two files ${quoted(path)}`);
    if (target === undefined) files.set(path, place);
    else links.set(path, target);
    if (files.size + links.size > MAX_ENTRIES) throw bad(`it has more than ${MAX_ENTRIES} files`);
  }
  return { paths: [...files.keys()], find: (path) => found(path, files, links) };
}

function found(path: string, files: ReadonlyMap<string, Place>, links: ReadonlyMap<string, string>): Place | undefined {
  let at = path;
  for (let hops = 0; hops <= MAX_LINKS; hops += 1) {
    const target = links.get(at);
    if (target === undefined) return files.get(at);
    at = target;
  }
  throw bad(`${quoted(path)} is part of a loop of links`);
}

interface Entry extends Place {
  readonly path: string;
  /** For a link: the path in the archive that it points to. */
  readonly target?: string;
}

async function* entries(file: ArchiveBytes): AsyncGenerator<Entry, void, undefined> {
  let extension: Extension = {};
  for (let at = 0; at < file.size;) {
    const block = await file.bytes(at, BLOCK_BYTES);
    if (block.length < BLOCK_BYTES) throw bad(at === 0 ? 'it is too short' : 'it ends in the middle of a header');
    const raw = decodeBlock(block);
    if (raw === undefined) return;
    const offset = at + BLOCK_BYTES;
    const size = extension.size ?? raw.size;
    if (size < 0) throw bad('a size is negative');
    if ('xgLK'.includes(raw.flag)) {
      extension = { ...extension, ...(await readExtension(file, raw, offset)) };
      at = offset + raw.size + paddingOf(raw.size);
      continue;
    }
    const content = HAS_CONTENT.includes(raw.flag) ? size : 0;
    if (offset + content > file.size) throw bad('it ends in the middle of a file');
    const entry = entryOf(raw, extension, { offset, size: content });
    extension = {};
    if (entry !== undefined) yield entry;
    at = offset + content + paddingOf(content);
  }
}

/** Flags of files, and of ignored entries that have content. */
const HAS_CONTENT = ['0', '\0', '7', 'V', 'M', 'N', 'D'];

interface Extension {
  readonly path?: string;
  readonly target?: string;
  readonly size?: number;
}

async function readExtension(file: ArchiveBytes, { flag, size }: RawHeader, offset: number): Promise<Extension> {
  if (size < 0 || size > MAX_EXTENSION_BYTES) throw bad('a header is too long');
  const content = await file.bytes(offset, size);
  if (content.length < size) throw bad('it ends in the middle of a header');
  if (flag === 'L') return { path: cut(content.toString('utf8')) };
  if (flag === 'K') return { target: cut(content.toString('utf8')) };
  const records = decodePax(content);
  if ([...records.keys()].some((key) => key.startsWith('GNU.sparse.'))) throw bad('it has a sparse file');
  // A global header has nothing of use here, and must not redefine paths or sizes.
  if (flag === 'g') return {};
  const [path, target, length] = ['path', 'linkpath', 'size'].map((key) => records.get(key));
  return {
    ...(path === undefined ? {} : { path: cut(path.toString('utf8')) }),
    ...(target === undefined ? {} : { target: cut(target.toString('utf8')) }),
    ...(length === undefined ? {} : { size: decodeDecimal(length) }),
  };
}

/** Returns the file or link of a header; undefined for a directory, and for an entry that is not a file. */
function entryOf(raw: RawHeader, extension: Extension, place: Place): Entry | undefined {
  const named = extension.path ?? Buffer.from(raw.path, 'latin1').toString('utf8');
  const target = extension.target ?? Buffer.from(raw.target, 'latin1').toString('utf8');
  switch (raw.flag) {
    case '0':
    case '\0':
    case '7':
      if (named.endsWith('/')) return undefined;
      return { path: beneath(named, ''), ...place };
    case '1':
      return { path: beneath(named, ''), target: beneath(target, ''), ...place };
    case '2':
      return { path: beneath(named, ''), target: beneath(target, directoryOf(beneath(named, ''))), ...place };
    case 'S':
      throw bad('it has a sparse file');
    default:
      return undefined;
  }
}

function directoryOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

/**
 * Normalizes a path relative to a directory in the archive. Throws BAD_ARCHIVE for an absolute path and for one that
 * leads out of the archive.
 */
function beneath(path: string, directory: string): string {
  if (path.startsWith('/') || path.includes('\0')) throw bad(`${quoted(path)} leads out of it`);
  const parts: string[] = directory === '' ? [] : directory.split('/');
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw bad(`${quoted(path)} leads out of it`);
  }
  if (parts.length === 0) throw bad(`${quoted(path)} names no file`);
  return parts.join('/');
}

function cut(text: string): string {
  const end = text.indexOf('\0');
  return end === -1 ? text : text.slice(0, end);
}

function quoted(path: string): string {
  return JSON.stringify(path.slice(0, 256));
}

function bad(why: string): TspodError {
  return new TspodError('BAD_ARCHIVE', `cannot read the archive: ${why}`);
}
