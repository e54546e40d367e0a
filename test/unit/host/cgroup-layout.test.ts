import test from 'ava';

import { cgroupLayout, hierarchyWith } from '../../../src/host/cgroup-layout.js';
import { parseMountInfo } from '../../../src/host/mountinfo.js';
import { HYBRID, V1, V2 } from '../../helpers/facts.js';

test('v2: one hierarchy with the controllers of its root', (t) => {
  t.is(V2.mode, 'v2');
  t.is(V2.hierarchies.length, 1);
  t.deepEqual(V2.hierarchies[0]?.controllers, ['cpuset', 'cpu', 'io', 'memory', 'hugetlb', 'pids']);
  t.is(V2.hierarchies[0]?.ownPath, '/user.slice');
});

test('v1: a hierarchy for each mount, with the own group of any of its controllers', (t) => {
  t.is(V1.mode, 'v1');
  t.is(hierarchyWith(V1, 'cpuacct')?.mountPoint, '/sys/fs/cgroup/cpu,cpuacct');
  t.is(hierarchyWith(V1, 'cpuacct')?.ownPath, '/c');
  t.is(hierarchyWith(V1, 'memory')?.ownPath, '/a/b');
  t.is(hierarchyWith(V1, 'pids')?.ownPath, '/');
});

test('v1: options of the mount are no controllers', (t) => {
  t.deepEqual(hierarchyWith(V1, 'name=systemd')?.controllers, ['name=systemd']);
});

test('hybrid: version 1 has what it has, version 2 the rest', (t) => {
  t.is(HYBRID.mode, 'hybrid');
  t.is(hierarchyWith(HYBRID, 'hugetlb')?.version, 2);
  t.is(hierarchyWith(HYBRID, 'memory')?.version, 1);
});

test('none: no hierarchy is mounted', (t) => {
  t.deepEqual(
    cgroupLayout([], '0::/\n', () => ''),
    { mode: 'none', hierarchies: [] },
  );
});

test('a named hierarchy beside version 2 does not make a host hybrid', (t) => {
  const text = `30 1 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
31 1 0:2 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
`;
  t.is(cgroupLayout(parseMountInfo(text), '', () => 'memory\n').mode, 'v2');
});

test('inside a container the own group is counted from what is mounted', (t) => {
  const text = '30 1 0:1 /docker/abc /sys/fs/cgroup/memory ro,nosuid - cgroup cgroup rw,memory\n';
  const [hierarchy] = cgroupLayout(parseMountInfo(text), '4:memory:/docker/abc/x\n', () => '').hierarchies;
  t.is(hierarchy?.ownPath, '/x');
  t.true(hierarchy?.readOnly);
});

test('a hierarchy that is mounted twice is taken where others look for it', (t) => {
  const text = `30 1 0:1 / /mnt/cg rw - cgroup2 cgroup2 rw
31 1 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
32 1 0:1 / /srv/cg rw - cgroup2 cgroup2 rw
`;
  const { hierarchies } = cgroupLayout(parseMountInfo(text), '', () => 'pids\n');
  t.deepEqual(
    hierarchies.map(({ mountPoint }) => mountPoint),
    ['/sys/fs/cgroup'],
  );
});

test('mountinfo: octal escapes, optional fields and broken lines', (t) => {
  const mounts = parseMountInfo(
    '36 35 98:0 /a\\040b /mnt/x\\134y rw,noatime shared:1 master:2 - ext4 /dev/\\011z rw\nbroken\n\n',
  );
  t.is(mounts.length, 1);
  t.like(mounts[0], {
    root: '/a b',
    target: '/mnt/x\\y',
    type: 'ext4',
    source: '/dev/\tz',
    tags: ['shared:1', 'master:2'],
  });
});
