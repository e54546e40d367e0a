/** The steps of a plan that connect networks, carried out in network namespaces that they make themselves. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { execute, executeFor } from '../../../src/native/execute.js';
import { tryLock } from '../../../src/native/file-lock.js';
import { isNativeError } from '../../../src/native/native-error.js';
import { listAddresses } from '../../../src/native/netlink/addresses.js';
import { NetlinkWriter, type NetlinkDraft } from '../../../src/native/netlink/draft.js';
import {
  draftAddress,
  draftBridge,
  draftLinkQuestion,
  draftLinkRemoval,
  draftLinkUp,
  draftPortsQuestion,
  draftRoute,
  draftVeth,
} from '../../../src/native/netlink/link-drafts.js';
import { ifInfo } from '../../../src/native/netlink/link-decode.js';
import { listLinks } from '../../../src/native/netlink/links.js';
import { addElements, elementQuestion } from '../../../src/native/netlink/nftables/message.js';
import { PlanBuilder } from '../../../src/plan/builder.js';
import { encodePlan } from '../../../src/plan/encode.js';
import { bridgeRules, bridgeRulesRemoval, TABLE } from '../../../src/plan/network/firewall.js';
import {
  NETLINK_NETFILTER,
  NETLINK_ROUTE,
  openNetlink,
  sendBatch,
  sendDrafts,
} from '../../../src/plan/network/netlink.js';
import { NONE, type Plan } from '../../../src/plan/ops.js';
import { until } from '../../helpers/until.js';
import { untilLockAwaited } from '../../helpers/locks.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const BRIDGE = {
  hostInterface: 'br0',
  internal: false,
  isolation: 'none',
  subnets: [{ subnet: '10.1.0.0/16', gateway: '10.1.0.1' }, { subnet: 'fd01::/64' }],
} as const;

/** A message that rtnetlink has no handler for. */
const UNKNOWN = 115;

/** A namespace in slot 0, a socket in it. */
function inNewNetwork(protocol = NETLINK_ROUTE): { readonly builder: PlanBuilder; readonly socket: number } {
  const builder = new PlanBuilder();
  const namespaceSlot = builder.slot();
  builder.add('prepare', 'networkNamespace', { slot: namespaceSlot });
  return { builder, socket: openNetlink(builder, 'prepare', { protocol, namespaceSlot }) };
}

function send(drafts: readonly NetlinkDraft[], options: Partial<Parameters<typeof sendDrafts>[1]> = {}): Plan {
  const { builder, socket } = inNewNetwork();
  sendDrafts(builder, { stage: 'prepare', socket, drafts, ...options });
  return builder.build();
}

/** Carries it out; the namespace stays for as long as the test. */
async function carryOut(t: ExecutionContext<unknown>, plan: Plan): Promise<string> {
  const fd = await executeFor(encodePlan(plan), 0);
  t.teardown(() => closeSync(fd));
  return `/proc/${process.pid}/fd/${fd}`;
}

test('a bridge with a port, addresses and routes in a new network namespace', async (t) => {
  if (!requires(t, 'root')) return;
  const { builder, socket } = inNewNetwork();
  const say = (...drafts: readonly NetlinkDraft[]) => sendDrafts(builder, { stage: 'prepare', socket, drafts });
  say(draftBridge({ name: 'br0', up: true, mtu: 1400, macAddress: '02:00:00:00:00:01' }));
  say(draftVeth({ name: 'port', mtu: 1400, master: 'br0', up: true, peer: { name: 'far', namespaceSlot: 0 } }));
  say(draftLinkUp('lo'), draftAddress('br0', '10.1.0.1/16'), draftAddress('br0', 'fd01::1/64'));
  say(draftRoute({ destination: '192.0.2.0/24', gateway: '10.1.0.9', link: 'br0', metric: 7 }));
  const net = await carryOut(t, builder.build());
  const links = await listLinks({ inside: { net } });
  const bridge = links.find(({ name }) => name === 'br0');
  t.like(bridge, { kind: 'bridge', up: true, mtu: 1400, macAddress: '02:00:00:00:00:01' });
  t.like(
    links.find(({ name }) => name === 'port'),
    { kind: 'veth', up: true, masterIndex: bridge?.index },
  );
  t.deepEqual(
    (await listAddresses({ link: 'br0', inside: { net } }))
      .map(({ address }) => address)
      .filter((text) => !text.startsWith('fe80')),
    ['10.1.0.1/16', 'fd01::1/64'],
  );
  t.false((await listLinks()).some(({ name }) => name === 'port' || name === 'far'));
});

