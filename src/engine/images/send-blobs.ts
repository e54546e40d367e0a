/** Blobs of an image to wherever it shall be. */
import { addAbortSignal, type Readable } from 'node:stream';

import type { ImageDestination } from '../../image/transport.js';
import { throwIfAborted } from '../../native/abort.js';
import type { Descriptor, ImageManifest } from '../../oci/image.js';
import type { OnProgress } from './progress.js';
import { allOrAbort } from './all-or-abort.js';

/** Blobs that are sent at the same time. */
const PARALLEL_BLOBS = 3;

/** Where they are now. */
export interface BlobOrigin {
  readonly open: (descriptor: Descriptor, signal: AbortSignal) => Promise<Readable>;
  /** Registries and repositories that have had it. */
  readonly mountFrom: (digest: string) => readonly string[];
}

export interface BlobTarget {
  readonly destination: ImageDestination;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Each once, some at a time. */
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
  const tell = (state: 'exists' | 'transferring' | 'done', currentBytes: number) =>
    onProgress?.({ kind: 'blob', digest, role, state, currentBytes, totalBytes });
  if (await destination.hasBlob(descriptor, { signal })) {
    tell('exists', totalBytes);
    return;
  }
  const counting = async () => {
    tell('transferring', 0);
    // Whoever reads it is told of the end by its error.
    const stream = addAbortSignal(signal, await origin.open(descriptor, signal));
    let count = 0;
    stream.on('data', (chunk: Buffer) => tell('transferring', (count += chunk.length)));
    stream.pause();
    // It may be aborted before it is read.
    stream.on('error', () => undefined);
    return stream;
  };
  try {
    const how = await destination.putBlob(descriptor, { open: counting, mountFrom: origin.mountFrom(digest), signal });
    tell(how === 'mounted' ? 'exists' : 'done', totalBytes);
  } catch (error) {
    throwIfAborted('push', signal);
    throw error;
  }
}
