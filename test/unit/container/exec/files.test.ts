import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

import { writeFailedStart } from '../../../../src/container/exec/files.js';
import { temporaryDirectory } from '../../../helpers/temp.js';

test('a start that failed is the end of a session', (t) => {
  const directory = temporaryDirectory(t);
  writeFailedStart(directory, 127);
  t.regex(readFileSync(join(directory, 'exit'), 'utf8'), /^code 127\n/);
  t.deepEqual(readdirSync(directory), ['exit']);
});

test('a start that failed leaves what the monitor has said of the end', (t) => {
  const directory = temporaryDirectory(t);
  const told = 'code 137\nsignal 9\n';
  writeFileSync(join(directory, 'exit'), told);
  writeFailedStart(directory, 126);
  t.is(readFileSync(join(directory, 'exit'), 'utf8'), told);
  t.deepEqual(readdirSync(directory), ['exit']);
});

test('a start that failed says nothing where the session is gone', (t) => {
  t.notThrows(() => {
    writeFailedStart(join(temporaryDirectory(t), 'gone'), 126);
  });
});
