/** What host: hides, on a made-up machine below a temporary directory. */
import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { isCurrent, readHideList, type HideList } from '../../../src/host/hide-list.js';
import type { HideRequest } from '../../../src/host/hide-rules.js';
import { HostTree } from '../../../src/host/host-tree.js';
import { parseMountInfo } from '../../../src/host/mountinfo.js';
import { hideLayerPlan, hideMountPlan } from '../../../src/plan/hide.js';
import { wordsOf } from '../../helpers/plans.js';
import { temporaryDirectory } from '../../helpers/temp.js';

/** Paths with their content: `/` at the end is a directory, `-> x` a link; a number before is the mode. */
const MACHINE = `
/usr/bin/sh
/etc/passwd
0640 /etc/shadow
/etc/ssh/sshd_config
0600 /etc/ssh/ssh_host_rsa_key
/etc/ssh/ssh_host_rsa_key.pub
0710 /etc/ssl/private/
/etc/ssl/private/key.pem
0600 /etc/app/token
/etc/docker/key.json
/etc/mtab -> /proc/self/mounts
0700 /root/
/root/.bashrc
/root/.ssh/id
/home/me/project/file
/home/me/.ssh/id
1777 /tmp/
/tmp/x
/run/lock/
/run/secret
/swapfile
/data/db
/vmlinuz -> boot/vmlinuz
/lib -> usr/lib
/usr/lib/x
/srv/www/
/proc/
/var/run -> /run
/var/lib/dpkg/status
/var/lib/mysql/data
/var/lib/tspod/tspod.db
/var/cache/debconf/config.dat
0600 /var/cache/debconf/passwords.dat
/var/cache/secret/x
/var/log/syslog
0750 /var/log/apache2/
/var/log/apache2/access.log
/var/backups/shadow.bak
/var/local/x
1777 /var/tmp/
/opt/tool/bin
`;

function machine(t: ExecutionContext, extra = ''): string {
  const root = temporaryDirectory(t);
  for (const line of `${MACHINE}${extra}`.split('\n').filter(Boolean)) {
    const [, mode, path = '', target] = /^(?:(\d+) )?(\S+)(?: -> (\S+))?$/.exec(line) ?? [];
    const place = root + path;
    if (path.endsWith('/')) mkdirSync(place, { recursive: true });
    else mkdirSync(dirname(place), { recursive: true });
    if (target !== undefined) symlinkSync(target, place);
    else if (!path.endsWith('/')) writeFileSync(place, path);
    if (mode !== undefined) chmodSync(place, Number.parseInt(mode, 8));
  }
  return root;
}

const ROOT_ONLY = '1 0 8:1 / / rw - ext4 /dev/sda1 rw\n';

interface Different extends Partial<HideRequest> {
  readonly mounts?: string;
}

function listOf(root: string, { mounts = '', ...request }: Different = {}): HideList {
  const whole = { all: false, hide: [], show: [], own: ['/var/lib/tspod', '/run/tspod'], ...request };
  return readHideList(whole, parseMountInfo(ROOT_ONLY + mounts), new HostTree(root));
}

/** What is mounted: a path of the host's, `path/!` an empty directory, `-path` an empty file. */
function coversOf({ covers }: HideList): readonly string[] {
  return covers.map(({ kind, path }) => ({ host: path, directory: `${path}/!`, file: `-${path}` })[kind]);
}

/** The layer in short: `path/` is a directory (`!` opaque, `>` redirected, with its mode), `-path` is gone, `=path` a place for a file. */
function inShort({ entries }: HideList): readonly string[] {
  return entries.map((entry) => {
    if (entry.kind === 'absent') return `-${entry.path}`;
    if (entry.kind === 'placeholder') return `=${entry.path}`;
    if (entry.kind === 'link') return `${entry.path} -> ${entry.target}`;
    const { path, opaque, redirect, mode } = entry;
    return `${path}/${opaque ? '!' : ''}${redirect ? '>' : ''} ${mode.toString(8)}`;
  });
}

