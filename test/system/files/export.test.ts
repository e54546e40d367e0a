/** `export`: the archive of a root file system is what GNU tar and the container's own view say. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';

import { getXattr, setXattr } from '../../../src/native/index.js';
import { rejectsWith, testEngine } from '../../helpers/engine.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

/** cap_net_raw=ep, as setcap(8) writes it. */
const CAPABILITY = Buffer.from('0100000200200000000000000000000000000000', 'hex');
const NANOSECONDS = 1_700_000_000_123_456_789n;

/** A root directory with everything that a tree can hold. */
async function rootWithEverything(t: ExecutionContext<unknown>): Promise<string> {
  const root = temporaryDirectory(t, 'tspod-files-');
  mkdirSync(join(root, 'dir'), { mode: 0o750 });
  chownSync(join(root, 'dir'), 12, 34);
  writeFileSync(join(root, 'dir/file'), 'content\n');
  chmodSync(join(root, 'dir/file'), 0o4751);
  linkSync(join(root, 'dir/file'), join(root, 'second-name'));
  symlinkSync('/nowhere/at/all', join(root, 'link'));
  symlinkSync('y'.repeat(300), join(root, 'long-link'));
  mkdirSync(join(root, 'n'.repeat(200)));
  writeFileSync(join(root, 'n'.repeat(200), 'm'.repeat(200)), randomBytes(100_000));
  writeFileSync(Buffer.concat([Buffer.from(`${root}/not-utf8-`), Buffer.from([0xff, 0xfe])]), 'x');
  writeFileSync(join(root, 'umläut'), 'ü');
  for (const words of [
    ['mknod', join(root, 'null'), 'c', '1', '3'],
    ['mkfifo', join(root, 'fifo')],
    ['touch', '-d', '@1700000000.123456789', join(root, 'umläut')],
    ['touch', '-h', '-d', '@1600000000.5', join(root, 'link')],
  ]) {
    t.is(spawnSync(words[0] ?? '', words.slice(1)).status, 0);
  }
  writeFileSync(join(root, 'ping'), '');
  await setXattr(join(root, 'ping'), 'security.capability', CAPABILITY);
  await setXattr(join(root, 'umläut'), 'user.binary', Buffer.from([0, 255, 10, 61]));
  return root;
}

async function unpackWithTar(t: ExecutionContext<unknown>, archive: Readable): Promise<string> {
  const into = temporaryDirectory(t, 'tspod-unpacked-');
  const file = join(into, 'archive.tar');
  await pipeline(archive, createWriteStream(file));
  const tar = spawnSync('tar', [
    '-x',
    '-p',
    '--numeric-owner',
    '--xattrs',
    '--xattrs-include=*',
    '-f',
    file,
    '-C',
    into,
  ]);
  t.is(tar.status, 0, tar.stderr.toString());
  t.is(tar.stderr.toString(), '');
  spawnSync('rm', [file]);
  return into;
}

/** Everything about a tree that find(1) can tell. */
function description(root: string): string {
  const listed = spawnSync(
    'find',
    [
      '.',
      '-mindepth',
      '1',
      '(',
      '-type',
      'd',
      '-printf',
      '%p %y %m %U %G %t\n',
      ')',
      '-o',
      '-printf',
      '%p %y %m %U %G %n %s %l %t\n',
    ],
    { cwd: root, encoding: 'latin1' },
  );
  return listed.stdout.split('\n').sort().join('\n');
}

test('export: GNU tar makes the same tree of it, with owners, links, devices, attributes and times', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine, options } = await testEngine(t);
  const root = await rootWithEverything(t);
  const container = await engine.containers.create(options({ rootfs: root, command: ['x'] }));
  const unpacked = await unpackWithTar(t, await container.export());
  t.is(description(unpacked), description(root));
  t.deepEqual(Buffer.from(await getXattr(join(unpacked, 'ping'), 'security.capability')), CAPABILITY);
  t.deepEqual(Buffer.from(await getXattr(join(unpacked, 'umläut'), 'user.binary')), Buffer.from([0, 255, 10, 61]));
  t.is(lstatSync(join(unpacked, 'umläut'), { bigint: true }).mtimeNs, NANOSECONDS);
  t.is(lstatSync(join(unpacked, 'second-name')).ino, lstatSync(join(unpacked, 'dir/file')).ino);
  t.is(readlinkSync(join(unpacked, 'long-link')), 'y'.repeat(300));
});

test('export: of a running container with a user namespace, owners as it sees them, nothing that is mounted in it', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const { engine, options } = await testEngine(t);
  const ranges = [{ containerId: 0, hostId: 200_000, size: 65_536 }];
  const container = await engine.containers.create(
    options({
      rootfs: busyboxRoot(t),
      rootfsOverlay: true,
      command: ['sh', '-c', 'echo a > /etc/new; chown 12:34 /etc/new; echo b > /tmp/b; exec sleep inf'],
      mounts: [{ type: 'tmpfs', target: '/tmp' }],
      userns: 'private',
      uidMaps: ranges,
      gidMaps: ranges,
    }),
  );
  const owners = async () => {
    const unpacked = await unpackWithTar(t, await container.export());
    const [created, shipped] = [
      lstatSync(join(unpacked, 'etc/new'), { throwIfNoEntry: false }),
      lstatSync(join(unpacked, 'etc/motd')),
    ];
    return {
      created: created && [created.uid, created.gid],
      shipped: [shipped.uid, shipped.gid],
      tmp: readdirSync(join(unpacked, 'tmp')),
    };
  };
  t.deepEqual(await owners(), { created: undefined, shipped: [0, 0], tmp: [] });
  await container.start();
  while ((await container.exec({ command: ['test', '-e', '/tmp/b'] })).exitCode !== 0);
  t.deepEqual(await owners(), { created: [12, 34], shipped: [0, 0], tmp: [] });
  await container.stop({ timeoutSec: 0 });
  t.deepEqual(await owners(), { created: [12, 34], shipped: [0, 0], tmp: [] });
});

test('export: a stream that nobody reads to its end lets go of the container when it is destroyed', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const { engine, options, assertNothingLeft } = await testEngine(t);
  const container = await engine.containers.create(
    options({ rootfs: busyboxRoot(t), rootfsOverlay: true, command: ['true'] }),
  );
  const archive = await container.export();
  await once(archive, 'readable');
  archive.destroy();
  await container.start();
  await container.wait();
  await container.remove();
  await rejectsWith(t, container.export(), 'NO_SUCH_CONTAINER');
  await assertNothingLeft();
});
