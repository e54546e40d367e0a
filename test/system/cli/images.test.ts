/** Commands about images against a real registry on the loopback interface. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import type { TransferProgress } from '../../../src/index.js';
import { openDestination } from '../../../src/image/open.js';
import { NO_REGISTRIES } from '../../../src/image/registries/config.js';
import { output, run, runWith } from '../../helpers/cli.js';
import { testEngine } from '../../helpers/engine.js';
import { sendJson, startServer } from '../../helpers/http-server.js';
import { writeImage } from '../../helpers/images.js';
import {
  busyboxLayer,
  imageOf,
  layerOf,
  partsOf,
  sourceOf,
  type ImageParts,
  type TestImage,
} from '../../helpers/layers.js';
import { startRegistry } from '../../helpers/registry.js';
import { requires } from '../../helpers/requires.js';
import { skopeo } from '../../helpers/skopeo.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'busybox', 'overlay', 'docker-registry');

const PLAIN = '--tls-verify=false';

interface Offered {
  readonly host: string;
  /** HOST/team/app */
  readonly repository: string;
  /** HOST/team/app:1 */
  readonly name: string;
  readonly image: TestImage;
}

/** A registry that has one image of two layers. */
async function offered(t: ExecutionContext<unknown>, parts: ImageParts = {}): Promise<Offered> {
  const { host } = await startRegistry(t);
  const repository = `${host}/team/app`;
  const image = imageOf({
    layers: [busyboxLayer(), layerOf([{ path: 'second', content: 'layer' }])],
    config: { Cmd: ['cat', '/second'], Labels: { team: 'red' } },
    ...parts,
  });
  await offer(t, `${repository}:1`, image);
  return { host, repository, name: `${repository}:1`, image };
}

async function offer(t: ExecutionContext<unknown>, name: string, image: TestImage): Promise<void> {
  await using destination = await openDestination(`docker://${name}`, {
    environment: {},
    uid: 0,
    registries: NO_REGISTRIES,
    temporaryDirectory: temporaryDirectory(t),
    tlsVerify: false,
  });
  await writeImage(destination, partsOf(image));
}

/** One that is in the store as well, by `name`. */
async function pulled(t: ExecutionContext<unknown>, parts: ImageParts = {}): Promise<Offered> {
  const there = await offered(t, parts);
  await run(t, 0, 'pull', '-q', PLAIN, there.name);
  return there;
}

test('pull: says what it does on stderr and the id on stdout; what is there is not fetched again', async (t) => {
  if (!ready(t)) return;
  const { name, image } = await offered(t);
  const first = await run(t, 0, 'pull', PLAIN, name);
  t.is(first.stdout, `${image.id}\n`);
  const lines = first.stderr.trim().split('\n');
  t.is(lines[0], `Trying to pull ${name}...`);
  t.is(lines[1], 'Getting image source signatures');
  t.is(lines.at(-1), 'Writing manifest to image destination');
  const blobs = partsOf(image).blobs.slice(1);
  t.deepEqual(
    lines.slice(2, -1).sort(),
    [
      `Copying config ${image.id.slice(0, 10)}`,
      ...blobs.map(({ descriptor }) => `Copying blob ${descriptor.digest}`),
    ].sort(),
  );
  const second = await run(t, 0, 'pull', PLAIN, name);
  t.is(second.stdout, first.stdout);
  t.notRegex(second.stderr, /Copying blob \S+$/m);
  t.deepEqual(await run(t, 0, 'pull', '-q', PLAIN, name), { status: 0, stdout: first.stdout, stderr: '' });
});

