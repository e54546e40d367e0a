/** Reads an image of a docker-archive: its layers uncompressed, with a manifest generated for them. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { TspodError } from '../../errors.js';
import { throwIfAborted } from '../../native/abort.js';
import { digestOf } from '../../oci/digest.js';
import type { Descriptor } from '../../oci/image.js';
import { DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST } from '../../oci/media-types.js';
import { MAX_CONFIG_BYTES, parseImageConfig } from '../../oci/parse-image.js';
import { COMPRESSION_BYTES, isGzip } from '../../util/compression.js';
import { maxUnpackedBytes } from '../../util/growth-limit.js';
import type { OpenFile, FileSet } from '../layout/file-set.js';
import { readSmallFile } from '../layout/file-set.js';
import { fullName } from '../reference.js';
import type { BlobRequest, ImageSource, RawManifest } from '../transport.js';
import { readImages, readOldImage, type ArchivedImage, type ListedImage, type OldImage } from './manifest.js';

interface Layer extends Descriptor {
  readonly path: string;
}

interface Opened {
  readonly manifest: RawManifest;
  readonly config: Buffer;
  readonly layers: readonly Layer[];
}

export class DockerArchiveSource implements ImageSource {
  readonly reference: string;
  readonly #files: FileSet;
  readonly #image: ArchivedImage;
  #opened: Promise<Opened> | undefined;

  private constructor(reference: string, files: FileSet, image: ArchivedImage) {
    this.reference = reference;
    this.#files = files;
    this.#image = image;
  }

  /**
   * Opens the image with this name, or @ and its index; without a name the only image. Takes over `files`. Throws
   * NO_SUCH_IMAGE, AMBIGUOUS, BAD_IMAGE.
   */
  static async open(reference: string, files: FileSet, name: string | undefined): Promise<DockerArchiveSource> {
    try {
      return new DockerArchiveSource(reference, files, chooseImage(files, await readImages(files), name));
    } catch (error) {
      files[Symbol.dispose]();
      throw error;
    }
  }

  async manifest(digest?: string, { signal }: BlobRequest = {}): Promise<RawManifest> {
    const { manifest } = await this.#open(signal);
    if (digest !== undefined && digest !== manifest.digest)
      throw new TspodError('NO_SUCH_IMAGE', `${this.#files.what}: there is no manifest ${digest}`);
    return manifest;
  }

  async blob({ digest }: Descriptor, { signal }: BlobRequest = {}): Promise<{ stream: Readable; offset: number }> {
    const { config, layers } = await this.#open(signal);
    if (digest === digestOf(config)) return { stream: Readable.from([config]), offset: 0 };
    const layer = layers.find((one) => one.digest === digest);
    if (layer === undefined) throw new TspodError('BAD_IMAGE', `${this.#files.what}: blob ${digest} is missing`);
    return { stream: await layerStream(openLayer(this.#files, layer.path)), offset: 0 };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#files[Symbol.dispose]();
    return Promise.resolve();
  }

  /** Opens the image at the first use; after a failure, the next use tries again. */
  #open(signal: AbortSignal | undefined): Promise<Opened> {
    return (this.#opened ??= openImage(this.#files, this.#image, signal).catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    }));
  }
}

function chooseImage(files: FileSet, images: readonly ArchivedImage[], name: string | undefined): ArchivedImage {
  const number = /^@(\d{1,6})$/.exec(name ?? '')?.[1];
  const found =
    name === undefined
      ? images
      : number === undefined
        ? images.filter(({ names }) => names.map(fullName).includes(fullName(name)))
        : images.slice(Number(number), Number(number) + 1);
  const [first, second] = found;
  const words = name === undefined ? 'image' : `image ${JSON.stringify(name)}`;
  if (first === undefined) throw new TspodError('NO_SUCH_IMAGE', `${files.what} contains no ${words}`);
  if (second !== undefined) {
    const names = found.flatMap((image) => image.names).slice(0, 10);
    throw new TspodError(
      'AMBIGUOUS',
      `${files.what} has ${found.length} images, name one of them: ${names.join(', ')}`,
    );
  }
  return first;
}

async function openImage(files: FileSet, image: ArchivedImage, signal: AbortSignal | undefined): Promise<Opened> {
  const measure: Measure = (path, { hashed }) => measureLayer(files, path, { hashed, signal });
  const found = 'id' in image ? await madeConfig(files, image, measure) : await readConfig(files, image, measure);
  const layers = found.layers;
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: DOCKER_MANIFEST,
      config: { mediaType: DOCKER_CONFIG, digest: digestOf(found.config), size: found.config.length },
      layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
    }),
  );
  return {
    config: found.config,
    layers,
    manifest: { mediaType: DOCKER_MANIFEST, digest: digestOf(manifest), bytes: manifest },
  };
}

