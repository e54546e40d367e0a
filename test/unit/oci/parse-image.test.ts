import test from 'ava';

import { isTspodError } from '../../../src/errors.js';
import { digestOf, isDigest, splitDigest } from '../../../src/oci/digest.js';
import {
  DOCKER_CONFIG,
  DOCKER_LAYER_GZIP,
  DOCKER_LIST,
  DOCKER_MANIFEST,
  layerCompression,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
  OCI_MANIFEST,
} from '../../../src/oci/media-types.js';
import { MAX_MANIFEST_BYTES, parseImageConfig, parseManifest } from '../../../src/oci/parse-image.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const CONFIG = { mediaType: OCI_CONFIG, digest: DIGEST, size: 100 };
const LAYER = { mediaType: OCI_LAYER_GZIP, digest: DIGEST, size: 1000 };
const MANIFEST = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: CONFIG, layers: [LAYER] };
const IMAGE = {
  mediaType: OCI_MANIFEST,
  digest: DIGEST,
  size: 500,
  platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
};
const INDEX = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [IMAGE] };
const IMAGE_CONFIG = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [DIGEST] } };

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

test('manifest: as OCI writes it', (t) => {
  t.deepEqual(parseManifest(bytes(MANIFEST), OCI_MANIFEST) as unknown, { kind: 'manifest', manifest: MANIFEST });
});

test('manifest: as Docker writes it', (t) => {
  const manifest = {
    schemaVersion: 2,
    mediaType: DOCKER_MANIFEST,
    config: { ...CONFIG, mediaType: DOCKER_CONFIG },
    layers: [{ ...LAYER, mediaType: DOCKER_LAYER_GZIP }],
  };
  t.deepEqual(parseManifest(bytes(manifest)) as unknown, { kind: 'manifest', manifest });
});

test('manifest: an index, also a list of Docker', (t) => {
  t.deepEqual(parseManifest(bytes(INDEX)) as unknown, { kind: 'index', index: INDEX });
  const list = { ...INDEX, mediaType: DOCKER_LIST };
  t.deepEqual(parseManifest(bytes(list), DOCKER_LIST) as unknown, { kind: 'index', index: list });
});

test('manifest: without a media type it is what it was served as, or what its members say', (t) => {
  const { mediaType: _m, ...manifest } = MANIFEST;
  const { mediaType: _i, ...index } = INDEX;
  t.is(parseManifest(bytes(manifest)).kind, 'manifest');
  t.is(parseManifest(bytes(manifest), 'application/json').kind, 'manifest');
  t.is(parseManifest(bytes(index)).kind, 'index');
  t.is(parseManifest(bytes(index), OCI_INDEX).kind, 'index');
  const parsed = parseManifest(bytes(manifest), DOCKER_MANIFEST);
  t.is(parsed.kind === 'manifest' ? parsed.manifest.mediaType : '', DOCKER_MANIFEST);
});

test('manifest: members that are not in the specification are passed over, null counts as absent', (t) => {
  const parsed = parseManifest(bytes({ ...MANIFEST, annotations: null, more: [1], layers: [{ ...LAYER, data: 'x' }] }));
  t.deepEqual(parsed as unknown, { kind: 'manifest', manifest: MANIFEST });
});

test('manifest and config: without layers, as Go writes an empty list', (t) => {
  const { layers: _layers, ...manifest } = MANIFEST;
  const empty = { kind: 'manifest', manifest: { ...MANIFEST, layers: [] } };
  for (const given of [manifest, { ...manifest, layers: null }])
    t.deepEqual(parseManifest(bytes(given)) as unknown, empty);
  const rootfs = { type: 'layers', diff_ids: [] };
  for (const given of [{ type: 'layers' }, { type: 'layers', diff_ids: null }])
    t.deepEqual(parseImageConfig(bytes({ ...IMAGE_CONFIG, rootfs: given })).rootfs as unknown, rootfs);
});

const badManifest = test.macro<[string, unknown, RegExp]>({
  exec: (t, _, value, why) => {
    const error = t.throws(() => parseManifest(bytes(value)));
    t.true(isTspodError(error, 'BAD_IMAGE'), error.message);
    t.regex(error.message, why);
  },
  title: (_, what) => `bad manifest: ${what}`,
});

