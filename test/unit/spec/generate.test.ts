/** Options and their effect on the OCI spec. */
import test from 'ava';

import type { OciSpec } from '../../../src/oci/spec.js';
import type { CreateOptions } from '../../../src/spec/create-options.js';
import { HIDDEN_IN_PROC } from '../../helpers/masks.js';
import { ID, specOf, type Variation } from '../../helpers/plans.js';

type Part = (spec: OciSpec) => unknown;

/** One option, the part of the spec that it changes, and what that is then. */
type Row = [options: CreateOptions, part: Part, expected: unknown, variation?: Variation];

const effect = test.macro<Row>({
  exec: (t, ...[options, part, expected, variation = {}]) => {
    t.deepEqual(part(specOf(options, variation)), expected);
    const unchanged = part(specOf({}, variation));
    if (Object.keys(options).length > 0) t.notDeepEqual(unchanged, expected, 'the option has an effect');
  },
  title: (given, ...[options, , expected]) =>
    given ?? `${JSON.stringify(options).slice(0, 110)} gives ${String(JSON.stringify(expected)).slice(0, 90)}`,
});

const mountAt =
  (destination: string): Part =>
  (spec) =>
    spec.mounts?.find((mount) => mount.destination === destination);
const optionsOf =
  (destination: string): Part =>
  (spec) =>
    spec.mounts?.find((mount) => mount.destination === destination)?.options;
const namespace =
  (type: string): Part =>
  (spec) =>
    spec.linux?.namespaces?.find((one) => one.type === type);
const bounding: Part = (spec) => spec.process?.capabilities?.bounding?.length;

test(effect, { command: ['sh', '-c', 'x'] }, (s) => s.process?.args, ['sh', '-c', 'x']);
test(effect, { entrypoint: ['/entry'], command: ['x'] }, (s) => s.process?.args, ['/entry', 'x']);
test(effect, { workdir: '/a/../b' }, (s) => s.process?.cwd, '/b');
test(effect, { user: '1000:100' }, (s) => s.process?.user, { uid: 1000, gid: 100, umask: 0o022 });
test(effect, { umask: '0027' }, (s) => s.process?.user.umask, 0o027);
test(effect, { tty: true }, (s) => s.process?.terminal, true);
test(effect, { oomScoreAdj: 500 }, (s) => s.process?.oomScoreAdj, 500);
test(effect, { personality: 'linux32' }, (s) => s.linux?.personality, { domain: 'LINUX32' });
test(effect, { scheduler: { policy: 'fifo', priority: 5 } }, (s) => s.process?.scheduler, {
  policy: 'SCHED_FIFO',
  nice: 0,
  priority: 5,
});
test(effect, { ioPriority: { class: 'idle', level: 0 } }, (s) => s.process?.ioPriority, {
  class: 'IOPRIO_CLASS_IDLE',
  priority: 0,
});
test(effect, { annotations: { a: 'b' } }, (s) => s.annotations, { a: 'b' });
test(effect, { readOnly: true }, (s) => s.root.readonly, true);

test(effect, { env: { A: '1', PATH: '/bin' } }, (s) => s.process?.env, [
  'PATH=/bin',
  'container=tspod',
  'A=1',
  'HOSTNAME=abcdef012345',
]);
test(effect, { unsetEnv: ['container', 'HOSTNAME'] }, (s) => s.process?.env, [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
]);
test(effect, { unsetEnvAll: true, env: { A: '1' } }, (s) => s.process?.env, ['A=1', `HOSTNAME=${ID.slice(0, 12)}`]);
test(effect, { mounts: [{ type: 'bind', source: '/h', target: '/b', options: ['copy'] }] }, optionsOf('/b'), [
  'rbind',
  'rprivate',
]);
test(effect, { httpProxy: true }, (s) => s.process?.env?.includes('http_proxy=http://proxy:3128'), true);
test(effect, { tty: true }, (s) => s.process?.env?.[2], 'TERM=xterm');
test(effect, { hostname: 'box' }, (s) => [s.hostname, s.process?.env?.at(-1)], ['box', 'HOSTNAME=box']);
test(effect, { domainname: 'example.org' }, (s) => s.domainname, 'example.org');
test(effect, { uts: 'host' }, (s) => [s.hostname, s.process?.env?.at(-1)], [undefined, 'HOSTNAME=machine']);

