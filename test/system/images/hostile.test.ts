/** What registries may send to harm, by real pulls: bombs, manifests that are none; and what two pulls at once ask for. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';

import { fetchImage } from '../../../src/engine/images/fetch-image.js';
import { openDestination, openSource, type OpenImageOptions } from '../../../src/image/open.js';
import { NO_REGISTRIES } from '../../../src/image/registries/config.js';
import { digestOf } from '../../../src/oci/digest.js';
import { OCI_LAYER_ZSTD, OCI_MANIFEST } from '../../../src/oci/media-types.js';
import { wantedPlatform } from '../../../src/oci/platform.js';
import { Store } from '../../../src/state/store.js';
import { decompressed } from '../../../src/native/decompress.js';
import { LAYER_LIMITS } from '../../../src/storage/images/unpack-layer.js';
import { storePaths } from '../../../src/storage/paths.js';
import { collect, run, start } from '../../helpers/cli.js';
import { rejectsWith, testEngine } from '../../helpers/engine.js';
import { startServer } from '../../helpers/http-server.js';
import { writeImage } from '../../helpers/images.js';
import {
  busyboxLayer,
  imageOf,
  layerOfTar,
  partsOf,
  tarOf,
  type TestImage,
  type TestLayer,
} from '../../helpers/layers.js';
import { startRegistry } from '../../helpers/registry.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'busybox', 'overlay', 'docker-registry');

const PLAIN = '--tls-verify=false';
const MIB = 1024 * 1024;

function optionsIn(directory: string): OpenImageOptions {
  return { environment: {}, uid: 0, registries: NO_REGISTRIES, temporaryDirectory: directory, tlsVerify: false };
}

function zstdLayer(t: ExecutionContext<unknown>, tar: Buffer): TestLayer {
  const { stdout, status } = spawnSync('zstd', ['-q', '-c'], { input: tar, maxBuffer: 64 * MIB });
  t.is(status, 0);
  const descriptor = { mediaType: OCI_LAYER_ZSTD, digest: digestOf(stdout), size: stdout.length };
  return { tar, blob: stdout, descriptor, diff: digestOf(tar) };
}

async function offer(t: ExecutionContext<unknown>, image: TestImage): Promise<string> {
  const { host } = await startRegistry(t);
  await using destination = await openDestination(`docker://${host}/app:1`, optionsIn(temporaryDirectory(t)));
  await writeImage(destination, partsOf(image));
  return `${host}/app:1`;
}

test('pull: layers that are compressed with zstd', async (t) => {
  if (!ready(t) || !requires(t, 'zstd')) return;
  const { engine, options } = await testEngine(t);
  const small = zstdLayer(t, tarOf([{ path: 'zstd', content: 'by zstd' }]));
  const image = imageOf({ layers: [zstdLayer(t, busyboxLayer().tar), small], config: { Cmd: ['cat', '/zstd'] } });
  const name = await offer(t, image);
  t.is((await engine.images.pull(name, { registry: { tlsVerify: false } })).id, image.id);
  t.is((await engine.run(options({ image: name }))).stdout, 'by zstd');
});

for (const compression of ['gzip', 'zstd'] as const) {
  test(`pull: a layer of ${compression} that inflates absurdly is refused, and nothing of it is left`, async (t) => {
    if (!ready(t) || !requires(t, 'zstd')) return;
    const { engine, root, runRoot } = await testEngine(t);
    const tar = tarOf([{ path: 'zeros', content: Buffer.alloc(32 * MIB) }]);
    const bomb = compression === 'gzip' ? layerOfTar(tar) : zstdLayer(t, tar);
    t.true(bomb.blob.length < MIB / 4);
    const source = await openSource(`docker://${await offer(t, imageOf({ layers: [bomb] }))}`, optionsIn(root));
    await using _source = source;
    const store = new Store(join(root, 'tspod.db'));
    t.teardown(() => store.close());
    const request = { store, paths: storePaths({ root, runRoot }).images, source, platform: wantedPlatform() };
    const limits = { ...LAYER_LIMITS, growth: { factor: 10, bytes: MIB } };
    const pulling = fetchImage({ ...request, isPlatformWanted: false, limits });
    t.regex(await rejectsWith(t, pulling, 'BAD_IMAGE'), /more than 10 times as large/);
    await engine.images.check({ repair: true });
    t.deepEqual(await engine.images.check(), { problems: [], repaired: true });
    for (const directory of ['layers', 'blobs/sha256', 'blobs/partial'])
      t.deepEqual(existsSync(join(root, directory)) ? readdirSync(join(root, directory)) : [], [], directory);
  });
}

test('decompressed: gigabytes that a kilobyte stands for are not inflated to the end', async (t) => {
  // Of gzip in gzip the outer one says nothing: each grows by a thousand.
  const inner = gzipSync(Buffer.alloc(64 * MIB));
  let seen = 0;
  const reading = async () => {
    for await (const chunk of decompressed(
      (async function* () {
        for (let i = 0; i < 40; i += 1) yield await Promise.resolve(inner);
      })(),
    ))
      seen += chunk.length;
  };
  const error = await t.throwsAsync<Error & { code?: string }>(reading());
  t.is(error.code, 'BAD_IMAGE');
  t.true(seen < 1.5 * 1024 * MIB, `${seen} bytes`);
});

const MANIFESTS: Readonly<Record<string, { readonly body: Buffer; readonly why: RegExp }>> = {
  'no JSON': { body: Buffer.from('{"schemaVersion":2,'), why: /is not JSON/ },
  'a list': { body: Buffer.from('[]'), why: /must be an object/ },
  'no UTF-8': { body: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), why: /not UTF-8/ },
  'nested deeply': { body: Buffer.from('['.repeat(100_000)), why: /./ },
  'no layers': {
    body: Buffer.from('{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"}'),
    why: /config/,
  },
  huge: { body: Buffer.alloc(5 * MIB, ' '), why: /larger than|more than|too (large|long)/ },
};

for (const [what, { body, why }] of Object.entries(MANIFESTS)) {
  test(`pull: a manifest that is ${what} is refused in one line, and nothing is left`, async (t) => {
    if (!requires(t, 'root')) return;
    const { host } = await startServer(t, ({ url }, response) => {
      const isManifest = url.includes('/manifests/');
      response.writeHead(200, { 'content-type': isManifest ? OCI_MANIFEST : 'application/json' });
      response.end(isManifest ? body : '{}');
    });
    const { stderr } = await run(t, 125, 'pull', '-q', PLAIN, `${host}/app:1`);
    t.regex(stderr, why);
    t.is(stderr.trim().split('\n').length, 1, stderr);
    t.is((await run(t, 0, 'images', '-q')).stdout, '');
    t.is((await run(t, 0, 'system', 'check')).stdout, '');
  });
}

test('pull: two processes at the same moment ask for each blob once', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay')) return;
  const image = imageOf({ layers: [busyboxLayer(), layerOfTar(tarOf([{ path: 'x', content: 'x' }]))] });
  let manifests = 0;
  let open: () => void = () => undefined;
  // No blob is sent before both have the manifest: they are at work at the same time.
  const both = new Promise<void>((resolve) => (open = resolve));
  const server = await startServer(t, ({ url, method }, response) => {
    const digest = url.split('/').at(-1) ?? '';
    if (url.includes('/manifests/')) {
      response.writeHead(200, { 'content-type': OCI_MANIFEST });
      response.end(image.manifest.bytes);
      manifests += Number(method === 'GET');
      if (manifests === 2) open();
    } else if (url.includes('/blobs/')) {
      void both.then(() => response.end(image.blobs.get(digest)));
    } else response.end('{}');
  });
  const name = `${server.host}/app:1`;
  const pulls = ['one', 'two'].map(() => collect(start(t, {}, 'pull', '-q', PLAIN, name)));
  for (const { status, stdout, stderr } of await Promise.all(pulls))
    t.is(`${status} ${stdout}`, `0 ${image.id}\n`, stderr);
  const asked = server.requests.filter(({ url }) => url.includes('/blobs/')).map(({ url }) => url.split('/').at(-1));
  t.deepEqual(asked.toSorted(), [...image.blobs.keys()].toSorted());
});