test('the error of a step names the message that failed, and has the words of the kernel', async (t) => {
  if (!requires(t, 'root')) return;
  const drafts = [draftLinkUp('lo'), draftAddress('lo', '10.1.0.1/16'), draftAddress('lo', '10.1.0.1/16')];
  const error = await t.throwsAsync(execute(encodePlan(send(drafts))));
  t.like(error, { code: 'EEXIST', step: 2, syscall: 'netlink' });
  t.regex(error?.message ?? '', /add address 10\.1\.0\.1\/16 to lo/);
  const route = draftRoute({ destination: 'default', gateway: '10.9.9.9', link: 'lo', metric: 0 });
  const unreachable = await t.throwsAsync(execute(encodePlan(send([draftLinkUp('lo'), route]))));
  t.like(unreachable, { code: 'ENETUNREACH' });
  t.regex(unreachable?.message ?? '', /add route to default by 10\.9\.9\.9 on lo: Nexthop has invalid gateway/);
});

test('errors that a step accepts are success; a link that is not there is one of them', async (t) => {
  if (!requires(t, 'root')) return;
  const twice = [draftAddress('lo', '10.1.0.1/16'), draftAddress('lo', '10.1.0.1/16')];
  await execute(encodePlan(send(twice, { accepted: ['EEXIST'] })));
  await execute(encodePlan(send([draftLinkRemoval('none')], { accepted: ['ENODEV'] })));
  await execute(encodePlan(send([draftAddress('none', '10.1.0.1/16')], { accepted: ['ENODEV'] })));
  await t.throwsAsync(execute(encodePlan(send([draftAddress('none', '10.1.0.1/16')]))), { code: 'ENODEV' });
});

test('nothing is sent if the probe finds what it asks for', async (t) => {
  if (!requires(t, 'root')) return;
  const { builder, socket } = inNewNetwork();
  const say = (request: Omit<Parameters<typeof sendDrafts>[1], 'stage' | 'socket'>) =>
    sendDrafts(builder, { stage: 'prepare', socket, ...request });
  const bridge = draftBridge({ name: 'br0' });
  say({ drafts: [bridge], probe: { unless: draftLinkQuestion('br0') } });
  say({ drafts: [bridge], probe: { unless: draftLinkQuestion('br0') } });
  say({ drafts: [draftVeth({ name: 'port', master: 'br0', peer: { name: 'far' } })] });
  say({ drafts: [draftLinkRemoval('br0')], probe: { unless: draftPortsQuestion('br0') } });
  const net = await carryOut(t, builder.build());
  t.deepEqual((await listLinks({ inside: { net } })).map(({ name }) => name).toSorted(), ['br0', 'far', 'lo', 'port']);
});

test('a probe that is refused is no answer', async (t) => {
  if (!requires(t, 'root')) return;
  const probe = { unless: new NetlinkWriter(UNKNOWN, 0).raw(ifInfo()).finish('ask for nothing that there is') };
  const error = await t.throwsAsync(execute(encodePlan(send([draftBridge({ name: 'br0' })], { probe }))));
  t.like(error, { code: 'EOPNOTSUPP' });
  t.regex(error?.message ?? '', /make bridge br0/);
  const accepted = ['EOPNOTSUPP', 'ENODEV'];
  await t.throwsAsync(execute(encodePlan(send([draftBridge({ name: 'br0' })], { probe, accepted }))));
});