test('pull: by digest the image has no tag, and is found by the digest', async (t) => {
  if (!ready(t)) return;
  const { repository, image } = await offered(t);
  const name = `${repository}@${image.manifest.digest}`;
  // A tag beside the digest says nothing.
  t.is(await output(t, 'pull', '-q', PLAIN, `${repository}:1@${image.manifest.digest}`), `${image.id}\n`);
  t.is(
    await output(t, 'images', '--format', '{{.Repository}} {{.Tag}} {{.Digest}} {{.Dangling}}'),
    `${repository} <none> ${image.manifest.digest} false\n`,
  );
  await run(t, 125, 'create', '--pull', 'never', `${repository}:1`);
  t.is(await output(t, 'run', '--rm', '--pull', 'never', name), 'layer');
  await run(t, 0, 'create', '--name', 'one', name);
  t.is(await output(t, 'ps', '-a', '--format', '{{.Image}}'), `${name}\n`);
  t.is(await output(t, 'inspect', '--format', '{{.ImageName}}', 'one'), `${name}\n`);
  await run(t, 0, 'commit', '-q', 'one', 'child:1');
  t.is(await output(t, 'history', '--format', '{{.Tags}}', 'child:1'), '[localhost/child:1]\n[]\n[]\n');
  await run(t, 0, 'rmi', 'child:1');
  await run(t, 0, 'rm', 'one');
  const inspected = '{{json .RepoTags}} {{json .RepoDigests}} {{json .NamesHistory}}';
  t.is(await output(t, 'image', 'inspect', '--format', inspected, name), `[] ["${name}"] ["${name}"]\n`);
  const [json] = JSON.parse(await output(t, 'images', '--format', 'json')) as Record<string, unknown>[];
  t.like(json, { RepoTags: null, Names: [name], History: [name] });
  t.is(json?.['Dangling'], undefined);
  t.regex(await output(t, 'image', 'tree', name), /^Tags: {5}\[\]$/m);
  t.is(await output(t, 'history', '--format', '{{.Tags}}', name), '[]\n[]\n');
  const archive = join(temporaryDirectory(t), 'saved.tar');
  await run(t, 0, 'save', '-o', archive, name);
  const manifest = spawnSync('tar', ['-xOf', archive, 'manifest.json'], { encoding: 'utf8' }).stdout;
  t.falsy((JSON.parse(manifest) as { RepoTags?: string[] | null }[])[0]?.RepoTags?.length);
});

test('pull: by digest the image has a name that prune spares, and untag and rmi take away', async (t) => {
  if (!ready(t)) return;
  const { repository, image } = await offered(t);
  const name = `${repository}@${image.manifest.digest}`;
  await run(t, 0, 'pull', '-q', PLAIN, name);
  t.is(await output(t, 'images', '-q', '--filter', 'dangling=true'), '');
  t.is(await output(t, 'image', 'prune', '--force'), '');
  await run(t, 0, 'system', 'prune', '--force');
  await run(t, 0, 'tag', name, `${repository}:1`);
  const rows = () => output(t, 'images', '--format', '{{.Repository}} {{.Tag}} {{.Names}}');
  t.is(await rows(), `${repository} 1 [${repository}:1 ${name}]\n`);
  t.regex((await run(t, 125, 'rmi', image.id)).stderr, /by ID with more than one tag/);
  t.is(await output(t, 'rmi', name), `Untagged: ${name}\n`);
  t.is(await rows(), `${repository} 1 [${repository}:1]\n`);
  await run(t, 0, 'tag', image.id, 'other:1');
  for (const force of [[], ['--force']])
    t.is((await run(t, 125, 'rmi', ...force, name)).stderr, `Error: ${name}: tag not known\n`);
  t.regex((await run(t, 125, 'untag', 'other:1', name)).stderr, /tag not known/);
  await run(t, 0, 'untag', 'other:1');
  t.is(await rows(), '<none> <none> []\n');
  await run(t, 0, 'pull', '-q', PLAIN, name);
  await run(t, 0, 'tag', name, 'other:1');
  await run(t, 0, 'untag', 'other:1', name);
  t.is(await rows(), 'localhost/other 1 [localhost/other:1]\n');
  // The only name of an image goes with it, by whichever way it was found.
  t.is(await output(t, 'rmi', name), `Untagged: localhost/other:1\nDeleted: ${image.id}\n`);
  await run(t, 0, 'pull', '-q', PLAIN, name);
  t.is(await output(t, 'rmi', name), `Untagged: ${name}\nDeleted: ${image.id}\n`);
});

