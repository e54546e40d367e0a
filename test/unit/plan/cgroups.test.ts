/** Limits as files of cgroups, placement, updates, freezing. */
import test from 'ava';

import type { LinuxResources } from '../../../src/oci/resources.js';
import { placeCgroup } from '../../../src/plan/cgroup-placement.js';
import { cpuWeight, ioWeight, V1_WRITES, V2_WRITES, type Controller } from '../../../src/plan/cgroup-writes.js';
import { freezePlan, frozenFile, previousValue, restorePlan, updatePlan } from '../../../src/plan/update.js';
import { HYBRID, NO_CGROUPS, V1, V2 } from '../../helpers/facts.js';
import { wordsOf } from '../../helpers/plans.js';

type Row = [controller: Controller, resources: LinuxResources, v1: readonly string[], v2: readonly string[]];

const writes = test.macro<Row>({
  exec: (t, ...[controller, resources, v1, v2]) => {
    const lines = (writers: typeof V1_WRITES): readonly string[] =>
      writers[controller](resources).map(
        ({ file, value, optional }) => `${file} ${value}${optional === true ? ' ?' : ''}`,
      );
    t.deepEqual(lines(V1_WRITES), v1);
    t.deepEqual(lines(V2_WRITES), v2);
  },
  title: (_, controller, resources) => `${controller}: ${JSON.stringify(resources)}`,
});

test(writes, 'pids', { pids: { limit: 10 } }, ['pids.max 10'], ['pids.max 10']);
test(writes, 'pids', { pids: { limit: -1 } }, ['pids.max max'], ['pids.max max']);
test(
  writes,
  'memory',
  { memory: { limit: 100, swap: 300, reservation: 50 } },
  ['memory.limit_in_bytes 100', 'memory.memsw.limit_in_bytes 300', 'memory.soft_limit_in_bytes 50'],
  ['memory.max 100', 'memory.swap.max 200', 'memory.low 50'],
);
test(
  writes,
  'memory',
  { memory: { limit: 100, swap: -1 } },
  ['memory.limit_in_bytes 100', 'memory.memsw.limit_in_bytes -1'],
  ['memory.max 100', 'memory.swap.max max'],
);
test(writes, 'memory', { memory: { limit: -1 } }, ['memory.limit_in_bytes -1'], ['memory.max max']);
test(
  writes,
  'cpu',
  { cpu: { shares: 1024, period: 50000, quota: 25000, burst: 1000, idle: 1 } },
  ['cpu.shares 1024', 'cpu.cfs_period_us 50000', 'cpu.cfs_quota_us 25000', 'cpu.cfs_burst_us 1000', 'cpu.idle 1'],
  ['cpu.idle 1', 'cpu.weight 39', 'cpu.max 25000 50000', 'cpu.max.burst 1000'],
);
test(writes, 'cpu', { cpu: { quota: -1 } }, ['cpu.cfs_quota_us -1'], ['cpu.max max']);
test(writes, 'cpu', { cpu: { period: 7000 } }, ['cpu.cfs_period_us 7000'], ['cpu.max max 7000']);
test(
  writes,
  'cpuset',
  { cpu: { cpus: '0-1', mems: '0' } },
  ['cpuset.cpus 0-1', 'cpuset.mems 0'],
  ['cpuset.cpus 0-1', 'cpuset.mems 0'],
);
test(
  writes,
  'io',
  { blockIO: { weight: 500, weightDevice: [{ major: 8, minor: 0, weight: 10 }] } },
  ['blkio.bfq.weight 500', 'blkio.weight 500 ?', 'blkio.bfq.weight_device 8:0 10'],
  ['io.weight 4950', 'io.bfq.weight 500 ?', 'io.weight 8:0 1'],
);
test(
  writes,
  'io',
  {
    blockIO: {
      throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1 }],
      throttleWriteBpsDevice: [{ major: 8, minor: 0, rate: 2 }],
      throttleReadIOPSDevice: [{ major: 8, minor: 0, rate: 3 }],
      throttleWriteIOPSDevice: [{ major: 8, minor: 16, rate: 0 }],
    },
  },
  [
    'blkio.throttle.read_bps_device 8:0 1',
    'blkio.throttle.write_bps_device 8:0 2',
    'blkio.throttle.read_iops_device 8:0 3',
    'blkio.throttle.write_iops_device 8:16 0',
  ],
  ['io.max 8:0 rbps=1', 'io.max 8:0 wbps=2', 'io.max 8:0 riops=3', 'io.max 8:16 wiops=max'],
);
test(
  writes,
  'hugetlb',
  { hugepageLimits: [{ pageSize: '2MB', limit: 9 }] },
  ['hugetlb.2MB.limit_in_bytes 9'],
  ['hugetlb.2MB.max 9', 'hugetlb.2MB.rsvd.max 9 ?'],
);