test('a bridge without ports is removed by the same question', async (t) => {
  if (!requires(t, 'root')) return;
  const { builder, socket } = inNewNetwork();
  const probe = { unless: draftPortsQuestion('br0') };
  sendDrafts(builder, { stage: 'prepare', socket, drafts: [draftBridge({ name: 'br0' })] });
  sendDrafts(builder, { stage: 'teardown', socket, drafts: [draftLinkRemoval('br0')], probe });
  const net = await carryOut(t, builder.build());
  t.deepEqual(
    (await listLinks({ inside: { net } })).map(({ name }) => name),
    ['lo'],
  );
});

test('nothing is sent while somebody holds the lock', async (t) => {
  if (!requires(t, 'root')) return;
  const path = join(temporaryDirectory(t), 'lock');
  const plan = encodePlan(send([draftLinkRemoval('none')], { unlessLocked: path }));
  await t.throwsAsync(execute(plan), { code: 'ENODEV' });
  const held = tryLock(path);
  await execute(plan);
  held?.release();
  await t.throwsAsync(execute(plan), { code: 'ENODEV' });
});

for (const [what, change] of [
  ['an offset beyond the end', { linkOffsets: [4000], links: ['lo'] }],
  ['an offset that overlaps the end', { slotOffsets: [30], slots: [0] }],
  ['fewer names than offsets', { linkOffsets: [4, 8], links: ['lo'] }],
  ['a probe that is longer than all', { probe: 33 }],
] as const) {
  test(`refused: ${what}`, async (t) => {
    if (!requires(t, 'root')) return;
    const plan = send([draftLinkUp('lo')]);
    const steps = plan.steps.map((step) =>
      step.op === 'netlink' ? { ...step, linkOffsets: [], links: [], slotOffsets: [], slots: [], ...change } : step,
    );
    await t.throwsAsync(execute(encodePlan({ steps })), { code: 'EINVAL' });
  });
}

test('bytes that are no messages do nothing', async (t) => {
  if (!requires(t, 'root')) return;
  const plan = send([draftLinkUp('lo')]);
  const steps = plan.steps.map((step) =>
    step.op === 'netlink' ? { ...step, messages: Buffer.from([1, 2, 3]), linkOffsets: [], links: [] } : step,
  );
  await execute(encodePlan({ steps }));
  t.pass();
});

function nft(net: string, ...words: readonly string[]): string {
  return execFileSync('nsenter', [`--net=${net}`, 'nft', ...words], {
    // A package of npm has a program of this name.
    env: { PATH: '/usr/sbin:/sbin:/usr/bin:/bin' },
    encoding: 'utf8',
  });
}

test('the rules of a bridge, as nft reads them back; twice is once, and nothing of it stays', async (t) => {
  if (!requires(t, 'root', 'nft')) return;
  const { builder, socket } = inNewNetwork(NETLINK_NETFILTER);
  const strict = { ...BRIDGE, hostInterface: 'br1', isolation: 'strict', internal: true, subnets: [] } as const;
  for (const bridge of [BRIDGE, strict, BRIDGE])
    sendBatch(builder, { stage: 'prepare', socket, drafts: bridgeRules(bridge) });
  const net = await carryOut(t, builder.build());
  const listed = nft(net, 'list', 'table', 'inet', 'tspod');
  for (const line of [
    'ip saddr 10.1.0.0/16 ip daddr 10.1.0.0/16 ct status dnat masquerade',
    'ip6 saddr fd01::/64 ip6 daddr fd01::/64 ct status dnat masquerade',
    'oifname "br0" ip saddr 127.0.0.0/8 masquerade',
    'iifname @bridges ip daddr 127.0.0.0/8 drop',
    'elements = { "br0" : jump from_br0,',
  ])
    t.is(listed.split(line).length, 2, line);
  t.regex(
    nft(net, 'list', 'chain', 'inet', 'tspod', 'from_br1'),
    /oifname "br1" accept\s+counter packets 0 bytes 0 drop/,
  );
  const again = inNewNetworkAt(net);
  sendBatch(again.builder, { stage: 'prepare', socket: again.socket, drafts: bridgeRulesRemoval(BRIDGE) });
  await execute(encodePlan(again.builder.build()));
  t.notRegex(nft(net, 'list', 'table', 'inet', 'tspod'), /br0/);
});

