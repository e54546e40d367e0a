/** Copies into containers with a user namespace of their own: what the host's root writes there, the container's root could have written. */
import {
  chmodSync,
  chownSync,
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';

import { isTspodError, type Container, type CopyInOptions, type CreateOptions } from '../../src/index.js';
import { isNativeError } from '../../src/native/index.js';
import { attackersRoot, listing, runRounds } from '../helpers/attacks.js';
import { output, run, storeOf } from '../helpers/cli.js';
import { rejectsWith, testEngine } from '../helpers/engine.js';
import { tarOf, type Entry } from '../helpers/layers.js';
import { requires } from '../helpers/requires.js';
import { temporaryDirectory } from '../helpers/temp.js';
import { until } from '../helpers/until.js';

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'overlay', 'busybox', 'userns');

const FIRST = 100_000;
const MAPS = [{ containerId: 0, hostId: FIRST, size: 65_536 }];

/** Of the host's root: anybody may go there, and nobody write. */
function hostData(t: ExecutionContext<unknown>): string {
  const path = temporaryDirectory(t, 'tspod-host-');
  mkdirSync(join(path, 'dir/sub'), { recursive: true });
  for (const name of ['host.conf', 'dir/inner', 'dir/sub/deep'])
    writeFileSync(join(path, name), `of the host: ${name}`, { mode: 0o600 });
  for (const name of ['.', 'dir', 'dir/sub']) chmodSync(join(path, name), 0o755);
  return path;
}

/** Runs a script as the first process, which gets namespaces of its own and with them the right to mount what it sees. */
async function hostile(
  t: ExecutionContext<unknown>,
  script: string,
  more: CreateOptions,
): Promise<{ readonly container: Container; readonly rootfs: string }> {
  const { engine, options } = await testEngine(t);
  const rootfs = attackersRoot(t);
  mkdirSync(join(rootfs, 'app/own'), { recursive: true });
  for (const name of ['config', 'plain']) writeFileSync(join(rootfs, 'app', name), 'of the container');
  const inside = `cd /app && ${script} && touch /ready && exec sleep 1000`;
  const container = await engine.containers.create(
    options({
      rootfs,
      rootfsOverlay: true,
      uidMaps: MAPS,
      gidMaps: MAPS,
      command: ['busybox', 'unshare', '-U', '-r', '-m', 'sh', '-c', inside],
      ...more,
    }),
  );
  await container.start();
  await until('the container is ready', async () => container.stat('/ready').catch(() => undefined));
  return { container, rootfs };
}

async function copy(
  container: Container,
  to: string,
  entries: readonly Entry[],
  options?: CopyInOptions,
): Promise<void> {
  await container.copyIn(to, Readable.from([tarOf(entries)]), options);
}

test('cp: what a container mounts or links of files that it may not write is not written, given away or replaced', async (t) => {
  if (!ready(t)) return;
  const data = hostData(t);
  const { container } = await hostile(
    t,
    'mkdir bound && mount --bind /data/host.conf config && mount --bind /data/dir bound && ' +
      'busybox ln -s /data/dir link && busybox ln -s /data/host.conf file-link',
    { mounts: [{ type: 'bind', source: data, target: '/data' }] },
  );
  const before = listing(data);
  const attempts: Readonly<Record<string, readonly Entry[]>> = {
    'a file in place of a mounted one': [{ path: 'config', content: 'x', mode: 0o777 }],
    'a directory on a mounted one': [{ path: 'bound', type: 'directory', mode: 0o777 }],
    'a file in a mounted directory': [{ path: 'bound/new', content: 'x' }],
    'a file for another': [{ path: 'bound/inner', content: 'x' }],
    'directories that are missing': [{ path: 'bound/a/b/c', content: 'x' }],
    'a file for a directory': [{ path: 'bound/sub', content: 'x' }],
    'a link': [{ path: 'bound/l', type: 'symlink', target: '/' }],
    'a directory through a link': [
      { path: 'link', type: 'directory' },
      { path: 'link/new', content: 'x' },
    ],
    'a directory below a link': [{ path: 'link/sub', type: 'directory', mode: 0o777 }],
    'a hard link': [{ path: 'own/h', type: 'hardlink', target: 'config' }],
  };
  for (const [what, entries] of Object.entries(attempts)) {
    await t.throwsAsync(copy(container, '/app', entries, { overwrite: true }), undefined, what);
    t.deepEqual(listing(data), before, what);
  }
  await rejectsWith(t, copy(container, '/app', [{ path: 'config', content: 'x' }]), 'PERMISSION_DENIED');
  for (const [directory, asked] of [
    ['/app/bound', undefined],
    ['/app/link', undefined],
    ['/data', '/app'],
  ] as const)
    await rejectsWith(
      t,
      copy(container, directory, [{ path: 'host.conf', content: 'x' }], asked === undefined ? {} : { asked }),
      'PERMISSION_DENIED',
    );
  t.deepEqual(listing(data), before);
  await copy(container, '/app', [{ path: 'plain', content: 'new' }]);
  t.is((await container.exec({ command: ['cat', '/app/plain'] })).stdout, 'new', 'what is its own is written');
});