test('pull: a short name is looked for where registries.conf says, without TLS if that says so', async (t) => {
  if (!ready(t)) return;
  const { host, name, image } = await offered(t);
  const conf = join(temporaryDirectory(t), 'registries.conf');
  const registry = `[[registry]]\nlocation = "${host}"\ninsecure = true\n`;
  writeFileSync(conf, `unqualified-search-registries = ["${host}"]\n${registry}`);
  const env = { CONTAINERS_REGISTRIES_CONF: conf };
  t.is((await runWith(t, { env }, 0, 'pull', '-q', 'team/app:1')).stdout, `${image.id}\n`);
  t.is(await output(t, 'images', '--format', '{{.Repository}}:{{.Tag}}'), `${name}\n`);
});

test('run: who forgets the colon of host: is told of it, whether or not registries are searched', async (t) => {
  if (!ready(t)) return;
  const { host } = await offered(t);
  const conf = join(temporaryDirectory(t), 'registries.conf');
  const env = { CONTAINERS_REGISTRIES_CONF: conf };
  const registry = `[[registry]]\nlocation = "${host}"\ninsecure = true\n`;
  for (const text of ['', `unqualified-search-registries = ["${host}"]\n${registry}`]) {
    writeFileSync(conf, text);
    const { stderr } = await runWith(t, { env }, 125, 'run', '--network', 'none', 'host', 'true');
    t.regex(stderr, /^Error: .*; for the machine's own system, use "host:", with a colon$/m);
    const other = await runWith(t, { env }, 125, 'run', '--network', 'none', 'hosts', 'true');
    t.notRegex(other.stderr, /colon/);
  }
});

test('pull: failures end with 125, and the other images are pulled', async (t) => {
  if (!ready(t)) return;
  const { host, repository, name, image } = await offered(t);
  const missing = await run(t, 125, 'pull', '-q', PLAIN, `${host}/team/nothing:1`, `${repository}:nothing`, name);
  t.is(missing.stdout, `${image.id}\n`);
  const unknown = (repo: string, tag: string) =>
    `Error: read manifest ${tag} in ${repo}: manifest unknown: manifest unknown`;
  t.deepEqual(missing.stderr.trim().split('\n'), [
    unknown(`${host}/team/nothing`, '1'),
    unknown(repository, 'nothing'),
  ]);
  t.regex((await run(t, 125, 'pull', PLAIN, 'lower/CASE')).stderr, /^Error: .*lower/m);
  t.regex((await run(t, 125, 'pull')).stderr, /requires at least 1 arg\(s\), only received 0/);
});

test('pull: a registry without TLS is said to be one', async (t) => {
  if (!ready(t)) return;
  const { host, name } = await offered(t);
  const words = /server gave HTTP response to HTTPS client/;
  const { stderr } = await run(t, 125, 'pull', '-q', name);
  t.regex(stderr, words);
  t.true(stderr.includes(host));
  t.notRegex(stderr, /openssl|SSL routines|ssl3/i);
  t.is(stderr.trim().split('\n').length, 1);
});

test('pull: a name whose registry is not valid is refused', async (t) => {
  if (!ready(t)) return;
  const { host } = await startServer(t, (_request, response) => {
    response.writeHead(503, { 'content-type': 'text/html' }).end('<html>\u001b[31m');
  });
  const { stderr } = await run(t, 125, 'pull', '-q', PLAIN, `${host}/a:1`);
  t.true(stderr.includes('503'), stderr);
  t.false(stderr.includes('\u001b'));
});

test('run and create pull what is not there, and say so on stderr', async (t) => {
  if (!ready(t)) return;
  const { name, image } = await offered(t);
  const first = await run(t, 0, 'run', '--rm', PLAIN, name);
  t.is(first.stdout, 'layer');
  t.regex(first.stderr, /^Trying to pull .*\n[^]*Writing manifest to image destination\n$/);
  t.deepEqual(await run(t, 0, 'run', '--rm', PLAIN, name, 'echo', 'own'), { status: 0, stdout: 'own\n', stderr: '' });
  await run(t, 0, 'rmi', name);
  t.is((await run(t, 125, 'run', '--rm', '--pull', 'never', name)).stderr, `Error: ${name}: image not known\n`);
  const created = await run(t, 0, 'create', '-q', PLAIN, name);
  t.is(created.stderr, '');
  t.regex(created.stdout, /^[0-9a-f]{64}\n$/);
  t.is(
    await output(t, 'inspect', '--format', '{{.Image}} {{.ImageName}}', created.stdout.trim()),
    `${image.id} ${name}\n`,
  );
});

test('push: skopeo sees the same digest, and the file has it', async (t) => {
  if (!ready(t) || !requires(t, 'skopeo')) return;
  const { host, name, image } = await pulled(t);
  const digestFile = join(temporaryDirectory(t), 'digest');
  const copy = `${host}/other/copy:2`;
  const { stdout, stderr } = await run(t, 0, 'push', PLAIN, '--digestfile', digestFile, name, copy);
  t.is(stdout, '');
  const steps = stderr.split('\n').map((line) => line.split(' ')[0]);
  t.deepEqual([steps[0], ...new Set(steps.slice(1, -2)), ...steps.slice(-2)], ['Getting', 'Copying', 'Writing', '']);
  t.is(readFileSync(digestFile, 'utf8'), image.manifest.digest);
  const seen = skopeo(t, 'inspect', PLAIN, '--format', '{{.Digest}} {{.Layers}}', `docker://${copy}`);
  const [, ...layers] = partsOf(image).blobs.map(({ descriptor }) => descriptor.digest);
  t.is(seen, `${image.manifest.digest} [${layers.join(' ')}]\n`);
  t.is((await run(t, 0, 'push', '-q', PLAIN, name)).stderr, '');
  t.regex((await run(t, 125, 'push', PLAIN, 'nothing')).stderr, /^Error: nothing: image not known$/m);
});

test('push: layers that another repository of the registry has are taken from there', async (t) => {
  if (!ready(t)) return;
  const { host, name } = await offered(t);
  const { engine } = await testEngine(t);
  const registry = { tlsVerify: false };
  await engine.images.pull(name, { registry });
  const other = imageOf({ layers: [busyboxLayer(), layerOf([{ path: 'own', content: 'x' }])] });
  await engine.images.pull(sourceOf(other), { name: 'other:1' });
  const states = async (to: string) => {
    const seen = new Map<string, string[]>();
    const onProgress = (event: TransferProgress) => {
      if (event.kind === 'blob') seen.set(event.digest, [...(seen.get(event.digest) ?? []), event.state]);
    };
    const { digest } = await engine.images.push('other:1', to, { registry, onProgress });
    t.true(engine.images.get('other:1').digests.some((known) => known.endsWith(`@${digest}`)));
    return partsOf(other).blobs.map(({ descriptor }) => new Set(seen.get(descriptor.digest)));
  };
  const [exists, sent] = [new Set(['exists']), new Set(['transferring', 'done'])];
  t.deepEqual(await states(`${host}/new:1`), [sent, exists, sent]);
  t.deepEqual(await states(`${host}/newer:1`), [exists, exists, exists], 'it knows where it has sent them');
  await engine.images.remove('other:1');
  t.is((await engine.images.pull(`${host}/newer:1`, { registry })).id, other.id);
});

test('push: a registry that takes no long requests gets the layer in parts', async (t) => {
  if (!ready(t)) return;
  let received = 0;
  const server = await startServer(t, ({ method, url, body }, response) => {
    if (method === 'PATCH') received += body.length;
    // Asked for by a client whose connection broke.
    const asksProgress = method === 'GET' && url.startsWith('/upload/');
    const status = { HEAD: 404, PUT: 201, GET: asksProgress ? 204 : 200 }[method] ?? 202;
    sendJson(response, {}, status, { location: '/upload/1', range: `0-${String(Math.max(0, received - 1))}` });
  });
  const { engine } = await testEngine(t);
  const image = imageOf({ layers: [layerOf([{ path: 'large', content: Buffer.alloc(2_500_000) }], 'none')] });
  await engine.images.pull(sourceOf(image), { name: 'large:1' });
  await engine.images.push('large:1', `${server.host}/large:1`, {
    registry: { tlsVerify: false, chunkBytes: 1_000_000 },
  });
  const ranges = server.requests
    .filter(({ method }) => method === 'PATCH')
    .map(({ headers }) => headers['content-range']);
  t.deepEqual(ranges.slice(0, 2), ['0-999999', '1000000-1999999']);
  t.is(ranges.length, 3);
});

test('images: columns, ids, digests, formats and filters', async (t) => {
  if (!ready(t)) return;
  const { repository, name, image } = await pulled(t);
  await run(t, 0, 'tag', name, 'second');
  const short = image.id.slice(0, 12);
  const rows = (await output(t, 'images')).trim().split('\n');
  t.regex(rows[0] ?? '', /^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$/);
  t.deepEqual(
    rows
      .slice(1)
      .map((row) => row.split(/ {2,}/).slice(0, 3))
      .sort(),
    [
      [repository, '1', short],
      ['localhost/second', 'latest', short],
    ],
  );
  t.is(await output(t, 'images', '-q'), `${short}\n`);
  t.is(await output(t, 'images', '-q', '--no-trunc'), `sha256:${image.id}\n`);
  const digests = await output(t, 'images', '--digests', '--noheading');
  t.deepEqual(
    digests.split(/ +/).filter((word) => word.startsWith('sha256:')),
    [image.manifest.digest, image.manifest.digest],
  );
  const lines = (await output(t, 'images', '--format', '{{.ID}} {{.Tag}}')).trim().split('\n');
  t.deepEqual(lines.sort(), [`${short} 1`, `${short} latest`]);
  const { Size } = (JSON.parse(await output(t, 'image', 'inspect', name)) as [{ Size: number }])[0];
  const fields =
    '{{len .Names}} {{len .RepoTags}} {{.RepoDigests}} {{.VirtualSize}} {{.Labels}} {{.Containers}} {{.Dangling}}';
  t.is(
    (await output(t, 'images', '--format', fields)).split('\n')[0],
    `2 2 [${repository}@${image.manifest.digest} localhost/second@${image.manifest.digest}] ${Size} map[team:red] 0 false`,
  );
  const times = await output(t, 'images', '--format', '{{.CreatedAt}}|{{.CreatedTime}}');
  t.regex(times, /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC)\|\1\n/);
  const [json] = JSON.parse(await output(t, 'images', '--format', 'json')) as { Id: string; Names: string[] }[];
  t.is(json?.Id, image.id);
  t.deepEqual(json?.Names.toSorted(), [name, 'localhost/second:latest'].sort());
});

