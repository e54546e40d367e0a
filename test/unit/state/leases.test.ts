import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import test, { type ExecutionContext } from 'ava';

import { isTspodError } from '../../../src/errors.js';
import { refreshAfterBoot } from '../../../src/state/boot.js';
import type { PublishedPort } from '../../../src/spec/network/container-network.js';
import type { LeasePool } from '../../../src/state/leases.js';
import { FRESH_STATE, type NewContainer } from '../../../src/state/records.js';
import { Store } from '../../../src/state/store.js';
import { formatIp, parseIp, parseIpPrefix } from '../../../src/util/ip-address.js';
import { ipBytes, rangeOf } from '../../../src/util/ip-network.js';
import { plainContainer, plainSummary } from '../../helpers/stored.js';
import { temporaryDirectory } from '../../helpers/temp.js';

function pool(subnet: string, reserved: readonly string[] = [], network = 'n'): LeasePool {
  const range = rangeOf(parseIpPrefix(subnet)!);
  return {
    network,
    subnet,
    first: ipBytes(range.first + 1n, range.size),
    last: ipBytes(range.size === 4 ? range.last - 1n : range.last, range.size),
    reserved: reserved.map((text) => parseIp(text)!),
  };
}

function openStore(t: ExecutionContext): { readonly store: Store; readonly path: string } {
  const path = join(temporaryDirectory(t), 'tspod.db');
  const store = new Store(path);
  t.teardown(() => store.close());
  return { store, path };
}

function container(store: Store, name: string, hostPorts: NewContainer['hostPorts'] = []): { seq: number; id: string } {
  const added = plainContainer(name, {
    summary: plainSummary({ network: 'bridge', networks: ['n'] }),
    state: { ...FRESH_STATE, status: 'active' },
    ...(hostPorts === undefined ? {} : { hostPorts }),
  });
  return { seq: store.insert(added), id: added.id };
}

const take = (store: Store, owner: number, from: LeasePool, nowUs?: number): string =>
  store.transaction(() => formatIp(store.leases.take(owner, from, nowUs).address));

test('leases: in order, without the gateway, and a full pool is a clear error', (t) => {
  const { store } = openStore(t);
  const small = pool('10.1.0.0/29', ['10.1.0.1']);
  t.deepEqual(
    [1, 2, 3, 4, 5].map((owner) => take(store, owner, small)),
    ['10.1.0.2', '10.1.0.3', '10.1.0.4', '10.1.0.5', '10.1.0.6'],
  );
  const error = t.throws(() => take(store, 6, small));
  t.true(isTspodError(error, 'NO_FREE_ADDRESS'));
  t.regex(error.message, /10\.1\.0\.0\/29/);
  t.is(take(store, 6, pool('10.2.0.0/29')), '10.2.0.1', 'pools have nothing to do with each other');
  t.is(take(store, 6, pool('fd00::/64', ['fd00::1'])), 'fd00::2');
});

test('leases: a full pool gives at once what was freed first; an unfull one lets it rest', async (t) => {
  const { store } = openStore(t);
  const small = pool('10.1.0.0/29', ['10.1.0.1']);
  for (const owner of [1, 2, 3, 4, 5]) take(store, owner, small);
  store.leases.free(4);
  await delay(2);
  store.leases.free(2);
  t.is(take(store, 6, small, 0), '10.1.0.5', 'freed first, though no minute has passed');
  const large = pool('10.3.0.0/24');
  take(store, 1, large);
  store.leases.free(1);
  t.is(take(store, 2, large), '10.3.0.2');
  t.is(take(store, 3, large, (Date.now() + 120_000) * 1000), '10.3.0.1');
});

test('leases: what a container has of one network is freed, but for what it keeps', (t) => {
  const { store } = openStore(t);
  const [one, other] = [pool('10.1.0.0/24'), { ...pool('10.2.0.0/24'), network: 'other' }];
  for (const each of [one, one, other]) take(store, 1, each);
  store.leases.freeOnNetwork(1, one.network, [Uint8Array.of(10, 1, 0, 2)]);
  t.deepEqual(
    store.leases.of(1).map(({ address }) => [...address].join('.')),
    ['10.1.0.2', '10.2.0.1'],
  );
});

test('leases: an address that was asked for is had once, passed by the others, and given later', (t) => {
  const { store } = openStore(t);
  const range = pool('10.1.0.0/29', ['10.1.0.1']);
  const fixed = parseIp('10.1.0.3')!;
  store.leases.takeAddress(1, range, fixed);
  store.leases.takeAddress(1, range, fixed);
  for (const address of ['10.1.0.3', '10.1.0.1']) {
    const error = t.throws(() => store.leases.takeAddress(2, range, parseIp(address)!));
    t.true(isTspodError(error, 'ADDRESS_IN_USE'));
    t.regex(error.message, new RegExp(`requested ip address ${address} is already allocated`));
  }
  t.deepEqual(
    [2, 3].map((owner) => take(store, owner, range)),
    ['10.1.0.2', '10.1.0.4'],
  );
  store.leases.free(1);
  t.deepEqual(
    [4, 5, 6].map((owner) => take(store, owner, range)),
    ['10.1.0.5', '10.1.0.6', '10.1.0.3'],
  );
});