test('weights keep their ends', (t) => {
  t.deepEqual([0, 2, 262144, 300000].map(cpuWeight), [1, 1, 10000, 10000]);
  t.deepEqual([10, 1000].map(ioWeight), [1, 10000]);
});

test('placement: what every container is in, and what limits need', (t) => {
  const paths = (layout: typeof V1, resources: LinuxResources) =>
    placeCgroup(layout, { path: '/tspod/x', resources })?.directories.map(({ path }) =>
      path.replace('/sys/fs/cgroup', ''),
    );
  t.deepEqual(paths(V2, {}), ['/tspod/x']);
  t.deepEqual(paths(V1, {}), [
    '/cpu,cpuacct/tspod/x',
    '/memory/tspod/x',
    '/devices/tspod/x',
    '/freezer/tspod/x',
    '/pids/tspod/x',
  ]);
  t.deepEqual(paths(V1, { cpu: { cpus: '0' } })?.[1], '/cpuset/tspod/x');
  t.true(paths(V1, { memory: { limit: 1 } })?.includes('/cpuset/tspod/x'));
  t.false(paths(V1, { pids: { limit: 1 } })?.includes('/cpuset/tspod/x'));
  t.deepEqual(paths(HYBRID, { hugepageLimits: [{ pageSize: '2MB', limit: 1 }] })?.at(-1), '/unified/tspod/x');
  t.is(placeCgroup(NO_CGROUPS, { path: '/x', resources: {} }), undefined);
});

test('placement: a read-only hierarchy is none, and a limit that needs it an error', (t) => {
  const layout = { ...V2, hierarchies: V2.hierarchies.map((hierarchy) => ({ ...hierarchy, readOnly: true })) };
  t.is(placeCgroup(layout, { path: '/x', resources: { pids: { limit: 1 } }, optional: ['pids'] }), undefined);
  t.throws(() => placeCgroup(layout, { path: '/x', resources: { pids: { limit: 1 } } }), {
    code: 'UNSUPPORTED_HOST',
    message: /cannot limit pids: this machine has \/sys\/fs\/cgroup mounted read-only/,
  });
});

const V2_PLACE = placeCgroup(V2, { path: '/tspod/x', resources: {} });
const V1_PLACE = placeCgroup(V1, { path: '/tspod/x', resources: {} });

test('freezing writes the file of its version, and knows what it then says', (t) => {
  t.deepEqual(wordsOf(freezePlan(V2_PLACE, { frozen: true })), [
    'open /sys/fs/cgroup/tspod/x',
    'write "1" to /sys/fs/cgroup/tspod/x/cgroup.freeze',
  ]);
  t.deepEqual(wordsOf(freezePlan(V1_PLACE, { frozen: false })), [
    'open /sys/fs/cgroup/freezer/tspod/x',
    'write "THAWED" to /sys/fs/cgroup/freezer/tspod/x/freezer.state',
  ]);
  t.deepEqual(frozenFile(V1_PLACE), { path: '/sys/fs/cgroup/freezer/tspod/x/freezer.state', line: 'FROZEN' });
  t.deepEqual(frozenFile(V2_PLACE), { path: '/sys/fs/cgroup/tspod/x/cgroup.events', line: 'frozen 1' });
  t.is(frozenFile(undefined), undefined);
  t.throws(() => freezePlan(undefined, { frozen: true }), { code: 'NO_CGROUPS' });
});