test('by default: the system without its secrets', (t) => {
  const root = machine(t);
  const list = listOf(root);
  t.deepEqual(inShort(list), [
    '-/data',
    '/etc/ 755',
    '/etc/app/ 755',
    '-/etc/app/token',
    '/etc/docker/! 755',
    '-/etc/shadow',
    '/etc/ssh/ 755',
    '-/etc/ssh/ssh_host_rsa_key',
    '/etc/ssl/ 755',
    '/etc/ssl/private/! 710',
    '/home/! 755',
    '/root/! 700',
    '/run/! 755',
    '/run/lock/ 755',
    '/srv/! 755',
    '-/swapfile',
    '/tmp/! 1777',
    '/var/ 755',
    '/var/backups/! 755',
    '/var/cache/! 755',
    '/var/cache/debconf/> 755',
    '-/var/cache/debconf/passwords.dat',
    '/var/lib/! 755',
    '/var/lib/dpkg/> 755',
    '/var/log/! 755',
    '/var/log/apache2/ 750',
    '/var/tmp/! 1777',
    '-/vmlinuz',
  ]);
  t.deepEqual(coversOf(list), []);
  t.true(list.redirects);
  t.true(list.hidden.includes('/etc/shadow'));
  t.true(list.hidden.includes('/home'));
});

test("host:all hides tspod's own directories and nothing else", (t) => {
  const list = listOf(machine(t), { all: true });
  t.deepEqual(inShort(list), ['/run/ 755', '/run/tspod/! 755', '/var/ 755', '/var/lib/ 755', '/var/lib/tspod/! 755']);
  t.false(list.redirects);
  t.deepEqual(list.hidden, ['/run/tspod', '/var/lib/tspod']);
});

test('--hide: a directory is emptied, a file is gone, with host:all, too', (t) => {
  const root = machine(t);
  const lines = inShort(listOf(root, { all: true, own: [], hide: ['/opt/tool', '/etc/passwd'] }));
  t.deepEqual(lines, ['/etc/ 755', '-/etc/passwd', '/opt/ 755', '/opt/tool/! 755']);
});

test('--show: a hidden directory, one in a hidden one, and a file', (t) => {
  const root = machine(t);
  const list = listOf(root, { show: ['/home/me/project', '/root/.bashrc', '/etc/app/token', '/data'] });
  const lines = inShort(list);
  for (const line of ['/home/! 755', '/home/me/ 755', '/home/me/project/> 755', '=/root/.bashrc'])
    t.true(lines.includes(line), line);
  t.false(lines.some((line) => /token|data/.test(line)));
  t.deepEqual(coversOf(list), ['/root/.bashrc']);
});

test('--show of a directory shows all that is in it but what is hidden by name', (t) => {
  const root = machine(t);
  const lines = inShort(listOf(root, { show: ['/home'], hide: ['/home/me/.ssh'] }));
  t.true(lines.includes('/home/me/.ssh/! 755'));
  t.false(lines.includes('/home/! 755'));
  t.deepEqual(
    lines.filter((line) => line.includes('/var/lib')),
    ['/var/lib/! 755', '/var/lib/dpkg/> 755'],
  );
});

test("--show never shows tspod's own directories", (t) => {
  const root = machine(t);
  t.true(inShort(listOf(root, { show: ['/var/lib'] })).includes('/var/lib/tspod/! 755'));
  t.throws(() => listOf(root, { show: ['/var/lib/tspod'] }), {
    code: 'INVALID_ARGUMENT',
    message: /belongs to tspod itself/,
  });
});

test("tspod's own directories are hidden wherever they are", (t) => {
  const root = machine(t, '/opt/store/tspod.db\n');
  t.true(inShort(listOf(root, { own: ['/opt/store'] })).includes('/opt/store/! 755'));
});

