/** What engine.networks does while others are at work. */
import { existsSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import test from 'ava';

import { openEngine, type Engine } from '../../../src/index.js';
import { rejectsWith, testEngine } from '../../helpers/engine.js';
import { faults } from '../../helpers/faults.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';

/** What happened to networks; `name` is that of the container that was put on one or taken off it. */
async function told(engine: Engine): Promise<readonly string[]> {
  const seen: string[] = [];
  for await (const { status, name, attributes } of engine.events({ filters: { type: ['network'] } }))
    seen.push(`${status} ${attributes['network'] ?? name}`);
  return seen;
}

/** But for the default network. */
const namesOf = ({ networks }: Engine) => networks.list().flatMap(({ name }) => (name === 'tspod' ? [] : [name]));

test('networks: a removal that is called off beforehand removes nothing', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine } = await testEngine(t);
  await engine.networks.create({ name: 'web' });
  await rejectsWith(t, engine.networks.remove('web', { signal: AbortSignal.abort() }), 'ABORTED');
  t.true(engine.networks.exists('web'));
  t.deepEqual(await told(engine), ['create web']);
});

test('networks: one that is there already is not made again', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine } = await testEngine(t);
  const { id } = await engine.networks.create({ name: 'web', ignoreExisting: true });
  t.is((await engine.networks.create({ name: 'web', ignoreExisting: true })).id, id);
  t.deepEqual(await told(engine), ['create web']);
});

test('networks: close waits for what is being changed, and nothing is changed afterwards', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine, reopen } = await testEngine(t);
  const { networks } = engine;
  for (const name of ['a', 'b', 'c']) await networks.create({ name });
  await until('the next millisecond', () => Date.now() > Date.parse(networks.inspect('c').created));
  const changes = Promise.all([
    networks.create({ name: 'd' }),
    networks.update('a', { addDnsServers: ['192.0.2.1'] }),
    networks.remove('b'),
    networks.prune({ filters: { until: [new Date().toISOString()] } }),
  ]);
  await engine.close();
  await t.notThrowsAsync(changes);
  const again = await reopen();
  const seen = await told(again);
  for (const event of ['create d', 'update a', 'remove a', 'remove b', 'remove c']) t.true(seen.includes(event), event);
  t.deepEqual(namesOf(again), ['d']);
  const refused = [
    networks.create({ name: 'e' }),
    networks.update('d', {}),
    networks.remove('d'),
    networks.prune({ filters: {} }),
  ];
  for (const change of refused) await rejectsWith(t, change, 'ENGINE_CLOSED');
  t.deepEqual(namesOf(again), ['d']);
});

test('networks: prune and remove leave one that a container takes meanwhile', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options, reopen } = await testEngine(t);
  const { networks } = await reopen();
  for (const name of ['aa', 'bb', 'cc']) await networks.create({ name });
  const container = await engine.containers.create(options({ network: 'none', command: ['true'] }));
  const pruned = networks.prune();
  const onNetwork = await engine.containers.create(options({ network: 'bb', command: ['true'] }));
  t.deepEqual((await pruned).done, ['aa', 'cc']);
  const removed = networks.remove('bb', { force: true });
  const another = await engine.containers.create(options({ network: 'bb', command: ['true'] }));
  await removed;
  t.deepEqual(
    [onNetwork, another, container].map(({ id }) => engine.containers.exists(id)),
    [false, false, true],
  );
  await networks.create({ name: 'dd' });
  const refused = networks.remove('dd');
  const taken = engine.containers.create(options({ network: 'dd', command: ['true'] }));
  await rejectsWith(t, refused, 'NETWORK_IN_USE');
  t.deepEqual((await taken).inspect().NetworkSettings.Networks?.['dd']?.Aliases?.length, 1);
  t.deepEqual(namesOf(engine), ['dd']);
});

test('networks: prune and reset leave what others made in a directory that is shared', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine, root, runRoot } = await testEngine(t);
  const networkConfigDir = temporaryDirectory(t);
  const another = await openEngine({ root: join(root, 'other'), runRoot: join(runRoot, 'other'), networkConfigDir });
  t.teardown(() => another.close());
  const sharing = async () => openEngine({ root, runRoot, networkConfigDir });
  await using first = await sharing();
  await another.networks.create({ name: 'theirs' });
  const text = readFileSync(join(networkConfigDir, 'theirs.json'), 'utf8');
  const copy = { ...(JSON.parse(text) as object), name: 'foreign', id: 'f'.repeat(64), network_interface: 'podman9' };
  writeFileSync(join(networkConfigDir, 'foreign.json'), JSON.stringify(copy));
  await first.networks.create({ name: 'unused' });
  t.deepEqual((await first.prune()).networks.done, ['unused']);
  await first.networks.create({ name: 'again' });
  await first.networks.update('again', { addDnsServers: ['192.0.2.1'] });
  await using second = await sharing();
  t.deepEqual((await second.reset()).networks.done, ['again']);
  t.deepEqual(namesOf(second), ['foreign', 'theirs']);
  await second.networks.remove('foreign');
  t.deepEqual((await another.networks.prune()).done, ['theirs']);
  // In a directory of its own all are the store's.
  await engine.networks.create({ name: 'copied' });
  writeFileSync(join(root, 'networks/foreign.json'), JSON.stringify(copy));
  t.deepEqual((await engine.networks.prune()).done, ['copied', 'foreign']);
});

