import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import test from 'ava';
import type { ExecutionContext } from 'ava';

import { isTspodError, type ErrorCode } from '../../../src/errors.js';
import { refreshAfterBoot } from '../../../src/state/boot.js';
import { FRESH_STATE, type NewContainer, type StoredState } from '../../../src/state/records.js';
import { LIST, UNSETTLED } from '../../../src/state/queries.js';
import { Store } from '../../../src/state/store.js';
import { plainContainer, plainSummary } from '../../helpers/stored.js';
import { temporaryDirectory } from '../../helpers/temp.js';

function openStore(t: ExecutionContext): Store {
  const store = new Store(join(temporaryDirectory(t), 'tspod.db'));
  t.teardown(() => {
    store.close();
  });
  return store;
}

function sample(id: string, name: string, state: Partial<StoredState> = {}): NewContainer {
  return plainContainer(id, {
    name,
    createdUs: 1_700_000_000_000_000,
    summary: plainSummary({ image: 'host:', rootfs: '', command: ['true'] }),
    config: '{"args":["true"]}',
    state: { ...FRESH_STATE, ...state },
  });
}

function throwsCode(t: ExecutionContext, body: () => unknown, code: ErrorCode): Error {
  const error = t.throws(body);
  t.true(isTspodError(error, code), `${String(error)} should have code ${code}`);
  return error;
}

test('store: updates stand in the place of what was configured, for every reader', (t) => {
  const path = join(temporaryDirectory(t), 'tspod.db');
  const [one, other] = [new Store(path), new Store(path)];
  t.teardown(() => [one, other].forEach((store) => store.close()));
  const seq = one.insert({ ...sample('ab', 'one'), config: '{"image":"host:","stopTimeoutSec":10}' });
  const { id, state } = one.find('one');
  for (const store of [one, other]) t.like(store.config(id), { image: 'host:', stopTimeoutSec: 10 });
  one.saveState(
    { seq, id },
    { ...state, updates: '{"stopTimeoutSec":3,"restart":{"policy":"always","maxRetries":0}}' },
  );
  for (const store of [one, other]) {
    t.is(store.list('all')[0]?.summary.restartPolicy, 'always');
    t.like(store.config(id), { image: 'host:', stopTimeoutSec: 3 });
  }
});

test('store: gives back what was put in', (t) => {
  const store = openStore(t);
  const state: StoredState = {
    status: 'exited',
    autoRemove: true,
    stoppedByUser: true,
    exitCode: -1,
    exitSignal: 9,
    oomKilled: true,
    timedOut: true,
    startedUs: 1_700_000_000_000_001,
    finishedUs: 1_700_000_000_000_002,
    restarts: 3,
    error: 'went wrong',
    updates: '{"stopTimeoutSec":3}',
    updating: true,
    mounts: 2,
    mounted: true,
    splitFrom: '/a',
  };
  const seq = store.insert({ ...sample('ab', 'one'), state });
  t.deepEqual(store.get('ab'.padEnd(64, '0')), {
    seq,
    id: 'ab'.padEnd(64, '0'),
    name: 'one',
    createdUs: 1_700_000_000_000_000,
    state,
  });
  t.deepEqual(store.config('ab'.padEnd(64, '0')), { args: ['true'], stopTimeoutSec: 3 });
  t.deepEqual(store.list('all')[0]?.summary, sample('ab', 'one').summary);
});

test('store: a file of 0600 in the directory', (t) => {
  const store = openStore(t);
  t.is(statSync(store.path).mode & 0o777, 0o600);
});

test('find: an exact name wins over the beginning of an id', (t) => {
  const store = openStore(t);
  store.insert(sample('abc', 'one'));
  store.insert(sample('def', 'abc'));
  t.is(store.find('abc').name, 'abc');
  t.is(store.find('abc0').name, 'one');
  t.is(store.find('/one').name, 'one');
});

test('find: says what is wrong with a name', (t) => {
  const store = openStore(t);
  store.insert(sample('abc1', 'one'));
  store.insert(sample('abc2', 'two'));
  throwsCode(t, () => store.find('abc'), 'AMBIGUOUS');
  throwsCode(t, () => store.find(''), 'EMPTY_ID');
  throwsCode(t, () => store.find('ABC1'), 'NO_SUCH_CONTAINER');
  throwsCode(t, () => store.find('abc%'), 'NO_SUCH_CONTAINER');
  const error = throwsCode(t, () => store.find('nope'), 'NO_SUCH_CONTAINER');
  t.is(error.message, 'no container with name or ID "nope" found: no such container');
});

test('insert: a name in use names its owner', (t) => {
  const store = openStore(t);
  store.insert(sample('a', 'one'));
  const error = throwsCode(t, () => store.insert(sample('b', 'one')), 'NAME_IN_USE');
  t.regex(error.message, /already in use by a0{63}/);
  t.is(store.list('all').length, 1, 'nothing of the second is left');
});

