/** Options and specs as plans, in words. */
import test from 'ava';

import type { CreateOptions } from '../../../src/spec/create-options.js';
import { launchPlan } from '../../../src/plan/launch.js';
import { HYBRID, NO_CGROUPS, V1 } from '../../helpers/facts.js';
import { HIDDEN_IN_PROC } from '../../helpers/masks.js';
import { ID, planOf, specOf, stepsOf, wordsOf, type Variation } from '../../helpers/plans.js';

const CAPS = 'chown,dac_override,fowner,fsetid,kill,setgid,setuid,setpcap,net_bind_service,sys_chroot,setfcap';
const DONOR = { id: 'a', state: '/run/c/a/state' };

test('the plan of the simplest container on cgroup v2', (t) => {
  const plan = planOf({ security: { seccompProfile: 'unconfined' } });
  const group = `/sys/fs/cgroup/tspod/${ID}`;
  t.deepEqual(wordsOf(plan, 'settings'), [
    'be the monitor of a container',
    'keep records in /run/c',
    'streams: /dev/null, monitor, monitor',
    `count oom_kill in ${group}/memory.events`,
  ]);
  t.deepEqual(wordsOf(plan, 'prepare'), [
    'open /sys/fs/cgroup',
    '? write "+memory" to /sys/fs/cgroup/cgroup.subtree_control',
    '? write "+pids" to /sys/fs/cgroup/cgroup.subtree_control',
    '? write "+cpu" to /sys/fs/cgroup/cgroup.subtree_control',
    'make cgroup /sys/fs/cgroup/tspod',
    '? write "+memory" to /sys/fs/cgroup/tspod/cgroup.subtree_control',
    '? write "+pids" to /sys/fs/cgroup/tspod/cgroup.subtree_control',
    '? write "+cpu" to /sys/fs/cgroup/tspod/cgroup.subtree_control',
    `make cgroup ${group}`,
    `? write "2048" to ${group}/pids.max`,
    `guard devices of ${group} with a program of 64 instructions`,
    `clone with new mount,uts,ipc,pid,network namespaces into ${group}`,
  ]);
  t.deepEqual(wordsOf(plan, 'init'), [
    'new cgroup namespace',
    'make mounts rprivate',
    'rbind /root-fs on /run/c/root',
    'attach mount on /run/c/root',
    'mount proc on /proc nosuid,noexec,nodev source=proc',
    'attach mount on /proc',
    'mount tmpfs on /dev nosuid,noexec,strictatime source=tmpfs,mode=755,size=65536k',
    'attach mount on /dev',
    'mount sysfs on /sys ro,nosuid,noexec,nodev source=sysfs',
    'attach mount on /sys',
    'mount cgroup2 on /sys/fs/cgroup ro,nosuid,noexec,nodev source=cgroup2',
    'attach mount on /sys/fs/cgroup',
    'mount devpts on /dev/pts nosuid,noexec source=devpts,newinstance,ptmxmode=0666,mode=0620,gid=5',
    'attach mount on /dev/pts',
    'mount mqueue on /dev/mqueue nosuid,noexec,nodev source=mqueue',
    'attach mount on /dev/mqueue',
    'mount tmpfs on /dev/shm nosuid,noexec,nodev source=shm,mode=1777,size=67108864',
    'attach mount on /dev/shm',
    'make device /dev/null 1:3 0666',
    'make device /dev/zero 1:5 0666',
    'make device /dev/full 1:7 0666',
    'make device /dev/random 1:8 0666',
    'make device /dev/urandom 1:9 0666',
    'make device /dev/tty 5:0 0666',
    'link /dev/fd to /proc/self/fd',
    'link /dev/stdin to /proc/self/fd/0',
    'link /dev/stdout to /proc/self/fd/1',
    'link /dev/stderr to /proc/self/fd/2',
    'link /dev/core to /proc/kcore',
    'link /dev/ptmx to pts/ptmx',
    'begin a session',
    'make /proc/bus read-only',
    'make /proc/fs read-only',
    'make /proc/irq read-only',
    'make /proc/sys read-only',
    'make /proc/sysrq-trigger read-only',
    ...HIDDEN_IN_PROC.map((path) => `hide ${path}`),
    'hide /sys/dev/block',
    'hide /sys/devices/virtual/powercap',
    'hide /sys/firmware',
    'hide /sys/fs/selinux',
    'set hostname abcdef012345',
    'set link lo up',
    'set sysctl net/ipv4/ping_group_range to "0 0"',
    'limit nofile to 1048576:1048576',
    'limit nproc to 4194304:4194304',
    'make the root "/"',
    'look up user root',
    `? new session keyring tspod-${ID}`,
    `bound capabilities to ${CAPS}`,
    'change to /',
    'set umask 0022',
    'become the user',
    `as root hold capabilities ${CAPS}`,
    'exec true',
  ]);
  t.deepEqual(wordsOf(plan, 'teardown'), [`remove cgroup ${group}`]);
});

