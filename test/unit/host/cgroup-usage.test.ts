import test from 'ava';

import { readCgroupUsage, type MeasuredCgroup } from '../../../src/host/cgroup-usage.js';

function reader(files: Readonly<Record<string, string>>): (path: string) => string {
  return (path) => files[path] ?? '';
}

const V1: readonly MeasuredCgroup[] = ['cpuacct', 'memory', 'pids', 'blkio'].map((controller) => ({
  hierarchy: { version: 1, controllers: [controller] },
  path: `/${controller}/c`,
}));

const V2: readonly MeasuredCgroup[] = [
  { hierarchy: { version: 2, controllers: ['memory', 'pids', 'io', 'cpu'] }, path: '/c' },
];

test('usage: cgroup v1', (t) => {
  const read = reader({
    '/cpuacct/c/cpuacct.usage': '5000000000\n',
    '/cpuacct/c/cpuacct.usage_user': '3000000000\n',
    '/cpuacct/c/cpuacct.usage_sys': '2000000000\n',
    '/memory/c/memory.usage_in_bytes': '1000000\n',
    '/memory/c/memory.limit_in_bytes': '67108864\n',
    '/memory/c/memory.stat': 'cache 5\ninactive_file 1\ntotal_inactive_file 300000\n',
    '/pids/c/pids.current': '7\n',
    '/blkio/c/blkio.throttle.io_service_bytes_recursive':
      '8:0 Read 4096\n8:0 Write 100\n8:0 Sync 3\n8:16 Read 4\nTotal 4200\n',
  });
  t.deepEqual(readCgroupUsage(V1, read), {
    cpuNs: 5e9,
    cpuUserNs: 3e9,
    cpuSystemNs: 2e9,
    memoryBytes: 700000,
    memoryLimitBytes: 67108864,
    pids: 7,
    block: { readBytes: 4100, writtenBytes: 100 },
  });
});

test('usage: cgroup v2', (t) => {
  const read = reader({
    '/c/cpu.stat': 'usage_usec 5000000\nuser_usec 3000000\nsystem_usec 2000000\nnr_periods 0\n',
    '/c/memory.current': '1000000\n',
    '/c/memory.max': 'max\n',
    '/c/memory.stat': 'anon 1\ninactive_file 300000\n',
    '/c/pids.current': '7\n',
    '/c/io.stat': '8:0 rbytes=4096 wbytes=100 rios=1 wios=2 dbytes=9 dios=0\n8:16 rbytes=4 wbytes=0\n',
  });
  t.deepEqual(readCgroupUsage(V2, read), {
    cpuNs: 5e9,
    cpuUserNs: 3e9,
    cpuSystemNs: 2e9,
    memoryBytes: 700000,
    memoryLimitBytes: Infinity,
    pids: 7,
    block: { readBytes: 4100, writtenBytes: 100 },
  });
});

test('usage: on a hybrid host each controller counts where it is', (t) => {
  const cgroups = [...V1.filter(({ path }) => path !== '/blkio/c'), { ...V2[0]!, path: '/unified/c' }];
  const usage = readCgroupUsage(
    cgroups,
    reader({ '/cpuacct/c/cpuacct.usage': '9', '/unified/c/cpu.stat': 'usage_usec 1' }),
  );
  t.is(usage.cpuNs, 9);
  t.is(usage.block, undefined, 'a group without the controller counts nothing');
});

test('usage: a limit that is not there is none, what is not there is 0', (t) => {
  t.deepEqual(readCgroupUsage([], reader({})), {
    cpuNs: 0,
    cpuUserNs: 0,
    cpuSystemNs: 0,
    memoryBytes: 0,
    memoryLimitBytes: Infinity,
    pids: 0,
    block: undefined,
  });
});