test('images: each filter takes and leaves', async (t) => {
  if (!ready(t)) return;
  const { host, name, image } = await pulled(t);
  const other = imageOf({
    layers: [layerOf([{ path: 'x', content: 'x' }])],
    more: { created: '2025-01-02T03:04:05Z' },
  });
  await offer(t, `${host}/other:1`, other);
  await run(t, 0, 'pull', '-q', PLAIN, `${host}/other:1`);
  await run(t, 0, 'untag', `${host}/other:1`);
  const filtered = (filter: string) => output(t, 'images', '-q', '--no-trunc', '--filter', filter);
  const [named, dangling] = [`sha256:${image.id}\n`, `sha256:${other.id}\n`];
  t.is(await filtered('dangling=true'), dangling);
  t.is(await filtered('dangling=false'), named);
  t.is(await filtered('label=team=red'), named);
  t.is(await filtered('label=team=blue'), '');
  t.is(await filtered(`reference=${host}/team/*`), named);
  t.is(await filtered('containers=false'), await output(t, 'images', '-q', '--no-trunc'));
  t.is(await filtered(`before=${other.id}`), named);
  t.is(await filtered(`since=${name}`), dangling);
  t.regex((await run(t, 125, 'images', '--filter', 'nothing=1')).stderr, /invalid|unsupported/i);
});

