/**
 * Recovers images after the database was damaged: manifests among the blobs without a record are recorded as images
 * again.
 */

import type { EngineContext } from '../../container/context.js';
import type { ImageSource, RawManifest } from '../../image/transport.js';
import { MAX_MANIFEST_BYTES, parseManifest } from '../../oci/parse-image.js';
import { wantedPlatform } from '../../oci/platform.js';
import { SALVAGED } from '../../state/salvage.js';
import { blobSize, blobStream, readBlob } from '../../storage/images/blobs.js';
import { stored } from '../../storage/images/garbage.js';
import { fetchImage } from './fetch-image.js';

/**
 * Records the images whose record was lost, without names, and returns their ids. Done once for each damage: in an
 * undamaged store, such blobs are those of an interrupted pull.
 */
export async function adoptImages(context: EngineContext): Promise<readonly string[]> {
  const { store, paths } = context;
  if (store.meta(SALVAGED) !== '1') return [];
  const adopted: string[] = [];
  for (const { kind, key } of stored(paths.images)) {
    if (kind !== 'blob' || store.images.isBlobUsed(key)) continue;
    const manifest = wholeManifest(context, key);
    if (manifest === undefined) continue;
    const platform = wantedPlatform();
    try {
      await using source = sourceOf(context, manifest);
      const { id } = await fetchImage({ store, paths: paths.images, source, platform, isPlatformWanted: false });
      adopted.push(id);
    } catch {
      // The manifest is no image, or one of its blobs is damaged: it cannot be used.
    }
  }
  store.images.relink();
  store.setMeta(SALVAGED, '0');
  return adopted;
}

/** Returns the blob if it is the manifest of an image whose blobs are all there; else undefined. */
function wholeManifest({ paths }: EngineContext, digest: string): RawManifest | undefined {
  if ((blobSize(paths.images, digest) ?? Infinity) > MAX_MANIFEST_BYTES) return undefined;
  const bytes = readBlob(paths.images, digest);
  try {
    const parsed = parseManifest(bytes);
    if (parsed.kind !== 'manifest') return undefined;
    const { config, layers, mediaType } = parsed.manifest;
    const isWhole = [config, ...layers].every(({ digest: needed }) => blobSize(paths.images, needed) !== undefined);
    return isWhole ? { mediaType, digest, bytes } : undefined;
  } catch {
    return undefined;
  }
}

function sourceOf({ paths }: EngineContext, manifest: RawManifest): ImageSource {
  return {
    reference: manifest.digest,
    manifest: () => Promise.resolve(manifest),
    blob: ({ digest }) => Promise.resolve({ stream: blobStream(paths.images, digest), offset: 0 }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
