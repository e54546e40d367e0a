/** Interfaces, addresses and routes, in network namespaces of the test's own, as `ip` and /proc show them. */
import { spawn } from 'node:child_process';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { binding, type Binding } from '../../../src/native/binding.js';
import {
  addAddress,
  addRoute,
  addRoutingRule,
  createBridge,
  createNamespace,
  createVeth,
  findLink,
  listAddresses,
  listLinks,
  listRoutes,
  listRoutingRules,
  openNamespace,
  removeAddress,
  removeLink,
  removeRoute,
  runInNamespaces,
  setLink,
} from '../../../src/native/index.js';
import type { NamespaceHandle } from '../../../src/native/index.js';
import { until } from '../../helpers/until.js';
import { held } from '../../helpers/native.js';
import { requires } from '../../helpers/requires.js';
import { staysUntouched } from '../../helpers/untouched.js';

interface Inside {
  readonly inside: { readonly net: NamespaceHandle };
}

async function place(t: ExecutionContext): Promise<Inside> {
  return { inside: { net: held(t, await createNamespace('net')) } };
}

/** What `ip` says there. */
async function ip({ inside }: Inside, ...args: readonly string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await runInNamespaces({ command: ['ip', ...args], namespaces: inside });
  if (exitCode !== 0) throw new Error(stderr.toString());
  return stdout.toString().replaceAll(/ +/g, ' ').trim();
}

const misuse = { instanceOf: TypeError };

test.serial('a pair has an end in each namespace, and goes with either', async (t) => {
  if (!requires(t, 'root', 'ip')) return;
  staysUntouched(t);
  const [here, there] = [await place(t), await place(t)];
  const macAddress = '02:00:00:00:00:07';
  const peer = { name: 'peer', up: true, mtu: 1300, namespace: there.inside.net };
  await createVeth({ name: 'end', up: true, mtu: 1400, macAddress, ...here, peer });
  t.like(await findLink('end', here), {
    kind: 'veth',
    up: true,
    carrier: true,
    mtu: 1400,
    macAddress,
    loopback: false,
  });
  // The kernel says so a moment later.
  const isShown = (place: Inside, name: string, as: RegExp) =>
    until(`${name} is up`, async () => as.test(await ip(place, 'link', 'show', name)));
  await isShown(here, 'end', /mtu 1400 .*state UP.*\n.*02:00:00:00:00:07/);
  await isShown(there, 'peer', /mtu 1300 .*state UP/);
  const [end, other] = [await findLink('end', here), await findLink('peer', there)];
  t.deepEqual([end?.peerIndex, other?.peerIndex], [other?.index, end?.index]);
  await t.throwsAsync(createVeth({ name: 'end', ...here, peer: { name: 'x' } }), { code: 'EEXIST' });
  await removeLink('peer', there);
  t.is(await findLink('end', here), undefined);
  await t.throwsAsync(removeLink('end', here), { code: 'ENODEV' });
});

test.serial('an end that cannot be switched on does not stay', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  const here = await place(t);
  for (const wrong of [
    { mtu: 0 },
    { mtu: 2 ** 31 },
    { mtu: 1.5 },
    { macAddress: 'x' },
    { name: 'a/b' },
    { name: 'a'.repeat(16) },
  ])
    await t.throwsAsync(createVeth({ name: 'end', ...here, peer: { name: 'peer', ...wrong } }), misuse);
  await t.throwsAsync(createBridge({ name: 'br0', up: true, mtu: 60, ...here }), { name: 'NativeError' });
  await t.throwsAsync(createVeth({ name: 'end', ...here, peer: { name: 'end' } }), { code: 'EEXIST' });
  await t.throwsAsync(createVeth({ name: 'end', ...here, peer: { name: 'p', namespace: '/none' } }), {
    code: 'ENOENT',
  });
  t.deepEqual(
    (await listLinks(here)).filter(({ kind }) => kind === 'veth' || kind === 'bridge'),
    [],
  );
});

