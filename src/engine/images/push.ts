/**
 * `images.push()`: sends images to registries, archives and directories, byte for byte as stored, so that all digests
 * stay.
 */
import type { EngineContext } from '../../container/context.js';
import { recordImageEvent } from '../../container/events.js';
import { findImage, manifestOf } from '../../container/create/find-image.js';
import { TspodError } from '../../errors.js';
import { parseReference, repositoryName } from '../../image/reference.js';
import { parseTransportName } from '../../image/transport-name.js';
import type { ImageDestination } from '../../image/transport.js';
import { throwIfAborted } from '../../native/abort.js';
import type { Descriptor } from '../../oci/image.js';
import { parseManifest } from '../../oci/parse-image.js';
import type { StoredImage } from '../../state/image-rows.js';
import { noSuchImage } from '../../state/images.js';
import { blobStream, readBlob } from '../../storage/images/blobs.js';
import { Lease } from '../../storage/images/lease.js';
import { sendBlobs } from './send-blobs.js';
import type { PushedImage, PushOptions } from './types.js';

export async function pushImage(
  context: EngineContext,
  nameOrId: string,
  to: string | undefined,
  options: PushOptions = {},
): Promise<PushedImage> {
  const { image, name } = findImage(context.store, nameOrId);
  const reference = to ?? name;
  if (reference === undefined)
    throw new TspodError('INVALID_ARGUMENT', `${nameOrId} is not a name: give a destination to push the image to`);
  const { openDestination } = await import('./open.js');
  await using destination = await openDestination(reference, options.registry);
  const digest = await sendImage(context, image, { ...options, destination, by: name });
  const { kind, rest } = parseTransportName(reference);
  if (kind === 'docker') context.store.images.addDigest(image.seq, repositoryName(parseReference(rest)), digest);
  recordImageEvent(context, { status: 'push', id: image.id, name: reference });
  return { digest, reference: destination.reference };
}

export interface Sending extends Pick<PushOptions, 'signal' | 'onProgress'> {
  readonly destination: ImageDestination;
  /** Name whose manifest is sent. @default the image's first name */
  readonly by?: string | undefined;
}

/**
 * Sends the blobs of an image, then its manifest, and returns the digest of the manifest. The blobs are kept until then
 * even if the image is removed. Throws NO_SUCH_IMAGE.
 */
export async function sendImage(context: EngineContext, image: StoredImage, sending: Sending): Promise<string> {
  const { destination, by, signal, onProgress } = sending;
  const digest = manifestOf(context.store, image, by);
  onProgress?.({ kind: 'image', state: 'manifest', reference: destination.reference, digest });
  await sendManifest(context, image, { ...sending, digest, place: undefined });
  throwIfAborted('push', signal);
  await destination.commit();
  onProgress?.({ kind: 'image', state: 'stored', reference: destination.reference, digest });
  return digest;
}

export interface ManifestSending extends Sending {
  /** Digest of the manifest to send. */
  readonly digest: string;
  /** Digest under which the manifest is written. @default the destination's tag */
  readonly place: string | undefined;
}

/** Sends one manifest of an image with its blobs; commits nothing. Throws NO_SUCH_IMAGE. */
export async function sendManifest(
  context: EngineContext,
  image: StoredImage,
  sending: ManifestSending,
): Promise<void> {
  const { store, paths } = context;
  using lease = new Lease(store, paths.images);
  lease.add(store.images.blobs(image.seq).map((blob) => ({ kind: 'blob', key: blob.digest })));
  try {
    if (store.images.bySeq(image.seq) === undefined) throw noSuchImage(image.id);
    await sendParts(context, image, sending);
  } finally {
    lease.end();
  }
}

async function sendParts({ store, paths }: EngineContext, image: StoredImage, sending: ManifestSending): Promise<void> {
  const { destination, digest, place, signal } = sending;
  const stored = store.images.blobs(image.seq).find((blob) => blob.digest === digest);
  const bytes = readBlob(paths.images, digest);
  const parsed = parseManifest(bytes, stored?.mediaType);
  if (parsed.kind !== 'manifest') throw new TspodError('STORE_BROKEN', `the manifest ${digest} is an index`);
  const origin = {
    open: (descriptor: Descriptor) => Promise.resolve(blobStream(paths.images, descriptor.digest)),
    mountFrom: (blob: string) => store.images.repositoriesWith(blob),
  };
  await sendBlobs(origin, parsed.manifest, sending);
  await destination.putManifest(
    { mediaType: parsed.manifest.mediaType, digest, bytes },
    { ...(place === undefined ? {} : { digest: place }), ...(signal === undefined ? {} : { signal }) },
  );
}
