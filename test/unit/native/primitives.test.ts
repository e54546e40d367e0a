import test from 'ava';

import { fingerprint, monotonicMs, randomBytes, randomInt, realTimeUs } from '../../../src/native/primitives.js';

test('random bytes: as many as are asked for, and others each time', (t) => {
  t.is(randomBytes(0).length, 0);
  t.is(randomBytes(256).length, 256);
  const seen = new Set(Array.from({ length: 100 }, () => randomBytes(16).toString('hex')));
  t.is(seen.size, 100);
});

test('random numbers: every one of the range comes, and no other', (t) => {
  const counts = new Map<number, number>();
  for (let round = 0; round < 3000; round += 1) {
    const number = randomInt(10, 13);
    counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  t.deepEqual([...counts.keys()].sort(), [10, 11, 12]);
  // 1000 each; ten standard deviations are 260
  t.true([...counts.values()].every((count) => count > 740 && count < 1260));
  t.is(randomInt(7, 8), 7);
});

test('fingerprint: the published values of FNV-1a', (t) => {
  t.is(fingerprint(Buffer.from('')).toString('hex'), 'cbf29ce484222325');
  t.is(fingerprint(Buffer.from('a')).toString('hex'), 'af63dc4c8601ec8c');
  t.is(fingerprint(Buffer.from('foobar')).toString('hex'), '85944171f73967e8');
});

test('clocks: the time is that of the machine, in microseconds; the other goes forward', (t) => {
  t.true(Math.abs(realTimeUs() / 1000 - Date.now()) < 1000);
  t.true(Number.isInteger(realTimeUs()));
  const before = monotonicMs();
  t.true(monotonicMs() >= before);
});
