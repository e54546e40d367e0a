/** Fetches an image from any source into the store: manifest, config, layers, and last its record. */
import { TspodError } from '../../errors.js';
import type { RawManifest } from '../../image/transport.js';
import { throwIfAborted } from '../../native/abort.js';
import { syncFileSystem } from '../../native/disk.js';
import type { ImageConfig, ImageManifest, Platform } from '../../oci/image.js';
import { splitDigest } from '../../oci/digest.js';
import { layerCompression } from '../../oci/media-types.js';
import { MAX_CONFIG_BYTES, parseImageConfig, parseManifest } from '../../oci/parse-image.js';
import { chooseImage, isPlatform, platformText } from '../../oci/platform.js';
import type { BlobKind, StoredBlob, StoredImage } from '../../state/image-rows.js';
import type { Store } from '../../state/store.js';
import { keepBlob, readBlob } from '../../storage/images/blobs.js';
import { chainIds, type LayerRecord } from '../../storage/images/layers.js';
import { Lease } from '../../storage/images/lease.js';
import { failpoint } from '../../container/failpoint.js';
import { fetchBlob, fetchLayer, type FetchContext, type WantedLayer } from './fetch-layer.js';
import { allOrAbort } from './all-or-abort.js';

/** Maximum number of layers that are fetched at the same time. */
const PARALLEL_LAYERS = 3;

export interface FetchRequest extends FetchContext {
  readonly store: Store;
  /** Platform to choose from an index. A single image for another platform is refused only with `isPlatformWanted`. */
  readonly platform: Platform;
  readonly isPlatformWanted: boolean;
  /** Name under which the image is stored, with registry and tag or digest. @default none */
  readonly name?: string | undefined;
  /** Registry and repository under which the digests of the image are recorded. @default none */
  readonly repository?: string | undefined;
}

/**
 * Fetches and records an image. Throws BAD_IMAGE, NO_SUCH_IMAGE (nothing for the platform), DISK_FULL, ABORTED, and
 * errors of the source.
 */
export async function fetchImage(request: FetchRequest): Promise<StoredImage> {
  const { source, signal, onProgress } = request;
  throwIfAborted('pull', signal);
  const found = await resolveManifest(request);
  onProgress?.({ kind: 'image', state: 'manifest', reference: source.reference, digest: found.raw.digest });
  using lease = new Lease(request.store, request.paths);
  failpoint('lease-made');
  const image = await fetchParts(request, found, lease);
  lease.end();
  onProgress?.({ kind: 'image', state: 'stored', reference: source.reference, digest: found.raw.digest });
  return image;
}

interface Found {
  readonly raw: RawManifest;
  readonly manifest: ImageManifest;
  /** Indexes that led to the manifest, topmost first. */
  readonly indexes: readonly RawManifest[];
}

/** Maximum depth of nested indexes; real images hardly nest them at all. */
const MAX_INDEXES = 3;

async function resolveManifest({ source, signal, platform }: FetchRequest): Promise<Found> {
  const options = signal === undefined ? {} : { signal };
  const indexes: RawManifest[] = [];
  let digest: string | undefined;
  for (;;) {
    const raw = await source.manifest(digest, options);
    const parsed = parseManifest(raw.bytes, raw.mediaType);
    if (parsed.kind === 'manifest')
      return { raw: { ...raw, mediaType: parsed.manifest.mediaType }, manifest: parsed.manifest, indexes };
    indexes.push({ ...raw, mediaType: parsed.index.mediaType });
    if (indexes.length > MAX_INDEXES)
      throw new TspodError('BAD_IMAGE', `${source.reference}: indexes are nested too deeply`);
    ({ digest } = chooseImage(parsed.index, platform, source.reference));
  }
}

async function fetchParts(request: FetchRequest, found: Found, lease: Lease): Promise<StoredImage> {
  const { store, paths } = request;
  const { manifest } = found;
  checkManifest(request, manifest);
  lease.add([manifest.config, ...manifest.layers].map(({ digest }) => ({ kind: 'blob', key: digest })));
  await fetchBlob(request, manifest.config, 'config');
  const config = parseImageConfig(readBlob(paths, manifest.config.digest));
  checkConfig(request, manifest, config);
  const chains = chainIds(config.rootfs.diff_ids);
  lease.add(chains.map((chain) => ({ kind: 'layer', key: chain })));
  const layers = await fetchLayers(request, manifest, { chains, diffs: config.rootfs.diff_ids });
  failpoint('layers-made');
  const manifests = [...found.indexes, found.raw];
  lease.add(manifests.map(({ digest }) => ({ kind: 'blob', key: digest })));
  for (const kept of manifests) keepBlob(paths, kept, lease.unready);
  // One sync of all files before the record is written: a power cut leaves a whole image, or files without a record.
  await syncFileSystem(paths.blobs);
  const seq = store.images.add({
    id: splitDigest(manifest.config.digest).hex,
    createdUs: microseconds(config.created),
    size: layers.reduce((sum, { size }) => sum + size, 0),
    config,
    ...(manifest.annotations === undefined ? {} : { annotations: manifest.annotations }),
    manifest: found.raw.digest,
    blobs: blobsOf(found),
    layers: chains,
    name: request.name,
    digests:
      request.repository === undefined
        ? []
        : manifests.map(({ digest }) => ({ repository: request.repository ?? '', digest })),
  });
  store.flush();
  failpoint('image-recorded');
  const image = store.images.bySeq(seq);
  if (image === undefined) throw new TspodError('NO_SUCH_IMAGE', 'the image was removed while it was being stored');
  return image;
}