test(effect, { capDrop: ['all'] }, (s) => s.process?.capabilities, {
  bounding: [],
  effective: [],
  permitted: [],
  inheritable: [],
  ambient: [],
});
test(effect, { capDrop: ['ALL'], capAdd: ['net_raw'] }, (s) => s.process?.capabilities?.effective, ['CAP_NET_RAW']);
test(effect, { capAdd: ['ALL'] }, bounding, 41);
test(effect, { capAdd: ['ALL'], capDrop: ['sys_admin'] }, bounding, 40);
test(effect, { privileged: true }, bounding, 41);
test(effect, { capDrop: ['kill'] }, bounding, 10);
test(effect, { user: '1000', capAdd: ['net_raw'] }, (s) => s.process?.capabilities?.ambient, ['CAP_NET_RAW']);
test(effect, { user: '1000' }, (s) => s.process?.capabilities?.effective, []);
test(effect, { user: '1000', privileged: true }, (s) => s.process?.capabilities?.permitted, []);
test(effect, { security: { noNewPrivileges: true } }, (s) => s.process?.noNewPrivileges, true);
test(effect, { security: { seccompProfile: 'unconfined' } }, (s) => s.linux?.seccomp, undefined);
test(effect, { privileged: true }, (s) => s.linux?.seccomp, undefined);
test(effect, { security: { apparmorProfile: 'mine' } }, (s) => s.process?.apparmorProfile, 'mine', {
  facts: { apparmor: true },
});
test(
  effect,
  { security: { labels: ['type:my_t', 'level:s0:c1'] } },
  (s) => [s.process?.selinuxLabel, s.linux?.mountLabel],
  ['system_u:system_r:my_t:s0:c1', 'system_u:object_r:container_file_t:s0:c1'],
  { facts: { selinux: true } },
);
test(effect, { security: { labels: ['disable'] } }, (s) => s.process?.selinuxLabel, undefined, {
  facts: { selinux: true },
});

test(effect, { ulimits: [{ name: 'nofile', soft: 10, hard: 20 }] }, (s) => s.process?.rlimits, [
  { type: 'RLIMIT_NOFILE', soft: 10, hard: 20 },
  { type: 'RLIMIT_NPROC', soft: 4194304, hard: 4194304 },
]);
test(
  effect,
  {
    ulimits: [
      { name: 'nproc', soft: 1, hard: 1 },
      { name: 'RLIMIT_NPROC', soft: 2, hard: 3 },
    ],
  },
  (s) => s.process?.rlimits?.filter(({ type }) => type === 'RLIMIT_NPROC'),
  [{ type: 'RLIMIT_NPROC', soft: 2, hard: 3 }],
);
test(effect, { ulimits: [{ name: 'RLIMIT_CORE', soft: 0, hard: -1 }] }, (s) => s.process?.rlimits?.[0], {
  type: 'RLIMIT_CORE',
  soft: 0,
  hard: 'unlimited',
});
test(
  'default limits adapt to what this process may give',
  effect,
  {},
  (s) => s.process?.rlimits,
  [
    { type: 'RLIMIT_NOFILE', soft: 524288, hard: 524288 },
    { type: 'RLIMIT_NPROC', soft: 100000, hard: 100000 },
  ],
  { facts: { canRaiseLimits: false } },
);

test(effect, { network: 'host' }, namespace('network'), undefined);
test(effect, { network: 'path:/run/netns/x' }, namespace('network'), { type: 'network', path: '/run/netns/x' });
test(
  effect,
  { network: 'container:c' },
  namespace('network'),
  { type: 'network', path: '/proc/5/ns/net' },
  {
    details: { namespacePaths: { network: '/proc/5/ns/net' } },
  },
);
test(effect, { pid: 'host' }, namespace('pid'), undefined);
test(effect, { ipc: 'host' }, namespace('ipc'), undefined);
test(effect, { uts: 'host' }, namespace('uts'), undefined);
test(effect, { cgroupns: 'host' }, namespace('cgroup'), undefined);
test(effect, { timens: 'private' }, namespace('time'), { type: 'time' });
test(effect, { timeOffsets: { boottimeSec: -5 } }, (s) => s.linux?.timeOffsets, {
  monotonic: { secs: 0 },
  boottime: { secs: -5 },
});
test(
  effect,
  { uidMaps: [{ containerId: 0, hostId: 100000, size: 65536 }] },
  (s) => [s.linux?.uidMappings, s.linux?.gidMappings, s.linux?.namespaces?.[0]],
  [
    [{ containerID: 0, hostID: 100000, size: 65536 }],
    [{ containerID: 0, hostID: 100000, size: 65536 }],
    { type: 'user' },
  ],
);
test(effect, { sysctls: { 'net.core.somaxconn': '10' } }, (s) => s.linux?.sysctl, {
  'net.ipv4.ping_group_range': '0 0',
  'net.core.somaxconn': '10',
});
test(
  effect,
  { sysctls: { 'net/ipv4/conf/eth0.1/forwarding': '1' } },
  (s) => s.linux?.sysctl?.['net/ipv4/conf/eth0.1/forwarding'],
  '1',
);
test(effect, { network: 'host' }, (s) => s.linux?.sysctl, {});

