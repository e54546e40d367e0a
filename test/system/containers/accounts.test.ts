/** Lines that the engine adds to /etc/passwd and /etc/group, and the link /etc/mtab. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import type { CreateOptions } from '../../../src/index.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { run } from '../../helpers/cli.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { requires } from '../../helpers/requires.js';

interface Place {
  readonly store: TestEngine;
  readonly root: string;
  /** What the image's files hold. */
  readonly passwd: string;
  readonly group: string;
}

async function place(t: ExecutionContext): Promise<Place> {
  const root = busyboxRoot(t);
  const read = (name: string): string => readFileSync(join(root, 'etc', name), 'utf8');
  return { store: await testEngine(t), root, passwd: read('passwd'), group: read('group') };
}

async function inside({ store, root }: Place, options: CreateOptions, script: string): Promise<string> {
  const command = ['sh', '-c', script];
  const { stdout, stderr } = await store.engine.run(store.options({ rootfs: root, command, ...options }));
  return stdout + stderr;
}

const CAT = 'cat /etc/passwd /etc/group';

type Row = [options: CreateOptions, passwd: string, group: string];

const adds = test.macro<Row>({
  exec: async (t, options, passwd, group) => {
    if (!requires(t, 'root', 'busybox')) return;
    const here = await place(t);
    t.is(await inside(here, options, CAT), here.passwd + passwd + here.group + group);
    t.is(readFileSync(join(here.root, 'etc/passwd'), 'utf8'), here.passwd, 'the root is as it was');
  },
  title: (_, options) => `accounts: ${JSON.stringify(options)}`,
});

test(adds, {}, '', '');
test(adds, { user: 'alice' }, '', '');
test(adds, { user: '1000:1000' }, '', '');
test(adds, { user: '4321' }, '4321:*:4321:0:container user:/:/bin/sh\n', '4321:x:4321:\n');
test(adds, { user: '4321:77', workdir: '/tmp' }, '4321:*:4321:77:container user:/tmp:/bin/sh\n', '77:x:77:4321\n');
test(adds, { user: '4321:audio' }, '4321:*:4321:29:container user:/:/bin/sh\n', '');
test(adds, { user: '0:77' }, '', '77:x:77:0\n');
test(adds, { user: '4321', passwd: false }, '', '');
test(
  adds,
  {
    user: '4321',
    passwdEntry: 'me:x:$UID:$GID:$NAME of $USERNAME:$HOME:/bin/false',
    groupEntry: 'us:x:$GID:$USERLIST',
  },
  'me:x:4321:0:container user of 4321:/:/bin/false\n',
  'us:x:4321:\n',
);
test(adds, { hostUsers: ['root', 'nobody', '65534'] }, 'nobody:*:65534:65534:nobody:/:/bin/sh\n', '');

test('accounts: the user has the name and the home of its line, also in an exec, also read-only', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  const options = { user: '4321', workdir: '/tmp', passwdEntry: 'me:x:$UID:$GID:$NAME:/usr:/bin/sh' };
  t.is(await inside(here, options, 'id; echo $HOME'), 'uid=4321(me) gid=0(root) groups=0(root)\n/usr\n');
  const container = await here.store.engine.containers.create(
    here.store.options({ rootfs: here.root, command: ['sleep', '1000'], readOnly: true, ...options }),
  );
  await container.start();
  const { stdout } = await container.exec({ command: ['sh', '-c', 'id -un; grep " /etc/passwd " /proc/self/mounts'] });
  t.regex(stdout, /^me\n.* \/etc\/passwd \S+ ro,nosuid,nodev,noexec/);
});

test('accounts: with a user namespace, and after a restart', async (t) => {
  if (!requires(t, 'root', 'busybox', 'userns', 'overlay')) return;
  const here = await place(t);
  const uidMaps = [{ containerId: 0, hostId: 100000, size: 65536 }];
  const container = await here.store.engine.containers.create(
    here.store.options({ rootfs: here.root, rootfsOverlay: true, uidMaps, user: '4321', command: ['sleep', '1000'] }),
  );
  for (let life = 0; life < 2; life += 1) {
    await container.start();
    const { stdout } = await container.exec({ command: ['sh', '-c', 'id -u; grep -c 4321 /etc/passwd /etc/group'] });
    t.is(stdout, '4321\n/etc/passwd:1\n/etc/group:1\n');
    await container.stop({ timeoutSec: 0 });
  }
});

