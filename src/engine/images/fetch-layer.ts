/** One layer of an image that is pulled: downloaded and unpacked in one stream, by one process for all. */
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
  /** Chain ids of the layers below it, from the lowest up. */
  readonly below: readonly string[];
  /** Resolves when these are complete. */
  readonly belowReady: Promise<unknown>;
}

/** Both the blob and the unpacked layer are there afterwards. */
export async function fetchLayer(context: FetchContext, layer: WantedLayer): Promise<LayerRecord> {
  const { paths, signal } = context;
  const { descriptor, chain } = layer;
  const tell = teller(context, descriptor, 'layer');
  if (hasBlob(paths, descriptor) && hasLayer(paths, chain)) {
    tell('exists', descriptor.size);
    return complete(paths, chain);
  }
  const options = { signal, onWait: () => tell('waiting', 0) };
  await withLocked(lockPath(paths, 'layer', chain), () => fetchLocked(context, layer, tell), options);
  tell('done', descriptor.size);
  return complete(paths, chain);
}

/**
 * Somebody else may have done it meanwhile. The blob's lock is given back before the layers below are waited for: they may be made of the
 * same blob.
 */
async function fetchLocked(context: FetchContext, layer: WantedLayer, tell: Tell): Promise<void> {
  const { paths, signal } = context;
  const { descriptor, belowReady } = layer;
  const unready = await withLocked(
    lockPath(paths, 'blob', descriptor.digest),
    () => beginLocked(context, layer, tell),
    { signal, onWait: () => tell('waiting', 0) },
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

/** undefined: the layer is complete, and only the blob was missing. */
async function beginLocked(context: FetchContext, layer: WantedLayer, tell: Tell): Promise<UnreadyLayer | undefined> {
  const { paths, signal, limits } = context;
  const { descriptor, chain } = layer;
  const isThere = hasBlob(paths, descriptor);
  if (hasLayer(paths, chain)) {
    if (!isThere) await withReceived(context, { descriptor, tell }, drain);
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
    : await withReceived(context, { descriptor, tell }, unpack);
  failpoint('layer-unpacked');
  return unready;
}

/** A blob that is not unpacked: a config. */
export async function fetchBlob(
  context: FetchContext,
  descriptor: Descriptor,
  role: BlobProgress['role'],
): Promise<void> {
  const { paths, signal } = context;
  const tell = teller(context, descriptor, role);
  if (hasBlob(paths, descriptor)) {
    tell('exists', descriptor.size);
    return;
  }
  await withLocked(
    lockPath(paths, 'blob', descriptor.digest),
    async () => {
      if (!hasBlob(paths, descriptor)) await withReceived(context, { descriptor, tell }, drain);
    },
    { signal, onWait: () => tell('waiting', 0) },
  );
  tell('done', descriptor.size);
}

/** One of another size was damaged from outside, or the manifest lies: it is fetched and compared. */
function hasBlob(paths: ImagePaths, { digest, size }: Descriptor): boolean {
  return blobSize(paths, digest) === size;
}

/** Few enough that telling costs nothing. */
const TELL_BYTES = 256 * 1024;

interface ReceivedBlob {
  readonly descriptor: Descriptor;
  readonly tell: Tell;
}

/**
 * Does something with the bytes of a blob as they come. Those that are found to be wrong are not kept, whoever finds it: the next attempt would go on with them,
 * from any source. If an earlier attempt had left some of them, this one begins anew. Under the blob's lock.
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
      // Nothing is written any more when the lock is given back, or the file is begun anew.
      stop.abort();
      await bytes.return().catch(() => undefined);
      if (!isOfBytes(error)) throw error;
      removePartial(paths, descriptor.digest);
      if (!isResumed || hasBlob(paths, descriptor)) throw error;
    }
  }
}

function isOfBytes(error: unknown): boolean {
  return isTspodError(error) && ['BAD_IMAGE', 'BAD_ARCHIVE', 'DIGEST_MISMATCH'].includes(error.code);
}

async function* receiving(
  { paths, source, signal }: FetchContext,
  { descriptor, tell }: ReceivedBlob,
  stop: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  let told = -1;
  const onBytes = (count: number) => {
    if (told >= 0 && count - told < TELL_BYTES && count < descriptor.size) return;
    told = count;
    tell(count === descriptor.size ? 'unpacking' : 'transferring', count);
  };
  tell('transferring', 0);
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

/** Opened when the first of them is taken: whoever takes none has nothing to close. */
async function* storedBytes(paths: ImagePaths, digest: string): AsyncGenerator<Buffer, void, undefined> {
  yield* blobStream(paths, digest);
}

async function drain(bytes: AsyncIterable<unknown>): Promise<void> {
  for await (const _chunk of bytes);
}

function complete(paths: ImagePaths, chain: string): LayerRecord {
  const record = readLayer(paths, chain);
  if (record === undefined) throw new TypeError(`layer ${chain} has vanished while it was in use`);
  return record;
}

type Tell = (state: BlobProgress['state'], currentBytes: number) => void;

function teller({ onProgress }: FetchContext, { digest, size }: Descriptor, role: BlobProgress['role']): Tell {
  return (state, currentBytes) => onProgress?.({ kind: 'blob', digest, role, state, currentBytes, totalBytes: size });
}
