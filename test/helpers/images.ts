/** Small images, made in memory. */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { ExecutionContext } from 'ava';

import { openDestination } from '../../src/image/open.js';
import { NO_REGISTRIES } from '../../src/image/registries/config.js';
import type { ImageDestination, ImageSource, RawManifest } from '../../src/image/transport.js';
import { digestOf } from '../../src/oci/digest.js';
import type { Descriptor } from '../../src/oci/image.js';
import {
  DOCKER_CONFIG,
  DOCKER_LAYER_GZIP,
  DOCKER_LIST,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from '../../src/oci/media-types.js';
import { parseManifest } from '../../src/oci/parse-image.js';
import { ARCHIVE_END, encodeHeader } from '../../src/tar/encode.js';
import { temporaryDirectory } from './temp.js';

export interface TestImage {
  readonly manifest: RawManifest;
  readonly blobs: readonly TestBlob[];
}

export interface TestBlob {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}

export interface TestImageOptions {
  /** @default 'oci' */
  readonly format?: 'oci' | 'docker';
  /** Random bytes in each layer's file. @default [1000] */
  readonly layers?: readonly number[];
  readonly architecture?: string;
}

export function makeImage({
  format = 'oci',
  layers = [1000],
  architecture = 'amd64',
}: TestImageOptions = {}): TestImage {
  const types =
    format === 'oci'
      ? { manifest: OCI_MANIFEST, config: OCI_CONFIG, layer: OCI_LAYER_GZIP }
      : { manifest: DOCKER_MANIFEST, config: DOCKER_CONFIG, layer: DOCKER_LAYER_GZIP };
  const tars = layers.map((size, index) => tarOf(`file${index}`, randomBytes(size)));
  const config = blobOf(
    types.config,
    Buffer.from(
      JSON.stringify({
        architecture,
        os: 'linux',
        config: { Cmd: ['sh'], Env: ['PATH=/bin'] },
        rootfs: { type: 'layers', diff_ids: tars.map((tar) => digestOf(tar)) },
        history: tars.map(() => ({ created_by: 'test' })),
      }),
    ),
  );
  const layerBlobs = tars.map((tar) => blobOf(types.layer, gzipSync(tar)));
  const manifest = rawManifest(types.manifest, {
    config: config.descriptor,
    layers: layerBlobs.map(({ descriptor }) => descriptor),
  });
  return { manifest, blobs: [config, ...layerBlobs] };
}

/** An index of the images, by architecture. */
export function makeIndex(images: Readonly<Record<string, TestImage>>, format: 'oci' | 'docker' = 'oci'): RawManifest {
  return rawManifest(format === 'oci' ? OCI_INDEX : DOCKER_LIST, {
    manifests: Object.entries(images).map(([architecture, { manifest }]) => ({
      mediaType: manifest.mediaType,
      digest: manifest.digest,
      size: manifest.bytes.length,
      platform: { os: 'linux', architecture },
    })),
  });
}

export function rawManifest(mediaType: string, members: object): RawManifest {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...members }));
  return { mediaType, digest: digestOf(bytes), bytes };
}

export function blobOf(mediaType: string, bytes: Buffer): TestBlob {
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}

/** An archive of one file. */
export function tarOf(path: string, content: Buffer): Buffer {
  const header = encodeHeader({
    ...{ path, type: 'file', mode: 0o644, uid: 0, gid: 0, size: content.length, mtimeSec: 1_700_000_000 },
    ...{ mtimeNsec: 0, target: '', major: 0, minor: 0, xattrs: new Map() },
  });
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512), ARCHIVE_END]);
}

/** Writes the image as a push does. */
export async function writeImage(destination: ImageDestination, { manifest, blobs }: TestImage): Promise<void> {
  for (const { descriptor, bytes } of blobs)
    await destination.putBlob(descriptor, { open: () => Promise.resolve(Readable.from([bytes])) });
  await destination.putManifest(manifest);
  await destination.commit();
}

/** Writes it to a file, an `oci-archive`: `to` is PATH or PATH:NAME. */
export async function writeArchive(t: ExecutionContext<unknown>, to: string, image: TestImage): Promise<void> {
  await using destination = await openDestination(`oci-archive:${to}`, {
    environment: {},
    uid: 0,
    registries: NO_REGISTRIES,
    temporaryDirectory: temporaryDirectory(t),
  });
  await writeImage(destination, image);
}

/** Reads all of an image, whose bytes must be what their digests say. */
export async function readImage(source: ImageSource): Promise<TestImage> {
  const manifest = await source.manifest();
  const parsed = parseManifest(manifest.bytes, manifest.mediaType);
  if (parsed.kind === 'index') throw new Error('it is an index');
  const blobs: TestBlob[] = [];
  for (const descriptor of [parsed.manifest.config, ...parsed.manifest.layers]) {
    const bytes = await readAll((await source.blob(descriptor)).stream);
    if (digestOf(bytes) !== descriptor.digest) throw new Error(`${descriptor.digest} has other bytes`);
    blobs.push({ descriptor, bytes });
  }
  return { manifest, blobs };
}

export async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
