/**
 * Fetches one layer of an image: downloads and unpacks it in one stream. Processes that need the same layer wait for
 * the first.
 */
import { addAbortSignal } from 'node:stream';

import { failpoint } from '../../container/failpoint.js';
import { isTspodError } from '../../errors.js';
import { abortedError } from '../../native/abort.js';
import type { ImageSource } from '../../image/transport.js';
import type { Descriptor } from '../../oci/image.js';
import { blobSize, blobStream, hasPartial, receivedBlob, removePartial } from '../../storage/images/blobs.js';
import { decompressed } from '../../native/decompress.js';
import {
  beginLayer,
  completeLayer,
  dropUnready,
  hasLayer,
  readLayer,
  type LayerRecord,
  type UnreadyLayer,
} from '../../storage/images/layers.js';
import { lockPath, withLocked } from '../../storage/images/locked.js';
import type { LayerLimits } from '../../storage/images/unpack-layer.js';
import type { ImagePaths } from '../../storage/paths.js';
import type { BlobProgress, OnProgress } from './progress.js';

export interface FetchContext {
  readonly paths: ImagePaths;
  readonly source: ImageSource;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly limits?: LayerLimits | undefined;
}

export interface WantedLayer {
  readonly descriptor: Descriptor;
  readonly chain: string;
  readonly diff: string;
  /** Chain ids of the layers below this one, lowest first. */
  readonly below: readonly string[];
  /** Resolves when the layers below are complete. */
  readonly belowReady: Promise<unknown>;
}

/** Fetches a layer; afterwards both its blob and the unpacked layer are stored. */
export async function fetchLayer(context: FetchContext, layer: WantedLayer): Promise<LayerRecord> {
  const { paths, signal } = context;
  const { descriptor, chain } = layer;
  const report = progressReporter(context, descriptor, 'layer');
  if (hasBlob(paths, descriptor) && hasLayer(paths, chain)) {
    report('exists', descriptor.size);
    return complete(paths, chain);
  }
  const options = { signal, onWait: () => report('waiting', 0) };
  await withLocked(lockPath(paths, 'layer', chain), () => fetchLocked(context, layer, report), options);
  report('done', descriptor.size);
  return complete(paths, chain);
}

/**
 * Fetches the layer under its lock, unless another process has done so meanwhile. The blob's lock is released before
 * the layers below are awaited, because one of them may consist of the same blob.
 */
async function fetchLocked(context: FetchContext, layer: WantedLayer, report: Report): Promise<void> {
  const { paths, signal } = context;
  const { descriptor, belowReady } = layer;
  const unready = await withLocked(
    lockPath(paths, 'blob', descriptor.digest),
    () => beginLocked(context, layer, report),
    { signal, onWait: () => report('waiting', 0) },
  );
  if (unready === undefined) return;
  try {
    await belowReady;
  } catch (error) {
    await dropUnready(paths, unready);
    throw error;
  }
  await completeLayer(paths, unready);
}

/**
 * Unpacks the layer under the blob's lock. Returns undefined if the layer was complete and only its blob was missing.
 */
async function beginLocked(
  context: FetchContext,
  layer: WantedLayer,
  report: Report,
): Promise<UnreadyLayer | undefined> {
  const { paths, signal, limits } = context;
  const { descriptor, chain } = layer;
  const isThere = hasBlob(paths, descriptor);
  if (hasLayer(paths, chain)) {
    if (!isThere) await withReceived(context, { descriptor, report }, drain);
    return undefined;
  }
  const unpack = (bytes: AsyncIterable<Buffer>) =>
    beginLayer(paths, {
      ...layer,
      archive: decompressed(bytes, { limit: limits?.growth }),
      signal,
      ...(limits === undefined ? {} : { limits }),
    });
  const unready = isThere
    ? await unpack(storedBytes(paths, descriptor.digest))
    : await withReceived(context, { descriptor, report }, unpack);
  failpoint('layer-unpacked');
  return unready;
}