test('rename: keeps names unique', (t) => {
  const store = openStore(t);
  const one = store.insert(sample('a', 'one'));
  store.insert(sample('b', 'two'));
  throwsCode(
    t,
    () => {
      store.rename(one, 'two');
    },
    'NAME_IN_USE',
  );
  store.rename(one, 'one');
  store.rename(one, 'three');
  t.is(store.find('three').seq, one);
});

test('delete: forgets all but the exit code', (t) => {
  const store = openStore(t);
  const donor = store.insert(sample('a', 'one'));
  const seq = store.insert({ ...sample('b', 'two'), donors: [donor] });
  t.deepEqual(store.dependents(donor), ['b'.padEnd(64, '0')]);
  t.deepEqual(store.donors(seq), ['a'.padEnd(64, '0')]);
  store.delete({ seq, id: 'b'.padEnd(64, '0') }, 137);
  t.deepEqual(store.dependents(donor), []);
  t.is(store.get('b'.padEnd(64, '0')), undefined);
  t.is(store.config('b'.padEnd(64, '0')), undefined);
  t.is(store.exitCodeOfRemoved('b'.padEnd(64, '0')), 137);
  store.insert(sample('c', 'two'));
  t.is(store.find('two').id, 'c'.padEnd(64, '0'), 'the name is free again');
});

test('list: live ones are those that may have a process', (t) => {
  const store = openStore(t);
  const statuses = ['created', 'initialized', 'active', 'paused', 'stopping', 'exited', 'removing'] as const;
  statuses.forEach((status, i) => store.insert(sample(String(i), status, { status })));
  t.deepEqual(
    store.list('live').map((c) => c.name),
    ['initialized', 'active', 'paused', 'stopping', 'removing'],
  );
  t.deepEqual(
    store.list('all').map((c) => c.name),
    [...statuses],
  );
});

test('unsettled: also what ended and was to be removed', (t) => {
  const store = openStore(t);
  store.insert(sample('a', 'kept', { status: 'exited' }));
  store.insert(sample('b', 'gone', { status: 'exited', autoRemove: true }));
  store.insert(sample('c', 'runs', { status: 'active', autoRemove: true }));
  store.insert(sample('d', 'new', { status: 'created', autoRemove: true }));
  t.deepEqual(
    store
      .unsettled()
      .map((c) => c.name)
      .sort(),
    ['gone', 'runs'],
  );
});

test('look-ups and the search for repairs use indexes', (t) => {
  const store = openStore(t);
  const db = new Database(store.path, { readonly: true });
  t.teardown(() => db.close());
  const planOf = (sql: string) =>
    (db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]).map((row) => row.detail).join('\n');
  const from = 'FROM container c JOIN container_state s ON s.seq = c.seq';
  t.notRegex(planOf(`SELECT * ${from} WHERE c.id >= 'a' AND c.id < 'ag' LIMIT 2`), /SCAN/);
  t.notRegex(planOf(`SELECT * ${from} WHERE c.name = 'a'`), /SCAN/);
  for (const index of ['container_live', 'container_ended', 'container_unused_mount'])
    t.regex(planOf(UNSETTLED), new RegExp(`SCAN s USING INDEX ${index}\\b`));
  t.regex(planOf(LIST.live), /SCAN s USING INDEX container_live/, 'what does not run is not looked at');
  t.notRegex(planOf(LIST.live) + planOf(UNSETTLED), /SCAN c\b/);
});

test('open: refuses what is no database of ours, and names the file', (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'tspod.db');
  writeFileSync(
    path,
    'this is text, and rather more than a hundred bytes of it, so that it is not taken for a file that is too short to say',
  );
  t.true(throwsCode(t, () => new Store(path), 'STORE_BROKEN').message.includes(path));

  const foreign = join(directory, 'foreign.db');
  new Database(foreign).exec('CREATE TABLE theirs (x)').close();
  t.true(throwsCode(t, () => new Store(foreign), 'STORE_BROKEN').message.includes(foreign));

  const newer = join(directory, 'newer.db');
  new Store(newer).close();
  const db = new Database(newer);
  db.pragma('user_version = 999');
  db.close();
  t.true(throwsCode(t, () => new Store(newer), 'STORE_NEWER').message.includes(newer));
});

test('members of a network: with their own name servers, but for one whose record is damaged', (t) => {
  const store = openStore(t);
  const configs = ['{"dns":{"servers":["192.0.2.1"]}}', '{"dns":"none"}', '{"args":[]}', '{'];
  configs.forEach((config, index) => {
    const container = { ...sample(String(index), `name${index}`), config };
    const entries = [{ address: '10.89.0.2', names: [container.name] }];
    store.members.add({ network: 'web', owner: store.insert(container), id: container.id, entries });
  });
  const found = store.members.withServers('web');
  t.deepEqual(
    found.map(({ servers }) => servers),
    [['192.0.2.1'], [], [], []],
  );
  t.deepEqual(
    found.map(({ servers: _servers, ...member }) => member),
    store.members.on('web'),
  );
  t.deepEqual(store.members.networks(), ['web']);
});

