/** Blobs in the store: named by their digest, checked before they get their name. */
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

/** Bytes from an offset on; it may answer with an earlier one. */
export type OpenBlob = (offset: number) => Promise<{ readonly stream: Readable; readonly offset: number }>;

export function blobPath({ blobs }: ImagePaths, digest: string): string {
  const { algorithm, hex } = splitDigest(digest);
  return join(blobs, algorithm, hex);
}

export function partialPath({ partial }: ImagePaths, digest: string): string {
  return join(partial, digest.replace(':', '-'));
}

/** An attempt to receive it has left something. */
export function hasPartial(paths: ImagePaths, digest: string): boolean {
  return (statSync(partialPath(paths, digest), { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** Under the blob's lock. */
export function removePartial(paths: ImagePaths, digest: string): void {
  rmSync(partialPath(paths, digest), { force: true });
}

/** Bytes of a blob that is there; undefined if it is not. */
export function blobSize(paths: ImagePaths, digest: string): number | undefined {
  return statSync(blobPath(paths, digest), { throwIfNoEntry: false })?.size;
}

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

/** Where the holder of a lease writes what has no digest yet: whoever settles the lease removes it. */
export function unnamedPath({ partial }: ImagePaths, lease: string): string {
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  return join(partial, `new-${lease}`);
}

/** Keeps bytes that are in memory. `unready`: of `unnamedPath`. Throws BAD_IMAGE for another digest than theirs. */
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
  /** Called with the count of bytes that are there. */
  readonly onBytes?: ((count: number) => void) | undefined;
}

/** A stream that breaks off is opened anew so often without a byte of progress. */
const MAX_ATTEMPTS = 3;

/**
 * The bytes of a blob as they come, which are kept; it has its name when the last of them has been taken. What an earlier attempt left is
 * used. Under the blob's lock. Throws BAD_IMAGE for bytes that are not those of the descriptor; they are the caller's to remove.
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
 * The first bytes of an open file. Not by a stream: one that is given up closes the descriptor, also with `autoClose: false`, and its number
 * may be another file's when it is closed again.
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

/** The connection broke: not a refusal, and not what the receiver says. Registries are asked again below this; a source of the caller's may not do so. */
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
  return new TspodError('BAD_IMAGE', `blob ${digest} has other bytes than its digest says: ${found}`, {
    details: { digest },
  });
}

function wrongSize({ digest, size }: Descriptor): TspodError {
  return new TspodError('BAD_IMAGE', `blob ${digest} has not ${size} bytes, as its manifest says`, {
    details: { digest },
  });
}