const refused = test.macro<[Different, RegExp]>({
  exec: (t, request, message) => {
    t.throws(() => listOf(machine(t), request), { code: 'INVALID_ARGUMENT', message });
  },
  title: (_, request) => `refused: ${JSON.stringify(request)}`,
});
test(refused, { hide: ['/none'] }, /hide: \/none: no such file or directory/);
test(refused, { show: ['/home/none'] }, /show: \/home\/none: no such file or directory/);
test(refused, { hide: ['/etc'], show: ['/etc'] }, /\/etc cannot be both hidden and shown/);
test(refused, { hide: ['/etc/..'] }, /is the root of the file system/);

test('links are followed: what counts is where things are', (t) => {
  const root = machine(t, '/usr/home/me/key\n/keys -> /opt/tool\n');
  rmSync(`${root}/home`, { recursive: true });
  symlinkSync('usr/home', `${root}/home`);
  const lines = inShort(listOf(root, { hide: ['/keys'] }));
  t.true(lines.includes('/usr/home/! 755'));
  t.false(lines.includes('-/home'));
  t.true(lines.includes('/opt/tool/! 755'));
});

test('links that lead in circles or out of the tree lead nowhere', (t) => {
  const root = machine(t, '/a -> /b\n/b -> /a\n/up -> ../../../etc\n');
  const tree = new HostTree(root);
  t.is(tree.real('/a'), undefined);
  t.is(tree.real('/up'), '/etc');
  t.is(tree.real('/vmlinuz'), undefined);
  t.is(tree.real('/var/run/lock'), '/run/lock');
});

test('other file systems: those of the system are bound, others are empty', (t) => {
  const root = machine(t, '/opt/disk/x\n/etc/pki/x\n');
  const mounts = ['/usr', '/opt/disk', '/home', '/etc/pki', '/proc', '/dev/shm']
    .map((point, index) => `${index + 2} 1 8:2 / ${point} rw - ext4 /dev/sdb1 rw\n`)
    .join('');
  const list = listOf(root, { mounts });
  t.deepEqual(coversOf(list), ['/opt/disk', '/usr']);
  const lines = inShort(list);
  for (const line of ['/usr/! 755', '/opt/disk/! 755', '/etc/pki/! 755', '/home/! 755'])
    t.true(lines.includes(line), line);
  t.false(lines.some((line) => /proc|dev/.test(line)));
  t.throws(() => listOf(root, { mounts: '2 1 8:2 / /etc rw - ext4 /dev/sdb1 rw\n' }), { code: 'UNSUPPORTED_HOST' });
});

test('other file systems: one that is hidden anyway is not looked at, for it may never answer', (t) => {
  const looked: string[] = [];
  class Watched extends HostTree {
    override isDirectory(path: string): boolean {
      looked.push(path);
      return super.isDirectory(path);
    }
  }
  const points = ['/home/remote', '/opt/disk'];
  const mounts = points.map((point, index) => `${index + 2} 1 0:9 / ${point} rw - nfs server:/x rw\n`).join('');
  const request = { all: false, hide: [], show: [], own: [] };
  readHideList(request, parseMountInfo(ROOT_ONLY + mounts), new Watched(machine(t, '/opt/disk/x\n')));
  t.deepEqual(
    points.map((point) => looked.includes(point)),
    [false, true],
  );
});

test('host:all: the mounts that nobody named may go, those of the system and those that are shown may not', (t) => {
  const points = ['/opt/disk', '/home/me', '/media/stick'];
  const mounts = points.map((point, index) => `${index + 2} 1 8:2 / ${point} rw - ext4 /dev/sdb1 rw\n`).join('');
  const root = machine(t, '/opt/disk/x\n/media/stick/x\n');
  const { covers } = listOf(root, { all: true, own: [], show: ['/home/me/project'], mounts });
  t.deepEqual(covers, [
    { kind: 'host', path: '/home/me', mayVanish: true },
    { kind: 'host', path: '/home/me/project' },
    { kind: 'host', path: '/media/stick', mayVanish: true },
    { kind: 'host', path: '/opt/disk' },
  ]);
});

