/** Images that tests make themselves: layers from entries, manifests around them, and a source that hands them out. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

import type { ImageSource } from '../../src/image/transport.js';
import { digestOf } from '../../src/oci/digest.js';
import type { Descriptor, ImageRunConfig } from '../../src/oci/image.js';
import { OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-types.js';
import { ARCHIVE_END, encodeHeader } from '../../src/tar/encode.js';
import { paddingOf, type TarHeader } from '../../src/tar/header.js';

/** An entry of a layer: a file with content unless it says something else. */
export interface Entry extends Partial<Omit<TarHeader, 'xattrs' | 'size'>> {
  readonly path: string;
  readonly content?: string | Buffer;
  readonly xattrs?: Readonly<Record<string, Buffer>>;
}

const MODES = { directory: 0o755, symlink: 0o777 } as Readonly<Record<string, number>>;

/** The archive of these entries. */
export function tarOf(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ content = '', xattrs = {}, ...entry }) => {
    const bytes = Buffer.from(content as string);
    const type = entry.type ?? 'file';
    const header = encodeHeader({
      mode: MODES[type] ?? 0o644,
      uid: 0,
      gid: 0,
      mtimeSec: 1_700_000_000,
      mtimeNsec: 0,
      target: '',
      major: 0,
      minor: 0,
      ...entry,
      type,
      size: bytes.length,
      xattrs: new Map(Object.entries(xattrs)),
    });
    return [header, bytes, Buffer.alloc(paddingOf(bytes.length))];
  });
  return Buffer.concat([...blocks, ARCHIVE_END]);
}

export interface TestLayer {
  readonly tar: Buffer;
  /** As it is sent. */
  readonly blob: Buffer;
  readonly descriptor: Descriptor;
  readonly diff: string;
}

export function layerOf(entries: readonly Entry[], compression: 'gzip' | 'none' = 'gzip'): TestLayer {
  return layerOfTar(tarOf(entries), compression);
}

export function layerOfTar(tar: Buffer, compression: 'gzip' | 'none' = 'gzip'): TestLayer {
  const blob = compression === 'gzip' ? gzipSync(tar, { level: 1 }) : tar;
  const mediaType = compression === 'gzip' ? OCI_LAYER_GZIP : OCI_LAYER;
  return { tar, blob, descriptor: { mediaType, digest: digestOf(blob), size: blob.length }, diff: digestOf(tar) };
}

export interface TestImage {
  /** Hexadecimal digits of the config's digest. */
  readonly id: string;
  readonly manifest: { readonly mediaType: string; readonly bytes: Buffer; readonly digest: string };
  readonly blobs: ReadonlyMap<string, Buffer>;
}

export interface ImageParts {
  readonly layers?: readonly TestLayer[];
  readonly config?: ImageRunConfig;
  /** Members of the config beside those. */
  readonly more?: Readonly<Record<string, unknown>>;
  /** In place of what the layers say. */
  readonly diffs?: readonly string[];
}

export function imageOf({ layers = [], config = {}, more = {}, diffs }: ImageParts): TestImage {
  const configBytes = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      created: '2024-01-02T03:04:05Z',
      config,
      rootfs: { type: 'layers', diff_ids: diffs ?? layers.map(({ diff }) => diff) },
      ...more,
    }),
  );
  const configDigest = digestOf(configBytes);
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: OCI_CONFIG, digest: configDigest, size: configBytes.length },
      layers: layers.map(({ descriptor }) => descriptor),
    }),
  );
  return {
    id: configDigest.slice('sha256:'.length),
    manifest: { mediaType: OCI_MANIFEST, bytes, digest: digestOf(bytes) },
    blobs: new Map([
      [configDigest, configBytes],
      ...layers.map(({ descriptor, blob }) => [descriptor.digest, blob] as const),
    ]),
  };
}

export interface SourceOptions {
  /** Called for each request of a blob; what it answers is sent instead. */
  readonly onBlob?: (digest: string, offset: number) => Readable | undefined;
}

/** Hands out an image, and counts. */
export function sourceOf(
  image: TestImage,
  options: SourceOptions = {},
): ImageSource & { readonly requests: { digest: string; offset: number }[] } {
  const requests: { digest: string; offset: number }[] = [];
  return {
    reference: 'test://image',
    requests,
    manifest: () => Promise.resolve(image.manifest),
    blob: ({ digest }, { offset = 0 } = {}) => {
      requests.push({ digest, offset });
      const bytes = image.blobs.get(digest);
      if (bytes === undefined) throw new Error(`no blob ${digest}`);
      const stream = options.onBlob?.(digest, offset) ?? Readable.from([bytes.subarray(offset)], { objectMode: false });
      return Promise.resolve({ stream, offset });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const APPLETS =
  'sh cat echo env id ls sleep true false pwd hostname stat touch mkdir rm readlink grep ps kill test printf wc head';

/** A layer with busybox, its usual names, and a few accounts. */
export function busyboxLayer(): TestLayer {
  const program = readFileSync('/bin/busybox');
  const directory = (path: string, mode = 0o755): Entry => ({ path, type: 'directory', mode });
  return layerOf([
    directory('.'),
    ...['bin', 'etc', 'proc', 'sys', 'dev', 'run', 'root', 'usr', 'usr/bin', 'var', 'home'].map((path) =>
      directory(path),
    ),
    directory('tmp', 0o1777),
    { path: 'bin/busybox', content: program, mode: 0o755 },
    ...APPLETS.split(' ').map((name): Entry => ({ path: `bin/${name}`, type: 'symlink', target: 'busybox' })),
    { path: 'etc/passwd', content: 'root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n' },
    { path: 'etc/group', content: 'root:x:0:\nalice:x:1000:\n' },
  ]);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** As writeImage() wants it: the config first, then the layers. */
export function partsOf({ manifest, blobs }: TestImage): {
  readonly manifest: TestImage['manifest'];
  readonly blobs: readonly { readonly descriptor: Descriptor; readonly bytes: Buffer }[];
} {
  const { config, layers } = JSON.parse(manifest.bytes.toString()) as { config: Descriptor; layers: Descriptor[] };
  return {
    manifest,
    blobs: [config, ...layers].map((descriptor) => {
      const bytes = blobs.get(descriptor.digest);
      if (bytes === undefined) throw new Error(`no blob ${descriptor.digest}`);
      return { descriptor, bytes };
    }),
  };
}
