import test from 'ava';

import { accountNames, insideId } from '../../../src/host/accounts.js';
import { parseNetDev } from '../../../src/host/net-dev.js';
import { parseStatus } from '../../../src/host/process-files.js';

test('status: ids, nested pids, sizes and capability sets', (t) => {
  const text = [
    'Name:\tsh',
    'PPid:\t7',
    'Uid:\t1000\t1001\t1000\t1000',
    'Gid:\t10\t11\t10\t10',
    'Groups:\t10 20 ',
    'NSpid:\t812\t5',
    'VmRSS:\t    1576 kB',
    'CapInh:\t0000000000000000',
    'CapPrm:\t0000000000000003',
    'CapEff:\t0000000000000001',
    'CapBnd:\t000001ffffffffff',
    'CapAmb:\t0000000000000000',
    'Seccomp:\t2',
  ].join('\n');
  t.deepEqual(parseStatus(text), {
    name: 'sh',
    parentPid: 7,
    pids: [812, 5],
    uids: [1000, 1001, 1000, 1000],
    gids: [10, 11, 10, 10],
    groups: [10, 20],
    residentBytes: 1576 * 1024,
    seccomp: 2,
    capabilities: { CapInh: 0n, CapPrm: 3n, CapEff: 1n, CapBnd: 0x1ffffffffffn, CapAmb: 0n },
  });
});

test('net/dev: counters of each link but the loopback', (t) => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     999      1    0    0    0     0          0         0     999      1    0    0    0     0       0          0
  eth0: 1000 10 1 2 0 0 0 0 2000 20 3 4 0 0 0 0
`;
  t.deepEqual(parseNetDev(text), {
    eth0: {
      received: { bytes: 1000, packets: 10, errors: 1, dropped: 2 },
      sent: { bytes: 2000, packets: 20, errors: 3, dropped: 4 },
    },
  });
});

test('accounts: the first name of a number; a number without one is itself', (t) => {
  const nameOf = accountNames('root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:\n:x:5:\nbroken\njoe:x:1000:1000::/:\n');
  t.deepEqual([0, 1000, 5, 77].map(nameOf), ['root', 'joe', '5', '77']);
});

test('id maps: from outside to inside', (t) => {
  const inside = insideId('         0     100000      1000\n      2000     500000          1\n');
  t.deepEqual([100000, 100999, 500000, 7].map(inside), [0, 999, 2000, 65534]);
});
