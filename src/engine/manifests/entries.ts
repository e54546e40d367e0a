/** Makes the entries of a manifest list from images of the store or elsewhere. */
import type { EngineContext } from '../../container/context.js';
import { lookUp, manifestOf } from '../../container/create/find-image.js';
import { TspodError } from '../../errors.js';
import { hasTransport } from '../../image/transport-name.js';
import type { ImageSource, RawManifest } from '../../image/transport.js';
import type { Descriptor, Platform } from '../../oci/image.js';
import { MANIFEST_TYPES } from '../../oci/media-types.js';
import { MAX_CONFIG_BYTES, parseImageConfig, parseManifest } from '../../oci/parse-image.js';
import { chooseImage, fullPlatform, wantedPlatform } from '../../oci/platform.js';
import { blobSize } from '../../storage/images/blobs.js';
import type { ListedManifest } from '../../state/manifest-lists.js';
import type { ManifestAddOptions, ManifestEntryOptions } from './types.js';

/** Returns the entry for an image; with `all`, an entry for each image of an index. */
export async function entriesOf(
  context: EngineContext,
  image: string,
  options: ManifestAddOptions,
): Promise<readonly ListedManifest[]> {
  const here = entryOfStored(context, image.replace(/^containers-storage:/, ''));
  const found = here === undefined ? await entriesElsewhere(image, options) : [here];
  return found.map((entry) => ({ ...entry, descriptor: described(entry.descriptor, options) }));
}

function entryOfStored({ store, paths }: EngineContext, name: string): ListedManifest | undefined {
  const found = hasTransport(name) ? undefined : lookUp(store, name);
  if (found === undefined) return undefined;
  const { image } = found;
  const digest = manifestOf(store, image, found.name);
  const stored = store.images.blobs(image.seq).find((blob) => blob.digest === digest);
  const { os, architecture, variant } = image.summary;
  return {
    descriptor: {
      mediaType: stored?.mediaType ?? '',
      digest,
      size: blobSize(paths.images, digest) ?? 0,
      platform: { os, architecture, ...(variant === undefined ? {} : { variant }) },
    },
  };
}

async function entriesElsewhere(image: string, options: ManifestAddOptions): Promise<readonly ListedManifest[]> {
  const { all = false, registry, signal } = options;
  const { openSource } = await import('../images/open.js');
  const { source } = await openSource(image, registry, signal);
  await using _source = source;
  const given = signal === undefined ? {} : { signal };
  const top = await source.manifest(undefined, given);
  const parsed = parseManifest(top.bytes, top.mediaType);
  if (parsed.kind === 'manifest') {
    const platform = await platformOf(source, parsed.manifest.config, given);
    return [{ descriptor: { ...descriptorOf(top), platform }, from: placeOf(source.reference, top.digest) }];
  }
  const chosen = all
    ? parsed.index.manifests.filter(({ mediaType }) => MANIFEST_TYPES.includes(mediaType))
    : // The image for the platform that the entry is to have.
      [chooseImage(parsed.index, fullPlatform(options, wantedPlatform()), source.reference)];
  return chosen.map((descriptor) => ({ descriptor, from: placeOf(source.reference, descriptor.digest) }));
}

/**
 * Returns where an entry can be fetched again: in a registry by its digest, elsewhere by the reference that the user
 * gave.
 */
function placeOf(reference: string, digest: string): string {
  return reference.startsWith('docker://') ? `${reference.replace(/(:[^:/@]+)?(@.*)?$/, '')}@${digest}` : reference;
}

function descriptorOf({ mediaType, digest, bytes }: RawManifest): Descriptor {
  return { mediaType, digest, size: bytes.length };
}

/** Returns the platform of a single image, which its config says. */
async function platformOf(
  source: ImageSource,
  config: Descriptor,
  options: { readonly signal?: AbortSignal },
): Promise<Platform> {
  if (config.size > MAX_CONFIG_BYTES)
    throw new TspodError('BAD_IMAGE', `${source.reference}: its config is larger than ${MAX_CONFIG_BYTES} bytes`);
  const { stream } = await source.blob(config, options);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > config.size) throw new TspodError('BAD_IMAGE', `${source.reference}: its config is too long`);
    chunks.push(chunk);
  }
  const { os, architecture, variant } = parseImageConfig(Buffer.concat(chunks));
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/** Returns a descriptor in which the user's options replace what the image says. */
export function described(descriptor: Descriptor, options: ManifestEntryOptions): Descriptor {
  const { os, architecture, variant, osVersion, osFeatures, annotations } = options;
  const { mediaType, digest, size, platform = wantedPlatform() } = descriptor;
  const all = { ...descriptor.annotations, ...annotations };
  return {
    mediaType,
    digest,
    size,
    platform: {
      ...platform,
      ...(os === undefined ? {} : { os }),
      ...(architecture === undefined ? {} : { architecture }),
      ...(variant === undefined ? {} : { variant }),
      ...(osVersion === undefined ? {} : { 'os.version': osVersion }),
      ...(osFeatures === undefined ? {} : { 'os.features': osFeatures }),
    },
    ...(Object.keys(all).length === 0 ? {} : { annotations: all }),
  };
}