test('leases: each of 10,000 looks at a constant number of addresses, also after as many were freed', (t) => {
  const { store, path } = openStore(t);
  const large = pool('10.0.0.0/16', ['10.0.0.1']);
  const looks = (): number[] =>
    store.transaction(() => Array.from({ length: 10_000 }, (_, index) => store.leases.take(index + 1, large).looked));
  const first = looks();
  t.true(Math.max(...first) <= 3, `${Math.max(...first)}`);
  t.is(new Set(store.leases.ownersOn('n')).size, 10_000);
  store.transaction(() => {
    for (let owner = 1; owner <= 10_000; owner += 1) store.leases.free(owner);
  });
  const again = looks();
  t.true(Math.max(...again) <= 3, `${Math.max(...again)}`);
  for (const sql of [
    "SELECT address, freed_us FROM address WHERE network = 'n' AND subnet = 's' AND owner = 0 ORDER BY freed_us LIMIT 1",
    'UPDATE address SET owner = 0, freed_us = 1 WHERE owner = 5 AND owner != 0',
    "SELECT owner FROM address WHERE network = 'n' AND subnet = 's' AND address = x'00'",
  ])
    t.false(
      plan(path, sql).some((step) => /SCAN|TEMP B-TREE/.test(step)),
      `${sql}: ${plan(path, sql).join('; ')}`,
    );
});

function plan(path: string, sql: string): string[] {
  const db = new Database(path, { readonly: true });
  try {
    return db
      .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => detail);
  } finally {
    db.close();
  }
}

test('leases: they end with the life, the record and the boot of their container, and with nothing else', (t) => {
  const { store, path } = openStore(t);
  const range = pool('10.1.0.0/24');
  const [one, two, three] = ['aa', 'bb', 'cc'].map((name) => container(store, name));
  for (const { seq } of [one!, two!, three!]) take(store, seq, range);
  store.saveState(one!, { ...FRESH_STATE, status: 'paused' });
  t.is(store.leases.of(one!.seq).length, 1);
  store.saveState(one!, { ...FRESH_STATE, status: 'exited' });
  t.deepEqual(store.leases.of(one!.seq), []);
  store.delete(two!, 0);
  t.deepEqual(store.leases.ownersOn('n'), [three!.seq]);
  t.true(refreshAfterBoot(store, { bootId: 'next', runRoot: path, runDirectories: `${path}.none` }));
  t.deepEqual(store.leases.ownersOn('n'), []);
  t.is(take(store, three!.seq, range), '10.1.0.1');
});

test('leases: processes that take at the same time get different addresses', (t) => {
  const { store, path } = openStore(t);
  const other = new Store(path);
  t.teardown(() => other.close());
  const range = pool('10.1.0.0/24');
  const taken = Array.from({ length: 100 }, (_, index) => take(index % 2 === 0 ? store : other, index + 1, range));
  t.is(new Set(taken).size, 100);
});

test('ports that were chosen are one container’s until it is removed', (t) => {
  const { store } = openStore(t);
  const first = container(store, 'aa', [{ protocol: 'tcp', port: 40000 }]);
  t.true(store.hostPorts.isTaken({ protocol: 'tcp', port: 40000 }));
  t.false(store.hostPorts.isTaken({ protocol: 'udp', port: 40000 }));
  store.saveState(first, { ...FRESH_STATE, status: 'exited' });
  t.true(store.hostPorts.isTaken({ protocol: 'tcp', port: 40000 }));
  store.delete(first, 0);
  t.false(store.hostPorts.isTaken({ protocol: 'tcp', port: 40000 }));
});

test('ports that containers publish, in whatever state they are, and of broken records none', (t) => {
  const { store, path } = openStore(t);
  const web: PublishedPort = { hostIp: '', hostPort: 8080, containerPort: 80, protocol: 'tcp', range: 2 };
  for (const name of ['aa', 'bb']) store.insert(plainContainer(name, { summary: plainSummary({ ports: [web] }) }));
  const range = { protocol: 'tcp', port: 8080, range: 2 };
  t.deepEqual(store.hostPorts.published(), [range, range]);
  const database = new Database(path);
  database.prepare("UPDATE container SET summary = '{' WHERE name = 'aa'").run();
  database.close();
  t.deepEqual(store.hostPorts.published(), [range]);
});

test('members: who comes and goes marks the network, until it has been told of that change', (t) => {
  const { store } = openStore(t);
  const [one, two] = ['aa', 'bb'].map((name) => container(store, name));
  const entries = [{ address: '10.1.0.2', names: ['aa'] }];
  store.members.add({ network: 'n', owner: one!.seq, id: one!.id, entries });
  store.members.add({ network: 'n', owner: two!.seq, id: two!.id, entries: [] });
  store.members.add({ network: 'm', owner: two!.seq, id: two!.id, entries: [] });
  t.deepEqual(store.members.on('n')[0], { network: 'n', owner: one!.seq, id: one!.id, entries });
  t.deepEqual(store.members.networksOf(two!.seq), ['m', 'n']);
  const before = store.members.stale();
  t.deepEqual(
    before.map(({ network }) => network),
    ['m', 'n'],
  );
  store.members.remove(two!.seq, 'm');
  for (const change of before) store.members.told(change);
  t.deepEqual(
    store.members.stale().map(({ network }) => network),
    ['m'],
    'a later change is not forgotten',
  );
  store.saveState(one!, { ...FRESH_STATE, status: 'exited' });
  store.delete(two!, 0);
  t.deepEqual(store.members.on('n'), []);
  t.deepEqual(
    store.members.stale().map(({ network }) => network),
    ['m', 'n'],
  );
});
