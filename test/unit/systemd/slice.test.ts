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
  t.deepEqual(
    limitProperties({
      memory: { reservation: 7 },
      cpu: { shares: 1024, cpus: '0-2,9', mems: '0' },
      blockIO: {
        weight: 10,
        weightDevice: [
          { major: 8, minor: 0, weight: 1000 },
          { major: 8, minor: 1 },
        ],
        throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 11 }],
        throttleWriteBpsDevice: [{ major: 8, minor: 0, rate: 12 }],
        throttleReadIOPSDevice: [{ major: 8, minor: 0, rate: 13 }],
        throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 14 }],
      },
    }),
    [
      ['MemoryLow', ['t', 7n]],
      ['CPUWeight', ['t', 39n]],
      ['AllowedCPUs', ['ay', Buffer.from([0b111, 0b10])]],
      ['AllowedMemoryNodes', ['ay', Buffer.from([1])]],
      ['IOWeight', ['t', 1n]],
      ['IODeviceWeight', ['a(st)', [['/dev/block/8:0', 10_000n]]]],
      ['IOReadBandwidthMax', ['a(st)', [['/dev/block/8:0', 11n]]]],
      ['IOWriteBandwidthMax', ['a(st)', [['/dev/block/8:0', 12n]]]],
      ['IOReadIOPSMax', ['a(st)', [['/dev/block/8:0', 13n]]]],
      ['IOWriteIOPSMax', ['a(st)', [['/dev/block/8:0', 14n]]]],
    ],
  );
  t.deepEqual(limitProperties({ memory: { limit: 1, swap: -1 }, cpu: { quota: -1 } }), [['MemoryMax', ['t', 1n]]]);
});

test('a list of CPUs costs what its numbers take, however often they are named', (t) => {
  const [[, [, bits]] = ['', ['', undefined]]] = limitProperties({ cpu: { cpus: Array(20).fill('0-65535').join() } });
  t.deepEqual(bits, Buffer.alloc(8192, 0xff));
});
