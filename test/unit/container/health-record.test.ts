import test from 'ava';

import { parseHealth } from '../../../src/container/health-record.js';

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
