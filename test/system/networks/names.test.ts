/** /etc/hosts, /etc/hostname and /etc/resolv.conf, as containers see them. */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import type { CreateOptions } from '../../../src/index.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { run } from '../../helpers/cli.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { requires } from '../../helpers/requires.js';

const HOSTS = readFileSync('/etc/hosts', 'utf8');
const RESOLV = existsSync('/etc/resolv.conf') ? readFileSync('/etc/resolv.conf', 'utf8') : '';

interface Place {
  readonly store: TestEngine;
  readonly root: string;
}

async function place(t: ExecutionContext): Promise<Place> {
  return { store: await testEngine(t), root: busyboxRoot(t) };
}

async function inside({ store, root }: Place, options: CreateOptions, script: string): Promise<string> {
  const { stdout, stderr } = await store.engine.run(
    store.options({ rootfs: root, command: ['sh', '-c', script], ...options }),
  );
  return stdout + stderr;
}

async function running({ store, root }: Place, options: CreateOptions) {
  const container = await store.engine.containers.create(
    store.options({ rootfs: root, command: ['sleep', '1000'], ...options }),
  );
  await container.start();
  return container;
}

const lines = (text: string): readonly string[] => text.split('\n');

test("hosts: what was asked for, the host's lines, and the container's names", async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  const options = { name: 'web', hostname: 'box', addHosts: ['a;b:1.2.3.4', 'c:fd00::1', 'd:[fd00::2]'] };
  const found = await inside(here, options, 'cat /etc/hosts');
  t.deepEqual(lines(found).slice(0, 3), ['1.2.3.4\ta b', 'fd00::1\tc', 'fd00::2\td']);
  t.true(found.includes(HOSTS));
  t.true(lines(found).includes('127.0.0.1\tbox web'));
  t.false(found.includes('host.containers.internal'), 'there is no way to the host');
});

test('hosts: another base, none, and none at all', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  writeFileSync(join(here.root, 'etc/hosts'), '9.9.9.9 image\n');
  const base = join(here.root, 'base');
  writeFileSync(base, '8.8.8.8 base');
  const options = { name: 'web', hostname: 'box' };
  t.regex(
    await inside(here, { ...options, hostsFile: base }, 'cat /etc/hosts'),
    /^8\.8\.8\.8 base\n127\.0\.0\.1\tlocal/,
  );
  t.is(
    await inside(here, { ...options, hostsFile: 'none' }, 'cat /etc/hosts'),
    '127.0.0.1\tlocalhost\n::1\tlocalhost\n127.0.0.1\tbox web\n',
  );
  t.is(await inside(here, { noHosts: true }, 'cat /etc/hosts; grep -c /etc/hosts /proc/mounts'), '9.9.9.9 image\n0\n');
});

test('hosts: the host has a name where it can be reached', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const address = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
  const here = await place(t);
  const options = { network: 'host', addHosts: ['gate:host-gateway'] } as const;
  if (address === undefined) {
    await rejectsWith(t, inside(here, options, 'true'), 'INVALID_ARGUMENT');
    return;
  }
  const found = await inside(here, options, 'cat /etc/hosts');
  t.true(found.startsWith(`${address}\tgate\n`));
  t.true(lines(found).includes(`${address}\thost.containers.internal host.docker.internal`));
});

test('hostname: in the file, in HOSTNAME and in the kernel; with noHostname the file is the container’s', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  const script = 'cat /etc/hostname; echo $HOSTNAME; hostname';
  t.is(await inside(here, { hostname: 'box' }, script), 'box\nbox\nbox\n');
  t.is(await inside(here, { uts: 'host' }, script), `${hostname()}\n`.repeat(3));
  t.is(await inside(here, { network: 'host' }, script), `${hostname()}\n`.repeat(3));
  writeFileSync(join(here.root, 'etc/hostname'), 'image\n');
  t.is(await inside(here, { hostname: 'box', noHostname: true }, script), 'image\nbox\nbox\n');
});

test('hostname: a container that joins a UTS namespace has the names of its owner, also through another', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  const owner = await running(here, { hostname: 'owner' });
  const between = await running(here, { uts: `container:${owner.id}` });
  const options = { uts: `container:${between.id}` } as const;
  t.is(await inside(here, options, 'cat /etc/hostname; echo $HOSTNAME; hostname'), 'owner\nowner\nowner\n');
  t.is(between.inspect().Config.Hostname, 'owner');
});

