/** Writes an archive in the format of `docker save` with one or more images: uncompressed layers, each once. */
import { createHash } from 'node:crypto';
import { closeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { TspodError } from '../../errors.js';
import { decompressed } from '../../native/decompress.js';
import { hashFor, splitDigest } from '../../oci/digest.js';
import type { Descriptor } from '../../oci/image.js';
import { layerCompression } from '../../oci/media-types.js';
import { MAX_CONFIG_BYTES, parseImageConfig, parseManifest } from '../../oci/parse-image.js';
import { tap } from '../../util/tap.js';
import { RandomFile } from '../archive/random-file.js';
import { TarWriter } from '../archive/tar-writer.js';
import { openUnnamed, writeUnnamed } from '../archive/unnamed-file.js';
import type { BlobUpload, ImageDestination, RawManifest } from '../transport.js';

export class DockerArchiveWriter implements AsyncDisposable {
  readonly #tar: TarWriter;
  readonly #directory: string;
  /** Digests of uncompressed layers, by the digest of the blob. */
  readonly #diffIds = new Map<string, string>();
  readonly #configs = new Map<string, Buffer>();
  readonly #images: { Config: string; RepoTags: readonly string[]; Layers: readonly string[] }[] = [];

  private constructor(tar: TarWriter, directory: string) {
    this.#tar = tar;
    this.#directory = directory;
  }

  /** @param temporaryDirectory where uncompressed layers are kept until their size is known */
  static async create(path: string, temporaryDirectory: string): Promise<DockerArchiveWriter> {
    const tar = await TarWriter.create(path);
    return new DockerArchiveWriter(tar, temporaryDirectory);
  }

  has({ digest }: Descriptor): boolean {
    return this.#diffIds.has(digest) || this.#configs.has(digest);
  }

  async addBlob(descriptor: Descriptor, open: () => Promise<Readable>): Promise<void> {
    if (this.has(descriptor)) return;
    if (layerCompression(descriptor.mediaType) === undefined) await this.#addConfig(descriptor, open);
    else await this.#addLayer(descriptor, open);
  }

  /** Adds an image, whose blobs were added before, under these names. Throws NOT_SUPPORTED for an index. */
  addImage({ bytes, mediaType }: RawManifest, names: readonly string[]): void {
    const parsed = parseManifest(bytes, mediaType);
    if (parsed.kind === 'index')
      throw new TspodError('NOT_SUPPORTED', 'a docker-archive cannot hold an index of images');
    const { config, layers } = parsed.manifest;
    const known = this.#configs.get(config.digest);
    const diffIds = layers.map(({ digest }) => this.#diffIds.get(digest));
    if (known === undefined || diffIds.includes(undefined))
      throw new TspodError('BAD_IMAGE', 'write the archive: a blob of the image is missing');
    const expected = parseImageConfig(known).rootfs.diff_ids;
    if (expected.join() !== diffIds.join())
      throw new TspodError('DIGEST_MISMATCH', 'write the archive: the layers are not those of the config');
    this.#images.push({
      Config: configFile(config.digest),
      RepoTags: names,
      Layers: expected.map((digest) => layerFile(digest)),
    });
  }

  async finish(): Promise<void> {
    const manifest = Buffer.from(JSON.stringify(this.#images));
    await this.#tar.add('manifest.json', manifest.length, manifest);
    await this.#tar.finish();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tar[Symbol.asyncDispose]();
  }

  async #addConfig({ digest, size }: Descriptor, open: () => Promise<Readable>): Promise<void> {
    if (size > MAX_CONFIG_BYTES)
      throw new TspodError('BAD_IMAGE', `config ${digest} is larger than ${MAX_CONFIG_BYTES} bytes`);
    const { file } = await this.#toFile({ digest, size }, { source: await open(), isLayer: false });
    using _file = file;
    const bytes = await file.bytes(0, size);
    this.#configs.set(digest, bytes);
    await this.#tar.add(configFile(digest), bytes.length, bytes);
  }

  async #addLayer({ digest, size }: Descriptor, open: () => Promise<Readable>): Promise<void> {
    const plain = await this.#toFile({ digest, size }, { source: await open(), isLayer: true });
    using file = plain.file;
    const content = () => Promise.resolve(file.stream(0, file.size));
    await this.#tar.add(layerFile(plain.digest), file.size, content, plain.digest);
    this.#diffIds.set(digest, plain.digest);
  }

  /** Writes the uncompressed bytes to a file, and verifies the digest of the bytes as received. */
  async #toFile(
    { digest, size }: { readonly digest: string; readonly size: number },
    { source, isLayer }: { source: Readable; isLayer: boolean },
  ): Promise<{ readonly file: RandomFile; readonly digest: string }> {
    const [outer, inner] = [hashFor(digest), createHash('sha256')];
    let received = 0;
    const counted = seen(source, (chunk) => {
      received += chunk.length;
      outer.update(chunk);
    });
    const after = tap((chunk) => inner.update(chunk));
    const fd = openUnnamed(this.#directory);
    try {
      await pipeline(isLayer ? decompressed(counted) : counted, after, writeUnnamed(fd));
      if (received !== size || outer.digest('hex') !== splitDigest(digest).hex)
        throw new TspodError('DIGEST_MISMATCH', `write the archive: the bytes are not those of ${digest}`);
      return { file: RandomFile.of(fd, digest), digest: `sha256:${inner.digest('hex')}` };
    } catch (error) {
      closeSync(fd);
      throw writeError(error);
    }
  }
}

/** A destination that writes an archive with one image. */
export class DockerArchiveDestination implements ImageDestination {
  readonly reference: string;
  readonly #writer: DockerArchiveWriter;
  readonly #names: readonly string[];

  constructor(reference: string, writer: DockerArchiveWriter, names: readonly string[]) {
    this.reference = reference;
    this.#writer = writer;
    this.#names = names;
  }

  hasBlob(descriptor: Descriptor): Promise<boolean> {
    return Promise.resolve(this.#writer.has(descriptor));
  }

  async putBlob(descriptor: Descriptor, { open }: BlobUpload): Promise<'uploaded' | 'mounted'> {
    if (this.#writer.has(descriptor)) return 'mounted';
    await this.#writer.addBlob(descriptor, open);
    return 'uploaded';
  }

  putManifest(manifest: RawManifest, { digest }: { readonly digest?: string } = {}): Promise<void> {
    return Promise.resolve().then(() => this.#writer.addImage(manifest, digest === undefined ? this.#names : []));
  }

  commit(): Promise<void> {
    return this.#writer.finish();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]();
  }
}

async function* seen(source: Readable, see: (chunk: Buffer) => void): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of source as AsyncIterable<Buffer>) {
    see(chunk);
    yield chunk;
  }
}

function configFile(digest: string): string {
  return `${splitDigest(digest).hex}.json`;
}

function layerFile(digest: string): string {
  return `${splitDigest(digest).hex}.tar`;
}

function writeError(error: unknown): Error {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return new TspodError('DISK_FULL', `write the archive: ${message}`, { cause: error });
  return error as Error;
}
