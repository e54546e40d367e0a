/** Everything that is refused, and the line that says so. */
import test from 'ava';

import type { HostFacts } from '../../../src/host/facts.js';
import type { CreateOptions } from '../../../src/spec/create-options.js';
import { normalizeCreateOptions } from '../../../src/spec/normalize.js';
import { testFacts } from '../../helpers/facts.js';
import { MINIMAL } from '../../helpers/plans.js';

/** Options as JavaScript may give them. */
type Loose = { readonly [K in keyof CreateOptions]?: unknown } & Readonly<Record<string, unknown>>;

const invalid = test.macro({
  exec: (t, options: Loose, message: RegExp, facts: Partial<HostFacts> = {}) => {
    const whole = { ...MINIMAL, ...options } as CreateOptions;
    const begun = performance.now();
    const error = t.throws(() => normalizeCreateOptions(whole, testFacts(facts)), { message });
    t.true(performance.now() - begun < 2000);
    t.is((error as { code?: string } | undefined)?.code, 'INVALID_ARGUMENT');
    t.notRegex(error?.message ?? '', /\n|\.$/);
  },
  title: (_, options) => `refused: ${JSON.stringify(options).slice(0, 100)}`,
});

const misuse = test.macro({
  exec: (t, options: Loose, message: RegExp) => {
    t.throws(() => normalizeCreateOptions({ ...MINIMAL, ...options } as CreateOptions, testFacts()), {
      instanceOf: TypeError,
      message,
    });
  },
  title: (_, options) => `misuse: ${JSON.stringify(options).slice(0, 100)}`,
});

test(misuse, { readonly: true }, /unknown option "readonly" in create options: did you mean "readOnly"\?/);
test(misuse, { memory: 5 }, /unknown option "memory"/);
test(
  misuse,
  { resources: { memoryByte: 5 } },
  /unknown option "memoryByte" in resources: did you mean "memoryBytes"\?/,
);
test(misuse, { security: { seccomp: 'x' } }, /unknown option "seccomp" in security/);
test(misuse, { mounts: [{ type: 'bind', src: '/x', target: '/y' }] }, /unknown option "src" in mounts\[0\]/);
test(misuse, { mounts: [{ type: 'bind', source: '/x' }] }, /mounts\[0\] must have "target"/);
test(misuse, { command: 'true' }, /create options.command must be an array of strings/);
test(misuse, { env: { A: 1 } }, /env must be an object with strings as values/);
test(misuse, { privileged: 'yes' }, /privileged must be a boolean/);
test(misuse, { log: [] }, /log must be an object/);
test(misuse, { restart: {} }, /restart must have "policy"/);
test(misuse, { constructor: 'x' }, /unknown option "constructor"/);

test(invalid, { rootfs: undefined }, /an image or a rootfs must be given/);
test(invalid, { image: 'host:' }, /image and rootfs cannot both be given/);
test(invalid, { rootfs: 'relative' }, /rootfs must be an absolute path, not "relative"/);
test(invalid, { rootfs: undefined, image: 'host:some' }, /image must be host: or host:all/);
test(invalid, { hide: ['/x'] }, /hide and show are for the image host: only/);
test(invalid, { rootfs: undefined, image: 'host:', hide: ['/'] }, /\/ cannot be hidden/);
test(invalid, { rootfs: undefined, image: 'host:', show: ['x'] }, /show must be an absolute path/);
test(invalid, { command: [] }, /no command or entrypoint provided/);
test(invalid, { command: ['a\0b'] }, /must not contain a NUL character/);
test(invalid, { command: ['x'.repeat(131072)] }, /longer than 131071 characters/);

test(invalid, { name: '' }, /names must match/);
test(invalid, { name: '-x' }, /"-x" does not: invalid argument/);
test(invalid, { name: 'a/b' }, /names must match/);
test(invalid, { name: '..' }, /names must match/);
test(invalid, { name: 'a\nb' }, /names must match .*"a\\nb"/);
test(invalid, { name: 'ü' }, /names must match/);
test(invalid, { name: 'x'.repeat(256) }, /longer than 255/);
test(invalid, { hostname: 'a b' }, /hostname must be 1 to 64 letters/);
test(invalid, { hostname: 'x'.repeat(100000) }, /hostname must be 1 to 64/);
test(invalid, { labels: { '': 'x' } }, /a label must have a name/);