test.serial('an interface is changed: all that is named, and nothing else', async (t) => {
  if (!requires(t, 'root', 'ip')) return;
  staysUntouched(t);
  const [here, there] = [await place(t), await place(t)];
  await createBridge({ name: 'br0', up: true, ...here });
  await createVeth({ name: 'end', ...here, peer: { name: 'peer' } });
  await setLink('end', { master: 'br0', mtu: 1200, up: true, macAddress: '02:00:00:00:00:08', name: 'port', ...here });
  t.regex(await ip(here, 'link', 'show', 'port'), /mtu 1200 .*master br0.*\n.*02:00:00:00:00:08/);
  const bridge = await findLink('br0', here);
  t.is((await findLink('port', here))?.masterIndex, bridge?.index);
  await setLink('port', { master: null, up: false, ...here });
  t.like(await findLink('port', here), {
    up: false,
    mtu: 1200,
    macAddress: '02:00:00:00:00:08',
    masterIndex: undefined,
  });
  await t.throwsAsync(setLink('port', { master: 'none', ...here }), { code: 'ENODEV' });
  await t.throwsAsync(setLink('none', { up: true, ...here }), { code: 'ENODEV' });
  await setLink('port', { namespace: there.inside.net, name: 'moved', ...here });
  t.is(await findLink('port', here), undefined);
  t.truthy(await findLink('moved', there));
  await t.throwsAsync(setLink('moved', { namespace: { pid: 0 }, ...there }), misuse);
});

test.serial('addresses of both families are added, listed and removed', async (t) => {
  if (!requires(t, 'root', 'ip')) return;
  staysUntouched(t);
  const here = await place(t);
  await createVeth({ name: 'end', up: true, ...here, peer: { name: 'peer', up: true } });
  const linkIndex = (await findLink('end', here))?.index ?? 0;
  await addAddress('end', '192.0.2.1/24', here);
  await addAddress('end', '198.51.100.7', { broadcast: false, ...here });
  await addAddress('end', '203.0.113.1/24', { broadcast: false, ...here });
  await addAddress('end', '2001:db8::1/64', { skipDuplicateDetection: true, ...here });
  const shown = await ip(here, 'addr', 'show', 'end');
  t.regex(shown, /inet 192\.0\.2\.1\/24 brd 192\.0\.2\.255 scope global/);
  t.regex(shown, /inet 198\.51\.100\.7\/32 scope global/);
  t.regex(shown, /inet 203\.0\.113\.1\/24 scope global/);
  t.regex(shown, /inet6 2001:db8::1\/64 scope global nodad/);
  const own = (await listAddresses({ link: 'end', ...here })).filter(({ scope }) => scope === 'global');
  const expected = ['192.0.2.1/24', '198.51.100.7/32', '203.0.113.1/24', '2001:db8::1/64'];
  t.deepEqual(
    own,
    expected.map((address) => ({
      link: 'end',
      linkIndex,
      address,
      peer: undefined,
      scope: 'global',
      tentative: false,
    })),
  );
  t.deepEqual(
    (await listAddresses(here)).filter(({ link, scope }) => link === 'end' && scope === 'global'),
    own,
  );
  await t.throwsAsync(addAddress('end', '192.0.2.1/24', here), { code: 'EEXIST' });
  await t.throwsAsync(addAddress('none', '192.0.2.1/24', here), { code: 'ENODEV' });
  await t.throwsAsync(listAddresses({ link: 'none', ...here }), { code: 'ENODEV' });
  for (const address of expected) await removeAddress('end', address, here);
  await t.throwsAsync(removeAddress('end', '192.0.2.1/24', here), { code: 'EADDRNOTAVAIL' });
  for (const wrong of [
    '',
    '192.0.2.1/33',
    '192.0.2.256',
    '2001:db8::1/129',
    '192.0.2.1/ 24',
    '1',
    'localhost',
    '::1%lo',
  ])
    await t.throwsAsync(addAddress('end', wrong, here), misuse, wrong);
});