type Row = [options: CreateOptions, lines: readonly string[], variation?: Variation];

/** An option and the lines that it adds to the plan, in this order. */
const adds = test.macro<Row>({
  exec: (t, ...[options, lines, variation = {}]) => {
    const before = new Set(wordsOf(planOf({}, { facts: variation.facts ?? {} })));
    const after = wordsOf(planOf(options, variation));
    const added = after.filter((line) => !before.has(line));
    t.deepEqual(
      added.filter((line) => lines.includes(line)),
      lines,
      added.join('\n'),
    );
  },
  title: (given, ...[options]) => given ?? JSON.stringify(options).slice(0, 120),
});

test(adds, { command: ['sh', '-c', 'echo "$HOME" it\'s'] }, ["exec sh -c 'echo \"$HOME\" it'\\''s'"]);
test(adds, { workdir: '/w' }, ['change to /w']);
test(adds, { umask: '077' }, ['set umask 0077']);
test(adds, { user: 'me:us', groups: ['g'] }, [
  'look up user me:us with groups g',
  'as another user hold capabilities none',
]);
test(adds, { user: '5', capAdd: ['kill', 'sys_nice'] }, [
  'as another user hold capabilities kill,sys_nice, also ambient',
]);
test(adds, { capDrop: ['ALL'] }, ['bound capabilities to none', 'as root hold capabilities none']);
test(adds, { init: true }, ['stay as a tiny init']);
test(adds, { readOnly: true }, [
  'mount tmpfs on /tmp nosuid,nodev source=tmpfs',
  'copy what is in /tmp',
  'attach mount on /tmp',
  'make the root read-only',
]);
test(adds, { readOnly: true, readOnlyTmpfs: false }, [
  'mount tmpfs on /dev/shm ro,nosuid,noexec,nodev source=shm,mode=1777,size=67108864',
  'make mount /dev ro',
]);
test(adds, { tty: true }, ['streams: a terminal', 'open a terminal of 80x24, also as /dev/console']);
test(
  'the size of the terminal is what the caller has',
  adds,
  { tty: true },
  ['open a terminal of 100x50, also as /dev/console'],
  {
    context: {
      stdio: {
        stdin: 'monitor',
        stdout: 'monitor',
        stderr: 'monitor',
        keepStdin: true,
        stdinOnce: true,
        terminalSize: { rows: 50, columns: 100 },
      },
    },
  },
);
test(adds, { hostname: 'box', domainname: 'dom' }, ['set hostname box', 'set domain name dom']);
test(adds, { sysctls: { 'net/ipv4/conf/eth0.1/forwarding': '1' } }, [
  'set sysctl net/ipv4/conf/eth0.1/forwarding to "1"',
]);
test(adds, { ulimits: [{ name: 'core', soft: 0, hard: -1 }] }, ['limit core to 0:unlimited']);
test(adds, { oomScoreAdj: 5 }, ['set oom_score_adj 5']);
test(adds, { personality: 'LINUX32' }, ['set personality 0x8']);
test(adds, { scheduler: { policy: 'batch', nice: 3 } }, ['schedule as SCHED_BATCH nice 3 priority 0']);
test(adds, { ioPriority: { class: 'be', level: 7 } }, ['set I/O priority IOPRIO_CLASS_BE 7']);
test(adds, { security: { apparmorProfile: 'mine' } }, ['confine by AppArmor profile mine'], {
  facts: { apparmor: true },
});
test(
  adds,
  { security: { labels: ['level:s0'] } },
  [
    'mount tmpfs on /dev nosuid,noexec,strictatime source=tmpfs,mode=755,size=65536k,context=system_u:object_r:container_file_t:s0',
    'confine by SELinux label system_u:system_r:container_t:s0',
  ],
  { facts: { selinux: true } },
);
test(adds, { security: { mask: ['/etc/x'] } }, ['hide /etc/x']);
test(adds, { security: { procOptions: ['hidepid=2'] } }, [
  'mount proc on /proc nosuid,noexec,nodev source=proc,hidepid=2',
]);
test(adds, { network: 'path:/run/netns/n' }, [
  'open /run/netns/n',
  'clone with new mount,uts,ipc,pid namespaces into /sys/fs/cgroup/tspod/' + ID,
  'join network namespace of /run/netns/n',
]);
test(adds, { pid: 'path:/p' }, ['open /p', 'join pid namespace of /p']);
test(adds, { timeOffsets: { monotonicSec: 7 } }, ['new time namespace', 'set monotonic clock 7 s ahead']);
test(
  'namespaces of one donor are joined at once',
  adds,
  { network: 'container:a', ipc: 'container:a', uts: 'container:a', pid: 'container:a' },
  [
    'open the first process of container a',
    'join pid namespace of container a',
    'join uts,ipc,network namespace of container a',
  ],
  {
    details: {
      namespacePaths: {
        network: '/proc/9/ns/net',
        ipc: '/proc/9/ns/ipc',
        uts: '/proc/9/ns/uts',
        pid: '/proc/9/ns/pid',
      },
    },
    context: {
      donors: Object.fromEntries(['network', 'ipc', 'uts', 'pid'].map((type) => [type, DONOR])),
    },
  },
);
test(
  "a donor's shared memory is taken out of its mount namespace",
  adds,
  { ipc: 'container:a' },
  [
    'open the first process of container a',
    'open /proc/self/ns/mnt',
    'join mount namespace of container a',
    'bind /dev/shm on /dev/shm',
    'join mount namespace of /proc/self/ns/mnt',
  ],
  {
    details: { namespacePaths: { ipc: '/proc/9/ns/ipc' } },
    context: { donors: { ipc: DONOR }, shmDonor: DONOR },
  },
);
test(
  adds,
  { mounts: [{ type: 'bind', source: '/a', target: '/b', options: ['ro', 'noexec', 'rnosuid', 'noatime'] }] },
  ['rbind /a on /b', 'make mount /b ro,noexec,noatime', 'make mount /b nosuid with all below', 'attach mount on /b'],
);
test(adds, { mounts: [{ type: 'bind', source: '/a', target: '/b', options: ['bind', 'rslave'] }] }, [
  'bind /a on /b',
  'make mount /b slave with all below',
  'make mounts rslave',
]);
test(adds, { mounts: [{ type: 'tmpfs', target: '/t', options: ['ro', 'size=1m', 'exec'] }] }, [
  'mount tmpfs on /t nosuid,nodev source=tmpfs,size=1m',
  'copy what is in /t',
  'make mount /t ro',
  'attach mount on /t',
]);
test(adds, { mounts: [{ type: 'ramfs', target: '/r', options: ['notmpcopyup'] }] }, [
  'mount ramfs on /r nosuid,nodev source=ramfs',
]);
test(adds, { rootPropagation: 'shared' }, ['make mounts shared']);
test(adds, { resources: { memoryBytes: 1 << 20 } }, [
  'write "+memory" to /sys/fs/cgroup/cgroup.subtree_control',
  `write "1048576" to /sys/fs/cgroup/tspod/${ID}/memory.max`,
  `? write "1048576" to /sys/fs/cgroup/tspod/${ID}/memory.swap.max`,
]);
test(adds, { resources: { unified: { 'io.latency': '8:0 target=5' } } }, [
  'write "+io" to /sys/fs/cgroup/cgroup.subtree_control',
  `write "8:0 target=5" to /sys/fs/cgroup/tspod/${ID}/io.latency`,
]);
test(adds, { resources: { pidsLimit: 5 } }, [`write "5" to /sys/fs/cgroup/tspod/${ID}/pids.max`]);
test(adds, { cgroupParent: '/a/b' }, [
  'make cgroup /sys/fs/cgroup/a',
  'make cgroup /sys/fs/cgroup/a/b',
  `make cgroup /sys/fs/cgroup/a/b/${ID}`,
]);

