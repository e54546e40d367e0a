/** `commit` and `import`: images that are made here, of what containers have changed and of archives. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';

import { run as runCli, runWith, start, storeOf } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { busyboxLayer, imageOf, layerOf, sourceOf } from '../../helpers/layers.js';
import { requires } from '../../helpers/requires.js';
import { skopeo } from '../../helpers/skopeo.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'busybox', 'overlay');

async function withImage(t: ExecutionContext<unknown>): Promise<TestEngine> {
  const tested = await testEngine(t);
  const upper = layerOf([
    { path: 'd', type: 'directory' },
    { path: 'd/gone', content: 'x' },
    { path: 'd/kept', content: 'kept' },
    { path: 'o', type: 'directory' },
    { path: 'o/hidden', content: 'x' },
  ]);
  const image = imageOf({
    layers: [busyboxLayer(), upper],
    config: { Cmd: ['cat', '/d/kept'], Env: ['COLOUR=red'], Labels: { from: 'image' } },
  });
  await tested.engine.images.pull(sourceOf(image), { name: 'test:1' });
  return tested;
}

const CHANGE = [
  'rm /d/gone; rm -r /o; mkdir -m 750 /o; echo new > /o/new; ln -s new /o/link',
  'echo one > /one; ln /one /two 2>/dev/null || busybox ln /one /two; busybox chown 12:34 /one; busybox chmod 4711 /one',
  'busybox mkfifo /fifo',
].join('; ');
const LOOK =
  'ls / /d /o; cat /o/new; readlink /o/link; stat -c "%n %a %u %g %h" /one /two /o; test -p /fifo && echo fifo';

test('commit: the image tells which one it was made of', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await withImage(t);
  const commit = async (from: string, name: string) => {
    const container = await engine.containers.create(options({ image: from, command: ['true'] }));
    return (await engine.images.commit(container.id, { name })).id;
  };
  const base = engine.images.get('test:1').id;
  const child = await commit('test:1', 'child:1');
  const grandchild = await commit('child:1', 'grandchild:1');
  await commit('test:1', 'sibling:1');
  t.deepEqual(
    ['test:1', 'child:1', 'grandchild:1', 'sibling:1'].map((name) => engine.images.inspect(name).Parent),
    ['', base, child, base],
  );
  t.deepEqual(
    engine.images.history('grandchild:1').map(({ id, names }) => ({ id, names })),
    [
      { id: grandchild, names: ['localhost/grandchild:1'] },
      { id: child, names: ['localhost/child:1'] },
      { id: base, names: ['localhost/test:1'] },
      { id: '<missing>', names: [] },
    ],
  );
});

test('commit: what was added, changed and deleted is in the new image, and nothing of the engine', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await withImage(t);
  const container = await engine.containers.create(
    options({
      image: 'test:1',
      command: ['sh', '-c', CHANGE.replaceAll('ln -s', 'busybox ln -s')],
      env: { OWN: '1' },
      labels: { own: 'x' },
    }),
  );
  await container.start();
  t.is(await container.wait(), 0);
  const changes = await container.diff();
  const image = await engine.images.commit(container.id, {
    name: 'made:2',
    author: 'Me',
    message: 'because',
    changes: ['CMD ["sh"]', 'LABEL more=1', 'EXPOSE 80'],
  });
  t.deepEqual(image.names, ['localhost/made:2']);
  t.like(image.labels, { from: 'image', own: 'x', more: '1' });
  const inspected = engine.images.inspect('made:2');
  t.like(inspected, { Author: 'Me', Comment: 'because' });
  t.deepEqual(inspected.Config['Cmd'], ['sh']);
  t.true((inspected.Config['Env'] as string[]).includes('COLOUR=red'));
  t.true((inspected.Config['Env'] as string[]).includes('OWN=1'));
  t.is(inspected.RootFS.Layers.length, 3);
  t.deepEqual(inspected.RootFS.Layers.slice(0, 2), engine.images.inspect('test:1').RootFS.Layers);
  const seen = await engine.run(options({ image: 'made:2', command: ['sh', '-c', LOOK] }));
  t.is(seen.exitCode, 0, seen.stderr);
  t.regex(
    seen.stdout,
    /\/d:\nkept\n\n\/o:\nlink\nnew\nnew\nnew\n\/one 4711 12 34 2\n\/two 4711 12 34 2\n\/o 750 0 0 2\nfifo\n$/,
  );
  const layer = await entriesOfTopLayer(t, engine, 'made:2');
  t.true(layer.includes('d/.wh.gone'));
  t.true(layer.includes('o/.wh..wh..opq'));
  t.deepEqual(
    layer.filter((path) => /^(proc|sys|dev|etc|run)\b/.test(path)),
    [],
    changes.map(({ path }) => path).join(' '),
  );
  const again = await engine.containers.create(options({ image: 'made:2' }));
  t.deepEqual(await again.diff(), []);
  await rejectsWith(t, engine.images.commit('none'), 'NO_SUCH_CONTAINER');
  await rejectsWith(t, engine.images.commit(container.id, { changes: ['BOGUS x'] }), 'INVALID_ARGUMENT');
});

async function entriesOfTopLayer(
  t: ExecutionContext<unknown>,
  engine: TestEngine['engine'],
  name: string,
): Promise<readonly string[]> {
  const directory = temporaryDirectory(t, 'tspod-commit-');
  await engine.images.save(name, join(directory, 'dir'), { format: 'docker-dir' });
  const manifest = JSON.parse(readFileSync(join(directory, 'dir/manifest.json'), 'utf8')) as {
    layers: { digest: string }[];
  };
  const blob = join(directory, 'dir', manifest.layers.at(-1)?.digest.replace(/^\w+:/, '') ?? '');
  return spawnSync('tar', ['-tzf', blob], { encoding: 'utf8' })
    .stdout.split('\n')
    .map((line) => line.replace(/\/$/, ''));
}

test('commit: of a running container, paused meanwhile, which goes on afterwards', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await withImage(t);
  const container = await engine.containers.create(
    options({ image: 'test:1', command: ['sh', '-c', 'echo x > /made; while :; do sleep 0.1; done'] }),
  );
  await container.start();
  while (!(await container.diff()).some(({ path }) => path === '/made'));
  const states: string[] = [];
  const image = await engine.images.commit(container.id, {
    pause: true,
    onProgress: () => states.push(container.state().status),
  });
  t.true(states.includes('paused'));
  t.is(container.state().status, 'running');
  t.true(image.dangling);
  t.is((await engine.run(options({ image: image.id, command: ['cat', '/made'] }))).stdout, 'x\n');
  const unpaused: string[] = [];
  await engine.images.commit(container.id, { onProgress: () => unpaused.push(container.state().status) });
  t.false(unpaused.includes('paused'));
  await container.stop({ timeoutSec: 0 });
});

test('commit: squashed to one layer; podman form; a user namespace', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await withImage(t);
  const maps = [{ containerId: 0, hostId: 100_000, size: 65536 }];
  const container = await engine.containers.create(
    options({
      image: 'test:1',
      userns: 'private',
      uidMaps: maps,
      gidMaps: maps,
      command: ['sh', '-c', 'echo x > /made; busybox chown 5:6 /made; rm /d/gone'],
    }),
  );
  await container.start();
  t.is(await container.wait(), 0);
  const look = { command: ['sh', '-c', 'stat -c "%u %g" /made; ls /d'] };
  for (const squash of [false, true]) {
    const image = await engine.images.commit(container.id, { squash, format: 'docker', name: `made:${squash}` });
    const inspected = engine.images.inspect(image.id);
    t.is(inspected.RootFS.Layers.length, squash ? 1 : 3);
    t.is(inspected.ManifestType, 'application/vnd.docker.distribution.manifest.v2+json');
    t.is((await engine.run(options({ image: image.id, ...look }))).stdout, '5 6\nkept\n');
  }
});

test('commit: a root directory becomes one layer; host: is refused', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await testEngine(t);
  const root = busyboxRoot(t);
  const overlaid = await engine.containers.create(
    options({ rootfs: root, rootfsOverlay: true, command: ['sh', '-c', 'echo x > /made'] }),
  );
  await overlaid.start();
  await overlaid.wait();
  const image = await engine.images.commit(overlaid.id, { name: 'flat' });
  t.is(engine.images.inspect(image.id).RootFS.Layers.length, 1);
  t.is((await engine.run(options({ image: 'flat', command: ['cat', '/made'] }))).stdout, 'x\n');
  t.false(existsSync(join(root, 'made')));
  const host = await engine.containers.create(
    options({ image: 'host:', rootfs: undefined, command: ['true'] } as never),
  );
  await rejectsWith(t, engine.images.commit(host.id), 'NOT_SUPPORTED');
  t.is(engine.images.list().length, 1);
});

const MOUNTED = { type: 'volume', source: 'kept', target: '/named' } as const;

test('commit: the volumes without a name and the stop signal that the container was given', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await testEngine(t);
  const config = { Volumes: { '/image': {} }, StopSignal: 'SIGUSR1', ExposedPorts: { 'no port': {}, '80/tcp': {} } };
  await engine.images.pull(sourceOf(imageOf({ layers: [busyboxLayer()], config })), { name: 'test:1' });
  const given = { command: ['true'], mounts: [{ type: 'volume', target: '/own' } as const, MOUNTED] };
  const container = await engine.containers.create(options({ image: 'test:1', stopSignal: 'SIGTERM', ...given }));
  const keysOf = (value: unknown): readonly string[] => Object.keys(value as object).sort();
  await engine.images.commit(container.id, { name: 'made:1' });
  const made = engine.images.inspect('made:1').Config;
  t.deepEqual(keysOf(made['Volumes']), ['/image', '/own']);
  t.deepEqual(keysOf(made['ExposedPorts']), ['80/tcp', 'no port']);
  t.false('StopSignal' in made);
  await engine.images.commit(container.id, { name: 'made:2', includeVolumes: true });
  t.deepEqual(keysOf(engine.images.inspect('made:2').Config['Volumes']), ['/image', '/named', '/own']);
  const kept = await engine.containers.create(options({ image: 'test:1', command: ['true'] }));
  await engine.images.commit(kept.id, { name: 'made:3' });
  t.is(engine.images.inspect('made:3').Config['StopSignal'], 'SIGUSR1');
});

test('commit: the command line; skopeo reads the image', async (t) => {
  if (!ready(t)) return;
  const { engine, options, directory } = { ...(await withImage(t)), directory: temporaryDirectory(t, 'tspod-commit-') };
  const archive = join(directory, 'image.tar');
  await engine.images.save('test:1', archive);
  void options;
  await runCli(t, 0, 'load', '-q', '-i', archive);
  await runCli(t, 0, 'run', '--name', 'c', 'test:1', 'sh', '-c', 'echo changed > /d/kept');
  const iid = join(directory, 'iid');
  const { stdout, stderr } = await runCli(
    t,
    0,
    'commit',
    '-q',
    '-a',
    'Me',
    '-m',
    'why',
    '-c',
    'ENV A=b',
    '--iidfile',
    iid,
    '-f',
    'docker',
    'c',
    'made:1',
  );
  t.regex(stdout, /^[0-9a-f]{64}\n$/);
  t.is(stderr, '');
  t.is(readFileSync(iid, 'utf8'), stdout.trim());
  t.is((await runCli(t, 0, 'run', '--rm', 'made:1', 'sh', '-c', 'cat /d/kept; echo $A')).stdout, 'changed\nb\n');
  t.regex((await runCli(t, 0, 'history', 'made:1')).stdout, /why/);
  t.regex((await runCli(t, 125, 'commit', '--format', 'zip', 'c')).stderr, /unrecognized image format/);
  t.regex(
    (await runCli(t, 125, 'commit', '-c', 'BOGUS x', 'c')).stderr,
    /invalid change "BOGUS x" - invalid instruction BOGUS/,
  );
  await runCli(t, 125, 'commit', 'nonesuch');
  if (!requires(t, 'skopeo')) return;
  await runCli(t, 0, 'save', '-q', '--format', 'oci-dir', '-o', join(directory, 'oci'), 'made:1');
  const seen = JSON.parse(skopeo(t, 'inspect', `oci:${directory}/oci`)) as { Layers: string[] };
  t.is(seen.Layers.length, 3);
});

test('import: an archive, compressed or not, by file and by stream, becomes an image that runs', async (t) => {
  if (!ready(t)) return;
  const { engine, options, root } = await testEngine(t);
  const directory = temporaryDirectory(t, 'tspod-import-');
  const tar = busyboxLayer().tar;
  const path = join(directory, 'root.tar');
  writeFileSync(path, tar);
  const image = await engine.images.import(path, { name: 'made', message: 'mine', changes: ['CMD ["echo", "hi"]'] });
  t.deepEqual(image.names, ['localhost/made:latest']);
  t.is(engine.images.inspect('made').Comment, 'mine');
  t.is((await engine.run(options({ image: 'made' }))).stdout, 'hi\n');
  const other = await engine.images.import(Readable.from([gzipSync(tar)]), { platform: 'linux/arm64' });
  t.is(other.architecture, 'arm64');
  t.deepEqual(engine.images.inspect(other.id).RootFS.Layers, engine.images.inspect('made').RootFS.Layers);
  await rejectsWith(t, engine.images.import('/none'), 'NO_SUCH_FILE');
  const stop = new AbortController();
  stop.abort();
  await rejectsWith(t, engine.images.import(path, { signal: stop.signal }), 'ABORTED');
  await t.throwsAsync(engine.images.import(Readable.from([Buffer.from('no archive, but long enough'.repeat(100))])));
  t.is(engine.images.list().length, 2);
  t.deepEqual(
    readdirSync(join(root, 'blobs/partial')).filter((name) => name.startsWith('new-')),
    [],
  );
  t.true((await engine.images.check({ repair: true })).repaired);
  t.deepEqual(await engine.images.check(), { problems: [], repaired: true });
  t.deepEqual(readdirSync(join(root, 'blobs/partial')), []);
});

test('import: the command line', async (t) => {
  if (!ready(t)) return;
  const directory = temporaryDirectory(t, 'tspod-import-');
  const path = join(directory, 'root.tar');
  writeFileSync(path, busyboxLayer().tar);
  const { stdout, stderr } = await runCli(
    t,
    0,
    'import',
    '-q',
    '-c',
    'ENTRYPOINT ["echo"]',
    '-m',
    'mine',
    '--arch',
    'arm64',
    path,
    'made:1',
  );
  t.regex(stdout, /^sha256:[0-9a-f]{64}\n$/);
  t.is(stderr, '');
  t.is(
    (await runCli(t, 0, 'image', 'inspect', '--format', '{{.Architecture}} {{.Comment}}', 'made:1')).stdout,
    'arm64 mine\n',
  );
  const program = join(process.cwd(), 'bin/tspod');
  const piped = spawnSync('sh', ['-c', `${program} import -q - piped < ${path} && ${program} run --rm piped echo ok`], {
    env: storeOf(t).env,
    encoding: 'utf8',
  });
  t.regex(piped.stdout, /^sha256:[0-9a-f]{64}\nok\n$/, piped.stderr);
  t.regex((await runCli(t, 125, 'import', '/none')).stderr, /none: no such file or directory/);
  await runWith(t, {}, 125, 'import');
  t.regex((await runCli(t, 125, 'import', 'https://example.com/x.tar')).stderr, /not supported/);
  for (const compressor of ['xz', 'bzip2']) {
    const compressed = join(directory, 'compressed');
    writeFileSync(compressed, spawnSync(compressor, ['-c'], { input: busyboxLayer().tar }).stdout);
    const { stderr: said } = await runCli(t, 125, 'import', '-q', compressed);
    t.is(
      said,
      `Error: the archive is compressed with ${compressor}, which is not supported: decompress it first, as with "${compressor} -dc"\n`,
    );
  }
});

/** Starts a command that reads its standard input, sends so much, and kills it once the store or `directory` has a file of it open. */
async function killedReading(t: ExecutionContext<unknown>, directory: string, ...args: string[]): Promise<void> {
  const child = start(t, { env: { TMPDIR: directory }, input: '' }, ...args);
  child.stdin?.on('error', () => undefined);
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.stdin?.write(randomBytes(4 * 1024 * 1024));
  const isWriting = () => {
    const fds = `/proc/${child.pid}/fd`;
    return readdirSync(fds).some((fd) => {
      try {
        const target = readlinkSync(join(fds, fd));
        return target.startsWith(directory) || target.includes('/blobs/partial/');
      } catch {
        return false;
      }
    });
  };
  await until(`${args[0]} writes`, () => isWriting());
  child.kill('SIGKILL');
  await ended;
}

test('import and load: killed, they leave nothing that the next command does not remove', async (t) => {
  if (!ready(t)) return;
  const directory = temporaryDirectory(t, 'tspod-killed-');
  const partial = join(storeOf(t).root, 'blobs/partial');
  await killedReading(t, directory, 'import', '-', 'made:1');
  t.is(readdirSync(partial).length, 1);
  await killedReading(t, directory, 'load');
  t.deepEqual(readdirSync(directory), []);
  await runCli(t, 0, 'images');
  t.deepEqual(readdirSync(partial), []);
});