/** Fetches a blob that is not unpacked, such as a config. */
export async function fetchBlob(
  context: FetchContext,
  descriptor: Descriptor,
  role: BlobProgress['role'],
): Promise<void> {
  const { paths, signal } = context;
  const report = progressReporter(context, descriptor, role);
  if (hasBlob(paths, descriptor)) {
    report('exists', descriptor.size);
    return;
  }
  await withLocked(
    lockPath(paths, 'blob', descriptor.digest),
    async () => {
      if (!hasBlob(paths, descriptor)) await withReceived(context, { descriptor, report }, drain);
    },
    { signal, onWait: () => report('waiting', 0) },
  );
  report('done', descriptor.size);
}

/**
 * Whether the blob is stored with the size of its descriptor. Otherwise it was damaged from outside, or the manifest is
 * wrong: it is fetched again and its digest compared.
 */
function hasBlob(paths: ImagePaths, { digest, size }: Descriptor): boolean {
  return blobSize(paths, digest) === size;
}

/** Bytes between two progress reports, enough that these cost next to nothing. */
const REPORT_BYTES = 256 * 1024;

interface ReceivedBlob {
  readonly descriptor: Descriptor;
  readonly report: Report;
}

/**
 * Passes the bytes of a blob to `work` as they arrive, under the blob's lock. If either side finds them wrong, the
 * partial file is removed, because the next attempt would resume it, from whatever source; if this attempt had resumed
 * one itself, it starts over once.
 */
async function withReceived<T>(
  context: FetchContext,
  blob: ReceivedBlob,
  work: (bytes: AsyncIterable<Buffer>) => Promise<T>,
): Promise<T> {
  const { paths } = context;
  const { descriptor } = blob;
  for (;;) {
    const isResumed = hasPartial(paths, descriptor.digest);
    const stop = new AbortController();
    const bytes = receiving(context, blob, stop.signal);
    try {
      return await work(bytes);
    } catch (error) {
      // Ensures that nothing is written any more when the lock is released or the file is begun anew.
      stop.abort();
      await bytes.return().catch(() => undefined);
      if (!isWrongBytes(error)) throw error;
      removePartial(paths, descriptor.digest);
      if (!isResumed || hasBlob(paths, descriptor)) throw error;
    }
  }
}

function isWrongBytes(error: unknown): boolean {
  return isTspodError(error) && ['BAD_IMAGE', 'BAD_ARCHIVE', 'DIGEST_MISMATCH'].includes(error.code);
}

async function* receiving(
  { paths, source, signal }: FetchContext,
  { descriptor, report }: ReceivedBlob,
  stop: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  let reported = -1;
  const onBytes = (count: number) => {
    if (reported >= 0 && count - reported < REPORT_BYTES && count < descriptor.size) return;
    reported = count;
    report(count === descriptor.size ? 'unpacking' : 'transferring', count);
  };
  report('transferring', 0);
  const open = async (offset: number) => {
    const opened = await source.blob(descriptor, {
      offset,
      signal: signal === undefined ? stop : AbortSignal.any([signal, stop]),
    });
    addAbortSignal(stop, opened.stream);
    return opened;
  };
  for await (const chunk of receivedBlob(paths, { descriptor, open, onBytes })) {
    if (signal?.aborted === true) throw abortedError('pull', signal);
    yield chunk;
  }
}

/** Reads a stored blob. Opened when the first chunk is read, so that a caller that reads none has nothing to close. */
async function* storedBytes(paths: ImagePaths, digest: string): AsyncGenerator<Buffer, void, undefined> {
  yield* blobStream(paths, digest);
}

async function drain(bytes: AsyncIterable<unknown>): Promise<void> {
  for await (const _chunk of bytes);
}

function complete(paths: ImagePaths, chain: string): LayerRecord {
  const record = readLayer(paths, chain);
  if (record === undefined) throw new TypeError(`layer ${chain} disappeared while it was in use`);
  return record;
}

type Report = (state: BlobProgress['state'], currentBytes: number) => void;

function progressReporter(
  { onProgress }: FetchContext,
  { digest, size }: Descriptor,
  role: BlobProgress['role'],
): Report {
  return (state, currentBytes) => onProgress?.({ kind: 'blob', digest, role, state, currentBytes, totalBytes: size });
}