test('rmi: names go one by one, an image in use stays', async (t) => {
  if (!ready(t)) return;
  const { name, image } = await pulled(t);
  await run(t, 0, 'tag', name, 'second');
  t.is(await output(t, 'rmi', 'second'), 'Untagged: localhost/second:latest\n');
  await run(t, 0, 'tag', name, 'second');
  const several = await run(t, 125, 'rmi', image.id);
  t.regex(several.stderr, /unable to delete image .* by ID with more than one tag .*: please force removal/);
  await run(t, 0, 'rmi', 'second');
  const container = (await output(t, 'create', name)).trim();
  const used = await run(t, 2, 'rmi', name);
  t.true(used.stderr.includes(container), used.stderr);
  t.regex(used.stderr, /image is in use by a container/i);
  await run(t, 0, 'tag', name, 'second');
  t.regex((await run(t, 2, 'rmi', image.id)).stderr, /image is in use by a container/i, 'with several names');
  await run(t, 0, 'rmi', 'second');
  t.is(await output(t, 'rmi', '--force', image.id.slice(0, 12)), `Untagged: ${name}\nDeleted: ${image.id}\n`);
  t.is(await output(t, 'ps', '-aq'), '');
  t.is(await output(t, 'images', '-q'), '');
  t.is((await run(t, 1, 'rmi', name)).stderr, `Error: ${name}: image not known\n`);
  await run(t, 0, 'rmi', '--ignore', name);
  await run(t, 0, 'system', 'check');
});

