/** Against a real registry: what is pushed comes back, with the same digests, for other programs too. */
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { isTspodError } from '../../../src/errors.js';
import { keepLogin } from '../../../src/image/auth/logins.js';
import { openDestination, openSource } from '../../../src/image/open.js';
import { parseRegistries } from '../../../src/image/registries/parse.js';
import { RegistryClient, type RegistryClientOptions } from '../../../src/image/registry/client.js';
import { RegistryDestination } from '../../../src/image/registry/destination.js';
import { searchRegistry } from '../../../src/image/registry/search.js';
import { RegistrySource } from '../../../src/image/registry/source.js';
import { listTags } from '../../../src/image/registry/tags.js';
import { makeImage, makeIndex, readImage, writeImage } from '../../helpers/images.js';
import { PASSWORD, startRegistry, USER, type TestRegistry } from '../../helpers/registry.js';
import { requires } from '../../helpers/requires.js';
import { skopeo } from '../../helpers/skopeo.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const RETRY = { retries: 1, delayMs: 1 };
const LOGIN = { kind: 'password', username: USER, password: PASSWORD } as const;

function clientOf(
  t: ExecutionContext<unknown>,
  { host }: TestRegistry,
  options: Partial<RegistryClientOptions> = { insecure: true },
): RegistryClient {
  const client = new RegistryClient(host, { retry: RETRY, environment: {}, ...options });
  t.teardown(() => client[Symbol.asyncDispose]());
  return client;
}

function destination(client: RegistryClient, repository: string, tag = 'latest'): RegistryDestination {
  return new RegistryDestination({ client, repository, name: { registry: client.registry, repository, tag } });
}

function source(client: RegistryClient, repository: string, tag = 'latest'): RegistrySource {
  return new RegistrySource({ client, repository, name: { registry: client.registry, repository, tag } });
}

for (const format of ['oci', 'docker'] as const) {
  test(`registry: what is pushed comes back, and skopeo reads it (${format})`, async (t) => {
    if (!requires(t, 'docker-registry', 'skopeo')) return;
    const registry = await startRegistry(t);
    const client = clientOf(t, registry);
    const image = makeImage({ format, layers: [1000, 3_000_000] });
    await writeImage(destination(client, 'a/b'), image);
    t.deepEqual(await readImage(source(client, 'a/b')), image);
    const at = `docker://${registry.host}/a/b:latest`;
    t.is(skopeo(t, 'inspect', '--tls-verify=false', '--format', '{{.Digest}}', at).trim(), image.manifest.digest);
    const directory = `${temporaryDirectory(t)}/copy`;
    skopeo(t, 'copy', '--src-tls-verify=false', at, `dir:${directory}`);
    skopeo(t, 'copy', '--dest-tls-verify=false', `dir:${directory}`, `docker://${registry.host}/again:1`);
    t.deepEqual(await readImage(source(client, 'again', '1')), image);
  });
}

test('registry: an index and its images, by digest', async (t) => {
  if (!requires(t, 'docker-registry', 'skopeo')) return;
  const registry = await startRegistry(t);
  const client = clientOf(t, registry);
  const images = { amd64: makeImage(), arm64: makeImage({ architecture: 'arm64' }) };
  const index = makeIndex(images);
  const to = destination(client, 'multi');
  for (const { manifest, blobs } of Object.values(images)) {
    await writeImage(to, { manifest, blobs });
    await to.putManifest(manifest, { digest: manifest.digest });
  }
  await to.putManifest(index);
  const from = source(client, 'multi');
  t.deepEqual(await from.manifest(), index);
  t.deepEqual(await from.manifest(images.arm64.manifest.digest), images.arm64.manifest);
  const raw = skopeo(t, 'inspect', '--raw', '--tls-verify=false', `docker://${registry.host}/multi`);
  t.is(raw, index.bytes.toString());
});

test('registry: a blob that another repository has is not sent again', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const client = clientOf(t, await startRegistry(t));
  const image = makeImage();
  const [layer] = image.blobs;
  if (layer === undefined) return t.fail();
  await writeImage(destination(client, 'first'), image);
  t.false(await destination(client, 'second').hasBlob(layer.descriptor));
  const open = () => Promise.reject(new Error('nothing is to be sent'));
  const second = destination(client, 'second');
  t.is(
    await second.putBlob(layer.descriptor, {
      open,
      mountFrom: [`${client.registry}/none`, `${client.registry}/first`],
    }),
    'mounted',
  );
  t.true(await second.hasBlob(layer.descriptor));
});

