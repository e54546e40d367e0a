/** Sends the blobs of an image to a destination. */
import { addAbortSignal, type Readable } from 'node:stream';

import type { ImageDestination } from '../../image/transport.js';
import { throwIfAborted } from '../../native/abort.js';
import type { Descriptor, ImageManifest } from '../../oci/image.js';
import type { OnProgress } from './progress.js';
import { allOrAbort } from './all-or-abort.js';

/** Maximum number of blobs that are sent at the same time. */
const PARALLEL_BLOBS = 3;

/** Where the blobs come from. */
export interface BlobOrigin {
  readonly open: (descriptor: Descriptor, signal: AbortSignal) => Promise<Readable>;
  /** Repositories (with registry) known to have the blob, from which the registry may mount it. */
  readonly mountFrom: (digest: string) => readonly string[];
}

export interface BlobTarget {
  readonly destination: ImageDestination;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Sends each blob once, up to PARALLEL_BLOBS at a time. */
export async function sendBlobs(
  origin: BlobOrigin,
  { config, layers }: ImageManifest,
  { destination, signal: given, onProgress }: BlobTarget,
): Promise<void> {
  const queue = new Map([...layers, config].map((blob) => [blob.digest, blob])).values();
  await allOrAbort(given, (signal) => {
    const send = async () => {
      for (const descriptor of queue) {
        throwIfAborted('push', signal);
        const role = descriptor === config ? 'config' : 'layer';
        await sendBlob({ origin, destination, descriptor, role, signal, onProgress });
      }
    };
    return Array.from({ length: PARALLEL_BLOBS }, send);
  });
}

interface BlobSending {
  readonly origin: BlobOrigin;
  readonly destination: ImageDestination;
  readonly descriptor: Descriptor;
  readonly role: 'config' | 'layer';
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress | undefined;
}

async function sendBlob(sending: BlobSending): Promise<void> {
  const { origin, destination, descriptor, role, signal, onProgress } = sending;
  const { digest, size: totalBytes } = descriptor;
  const report = (state: 'exists' | 'transferring' | 'done', currentBytes: number) =>
    onProgress?.({ kind: 'blob', digest, role, state, currentBytes, totalBytes });
  if (await destination.hasBlob(descriptor, { signal })) {
    report('exists', totalBytes);
    return;
  }
  const counting = async () => {
    report('transferring', 0);
    // Its reader learns of an abort from the stream's error.
    const stream = addAbortSignal(signal, await origin.open(descriptor, signal));
    let count = 0;
    stream.on('data', (chunk: Buffer) => report('transferring', (count += chunk.length)));
    stream.pause();
    // The stream may be aborted before anybody reads it.
    stream.on('error', () => undefined);
    return stream;
  };
  try {
    const how = await destination.putBlob(descriptor, { open: counting, mountFrom: origin.mountFrom(digest), signal });
    report(how === 'mounted' ? 'exists' : 'done', totalBytes);
  } catch (error) {
    throwIfAborted('push', signal);
    throw error;
  }
}