test('context: log, restarts, limits, pid files, descriptors', (t) => {
  const plan = planOf(
    {},
    {
      context: {
        log: { driver: 'k8s-file', path: '/l', maxSizeBytes: 100, maxFiles: 3 },
        restart: { policy: 'on-failure', maxRetries: 2 },
        timeLimitMs: 1500,
        pidFile: '/p',
        monitorPidFile: '/m',
        extraFds: [{ inheritedFd: 6, fd: 3 }],
        stdio: {
          stdin: { inheritedFd: 4 },
          stdout: 'null',
          stderr: { inheritedFd: 5 },
          keepStdin: false,
          stdinOnce: false,
        },
        gate: true,
        createWorkdir: true,
        keyring: false,
        teardown: { unmounts: ['/u'], removeTrees: ['/tree'], removeFiles: ['/file'] },
      },
    },
  );
  const words = wordsOf(plan);
  for (const line of [
    'streams: as given, /dev/null, as given',
    'log as k8s-file to /l, 3 files of 100 bytes',
    'restart on failure, at most 2 times',
    'end after 1500 ms',
    "write the container's pid to /p",
    "write the monitor's pid to /m",
    'take descriptor 4',
    'take descriptor 5',
    'hand on inherited descriptor 6 as 3',
    'wait for the start command',
    'change to /, made if missing',
    'unmount /u',
    'remove /file',
    'remove all of /tree',
  ]) {
    t.true(words.includes(line), line);
  }
  t.false(words.some((line) => line.includes('keyring')));
});

