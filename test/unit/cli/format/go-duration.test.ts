import test from 'ava';

import { goDuration } from '../../../../src/cli/format/go-duration.js';
import { binarySize } from '../../../../src/cli/format/human.js';

test('durations as Go prints them', (t) => {
  const cases: Readonly<Record<string, number>> = {
    '0s': 0,
    '999ns': 999,
    '1.5µs': 1500,
    '250ms': 250e6,
    '519.637216ms': 519637216,
    '1s': 1e9,
    '20.38s': 20.38e9,
    '1m0s': 60e9,
    '1m0.05s': 60.05e9,
    '1h2m12.497s': 3732.497e9,
    '100h0m0s': 360000e9,
  };
  for (const [text, ns] of Object.entries(cases)) t.is(goDuration(ns), text);
});

test('binary sizes have four digits', (t) => {
  t.deepEqual([0, 1023, 1024, 852000, 25.3e9].map(binarySize), ['0B', '1023B', '1KiB', '832KiB', '23.56GiB']);
});
