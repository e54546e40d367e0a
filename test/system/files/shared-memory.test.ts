/** /dev/shm: one tmpfs for all that share an IPC namespace, and nothing of it on the host. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import type { Container, CreateOptions } from '../../../src/index.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { output, run } from '../../helpers/cli.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { requires } from '../../helpers/requires.js';

interface Place {
  readonly store: TestEngine;
  readonly root: string;
}

async function place(t: ExecutionContext): Promise<Place> {
  return { store: await testEngine(t), root: busyboxRoot(t) };
}

async function inside({ store, root }: Place, options: CreateOptions, script: string): Promise<string> {
  const command = ['sh', '-c', script];
  const { stdout, stderr } = await store.engine.run(store.options({ rootfs: root, command, ...options }));
  return stdout + stderr;
}

async function running({ store, root }: Place, options: CreateOptions = {}): Promise<Container> {
  const container = await store.engine.containers.create(
    store.options({ rootfs: root, command: ['sleep', '1000'], ...options }),
  );
  await container.start();
  return container;
}

async function shell(container: Container, script: string): Promise<string> {
  const { stdout, stderr } = await container.exec({ command: ['sh', '-c', script] });
  return stdout + stderr;
}

/** But for those of Podman's containers, which other tests may run at the same time. */
const hostMounts = (): readonly string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes('shm') && !line.includes('/overlay-containers/'));

/** Its device: two containers that have the same have the same file system. */
const DEVICE = 'stat -c %d /dev/shm';

test('shared memory: has the size, mode and options that were given', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  const script = 'grep " /dev/shm " /proc/self/mountinfo; stat -c %a /dev/shm';
  const found = await inside(here, { shmSizeBytes: 3 * 1024 * 1024 }, script);
  t.regex(found, / \/dev\/shm rw,nosuid,nodev,noexec,.* tmpfs shm .*size=3072k\b.*\n1777\n$/);
  t.regex(await inside(here, {}, script), /size=65536k/);
  t.notRegex(await inside(here, { shmSizeBytes: 0 }, script), /size=[1-9]/);
});

test('what does not fit is refused by the kernel, for all who share it together', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  const donor = await running(here, { shmSizeBytes: 256 * 1024 });
  await shell(donor, 'dd if=/dev/zero of=/dev/shm/one bs=64k count=3 2>/dev/null');
  const found = await inside(
    here,
    { ipc: `container:${donor.id}` },
    'dd if=/dev/zero of=/dev/shm/two bs=64k count=3 2>/dev/null || stat -c %s /dev/shm/two',
  );
  t.is(found, '65536\n');
});

test('two that share an IPC namespace see what the other writes, also through a third', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  const donor = await running(here);
  const between = await running(here, { ipc: `container:${donor.id}` });
  await shell(donor, 'echo of the donor > /dev/shm/donor');
  const script = `cat /dev/shm/donor; echo of the joiner > /dev/shm/joiner; readlink /proc/self/ns/ipc; ${DEVICE}`;
  const found = await inside(here, { ipc: `container:${between.id}` }, script);
  t.is(found, `of the donor\n${await shell(donor, `readlink /proc/self/ns/ipc; ${DEVICE}`)}`);
  t.is(await shell(donor, 'cat /dev/shm/joiner'), 'of the joiner\n');
  t.not(await inside(here, {}, DEVICE), await shell(donor, DEVICE));
});

test('it lives as long as the last who shares it, and the host never has a mount of it', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  const before = hostMounts();
  const donor = await running(here);
  const joiner = await running(here, { ipc: `container:${donor.id}` });
  t.deepEqual(hostMounts(), before);
  await shell(donor, 'echo kept > /dev/shm/file');
  await donor.stop({ timeoutSec: 0 });
  t.is(await shell(joiner, 'cat /dev/shm/file; echo more >> /dev/shm/file && cat /dev/shm/file'), 'kept\nkept\nmore\n');
  const { pid, monitorPid } = joiner.state();
  process.kill(monitorPid, 'SIGKILL');
  process.kill(pid, 'SIGKILL');
  await joiner.remove({ force: true });
  t.deepEqual(hostMounts(), before);
  await donor.start();
  t.is(await shell(donor, 'ls /dev/shm'), '', 'a new one after the last has ended');
});

test('of the host, none, and a mount of the user’s', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  t.is((await inside(here, { ipc: 'host' }, DEVICE)).trim(), String(statSync('/dev/shm').dev));
  const none = await running(here, { ipc: 'none' });
  const ask = 'ls -d /dev/shm 2>/dev/null || echo none';
  t.is(await shell(none, ask), 'none\n');
  t.is(await inside(here, { ipc: `container:${none.id}` }, ask), 'none\n');
  const source = join(here.root, 'tmp');
  writeFileSync(join(source, 'mine'), '');
  const mounts = [{ type: 'bind', source, target: '/dev/shm' }] as const;
  t.is(await inside(here, { mounts }, 'ls /dev/shm'), 'mine\n');
  const donor = await running(here);
  t.is(await inside(here, { mounts, ipc: `container:${donor.id}` }, 'ls /dev/shm'), 'mine\n');
});

test('a private IPC namespace is nobody else’s', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  const donor = await running(here, { ipc: 'private' });
  const message = await rejectsWith(t, inside(here, { ipc: `container:${donor.id}` }, 'true'), 'INVALID_ARGUMENT');
  t.is(
    message,
    `joining IPC of container ${donor.id} is not allowed: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`,
  );
});

test('command line: --shm-size and --ipc container:', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const root = busyboxRoot(t);
  const flags = ['--shm-size', '2m', '--name', 'donor', '--network', 'none'];
  await output(t, 'run', '-d', ...flags, '--rootfs', root, 'sleep', '1000');
  t.is((await output(t, 'inspect', '-f', '{{.HostConfig.ShmSize}}', 'donor')).trim(), '2097152');
  await output(t, 'exec', 'donor', 'touch', '/dev/shm/seen');
  const joined = ['--rm', '--network', 'none', '--ipc', 'container:donor', '--rootfs', root];
  t.is(await output(t, 'run', ...joined, 'ls', '/dev/shm'), 'seen\n');
  const { stderr } = await run(t, 125, 'run', ...joined.slice(0, -2), '--shm-size', '1m', '--rootfs', root, 'true');
  t.regex(stderr, /cannot set --shm-size with ipc container:/);
});