test('accounts: files of the user’s stay, and what the image lacks is not made', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  const source = join(here.root, 'mine');
  writeFileSync(source, 'mine\n');
  const mounts = [{ type: 'bind', source, target: '/etc/passwd' }] as const;
  t.is(await inside(here, { user: '4321', mounts }, 'cat /etc/passwd'), 'mine\n');
  rmSync(join(here.root, 'etc/passwd'));
  rmSync(join(here.root, 'etc/group'));
  t.is(await inside(here, { user: '4321' }, 'ls /etc | grep -c -e passwd -e group'), '0\n');
});

test('accounts: a link of the image is followed inside of it, not to the host', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  const outside = join(here.root, '../outside-passwd');
  rmSync(join(here.root, 'etc/passwd'));
  symlinkSync('/etc/shadow', join(here.root, 'etc/passwd'));
  t.is(await inside(here, { user: '4321' }, 'cat /etc/passwd 2>/dev/null; true'), '');
  writeFileSync(join(here.root, 'etc/shadow'), here.passwd);
  const found = await inside(here, { user: '4321' }, 'cat /etc/passwd');
  t.is(found, `${here.passwd}4321:*:4321:0:container user:/:/bin/sh\n`);
  t.is(readFileSync(join(here.root, 'etc/shadow'), 'utf8'), here.passwd);
  t.false(existsSync(outside));
});

test('accounts: a user that the host does not have', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  const message = await rejectsWith(t, inside(here, { hostUsers: ['no-such-user'] }, 'true'), 'INVALID_ARGUMENT');
  t.regex(message, /unknown user "no-such-user"/);
});

test('/etc/mtab leads to the mounts where the image has none, and stays where it has', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  t.is(await inside(here, {}, 'readlink /etc/mtab; grep -c " /proc " /etc/mtab'), '/proc/mounts\n1\n');
  rmSync(join(here.root, 'etc/mtab'));
  writeFileSync(join(here.root, 'etc/mtab'), 'image\n');
  t.is(await inside(here, {}, 'cat /etc/mtab'), 'image\n');
  t.true(lstatSync(join(here.root, 'etc/mtab')).isFile());
});

test('/etc/mtab of an image whose /etc leads to the host is not made there', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  const outside = `${here.root}-outside`;
  mkdirSync(outside);
  t.teardown(() => {
    rmSync(outside, { recursive: true });
  });
  rmSync(join(here.root, 'etc'), { recursive: true });
  symlinkSync(outside, join(here.root, 'etc'));
  await inside(here, { noHosts: true, noHostname: true }, 'true');
  t.false(existsSync(join(outside, 'mtab')));
  t.is(readlinkSync(join(here.root, outside, 'mtab')), '/proc/mounts', 'the same path, in the root');
});

test('hosts: the lines of the image, with hostsFile image', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  writeFileSync(join(here.root, 'etc/hosts'), '9.9.9.9 image');
  const options = { hostsFile: 'image', hostname: 'box', name: 'web', addHosts: ['a:1.2.3.4'] };
  t.is(
    await inside(here, options, 'cat /etc/hosts'),
    '1.2.3.4\ta\n9.9.9.9 image\n127.0.0.1\tlocalhost\n::1\tlocalhost\n127.0.0.1\tbox web\n',
  );
});

test('command line: --passwd, --passwd-entry, --group-entry, --hostuser', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const root = busyboxRoot(t);
  const flags = ['--user', '4321', '--passwd-entry', 'me:x:$UID:$GID::/:/bin/sh', '--group-entry', 'us:x:$GID:'];
  const all = ['run', '--rm', '--network', 'none', ...flags, '--hostuser', 'nobody'];
  const script = 'tail -n 2 /etc/passwd; tail -n 1 /etc/group';
  const rest = ['--rootfs', root, 'busybox', 'sh', '-c', script.replaceAll('tail', 'busybox tail')];
  const { stdout } = await run(t, 0, ...all, ...rest);
  t.is(stdout, 'me:x:65534:65534::/:/bin/sh\nme:x:4321:0::/:/bin/sh\nus:x:4321:\n');
  const off = await run(t, 0, ...all, '--passwd=false', ...rest);
  t.notRegex(off.stdout, /65534|4321/);
});

test('accounts: inspect says whether lines are added', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const { store, root } = await place(t);
  for (const passwd of [undefined, true, false]) {
    const options = store.options({ rootfs: root, command: ['true'], ...(passwd === undefined ? {} : { passwd }) });
    const container = await store.engine.containers.create(options);
    t.is(container.inspect().Config.Passwd, passwd ?? true);
  }
});