test('tag, untag, image exists, inspect, history and prune', async (t) => {
  if (!ready(t)) return;
  const { name, image } = await pulled(t, {
    more: { history: [{ created_by: 'first step' }, { created_by: 'second step', comment: 'said' }] },
  });
  await run(t, 0, 'tag', name, 'a', 'quay.io/b:3');
  for (const tag of ['a', 'localhost/a:latest', 'quay.io/b:3']) await run(t, 0, 'image', 'exists', tag);
  await run(t, 1, 'image', 'exists', 'b:4');
  await run(t, 0, 'untag', name, 'quay.io/b:3');
  await run(t, 1, 'image', 'exists', 'quay.io/b:3');
  t.is(
    await output(t, 'image', 'inspect', '--format', '{{.ID}} {{.Config.Cmd}} {{.Digest}}', name),
    `${image.id} [cat /second] ${image.manifest.digest}\n`,
  );
  t.is((await run(t, 125, 'image', 'inspect', 'none')).stderr, 'Error: inspecting object: none: image not known\n');
  const absent = '{{.Config.Entrypoint}} {{.Config.ExposedPorts}} {{index .Config.Volumes "x"}}';
  for (const command of [['inspect'], ['image', 'inspect']])
    t.is(await output(t, ...command, '--format', absent, name), '[] map[] {}\n', 'what an image does not say is empty');
  t.is(await output(t, 'history', '--format', '{{.CreatedBy}}|{{.Comment}}', name), 'second step|said\nfirst step|\n');
  const [newest, oldest] = JSON.parse(await output(t, 'history', '--format', 'json', name)) as [object, object];
  t.deepEqual(Object.keys(newest), ['id', 'CreatedBy', 'tags', 'size', 'comment', 'Created']);
  t.like(oldest, { id: '<missing>', CreatedBy: 'first step', tags: undefined });
  t.is(
    await output(t, 'history', '--format', '{{.Tags}}', name),
    `[${['localhost/a:latest', name].sort().join(' ')}]\n[]\n`,
  );
  t.is(
    (await output(t, 'history', '--format', 'table {{.CreatedSince}} {{.Tags}}', name)).split('\n')[0]?.trim(),
    'CREATED     TAGS',
  );
  await run(t, 0, 'untag', name);
  t.is(await output(t, 'image', 'prune', '--force'), `${image.id}\n`);
  t.is(await output(t, 'images', '-q'), '');
  for (const command of [
    ['tag', 'none', 'x'],
    ['untag', 'none'],
    ['history', 'none'],
  ])
    t.is((await run(t, 125, ...command)).stderr, 'Error: none: image not known\n');
});