test(effect, { security: { procOptions: ['hidepid=2'] } }, optionsOf('/proc'), [
  'nosuid',
  'noexec',
  'nodev',
  'hidepid=2',
]);
test(effect, { privileged: true }, optionsOf('/sys'), ['nosuid', 'noexec', 'nodev', 'rw']);
test(effect, { privileged: true }, optionsOf('/sys/fs/cgroup'), [
  'rprivate',
  'nosuid',
  'noexec',
  'nodev',
  'relatime',
  'rw',
]);
test(effect, { shmSizeBytes: 1024 }, optionsOf('/dev/shm'), ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=1024']);
test(effect, { ipc: 'none' }, mountAt('/dev/shm'), undefined);
test(effect, { ipc: 'host' }, mountAt('/dev/shm'), {
  destination: '/dev/shm',
  type: 'bind',
  source: '/dev/shm',
  options: ['bind', 'rprivate', 'nosuid', 'noexec', 'nodev'],
});
test(effect, { readOnly: true }, (s) => s.mounts?.filter((m) => m.type === 'tmpfs').map((m) => m.destination), [
  '/dev',
  '/dev/shm',
  '/run',
  '/tmp',
  '/var/tmp',
]);
test(effect, { readOnly: true, readOnlyTmpfs: false }, optionsOf('/dev'), [
  'nosuid',
  'noexec',
  'strictatime',
  'mode=755',
  'size=65536k',
  'ro',
]);
test(effect, { timezone: 'Europe/Paris' }, mountAt('/etc/localtime'), {
  destination: '/etc/localtime',
  type: 'bind',
  source: '/usr/share/zoneinfo/Europe/Paris',
  options: ['bind', 'rprivate', 'ro', 'nosuid', 'noexec', 'nodev'],
});
test(effect, { mounts: [{ type: 'bind', source: '/a', target: '/b', options: ['ro'] }] }, mountAt('/b'), {
  destination: '/b',
  type: 'bind',
  source: '/a',
  options: ['rbind', 'rprivate', 'ro'],
});
test(effect, { mounts: [{ type: 'tmpfs', target: '/t', options: ['size=1m', 'notmpcopyup'] }] }, optionsOf('/t'), [
  'nosuid',
  'nodev',
  'rprivate',
  'size=1m',
  'notmpcopyup',
]);
test(effect, { mounts: [{ type: 'bind', source: '/p', target: '/proc/uptime' }] }, optionsOf('/proc/uptime'), [
  'rbind',
  'rprivate',
]);
test(
  effect,
  { mounts: [{ type: 'bind', source: '/a', target: '/b', options: ['rshared'] }] },
  (s) => s.linux?.rootfsPropagation,
  'shared',
);
test(
  effect,
  { mounts: [{ type: 'bind', source: '/a', target: '/b', options: ['slave'] }] },
  (s) => s.linux?.rootfsPropagation,
  'rslave',
);
test(effect, { rootPropagation: 'rshared' }, (s) => s.linux?.rootfsPropagation, 'rshared');

test(effect, { security: { mask: ['/a:/b'] } }, (s) => s.linux?.maskedPaths?.slice(-2), ['/a', '/b']);
test(
  effect,
  { security: { unmask: ['/proc/acpi', '/proc/k*', '/proc/sys'] } },
  (s) => [s.linux?.maskedPaths?.filter((p) => /acpi|k/.test(p)), s.linux?.readonlyPaths],
  [['/sys/dev/block'], ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sysrq-trigger']],
);
test(effect, { security: { unmask: ['all'] } }, (s) => [s.linux?.maskedPaths, s.linux?.readonlyPaths], [[], []]);
test(effect, { privileged: true }, (s) => [s.linux?.maskedPaths, s.linux?.readonlyPaths], [[], []]);

test(effect, { cgroupParent: '/mine' }, (s) => s.linux?.cgroupsPath, `/mine/${ID}`);
test(effect, { cgroupParent: '/' }, (s) => s.linux?.cgroupsPath, `/${ID}`);
test(effect, { cgroups: 'disabled' }, (s) => s.linux?.cgroupsPath, undefined);
test(effect, { privileged: true }, (s) => s.linux?.resources?.devices, [{ allow: true, access: 'rwm' }]);
test(effect, { deviceCgroupRules: ['b 8:* r'] }, (s) => s.linux?.resources?.devices?.at(-1), {
  allow: true,
  type: 'b',
  major: 8,
  access: 'r',
});

const resources: Part = (spec) => {
  const { devices: _devices, ...rest } = spec.linux?.resources ?? {};
  return rest;
};
const PIDS = { pids: { limit: 2048 } };
test(effect, { resources: { pidsLimit: 0 } }, resources, { pids: { limit: -1 } });
test(effect, { resources: { memoryBytes: 1 << 20 } }, resources, {
  ...PIDS,
  memory: { limit: 1 << 20, swap: 1 << 21 },
});
test(
  effect,
  {
    resources: {
      memoryBytes: 1 << 20,
      memorySwapBytes: -1,
      memoryReservationBytes: 8192,
      memorySwappiness: 0,
      oomKillDisable: true,
    },
  },
  resources,
  {
    ...PIDS,
    memory: { limit: 1 << 20, reservation: 8192, swap: -1, swappiness: 0, disableOOMKiller: true },
  },
);
test(effect, { resources: { cpus: 1.5, cpuShares: 512, cpusetCpus: '0-1', cpusetMems: '0' } }, resources, {
  ...PIDS,
  cpu: { shares: 512, period: 100000, quota: 150000, cpus: '0-1', mems: '0' },
});
test(
  effect,
  { resources: { cpuPeriodUs: 50000, cpuQuotaUs: 25000, cpuRtPeriodUs: 1000, cpuRtRuntimeUs: 10 } },
  resources,
  {
    ...PIDS,
    cpu: { period: 50000, quota: 25000, realtimePeriod: 1000, realtimeRuntime: 10 },
  },
);
test(effect, { resources: { hugetlb: { '2MB': 1 << 21 }, unified: { 'memory.high': '1M' } } }, resources, {
  ...PIDS,
  hugepageLimits: [{ pageSize: '2MB', limit: 1 << 21 }],
  unified: { 'memory.high': '1M' },
});
test(
  effect,
  {
    resources: {
      blkioWeight: 100,
      blkioWeightDevice: [{ device: '/dev/sda', weight: 50 }],
      deviceReadBps: [{ device: '/dev/sda', rate: 1 }],
      deviceWriteBps: [{ device: '/dev/sda', rate: 2 }],
      deviceReadIops: [{ device: '/dev/sda', rate: 3 }],
      deviceWriteIops: [{ device: '/dev/sda', rate: 4 }],
    },
  },
  (spec) => spec.linux?.resources?.blockIO,
  {
    weight: 100,
    weightDevice: [{ major: 8, minor: 0, weight: 50 }],
    throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1 }],
    throttleWriteBpsDevice: [{ major: 8, minor: 0, rate: 2 }],
    throttleReadIOPSDevice: [{ major: 8, minor: 0, rate: 3 }],
    throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 4 }],
  },
  { details: { hostPaths: { devices: [], privilegedDevices: [], numbersOf: () => ({ major: 8, minor: 0 }) } } },
);