test('resolv.conf: options about it, and its path in inspect', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  const cat = 'cat /etc/resolv.conf';
  t.is(await inside(here, { network: 'host' }, cat), RESOLV);
  const dns = { servers: ['192.0.2.1'], search: ['a.example', 'b.example'], options: ['ndots:3'] };
  t.is(
    await inside(here, { network: 'host', dns }, cat),
    'search a.example b.example\nnameserver 192.0.2.1\noptions ndots:3\n',
  );
  const container = await running(here, { network: 'host', dns, addHosts: ['a;b:1.2.3.4'] });
  const { ResolvConfPath, HostsPath, HostConfig } = container.inspect();
  t.true(readFileSync(ResolvConfPath, 'utf8').includes('192.0.2.1'));
  t.true(readFileSync(HostsPath, 'utf8').startsWith('1.2.3.4\ta b\n'));
  t.like(HostConfig, { Dns: dns.servers, DnsSearch: dns.search, DnsOptions: dns.options, ExtraHosts: ['a;b:1.2.3.4'] });
  rmSync(join(here.root, 'etc/resolv.conf'), { force: true });
  writeFileSync(join(here.root, 'etc/resolv.conf'), 'of the image\n');
  t.is(await inside(here, { network: 'host', dns: { servers: ['none'] } }, cat), 'of the image\n');
  t.is(await inside(here, { network: 'none' }, cat), 'of the image\n');
});

test('resolv.conf: in a network that somebody made, servers of the host’s loopback are left out', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  const maker = await running(here, {});
  const network = `path:/proc/${String(maker.state().pid)}/ns/net` as const;
  const found = await inside(here, { network }, 'cat /etc/resolv.conf');
  t.regex(found, /^nameserver /m);
  t.notRegex(found, /^nameserver (127\.|::1$)/m);
  const asked = await inside(here, { network, dns: { servers: ['127.0.0.9'] } }, 'cat /etc/resolv.conf');
  t.regex(asked, /^nameserver 127\.0\.0\.9$/m);
});

test('a shared network: hosts and resolv.conf are those of its owner, and each sees what the other writes', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  const owner = await running(here, { network: 'host', name: 'owner', dns: { servers: ['192.0.2.7'] } });
  const between = await running(here, { network: `container:${owner.id}`, name: 'between' });
  const joined = { network: `container:${between.id}` } as const;
  const script = 'cat /etc/resolv.conf /etc/hosts; echo 1.1.1.1 written >> /etc/hosts';
  const found = await inside(here, { ...joined, hostname: 'box', name: 'last' }, script);
  t.regex(found, /^nameserver 192\.0\.2\.7$/m);
  t.regex(found, /^127\.0\.0\.1\t.*between$/m);
  t.regex(found, /^127\.0\.0\.1\tbox last$/m);
  const { stdout } = await owner.exec({ command: ['cat', '/etc/hosts'] });
  t.true(lines(stdout).includes('1.1.1.1 written'));
  t.is(await inside(here, { ...joined, noHosts: true }, 'test -s /etc/hosts || echo none'), 'none\n');
  t.is(between.inspect().HostsPath, owner.inspect().HostsPath);
});

test('a shared network: a file of hosts without measure is left alone, and keeps nobody from joining', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  const owner = await running(here, { network: 'host', name: 'owner' });
  const join = async () =>
    inside(
      here,
      { network: `container:${owner.id}`, name: 'joiner' },
      'busybox stat -c %s /etc/hosts; busybox tail -n 1 /etc/hosts',
    );
  await owner.exec({ command: ['busybox', 'truncate', '-s', '3G', '/etc/hosts'] });
  const before = process.memoryUsage().rss;
  t.regex(await join(), /^3221225472\n/);
  t.true(process.memoryUsage().rss - before < 256 * 1024 * 1024);
  // The legitimate use: one that has become short again gets names.
  await owner.exec({ command: ['busybox', 'truncate', '-s', '0', '/etc/hosts'] });
  t.regex(await join(), /^127\.0\.0\.1\t.*joiner$/m);
});

test('a mount of the user’s takes the place of the engine’s file', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  const source = join(here.root, 'mine');
  writeFileSync(source, 'mine\n');
  const mounts = ['hosts', 'hostname', 'resolv.conf'].map((name) => ({
    type: 'bind' as const,
    source,
    target: `/etc/${name}`,
  }));
  const script = 'cat /etc/hosts /etc/hostname /etc/resolv.conf; grep -c " /etc/" /proc/mounts';
  t.is(await inside(here, { network: 'host', mounts }, script), 'mine\nmine\nmine\n3\n');
});

test('the files lie in a tmpfs and a volume that are mounted above them, and in no directory of the host', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  const options = { hostname: 'box' };
  const script = 'cat /etc/hostname; [ -e /run/.containerenv ] && echo env; true';
  const mounted = (type: 'tmpfs' | 'volume', options: readonly string[] = []) =>
    ['/etc', '/run'].map((target) => ({ type, target, options }));
  t.is(await inside(here, { ...options, mounts: mounted('tmpfs') }, script), 'box\nenv\n');
  t.is(await inside(here, { ...options, mounts: mounted('volume') }, script), 'box\nenv\n');
  const from = join(here.root, 'mine');
  mkdirSync(from);
  writeFileSync(join(from, 'hostname'), 'mine\n');
  const bound = { type: 'bind' as const, source: from, target: '/etc' };
  t.is(await inside(here, { ...options, mounts: [bound] }, 'cat /etc/hostname'), 'mine\n');
  t.deepEqual(readdirSync(from), ['hostname']);
});

