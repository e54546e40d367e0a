import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import type { NewContainer } from '../../../src/state/records.js';
import { salvageDatabase } from '../../../src/state/salvage.js';
import { Store } from '../../../src/state/store.js';
import { normalizePodOptions } from '../../../src/spec/pod/pod-normalize.js';
import { testFacts } from '../../helpers/facts.js';
import { plainContainer, plainSummary } from '../../helpers/stored.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const config = normalizePodOptions({ labels: { a: 'b' } }, testFacts());
const stops = normalizePodOptions({ exitPolicy: 'stop' }, testFacts());

const idOf = (id: string) => id.padEnd(64, '0');

function openStore(t: ExecutionContext, directory = temporaryDirectory(t)): Store {
  const store = new Store(join(directory, 'db'));
  t.teardown(() => {
    store.close();
  });
  return store;
}

function container(id: string, pod: string, infra = false): NewContainer {
  return plainContainer(id, {
    summary: plainSummary({ pod: idOf(pod), isInfra: infra }),
    pod: { id: idOf(pod), infra: infra ? idOf(id) : undefined },
  });
}

test('pods: found by name and by the beginning of the id', (t) => {
  const { pods } = openStore(t);
  pods.insert({ id: idOf('ab1'), name: 'one', createdUs: 5, config });
  pods.insert({ id: idOf('ab2'), name: 'ab1', createdUs: 6, config });
  t.like(pods.find('one'), { id: idOf('ab1'), createdUs: 5, infraId: '', removing: false, config });
  t.is(pods.find('/one').id, idOf('ab1'));
  t.is(pods.find('ab1').id, idOf('ab2'), 'a name before the beginning of an id');
  t.is(pods.find('ab2').id, idOf('ab2'));
  t.throws(() => pods.find('ab'), { code: 'AMBIGUOUS' });
  t.throws(() => pods.find(''), { code: 'EMPTY_ID' });
  t.throws(() => pods.find('c'), { code: 'NO_SUCH_POD', message: 'no pod with name or ID c found: no such pod' });
  t.throws(() => pods.insert({ id: idOf('c'), name: 'one', createdUs: 7, config }), {
    code: 'NAME_IN_USE',
    message: 'name "one" is in use: pod already exists',
  });
  t.is(pods.latest()?.id, idOf('ab2'));
  t.deepEqual(
    pods.list().map(({ name }) => name),
    ['one', 'ab1'],
  );
  t.deepEqual(
    [...pods.names()],
    [
      [idOf('ab1'), 'one'],
      [idOf('ab2'), 'ab1'],
    ],
  );
});

test("pods: a name may be a container's as well", (t) => {
  const store = openStore(t);
  store.pods.insert({ id: idOf('a'), name: 'one', createdUs: 5, config });
  t.notThrows(() => store.insert({ ...container('c', 'a'), name: 'one' }));
});

test('pods: their containers', (t) => {
  const store = openStore(t);
  const { pods } = store;
  pods.insert({ id: idOf('a'), name: 'one', createdUs: 5, config });
  const infra = store.insert(container('c', 'a', true));
  const seq = store.insert(container('b', 'a'));
  t.is(pods.find('one').infraId, idOf('c'));
  t.deepEqual(pods.members(idOf('a')), [idOf('c'), idOf('b')]);
  t.is(pods.podOf(seq), idOf('a'));
  t.throws(() => store.insert(container('d', 'nosuch')), { code: 'NO_SUCH_POD' });
  t.is(store.get(idOf('d')), undefined, 'nothing of it is recorded');
  pods.beginRemoval(idOf('a'));
  t.deepEqual(pods.removing(), [idOf('a')]);
  t.throws(() => store.insert(container('d', 'a')), { code: 'NO_SUCH_POD' });
  t.throws(() => pods.delete(idOf('a')), { code: 'STATE_INVALID' });
  store.delete({ seq, id: idOf('b') }, 0);
  t.deepEqual(pods.members(idOf('a')), [idOf('c')]);
  store.delete({ seq: infra, id: idOf('c') }, 0);
  pods.delete(idOf('a'));
  t.deepEqual(pods.list(), []);
});

test('pods: which of their containers are init containers, also where a record is damaged', (t) => {
  const store = openStore(t);
  const { pods } = store;
  pods.insert({ id: idOf('a'), name: 'one', createdUs: 5, config });
  const init = container('b', 'a');
  store.insert({ ...init, summary: { ...init.summary, init: 'once' } });
  const damaged = store.insert(container('c', 'a'));
  store.execute(`UPDATE container SET summary = '{' WHERE seq = ${damaged}`);
  t.deepEqual(pods.membersWithKind(idOf('a')), [
    { id: idOf('b'), init: 'once' },
    { id: idOf('c'), init: null },
  ]);
});

test('pods: those that are to be stopped', (t) => {
  const { pods } = openStore(t);
  pods.insert({ id: idOf('a'), name: 'one', createdUs: 5, config });
  pods.insert({ id: idOf('b'), name: 'other', createdUs: 5, config: stops });
  t.deepEqual(pods.stopping(), [idOf('b')]);
});

test('pods: what is read of a damaged database', (t) => {
  const directory = temporaryDirectory(t);
  const store = openStore(t, directory);
  store.pods.insert({ id: idOf('a'), name: 'one', createdUs: 5, config });
  store.pods.insert({ id: idOf('b'), name: 'two', createdUs: 5, config });
  const infra = store.insert(container('1', 'a', true));
  store.insert(container('2', 'a'));
  store.insert(container('3', 'b', true));
  // What was read of it is less than was in it.
  store.execute(
    `DELETE FROM container WHERE seq = ${infra}; DELETE FROM pod_member; UPDATE pod SET config = '{' WHERE name = 'two'`,
  );
  store.close();
  salvageDatabase(join(directory, 'db'), join(directory, 'new'), 'boot');
  const saved = new Store(join(directory, 'new'));
  t.deepEqual(
    saved.pods.list().map(({ name, infraId }) => [name, infraId]),
    [['one', '']],
  );
  t.deepEqual(saved.pods.members(idOf('a')), [idOf('2')]);
  t.is(saved.get(idOf('3'))?.name, '3', 'a container outlives the record of its pod');
  saved.close();
});
