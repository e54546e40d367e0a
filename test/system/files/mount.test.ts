/** `mount`, `unmount`, `diff`: the root file system on the host, and what a container has changed in it. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import type { Container, CreateOptions } from '../../../src/index.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

async function containerOf(
  t: ExecutionContext<unknown>,
  { engine, options }: TestEngine,
  more: CreateOptions = {},
): Promise<{ container: Container; rootfs: string }> {
  const rootfs = busyboxRoot(t);
  const container = await engine.containers.create(
    options({ rootfs, rootfsOverlay: true, command: ['sleep', 'inf'], ...more }),
  );
  return { container, rootfs };
}

function isMountPoint(path: string): boolean {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === path);
}

test('mount: counts, shows what the container sees, and is gone with the last unmount', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const env = await testEngine(t);
  const { container } = await containerOf(t, env);
  const point = await container.mount();
  t.is(await container.mount(), point);
  t.is(readFileSync(join(point, 'etc/motd'), 'utf8'), 'welcome\n');
  writeFileSync(join(point, 'etc/motd'), 'from outside\n');
  t.is(env.engine.containers.list({ all: true })[0]?.mountPoint, point);
  await container.unmount();
  t.true(isMountPoint(point));
  // Started now, it has its root from there: both see one file system.
  await container.start();
  t.is((await container.exec({ command: ['cat', '/etc/motd'] })).stdout, 'from outside\n');
  writeFileSync(join(point, 'etc/motd'), 'while it runs\n');
  t.is((await container.exec({ command: ['cat', '/etc/motd'] })).stdout, 'while it runs\n');
  await container.unmount();
  await rejectsWith(t, container.unmount(), 'STATE_INVALID');
  t.is(env.engine.containers.list({ all: true })[0]?.mountPoint, null);
  await container.stop({ timeoutSec: 0 });
  t.false(isMountPoint(point), 'what only the run needed is gone with it');
  t.false(existsSync(point));
  await container.unmount();
});

test('mount: of a running container it is the mount that the container has, and outlives it', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const env = await testEngine(t);
  const { container } = await containerOf(t, env, { mounts: [{ type: 'tmpfs', target: '/tmp' }] });
  await container.start();
  await container.exec({ command: ['sh', '-c', 'echo one > /etc/one; echo two > /tmp/two'] });
  const point = await container.mount();
  t.is(readFileSync(join(point, 'etc/one'), 'utf8'), 'one\n');
  t.false(existsSync(join(point, 'tmp/two')), 'what is mounted in it is not part of it');
  writeFileSync(join(point, 'etc/three'), 'three\n');
  t.is((await container.exec({ command: ['cat', '/etc/three'] })).stdout, 'three\n');
  await container.stop({ timeoutSec: 0 });
  t.is(readFileSync(join(point, 'etc/one'), 'utf8'), 'one\n');
  await container.remove();
  t.false(isMountPoint(point));
  await env.assertNothingLeft();
});

test('mount: a root directory that is used as it is is where it is', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const env = await testEngine(t);
  const { container, rootfs } = await containerOf(t, env, { rootfsOverlay: false });
  t.is(await container.mount(), rootfs);
  await container.unmount({ force: true });
  await rejectsWith(t, container.diff(), 'NOT_SUPPORTED');
});

test('diff: what was added, changed, deleted and replaced, and nothing that the engine did', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const env = await testEngine(t);
  const bound = temporaryDirectory(t, 'tspod-bound-');
  const { container, rootfs } = await containerOf(t, env, {
    mounts: [{ type: 'bind', source: bound, target: '/srv/data/here' }],
  });
  mkdirSync(join(rootfs, 'old/deep'), { recursive: true });
  for (const name of ['old/a', 'old/b', 'old/deep/c', 'etc/gone']) writeFileSync(join(rootfs, name), name);
  symlinkSync('motd', join(rootfs, 'etc/link'));
  t.deepEqual(await container.diff(), []);
  await container.start();
  t.deepEqual(await container.diff(), [], "mount points are not the container's doing");
  const script = `echo x >> /etc/motd; rm /etc/gone /etc/link; mkdir /new; echo y > /new/file; echo z > /srv/data/here/z
    rm -r /old; mkdir /old; echo n > /old/b; chmod 700 /root`;
  await container.exec({ command: ['sh', '-c', script] });
  const expected = [
    'changed /etc',
    'deleted /etc/gone',
    'deleted /etc/link',
    'changed /etc/motd',
    'added /new',
    'added /new/file',
    'changed /old',
    'deleted /old/a',
    'deleted /old/deep',
    'changed /old/b',
    'changed /root',
  ];
  const shown = async () => (await container.diff()).map(({ kind, path }) => `${kind} ${path}`).sort();
  t.deepEqual(await shown(), [...expected].sort());
  await container.stop({ timeoutSec: 0 });
  t.deepEqual(await shown(), [...expected].sort());
});

test('diff: of a host: container only what it wrote itself', async (t) => {
  if (!requires(t, 'root')) return;
  const env = await testEngine(t);
  const container = await env.engine.containers.create(
    env.options({ command: ['sh', '-c', 'echo x > /etc/tspod-test-new'] }),
  );
  await container.start();
  await container.wait();
  t.deepEqual(await container.diff(), [
    { kind: 'changed', path: '/etc' },
    { kind: 'added', path: '/etc/tspod-test-new' },
  ]);
});