for (const user of [
  '',
  ':',
  '0:',
  '-1',
  '0x0',
  '01',
  '2147483648',
  '4294967295',
  '4294967296',
  '10000000000000000000',
  '1:99999999999',
  'a:b:c',
  'a b',
  '1e3',
  'root\n',
]) {
  test(invalid, { user }, /user|group/);
}
test(invalid, { groups: ['99999999999'] }, /group number must be/);
test(invalid, { groups: ['keep-groups'] }, /keep-groups/);
test(invalid, { umask: '888' }, /umask must be an octal number/);
test(invalid, { umask: '1777' }, /umask must be an octal number/);
test(invalid, { cidFile: 'x' }, /cidFile must be an absolute path, not "x"/);
test(invalid, { pidFile: './x' }, /pidFile must be an absolute path, not ".\/x"/);
test(invalid, { monitorPidFile: '' }, /monitorPidFile must be an absolute path, not ""/);
test(invalid, { workdir: 'tmp' }, /workdir must be an absolute path, not "tmp"/);
test(invalid, { env: { 'A=B': 'x' } }, /invalid name of an environment variable/);
test(
  invalid,
  { env: { A: 'x'.repeat(130000), B: 'x'.repeat(130000), ...manyVariables() } },
  /the environment is \d+ bytes/,
);

test(invalid, { capAdd: ['NET_ADMN'] }, /unknown capability "NET_ADMN": did you mean "CAP_NET_ADMIN"\?/);
test(invalid, { capDrop: ['what'] }, /unknown capability "what"/);
test(invalid, { capAdd: ['chown'], capDrop: ['CAP_CHOWN'] }, /CAP_CHOWN cannot be dropped and added/);
test(invalid, { capAdd: ['all'], capDrop: ['ALL'] }, /both be added and dropped/);
test(invalid, { capAdd: ['SYS_RESOURCE'] }, /not in the bounding set/, {
  boundingCapabilities: new Set(['CAP_CHOWN'] as const),
});