test('update: on version 2 controllers are enabled when they are needed', (t) => {
  const { plan } = updatePlan({
    resources: { cpu: { cpus: '0' } },
    placement: V2_PLACE,
    layout: V2,
    path: '/tspod/x',
    pids: [],
  });
  t.deepEqual(wordsOf(plan), [
    'open /sys/fs/cgroup',
    'write "+cpuset" to /sys/fs/cgroup/cgroup.subtree_control',
    '? write "+memory" to /sys/fs/cgroup/cgroup.subtree_control',
    '? write "+pids" to /sys/fs/cgroup/cgroup.subtree_control',
    '? write "+cpu" to /sys/fs/cgroup/cgroup.subtree_control',
    'make cgroup /sys/fs/cgroup/tspod',
    'write "+cpuset" to /sys/fs/cgroup/tspod/cgroup.subtree_control',
    '? write "+memory" to /sys/fs/cgroup/tspod/cgroup.subtree_control',
    '? write "+pids" to /sys/fs/cgroup/tspod/cgroup.subtree_control',
    '? write "+cpu" to /sys/fs/cgroup/tspod/cgroup.subtree_control',
    'open /sys/fs/cgroup/tspod/x',
    'write "0" to /sys/fs/cgroup/tspod/x/cpuset.cpus',
  ]);
});

test('update: on version 1 a new hierarchy gets the processes that there are, after all limits', (t) => {
  const resources = { cpu: { cpus: '0' }, memory: { limit: 100, swap: 200 } };
  const update = updatePlan({ resources, placement: V1_PLACE, layout: V1, path: '/tspod/x', pids: [11, 12] });
  const words = wordsOf(update.plan);
  t.deepEqual(words.slice(-5), [
    'make cgroup /sys/fs/cgroup/cpuset/tspod/x',
    'inherit the cpuset of /sys/fs/cgroup/cpuset/tspod/x',
    'write "0" to /sys/fs/cgroup/cpuset/tspod/x/cpuset.cpus',
    '? write "11" to /sys/fs/cgroup/cpuset/tspod/x/cgroup.procs',
    '? write "12" to /sys/fs/cgroup/cpuset/tspod/x/cgroup.procs',
  ]);
  t.deepEqual(
    words.filter((line) => line.includes('/memory/')),
    [
      'open /sys/fs/cgroup/memory/tspod/x',
      '? write "-1" to /sys/fs/cgroup/memory/tspod/x/memory.memsw.limit_in_bytes',
      'write "100" to /sys/fs/cgroup/memory/tspod/x/memory.limit_in_bytes',
      'write "200" to /sys/fs/cgroup/memory/tspod/x/memory.memsw.limit_in_bytes',
    ],
  );
  t.deepEqual(
    update.added.map(({ path }) => path),
    ['/sys/fs/cgroup/cpuset/tspod/x'],
  );
  t.throws(() => updatePlan({ resources, placement: undefined, layout: V1, path: '/x', pids: [] }), {
    code: 'NO_CGROUPS',
  });
});

test('update: it is taken back by what the files held', (t) => {
  const resources = { memory: { limit: 100, swap: 200 }, pids: { limit: 5 } };
  const update = updatePlan({ resources, placement: V1_PLACE, layout: V1, path: '/tspod/x', pids: [] });
  const held: Readonly<Record<string, string>> = {
    'memory.limit_in_bytes': '4096\n',
    'memory.memsw.limit_in_bytes': '8192\n',
    'pids.max': 'max\n',
  };
  const plan = restorePlan(update, (path) => held[path.slice(path.lastIndexOf('/') + 1)]);
  t.deepEqual(
    wordsOf(plan).filter((line) => line.includes('write')),
    [
      '? write "-1" to /sys/fs/cgroup/memory/tspod/x/memory.memsw.limit_in_bytes',
      '? write "4096" to /sys/fs/cgroup/memory/tspod/x/memory.limit_in_bytes',
      '? write "8192" to /sys/fs/cgroup/memory/tspod/x/memory.memsw.limit_in_bytes',
      '? write "max" to /sys/fs/cgroup/pids/tspod/x/pids.max',
    ],
  );
});

test('update: lines of devices are taken back one by one', (t) => {
  const io = 'rbps=max wbps=max riops=max wiops=max';
  t.is(
    previousValue('8:0 rbps=5 wbps=max\n8:16 rbps=1\n', { name: 'io.max', value: '8:0 rbps=9' }),
    '8:0 rbps=5 wbps=max',
  );
  t.is(previousValue('', { name: 'io.max', value: '8:0 rbps=9' }), `8:0 ${io}`);
  t.is(previousValue('8:16 7\n', { name: 'blkio.throttle.read_bps_device', value: '8:0 9' }), '8:0 0');
  t.is(previousValue('default 100\n8:0 50\n', { name: 'io.weight', value: '200' }), 'default 100');
  t.is(previousValue('default 100\n', { name: 'io.weight', value: '8:0 50' }), '8:0 default');
});
