/** Blobs in the store: named by their digest, and verified before they get that name. */
import type { Hash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  ftruncateSync,
  fstatSync,
  mkdirSync,
  openSync,
  read,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

import { TspodError } from '../../errors.js';
import { digestOf, hashFor, splitDigest } from '../../oci/digest.js';
import type { Descriptor } from '../../oci/image.js';
import type { ImagePaths } from '../paths.js';

const READ_BYTES = 256 * 1024;

const readAt = promisify(read);

/** Opens a blob at an offset. The stream may start at an earlier one, which `offset` tells. */
export type OpenBlob = (offset: number) => Promise<{ readonly stream: Readable; readonly offset: number }>;

export function blobPath({ blobs }: ImagePaths, digest: string): string {
  const { algorithm, hex } = splitDigest(digest);
  return join(blobs, algorithm, hex);
}

/** Returns the path of the data received so far for a blob. */
export function partialPath({ partial }: ImagePaths, digest: string): string {
  return join(partial, digest.replace(':', '-'));
}

/** Whether an earlier attempt to receive the blob has left data. */
export function hasPartial(paths: ImagePaths, digest: string): boolean {
  return (statSync(partialPath(paths, digest), { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** Removes data of an interrupted attempt. Call it under the blob's lock. */
export function removePartial(paths: ImagePaths, digest: string): void {
  rmSync(partialPath(paths, digest), { force: true });
}

/** Returns the size of a stored blob in bytes; undefined if it is not there. */
export function blobSize(paths: ImagePaths, digest: string): number | undefined {
  return statSync(blobPath(paths, digest), { throwIfNoEntry: false })?.size;
}

/** Reads a blob completely. Throws STORE_BROKEN if it is missing. */
export function readBlob(paths: ImagePaths, digest: string): Buffer {
  try {
    return readFileSync(blobPath(paths, digest));
  } catch (cause) {
    throw new TspodError('STORE_BROKEN', `blob ${digest} is missing: run "tspod system check --repair"`, { cause });
  }
}

export function blobStream(paths: ImagePaths, digest: string): Readable {
  return createReadStream(blobPath(paths, digest), { highWaterMark: READ_BYTES });
}

/**
 * Returns the path where the holder of a lease writes content whose digest is not known yet. Settling the lease removes
 * it.
 */
export function unnamedPath({ partial }: ImagePaths, lease: string): string {
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  return join(partial, `new-${lease}`);
}

/**
 * Stores a blob that is in memory. `unready` is the lease's unnamedPath(). Throws BAD_IMAGE if the digest is not that
 * of the bytes.
 */
export function keepBlob(paths: ImagePaths, { digest, bytes }: KeptBlob, unready: string): void {
  const found = digestOf(bytes, splitDigest(digest).algorithm);
  if (found !== digest) throw otherBytes(digest, found);
  if (blobSize(paths, digest) === bytes.length) return;
  writeFileSync(unready, bytes, { mode: 0o600, flag: 'wx' });
  putInPlace(paths, unready, digest);
}

export interface KeptBlob {
  readonly digest: string;
  readonly bytes: Uint8Array;
}

function putInPlace(paths: ImagePaths, unready: string, digest: string): void {
  const path = blobPath(paths, digest);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  renameSync(unready, path);
}

export interface Receiving {
  readonly descriptor: Descriptor;
  readonly open: OpenBlob;
  /** Called with the number of bytes received so far. */
  readonly onBytes?: ((count: number) => void) | undefined;
}

/** Attempts without any progress before an interrupted download fails. */
const MAX_ATTEMPTS = 3;

/**
 * Receives a blob, stores it, and yields its bytes. The blob gets its name once the last byte has been consumed. Data
 * of an earlier attempt is reused. Call it under the blob's lock. Throws BAD_IMAGE if the bytes do not match the
 * descriptor; the caller removes them then.
 */
export async function* receivedBlob(paths: ImagePaths, receiving: Receiving): AsyncGenerator<Buffer, void, undefined> {
  const { descriptor } = receiving;
  const partial = partialPath(paths, descriptor.digest);
  mkdirSync(paths.partial, { recursive: true, mode: 0o700 });
  const fd = openSync(partial, 'a+', 0o600);
  try {
    const hash = hashFor(descriptor.digest);
    yield* blobBytes(fd, hash, receiving);
    checkDigest(hash, descriptor);
  } finally {
    closeSync(fd);
  }
  putInPlace(paths, partial, descriptor.digest);
}

/**
 * Yields the first bytes of an open file. Not with a stream: a destroyed one closes the descriptor even with
 * `autoClose: false`, and by the time it is closed again, its number may belong to another file.
 */
async function* bytesOf(fd: number, length: number): AsyncGenerator<Buffer, void, undefined> {
  for (let at = 0; at < length;) {
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, length - at));
    const { bytesRead } = await readAt(fd, buffer, 0, buffer.length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function* blobBytes(fd: number, hash: Hash, receiving: Receiving): AsyncGenerator<Buffer, void, undefined> {
  const { descriptor, open, onBytes } = receiving;
  let there = Math.min(fstatSync(fd).size, descriptor.size);
  ftruncateSync(fd, there);
  if (there > 0) {
    for await (const chunk of bytesOf(fd, there)) {
      hash.update(chunk);
      yield chunk;
    }
    onBytes?.(there);
  }
  for (let attempt = 1; there < descriptor.size; attempt += 1) {
    const before = there;
    try {
      const { stream, offset } = await open(there);
      let skip = there - offset;
      for await (const received of stream as AsyncIterable<Buffer>) {
        const chunk = received.subarray(Math.min(skip, received.length));
        skip -= received.length - chunk.length;
        if (chunk.length === 0) continue;
        there += chunk.length;
        if (there > descriptor.size) throw wrongSize(descriptor);
        writeAll(fd, chunk);
        hash.update(chunk);
        onBytes?.(there);
        yield chunk;
      }
      if (there < descriptor.size && there === before) throw wrongSize(descriptor);
    } catch (error) {
      if (!isInterruption(error) || (there === before && attempt >= MAX_ATTEMPTS)) throw error;
    }
    if (there > before) attempt = 0;
  }
}

/**
 * Whether the connection broke: not a refusal, and not an error of the consumer. Registry requests are retried at a
 * lower level; a source supplied by the caller may not retry.
 */
function isInterruption(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return (
    typeof code === 'string' &&
    /^(ECONNRESET|EPIPE|ETIMEDOUT|ERR_STREAM_PREMATURE_CLOSE|UND_ERR_(SOCKET|BODY_TIMEOUT|ABORTED))$/.test(code)
  );
}

function writeAll(fd: number, chunk: Buffer): void {
  for (let at = 0; at < chunk.length;) {
    try {
      at += writeSync(fd, chunk, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      throw new TspodError('DISK_FULL', `no space left for a blob: ${(error as Error).message}`, { cause: error });
    }
  }
}

function checkDigest(hash: Hash, { digest }: Descriptor): void {
  const found = `${splitDigest(digest).algorithm}:${hash.digest('hex')}`;
  if (found !== digest) throw otherBytes(digest, found);
}

function otherBytes(digest: string, found: string): TspodError {
  return new TspodError('BAD_IMAGE', `blob ${digest} is corrupt: its digest is ${found}`, {
    details: { digest },
  });
}

function wrongSize({ digest, size }: Descriptor): TspodError {
  return new TspodError('BAD_IMAGE', `blob ${digest} does not have the ${size} bytes that its manifest says`, {
    details: { digest },
  });
}
