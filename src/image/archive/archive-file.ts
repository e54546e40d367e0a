/** Opens an image archive for reading: as it is, or decompressed to a temporary file. */
import { closeSync, openSync } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

import { TspodError } from '../../errors.js';
import { abortedError } from '../../native/abort.js';
import { COMPRESSION_BYTES, foreignCompression, foreignText, isGzip, isZstd } from '../../util/compression.js';
import { maxUnpackedBytes } from '../../util/growth-limit.js';
import type { FileSet } from '../layout/file-set.js';
import { RandomFile } from './random-file.js';
import { openUnnamed, writeUnnamed } from './unnamed-file.js';
import { indexTar, type TarIndex } from './tar-index.js';

export interface ArchiveOptions {
  /** Directory for the decompressed form of a compressed archive. */
  readonly temporaryDirectory: string;
  /** Keeps decompressed forms for later calls that open the same archive. @default each call decompresses it */
  readonly unpacked?: UnpackedArchives | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Decompressed forms of archives, by path. */
export class UnpackedArchives implements Disposable {
  readonly #fds = new Map<string, number>();

  get(path: string): RandomFile | undefined {
    const fd = this.#fds.get(path);
    return fd === undefined ? undefined : RandomFile.of(openAgain(fd), path);
  }

  keep(path: string, fd: number): void {
    this.#fds.set(path, openAgain(fd));
  }

  [Symbol.dispose](): void {
    for (const fd of this.#fds.values()) closeSync(fd);
    this.#fds.clear();
  }
}

function openAgain(fd: number): number {
  return openSync(`/proc/self/fd/${fd}`, 'r');
}

/** Opens the files of an archive. Throws NO_SUCH_FILE and BAD_ARCHIVE. */
export async function openArchive(path: string, options: ArchiveOptions): Promise<FileSet> {
  const given = RandomFile.open(path, { missing: 'NO_SUCH_FILE' });
  let file = given;
  try {
    file = await plainFile(given, options);
    return fileSet(file, await indexTar(file), path);
  } catch (error) {
    file[Symbol.dispose]();
    if (!(error instanceof TspodError) || error.code !== 'BAD_ARCHIVE') throw error;
    throw new TspodError('BAD_ARCHIVE', `open ${JSON.stringify(path)}: ${error.message}`, { cause: error });
  }
}

function fileSet(file: RandomFile, index: TarIndex, path: string): FileSet {
  return {
    what: path,
    paths: () => index.paths,
    open: (name) => {
      const place = index.find(name);
      if (place === undefined) return undefined;
      return {
        size: place.size,
        bytes: (length) => file.bytes(place.offset, Math.min(length, place.size)),
        stream: (offset) => file.stream(place.offset + offset, place.size - offset),
        [Symbol.dispose]: () => undefined,
      };
    },
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}

/** Returns the file itself or, if it is compressed, its decompressed form; then the original is closed. */
async function plainFile(file: RandomFile, options: ArchiveOptions): Promise<RandomFile> {
  const head = await file.bytes(0, COMPRESSION_BYTES);
  const foreign = foreignCompression(head) ?? (isZstd(head) ? 'zstd' : undefined);
  if (foreign !== undefined) throw new TspodError('NOT_SUPPORTED', foreignText(JSON.stringify(file.path), foreign));
  if (!isGzip(head)) return file;
  const plain = options.unpacked?.get(file.path) ?? (await unpacked(file, options));
  file[Symbol.dispose]();
  return plain;
}

async function unpacked(file: RandomFile, options: ArchiveOptions): Promise<RandomFile> {
  const { signal } = options;
  const fd = openUnnamed(options.temporaryDirectory);
  try {
    await pipeline(
      file.stream(0, file.size),
      createGunzip(),
      atMost(maxUnpackedBytes(file.size)),
      writeUnnamed(fd),
      ...(signal === undefined ? [] : [{ signal }]),
    );
    options.unpacked?.keep(file.path, fd);
    return RandomFile.of(fd, file.path);
  } catch (error) {
    closeSync(fd);
    if (signal?.aborted === true) throw abortedError('unpack the archive', signal);
    throw unpackError(error);
  }
}

function unpackError(error: unknown): Error {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return new TspodError('DISK_FULL', `unpack the archive: ${message}`, { cause: error });
  if (code.startsWith('Z_'))
    return new TspodError('BAD_ARCHIVE', `it cannot be unpacked: ${message}`, { cause: error });
  return error as Error;
}

function atMost(maxBytes: number): Transform {
  let length = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      length += chunk.length;
      if (length > maxBytes) done(new TspodError('BAD_ARCHIVE', `it unpacks to more than ${maxBytes} bytes`));
      else done(null, chunk);
    },
  });
}