test(badManifest, 'no JSON', '{', /image manifest is not JSON/);
test(badManifest, 'null', 'null', /image manifest must be an object/);
test(badManifest, 'a list', '[]', /must be an object/);
test(badManifest, 'empty', '', /is not JSON/);
test(badManifest, 'a byte order mark', '\uFEFF{}', /is not JSON/);
test(badManifest, 'deep', '['.repeat(1_000_000), /is not JSON|stack/);
test(badManifest, 'too long', ' '.repeat(MAX_MANIFEST_BYTES + 1), /larger than 4194304 bytes/);
test(badManifest, 'both (CVE-2021-41190)', { ...MANIFEST, manifests: [] }, /manifests must not be in/);
test(badManifest, 'both, the index first', { ...INDEX, layers: [] }, /layers must not be in/);
test(badManifest, 'both, with a config', { ...INDEX, config: CONFIG }, /config must not be in/);
test(badManifest, 'of an unknown type', { ...MANIFEST, mediaType: 'a/b' }, /mediaType must be one of/);
test(badManifest, 'no version', { ...MANIFEST, schemaVersion: undefined }, /schemaVersion is missing/);
test(badManifest, 'version 3', { ...MANIFEST, schemaVersion: 3 }, /schemaVersion must be 2/);
test(badManifest, 'no config', { ...MANIFEST, config: undefined }, /image manifest.config is missing/);
test(badManifest, 'no list of layers', { ...MANIFEST, layers: {} }, /image manifest.layers must be a list/);
test(badManifest, 'many layers', { ...MANIFEST, layers: Array<unknown>(1025).fill(LAYER) }, /layers must have at most/);
test(badManifest, 'many images', { ...INDEX, manifests: Array<unknown>(4097).fill(IMAGE) }, /at most 4096/);
for (const size of [-1, 1.5, 2 ** 53, '5', null, '1e400']) {
  const text = JSON.stringify({ ...MANIFEST, layers: [{ ...LAYER, size }] }).replace('"1e400"', '1e400');
  test(badManifest, `a size of ${size}`, text, /layers\[0\]\.size (must be a whole number|is missing)/);
}
for (const digest of [
  '',
  'sha256:',
  'sha256:../../x',
  `md5:${'a'.repeat(32)}`,
  `sha256:${'A'.repeat(64)}`,
  `sha256:${'a'.repeat(63)}`,
  `sha256:${'a'.repeat(65)}`,
  `sha256:${'a'.repeat(64)}\n`,
  `toString:${'a'.repeat(64)}`,
  `sha256:${'a'.repeat(32)}:${'a'.repeat(31)}`,
  5,
]) {
  test(
    badManifest,
    `a digest ${JSON.stringify(digest)}`,
    { ...MANIFEST, config: { ...CONFIG, digest } },
    /config\.digest/,
  );
}
test(
  badManifest,
  'a media type',
  { ...MANIFEST, config: { ...CONFIG, mediaType: 'a/b\r\nx: y' } },
  /config\.mediaType/,
);

test('bad manifest: served as another type than it says', (t) => {
  const error = t.throws(() => parseManifest(bytes(MANIFEST), OCI_INDEX));
  t.regex(error.message, /mediaType is .*manifest.*, but it was served as .*index/);
});

test('manifest: schema 1 of Docker is refused in words', (t) => {
  const old = { schemaVersion: 1, name: 'a', tag: 'b', fsLayers: [], history: [] };
  t.true(
    isTspodError(
      t.throws(() => parseManifest(bytes(old))),
      'NOT_SUPPORTED',
    ),
  );
});

test('manifest: bytes that are not UTF-8 are refused', (t) => {
  const error = t.throws(() => parseManifest(Buffer.from([0x7b, 0xff, 0x7d])));
  t.regex(error.message, /not UTF-8/);
});

test('manifest: names that mean something to JavaScript are names', (t) => {
  const text = JSON.stringify({ ...MANIFEST, annotations: { x: 'y' } }).replace('"x"', '"__proto__"');
  const parsed = parseManifest(bytes(text));
  const annotations = parsed.kind === 'manifest' ? parsed.manifest.annotations : undefined;
  t.deepEqual(Object.entries(annotations ?? {}), [['__proto__', 'y']]);
  t.is(Object.getPrototypeOf(annotations), Object.prototype);
  t.throws(() => parseManifest(bytes('{"__proto__":{"schemaVersion":2,"layers":[]}}')), { message: /is missing/ });
});