test('an overlay root is one mount of its layers', (t) => {
  const plan = planOf(
    {},
    {
      context: {
        root: {
          kind: 'overlay',
          lowerDirs: ['/hide:x', '/'],
          upperDir: '/u',
          workDir: '/w',
          volatile: true,
          redirects: true,
        },
      },
    },
  );
  t.deepEqual(stepsOf(plan, 'mountFs')[0]?.options, [
    'source=overlay',
    'lowerdir=/hide\\:x:/',
    'upperdir=/u',
    'workdir=/w',
    'redirect_dir=follow',
    'volatile',
  ]);
  const long = { kind: 'overlay', lowerDirs: ['/'], upperDir: `/${'x'.repeat(255)}`, workDir: '/w' } as const;
  t.throws(() => planOf({}, { context: { root: long } }), {
    code: 'INVALID_ARGUMENT',
    message: /upperdir is longer than 255 bytes/,
  });
});

const GUARDED_TAIL = [
  'become the user',
  'capabilities',
  'gain no new privileges',
  'install a seccomp filter of 2 instructions',
  'exec true',
];

test('the filter comes before the ids are given up, or last where no new privileges can be gained', (t) => {
  const context = { seccomp: { program: new Uint8Array(16), flags: 0 } };
  const tail = (options: CreateOptions) =>
    wordsOf(planOf(options, { context }), 'init')
      .slice(-7)
      .map((line) => (line.includes('hold capabilities') ? 'capabilities' : line));
  t.deepEqual(tail({ security: { noNewPrivileges: true } }).slice(-5), GUARDED_TAIL);
  t.deepEqual(tail({}).slice(-6), [
    'install a seccomp filter of 2 instructions',
    'change to /',
    'set umask 0022',
    'become the user',
    'capabilities',
    'exec true',
  ]);
});

test('hooks run where the specification has them', (t) => {
  const kinds = ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop'] as const;
  const plan = planOf(
    { hooks: kinds.map((kind) => ({ kind, path: `/${kind}`, timeoutSec: 2 })), annotations: { a: '"' } },
    { context: { gate: true, teardown: { hooks: [{ path: '/poststop' }], bundle: '/b' } } },
  );
  const places = plan.steps.flatMap((step) =>
    step.op === 'hook' ? [`${step.stage} ${step.path}${step.optional === true ? ' may fail' : ''}`] : [],
  );
  t.deepEqual(places, [
    'beforePivot /prestart',
    'beforePivot /createRuntime',
    'init /createContainer',
    'init /startContainer',
    'started /poststart may fail',
    'teardown /poststop may fail',
  ]);
  const init = wordsOf(plan, 'init');
  const order = [
    'wait for beforePivot',
    'run hook /createContainer for at most 2 s',
    'make the root "/"',
    'wait for the start command',
    'become the user',
    'run hook /startContainer for at most 2 s',
    'exec true',
  ];
  t.deepEqual(
    init.filter((line) => order.includes(line)),
    order,
  );
  const [first] = stepsOf(plan, 'hook');
  const state: unknown = JSON.parse(
    `${Buffer.from(first?.stateBefore ?? []).toString()}12${Buffer.from(first?.stateAfter ?? []).toString()}`,
  );
  t.deepEqual(state, {
    ociVersion: '1.2.0',
    id: ID,
    status: 'creating',
    pid: 12,
    bundle: '/run/c',
    annotations: { a: '"' },
  });
});

