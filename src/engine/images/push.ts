/** An image to wherever it shall be: the bytes that were pulled, so that all digests stay. */
import { addAbortSignal, type Readable } from 'node:stream';

import type { EngineContext } from '../../container/context.js';
import { recordImageEvent } from '../../container/events.js';
import { findImage } from '../../container/find-image.js';
import { TspodError } from '../../errors.js';
import { parseReference, repositoryName } from '../../image/reference.js';
import { parseTransportName } from '../../image/transport-name.js';
import type { ImageDestination } from '../../image/transport.js';
import { throwIfAborted } from '../../native/abort.js';
import type { Descriptor, ImageManifest } from '../../oci/image.js';
import { parseManifest } from '../../oci/parse-image.js';
import type { StoredImage } from '../../state/image-rows.js';
import { noSuchImage } from '../../state/images.js';
import { blobStream, readBlob } from '../../storage/images/blobs.js';
import { Lease } from '../../storage/images/lease.js';
import type { OnProgress } from './progress.js';
import { manifestOf } from './summary.js';
import { together } from './together.js';
import type { PushedImage, PushOptions } from './types.js';

/** Blobs that are sent at the same time. */
const PARALLEL_BLOBS = 3;

export async function pushImage(
  context: EngineContext,
  nameOrId: string,
  to: string | undefined,
  options: PushOptions = {},
): Promise<PushedImage> {
  const { image, name } = findImage(context.store, nameOrId);
  const reference = to ?? name;
  if (reference === undefined)
    throw new TspodError('INVALID_ARGUMENT', `${nameOrId} is no name: say where the image is to be pushed`);
  const { openDestination } = await import('./open.js');
  await using destination = await openDestination(reference, options.registry);
  const digest = await sendImage(context, image, { ...options, destination, by: name });
  const { kind, rest } = parseTransportName(reference);
  if (kind === 'docker') context.store.images.isIn(image.seq, repositoryName(parseReference(rest)), digest);
  recordImageEvent(context, { status: 'push', id: image.id, name: reference });
  return { digest, reference: destination.reference };
}

export interface Sending extends Pick<PushOptions, 'signal' | 'onProgress'> {
  readonly destination: ImageDestination;
  /** The name whose manifest is sent. @default the first */
  readonly by?: string | undefined;
}

/** Blobs first, then the manifest. Answers its digest. What is sent stays until then, whoever removes the image. Throws NO_SUCH_IMAGE. */
export async function sendImage(context: EngineContext, image: StoredImage, sending: Sending): Promise<string> {
  const { store, paths } = context;
  using lease = new Lease(store, paths.images);
  lease.add(store.images.blobs(image.seq).map(({ digest }) => ({ kind: 'blob', key: digest })));
  try {
    if (store.images.bySeq(image.seq) === undefined) throw noSuchImage(image.id);
    return await sendParts(context, image, sending);
  } finally {
    lease.end();
  }
}

async function sendParts({ store, paths }: EngineContext, image: StoredImage, sending: Sending): Promise<string> {
  const { destination, by, signal, onProgress } = sending;
  const digest = manifestOf(store, image, by);
  const stored = store.images.blobs(image.seq).find((blob) => blob.digest === digest);
  const bytes = readBlob(paths.images, digest);
  const parsed = parseManifest(bytes, stored?.mediaType);
  if (parsed.kind !== 'manifest') throw new TspodError('STORE_BROKEN', `the manifest ${digest} is an index`);
  await sendBlobs({ store, paths }, parsed.manifest, sending);
  const options = signal === undefined ? {} : { signal };
  await destination.putManifest({ mediaType: parsed.manifest.mediaType, digest, bytes }, options);
  onProgress?.({ kind: 'image', state: 'manifest', reference: destination.reference, digest });
  await destination.commit();
  onProgress?.({ kind: 'image', state: 'stored', reference: destination.reference, digest });
  return digest;
}

/** Each once, some at a time. */
async function sendBlobs(
  { store, paths }: Pick<EngineContext, 'store' | 'paths'>,
  { config, layers }: ImageManifest,
  { destination, signal: given, onProgress }: Sending,
): Promise<void> {
  const queue = new Map([...layers, config].map((blob) => [blob.digest, blob])).values();
  await together(given, (signal) => {
    const send = async () => {
      for (const descriptor of queue) {
        throwIfAborted('push', signal);
        const role = descriptor === config ? 'config' : 'layer';
        const open = () => blobStream(paths.images, descriptor.digest);
        const mountFrom = store.images.repositoriesWith(descriptor.digest);
        await sendBlob({ destination, descriptor, role, open, mountFrom, signal, onProgress });
      }
    };
    return Array.from({ length: PARALLEL_BLOBS }, send);
  });
}

interface BlobSending {
  readonly destination: ImageDestination;
  readonly descriptor: Descriptor;
  readonly role: 'config' | 'layer';
  readonly open: () => Readable;
  /** Registries and repositories that have had it. */
  readonly mountFrom: readonly string[];
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress | undefined;
}

async function sendBlob(sending: BlobSending): Promise<void> {
  const { destination, descriptor, role, open, mountFrom, signal, onProgress } = sending;
  const { digest, size: totalBytes } = descriptor;
  const tell = (state: 'exists' | 'transferring' | 'done', currentBytes: number) =>
    onProgress?.({ kind: 'blob', digest, role, state, currentBytes, totalBytes });
  if (await destination.hasBlob(descriptor, { signal })) {
    tell('exists', totalBytes);
    return;
  }
  const counting = () => {
    tell('transferring', 0);
    // Whoever reads it is told of the end by its error.
    const stream = addAbortSignal(signal, open());
    let count = 0;
    stream.on('data', (chunk: Buffer) => tell('transferring', (count += chunk.length)));
    stream.pause();
    // It may be aborted before it is read.
    stream.on('error', () => undefined);
    return Promise.resolve(stream);
  };
  try {
    const how = await destination.putBlob(descriptor, { open: counting, mountFrom, signal });
    tell(how === 'mounted' ? 'exists' : 'done', totalBytes);
  } catch (error) {
    throwIfAborted('push', signal);
    throw error;
  }
}
