/** What is read of a damaged database: rows of every kind. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

import { salvageDatabase } from '../../../src/state/salvage.js';
import { Store } from '../../../src/state/store.js';
import Database from 'better-sqlite3';
import { plainContainer } from '../../helpers/stored.js';
import { temporaryDirectory } from '../../helpers/temp.js';

test('rows of every table have a key by which they are found between two damaged places', (t) => {
  const path = join(temporaryDirectory(t), 'db');
  new Store(path).close();
  const db = new Database(path);
  const tables = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .pluck()
    .all() as string[];
  for (const table of tables)
    t.true(
      (db.pragma(`table_info(${table})`) as { readonly pk: number }[]).some(({ pk }) => pk > 0),
      table,
    );
  db.close();
});

test('secrets, and what containers have of them', (t) => {
  const directory = temporaryDirectory(t);
  const [damaged, target] = [join(directory, 'db'), join(directory, 'new')];
  const store = new Store(damaged);
  store.secrets.insert({
    id: 'b'.repeat(25),
    name: 'token',
    labels: {},
    driverOptions: {},
    data: Buffer.from('first'),
  });
  const seq = store.insert(plainContainer('a'));
  store.transaction(() => {
    store.secrets.give(seq, 0, 'b'.repeat(25));
    // Of a container whose record is lost.
    store.secrets.give(seq + 1, 0, 'b'.repeat(25));
  });
  store.close();
  const fd = openSync(damaged, 'r+');
  writeSync(fd, Buffer.alloc(100, 0xff), 0, 100, 0);
  closeSync(fd);
  t.deepEqual(salvageDatabase(damaged, target, 'boot'), { containers: 1, images: 0, volumes: 0 });
  const saved = new Store(target);
  t.is(saved.secrets.data(saved.secrets.find('token').id).toString(), 'first');
  t.is(saved.secrets.ofContainer(seq).get(0)?.toString(), 'first');
  t.is(saved.secrets.ofContainer(seq + 1).size, 0);
  saved.close();
});
