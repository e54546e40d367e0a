/** What the host has of its own beside networks: links and routes, which stay as they are and are in nobody's way. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

import { busyboxRoot } from '../../helpers/busybox.js';
import { output, run, storeOf } from '../../helpers/cli.js';
import { testNetwork } from '../../helpers/network.js';
import { requires } from '../../helpers/requires.js';
import { until } from '../../helpers/until.js';

test('a link of the host that is no bridge is not used as one, and stays', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  const addVeth = (name: string, address: string): void => {
    network.inside('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}-peer`);
    network.inside('ip', 'addr', 'add', address, 'dev', name);
  };
  const addresses = (): string => network.inside('ip', '-o', '-4', 'addr');
  addVeth('va', '192.0.2.1/24');
  const refused = await run(t, 125, 'network', 'create', '--interface-name', 'va', 'web');
  t.regex(refused.stderr, /interface va already exists, and is not a bridge/);
  for (const name of ['vb', 'vc']) await run(t, 0, 'network', 'create', '--interface-name', name, name);
  // These have come since.
  addVeth('vb', '198.51.100.1/24');
  addVeth('vc', '203.0.113.1/24');
  const before = addresses();
  const failed = await run(t, 126, 'run', '--rm', '--network', 'vb', ...root, 'true');
  t.regex(failed.stderr, /use vb as a bridge.*not supported/);
  await until('its links are gone', () => network.links().every((name) => !/^ts[0-9a-f]{11,}$/.test(name)));
  await run(t, 0, 'network', 'rm', 'vb');
  t.is(await output(t, 'network', 'prune', '-f'), 'vc\n');
  t.is(addresses(), before);
  t.deepEqual(readdirSync(join(storeOf(t).root, 'networks')), ['.tspod.lock']);
  for (const name of ['va', 'vb', 'vc']) network.inside('ip', 'link', 'del', name);
});

test('a bridge of the host is used as it is, and goes only without a port', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  network.inside('ip', 'link', 'add', 'br0', 'type', 'bridge');
  network.inside('ip', 'link', 'add', 'lan', 'type', 'veth', 'peer', 'name', 'far');
  network.inside('ip', 'link', 'set', 'lan', 'master', 'br0');
  await run(t, 0, 'network', 'create', '--interface-name', 'br0', 'web');
  await run(t, 0, 'run', '--rm', '--network', 'web', ...root, 'true');
  await run(t, 0, 'network', 'rm', 'web');
  t.deepEqual([...network.links()].sort(), ['br0', 'far', 'lan', 'lo']);
  for (const name of ['br0', 'lan']) network.inside('ip', 'link', 'del', name);
});

test('networks come about beside routes of a VPN that lead everywhere', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  network.inside('ip', 'link', 'add', 'lan', 'type', 'veth', 'peer', 'name', 'far');
  network.inside('ip', 'addr', 'add', '192.0.2.1/24', 'dev', 'lan');
  for (const name of ['lan', 'far']) network.inside('ip', 'link', 'set', name, 'up');
  const routes = ['10.0.0.0/8', '0.0.0.0/1', '128.0.0.0/1', '::/1', '8000::/1'];
  for (const route of routes) network.inside('ip', 'route', 'add', route, 'dev', 'lan');
  t.is(await output(t, 'network', 'create', '--ipv6', 'n1'), 'n1\n');
  t.is(await output(t, 'network', 'create', '--subnet', '10.5.0.0/24', 'n2'), 'n2\n');
  const taken = await run(t, 125, 'network', 'create', '--subnet', '192.0.2.0/28', 'n3');
  t.regex(taken.stderr, /192\.0\.2\.0\/28 is already used on the host/);
  await run(t, 0, 'run', '--rm', ...root, 'true');
  await until('no link of its is left', () => network.links().length === 3);
  network.inside('ip', 'link', 'del', 'lan');
});

test('bridges have the MTU of the default route, unless one is named, or nothing gets out', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  network.inside('ip', 'link', 'add', 'lan', 'mtu', '1400', 'type', 'veth', 'peer', 'name', 'far');
  network.inside('ip', 'addr', 'add', '192.0.2.1/24', 'dev', 'lan');
  for (const name of ['lan', 'far']) network.inside('ip', 'link', 'set', name, 'up');
  await run(t, 0, 'network', 'create', '--interface-name', 'br0', 'web');
  await run(t, 0, 'network', 'create', '-o', 'mtu=1300', 'named');
  await run(t, 0, 'network', 'create', '--internal', 'inner');
  const mtuOn = async (name: string): Promise<number> =>
    Number(await output(t, 'run', '--rm', '--network', name, ...root, 'cat', '/sys/class/net/eth0/mtu'));
  const route = (...words: readonly string[]) => network.inside('ip', 'route', ...words);

  t.is(await mtuOn('web'), 1500, 'no default route');
  route('add', 'default', 'via', '192.0.2.2', 'metric', '7');
  t.deepEqual([await mtuOn('web'), await mtuOn('named'), await mtuOn('inner')], [1400, 1300, 1500]);
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'web', ...root, 'sleep', '1000');
  t.regex(network.inside('ip', 'link', 'show', 'br0'), / mtu 1400 /);
  await run(t, 0, 'rm', '-f', '-t', '0', 'a');

  network.inside('ip', 'link', 'set', 'lan', 'mtu', '600');
  t.is(await mtuOn('web'), 1280, 'the least that IPv6 works with');
  network.inside('ip', 'link', 'set', 'lan', 'mtu', '1450');
  route('add', 'unreachable', 'default', 'metric', '1');
  t.is(await mtuOn('web'), 1450, 'an unreachable route leads nowhere');
  for (const metric of ['1', '7']) route('del', 'default', 'metric', metric);
  network.inside('ip', '-6', 'route', 'add', 'default', 'dev', 'lan');
  t.is(await mtuOn('web'), 1450, 'IPv6 alone');
  await until('no link of its is left', () => network.links().length === 3);
  network.inside('ip', 'link', 'del', 'lan');
});