function blobsOf({ raw, manifest, indexes }: Found): readonly StoredBlob[] {
  const blob = (kind: BlobKind, { digest, mediaType }: { readonly digest: string; readonly mediaType: string }) => ({
    kind,
    digest,
    mediaType,
  });
  return [
    ...indexes.map((index) => blob('index', index)),
    blob('manifest', raw),
    blob('config', manifest.config),
    ...manifest.layers.map((layer) => blob('layer', layer)),
  ];
}

function checkManifest({ source }: FetchRequest, { config, layers }: ImageManifest): void {
  refuseSha512(source.reference, 'its config', config.digest);
  if (config.size > MAX_CONFIG_BYTES)
    throw new TspodError(
      'BAD_IMAGE',
      `${source.reference}: its config has ${config.size} bytes, more than ${MAX_CONFIG_BYTES}`,
    );
  const other = layers.find(({ mediaType }) => layerCompression(mediaType) === undefined);
  if (other !== undefined)
    throw new TspodError('NOT_SUPPORTED', `${source.reference}: not a container image: ${other.mediaType}`);
}

/** Throws NOT_SUPPORTED unless the digest is a SHA-256, as the ids of images and layers are. */
function refuseSha512(reference: string, what: string, digest: string): void {
  if (splitDigest(digest).algorithm === 'sha256') return;
  throw new TspodError('NOT_SUPPORTED', `${reference}: ${what} has a sha512 digest, which is not supported`);
}

function checkConfig(
  { source, platform, isPlatformWanted }: FetchRequest,
  manifest: ImageManifest,
  config: ImageConfig,
): void {
  for (const diff of config.rootfs.diff_ids) refuseSha512(source.reference, 'a layer of its config', diff);
  const count = config.rootfs.diff_ids.length;
  if (count !== manifest.layers.length)
    throw new TspodError(
      'BAD_IMAGE',
      `${source.reference}: its manifest has ${manifest.layers.length} layers, its config ${count}`,
    );
  if (isPlatformWanted && !isPlatform(config, platform))
    throw new TspodError(
      'NO_SUCH_IMAGE',
      `${source.reference}: it is an image for ${platformText(config)}, not for ${platformText(platform)}`,
    );
}

interface LayerNames {
  readonly chains: readonly string[];
  readonly diffs: readonly string[];
}

/** Fetches the layers, lowest first, up to PARALLEL_LAYERS at a time. */
function fetchLayers(
  request: FetchRequest,
  manifest: ImageManifest,
  { chains, diffs }: LayerNames,
): Promise<readonly LayerRecord[]> {
  return allOrAbort(request.signal, (signal) => {
    const context = { ...request, signal };
    const works: Promise<LayerRecord>[] = [];
    const fetchOne = async (index: number): Promise<LayerRecord> => {
      // Each layer waits for the one that is PARALLEL_LAYERS below it, so that the lowest are never held up.
      if (index >= PARALLEL_LAYERS) await works[index - PARALLEL_LAYERS];
      const layer: WantedLayer = {
        descriptor: at(manifest.layers, index),
        chain: at(chains, index),
        diff: at(diffs, index),
        below: chains.slice(0, index),
        belowReady: works[index - 1] ?? Promise.resolve(),
      };
      return fetchLayer(context, layer);
    };
    for (const index of chains.keys()) works.push(fetchOne(index));
    return works;
  });
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new TypeError('lists of different length');
  return item;
}

/** Converts an RFC 3339 time to microseconds; 0 if there is none or it cannot be parsed. */
function microseconds(created: string | undefined): number {
  const milliseconds = created === undefined ? Number.NaN : Date.parse(created);
  return Number.isNaN(milliseconds) ? 0 : milliseconds * 1000;
}