interface WithConfig {
  readonly config: Buffer;
  readonly layers: readonly Layer[];
}

type Measure = (
  path: string,
  options: { readonly hashed: boolean },
) => Promise<{ readonly size: number; readonly digest: string }>;

async function readConfig(
  files: FileSet,
  { config: path, layers: paths }: ListedImage,
  measure: Measure,
): Promise<WithConfig> {
  const config = await readSmallFile(files, path, MAX_CONFIG_BYTES);
  if (config === undefined)
    throw new TspodError('BAD_IMAGE', `${files.what}: config ${JSON.stringify(path)} is missing`);
  const { diff_ids: ids } = parseImageConfig(config).rootfs;
  if (ids.length !== paths.length)
    throw new TspodError(
      'BAD_IMAGE',
      `${files.what}: the config has ${ids.length} layers, manifest.json has ${paths.length}`,
    );
  const layers: Layer[] = [];
  for (const [index, layerPath] of paths.entries()) {
    const { size } = await measure(layerPath, { hashed: false });
    layers.push({ mediaType: DOCKER_LAYER, digest: ids[index] ?? '', size, path: layerPath });
  }
  return { config, layers };
}

/** Generates a config for an image in the old format, which does not record the digests of its layers. */
async function madeConfig(files: FileSet, image: OldImage, measure: Measure): Promise<WithConfig> {
  const begun = await readOldImage(files, image);
  const layers: Layer[] = [];
  for (const path of begun.layers) {
    const { size, digest } = await measure(path, { hashed: true });
    layers.push({ mediaType: DOCKER_LAYER, digest, size, path });
  }
  const rootfs = { type: 'layers', diff_ids: layers.map(({ digest }) => digest) };
  const config = Buffer.from(JSON.stringify({ ...begun.config, rootfs }));
  parseImageConfig(config);
  return { config, layers };
}

function openLayer(files: FileSet, path: string): OpenFile {
  const file = files.open(path);
  if (file === undefined) throw new TspodError('BAD_IMAGE', `${files.what}: layer ${JSON.stringify(path)} is missing`);
  return file;
}

/** Returns size and digest of the uncompressed layer; the digest is only computed with `hashed`. */
async function measureLayer(
  files: FileSet,
  path: string,
  { hashed, signal }: { readonly hashed: boolean; readonly signal: AbortSignal | undefined },
): Promise<{ size: number; digest: string }> {
  const file = openLayer(files, path);
  if (!hashed && !isGzip(await file.bytes(COMPRESSION_BYTES))) {
    file[Symbol.dispose]();
    return { size: file.size, digest: '' };
  }
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of (await layerStream(file)) as AsyncIterable<Buffer>) {
    throwIfAborted('read the archive', signal);
    size += chunk.length;
    if (size > maxUnpackedBytes(file.size))
      throw new TspodError(
        'BAD_ARCHIVE',
        `layer ${JSON.stringify(path)} unpacks to more than ${maxUnpackedBytes(file.size)} bytes`,
      );
    if (hashed) hash.update(chunk);
  }
  return { size, digest: `sha256:${hash.digest('hex')}` };
}

/** Streams the layer, decompressing it if necessary. */
async function layerStream(file: OpenFile): Promise<Readable> {
  const stored = file.stream(0);
  stored.once('close', () => file[Symbol.dispose]());
  if (!isGzip(await file.bytes(COMPRESSION_BYTES))) return stored;
  const plain = createGunzip();
  stored.once('error', (error) => plain.destroy(error));
  plain.once('close', () => stored.destroy());
  return stored.pipe(plain);
}