test('a /var of its own: the links in it stay, and what is shown of it is bound', (t) => {
  const list = listOf(machine(t), { mounts: '2 1 8:2 / /var rw - ext4 /dev/sdb1 rw\n' });
  t.deepEqual(coversOf(list), ['/var/cache/debconf', '-/var/cache/debconf/passwords.dat', '/var/lib/dpkg']);
  const lines = inShort(list);
  for (const line of ['/var/! 755', '/var/run -> /run', '/var/lib/dpkg/ 755', '/var/tmp/ 1777'])
    t.true(lines.includes(line), line);
});

test('what is hidden on another file system is covered there, and what is shown in it lies on that', (t) => {
  const root = machine(t, '/opt/store/tspod.db\n/opt/tool/key\n');
  const mounts = '2 1 8:2 / /opt rw - ext4 /dev/sdb1 rw\n';
  const hide = ['/opt/tool', '/usr/lib'];
  const list = listOf(root, { mounts, own: ['/opt/store', '/opt/none'], hide, show: ['/opt/tool/bin'] });
  t.deepEqual(coversOf(list), ['/opt', '/opt/store/!', '/opt/tool/!', '/opt/tool/bin']);
  t.true(inShort(list).includes('/usr/lib/! 755'), 'what lies on the root is hidden by the layer');
  t.true(['/opt/tool', '/opt/store'].every((path) => list.hidden.includes(path)));
  const all = listOf(root, { mounts: '2 1 8:2 / /var rw - ext4 /dev/sdb1 rw\n', all: true });
  t.deepEqual(coversOf(all), ['/var', '/var/lib/tspod/!']);
});

test('a /run of its own is never bound', (t) => {
  const root = machine(t, '/run/user/1/x\n');
  // In any order.
  const mounts = ['/run/user', '/run'].map((point) => `2 1 0:2 / ${point} rw - tmpfs tmpfs rw\n`).join('');
  const list = listOf(root, { mounts, all: true, show: ['/run/secret'] });
  t.deepEqual(coversOf(list), ['/run/secret']);
  t.true(inShort(list).includes('/run/! 755'));
  t.throws(() => listOf(root, { mounts, show: ['/run'] }), {
    code: 'INVALID_ARGUMENT',
    message: 'show: /run is a separate file system: show paths in it instead',
  });
});

test('the same machine gives the same layer, another one another', (t) => {
  const root = machine(t);
  t.is(listOf(root).digest, listOf(root).digest);
  t.not(listOf(root).digest, listOf(root, { hide: ['/opt'] }).digest);
  t.regex(listOf(root).digest, /^[0-9a-f]{32}$/);
});

test('a list is current until a name comes or goes', (t) => {
  const root = machine(t);
  const list = listOf(root);
  t.true(isCurrent(list));
  writeFileSync(`${root}/etc/app/another`, '');
  utimesSync(`${root}/etc/app`, 1, 1);
  t.false(isCurrent(list));
});

test('the plan makes the layer, parents first', (t) => {
  const list = listOf(machine(t), { own: [], show: ['/root/.bashrc'] });
  const words = wordsOf(hideLayerPlan(list.entries, '/layer'));
  t.is(words[0], 'open /layer');
  for (const line of [
    'make device /data 0:0 0000',
    'make directory /home 0755',
    'set trusted.overlay.opaque of /home',
    'set trusted.overlay.redirect of /var/lib/dpkg',
    'write file /root/.bashrc 0600, 0 bytes',
  ]) {
    t.true(words.includes(line), line);
  }
  t.true(words.indexOf('make directory /var 0755') < words.indexOf('make directory /var/lib 0755'));
  t.deepEqual(wordsOf(hideMountPlan('/run/tspod/hide')), [
    'mount tmpfs on /run/tspod/hide nosuid,noexec,nodev source=tspod-hide,mode=700,size=64m',
    'attach mount on /run/tspod/hide',
  ]);
});
