/** A set of files by path, in a directory or an archive: the basis of image layouts. */
import { join } from 'node:path';
import type { Readable } from 'node:stream';

import { TspodError, isTspodError } from '../../errors.js';
import { RandomFile } from '../archive/random-file.js';

export interface OpenFile extends Disposable {
  readonly size: number;
  /** Reads up to `length` bytes from the beginning. */
  bytes(length: number): Promise<Buffer>;
  stream(offset: number): Readable;
}

export interface FileSet extends Disposable {
  /** The directory or archive, for errors. */
  readonly what: string;
  /** Opens a file; undefined if there is none of this path. */
  open(path: string): OpenFile | undefined;
  /** Regular files of an archive; empty for a directory. */
  paths(): readonly string[];
}

/**
 * Opens files below a directory. Callers pass only paths made of checked parts: digests and constant names. Symbolic
 * links are not followed.
 */
export function directoryFiles(directory: string): FileSet {
  return {
    what: directory,
    paths: () => [],
    open: (path) => {
      let file: RandomFile;
      try {
        file = RandomFile.open(join(directory, path), { follow: false, missing: 'NO_SUCH_FILE' });
      } catch (error) {
        if (isTspodError(error, 'NO_SUCH_FILE')) return undefined;
        throw error;
      }
      return {
        size: file.size,
        bytes: (length) => file.bytes(0, Math.min(length, file.size)),
        stream: (offset) => file.stream(offset, file.size - offset),
        [Symbol.dispose]: () => file[Symbol.dispose](),
      };
    },
    [Symbol.dispose]: () => undefined,
  };
}

/** Reads a small file completely; undefined if there is none. Throws BAD_IMAGE if it is larger than `maxBytes`. */
export async function readSmallFile(files: FileSet, path: string, maxBytes: number): Promise<Buffer | undefined> {
  const file = files.open(path);
  if (file === undefined) return undefined;
  try {
    if (file.size > maxBytes)
      throw new TspodError('BAD_IMAGE', `${files.what}: ${path} is larger than ${maxBytes} bytes`);
    return await file.bytes(file.size);
  } finally {
    file[Symbol.dispose]();
  }
}

/** Opens a blob of a known size. Throws BAD_IMAGE if it is missing, DIGEST_MISMATCH for another size. */
export function openBlob(
  files: FileSet,
  path: string,
  { digest, size, offset }: { readonly digest: string; readonly size: number; readonly offset: number },
): { readonly stream: Readable; readonly offset: number } {
  const file = files.open(path);
  if (file === undefined) throw new TspodError('BAD_IMAGE', `${files.what}: blob ${digest} is missing`);
  if (file.size !== size) {
    file[Symbol.dispose]();
    throw new TspodError('DIGEST_MISMATCH', `${files.what}: blob ${digest} has ${file.size} bytes, not ${size}`);
  }
  const from = Math.min(offset, size);
  const stream = file.stream(from);
  stream.once('close', () => file[Symbol.dispose]());
  return { stream, offset: from };
}