test('hooks are kept by kind and in order', (t) => {
  const spec = specOf({
    hooks: [
      { kind: 'poststop', path: '/a' },
      { kind: 'prestart', path: '/b', args: ['b', '1'], env: ['A=1'], timeoutSec: 5 },
      { kind: 'poststop', path: '/c' },
    ],
  });
  t.deepEqual(spec.hooks, {
    poststop: [{ path: '/a' }, { path: '/c' }],
    prestart: [{ path: '/b', args: ['b', '1'], env: ['A=1'], timeout: 5 }],
  });
});

test('the default mounts, in order', (t) => {
  const files = { hosts: '/r/hosts', hostname: '/r/hostname', resolvConf: '/r/resolv.conf', containerenv: '/r/env' };
  const spec = specOf({}, { details: { files } });
  t.deepEqual(
    spec.mounts?.map(({ destination, type }) => `${destination} ${type}`),
    [
      '/proc proc',
      '/dev tmpfs',
      '/sys sysfs',
      '/sys/fs/cgroup cgroup',
      '/dev/pts devpts',
      '/dev/mqueue mqueue',
      '/dev/shm tmpfs',
      '/etc/hosts bind',
      '/etc/hostname bind',
      '/etc/resolv.conf bind',
      '/run/.containerenv bind',
    ],
  );
});

