import test from 'ava';

import { parseProcessStat, readProcessStat } from '../../../src/native/process-stat.js';

test('stat: a name with spaces and parentheses moves no field', (t) => {
  const line = `42 (a) b (c)) S 1 40 39 34817 42 4194560 1 2 3 4 150 50 9 9 20 -5 1 0 12345 4096000 300 18446744073709551615`;
  t.deepEqual(parseProcessStat(line), {
    state: 'S',
    parent: 1,
    processGroup: 40,
    terminal: 34817,
    flags: 4194560,
    cpuMs: 2000,
    nice: -5,
    startTime: 12345n,
    startedMs: 123450,
    virtualBytes: 4096000,
  });
});

test('stat: this process is there, and one that nobody can be is not', (t) => {
  t.is(readProcessStat(process.pid)?.parent, process.ppid);
  t.is(readProcessStat(2 ** 31 - 1), undefined);
});
