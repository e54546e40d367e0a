/** `manifests.push()`: sends a list and its images to a registry or another destination. */
import type { EngineContext } from '../../container/context.js';
import { recordImageEvent } from '../../container/events.js';
import { TspodError } from '../../errors.js';
import type { ImageDestination } from '../../image/transport.js';
import { throwIfAborted } from '../../native/abort.js';
import { digestOf } from '../../oci/digest.js';
import { parseManifest } from '../../oci/parse-image.js';
import type { ListedManifest, StoredList } from '../../state/manifest-lists.js';
import { sendManifest } from '../images/push.js';
import { sendBlobs } from '../images/send-blobs.js';
import { indexOf } from './index-of.js';
import type { ManifestPushOptions } from './types.js';

export async function pushList(
  context: EngineContext,
  list: StoredList,
  to: string,
  options: ManifestPushOptions,
): Promise<{ readonly digest: string }> {
  const { all = true, format, registry, signal, onProgress } = options;
  const { openDestination } = await import('../images/open.js');
  await using destination = await openDestination(to, registry);
  for (const entry of all ? list.manifests : []) {
    throwIfAborted('push', signal);
    await sendEntry(context, entry, destination, options);
  }
  const index = indexOf(list, format);
  const bytes = Buffer.from(JSON.stringify(index));
  const digest = digestOf(bytes);
  const given = signal === undefined ? {} : { signal };
  await destination.putManifest({ mediaType: index.mediaType, digest, bytes }, given);
  await destination.commit();
  onProgress?.({ kind: 'image', state: 'stored', reference: destination.reference, digest });
  recordImageEvent(context, { status: 'push', id: list.id, name: to });
  return { digest };
}

/** Sends an entry's image from the store if it is there, else from where it was found. */
async function sendEntry(
  context: EngineContext,
  { descriptor, from }: ListedManifest,
  destination: ImageDestination,
  options: ManifestPushOptions,
): Promise<void> {
  const { digest } = descriptor;
  options.onProgress?.({ kind: 'image', state: 'manifest', reference: destination.reference, digest });
  const image = context.store.images.byDigest(digest);
  // An image may be known by a digest without keeping the manifest of that digest.
  const isHere = image !== undefined && context.store.images.blobs(image.seq).some((blob) => blob.digest === digest);
  if (isHere) await sendManifest(context, image, { ...options, destination, digest, place: digest });
  else if (from === undefined)
    throw new TspodError('NO_SUCH_IMAGE', `${digest}: image not known`, { details: { name: digest } });
  else await copyEntry(digest, from, { destination, options });
}

interface Copying {
  readonly destination: ImageDestination;
  readonly options: ManifestPushOptions;
}

async function copyEntry(digest: string, from: string, { destination, options }: Copying): Promise<void> {
  const { registry, signal, onProgress } = options;
  const { openSource } = await import('../images/open.js');
  const { source, repository } = await openSource(from, registry, signal);
  await using _source = source;
  const given = signal === undefined ? {} : { signal };
  const manifest = await source.manifest(digest, given);
  const parsed = parseManifest(manifest.bytes, manifest.mediaType);
  if (parsed.kind === 'index') throw new TspodError('BAD_IMAGE', `${from}: the manifest ${digest} is an index`);
  const origin = {
    open: async (...[blob, abort]: Parameters<Parameters<typeof sendBlobs>[0]['open']>) =>
      (await source.blob(blob, { signal: abort })).stream,
    mountFrom: () => (repository === undefined ? [] : [repository]),
  };
  await sendBlobs(origin, parsed.manifest, { destination, signal, onProgress });
  await destination.putManifest(manifest, { ...given, digest });
}
