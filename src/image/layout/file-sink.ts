/** Writes the files of an image layout to a directory or an archive. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';

import { TspodError } from '../../errors.js';
import { NewFile } from '../archive/new-file.js';
import { TarWriter } from '../archive/tar-writer.js';

export interface FileSink extends AsyncDisposable {
  has(name: string): boolean;
  /** Writes a blob, and verifies its digest. */
  putBlob(
    name: string,
    blob: { readonly digest: string; readonly size: number },
    open: () => Promise<Readable>,
  ): Promise<void>;
  /** Writes a small file, replacing an existing one. */
  put(name: string, bytes: Buffer): Promise<void>;
  /** Reads an existing small file. */
  read(name: string): Promise<Buffer | undefined>;
  commit(): Promise<void>;
}

/** Writes to a directory. Each file appears when it is complete. */
export async function directorySink(directory: string): Promise<FileSink> {
  await mkdir(directory, { recursive: true });
  return {
    has: (name) => existsSync(join(directory, name)),
    putBlob: (name, blob, source) => writeChecked(join(directory, name), blob, source),
    put: (name, bytes) =>
      writeChecked(join(directory, name), { size: bytes.length }, () => Promise.resolve(Readable.from([bytes]))),
    read: async (name) => (existsSync(join(directory, name)) ? readFile(join(directory, name)) : undefined),
    commit: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/**
 * Writes an archive, which replaces an existing one on commit. Small files are written last, with their latest content.
 */
export async function archiveSink(path: string): Promise<FileSink> {
  const writer = await TarWriter.create(path);
  const small = new Map<string, Buffer>();
  return {
    has: (name) => writer.has(name) || small.has(name),
    putBlob: (name, { digest, size }, source) => writer.add(name, size, source, digest),
    put: (name, bytes) => {
      small.set(name, bytes);
      return Promise.resolve();
    },
    read: (name) => Promise.resolve(small.get(name)),
    commit: async () => {
      for (const [name, bytes] of small) await writer.add(name, bytes.length, bytes);
      await writer.finish();
    },
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}

async function writeChecked(
  path: string,
  { digest, size }: { readonly digest?: string; readonly size: number },
  source: () => Promise<Readable>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  try {
    await using file = await NewFile.create(path);
    await writeTo(file.handle, { path, digest, size }, await source());
    await file.commit();
  } catch (error) {
    if (error instanceof TspodError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const kind = code === 'ENOSPC' ? 'DISK_FULL' : code === 'EACCES' ? 'PERMISSION_DENIED' : 'INVALID_ARGUMENT';
    throw new TspodError(kind, `write ${JSON.stringify(path)}: ${message}`, { cause: error });
  }
}

async function writeTo(
  file: FileHandle,
  { path, digest, size }: { path: string; digest: string | undefined; size: number },
  source: Readable,
): Promise<void> {
  const hash = createHash(digest?.split(':')[0] ?? 'sha256');
  let length = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > size) break;
    hash.update(chunk);
    await file.writeFile(chunk);
  }
  const isRight = length === size && (digest === undefined || digest.split(':')[1] === hash.digest('hex'));
  if (!isRight)
    throw new TspodError('DIGEST_MISMATCH', `write ${JSON.stringify(path)}: the bytes are not those of ${digest}`);
}
