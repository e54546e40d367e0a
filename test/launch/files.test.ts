/** Files, devices and links that are put into a root. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { containerDirectory, init, prepare, ROOT, runContained } from '../helpers/contained.js';
import { CODES } from '../../src/plan/codes.js';
import type { Step } from '../../src/plan/ops.js';
import { requires, skip } from '../helpers/requires.js';
import { temporaryDirectory } from '../helpers/temp.js';

const CHARACTER = 0o020000;
const DEV = 20;

const directory = (
  path: string,
  mode: number,
  owner: readonly [uid: number, gid: number] = [0, 0],
  rootSlot = ROOT,
): Step => init({ op: 'makeDirectory', rootSlot, path, mode, uid: owner[0], gid: owner[1] });
const device = (path: string, major: number, minor: number, rootSlot = ROOT): Step =>
  init({ op: 'makeNode', rootSlot, path, mode: CHARACTER | 0o666, major, minor, uid: 0, gid: 5 });
const link = (path: string, target: string, rootSlot = ROOT): Step =>
  init({ op: 'makeSymlink', rootSlot, path, target });

test('makeDirectory, makeNode, makeSymlink, makeFile: with mode, owner and content, in a /dev that is not attached yet', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    before: [
      init({ op: 'mountFs', slot: DEV, type: 'tmpfs', options: ['mode=0755'], attributes: 2n }),
      directory('pts', 0o1777, [0, 0], DEV),
      directory('deep/er', 0o700, [7, 8], DEV),
      device('null', 1, 3, DEV),
      link('fd', '/proc/self/fd', DEV),
      init({ op: 'makeFile', rootSlot: DEV, path: 'conf', mode: 0o604, content: Buffer.from('text') }),
      init({ op: 'attachInRoot', slot: DEV, rootSlot: ROOT, target: '/dev', create: CODES.create.nothing }),
    ],
    command: [
      ...['stat', '/dev/pts', '--', 'stat', '/dev/deep/er', '--', 'stat', '/dev/null', '--', 'readlink', '/dev/fd'],
      ...[
        '--',
        'stat',
        '/dev/conf',
        '--',
        'write',
        '/dev/null',
        'x',
        '--',
        'stat',
        '/dev/deep',
        '--',
        'cat',
        '/dev/conf',
      ],
    ],
  });
  t.is(outcome.end, 'exit 0');
  t.regex(outcome.value('/dev/pts') ?? '', /^d 1777 0 0 /);
  t.regex(outcome.value('/dev/deep/er') ?? '', /^d 0700 7 8 /);
  t.regex(outcome.value('/dev/deep') ?? '', /^d 0755 0 0 /);
  t.is(outcome.value('/dev/null'), 'c 0666 0 5 1:3 0');
  t.is(outcome.values('/dev/null')[1], 'ok');
  t.is(outcome.value('/dev/fd'), '/proc/self/fd');
  t.is(outcome.value('/dev/conf'), '- 0604 0 0 0:0 4');
  t.true(outcome.stdout.endsWith('text'));
});

test('makeDirectory: what is there stays as it is', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, { before: [directory('/tmp', 0o700)], command: ['stat', '/tmp'] });
  t.regex(outcome.value('/tmp') ?? '', /^d 0755 /);
});

test('makeNode: the same device again is no error, another one is', async (t) => {
  if (!requires(t, 'root')) return;
  const same = await runContained(t, { before: [device('/dev/x', 1, 3), device('/dev/x', 1, 3)] });
  t.is(same.end, 'exit 0');
  const other = await runContained(t, { before: [device('/dev/x', 1, 3), device('/dev/x', 1, 5)] });
  t.is(other.end, 'failed makeNode EEXIST mknodat x');
});

test('a root whose /dev is a link to a directory of the host: nothing is made or changed there', async (t) => {
  if (!requires(t, 'root')) return;
  const container = containerDirectory(t);
  const host = join(container, 'host');
  mkdirSync(host);
  writeFileSync(join(host, 'ptmx'), 'mine');
  const outcome = await runContained(t, {
    directory: container,
    arrange: (root) => {
      rmSync(join(root, 'dev'), { recursive: true });
      symlinkSync(host, join(root, 'dev'));
    },
    before: [
      device('/dev/null', 1, 3),
      link('/dev/ptmx', 'pts/ptmx'),
      directory('/dev/pts', 0o755),
      init({ op: 'makeFile', rootSlot: ROOT, path: '/dev/file', mode: 0o644, content: Buffer.from('x') }),
    ],
  });
  t.is(outcome.end, 'exit 0');
  t.deepEqual(readdirSync(host), ['ptmx']);
  t.true(existsSync(join(container, 'root', host, 'null')));
});

test('makeFile: a link in its place is replaced, never written through', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    arrange: (root) => symlinkSync('/etc/target', join(root, 'etc/hosts')),
    before: [init({ op: 'makeFile', rootSlot: ROOT, path: '/etc/hosts', mode: 0o644, content: Buffer.from('new') })],
    command: ['stat', '/etc/hosts', '--', 'stat', '/etc/target', '--', 'cat', '/etc/hosts'],
  });
  t.is(outcome.value('/etc/hosts'), '- 0644 0 0 0:0 3');
  t.is(outcome.value('/etc/target'), '!ENOENT');
  t.true(outcome.stdout.endsWith('new'));
});

test('extendFile: lines around those of the root, and those alone whose id it lacks', async (t) => {
  if (!requires(t, 'root')) return;
  const file = join(temporaryDirectory(t), 'extended');
  writeFileSync(file, 'of an earlier launch, and longer than what comes now, so that a rest of it would be seen\n');
  const last = ['a:x:5:', 'b:x:6:staff:', 'c:x:6:0:'];
  const outcome = await runContained(t, {
    arrange: (root) => {
      writeFileSync(join(root, 'etc/lines'), 'five:x:5:\nlast without an end');
      writeFileSync(join(root, 'etc/group'), 'staff:x:50:\n');
    },
    outside: [prepare({ op: 'openPath', slot: 7, path: file, flags: 0o1001 })],
    before: [init({ op: 'extendFile', slot: 7, rootSlot: ROOT, path: '/etc/lines', first: 'first\n', last, ids: 1 })],
  });
  t.is(outcome.end, 'exit 0');
  t.is(readFileSync(file, 'utf8'), 'first\nfive:x:5:\nlast without an end\nb:x:6:50:\n');
});

test('extendFile: what is no regular file of the root is refused', async (t) => {
  if (!requires(t, 'root')) return;
  const file = join(temporaryDirectory(t), 'extended');
  writeFileSync(file, '');
  const outcome = await runContained(t, {
    arrange: (root) => mkdirSync(join(root, 'etc/lines')),
    outside: [prepare({ op: 'openPath', slot: 7, path: file, flags: 0o1001 })],
    before: [init({ op: 'extendFile', slot: 7, rootSlot: ROOT, path: '/etc/lines', first: '', last: [], ids: 0 })],
  });
  t.regex(outcome.end, /^failed extendFile EINVAL/);
});

test('setXattr: an attribute of a file in the root', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    before: [init({ op: 'setXattr', rootSlot: ROOT, path: '/etc', name: 'trusted.tspod', value: Buffer.from('y') })],
    command: ['xattr', '/etc', 'trusted.tspod'],
  });
  if (outcome.end.includes('EOPNOTSUPP')) return skip(t, 'no extended attributes here');
  t.is(outcome.value('trusted.tspod'), 'y');
});