test('registry: over TLS with its own authority, and not without', async (t) => {
  if (!requires(t, 'docker-registry', 'openssl')) return;
  const registry = await startRegistry(t, { tls: true });
  const image = makeImage();
  const trusting = clientOf(t, registry, { certDirectory: registry.certDirectory });
  await writeImage(destination(trusting, 'app'), image);
  t.deepEqual(await readImage(source(trusting, 'app')), image);
  t.deepEqual(await readImage(source(clientOf(t, registry, { insecure: true }), 'app')), image);
  const error = await t.throwsAsync(source(clientOf(t, registry, {}), 'app').manifest());
  t.true(isTspodError(error, 'REGISTRY_UNREACHABLE'));
  t.regex(error.message, /certificate/);
});

test('registry: with a login, and not without', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const registry = await startRegistry(t, { auth: true });
  const image = makeImage();
  const client = clientOf(t, registry, { insecure: true, credentials: () => Promise.resolve(LOGIN) });
  await writeImage(destination(client, 'app'), image);
  t.deepEqual(await readImage(source(client, 'app')), image);
  const wrong = { ...LOGIN, password: 'wrong' };
  for (const credentials of [undefined, wrong]) {
    const other = clientOf(t, registry, { insecure: true, credentials: () => Promise.resolve(credentials) });
    t.true(isTspodError(await t.throwsAsync(source(other, 'app').manifest()), 'UNAUTHORIZED'));
    const open = () => Promise.reject(new Error('nothing is to be sent'));
    const [blob] = image.blobs;
    if (blob === undefined) return t.fail();
    const sending = destination(other, 'app').putBlob(blob.descriptor, { open });
    t.true(isTspodError(await t.throwsAsync(sending), 'UNAUTHORIZED'));
  }
});

test('registry: a missing image, and a missing tag', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const registry = await startRegistry(t);
  const client = clientOf(t, registry);
  const missing = await t.throwsAsync(source(client, 'nothing').manifest());
  t.true(isTspodError(missing, 'NO_SUCH_IMAGE'));
  t.regex(missing.message, /name unknown: repository name not known to registry|manifest unknown/);
});

test('registry: as registries.conf and auth.json say, from a mirror where it has it', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const [home, mirror] = [await startRegistry(t, { auth: true }), await startRegistry(t)];
  const directory = temporaryDirectory(t);
  const authFile = join(directory, 'auth.json');
  const registries = parseRegistries(
    'r.conf',
    `[[registry]]
prefix = "example.test/team"
location = "${home.host}/real"
insecure = true
[[registry.mirror]]
location = "${mirror.host}/copies"
insecure = true`,
  );
  const options = { environment: {}, uid: 0, registries, authFile, temporaryDirectory: directory, retry: RETRY };
  await keepLogin(`${home.host}/real/app`, LOGIN, options);
  const image = makeImage();
  {
    await using to = await openDestination('docker://example.test/team/app:1', options);
    await writeImage(to, image);
  }
  await using first = await openSource('docker://example.test/team/app:1', options);
  t.is(first.reference, 'docker://example.test/team/app:1');
  t.deepEqual(await readImage(first), image, 'the mirror has it not');
  const copy = makeImage();
  await writeImage(destination(clientOf(t, mirror), 'copies/app', '1'), copy);
  await using second = await openSource('example.test/team/app:1', options);
  t.deepEqual(await readImage(second), copy, 'the mirror comes first');
  await using none = await openSource('docker://example.test/team/none', options);
  const error = await t.throwsAsync(none.manifest());
  t.regex(error.message, /mirrors: read manifest latest in .*copies\/none/);
});

test('registry: tags and repositories of a real one', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const registry = await startRegistry(t);
  const client = clientOf(t, registry);
  const image = makeImage();
  for (const tag of ['1', '2', 'latest']) await writeImage(destination(client, 'a/app', tag), image);
  await writeImage(destination(client, 'other'), image);
  t.deepEqual([...(await listTags({ client, repository: 'a/app' }))].sort(), ['1', '2', 'latest']);
  const options = { insecure: true, environment: {}, retry: RETRY };
  const found = await searchRegistry(registry.host, { term: 'app', limit: 25 }, options);
  t.deepEqual(
    found.map(({ name }) => name),
    [`${registry.host}/a/app`],
  );
  t.is((await searchRegistry(registry.host, { term: '', limit: 1 }, options)).length, 1);
});