test.serial('an address with a peer is added, listed and removed', async (t) => {
  if (!requires(t, 'root', 'ip')) return;
  staysUntouched(t);
  const here = await place(t);
  await createVeth({ name: 'end', up: true, ...here, peer: { name: 'peer', up: true } });
  const own = async () => (await listAddresses({ link: 'end', ...here })).filter(({ scope }) => scope === 'global');
  await ip(here, 'addr', 'add', '10.9.0.1', 'peer', '10.9.0.2/32', 'dev', 'end');
  await addAddress('end', '10.8.0.1/24', { peer: '10.7.0.2', ...here });
  await addAddress('end', '2001:db8::1/128', { peer: '2001:db8::2', skipDuplicateDetection: true, ...here });
  const shown = await ip(here, 'addr', 'show', 'end');
  t.regex(shown, /inet 10\.8\.0\.1 peer 10\.7\.0\.2\/24 scope global/);
  t.regex(shown, /inet6 2001:db8::1 peer 2001:db8::2\/128 scope global/);
  const listed = await own();
  t.deepEqual(
    listed.map(({ address, peer }) => `${address} ${peer}`),
    ['10.9.0.1/32 10.9.0.2', '10.8.0.1/24 10.7.0.2', '2001:db8::1/128 2001:db8::2'],
  );
  await t.throwsAsync(removeAddress('end', '10.9.0.1/32', here), { code: 'EADDRNOTAVAIL' });
  for (const { link, address, peer } of listed) await removeAddress(link, address, { peer, ...here });
  t.deepEqual(await own(), []);
  for (const peer of ['x', '10.9.0.2/32', '2001:db8::2'])
    await t.throwsAsync(addAddress('end', '10.9.0.1/32', { peer, ...here }), misuse, peer);
});

test.serial('a route for a type of service is added, listed and removed', async (t) => {
  if (!requires(t, 'root', 'ip')) return;
  staysUntouched(t);
  const here = await place(t);
  await createVeth({ name: 'end', up: true, ...here, peer: { name: 'peer', up: true } });
  await ip(here, 'route', 'add', '198.51.100.0/24', 'tos', '0x10', 'dev', 'end');
  await addRoute({ destination: '198.51.100.0/24', tos: 8, link: 'end', ...here });
  t.regex(
    await ip(here, 'route', 'show'),
    /198\.51\.100\.0\/24 tos 0x08 dev end|198\.51\.100\.0\/24 tos throughput dev end/,
  );
  const routes = async () => (await listRoutes(here)).filter(({ family }) => family === 'ipv4');
  t.deepEqual((await routes()).map(({ tos }) => tos).toSorted(), [16, 8]);
  for (const route of await routes()) await removeRoute({ ...route, ...here });
  t.deepEqual(await routes(), []);
  await t.throwsAsync(addRoute({ destination: 'default', tos: 256, link: 'end', ...here }), misuse);
});