test('networks: a container is taken off one whose file is gone or broken, and a broken file is removed by its name', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const { networks } = engine;
  const fileOf = (name: string) => join(engine.root, 'networks', `${name}.json`);
  for (const name of ['gone', 'broken', 'other']) await networks.create({ name });
  const { id } = await engine.containers.create(options({ network: 'gone,broken', command: ['true'] }));
  unlinkSync(fileOf('gone'));
  writeFileSync(fileOf('broken'), '{');
  await rejectsWith(t, networks.disconnect('missing', id), 'NO_SUCH_NETWORK');
  await rejectsWith(t, networks.disconnect('other', id), 'NOT_CONNECTED');
  await networks.connect('other', id);
  await rejectsWith(t, networks.connect('other', id), 'ALREADY_CONNECTED');
  await networks.disconnect('other', id);
  await networks.disconnect('gone', id);
  await rejectsWith(t, networks.disconnect('gone', id), 'NO_SUCH_NETWORK');
  await rejectsWith(t, networks.remove('broken'), 'NETWORK_IN_USE');
  await networks.disconnect('broken', id);
  t.deepEqual(Object.keys(engine.containers.get(id).inspect().NetworkSettings.Networks ?? {}), []);
  await networks.remove('broken');
  t.false(existsSync(fileOf('broken')));
  await rejectsWith(t, networks.remove('broken'), 'NO_SUCH_NETWORK');
  t.deepEqual(await told(engine), [
    'create gone',
    'create broken',
    'create other',
    'connect other',
    'disconnect other',
    'disconnect gone',
    'disconnect broken',
    'remove broken',
  ]);
});

test('networks: one that is removed and made anew meanwhile is another one', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine, reopen } = await testEngine(t);
  const other = await reopen();
  await engine.networks.create({ name: 'web' });
  const pruned = engine.networks.prune();
  unlinkSync(join(engine.root, 'networks/web.json'));
  const { id } = await other.networks.create({ name: 'web' });
  t.deepEqual((await pruned).done, []);
  t.is(engine.networks.inspect('web').id, id);
});

test('networks: a container is not put on one that was removed while the call waited', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  for (const name of ['web', 'db']) await engine.networks.create({ name });
  const container = await engine.containers.create(options({ network: 'web', command: ['true'] }));
  let connected;
  await container.batch(async () => {
    connected = engine.networks.connect('db', container.id);
    await engine.networks.remove('db');
  });
  await rejectsWith(t, Promise.resolve(connected), 'NO_SUCH_NETWORK');
  t.deepEqual(Object.keys(container.inspect().NetworkSettings.Networks ?? {}), ['web']);
});

test('networks: a container is not made on one that is removed before it is recorded', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, root, begin, cgroupParent } = await faults(t);
  await engine.networks.create({ name: 'web' });
  const cidFile = join(temporaryDirectory(t), 'cid');
  using store = new HeldStore(root);
  const create = begin(
    'create',
    '--cgroup-parent',
    cgroupParent,
    '--network',
    'web',
    '--cidfile',
    cidFile,
    'host:',
    'true',
  );
  // It has found the network, and is about to record the container.
  await until('the file of its id is there', () => existsSync(cidFile));
  unlinkSync(join(root, 'networks/web.json'));
  store.release();
  const { status, stderr } = await create.result;
  t.is(status, 125);
  t.is(stderr, 'Error: unable to find network with name or ID web: network not found\n');
  t.false(existsSync(cidFile));
  t.deepEqual(engine.containers.list({ all: true }), []);
});

/** Nobody else writes to the store. */
class HeldStore implements Disposable {
  readonly #database: Database.Database;

  constructor(root: string) {
    this.#database = new Database(join(root, 'tspod.db'));
    this.#database.exec('BEGIN IMMEDIATE');
  }

  release(): void {
    if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
  }

  [Symbol.dispose](): void {
    this.release();
    this.#database.close();
  }
}

test('networks: containers and pods are found by the id of a network, and containers by whose network they have', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const { id } = await engine.networks.create({ name: 'web' });
  await engine.networks.create({ name: 'other' });
  const { containers, pods } = engine;
  const on = await containers.create(options({ name: 'on', network: 'web' }));
  await containers.create(options({ name: 'with', network: 'container:on' }));
  await containers.create(options({ name: 'elsewhere', network: 'other' }));
  await containers.create(options({ name: 'hosts', network: 'host' }));
  const found = (network: string) =>
    containers.list({ all: true, filters: { network: [network] } }).map(({ name }) => name);
  for (const wanted of ['web', id, id.slice(0, 12)]) t.deepEqual(found(wanted), ['on'], wanted);
  for (const wanted of ['on', on.id, on.id.slice(0, 12)]) t.deepEqual(found(`container:${wanted}`), ['with'], wanted);
  t.deepEqual(found('host'), ['hosts']);
  for (const wanted of ['nosuch', 'container:nosuch', 'container:elsewhere']) t.deepEqual(found(wanted), [], wanted);
  await pods.create({ name: 'p', network: 'web' });
  await pods.create({ name: 'q', network: 'other' });
  for (const wanted of ['web', id, id.slice(0, 12)])
    t.deepEqual(
      pods.list({ filters: { network: [wanted] } }).map(({ name }) => name),
      ['p'],
      wanted,
    );
  t.deepEqual(pods.list({ filters: { network: ['nosuch'] } }), []);
});