test('open: a damaged database is refused by name, at the latest when it is read', (t) => {
  const path = join(temporaryDirectory(t), 'tspod.db');
  const store = new Store(path);
  for (let i = 0; i < 200; i++) store.insert(sample(i.toString(16).padStart(4, '0'), `n${String(i)}`));
  store.close();
  const size = statSync(path).size;
  const db = Buffer.alloc(size, 0xa5);
  // The first page is left: the file looks whole until its tables are read.
  writeFileSync(path, Buffer.concat([readHead(path), db.subarray(4096)]));
  const error = throwsCode(t, () => new Store(path).list('all'), 'STORE_BROKEN');
  t.true(error.message.includes(path));
});

function readHead(path: string): Buffer {
  const db = new Database(path, { readonly: true });
  const head = db.serialize().subarray(0, 4096);
  db.close();
  return head;
}

test('transaction: an error undoes all of it', (t) => {
  const store = openStore(t);
  t.throws(
    () =>
      store.transaction(() => {
        store.insert(sample('a', 'one'));
        throw new Error('no');
      }),
    { message: 'no' },
  );
  t.deepEqual(store.list('all'), []);
  store.insert(sample('a', 'one'));
});

test('refresh: a new boot resets what a reboot wiped, once', (t) => {
  const store = openStore(t);
  const runDirectories = join(temporaryDirectory(t), 'c');
  const refresh = (bootId: string) => refreshAfterBoot(store, { bootId, runRoot: runDirectories, runDirectories });
  t.true(refresh('first'));
  store.insert(sample('a', 'ran', { status: 'active', restarts: 2, stoppedByUser: true }));
  store.insert(sample('b', 'frozen', { status: 'paused' }));
  store.insert(sample('c', 'ready', { status: 'initialized' }));
  store.insert(sample('d', 'done', { status: 'exited', exitCode: 3 }));
  store.insert(sample('e', 'half', { status: 'removing' }));
  t.false(refresh('first'));
  t.is(store.find('ran').state.status, 'active');
  t.true(refresh('second'));
  const { status, exitCode, restarts, stoppedByUser, error } = store.find('ran').state;
  t.deepEqual(
    { status, exitCode, restarts, stoppedByUser, error },
    {
      status: 'exited',
      exitCode: -1,
      restarts: 0,
      stoppedByUser: true,
      error: 'the machine went down while it ran',
    },
  );
  t.is(store.find('frozen').state.status, 'exited');
  t.is(store.find('ready').state.status, 'created');
  t.is(store.find('done').state.exitCode, 3);
  t.is(store.find('half').state.status, 'removing');
});

test('two connections see each other and wait for each other', (t) => {
  const store = openStore(t);
  const other = new Store(store.path);
  t.teardown(() => {
    other.close();
  });
  store.insert(sample('a', 'one'));
  t.is(other.find('one').id, 'a'.padEnd(64, '0'));
  throwsCode(t, () => other.insert(sample('b', 'one')), 'NAME_IN_USE');
});

test('a closed store says so, whatever it is asked', (t) => {
  const store = openStore(t);
  t.is(store.get('c1'), undefined);
  store.close();
  for (const ask of [() => store.get('c1'), () => store.list('all'), () => store.latest()]) {
    t.true(isTspodError(t.throws(ask), 'ENGINE_CLOSED'));
  }
});

test('store: a container has the image that it is made of and those that are mounted in it, also when that was lost', (t) => {
  const path = join(temporaryDirectory(t), 'tspod.db');
  const store = new Store(path);
  const [made, mounted] = ['a', 'b'].map((letter) => {
    const id = letter.repeat(64);
    const config = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers' as const, diff_ids: [] } };
    const seq = store.images.add({
      id,
      createdUs: 0,
      size: 0,
      config,
      manifest: '',
      blobs: [],
      layers: [],
      digests: [],
    });
    return { id, seq };
  });
  if (made === undefined || mounted === undefined) throw new TypeError('two images');
  const { id } = plainContainer('c');
  const container = plainContainer('c', {
    summary: plainSummary({ imageId: made.id }),
    config: JSON.stringify({ mounts: [{ type: 'tmpfs' }, { type: 'image', image: { id: mounted.id } }] }),
    imageIds: [made.id, mounted.id],
  });
  const seq = store.insert(container);
  const users = () => [made, mounted].map((image) => store.images.users(image.seq));
  t.deepEqual(users(), [[id], [id]]);
  const db = new Database(path);
  db.exec('DELETE FROM image_user');
  db.close();
  t.deepEqual(users(), [[], []]);
  store.images.relink();
  t.deepEqual(users(), [[id], [id]]);
  store.delete({ seq, id }, 0);
  t.deepEqual(users(), [[], []]);
  store.close();
});