test.serial('routes are added, found in their tables, and removed', async (t) => {
  if (!requires(t, 'root', 'ip')) return;
  staysUntouched(t);
  const here = await place(t);
  await createVeth({ name: 'end', ...here, peer: { name: 'peer', up: true } });
  await t.throwsAsync(addRoute({ destination: '198.51.100.0/24', link: 'end', ...here }), { code: 'ENETDOWN' });
  await setLink('end', { up: true, ...here });
  await addAddress('end', '192.0.2.1/24', here);
  await addAddress('end', '2001:db8::1/64', { skipDuplicateDetection: true, ...here });
  const far = { destination: '198.51.100.0/24', gateway: '192.0.2.9', source: '192.0.2.1', metric: 7, ...here };
  await addRoute(far);
  await addRoute({ destination: 'default', gateway: '2001:db8::9', ...here });
  await addRoute({ destination: '203.0.113.5/32', link: 'end', table: 1000, ...here });
  t.is(
    await ip(here, 'route', 'show', '198.51.100.0/24'),
    '198.51.100.0/24 via 192.0.2.9 dev end src 192.0.2.1 metric 7',
  );
  t.regex(await ip(here, '-6', 'route', 'show', 'default'), /via 2001:db8::9 dev end .*metric 1024/);
  t.is(await ip(here, 'route', 'show', 'table', '1000'), '203.0.113.5 dev end scope link');
  const linkIndex = (await findLink('end', here))?.index;
  const found = (await listRoutes(here)).find(({ destination }) => destination === far.destination);
  t.deepEqual(found, {
    family: 'ipv4',
    destination: far.destination,
    gateway: far.gateway,
    link: 'end',
    linkIndex,
    source: far.source,
    metric: 7,
    table: 254,
    tos: 0,
    type: 'unicast',
  });
  t.is((await listRoutes({ table: 1000, ...here })).length, 1);
  t.true((await listRoutes({ table: 'all', ...here })).some(({ table, type }) => table === 255 && type === 'local'));
  await t.throwsAsync(addRoute(far), { code: 'EEXIST' });
  await t.throwsAsync(addRoute({ destination: 'default', gateway: '203.0.113.1', ...here }), { code: 'ENETUNREACH' });
  await t.throwsAsync(addRoute({ destination: 'default', link: 'none', ...here }), { code: 'ENODEV' });
  await removeRoute(far);
  await t.throwsAsync(removeRoute(far), { code: 'ESRCH' });
  await removeRoute({ destination: '203.0.113.5/32', table: 1000, ...here });
  await addRoute({ destination: '::/0', link: 'end', metric: 5, ...here });
  await addRoute({ destination: 'default', link: 'end', metric: 5, ...here });
  const listed = (await listRoutes(here)).filter(({ type }) => type === 'unicast');
  t.is(listed.filter(({ destination }) => destination === 'default').length, 3);
  for (const route of listed) await removeRoute({ ...route, ...here });
  t.deepEqual(await listRoutes(here), []);
  const wrongs = [
    { destination: 'far' },
    { gateway: '2001:db8::9' },
    { source: 'x' },
    { metric: -1 },
    { table: 2 ** 32 },
    { table: 1.5 },
  ];
  for (const wrong of wrongs) await t.throwsAsync(addRoute({ ...far, ...wrong }), misuse, JSON.stringify(wrong));
});

test.serial(
  'a list is of the namespace that was given, also when its handle is closed before the kernel is asked again',
  async (t) => {
    if (!requires(t, 'root')) return;
    const net = await createNamespace('net');
    const inside = { net };
    await createVeth({ name: 'mine', inside, peer: { name: 'other' } });
    await addRoutingRule({ table: 77, priority: 7, inside });
    const real = { ...binding() };
    t.teardown(() => Object.assign(binding(), real));
    let reads = 0;
    let goOn!: () => void;
    // Until then no thread is at work that could take the number of the closed one.
    const isTaken = new Promise<void>((resolve) => (goOn = resolve));
    const netlink = async (...request: Parameters<Binding['netlink']>) => {
      await isTaken;
      const answer = await real.netlink(...request);
      reads += 1;
      // The first reading of each was interrupted: NLM_F_DUMP_INTR, in the flags of the first message.
      if (answer instanceof Buffer && reads <= 2) answer.writeUInt16LE(answer.readUInt16LE(6) | 0x10, 6);
      return answer;
    };
    Object.assign(binding(), { netlink });
    const { fd } = net;
    const calls = Promise.all([listLinks({ inside }), listRoutingRules({ inside })]);
    net.close();
    const other = held(t, openNamespace('net', '/proc/self/ns/net'));
    t.is(other.fd, fd, 'the number is that of another namespace now');
    goOn();
    const [links, rules] = await calls;
    t.true(links.some(({ name }) => name === 'mine'));
    t.true(rules.some(({ table }) => table === 77));
    t.is(reads, 4);
  },
);

test.serial('a namespace is that of a process, and a hundred links are made at once', async (t) => {
  if (!requires(t, 'root', 'unshare')) return;
  staysUntouched(t);
  const holder = spawn('unshare', ['-n', 'sh', '-c', 'echo; exec sleep 60']);
  const ended = new Promise((resolve) => holder.once('exit', resolve));
  t.teardown(() => (holder.kill('SIGKILL'), ended));
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  const inside = { net: { pid: holder.pid ?? 0 } };
  await Promise.all(Array.from({ length: 100 }, (_, index) => createBridge({ name: `br${index}`, inside })));
  t.is((await listLinks({ inside })).filter(({ kind }) => kind === 'bridge').length, 100);
  t.true((await listLinks({ inside })).every(({ statistics }) => statistics?.rxPackets === 0n));
});
