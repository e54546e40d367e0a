/** What a container can do to the networks of the host and of its neighbours. The host's network is the test's own. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';

import { attackersRoot } from '../helpers/attacks.js';
import { output, run } from '../helpers/cli.js';
import { until } from '../helpers/until.js';
import { ownNetwork } from '../helpers/own-network.js';
import { requires } from '../helpers/requires.js';
import { temporaryDirectory } from '../helpers/temp.js';

/** Answers one line for each connection. */
const SERVER = 'while :; do echo of-web | nc -l -p 80 2>/dev/null; done';

async function serve(t: ExecutionContext<unknown>, rootfs: string, ...flags: readonly string[]): Promise<void> {
  await run(t, 0, 'run', '-d', '--name', 'web', ...flags, '--rootfs', `${rootfs}:O`, 'sh', '-c', SERVER);
}

/** Says when the second network is there, then what is reached on it, and whether its interface can be changed. */
const tryNetwork = (address: string) =>
  `until ip addr show dev eth1 2>/dev/null | grep -q "inet "; do sleep 0.1; done; echo there; ${ask(address, 80)}; ` +
  'ip link set eth1 address 02:00:00:00:00:99 2>/dev/null && echo changed; echo tried; exec sleep 1000';

/** What the server there says, or nothing. */
const ask = (address: string, port: number): string => `nc -w 2 ${address} ${port} < /dev/null 2>/dev/null`;

test('network: a container that says that it is the router changes no route of the host (CVE-2020-10749)', async (t) => {
  if (!requires(t, 'root', 'busybox', 'ip', 'gcc', 'overlay')) return;
  const host = await ownNetwork(t);
  const rootfs = attackersRoot(t);
  await run(t, 0, 'network', 'create', '--ipv6', 'six');
  await run(
    t,
    0,
    'run',
    '-d',
    '--name',
    'idle',
    '--network',
    'six',
    '--cap-add',
    'NET_RAW,NET_ADMIN',
    '--rootfs',
    `${rootfs}:O`,
    'sleep',
    '1000',
  );
  const bridge = (await host.links()).find((name) => name.startsWith('tspod')) ?? '';
  const routes = () => host.run('ip', '-6', 'route', 'show', 'dev', bridge);
  // An address of the link is usable when nobody else has turned out to have it: 80 are flags without "tentative".
  await until('the address is there', async () =>
    / 80 +eth0$/m.test(await output(t, 'exec', 'idle', 'cat', '/proc/net/if_inet6')),
  );
  const before = await routes();
  t.is(await output(t, 'exec', 'idle', 'attacker', 'advertise', 'eth0'), 'sent=ok\n');
  await delay(500);
  t.is(await routes(), before);
  // A host that believes such things would have taken it.
  await host.run('sh', '-c', `echo 2 > /proc/sys/net/ipv6/conf/${bridge}/accept_ra`);
  await run(t, 0, 'exec', 'idle', 'attacker', 'advertise', 'eth0');
  await until('the attack is one', async () => (await routes()).includes('2001:db8:bad::'));
});

test('network: what goes through the host to others is not taken for a published port (CVE-2025-67499)', async (t) => {
  if (!requires(t, 'root', 'busybox', 'ip', 'overlay')) return;
  const host = await ownNetwork(t);
  const rootfs = attackersRoot(t);
  await host.run('ip', 'link', 'add', 'beyond', 'type', 'veth', 'peer', 'name', 'further');
  await host.run('ip', 'addr', 'add', '203.0.113.1/24', 'dev', 'beyond');
  await host.run('ip', 'link', 'set', 'beyond', 'up');
  await serve(t, rootfs, '--network', 'bridge', '-p', '8080:80');
  await run(t, 0, 'run', '-d', '--name', 'other', '--network', 'bridge', '--rootfs', `${rootfs}:O`, 'sleep', '1000');
  const asks = async (address: string) =>
    (await output(t, 'exec', 'other', 'sh', '-c', `${ask(address, 8080)} || true`)).trim();
  // The legitimate use: the host's own addresses.
  await until('the port is reached', async () => (await asks('203.0.113.1')) === 'of-web');
  t.is(await asks('203.0.113.77'), '');
  await host.run('ip', 'link', 'del', 'beyond');
});

