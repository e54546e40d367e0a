/** A whole store is removed: `tspod system reset` and engine.reset(). */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { busyboxRoot } from '../../helpers/busybox.js';
import { output, run, runWith, storeOf } from '../../helpers/cli.js';
import { rejectsWith, testEngine } from '../../helpers/engine.js';
import { busyboxLayer, imageOf, sourceOf } from '../../helpers/layers.js';
import { requires } from '../../helpers/requires.js';

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'busybox', 'overlay');

const LISTS = [
  ['ps', '-aq'],
  ['pod', 'ps', '-q'],
  ['images', '-aq'],
  ['volume', 'ls', '-q'],
  ['secret', 'ls', '-q'],
  ['network', 'ls', '-q', '--filter', 'name=lan'],
] as const;

test('system reset: asks, and leaves a store with nothing in it that can be used', async (t) => {
  if (!ready(t)) return;
  const { root } = storeOf(t);
  const rootfs = `${busyboxRoot(t)}:O`;
  const counts = async () => Promise.all(LISTS.map(async (words) => lines(await output(t, ...words)).length));
  await output(t, 'volume', 'create', 'data');
  await runWith(t, { input: 'hidden' }, 0, 'secret', 'create', 'pass', '-');
  await output(t, 'network', 'create', 'lan');
  await output(t, 'pod', 'create', '--name', 'web');
  await output(t, 'run', '-d', '--pod', 'web', '--rootfs', rootfs, 'sleep', '1000');
  const sleep = ['--stop-timeout', '60', '--restart', 'always', '-v', 'data:/data', '-v', '/anonymous'];
  const id = (await output(t, 'run', '-d', ...sleep, '--rootfs', rootfs, 'sleep', '1000')).trim();
  await output(t, 'run', '--name', 'ended', '--rootfs', rootfs, 'touch', '/new');
  await output(t, 'commit', '-q', 'ended', 'made:1');
  await output(t, 'manifest', 'create', 'list:1', 'made:1');
  const pid = (await output(t, 'inspect', '-f', '{{.State.Pid}}', id)).trim();
  const before = await counts();
  t.true(
    before.every((count) => count > 0),
    before.join(' '),
  );

  const refused = await runWith(t, { input: 'n\n' }, 0, 'system', 'reset');
  t.true(refused.stdout.startsWith(`WARNING! This will remove, from ${root}:\n\t- all pods\n\t- all containers\n`));
  t.deepEqual(await counts(), before);
  await run(t, 125, 'system', 'reset', 'x');

  t.is(await output(t, 'system', 'reset', '--force'), '');
  t.deepEqual(await counts(), [0, 0, 0, 0, 0, 0]);
  t.false(existsSync(`/proc/${pid}`));
  t.deepEqual(filesIn(root, ['containers', 'layers', 'volumes', 'blobs/sha256']), []);
  t.is(await output(t, 'system', 'check'), '');
  t.is(await output(t, 'run', '--rm', '--rootfs', rootfs, 'echo', 'again'), 'again\n');
  t.is(await output(t, 'system', 'reset', '-f'), '', 'of nothing');
});

test('reset: tells what it removed, and ends with its signal', async (t) => {
  if (!ready(t)) return;
  const { engine, runRoot } = await testEngine(t);
  await engine.images.pull(sourceOf(imageOf({ layers: [busyboxLayer()] })), { name: 'box:1' });
  const container = await engine.containers.create({ image: 'box:1', command: ['sleep', '1000'], network: 'none' });
  await container.start();
  const mount = await engine.images.mount('box:1');
  await engine.run({ image: 'host:', command: ['true'], network: 'none' });
  await rejectsWith(t, engine.reset({ signal: AbortSignal.abort() }), 'ABORTED');
  t.is(container.inspect().State.Status, 'running');
  await t.throwsAsync(engine.reset({ force: true } as object), { instanceOf: TypeError, message: /force/ });
  const { pods, containers, images, volumes } = await engine.reset();
  t.deepEqual([pods.done, containers.done, images.done.length, volumes.done], [[], [container.id], 1, []]);
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
  t.false(mounts.includes(mount));
  t.false(mounts.includes(runRoot), 'what hid the secrets of the host');
  t.is(
    (await engine.run({ image: 'host:', command: ['echo', 'x'], network: 'none' })).stdout,
    'x\n',
    'and is made anew',
  );
  t.deepEqual(engine.images.list(), []);
});

function lines(text: string): readonly string[] {
  return text.split('\n').filter(Boolean);
}

function filesIn(root: string, directories: readonly string[]): readonly string[] {
  return directories
    .map((directory) => join(root, directory))
    .filter(existsSync)
    .flatMap((directory) => readdirSync(directory, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => name);
}