test('cp: the same by the command line, also through links', async (t) => {
  if (!ready(t)) return;
  const data = hostData(t);
  const rootfs = attackersRoot(t);
  mkdirSync(join(rootfs, 'app'));
  symlinkSync('/data/dir', join(rootfs, 'app/link'));
  symlinkSync('/data/host.conf', join(rootfs, 'app/file-link'));
  const file = join(temporaryDirectory(t, 'tspod-cp-'), 'cfg');
  writeFileSync(file, 'new');
  storeOf(t);
  const maps = ['--uidmap', `0:${FIRST}:65536`, '--gidmap', `0:${FIRST}:65536`];
  const what = ['-v', `${data}:/data`, '--rootfs', `${rootfs}:O`, 'sleep', '1000'];
  await run(t, 0, 'run', '-d', '--name', 'c', ...maps, ...what);
  const before = listing(data);
  // Whose maps are in no configuration.
  const pid = (await output(t, 'inspect', '--format', '{{.State.Pid}}', 'c')).trim();
  await run(t, 0, 'run', '-d', '--name', 'joined', '--userns', `ns:/proc/${pid}/ns/user`, ...what);
  for (const name of ['c', 'joined'])
    for (const to of ['/app/link', '/app/link/', '/app/link/new', '/app/file-link'])
      await run(t, 125, 'cp', file, `${name}:${to}`);
  await run(t, 0, 'cp', file, 'joined:/app/new');
  t.is(await output(t, 'exec', 'joined', 'stat', '-c', '%u', '/app/new'), '0\n');
  t.deepEqual(listing(data), before);
  for (const [to, name] of [
    ['/data', 'cfg'],
    ['/data/host.conf', 'host.conf'],
    ['/data/dir/', 'dir/cfg'],
  ] as const) {
    await run(t, 0, 'cp', file, `c:${to}`);
    t.is(readFileSync(join(data, name), 'utf8'), 'new', 'what the caller has mounted, by its own name');
  }
});

test('cp: what the caller has mounted in a container with a user namespace is written, whoever owns it', async (t) => {
  if (!ready(t)) return;
  const data = hostData(t);
  const single = join(temporaryDirectory(t, 'tspod-single-'), 'single');
  writeFileSync(single, 'of the host', { mode: 0o600 });
  const { container } = await hostile(t, 'mount --bind plain config && mkdir bound && mount --bind own bound', {
    mounts: [
      { type: 'bind', source: data, target: '/data' },
      { type: 'bind', source: single, target: '/etc/single' },
      { type: 'volume', source: 'v', target: '/vol' },
      { type: 'tmpfs', target: '/mem' },
    ],
  });
  await copy(container, '/data', [
    { path: 'host.conf', content: 'new' },
    { path: 'made/here', content: 'new' },
  ]);
  await copy(container, '/data/dir', [{ path: 'sub', content: 'new' }], { overwrite: true });
  await copy(container, '/etc', [
    { path: 'single', content: 'new' },
    { path: 'hosts', content: '127.0.0.1 here' },
  ]);
  for (const path of ['host.conf', 'made/here', 'dir/sub']) {
    t.is(readFileSync(join(data, path), 'utf8'), 'new');
    t.is(statSync(join(data, path)).uid, FIRST);
  }
  t.is(readFileSync(single, 'utf8'), 'new');
  // What it has mounted of its own files is its own, and kinds of files of which each belongs to it from the start.
  for (const directory of ['/vol', '/mem', '/app', '/app/bound'])
    await copy(
      container,
      directory,
      [
        { path: 'd', type: 'directory', mode: 0o2750, uid: 5, gid: 6 },
        { path: 'd/l', type: 'symlink', target: '/nowhere', uid: 5, gid: 6 },
        { path: 'd/fifo', type: 'fifo', uid: 5, gid: 6 },
        { path: 'd/f', content: 'x', uid: 5, gid: 6 },
        { path: 'd/h', type: 'hardlink', target: 'd/f' },
        { path: 'config', content: 'new' },
      ],
      { chown: false },
    );
  for (const [name, mode] of [
    ['d', 0o042750],
    ['d/l', 0o120777],
    ['d/fifo', 0o010644],
    ['d/f', 0o100644],
  ] as const)
    t.like(await container.stat(`/app/own/${name}`, { follow: false }), { uid: 5, gid: 6, mode }, name);
  t.is((await container.exec({ command: ['cat', '/app/plain'] })).stdout, 'new', 'written in place');
});

test('cp: a racer that puts a directory of the host in the place of one that is made gets nothing of it', async (t) => {
  if (!ready(t)) return;
  const data = hostData(t);
  // The container may rename there what is not its own.
  chownSync(data, FIRST, FIRST);
  const held = openSync(join(data, 'dir'), 'r');
  t.teardown(() => {
    closeSync(held);
  });
  const before = fstatSync(held);
  const racer = 'mount --bind /data own && { attacker swap /data/dir /data/made & }';
  const { container } = await hostile(t, racer, { mounts: [{ type: 'bind', source: data, target: '/data' }] });
  const entries: readonly Entry[] = Array.from({ length: 20 }, () => [
    { path: 'made', content: 'x' },
    { path: 'made', type: 'directory' as const, mode: 0o777 },
  ]).flat();
  await runRounds(t, async () => {
    await copy(container, '/app/own', entries, { overwrite: true }).catch((error: unknown) => {
      t.true(isTspodError(error) || isNativeError(error), String(error));
    });
    const { uid, gid, mode, nlink } = fstatSync(held);
    t.like(before, { uid, gid, mode, nlink });
    return 'copied';
  });
});
