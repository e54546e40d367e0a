/** `export`, `diff`, `mount` and `umount` on the command line: output, and what is on the disk. */
import { spawnSync } from 'node:child_process';
import { existsSync, linkSync, lstatSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { ExecutionContext } from 'ava';

import { getXattr, setXattr } from '../../../src/native/index.js';
import { onBusybox } from '../../helpers/busybox.js';
import { output, run, start } from '../../helpers/cli.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const SLEEP = ['sleep', '1000'];

function unpack(t: ExecutionContext<unknown>, file: string): string {
  const into = temporaryDirectory(t, 'tspod-unpacked-');
  const words = ['-xpf', file, '--numeric-owner', '--xattrs', '--xattrs-include=*', '-C', into];
  const { status, stderr } = spawnSync('tar', words, { encoding: 'utf8' });
  t.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  return into;
}

onBusybox('export: to a file and to stdout, of what runs and of what ended', async (t, root) => {
  writeFileSync(join(root, 'etc/marked'), 'marked\n');
  await setXattr(join(root, 'etc/marked'), 'user.key', Buffer.from([0, 255]));
  linkSync(join(root, 'etc/marked'), join(root, 'etc/second'));
  spawnSync('mknod', [join(root, 'dev/mine'), 'b', '7', '200']);
  spawnSync('truncate', ['-s', '30M', join(root, 'tmp/holes')]);
  const script = 'echo new > /etc/new; chown 12:34 /etc/new; rm /etc/motd; echo x > /run/x; exec sleep 1000';
  await run(t, 0, 'run', '-d', '--name', 'c', '--tmpfs', '/run', '--rootfs', `${root}:O`, 'sh', '-c', script);
  await run(t, 0, 'exec', 'c', 'sh', '-c', 'while ! test -e /run/x; do sleep 0.1; done');
  const file = join(temporaryDirectory(t, 'tspod-export-'), 'archive.tar');
  const look = async (directory: string): Promise<void> => {
    const at = (path: string) => lstatSync(join(directory, path));
    t.deepEqual([at('etc/new').uid, at('etc/new').gid], [12, 34]);
    t.false(existsSync(join(directory, 'etc/motd')), 'what the container removed');
    t.false(existsSync(join(directory, 'run/x')), 'what is on a mount');
    t.is(at('etc/marked').ino, at('etc/second').ino);
    t.deepEqual(Buffer.from(await getXattr(join(directory, 'etc/second'), 'user.key')), Buffer.from([0, 255]));
    t.true(at('dev/mine').isBlockDevice());
    t.is(at('dev/mine').rdev, (7 << 8) | 200);
    t.is(at('tmp/holes').size, 30 * 1024 ** 2);
  };
  t.is(await output(t, 'export', '-o', file, 'c'), '');
  await look(unpack(t, file));
  t.true(statSync(file).size > 0);
  await run(t, 0, 'stop', '-t', '0', 'c');
  const child = start(t, {}, 'export', 'c');
  writeFileSync(file, child.stdout === null ? '' : await buffer(child.stdout));
  await look(unpack(t, file));
  t.regex((await run(t, 125, 'export', '-o', '/tmp/a:b', 'c')).stderr, /invalid filename \(should not contain ':'\)/);
  t.regex((await run(t, 125, 'export')).stderr, /accepts 1 arg\(s\), received 0/);
  t.regex((await run(t, 125, 'export', 'nosuch')).stderr, /no container with name or ID "nosuch" found/);
  t.regex((await run(t, 125, 'export', '-o', '/nosuch/x.tar', 'c')).stderr, /no such file or directory/i);
});

onBusybox('diff: prints what was added, changed and deleted, as lines or JSON', async (t, root) => {
  await run(t, 0, 'create', '--name', 'c', '--rootfs', `${root}:O`, ...SLEEP);
  t.is(await output(t, 'diff', 'c'), '');
  t.is(await output(t, 'diff', '--format', 'json', 'c'), '{}\n');
  await run(t, 0, 'start', 'c');
  await run(t, 0, 'exec', 'c', 'sh', '-c', 'echo x > /etc/new; echo y >> /etc/group; rm /etc/motd; mkdir -p /d/e');
  const lines = ['A /d', 'A /d/e', 'A /etc/new', 'C /etc', 'C /etc/group', 'D /etc/motd'];
  const shown = async (...args: string[]) => (await output(t, 'diff', ...args)).trim().split('\n').sort();
  t.deepEqual(await shown('c'), lines);
  t.deepEqual(await shown('--latest'), lines);
  await run(t, 0, 'kill', 'c');
  t.deepEqual(await shown('c'), lines, 'the same when it does not run');
  const json = JSON.parse(await output(t, 'diff', '--format', 'json', 'c')) as Record<string, string[]>;
  t.deepEqual(Object.fromEntries(Object.entries(json).map(([kind, paths]) => [kind, paths.toSorted()])), {
    changed: ['/etc', '/etc/group'],
    added: ['/d', '/d/e', '/etc/new'],
    deleted: ['/etc/motd'],
  });
  t.regex((await run(t, 125, 'diff', 'nosuch')).stderr, /nosuch not found: layer not known/);
  t.regex((await run(t, 125, 'diff')).stderr, /requires a name, id, or the "--latest" flag/);
});

onBusybox('mount and umount: count the mounts, print where they are, and list them', async (t, root) => {
  const flags = ['--rootfs', `${root}:O`, ...SLEEP];
  const id = (await output(t, 'create', '--name', 'c', ...flags)).trim();
  t.is(await output(t, 'mount'), '');
  const point = (await output(t, 'mount', 'c')).trim();
  t.is(readFileSync(join(point, 'etc/motd'), 'utf8'), 'welcome\n');
  t.is(await output(t, 'mount', '-l'), `${point}\n`);
  t.is(await output(t, 'mount'), `${id.slice(0, 12)}  ${point}\n`);
  t.is(await output(t, 'mount', '--no-trunc'), `${id}  ${point}\n`);
  t.deepEqual(JSON.parse(await output(t, 'mount', '--format', 'json')), [{ id, Names: ['c'], mountpoint: point }]);
  writeFileSync(join(point, 'etc/new'), 'from the host\n');
  await run(t, 0, 'start', 'c');
  t.is(await output(t, 'exec', 'c', 'cat', '/etc/new'), 'from the host\n');
  await run(t, 0, 'kill', 'c');
  await run(t, 0, 'wait', 'c');
  t.is(await output(t, 'umount', 'c'), 'c\n');
  t.is(await output(t, 'mount'), `${id.slice(0, 12)}  ${point}\n`, 'it was mounted twice');
  t.is(await output(t, 'unmount', 'c'), 'c\n');
  t.is(await output(t, 'mount'), '');
  t.false(existsSync(join(point, 'etc/motd')));
  t.is(await output(t, 'mount', 'c'), `${point}\n`, 'the same place each time');
  await run(t, 0, 'mount', 'c');
  await run(t, 0, 'umount', '--force', 'c');
  t.is(await output(t, 'mount'), '', '--force undoes all of them');
});

onBusybox('mount and umount: --all, --filter, and what cannot be', async (t, root) => {
  const create = async (name: string, ...flags: string[]): Promise<string> =>
    (await output(t, 'create', '--name', name, ...flags, '--rootfs', `${root}:O`, ...SLEEP)).trim();
  await create('a', '--label', 'k=v');
  await create('b');
  t.is((await output(t, 'mount', '--filter', 'label=k=v')).split('\n').length, 2, 'one line');
  t.is((await output(t, 'mount')).trim().split('\n').length, 1);
  t.is((await output(t, 'mount', '--all')).trim().split('\n').length, 2);
  t.is((await output(t, 'umount', '--all', '--force')).trim().split('\n').length, 2);
  t.is(await output(t, 'mount'), '');
  for (const [args, message] of [
    [['umount'], /you must provide at least one name or id/],
    [['umount', '--all', 'a'], /--all, --latest and containers cannot be used together/],
    [['mount', '--all', 'a'], /--all, --latest and containers cannot be used together/],
    [['mount', '--format', 'table'], /unknown --format argument: "table"/],
    [['mount', 'nosuch'], /no container with name or ID "nosuch" found/],
  ] as const)
    t.regex((await run(t, 125, ...args)).stderr, message);
});
