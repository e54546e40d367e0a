import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';

import { missingDatabase } from '../../../../src/engine/store-check/lost-records.js';
import { storePaths } from '../../../../src/storage/paths.js';
import { temporaryDirectory } from '../../../helpers/temp.js';

test('a database that is empty beside what it ought to know is lost', (t) => {
  const paths = storePaths({ root: temporaryDirectory(t), runRoot: temporaryDirectory(t) });
  t.is(missingDatabase(paths), undefined);
  writeFileSync(paths.database, '');
  t.is(missingDatabase(paths), undefined);
  writeFileSync(`${paths.database}-wal`, 'data');
  t.is(missingDatabase(paths), `${paths.database} is missing or empty, and ${paths.database}-wal holds data`);
  mkdirSync(join(paths.containers, 'a'.repeat(64)), { recursive: true });
  t.is(missingDatabase(paths), `${paths.database} is missing or empty, and ${paths.containers} holds containers`);
});

test('a store that another process makes during the look is not lost', (t) => {
  const paths = storePaths({ root: temporaryDirectory(t), runRoot: temporaryDirectory(t) });
  writeFileSync(paths.database, '');
  const madeMeanwhile = {
    ...paths,
    // read after the database has been found empty
    get containers() {
      writeFileSync(paths.database, 'header');
      writeFileSync(`${paths.database}-wal`, 'data');
      return paths.containers;
    },
  };
  t.is(missingDatabase(madeMeanwhile), undefined);
});