const MAPS = { uidMaps: [{ containerId: 0, hostId: 100000, size: 65536 }] };

test("in a user namespace, and another's cgroup namespace: the monitor puts its child into its group when it is back in its own", (t) => {
  const plan = planOf(
    { ...MAPS, cgroupns: 'container:a' },
    {
      details: { namespacePaths: { cgroup: '/proc/9/ns/cgroup' } },
      context: { donors: { cgroup: DONOR } },
    },
  );
  t.regex(wordsOf(plan, 'prepare').at(-1) ?? '', /^clone with new \S+ namespaces$/);
  t.deepEqual(wordsOf(plan, 'afterClone').slice(-2), [
    'join cgroup namespace of /proc/self/ns/cgroup',
    `enter cgroup /sys/fs/cgroup/tspod/${ID}`,
  ]);
});

test('a user namespace: the monitor maps ids and layers, init becomes its root before it makes mounts', (t) => {
  const lowerDirs = ['/own', '/other', '/'];
  const root = { kind: 'overlay', lowerDirs, upperDir: '/u', workDir: '/w', ownMapped: ['/own'] } as const;
  const plan = planOf(
    { ...MAPS, mounts: [{ type: 'bind', source: '/a', target: '/b', options: ['idmap', 'ro'] }] },
    { context: { root } },
  );
  t.deepEqual(wordsOf(plan, 'prepare').slice(-5), [
    'open /proc/self/ns/mnt',
    'new mount namespace',
    'open /',
    'make mount / private with all below',
    `clone with new mount,uts,ipc,user,pid,network namespaces into /sys/fs/cgroup/tspod/${ID}`,
  ]);
  t.deepEqual(wordsOf(plan, 'afterClone'), [
    'map uids 0 100000 65536, gids 0 100000 65536',
    'allow nofile up to 1048576',
    'allow nproc up to 4194304',
    "open the child's user namespace",
    'mount tmpfs on /run/c/root source=tmpfs,mode=700',
    'attach mount on /run/c/root',
    'bind /own on /0',
    'attach mount on /0',
    'bind /other on /1',
    'make mount /1 idmap',
    'attach mount on /1',
    'bind / on /2',
    'make mount /2 idmap',
    'attach mount on /2',
    'mount overlay on /run/c/root source=overlay,lowerdir=/run/c/root/0:/run/c/root/1:/run/c/root/2,upperdir=/u,workdir=/w',
    'rbind /a on /b',
    'make mount /b idmap',
    'join mount namespace of /proc/self/ns/mnt',
  ]);
  const init = wordsOf(plan, 'init');
  t.deepEqual(init.slice(0, 5), [
    'new cgroup namespace',
    'wait for afterClone',
    'make mounts rprivate',
    'attach mount on /run/c/root',
    'become root of the user namespace',
  ]);
  t.deepEqual(
    init.filter((line) => line.includes('/dev/null') || line.startsWith('make device')),
    ['bind /dev/null on /dev/null', 'attach mount on /dev/null'],
  );
});