test('the files are seen below the directories that programs change their root to', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  mkdirSync(join(here.root, 'jail'));
  const options = { hostname: 'box', chrootDirs: ['/jail'], addHosts: ['a:1.2.3.4'] };
  const found = await inside(here, options, 'cat /jail/etc/hostname; head -n 1 /jail/etc/hosts');
  t.is(found, 'box\n1.2.3.4\ta\n');
});

test('with a user namespace the files belong to the root of the container', async (t) => {
  if (!requires(t, 'root', 'busybox', 'userns', 'overlay')) return;
  const here = await place(t);
  const options = { rootfsOverlay: true, uidMaps: [{ containerId: 0, hostId: 100000, size: 1000 }] };
  const script = 'stat -c %u:%g /etc/hosts /etc/hostname; echo 1.1.1.1 x >> /etc/hosts && echo written';
  t.is(await inside(here, options, script), '0:0\n0:0\nwritten\n');
});

test('an image whose /etc or /run leads to a directory of the host gets nothing made there (CVE-2024-5154)', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay')) return;
  for (const link of ['etc', 'run']) {
    for (const rootfsOverlay of [false, true]) {
      const here = await place(t);
      const outside = `${here.root}-outside`;
      mkdirSync(outside);
      t.teardown(() => {
        rmSync(outside, { recursive: true });
      });
      rmSync(join(here.root, link), { recursive: true });
      symlinkSync(outside, join(here.root, link));
      const before = statSync(outside, { bigint: true });
      const options = { rootfsOverlay, hostname: 'box', network: 'host', user: '4321' } as const;
      // Made in the root itself, where the same path is: a link that leads nowhere may also be refused.
      await inside(here, options, 'true').catch(() => undefined);
      const after = statSync(outside, { bigint: true });
      t.is(after.mtimeNs, before.mtimeNs, `${link}: something was made on the host`);
    }
  }
});

test('a link of the image in the place of a file does not lead the engine to the host', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const here = await place(t);
  const victim = join(here.root, 'victim');
  writeFileSync(victim, 'untouched\n');
  for (const name of ['hosts', 'hostname', 'resolv.conf', 'mtab']) {
    rmSync(join(here.root, 'etc', name), { force: true });
    symlinkSync(victim, join(here.root, 'etc', name));
  }
  await inside(here, { network: 'host', hostname: 'box' }, 'echo changed > /etc/hosts').catch(() => undefined);
  t.is(readFileSync(victim, 'utf8'), 'untouched\n');
});

test('command line: --add-host, --hosts-file, --no-hostname, --dns and its kin', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const root = busyboxRoot(t);
  writeFileSync(join(root, 'etc/hostname'), 'image\n');
  const flags = ['--add-host', 'a;b:1.2.3.4', '--hosts-file=none', '--no-hostname', '--network', 'host'];
  const dns = ['--dns', '192.0.2.1,192.0.2.2', '--dns-search', 'x.example', '--dns-opt', 'ndots:4'];
  const script = 'head -n 1 /etc/hosts; cat /etc/hostname /etc/resolv.conf';
  const { stdout } = await run(t, 0, 'run', '--rm', ...flags, ...dns, '--rootfs', root, 'sh', '-c', script);
  t.is(stdout, '1.2.3.4\ta b\nimage\nsearch x.example\nnameserver 192.0.2.1\nnameserver 192.0.2.2\noptions ndots:4\n');
});

const refused = test.macro<[readonly string[], RegExp]>({
  exec: async (t, flags, message) => {
    if (!requires(t, 'root', 'busybox')) return;
    const { stderr } = await run(t, 125, 'create', ...flags, '--rootfs', busyboxRoot(t), 'true');
    t.regex(stderr, message);
  },
  title: (_, flags) => `refused: ${flags.join(' ')}`,
});

test(refused, ['--dns', 'bad', '--network', 'host'], /bad" is not an ip address/);
test(refused, ['--dns', 'none,1.1.1.1', '--network', 'host'], /none is not allowed to be specified with other DNS/);
test(refused, ['--dns', '1.1.1.1', '--network', 'none'], /conflicting options: dns and the network mode: none/);
test(refused, ['--add-host', 'a'], /bad format for add-host: "a"/);
test(refused, ['--add-host', 'a:1.2.3'], /invalid IP address in add-host: "1.2.3"/);
test(refused, ['--add-host', ':1.2.3.4'], /bad format for add-host/);
test(refused, ['--add-host', 'a:1.2.3.4\n5.6.7.8 b'], /invalid IP address in add-host/);
test(refused, ['--add-host', 'a:host-gateway', '--network', 'none'], /host-gateway/);
test(refused, ['--no-hosts', '--add-host', 'a:1.1.1.1'], /no-?hosts and .*add-?host.* cannot be set together/i);
test(refused, ['--dns-search', 'a b', '--network', 'host'], /must be a single word, not "a b"/);