test('ps: the image of a container, by which it is found: name, short name, id and its beginning, digest', async (t) => {
  if (!ready(t)) return;
  const { name, repository, image } = await pulled(t);
  const id = (await output(t, 'create', '--name', 'one', name, 'x')).trim();
  await run(t, 0, 'create', '--name', 'two', 'host:', 'true');
  const found = async (value: string) =>
    (await output(t, 'ps', '-aq', '--no-trunc', '--filter', `ancestor=${value}`)).trim();
  const digest = `${repository}@${image.manifest.digest}`;
  for (const value of [name, 'team/app:1', 'app:1', image.id, image.id.slice(0, 12), `sha256:${image.id}`, digest])
    t.is(await found(value), id, value);
  for (const value of ['pp:1', 'app:2', 'nothing', '']) t.is(await found(value), '', value);
  const [row] = JSON.parse(await output(t, 'ps', '-a', '--filter', 'name=one', '--format', 'json')) as [
    { ImageID: string },
  ];
  t.is(row.ImageID, image.id);
  const rows = (await output(t, 'ps', '-a', '--format', '{{.Names}} {{.ImageID}}')).trimEnd().split('\n');
  t.deepEqual(rows.map((line) => line.trim()).sort(), [`one ${image.id.slice(0, 12)}`, 'two']);
  const format = '{{.Image}} {{.ImageName}} {{.ImageDigest}}';
  t.is(await output(t, 'inspect', '--format', format, 'one'), `${image.id} ${name} ${image.manifest.digest}\n`);
  t.is(await output(t, 'inspect', '--format', format, 'two'), ' host: \n');
});

test('pull --all-tags: all tags of a repository; one that fails does not end it', async (t) => {
  if (!ready(t)) return;
  const { repository, host, image } = await offered(t);
  const other = imageOf({ layers: [busyboxLayer()] });
  await offer(t, `${repository}:2`, other);
  await offer(t, `${repository}:arm`, imageOf({ layers: [busyboxLayer()], more: { architecture: 's390x' } }));
  const { stdout, stderr } = await run(
    t,
    125,
    'pull',
    '-q',
    '--all-tags',
    '--platform',
    'linux/amd64',
    PLAIN,
    repository,
  );
  t.deepEqual(stdout.trim().split('\n').sort(), [image.id, other.id].sort());
  t.regex(stderr, /^Error: .*app:arm: it is an image for linux\/s390x/);
  t.is(
    await output(t, 'images', '--format', '{{.Repository}}:{{.Tag}}', '--sort', 'tag'),
    `${repository}:1\n${repository}:2\n`,
  );
  t.regex((await run(t, 125, 'pull', '-a', PLAIN, `${repository}:1`)).stderr, /tag can't be used with --all-tags/);
  t.regex((await run(t, 125, 'pull', '-a', PLAIN, `${host}/none`)).stderr, /none/);
});

test('run --rmi: container and image are gone afterwards, unless another container is made of the image', async (t) => {
  if (!ready(t)) return;
  const { name } = await offered(t);
  const flags = ['--network', 'none', PLAIN];
  t.is((await run(t, 3, 'run', '-q', '--rmi', ...flags, name, 'sh', '-c', 'exit 3')).stdout, '');
  t.is(await output(t, 'ps', '-aq'), '');
  t.is(await output(t, 'images', '-q'), '');
  await run(t, 0, 'create', '-q', '--name', 'other', ...flags, name);
  const { stdout, stderr } = await run(t, 0, 'run', '-q', '--rmi', ...flags, name);
  t.is(stdout, 'layer');
  t.regex(stderr, /image is in use by a container/);
  t.is((await output(t, 'images', '-q')).trim().length, 12);
  t.is((await output(t, 'ps', '-aq')).trim().length, 12);
  t.regex((await run(t, 125, 'run', '--rmi', '-d', ...flags, name)).stderr, /--rmi and --detach/);
  const restarted = await run(t, 125, 'run', '--rmi', '--restart', 'always', ...flags, name);
  t.regex(restarted.stderr, /--rm option conflicts with --restart/);
});
