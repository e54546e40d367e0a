/** An archive as `docker save` writes it, of one image or several: layers unpacked, each once. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

import { TspodError } from '../../errors.js';
import { hashFor, splitDigest } from '../../oci/digest.js';
import type { Descriptor } from '../../oci/image.js';
import { layerCompression } from '../../oci/media-types.js';
import { MAX_CONFIG_BYTES, parseImageConfig, parseManifest } from '../../oci/parse-image.js';
import { TarWriter } from '../archive/tar-writer.js';
import type { BlobUpload, ImageDestination, RawManifest } from '../transport.js';

export class DockerArchiveWriter implements AsyncDisposable {
  readonly #tar: TarWriter;
  readonly #directory: string;
  /** Digests of unpacked layers by the digest of the blob that they came as. */
  readonly #diffIds = new Map<string, string>();
  readonly #configs = new Map<string, Buffer>();
  readonly #images: { Config: string; RepoTags: readonly string[]; Layers: readonly string[] }[] = [];

  private constructor(tar: TarWriter, directory: string) {
    this.#tar = tar;
    this.#directory = directory;
  }

  /** @param temporaryDirectory where layers lie until their size is known */
  static async create(path: string, temporaryDirectory: string): Promise<DockerArchiveWriter> {
    const tar = await TarWriter.create(path);
    return new DockerArchiveWriter(tar, mkdtempSync(join(temporaryDirectory, 'tspod-save-')));
  }

  has({ digest }: Descriptor): boolean {
    return this.#diffIds.has(digest) || this.#configs.has(digest);
  }

  async addBlob(descriptor: Descriptor, open: () => Promise<Readable>): Promise<void> {
    if (this.has(descriptor)) return;
    const compression = layerCompression(descriptor.mediaType);
    if (compression === undefined) await this.#addConfig(descriptor, open);
    else if (compression === 'zstd')
      throw new TspodError(
        'NOT_SUPPORTED',
        'a docker-archive of layers that are compressed with zstd is not supported: write an oci-archive',
      );
    else await this.#addLayer(descriptor, { open, isCompressed: compression === 'gzip' });
  }

  /** An image of blobs that were added, under these names. Throws NOT_SUPPORTED for an index. */
  addImage({ bytes, mediaType }: RawManifest, names: readonly string[]): void {
    const parsed = parseManifest(bytes, mediaType);
    if (parsed.kind === 'index')
      throw new TspodError('NOT_SUPPORTED', 'a docker-archive has no place for an index of images');
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
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #addConfig({ digest, size }: Descriptor, open: () => Promise<Readable>): Promise<void> {
    if (size > MAX_CONFIG_BYTES)
      throw new TspodError('BAD_IMAGE', `config ${digest} is larger than ${MAX_CONFIG_BYTES} bytes`);
    const path = join(this.#directory, `config-${splitDigest(digest).hex}`);
    await this.#toFile(path, { digest, size }, { source: await open(), isCompressed: false });
    const bytes = await readFile(path);
    rmSync(path);
    this.#configs.set(digest, bytes);
    await this.#tar.add(configFile(digest), bytes.length, bytes);
  }

  async #addLayer(
    { digest, size }: Descriptor,
    { open, isCompressed }: { open: () => Promise<Readable>; isCompressed: boolean },
  ): Promise<void> {
    const path = join(this.#directory, splitDigest(digest).hex);
    const plain = await this.#toFile(path, { digest, size }, { source: await open(), isCompressed });
    await this.#tar.add(
      layerFile(plain.digest),
      plain.size,
      () => Promise.resolve(createReadStream(path)),
      plain.digest,
    );
    rmSync(path);
    this.#diffIds.set(digest, plain.digest);
  }

  /** The unpacked bytes in a file; the bytes as they come are those of the digest. */
  async #toFile(
    path: string,
    { digest, size }: { readonly digest: string; readonly size: number },
    { source, isCompressed }: { source: Readable; isCompressed: boolean },
  ): Promise<{ size: number; digest: string }> {
    const [outer, inner] = [hashFor(digest), createHash('sha256')];
    let [received, unpacked] = [0, 0];
    const before = passing((chunk) => {
      received += chunk.length;
      outer.update(chunk);
    });
    const after = passing((chunk) => {
      unpacked += chunk.length;
      inner.update(chunk);
    });
    const file = createWriteStream(path, { mode: 0o600 });
    await (
      isCompressed ? pipeline(source, before, createGunzip(), after, file) : pipeline(source, before, after, file)
    ).catch((error: unknown) => {
      throw writeError(digest, error);
    });
    if (received !== size || outer.digest('hex') !== splitDigest(digest).hex)
      throw new TspodError('DIGEST_MISMATCH', `write the archive: the bytes are not those of ${digest}`);
    return { size: unpacked, digest: `sha256:${inner.digest('hex')}` };
  }
}

/** One image of an archive of its own. */
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

function configFile(digest: string): string {
  return `${splitDigest(digest).hex}.json`;
}

function layerFile(digest: string): string {
  return `${splitDigest(digest).hex}.tar`;
}

function passing(see: (chunk: Buffer) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      see(chunk);
      done(null, chunk);
    },
  });
}

function writeError(digest: string, error: unknown): Error {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return new TspodError('DISK_FULL', `write the archive: ${message}`, { cause: error });
  if (code.startsWith('Z_'))
    return new TspodError('BAD_IMAGE', `layer ${digest} cannot be unpacked: ${message}`, { cause: error });
  return error as Error;
}
