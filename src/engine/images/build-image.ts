/** Builds an image locally: a new layer, on the layers of another image or on nothing, with a config of its own. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, openSync, rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

import type { EngineContext } from '../../container/context.js';
import { TspodError } from '../../errors.js';
import type { ImageSource, RawManifest } from '../../image/transport.js';
import { abortedError } from '../../native/abort.js';
import { convertMediaType, type ManifestForm } from '../../oci/convert-manifest.js';
import { digestOf } from '../../oci/digest.js';
import type { Descriptor, ImageConfig } from '../../oci/image.js';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../oci/media-types.js';
import { wantedPlatform } from '../../oci/platform.js';
import type { StoredImage } from '../../state/image-rows.js';
import { blobStream } from '../../storage/images/blobs.js';
import { Lease } from '../../storage/images/lease.js';
import type { ImagePaths } from '../../storage/paths.js';
import { tap } from '../../util/tap.js';
import { fetchImage } from './fetch-image.js';
import type { OnProgress } from './progress.js';

/** Compression level of layers: half the time of the default level, for a result that is a few percent larger. */
const GZIP_LEVEL = 4;

export interface NewImage {
  /** Layers of the image that the new one is based on, lowest first. @default none */
  readonly base?: readonly Descriptor[];
  /** The archive of the new layer. */
  readonly layer: AsyncIterable<Uint8Array>;
  /** Config of the image; its `rootfs` names only the layers below the new one. */
  readonly config: ImageConfig;
  readonly form: ManifestForm;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Name of the image, with registry and tag. @default none */
  readonly name?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/**
 * Builds an image and stores it like a pulled one, so that a crash leaves only what a crashed pull leaves. The caller
 * ensures that the layers of `base` are kept meanwhile. Throws DISK_FULL, ABORTED, and errors of the layer's archive.
 */
export async function buildImage(
  { store, paths: { images: paths } }: EngineContext,
  image: NewImage,
): Promise<StoredImage> {
  // While the lease exists, no other process removes the unfinished files.
  using lease = new Lease(store, paths);
  const file = lease.unready;
  try {
    const packed = await pack(image, file);
    return await fetchImage({
      ...{ store, paths, source: sourceOf(paths, image, { ...packed, file }), name: image.name },
      platform: wantedPlatform(),
      isPlatformWanted: false,
      signal: image.signal,
      onProgress: image.onProgress,
    });
  } finally {
    rmSync(file, { force: true });
    lease.end();
  }
}

interface PackedLayer {
  /** Digest of the uncompressed archive. */
  readonly diff: string;
  /** Digest of the compressed archive. */
  readonly digest: string;
  readonly size: number;
}

async function pack({ layer, signal }: NewImage, file: string): Promise<PackedLayer> {
  const [plain, packed] = [createHash('sha256'), createHash('sha256')];
  let size = 0;
  const before = tap((chunk) => plain.update(chunk));
  const after = tap((chunk) => {
    packed.update(chunk);
    size += chunk.length;
  });
  const source = Readable.from(layer, { objectMode: false });
  // Opened synchronously, so that the file exists when a caller that fails at once removes it.
  const target = createWriteStream('', { fd: openSync(file, 'wx', 0o600) });
  try {
    const options = signal === undefined ? {} : { signal };
    await pipeline(source, before, createGzip({ level: GZIP_LEVEL }), after, target, options);
  } catch (error) {
    if (signal?.aborted === true) throw abortedError('store the image', signal);
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    throw new TspodError('DISK_FULL', `store the image: ${(error as Error).message}`, { cause: error });
  }
  return { diff: `sha256:${plain.digest('hex')}`, digest: `sha256:${packed.digest('hex')}`, size };
}

/** Returns a source that delivers the new image as if it were pulled. */
function sourceOf(
  paths: ImagePaths,
  { base = [], config, form, annotations }: NewImage,
  { diff, digest, size, file }: PackedLayer & { readonly file: string },
): ImageSource {
  const { rootfs } = config;
  const bytes = Buffer.from(JSON.stringify({ ...config, rootfs: { ...rootfs, diff_ids: [...rootfs.diff_ids, diff] } }));
  const configDigest = digestOf(bytes);
  const manifest = manifestOf(form, {
    config: { mediaType: convertMediaType(form, OCI_CONFIG), digest: configDigest, size: bytes.length },
    layers: [
      ...base.map((layer) => ({
        mediaType: convertMediaType(form, layer.mediaType),
        digest: layer.digest,
        size: layer.size,
      })),
      { mediaType: convertMediaType(form, OCI_LAYER_GZIP), digest, size },
    ],
    ...(form === 'docker' || annotations === undefined ? {} : { annotations }),
  });
  const streamOf = (wanted: string, offset: number) => {
    if (wanted === configDigest) return Readable.from([bytes.subarray(offset)], { objectMode: false });
    return wanted === digest ? createReadStream(file, { start: offset }) : blobStream(paths, wanted);
  };
  return {
    reference: configDigest,
    manifest: () => Promise.resolve(manifest),
    blob: ({ digest: wanted }, { offset = 0 } = {}) => {
      const from = wanted === configDigest || wanted === digest ? offset : 0;
      return Promise.resolve({ stream: streamOf(wanted, from), offset: from });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function manifestOf(form: ManifestForm, members: object): RawManifest {
  const mediaType = convertMediaType(form, OCI_MANIFEST);
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...members }));
  return { mediaType, digest: digestOf(bytes), bytes };
}
