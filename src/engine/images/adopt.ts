/** Images of a store whose database was damaged: those whose record was lost are recorded again, from the manifests that lie among the blobs. */

import type { EngineContext } from '../../container/context.js';
import type { ImageSource, RawManifest } from '../../image/transport.js';
import { MAX_MANIFEST_BYTES, parseManifest } from '../../oci/parse-image.js';
import { wantedPlatform } from '../../oci/platform.js';
import { SALVAGED } from '../../state/salvage.js';
import { blobSize, blobStream, readBlob } from '../../storage/images/blobs.js';
import { stored } from '../../storage/images/garbage.js';
import { fetchImage } from './fetch-image.js';

/** Answers the ids of what was found. They have no names. Once for each damage: in a store that is whole such blobs are those of a pull that was cut off. */
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
      // no image, or one whose blobs are damaged: nobody can use it
    }
  }
  store.images.relink();
  store.setMeta(SALVAGED, '0');
  return adopted;
}

/** The blob, if it is the manifest of an image that is there in full. */
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