test("the user's mounts take the place of default ones, and of files below them", (t) => {
  const files = { hosts: '/r/hosts', hostname: '/r/hostname' };
  const spec = specOf(
    {
      mounts: [
        { type: 'bind', source: '/mine', target: '/etc' },
        { type: 'tmpfs', target: '/a/b/c' },
        { type: 'bind', source: '/dev', target: '/dev' },
        { type: 'tmpfs', target: '/a' },
      ],
    },
    { details: { files } },
  );
  t.deepEqual(
    spec.mounts?.map(({ destination, type }) => `${destination} ${type}`),
    ['/proc proc', '/sys sysfs', '/etc bind', '/dev bind', '/a tmpfs', '/sys/fs/cgroup cgroup', '/a/b/c tmpfs'],
  );
});

test("with a user namespace and someone else's network the host's /sys is bound", (t) => {
  const uidMaps = [{ containerId: 0, hostId: 1000, size: 3 }];
  t.is(specOf({ uidMaps }).mounts?.find((m) => m.destination === '/sys')?.type, 'sysfs');
  const spec = specOf({ uidMaps, network: 'host' });
  t.deepEqual(spec.mounts?.find((m) => m.destination === '/sys')?.options, [
    'rbind',
    'rprivate',
    'nosuid',
    'noexec',
    'nodev',
    'rro',
  ]);
  t.false(spec.mounts?.find((m) => m.destination === '/dev/pts')?.options?.includes('gid=5'));
});

test('throttle counters of all CPUs are masked where there are any', (t) => {
  const masked = specOf({}, { facts: { thermalThrottle: true, cpus: 2 } }).linux?.maskedPaths ?? [];
  t.deepEqual(
    masked.filter((path) => path.includes('thermal')),
    ['/sys/devices/system/cpu/cpu0/thermal_throttle', '/sys/devices/system/cpu/cpu1/thermal_throttle'],
  );
});

test('what advisories ask for is masked or read-only by default', (t) => {
  const { maskedPaths = [], readonlyPaths = [] } = specOf({}).linux ?? {};
  for (const path of [...HIDDEN_IN_PROC, '/sys/firmware', '/sys/devices/virtual/powercap'])
    t.true(maskedPaths.includes(path), path);
  for (const name of ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'])
    t.true(readonlyPaths.includes(`/proc/${name}`), name);
});

test('two containers have labels that set them apart', (t) => {
  const label = (id: string) => specOf({}, { facts: { selinux: true }, details: { id } }).process?.selinuxLabel;
  t.regex(label(ID) ?? '', /^system_u:system_r:container_t:s0:c\d+,c\d+$/);
  t.not(label(ID), label('0123456789abcdef'.repeat(4)));
});

test('the file systems of the host that host: shows come before all else', (t) => {
  const hostCovers = [
    { kind: 'host', path: '/usr' },
    { kind: 'directory', path: '/usr/a', mode: 0o700 },
    { kind: 'file', path: '/usr/b' },
  ] as const;
  const spec = specOf({}, { details: { hostCovers } });
  const empty = { type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'noexec', 'mode=700'] };
  const none = { type: 'bind', source: '/dev/null', options: ['bind', 'rprivate', 'ro', 'nosuid', 'noexec'] };
  t.deepEqual(spec.mounts?.slice(0, 3), [
    { destination: '/usr', type: 'bind', source: '/usr', options: ['bind', 'rprivate', 'ro', 'nodev'] },
    { destination: '/usr/a', ...empty },
    { destination: '/usr/b', ...none },
  ]);
  const readOnly = specOf({ readOnly: true }, { details: { hostCovers } });
  t.deepEqual(readOnly.mounts?.[1]?.options, [...empty.options, 'ro']);
});
