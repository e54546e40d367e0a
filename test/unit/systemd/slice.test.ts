import test from 'ava';

import { limitProperties } from '../../../src/systemd/slice.js';

test('limits of a slice in the words of systemd', (t) => {
  t.deepEqual(limitProperties({}), []);
  t.deepEqual(
    limitProperties({
      memory: { limit: 1000, swap: 3000 },
      cpu: { quota: 50_000, period: 200_000 },
      pids: { limit: 5 },
    }),
    [
      ['MemoryMax', ['t', 1000n]],
      ['MemorySwapMax', ['t', 2000n]],
      ['CPUQuotaPerSecUSec', ['t', 250_000n]],
      ['TasksMax', ['t', 5n]],
    ],
  );
  t.deepEqual(limitProperties({ memory: { limit: 1, swap: -1 }, cpu: { quota: -1 } }), [['MemoryMax', ['t', 1n]]]);
});