function inNewNetworkAt(net: string) {
  const builder = new PlanBuilder();
  const namespaceSlot = builder.slot();
  builder.add('prepare', 'openPath', { slot: namespaceSlot, path: net, flags: 0 });
  return { builder, socket: openNetlink(builder, 'prepare', { protocol: NETLINK_NETFILTER, namespaceSlot }) };
}

test('elements: many at once, found with their comment', async (t) => {
  if (!requires(t, 'root', 'nft')) return;
  const { builder, socket } = inNewNetwork(NETLINK_NETFILTER);
  const elements = Array.from({ length: 1000 }, (_, index) => ({
    key: Uint8Array.of(6, 0, 0, 0, index >> 8, index & 0xff, 0, 0),
    data: Uint8Array.of(10, 1, 0, 2, index >> 8, index & 0xff, 0, 0),
    comment: 'container one',
  }));
  const [first] = elements;
  if (first === undefined) return;
  const drafts = [...bridgeRules(BRIDGE), ...addElements(TABLE, 'ports_ip', elements)];
  sendBatch(builder, { stage: 'prepare', socket, drafts });
  const question = elementQuestion(TABLE, 'ports_ip', first);
  const bad = draftLinkRemoval('none');
  // Sent only if the answer has it: a message of rtnetlink is an error to nf_tables.
  const only = (containing: string) => ({ only: question, containing: Buffer.from(containing) });
  sendDrafts(builder, { stage: 'prepare', socket, drafts: [bad], probe: only('container two') });
  const net = await carryOut(t, builder.build());
  const listed = JSON.parse(nft(net, '-j', 'list', 'map', 'inet', 'tspod', 'ports_ip')) as {
    nftables: { map?: { elem: unknown[] } }[];
  };
  t.is(listed.nftables.find(({ map }) => map !== undefined)?.map?.elem.length, 1000);
});

test('a sysctl of another network namespace, and the way back', async (t) => {
  if (!requires(t, 'root')) return;
  const { builder } = inNewNetwork();
  builder.add('prepare', 'networkSysctl', { namespaceSlot: 0, key: 'net/ipv4/conf/default/arp_notify', value: '1' });
  const net = await carryOut(t, builder.build());
  const value = execFileSync('nsenter', [`--net=${net}`, 'cat', '/proc/sys/net/ipv4/conf/default/arp_notify'], {
    encoding: 'utf8',
  });
  t.is(value, '1\n');
  const outside = new PlanBuilder();
  outside.add('prepare', 'networkSysctl', { namespaceSlot: NONE, key: 'net/../kernel/hostname', value: 'x' });
  await t.throwsAsync(execute(encodePlan(outside.build())), { code: 'EINVAL' });
});

test('a port that somebody has cannot be held; what is held is free when the plan has ended', async (t) => {
  if (!requires(t, 'root')) return;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const hold = (address: string, protocol: number) => {
    const builder = new PlanBuilder();
    builder.add('prepare', 'holdPort', { protocol, address, port, targets: [], targetPort: 0 });
    builder.add('prepare', 'holdPort', { protocol, address, port, targets: [], targetPort: 0 });
    return execute(encodePlan(builder.build()));
  };
  await t.throwsAsync(hold('127.0.0.1', 6), { code: 'EADDRINUSE' });
  await t.throwsAsync(hold('0.0.0.0', 6), { code: 'EADDRINUSE' });
  await hold('127.0.0.1', 17);
  await hold('::1', 6);
  await t.throwsAsync(hold('localhost', 6), { code: 'EINVAL' });
  await new Promise((resolve) => server.close(resolve));
  await hold('127.0.0.1', 6);
});

