/** Machines for tests: facts as readHostFacts() would give them, but the same everywhere. */
import { parseMountInfo } from '../../src/host/mountinfo.js';
import { cgroupLayout, type CgroupLayout } from '../../src/host/cgroup-layout.js';
import type { HostFacts } from '../../src/host/facts.js';
import { CAPABILITIES } from '../../src/util/capabilities.js';

const ROOT_MOUNT = '1 0 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n';

/** A machine with the unified hierarchy. */
export const V2 = cgroupLayout(
  parseMountInfo('30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - cgroup2 cgroup2 rw\n'),
  '0::/user.slice\n',
  () => 'cpuset cpu io memory hugetlb pids\n',
);

const V1_MOUNTS = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
33 31 0:30 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
34 31 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
35 31 0:32 / /sys/fs/cgroup/devices rw,relatime - cgroup cgroup rw,devices
36 31 0:33 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer
37 31 0:34 / /sys/fs/cgroup/blkio rw,relatime - cgroup cgroup rw,blkio
38 31 0:35 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
39 31 0:36 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
`;
const V1_SELF = '4:memory:/a/b\n3:cpuset:/\n2:cpu,cpuacct:/c\n1:name=systemd:/\n';

/** Controllers of version 1 only. */
export const V1 = cgroupLayout(parseMountInfo(V1_MOUNTS), V1_SELF, () => '');

/** Version 1, and a version 2 hierarchy that has only what version 1 leaves. */
export const HYBRID = cgroupLayout(
  parseMountInfo(`${V1_MOUNTS}40 31 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n`),
  `${V1_SELF}0::/\n`,
  () => 'hugetlb\n',
);

export const NO_CGROUPS: CgroupLayout = { mode: 'none', hierarchies: [] };

/** A machine on which root may do everything, with what is given instead. */
export function testFacts(different: Partial<HostFacts> = {}): HostFacts {
  const all = new Set(CAPABILITIES);
  return {
    uid: 0,
    effectiveCapabilities: all,
    boundingCapabilities: all,
    initialUserNamespace: true,
    limits: { nofile: { soft: 1024, hard: 524288 }, nproc: { soft: 100000, hard: 100000 } },
    canRaiseLimits: true,
    highestOpenFiles: 1048576,
    lowestOomScoreAdj: -1000,
    cgroup: V2,
    cpuSets: () => ({ cpus: '0-3', mems: '0' }),
    systemd: false,
    mounts: parseMountInfo(ROOT_MOUNT),
    apparmor: false,
    selinux: false,
    seccomp: true,
    namespaces: new Set(['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts']),
    thermalThrottle: false,
    bootId: '11111111-2222-3333-4444-555555555555',
    kernelRelease: '6.18.0-test',
    architecture: 'x64',
    cpus: 4,
    hostname: 'machine',
    proxyVariables: { http_proxy: 'http://proxy:3128' },
    ...different,
  };
}
