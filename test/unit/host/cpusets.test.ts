/** CPUs and memory nodes of the top cgroup. */
import test from 'ava';

import { readCpuSets } from '../../../src/host/cpusets.js';
import { isCpuListWithin } from '../../../src/util/cpu-list.js';
import { HYBRID, NO_CGROUPS, V2 } from '../../helpers/facts.js';

test('they are read from the hierarchy that has cpuset', (t) => {
  const read = (path: string): string => `${path}\n`;
  t.deepEqual(readCpuSets(V2, read), {
    cpus: '/sys/fs/cgroup/cpuset.cpus.effective',
    mems: '/sys/fs/cgroup/cpuset.mems.effective',
  });
  t.deepEqual(readCpuSets(HYBRID, read), {
    cpus: '/sys/fs/cgroup/cpuset/cpuset.cpus',
    mems: '/sys/fs/cgroup/cpuset/cpuset.mems',
  });
  t.deepEqual(readCpuSets(NO_CGROUPS, read), { cpus: '', mems: '' });
});

test('a list is within another if each of its numbers is', (t) => {
  t.true(isCpuListWithin('0-2,9', '0-9'));
  t.true(isCpuListWithin('1', '0-1,65535'));
  t.false(isCpuListWithin('0,2', '0-1'));
  t.false(isCpuListWithin('0-65535', '0-65534'));
});