test('network: a port of the host’s loopback is for the host alone (CVE-2025-54410)', async (t) => {
  if (!requires(t, 'root', 'busybox', 'ip', 'overlay')) return;
  const host = await ownNetwork(t);
  const rootfs = attackersRoot(t);
  await serve(t, rootfs, '--network', 'bridge', '-p', '127.0.0.1:9000:80');
  await run(
    t,
    0,
    'run',
    '-d',
    '--name',
    'near',
    '--network',
    'bridge',
    '--cap-add',
    'NET_ADMIN,NET_RAW',
    '--sysctl',
    'net.ipv4.conf.all.route_localnet=1',
    '--rootfs',
    `${rootfs}:O`,
    'sleep',
    '1000',
  );
  const busybox = join(temporaryDirectory(t), 'busybox');
  copyFileSync(join(rootfs, 'bin/busybox'), busybox);
  // Between two connections nobody listens.
  const isReached = async () =>
    (await host.run('sh', '-c', `${busybox} ${ask('127.0.0.1', 9000)} || true`)).trim() === 'of-web';
  await until('the host reaches it', isReached);
  const gateway =
    (await output(t, 'exec', 'near', 'sh', '-c', 'busybox ip route')).match(/default via (\S+)/)?.[1] ?? '';
  t.not(gateway, '');
  const asks = async (address: string) =>
    (await output(t, 'exec', 'near', 'sh', '-c', `${ask(address, 9000)} || true`)).trim();
  t.is(await asks(gateway), '');
  // It asks its neighbour for the loopback's address.
  const astray = `busybox ip addr del 127.0.0.1/8 dev lo; busybox ip link set lo down; busybox ip route add 127.0.0.1/32 via ${gateway} dev eth0`;
  await output(t, 'exec', '--privileged', 'near', 'sh', '-c', astray);
  t.is(await asks('127.0.0.1'), '');
  await until('the host still reaches it', isReached);
});

test('network: one without IPv6 gives its containers none (CVE-2024-32473)', async (t) => {
  if (!requires(t, 'root', 'busybox', 'ip', 'overlay')) return;
  await ownNetwork(t);
  const rootfs = attackersRoot(t);
  const show = (network: string) =>
    output(t, 'run', '--rm', '--network', network, '--rootfs', rootfs, 'cat', '/proc/net/if_inet6');
  await run(t, 0, 'network', 'create', 'four');
  await run(t, 0, 'network', 'create', '--ipv6', 'six');
  t.notRegex(await show('four'), /eth0/);
  t.regex(await show('six'), /^fd.* eth0$/m);
});

interface Shown {
  readonly Rule: string;
  readonly Packets: number;
}

/** Containers with these flags: one that stays in its network namespace, and one that leaves it. */
async function leaveNetwork(t: ExecutionContext<unknown>, ...flags: readonly string[]): Promise<void> {
  const host = await ownNetwork(t);
  const rootfs = attackersRoot(t);
  for (const name of ['first', 'second']) await run(t, 0, 'network', 'create', name);
  await serve(t, rootfs, '--network', 'second');
  const web = (await output(t, 'exec', 'web', 'ip', 'addr', 'show', 'dev', 'eth0')).match(/inet ([\d.]+)/)?.[1] ?? '';
  const script = tryNetwork(web);
  const start = (name: string, ...command: readonly string[]) =>
    run(
      t,
      0,
      ...['run', '-d', '--name', name, '--network', 'first', '--security-opt', 'no-new-privileges', ...flags],
      ...['--egress', 'allow=192.0.2.1', '--rootfs', `${rootfs}:O`, 'sh', '-c', ...command],
    );
  const denied = async (name: string) => {
    const shown = await output(t, 'inspect', '--format', '{{json .NetworkSettings.Egress}}', name);
    return (JSON.parse(shown) as readonly Shown[]).find(({ Rule }) => Rule === 'everything else')?.Packets ?? 0;
  };
  // The legitimate use: the same without leaving.
  await start('stays', script);
  await run(t, 0, 'network', 'connect', 'second', 'stays');
  await until('it has tried', async () => (await output(t, 'logs', 'stays')).endsWith('tried\n'));
  t.is(await output(t, 'logs', 'stays'), 'there\ntried\n');
  await start('leaves', `${ask(web, 80)}; exec busybox unshare -U -r -n sh -c 'echo left; ${script}'`);
  await until('it has left', async () => (await output(t, 'logs', 'leaves')) === 'left\n');
  const before = (await host.links()).length;
  await run(t, 0, 'network', 'connect', 'second', 'leaves');
  t.is((await host.links()).length, before + 1);
  t.notRegex(await output(t, 'exec', 'leaves', 'ip', 'link'), /eth/);
  t.true((await denied('leaves')) > 0, 'its list still counts');
  await run(t, 0, 'network', 'reload', 'leaves');
  await delay(500);
  t.is(await output(t, 'logs', 'leaves'), 'left\n');
  await run(t, 0, 'network', 'disconnect', 'second', 'leaves');
  t.is((await host.links()).length, before);
}

test('network: a container that has left its network namespace gets no interface where it is', async (t) => {
  if (!requires(t, 'root', 'busybox', 'ip', 'overlay', 'userns')) return;
  await leaveNetwork(t);
});

test('network: a container with a user namespace that has left its network namespace gets no interface either', async (t) => {
  if (!requires(t, 'root', 'busybox', 'ip', 'overlay', 'userns')) return;
  await leaveNetwork(t, '--uidmap', '0:100000:65536');
});

test('network: a container of another OCI runtime that has left its network namespace gets no interface either', async (t) => {
  if (!requires(t, 'root', 'busybox', 'ip', 'overlay', 'userns', 'runc')) return;
  await leaveNetwork(t, '--runtime', 'runc');
});