test('a file whose lock somebody has cannot be held', async (t) => {
  if (!requires(t, 'root')) return;
  const path = join(temporaryDirectory(t), 'held');
  const builder = new PlanBuilder();
  builder.add('prepare', 'holdFile', { path });
  const plan = encodePlan(builder.build());
  await t.throwsAsync(execute(plan), { code: 'ENOENT' });
  t.false(existsSync(path));
  writeFileSync(path, '');
  await execute(plan);
  const held = tryLock(path);
  const error = await t.throwsAsync(execute(plan));
  t.true(isNativeError(error, 'EAGAIN'));
  held?.release();
});

test('a lock is waited for', async (t) => {
  const path = join(temporaryDirectory(t), 'lock');
  const held = tryLock(path);
  const builder = new PlanBuilder();
  const slot = builder.slot();
  builder.add('prepare', 'lockFile', { slot, path });
  builder.add('prepare', 'closeSlot', { slot });
  let done = false;
  const waiting = execute(encodePlan(builder.build())).then(() => (done = true));
  await untilLockAwaited(path);
  t.false(done);
  held?.release();
  await waiting;
  t.true(done);
});

test('names: lines of a container go, files without any, and with the last the directory, the lock and the program', async (t) => {
  if (!requires(t, 'root')) return;
  const base = temporaryDirectory(t);
  const at = (name: string): string => join(base, name);
  const write = (name: string, text: string): void => {
    writeFileSync(at(`dns/${name}`), text);
  };
  const forget = (id: string): Promise<void> => {
    const builder = new PlanBuilder();
    writeFileSync(at(`container-${id}`), '');
    const step = { directory: at('dns'), lock: at('lock'), id, file: at(`container-${id}`) };
    builder.add('teardown', 'forgetNames', step);
    return execute(encodePlan(builder.build()));
  };
  await forget('a1');
  t.deepEqual(readdirSync(base), ['container-a1'], 'without a directory nothing is done');
  mkdirSync(at('dns'));
  write('one', '10.0.0.1\na1 10.0.0.2  x\na11 10.0.0.3  y\n');
  write('two', 'a1 is no container\na1 10.0.1.2  x');
  const sleep = spawn('sh', ['-c', 'exec sleep 1000', at('dns')], { stdio: 'ignore' });
  t.teardown(() => sleep.kill('SIGKILL'));
  const script = "trap 'echo hup' HUP; echo ready; while :; do sleep 0.02; done";
  const program = spawn('sh', ['-c', script, at('dns')], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(() => program.kill('SIGKILL'));
  const ended = once(program, 'exit');
  const said: string[] = [];
  program.stdout.setEncoding('utf8').on('data', (text: string) => said.push(...text.trim().split('\n')));
  await until('it is ready', () => said.includes('ready'));
  // The number of a process that is another's.
  write('aardvark.pid', String(sleep.pid));
  await until('it has other words', () =>
    readFileSync(`/proc/${String(sleep.pid)}/cmdline`, 'utf8').startsWith('sleep'),
  );
  await forget('a1');
  t.is(readFileSync(at('dns/one'), 'utf8'), '10.0.0.1\na11 10.0.0.3  y\n');
  t.deepEqual(readdirSync(at('dns')).toSorted(), ['aardvark.pid', 'one']);
  t.false(existsSync(at('container-a1')));

  write('aardvark.pid', String(program.pid));
  write('one', '10.0.0.1\na1 10.0.0.2  x\na11 10.0.0.3  y\n');
  await forget('b');
  await forget('a1');
  await until('it is told', () => said.includes('hup'));
  t.deepEqual(said, ['ready', 'hup'], 'only of what has changed');
  // Who has changed it was killed.
  writeFileSync(at('lock'), ' ');
  await forget('b');
  await until('it is told', () => said.length === 3);
  t.is(readFileSync(at('lock'), 'utf8'), '');
  await forget('a11');
  t.deepEqual(readdirSync(base), []);
  t.deepEqual(await ended, [null, 'SIGTERM']);
  // By now it would be known.
  t.is(sleep.signalCode, null, 'it has not been started for the directory');
});
