/** An image to wherever it shall be: the bytes that were pulled, so that all digests stay. */
import type { EngineContext } from '../../container/context.js';
import { recordImageEvent } from '../../container/events.js';
import { findImage } from '../../container/find-image.js';
import { TspodError } from '../../errors.js';
import type { ImageDestination } from '../../image/transport.js';
import { abortedError } from '../../native/abort.js';
import type { Descriptor } from '../../oci/image.js';
import { parseManifest } from '../../oci/parse-image.js';
import type { StoredImage } from '../../state/image-rows.js';
import { blobStream, readBlob } from '../../storage/images/blobs.js';
import type { OnProgress } from './progress.js';
import { manifestOf } from './summary.js';
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
  recordImageEvent(context, { status: 'push', id: image.id, name: reference });
  return { digest, reference: destination.reference };
}

export interface Sending extends Pick<PushOptions, 'signal' | 'onProgress'> {
  readonly destination: ImageDestination;
  /** The name whose manifest is sent. @default the first */
  readonly by?: string | undefined;
}

/** Blobs first, then the manifest. Answers its digest. */
export async function sendImage(
  { store, paths }: EngineContext,
  image: StoredImage,
  { destination, by, signal, onProgress }: Sending,
): Promise<string> {
  const digest = manifestOf(store, image, by);
  const stored = store.images.blobs(image.seq).find((blob) => blob.digest === digest);
  const bytes = readBlob(paths.images, digest);
  const parsed = parseManifest(bytes, stored?.mediaType);
  if (parsed.kind !== 'manifest') throw new TspodError('STORE_BROKEN', `the manifest ${digest} is an index`);
  const { config, layers } = parsed.manifest;
  const distinct = [...new Map([...layers, config].map((blob) => [blob.digest, blob])).values()];
  const queue = distinct.values();
  const send = async () => {
    for (const descriptor of queue) {
      if (signal?.aborted === true) throw abortedError('push', signal);
      const role = descriptor === config ? 'config' : 'layer';
      const open = () => Promise.resolve(blobStream(paths.images, descriptor.digest));
      await sendBlob({ destination, descriptor, role, open, signal, onProgress });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_BLOBS }, send));
  const options = signal === undefined ? {} : { signal };
  await destination.putManifest({ mediaType: parsed.manifest.mediaType, digest, bytes }, options);
  onProgress?.({ kind: 'image', state: 'manifest', reference: destination.reference, digest });
  await destination.commit();
  onProgress?.({ kind: 'image', state: 'stored', reference: destination.reference, digest });
  return digest;
}

interface BlobSending {
  readonly destination: ImageDestination;
  readonly descriptor: Descriptor;
  readonly role: 'config' | 'layer';
  readonly open: () => Promise<ReturnType<typeof blobStream>>;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress | undefined;
}

async function sendBlob({ destination, descriptor, role, open, signal, onProgress }: BlobSending): Promise<void> {
  const { digest, size: totalBytes } = descriptor;
  const tell = (state: 'exists' | 'transferring' | 'done', currentBytes: number) =>
    onProgress?.({ kind: 'blob', digest, role, state, currentBytes, totalBytes });
  const options = signal === undefined ? {} : { signal };
  if (await destination.hasBlob(descriptor, options)) {
    tell('exists', totalBytes);
    return;
  }
  tell('transferring', 0);
  const counting = async () => {
    const stream = await open();
    let count = 0;
    stream.on('data', (chunk: Buffer) => tell('transferring', (count += chunk.length)));
    stream.pause();
    return stream;
  };
  await destination.putBlob(descriptor, { open: counting, ...options });
  tell('done', totalBytes);
}
