/** Mounts with the option U: the container's user owns their sources. */
import { chownSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import type { CreateOptions, MountOptions } from '../../../src/index.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { output, run, storeOf } from '../../helpers/cli.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'busybox', 'overlay');

const MAPS = {
  uidMaps: [{ containerId: 0, hostId: 100000, size: 65536 }],
  gidMaps: [{ containerId: 0, hostId: 200000, size: 65536 }],
};

const owned = (source: string, ...options: readonly string[]): { readonly mounts: readonly MountOptions[] } => ({
  mounts: [{ type: 'bind', source, target: '/x', options: ['U', ...options] }],
});

function ownerOf(path: string): string {
  const { uid, gid } = lstatSync(path);
  return `${String(uid)}:${String(gid)}`;
}

/** A root with the user `app`, 1234:5678. */
function rootWithUser(t: ExecutionContext<unknown>): string {
  const rootfs = busyboxRoot(t);
  mkdirSync(join(rootfs, 'etc'), { recursive: true });
  writeFileSync(join(rootfs, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\napp:x:1234:5678::/:/bin/sh\n');
  return rootfs;
}

async function launch({ engine, options }: TestEngine, given: CreateOptions): Promise<string> {
  const { stdout, stderr } = await engine.run(options({ command: ['true'], ...given }));
  return stdout + stderr;
}

test('a directory with all in it becomes the container’s user’s, by name and by number, links themselves', async (t) => {
  if (!ready(t)) return;
  const env = await testEngine(t);
  const rootfs = rootWithUser(t);
  const [source, outside] = [temporaryDirectory(t), temporaryDirectory(t)];
  mkdirSync(join(source, 'a/b'), { recursive: true });
  writeFileSync(join(source, 'a/b/f'), 'x');
  symlinkSync(outside, join(source, 'a/link'));
  const all = ['', 'a', 'a/b', 'a/b/f', 'a/link'];
  for (const [user, owner] of [
    ['app', '1234:5678'],
    ['7:8', '7:8'],
    ['root', '0:0'],
  ] as const) {
    const script = 'touch /x/a/b/mine && echo written';
    const given = { rootfs, rootfsOverlay: true, user, command: ['sh', '-c', script], ...owned(source) };
    t.is(await launch(env, given), 'written\n', user);
    for (const path of [...all, 'a/b/mine']) t.is(ownerOf(join(source, path)), owner, `${user}: ${path}`);
  }
  t.is(ownerOf(outside), '0:0');
});

test('in a user namespace it is the user’s id on the host, and with idmap the one in the container', async (t) => {
  if (!ready(t) || !requires(t, 'userns')) return;
  const env = await testEngine(t);
  const given = { rootfs: rootWithUser(t), rootfsOverlay: true, user: 'app', ...MAPS };
  const [source, shifted] = [temporaryDirectory(t), temporaryDirectory(t)];
  await launch(env, { ...given, ...owned(source) });
  t.is(ownerOf(source), '101234:205678');
  await launch(env, { ...given, ...owned(shifted, 'idmap') });
  t.is(ownerOf(shifted), '1234:5678');
});

test('a file, a volume, and each start anew', async (t) => {
  if (!ready(t)) return;
  const rootfs = rootWithUser(t);
  const file = join(temporaryDirectory(t), 'f');
  writeFileSync(file, 'x');
  const mounts = ['-v', `${file}:/f:U`, '-v', 'v:/v:U', '--mount', `type=volume,source=w,target=/w,U=true`];
  await run(t, 0, 'create', '--name', 'c', '--user', 'app', ...mounts, '--rootfs', rootfs, 'true');
  t.is(ownerOf(file), '0:0', 'not before it starts');
  const places = [file, ...['v', 'w'].map((name) => join(storeOf(t).root, 'volumes', name, '_data'))];
  for (let start = 1; start <= 2; start += 1) {
    await output(t, 'start', '--attach', 'c');
    for (const place of places) t.is(ownerOf(place), '1234:5678', `${place}, start ${String(start)}`);
    for (const place of places) chownSync(place, 0, 0);
  }
});

test('directories of the system keep their owners, and an unknown user gets nothing', async (t) => {
  if (!ready(t)) return;
  const env = await testEngine(t);
  const rootfs = rootWithUser(t);
  const link = join(temporaryDirectory(t), 'link');
  symlinkSync('/etc', link);
  for (const source of ['/etc', '/', '/usr/lib', '/dev/shm', link])
    await rejectsWith(t, launch(env, { rootfs, user: '7', ...owned(source) }), 'INVALID_ARGUMENT');
  t.is(ownerOf('/etc'), '0:0');
  const source = temporaryDirectory(t);
  await rejectsWith(t, launch(env, { rootfs, user: 'nobody-here', ...owned(source) }), 'NO_SUCH_USER');
  t.is(ownerOf(source), '0:0');
});

test('a link that the container puts in place of the source gives nothing of the host away', async (t) => {
  if (!ready(t)) return;
  const env = await testEngine(t);
  const rootfs = busyboxRoot(t);
  const outside = temporaryDirectory(t);
  writeFileSync(join(outside, 'f'), 'x');
  symlinkSync(outside, join(rootfs, 'mine'));
  await launch(env, { rootfs, user: '7:8', ...owned(join(rootfs, 'mine')) }).catch((error: unknown) => error);
  t.deepEqual([outside, join(outside, 'f')].map(ownerOf), ['0:0', '0:0']);
  rmSync(join(rootfs, 'mine'));
  mkdirSync(join(rootfs, 'mine'));
  await launch(env, { rootfs, user: '7:8', ...owned(join(rootfs, 'mine')) });
  t.is(ownerOf(join(rootfs, 'mine')), '7:8', 'a directory there is given');
});
