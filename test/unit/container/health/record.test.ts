import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';

import { parseHealth, readHealth } from '../../../../src/container/health/record.js';
import { readExitRecord, readLiveRecord } from '../../../../src/container/monitor/run-record.js';
import { temporaryDirectory } from '../../../helpers/temp.js';

test('a record of checks: oldest first, with what they wrote', (t) => {
  const record = parseHealth(
    'status unhealthy\nstreak 2\ncheck 1 2 0 0 \ncheck 3 4 7 0 a\\\\b\\nc \\x01\\x7f\ncheck 5 6 -1 110 late\ncheck 7 8 -1 2 exec x\n',
  );
  t.deepEqual(record, {
    status: 'unhealthy',
    failingStreak: 2,
    log: [
      { startedNs: 1n, endedNs: 2n, exitCode: 0, output: '' },
      { startedNs: 3n, endedNs: 4n, exitCode: 7, output: 'a\\b\nc \x01\x7f' },
      { startedNs: 5n, endedNs: 6n, exitCode: -1, output: 'late' },
      { startedNs: 7n, endedNs: 8n, exitCode: 127, output: 'exec x' },
    ],
  });
});

test('a record that makes no sense is one of a container whose health is not known yet', (t) => {
  for (const text of ['', 'nonsense', 'status fine\ncheck\ncheck 1 2\n']) {
    t.deepEqual(parseHealth(text), { status: 'starting', failingStreak: 0, log: [] });
  }
});

test('records are not there also below what is no directory; what cannot be read is a failure', (t) => {
  const file = join(temporaryDirectory(t), 'file');
  writeFileSync(file, '');
  t.is(readHealth({ health: `${file}/health`, lastHealth: `${file}/last` }).status, 'starting');
  t.is(readLiveRecord(`${file}/state`), undefined);
  t.is(readExitRecord(`${file}/exit`), undefined);
  const directory = dirname(file);
  for (const read of [() => readHealth({ health: directory, lastHealth: file }), () => readExitRecord(directory)])
    t.throws(read, { code: 'EISDIR' });
});