test('config: as Docker writes it', (t) => {
  const config = {
    ...IMAGE_CONFIG,
    created: '2024-01-02T03:04:05.123456789Z',
    author: 'someone',
    variant: 'v8',
    config: {
      User: '1000:1000',
      ExposedPorts: { '80/tcp': {} },
      Env: ['PATH=/bin', 'A='],
      Entrypoint: ['/init'],
      Cmd: ['sh'],
      Volumes: { '/data': {} },
      WorkingDir: '/w',
      Labels: { a: 'b', c: '' },
      StopSignal: 'SIGINT',
      StopTimeout: 3,
      ArgsEscaped: true,
      Healthcheck: {
        Test: ['CMD-SHELL', 'true'],
        Interval: 3e10,
        Timeout: 1e9,
        StartPeriod: 0,
        StartInterval: 5e9,
        Retries: 3,
      },
      Shell: ['/bin/sh', '-c'],
      OnBuild: ['RUN true'],
    },
    history: [{ created: '2024-01-02T03:04:05Z', created_by: 'ADD x', comment: 'c', author: 'a', empty_layer: true }],
  };
  t.deepEqual(parseImageConfig(bytes({ ...config, container: 'x', docker_version: '1' })) as unknown, config);
});

test('config: what Go leaves null is absent', (t) => {
  const config = parseImageConfig(
    bytes({ ...IMAGE_CONFIG, history: null, config: { Entrypoint: null, Volumes: null, Labels: { a: null } } }),
  );
  t.deepEqual(config as unknown, { ...IMAGE_CONFIG, config: { Labels: { a: '' } } });
});

test('config: what builders leave out or overdo, and other engines take, is taken', (t) => {
  const { rootfs } = IMAGE_CONFIG;
  t.deepEqual(parseImageConfig(bytes({ rootfs, os: null })), { rootfs, os: '', architecture: '' } as unknown);
  const config = {
    ...IMAGE_CONFIG,
    author: 'a'.repeat(5000),
    config: { StopTimeout: -1, Healthcheck: { Retries: -1 }, Labels: { long: 'x'.repeat(1_200_000) } },
    history: [{ author: 'b'.repeat(5000) }],
  };
  t.deepEqual(parseImageConfig(bytes(config)) as unknown, config);
});

const badConfig = test.macro<[string, unknown, RegExp]>({
  exec: (t, _, value, why) => {
    const error = t.throws(() => parseImageConfig(bytes(value)));
    t.true(isTspodError(error, 'BAD_IMAGE'), error.message);
    t.regex(error.message, why);
  },
  title: (_, what) => `bad config: ${what}`,
});

const RUN = (config: object) => ({ ...IMAGE_CONFIG, config });

test(badConfig, 'no rootfs', { ...IMAGE_CONFIG, rootfs: undefined }, /rootfs is missing/);
test(badConfig, 'no word for an os', { ...IMAGE_CONFIG, os: 1 }, /os must be a string/);
test(badConfig, 'another rootfs', { ...IMAGE_CONFIG, rootfs: { type: 'x', diff_ids: [] } }, /rootfs.type/);
test(badConfig, 'a diff id', { ...IMAGE_CONFIG, rootfs: { type: 'layers', diff_ids: ['x'] } }, /diff_ids\[0\]/);
test(badConfig, 'an entrypoint that is a string', RUN({ Entrypoint: 'sh' }), /config.Entrypoint must be a list/);
test(badConfig, 'a variable with NUL', RUN({ Env: ['A=\0'] }), /config.Env\[0\] must not contain a NUL/);
test(badConfig, 'a health check', RUN({ Healthcheck: { Retries: 1.5 } }), /Healthcheck.Retries/);
test(badConfig, 'history', { ...IMAGE_CONFIG, history: Array<unknown>(16385).fill({}) }, /history must have at most/);
test(badConfig, 'labels', RUN({ Labels: { a: 1 } }), /Labels.a must be a string/);
test(badConfig, 'too long', ' '.repeat(4 * 1024 * 1024 + 1), /larger than/);

test('digests: of bytes, their parts', (t) => {
  t.is(digestOf(Buffer.from('')), 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  t.deepEqual(splitDigest(DIGEST), { algorithm: 'sha256', hex: 'a'.repeat(64) });
  t.true(isDigest(`sha512:${'0'.repeat(128)}`));
  t.throws(() => splitDigest('sha1:00'), { message: /not a sha256 or sha512 digest/ });
});

test('media types: how a layer is compressed', (t) => {
  t.is(layerCompression(OCI_LAYER_ZSTD), 'zstd');
  t.is(layerCompression(DOCKER_LAYER_GZIP), 'gzip');
  t.is(layerCompression('application/vnd.oci.image.layer.v1.tar'), 'none');
  t.is(layerCompression('toString'), undefined);
});