test('on hybrid hosts init enters the groups of version 1 and the clone goes into that of version 2', (t) => {
  const plan = planOf({}, { facts: { cgroup: HYBRID } });
  const path = `tspod/${ID}`;
  t.deepEqual(
    wordsOf(plan, 'prepare').filter((line) => /^make cgroup|^clone|pids/.test(line)),
    [
      `make cgroup /sys/fs/cgroup/cpu,cpuacct/${path}`,
      `make cgroup /sys/fs/cgroup/memory/${path}`,
      `make cgroup /sys/fs/cgroup/devices/${path}`,
      `make cgroup /sys/fs/cgroup/freezer/${path}`,
      `make cgroup /sys/fs/cgroup/pids/${path}`,
      `? write "2048" to /sys/fs/cgroup/pids/${path}/pids.max`,
      `make cgroup /sys/fs/cgroup/unified/${path}`,
      `clone with new mount,uts,ipc,pid,network namespaces into /sys/fs/cgroup/unified/${path}`,
    ],
  );
  t.deepEqual(wordsOf(plan, 'init').slice(0, 6), [
    `enter cgroup /sys/fs/cgroup/cpu,cpuacct/${path}`,
    `enter cgroup /sys/fs/cgroup/memory/${path}`,
    `enter cgroup /sys/fs/cgroup/devices/${path}`,
    `enter cgroup /sys/fs/cgroup/freezer/${path}`,
    `enter cgroup /sys/fs/cgroup/pids/${path}`,
    'new cgroup namespace',
  ]);
  const mounts = wordsOf(plan, 'init').filter(
    (line) => line.includes('/sys/fs/cgroup') && !line.startsWith('attach') && !line.startsWith('enter'),
  );
  t.deepEqual(mounts, [
    'mount tmpfs on /sys/fs/cgroup nosuid,noexec,nodev source=tmpfs,mode=755',
    'mount cgroup on /sys/fs/cgroup/cpu,cpuacct ro,nosuid,noexec,nodev source=cgroup,cpu,cpuacct',
    'link /sys/fs/cgroup/cpu to cpu,cpuacct',
    'link /sys/fs/cgroup/cpuacct to cpu,cpuacct',
    'mount cgroup on /sys/fs/cgroup/memory ro,nosuid,noexec,nodev source=cgroup,memory',
    'mount cgroup on /sys/fs/cgroup/devices ro,nosuid,noexec,nodev source=cgroup,devices',
    'mount cgroup on /sys/fs/cgroup/freezer ro,nosuid,noexec,nodev source=cgroup,freezer',
    'mount cgroup on /sys/fs/cgroup/pids ro,nosuid,noexec,nodev source=cgroup,pids',
    'mount cgroup2 on /sys/fs/cgroup/unified ro,nosuid,noexec,nodev source=cgroup2',
    'make mount /sys/fs/cgroup ro',
  ]);
  t.is(wordsOf(plan, 'teardown').length, 6);
});

test('on version 1 a limit brings its hierarchy, and a cpuset is filled before anything enters it', (t) => {
  const plan = planOf(
    { resources: { cpusetCpus: '0', memoryBytes: 4096, blkioWeight: 10 } },
    { facts: { cgroup: V1 } },
  );
  t.deepEqual(
    wordsOf(plan, 'prepare').filter((line) => /cpuset|memory|blkio/.test(line)),
    [
      `make cgroup /sys/fs/cgroup/cpuset/tspod/${ID}`,
      `inherit the cpuset of /sys/fs/cgroup/cpuset/tspod/${ID}`,
      `write "0" to /sys/fs/cgroup/cpuset/tspod/${ID}/cpuset.cpus`,
      `make cgroup /sys/fs/cgroup/memory/tspod/${ID}`,
      `write "4096" to /sys/fs/cgroup/memory/tspod/${ID}/memory.limit_in_bytes`,
      `? write "8192" to /sys/fs/cgroup/memory/tspod/${ID}/memory.memsw.limit_in_bytes`,
      `make cgroup /sys/fs/cgroup/blkio/tspod/${ID}`,
      `write "10" to /sys/fs/cgroup/blkio/tspod/${ID}/blkio.bfq.weight`,
      `? write "10" to /sys/fs/cgroup/blkio/tspod/${ID}/blkio.weight`,
    ],
  );
  t.true(wordsOf(plan, 'prepare').some((line) => line.endsWith('network namespaces')));
});

test("with the host's cgroup namespace all of version 2 is bound, and of version 1 the container's own directories", (t) => {
  const words = wordsOf(planOf({ cgroupns: 'host' }), 'init');
  t.true(words.includes('bind /sys/fs/cgroup on /sys/fs/cgroup'));
  t.false(words.includes('new cgroup namespace'));
  const hybrid = wordsOf(planOf({ cgroupns: 'host' }, { facts: { cgroup: HYBRID } }), 'init');
  for (const name of ['memory', 'unified'])
    t.true(hybrid.includes(`bind /sys/fs/cgroup/${name}/tspod/${ID} on /sys/fs/cgroup/${name}`));
  const joined = wordsOf(planOf({ cgroupns: 'path:/proc/1/ns/cgroup' }), 'init');
  t.true(joined.includes(`bind /sys/fs/cgroup/tspod/${ID} on /sys/fs/cgroup`));
});