test(invalid, { sysctls: { 'kernel.shm_rmid_forced': '1+kernel.core_pattern=x' } }, /invalid value/);
test(invalid, { sysctls: { 'kernel.core_pattern': 'x' } }, /does not belong to a namespace/);
test(invalid, { sysctls: { 'vm.swappiness': '1' } }, /does not belong to a namespace/);
test(invalid, { sysctls: { 'net/../kernel/core_pattern': 'x' } }, /invalid sysctl name/);
test(invalid, { sysctls: { 'net.ipv4.conf.a/../../b': 'x' } }, /invalid sysctl name/);
test(invalid, { sysctls: { 'net.ipv4.ip_forward=1+x': '1' } }, /invalid sysctl name/);
test(invalid, { sysctls: { 'net.ipv4.ip_forward': '1\nx' } }, /invalid value/);
test(invalid, { sysctls: { 'net.ipv4.ip_forward': '1' }, network: 'host' }, /uses the host's network namespace/);
test(invalid, { sysctls: { 'kernel.sem': '1 2 3 4' }, ipc: 'host' }, /uses the host's ipc namespace/);
test(invalid, { sysctls: { 'fs.mqueue.msg_max': '1' }, ipc: 'host' }, /uses the host's ipc namespace/);
test(invalid, { sysctls: { 'net.core.somaxconn': '1', 'net/core/somaxconn': '2' } }, /given twice/);

test(
  invalid,
  { mounts: [{ type: 'nfs', target: '/x' }] },
  /mount type must be bind, volume, image, tmpfs, devpts or ramfs, not "nfs"/,
);
test(invalid, { mounts: [{ type: 'image', target: '/x' }] }, /must set source and destination for image volume/);
test(
  invalid,
  { mounts: [{ type: 'image', source: 'i', target: '/x', options: ['nosuid'] }] },
  /\/x: option nosuid is not supported by image mounts/,
);
test(invalid, { mounts: [{ type: 'tmpfs', target: 'x' }] }, /mount target must be an absolute path, not "x"/);
test(invalid, { mounts: [{ type: 'tmpfs', target: '/a/..' }] }, /mount target must not be \//);
test(invalid, { mounts: [{ type: 'bind', source: 'x', target: '/x' }] }, /mount source must be an absolute path/);
test(invalid, { mounts: [{ type: 'bind', target: '/x' }] }, /a bind mount needs a source/);
test(invalid, { mounts: [{ type: 'tmpfs', source: '/x', target: '/x' }] }, /a tmpfs mount takes no source/);
test(
  invalid,
  {
    mounts: [
      { type: 'tmpfs', target: '/x' },
      { type: 'tmpfs', target: '/y/../x/' },
    ],
  },
  /\/x: duplicate mount destination/,
);
for (const target of ['/proc', '/proc/self', '/proc/sys', '/proc/foo', '/x/../proc/1']) {
  test(invalid, { mounts: [{ type: 'bind', source: '/x', target }] }, /must not be inside \/proc/);
}
test(
  invalid,
  { mounts: [{ type: 'bind', source: '/x', target: '/x', options: ['size=1'] }] },
  /unknown bind mount option "size=1"/,
);
test(
  invalid,
  { mounts: [{ type: 'tmpfs', target: '/x', options: ['size=lots'] }] },
  /invalid mount option "size=lots"/,
);
test(invalid, { mounts: [{ type: 'tmpfs', target: '/x', options: ['ro,suid'] }] }, /contains a comma/);
test(
  invalid,
  { mounts: [{ type: 'tmpfs', target: '/x', options: ['rbind'] }] },
  /option rbind is not supported by tmpfs mounts/,
);
test(
  invalid,
  { mounts: [{ type: 'bind', source: '/x', target: '/x', options: ['O', 'U'] }] },
  /option U cannot be used with option O/,
);
test(
  invalid,
  { mounts: [{ type: 'bind', source: '/x', target: '/x', options: ['O', 'rslave'] }] },
  /option rslave cannot be used with option O/,
);
test(
  invalid,
  { mounts: [{ type: 'bind', source: '/x', target: '/x', options: ['idmap'] }] },
  /idmap needs a user namespace/,
);
test(invalid, { mounts: [{ type: 'bind', source: '/x', target: '/x', options: ['Z'] }] }, /relabelling/, {
  selinux: true,
});
test(invalid, { rootPropagation: 'public' }, /rootPropagation must be/);
test(invalid, { shmSizeBytes: -1 }, /shmSizeBytes must be a whole number from 0/);
test(invalid, { shmSizeBytes: 1.5 }, /shmSizeBytes must be a whole number/);
test(invalid, { shmSizeBytes: 5, ipc: 'host' }, /cannot set shmSizeBytes with ipc host/);

test(invalid, { devices: [{ source: 'null' }] }, /device must be an absolute path/);
test(invalid, { devices: [{ source: '/dev/null', access: 'rx' }] }, /must be a combination of r, w and m/);
test(invalid, { devices: [{ source: '/dev/null', access: 'rr' }] }, /must be a combination of r, w and m/);
for (const rule of ['', 'c', 'c 1:3', 'x 1:3 rwm', 'c 1:3 rwmx', 'c 99999999999:1 r', 'c -1:3 r', 'c 1048576:1 r']) {
  test(invalid, { deviceCgroupRules: [rule] }, /device cgroup rule must be like "c 1:3 rwm"/);
}

test(invalid, { network: 'a/b' }, /unable to find network with name or ID "a\/b": network not found/);
test(invalid, { pid: 'none' }, /pid must be private, host/);
test(invalid, { ipc: 'path:x' }, /ipc path must be an absolute path/);
test(invalid, { uts: 'container:' }, /uts must be/);
test(invalid, { timens: 'container:x' }, /timens cannot be taken from a container/);
test(invalid, { userns: 'private' }, /at least one UID or GID mapping/);
test(invalid, { userns: 'nomap' }, /nomap is for users other than root/);
test(invalid, { userns: 'path:x' }, /userns path must be an absolute path/);
test(invalid, { userns: 'keep-id', usernsOptions: { size: 5 } }, /size cannot be used with userns keep-id as root/);
test(invalid, { userns: 'auto', usernsOptions: { size: 0 } }, /size must be a whole number from 1/);
test(invalid, { userns: 'auto', usernsOptions: { uid: 1 } }, /usernsOptions.uid needs userns keep-id, not "auto"/);
test(invalid, { userns: 'auto', usernsOptions: { subuidName: 'x' } }, /subuidName needs userns private/);
test(invalid, { usernsOptions: { size: 2000 } }, /usernsOptions.size needs userns auto/);
test(invalid, { usernsOptions: { subuidName: 'a:b' } }, /invalid name for \/etc\/subuid/);
test(invalid, { rootfsIdmap: true }, /rootfsIdmap needs a user namespace/);
test(invalid, { rootfs: undefined, image: 'host:', rootfsIdmap: true }, /rootfsIdmap needs rootfs/);
test(invalid, { uidMaps: [{ containerId: 0, hostId: 1, size: 1 }], userns: 'host' }, /need userns private/);
test(invalid, { uidMaps: [] }, /uidMaps must not be empty/);
test(invalid, { uidMaps: maps([0, 1, 10], [5, 100, 10]) }, /ranges overlap at containerId 5/);
test(invalid, { uidMaps: maps([0, 100, 10], [20, 105, 10]) }, /ranges overlap at hostId 105/);
test(invalid, { uidMaps: maps([0, 100, 0]) }, /size must be a whole number from 1/);
test(invalid, { uidMaps: maps([0, 4294967290, 100]) }, /goes beyond the last id/);
test(
  invalid,
  { uidMaps: Array.from({ length: 2000 }, (_, n) => ({ containerId: n, hostId: n, size: 1 })) },
  /2000 ranges, at most 340/,
);
test(invalid, { timeOffsets: { monotonicSec: 1 }, timens: 'host' }, /timeOffsets need timens private/);
test(invalid, { hostname: 'x', uts: 'host' }, /cannot set hostname with the host's UTS namespace/);
test(invalid, { init: true, pid: 'host' }, /init needs a PID namespace/);
test(invalid, { cgroupns: 'private' }, /kernel has no cgroup namespaces: set cgroupns to host/, {
  namespaces: new Set(['mnt', 'net', 'pid', 'ipc', 'uts']),
});

test(
  invalid,
  { ulimits: [{ name: 'nofiles', soft: 1, hard: 1 }] },
  /unknown ulimit "nofiles": did you mean "nofile"\?/,
);
test(invalid, { ulimits: [{ name: 'nofile', soft: 2, hard: 1 }] }, /soft limit 2 is above the hard limit 1/);
test(invalid, { ulimits: [{ name: 'core', soft: -2, hard: 1 }] }, /soft limit must be a whole number from 0/);
test(invalid, { ulimits: [{ name: 'nofile', soft: 1, hard: 1048577 }] }, /kernel allows no more/);
test(invalid, { ulimits: [{ name: 'nofile', soft: 1, hard: 600000 }] }, /CAP_SYS_RESOURCE is missing/, {
  canRaiseLimits: false,
});
test(invalid, { ulimits: [{ name: 'nproc', soft: 1, hard: -1 }] }, /CAP_SYS_RESOURCE is missing/, {
  canRaiseLimits: false,
});
test(invalid, { oomScoreAdj: -1001 }, /oomScoreAdj must be a whole number from -1000 to 1000/);
test(invalid, { oomScoreAdj: -1 }, /below 0, the lowest possible/, { lowestOomScoreAdj: 0 });
test(invalid, { personality: 'sun' }, /personality must be LINUX or LINUX32/);
test(invalid, { scheduler: { policy: 'rt' } }, /scheduler policy must be one of .* did you mean SCHED_RR\?/);
test(invalid, { scheduler: { policy: 'fifo', priority: 0 } }, /priority must be a whole number from 1 to 99/);
test(invalid, { scheduler: { policy: 'other', nice: 20 } }, /nice must be/);
test(invalid, { ioPriority: { class: 'best', level: 0 } }, /I\/O priority class must be one of/);
test(invalid, { ioPriority: { class: 'rt', level: 8 } }, /level must be/);
test(invalid, { timezone: '../etc/shadow' }, /timezone must be a name/);
test(invalid, { timezone: '/etc/shadow' }, /timezone must be a name/);
test(invalid, { preserveFds: -1 }, /preserveFds must be/);
test(invalid, { stopSignal: 'SIGNOTHING' }, /unknown signal "SIGNOTHING"/);
test(invalid, { stopTimeoutSec: -1 }, /stopTimeoutSec must be/);
test(invalid, { timeoutSec: Number.NaN }, /timeoutSec must be a whole number/);

test(invalid, { security: { seccompProfile: 'profile.json' } }, /seccompProfile must be an absolute path/);
test(invalid, { security: { apparmorProfile: 'x' } }, /AppArmor is not enabled in the kernel/);
test(invalid, { security: { labels: ['level:s0'] } }, /SELinux is not enabled/);
test(invalid, { security: { labels: ['what'] } }, /label must be disable/);
test(invalid, { security: { mask: ['proc/x'] } }, /mask must be an absolute path/);
test(invalid, { security: { procOptions: ['hidepid=2,x'] } }, /invalid option of \/proc/);

test(invalid, { cgroupParent: 'x' }, /cgroupParent must be an absolute path/);
test(invalid, { cgroupParent: '/a/../../b' }, /must not hold "\.\."/);
test(
  invalid,
  { cgroupParent: 'user.slice' },
  /^systemd slice received as cgroup parent when using cgroupfs: invalid argument$/,
);
test(invalid, { cgroups: 'maybe' }, /cgroups must be one of enabled, disabled, no-conmon, split/);
test(invalid, { cgroups: 'split', cgroupParent: '/a' }, /cgroupParent cannot be given with cgroups split/);
test(invalid, { cgroups: 'disabled', resources: { cpus: 1 } }, /resource limits need a cgroup/);
test(invalid, { log: { driver: 'journald' } }, /log driver must be one of/);
test(invalid, { log: { path: 'x' } }, /log path must be an absolute path/);
test(invalid, { log: { maxFiles: 0 } }, /maxFiles must be/);
test(invalid, { log: { driver: 'passthrough' }, tty: true }, /passthrough cannot be used with a tty/);
test(invalid, { restart: { policy: 'sometimes' } }, /restart policy must be one of/);
test(invalid, { restart: { policy: 'always', maxRetries: 3 } }, /for the policy on-failure only/);
test(invalid, { restart: { policy: 'always' }, autoRemove: true }, /autoRemove conflicts with a restart policy/);
test(invalid, { hooks: [{ kind: 'preStart', path: '/x' }] }, /hook kind must be one of/);
test(invalid, { hooks: [{ kind: 'prestart', path: 'x' }] }, /path of prestart hook must be an absolute path/);
test(invalid, { hooks: [{ kind: 'prestart', path: '/x', timeoutSec: 0 }] }, /timeout of prestart hook \/x must be/);
test(invalid, { hooks: [{ kind: 'prestart', path: '/x', env: ['A'] }] }, /KEY=value/);

const MEMORY = { memoryBytes: 1 << 20 };
test(invalid, { resources: { memoryBytes: 1 } }, /memoryBytes must be a whole number from 4096/);
test(invalid, { resources: { memoryBytes: 2 ** 60 } }, /memoryBytes must be/);
test(invalid, { resources: { memorySwapBytes: 1 << 20 } }, /memorySwapBytes needs memoryBytes/);
test(invalid, { resources: { ...MEMORY, memorySwapBytes: 1000 } }, /must not be below memoryBytes/);
test(invalid, { resources: { ...MEMORY, memoryReservationBytes: 1 << 21 } }, /must not be above memoryBytes/);
test(invalid, { resources: { memorySwappiness: 101 } }, /memorySwappiness must be/);
test(invalid, { resources: { cpus: -1 } }, /cpus must be a number from 0/);
test(invalid, { resources: { cpus: 175921861 } }, /cpus must be at most 175921860, not 175921861/);
test(invalid, { resources: { cpuQuotaUs: 2 ** 44 } }, /cpuQuotaUs must be a whole number from -1 to 17592186044415/);
test(invalid, { resources: { cpus: 0.001 } }, /at least 0.01/);
test(invalid, { resources: { cpus: 1, cpuQuotaUs: 1000 } }, /cannot be used together/);
test(invalid, { resources: { cpuPeriodUs: 1 } }, /cpuPeriodUs must be/);
test(invalid, { resources: { cpuQuotaUs: 999 } }, /cpuQuotaUs cannot be less than 1ms \(i\.e\. 1000\), not 999/);
test(invalid, { resources: { cpusetCpus: '1,4' } }, /requested CPUs are not available - requested 1,4, available: 0-3/);
test(
  invalid,
  { resources: { cpusetMems: '0-1' } },
  /requested memory nodes are not available - requested 0-1, available: 0/,
);
test(invalid, { resources: { cpusetCpus: '0-' } }, /cpusetCpus must be a list such as 0-2,5/);
test(invalid, { resources: { cpusetMems: '1-9223372036854775807' } }, /cpusetMems must be a list/);
test(invalid, { resources: { pidsLimit: -2 } }, /pidsLimit must be/);
test(invalid, { resources: { blkioWeight: 5 } }, /blkioWeight must be/);
test(invalid, { resources: { deviceReadBps: [{ device: 'sda', rate: 1 }] } }, /device must be an absolute path/);
test(invalid, { resources: { deviceReadBps: [{ device: '/dev/sda', rate: -1 }] } }, /rate of \/dev\/sda must be/);
test(invalid, { resources: { hugetlb: { '2 MB': 1 } } }, /page size must be like 2MB/);
test(invalid, { resources: { unified: { 'cgroup.procs': '1' } } }, /is not a file of a cgroup v2 controller/);
test(invalid, { resources: { unified: { '../memory.max': '1' } } }, /is not a file of a cgroup v2 controller/);

test(invalid, { health: { test: ['SHELL', 'x'] } }, /health test must begin with CMD, CMD-SHELL or NONE/);
test(invalid, { health: { test: [] } }, /health test must begin with/);
test(invalid, { health: { test: ['CMD'] } }, /health test has no command/);
test(invalid, { health: { test: ['CMD', 'x'], retries: 0 } }, /health retries must be/);
test(invalid, { health: { test: ['CMD', 'x'], timeoutMs: 0 } }, /health timeoutMs must be/);
test(invalid, { health: { test: ['CMD', 'x'], intervalMs: -1 } }, /health intervalMs must be/);
test(invalid, { health: { test: ['CMD', 'x'], onFailure: 'pray' } }, /health onFailure must be one of none, kill/);
test(invalid, { health: { onFailure: 'kill' } }, /cannot set on-failure action to kill without a health check/);
test(invalid, { health: { test: ['NONE'], startup: { test: ['CMD', 'x'] } } }, /cannot set a startup health check/);
test(misuse, { health: { cmd: 'x' } }, /unknown option "cmd" in health/);
test(misuse, { health: { test: ['CMD', 'x'], startup: {} } }, /health startup must have "test"/);

test('an image other than host: does not exist', (t) => {
  const options = { image: 'docker.io/library/alpine', command: ['true'] };
  t.throws(() => normalizeCreateOptions(options, testFacts()), { code: 'NO_SUCH_IMAGE' });
});

function maps(...ranges: readonly (readonly [number, number, number])[]) {
  return ranges.map(([containerId, hostId, size]) => ({ containerId, hostId, size }));
}

function manyVariables(): Record<string, string> {
  return Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`V${index}`, 'x'.repeat(100000)]));
}
