/** Images that are mounted in containers: what is seen and written there, and for how long they are kept. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import type { CreateOptions, MountOptions } from '../../../src/index.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { busyboxLayer, imageOf, layerOf, sourceOf } from '../../helpers/layers.js';
import { requires } from '../../helpers/requires.js';

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'busybox', 'overlay');

const DATA = [
  layerOf([
    { path: 'd', type: 'directory', mode: 0o750, uid: 5, gid: 6 },
    { path: 'd/f', content: 'old' },
    { path: 'd/hidden', content: 'x' },
  ]),
  layerOf([{ path: 'd/f', content: 'from the image' }, { path: 'd/.wh.hidden' }]),
];

/** An engine that has the images `test:1`, to run, and `data:1`, to mount. */
async function withData(t: ExecutionContext<unknown>): Promise<TestEngine> {
  const tested = await testEngine(t);
  await tested.engine.images.pull(sourceOf(imageOf({ layers: [busyboxLayer()] })), { name: 'test:1' });
  await tested.engine.images.pull(sourceOf(imageOf({ layers: DATA })), { name: 'data:1' });
  return tested;
}

const mounted = (access?: 'ro' | 'rw'): { readonly mounts: readonly MountOptions[] } => ({
  mounts: [
    { type: 'image', source: 'data:1', target: '/data', ...(access === undefined ? {} : { options: [access] }) },
  ],
});

async function printed({ engine, options }: TestEngine, given: CreateOptions, script: string): Promise<string> {
  const command = ['sh', '-c', script];
  const { stdout, stderr } = await engine.run(options({ image: 'test:1', command, ...given }));
  return stdout + stderr;
}

async function logged(container: { logs(): AsyncIterable<{ readonly data: Buffer }> }): Promise<string> {
  let text = '';
  for await (const { data } of container.logs()) text += data.toString();
  return text;
}

test('mounts: the layers of an image are seen as one, and nobody writes to them', async (t) => {
  if (!ready(t)) return;
  const env = await withData(t);
  const script = 'ls /data/d; cat /data/d/f; stat -c " %a %u %g" /data/d; touch /data/d/f /data/new || echo refused';
  t.regex(
    await printed(env, mounted(), script),
    /^f\nfrom the image 750 5 6\nrefused\n(touch: .*Read-only file system\n){2}$/,
  );
  t.is(await printed(env, { ...mounted(), readOnly: true }, 'cat /data/d/f'), 'from the image');
  t.deepEqual(readdirSync(join(env.root, 'containers')), []);
});

test('mounts: what is written to an image is the container’s own, is there at its next start, and goes with it', async (t) => {
  if (!ready(t)) return;
  const env = await withData(t);
  const script = 'cat /data/d/f; echo -n mine > /data/d/f; rm -f /data/gone';
  const container = await env.engine.containers.create(
    env.options({ image: 'test:1', command: ['sh', '-c', script], ...mounted('rw') }),
  );
  t.false(existsSync(join(env.root, 'containers', container.id, 'images')));
  for (const expected of ['from the image', 'from the imagemine']) {
    await container.start();
    await container.wait();
    t.is(await logged(container), expected);
  }
  t.like(container.inspect().Mounts[0], { Type: 'image', Source: 'data:1', Destination: '/data', RW: true });
  t.is(await printed(env, mounted('rw'), 'cat /data/d/f'), 'from the image', 'another container sees nothing of it');
  await container.remove();
  t.deepEqual(readdirSync(join(env.root, 'containers')), []);
});

test('mounts: an image stays for as long as a container that has it mounted, also under another name', async (t) => {
  if (!ready(t)) return;
  const env = await withData(t);
  const { engine } = env;
  const container = await engine.containers.create(
    env.options({ image: 'test:1', command: ['cat', '/data/d/f'], ...mounted() }),
  );
  await rejectsWith(t, engine.images.remove('data:1'), 'IMAGE_IN_USE');
  t.is(engine.images.list().find(({ names }) => names.includes('localhost/data:1'))?.containers, 1);
  t.deepEqual((await engine.images.prune({ all: true })).removed, []);
  engine.images.tag('data:1', 'kept:1');
  engine.images.tag('test:1', 'data:1');
  await container.start();
  await container.wait();
  t.is(await logged(container), 'from the image');
  await container.remove();
  await engine.images.remove('kept:1');
  await rejectsWith(t, engine.images.remove('kept:1'), 'NO_SUCH_IMAGE');
});

test('mounts: rmi --force ends what has the image mounted', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await withData(t);
  const container = await engine.containers.create(
    options({ image: 'test:1', command: ['sleep', '1000'], ...mounted('rw') }),
  );
  await container.start();
  await engine.images.remove('data:1', { force: true });
  t.deepEqual(engine.containers.list({ all: true }), []);
});

test('mounts: a clone has the image, too, and what was written there is not its own', async (t) => {
  if (!ready(t)) return;
  const env = await withData(t);
  const { engine } = env;
  const script = 'cat /data/d/f; echo -n mine > /data/d/f';
  const container = await engine.containers.create(
    env.options({ image: 'test:1', command: ['sh', '-c', script], ...mounted('rw') }),
  );
  await container.start();
  await container.wait();
  const clone = await engine.containers.clone(container.id);
  await container.remove();
  await rejectsWith(t, engine.images.remove('data:1'), 'IMAGE_IN_USE');
  await clone.start();
  await clone.wait();
  t.is(await logged(clone), 'from the image');
});

test('mounts: in a user namespace the files of an image have the owners that they have in the image', async (t) => {
  if (!ready(t) || !requires(t, 'userns')) return;
  const env = await withData(t);
  const userns = { userns: 'private', uidMaps: [{ containerId: 0, hostId: 100_000, size: 1000 }] } as const;
  const both: CreateOptions = {
    ...userns,
    mounts: [
      { type: 'image', source: 'data:1', target: '/data' },
      { type: 'image', source: 'data:1', target: '/own', options: ['rw'] },
    ],
  };
  const script =
    'stat -c "%u %g" /data/d /own /own/d; echo x > /own/new; stat -c %u /own/new; touch /data/x || echo no';
  t.regex(await printed(env, both, script), /^5 6\n0 0\n5 6\n0\nno\n/);
  const container = await env.engine.containers.create(
    env.options({ image: 'test:1', command: ['touch', '/own/new'], ...both }),
  );
  await container.start();
  await container.wait();
  t.is(statSync(join(env.root, 'containers', container.id, 'images/1/upper/new')).uid, 100_000);
});

for (const runtime of ['crun', 'runc'] as const) {
  test(`mounts: ${runtime} mounts an image as well`, async (t) => {
    if (!ready(t) || !requires(t, runtime) || (runtime === 'crun' && !requires(t, 'cgroup2'))) return;
    const env = await withData(t);
    const script = 'cat /data/d/f; touch /data/d/f 2>/dev/null || echo " refused"';
    t.is(await printed(env, { ...mounted(), runtime }, script), 'from the image refused\n');
    t.is(await printed(env, { ...mounted('rw'), runtime }, 'echo x > /data/d/f; cat /data/d/f'), 'x\n');
  });
}

test('mounts: an image that is not there is named when the container is made, and nothing is left', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await withData(t);
  const create = engine.containers.create(
    options({ image: 'test:1', command: ['true'], mounts: [{ type: 'image', source: 'nosuch', target: '/data' }] }),
  );
  t.is(
    await rejectsWith(t, create, 'NO_SUCH_IMAGE'),
    'creating image volume "nosuch":"/data": nosuch: image not known',
  );
  t.deepEqual(engine.containers.list({ all: true }), []);
});