test('without cgroups nothing of them is made, mounted or removed', (t) => {
  for (const plan of [planOf({ cgroups: 'disabled' }), planOf({}, { facts: { cgroup: NO_CGROUPS } })]) {
    t.false(wordsOf(plan).some((line) => line.includes('/sys/fs/cgroup')));
  }
});

const unsupported = test.macro<[CreateOptions, RegExp, Variation]>({
  exec: (t, options, message, variation) => {
    t.throws(() => planOf(options, variation), { code: 'UNSUPPORTED_HOST', message });
  },
  title: (_, options) => `a machine that cannot: ${JSON.stringify(options)}`,
});
test(unsupported, { resources: { memoryBytes: 4096 } }, /cannot limit memory: this machine has no such controller/, {
  facts: { cgroup: NO_CGROUPS },
});
test(unsupported, { resources: { pidsLimit: 1 } }, /cannot limit pids/, { facts: { cgroup: NO_CGROUPS } });
test(unsupported, { resources: { memoryBytes: 4096, memorySwappiness: 1 } }, /memorySwappiness needs cgroup v1/, {});
test(unsupported, { resources: { memoryBytes: 4096, oomKillDisable: true } }, /oomKillDisable needs cgroup v1/, {});
test(unsupported, { resources: { cpuRtRuntimeUs: 1 } }, /needs cgroup v1/, {});
test(
  unsupported,
  { resources: { unified: { 'memory.high': '1' } } },
  /cannot write files of the controller memory: this machine does not have it in cgroup v2/,
  { facts: { cgroup: V1 } },
);

test('a /dev of the user is left as it is', (t) => {
  const plan = planOf({ mounts: [{ type: 'bind', source: '/dev', target: '/dev' }] });
  t.is(stepsOf(plan, 'makeNode').length + stepsOf(plan, 'makeSymlink').length, 0);
});

test('devices in subdirectories have those made', (t) => {
  const spec = specOf({});
  const devices = [{ path: '/dev/net/tun', type: 'c', major: 10, minor: 200, fileMode: 0o600, uid: 1, gid: 2 }];
  const plan = launchPlan({ ...spec, linux: { ...spec.linux, devices } }, minimalContext());
  t.deepEqual(
    wordsOf(plan).filter((line) => line.includes('/dev/net')),
    ['make directory /dev/net 0755', 'make device /dev/net/tun 10:200 0600'],
  );
});

test('a spec of others: ids by number, a mount namespace is needed', (t) => {
  const spec = specOf({ user: '7:8' });
  const { process } = spec;
  if (process === undefined) return t.fail();
  const plan = launchPlan(
    { ...spec, process: { ...process, user: { uid: 7, gid: 8, additionalGids: [8, 9] } } },
    minimalContext(),
  );
  t.true(wordsOf(plan).includes('use uid 7, gid 8, groups 8,9'));
  t.true(wordsOf(plan).includes('hold capabilities none'));
  t.throws(() => launchPlan({ ...spec, linux: {} }, minimalContext()), { code: 'NOT_SUPPORTED' });
});

test('ten thousand mounts take no more descriptors than one', (t) => {
  const mounts = Array.from({ length: 10000 }, (_, index) => ({ type: 'tmpfs', target: `/m/${index}` }) as const);
  t.is(stepsOf(planOf({ mounts }), 'attachInRoot').length, 10007);
  const shared = Array.from(
    { length: 600 },
    (_, index) => ({ type: 'bind', source: '/x', target: `/m/${index}`, options: ['rshared'] }) as const,
  );
  t.throws(() => planOf({ mounts: shared }), { message: /more than 512 descriptors/ });
});

function minimalContext(): Parameters<typeof launchPlan>[1] {
  return {
    id: ID,
    runDirectory: '/run/c',
    root: { kind: 'directory', path: '/r' },
    cgroup: undefined,
    stdio: { stdin: 'null', stdout: 'null', stderr: 'null', keepStdin: false, stdinOnce: false },
    gate: false,
  };
}
