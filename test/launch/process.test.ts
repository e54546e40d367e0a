/** What a process hands on to the command: names, sysctls, limits, scheduling, session, descriptors, signals. */
import { openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { CODES } from '../../src/plan/codes.js';
import { STAGES } from '../../src/plan/ops.js';
import type { Step } from '../../src/plan/ops.js';
import { afterClone, CLONE, init, prepare, ROOT, runContained } from '../helpers/contained.js';
import { requires } from '../helpers/requires.js';
import { temporaryDirectory } from '../helpers/temp.js';

const AFTER_CLONE = STAGES.indexOf('afterClone');

test('hostname, domainname', async (t) => {
  if (!requires(t, 'root')) return;
  const host = readFileSync('/proc/sys/kernel/hostname', 'utf8');
  const { value } = await runContained(t, {
    after: [init({ op: 'hostname', name: 'box' }), init({ op: 'domainname', name: 'example.test' })],
    command: ['names'],
  });
  t.is(value('hostname'), 'box');
  t.is(value('domainname'), 'example.test');
  t.is(readFileSync('/proc/sys/kernel/hostname', 'utf8'), host);
});

test('hostname: a name that is too long is an error', async (t) => {
  if (!requires(t, 'root')) return;
  const name = 'x'.repeat(100_000);
  const { end } = await runContained(t, { after: [init({ op: 'hostname', name })] });
  t.true(end.startsWith('failed hostname EINVAL sethostname xxx'));
});

test('sysctl: those of the container’s namespaces, without a /proc in it', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    after: [
      init({ op: 'sysctl', key: 'net/ipv4/ip_forward', value: '1' }),
      init({ op: 'sysctl', key: 'kernel/shm_rmid_forced', value: '1' }),
      init({ op: 'sysctl', key: 'net/ipv4/ping_group_range', value: '0\t1000' }),
      init({ op: 'mountFs', slot: 1, type: 'proc', options: [], attributes: 0n }),
      init({ op: 'attachInRoot', slot: 1, rootSlot: ROOT, target: '/proc', create: CODES.create.nothing }),
    ],
    command: [
      ...['cat', '/proc/sys/net/ipv4/ip_forward', '--', 'cat', '/proc/sys/kernel/shm_rmid_forced'],
      ...['--', 'cat', '/proc/sys/net/ipv4/ping_group_range'],
    ],
  });
  t.is(outcome.end, 'exit 0');
  t.is(outcome.stdout, '1\n1\n0\t1000\n');
});

test('sysctl: what the container has put over its /proc/sys does not matter', async (t) => {
  if (!requires(t, 'root')) return;
  const fake = join(temporaryDirectory(t), 'fake');
  writeFileSync(fake, 'untouched');
  const path = '/proc/sys/net/ipv4/ip_forward';
  const outcome = await runContained(t, {
    proc: true,
    before: [init({ op: 'openTree', slot: 1, path: fake, recursive: 0 })],
    after: [
      init({ op: 'attachMount', slot: 1, path }),
      init({ op: 'sysctl', key: 'net/ipv4/ip_forward', value: '1' }),
      init({ op: 'unmount', path }),
    ],
    command: ['cat', path],
  });
  t.is(outcome.stdout, '1\n');
  t.is(readFileSync(fake, 'utf8'), 'untouched');
});

test('sysctl: an unknown one, a bad value, and one outside of /proc/sys', async (t) => {
  if (!requires(t, 'root')) return;
  const sysctl = (key: string, value: string): Promise<{ end: string }> =>
    runContained(t, { after: [init({ op: 'sysctl', key, value })] });
  t.is((await sysctl('net/no/such', '1')).end, 'failed sysctl ENOENT openat2 sys/net/no/such');
  t.is((await sysctl('kernel/shm_rmid_forced', 'words')).end, 'failed sysctl EINVAL write sys/kernel/shm_rmid_forced');
  t.is((await sysctl('net/../../self/comm', 'x')).end, 'failed sysctl EINVAL sysctl net/../../self/comm');
});

test('linkUp: the loopback device works', async (t) => {
  if (!requires(t, 'root')) return;
  const up = await runContained(t, {
    proc: true,
    after: [init({ op: 'linkUp', name: 'lo' })],
    command: ['cat', '/proc/net/fib_trie'],
  });
  t.true(up.stdout.includes('127.0.0.1'));
  const missing = await runContained(t, { after: [init({ op: 'linkUp', name: 'eth7' })] });
  t.is(missing.end, 'failed linkUp ENODEV SIOCGIFFLAGS eth7');
});

test('rlimit: soft and hard', async (t) => {
  if (!requires(t, 'root')) return;
  const { value } = await runContained(t, {
    after: [
      init({ op: 'rlimit', resource: 7, soft: 100n, hard: 200n }),
      init({ op: 'rlimit', resource: 4, soft: 0n, hard: 0xffff_ffff_ffff_ffffn }),
    ],
    command: ['rlimit', '7', '--', 'rlimit', '4'],
  });
  t.is(value('rlimit7'), '100,200');
  t.is(value('rlimit4'), '0,18446744073709551615');
});

test('rlimit: one that cannot be is an error', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runContained(t, { after: [init({ op: 'rlimit', resource: 7, soft: 2n, hard: 1n })] });
  t.is(end, 'failed rlimit EINVAL prlimit 7');
});

test('rlimit, oomScoreAdj: set by the monitor on a child that has a user namespace', async (t) => {
  if (!requires(t, 'root', 'userns')) return;
  const outcome = await runContained(t, {
    namespaces: CLONE.newUser | CLONE.newNs | CLONE.newPid,
    outside: [
      afterClone({ op: 'idMaps', uidMap: '0 0 1000', gidMap: '0 0 1000', denySetgroups: 0 }),
      afterClone({ op: 'rlimit', resource: 7, soft: 111n, hard: 222n }),
      afterClone({ op: 'oomScoreAdj', value: 321 }),
    ],
    first: [init({ op: 'awaitStage', awaited: AFTER_CLONE, gate: 0 }), init({ op: 'becomeNamespaceRoot' })],
    proc: true,
    command: ['rlimit', '7', '--', 'cat', '/proc/self/oom_score_adj'],
  });
  t.is(outcome.stdout, 'rlimit7=111,222\n321\n');
});

test('raiseLimit: the hard limit alone, and never lower', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    after: [
      init({ op: 'rlimit', resource: 7, soft: 100n, hard: 200n }),
      init({ op: 'raiseLimit', resource: 7, hard: 150n }),
      init({ op: 'raiseLimit', resource: 4, hard: 0n }),
    ],
    command: ['rlimit', '7'],
  });
  t.is(outcome.stdout, 'rlimit7=100,200\n');
});

test('raiseLimit: by the monitor, for a child that has a user namespace and may not', async (t) => {
  if (!requires(t, 'root', 'userns', 'sysResource')) return;
  const outcome = await runContained(t, {
    namespaces: CLONE.newUser | CLONE.newNs | CLONE.newPid,
    outside: [
      afterClone({ op: 'idMaps', uidMap: '0 0 1000', gidMap: '0 0 1000', denySetgroups: 0 }),
      afterClone({ op: 'rlimit', resource: 4, soft: 5n, hard: 10n }),
      afterClone({ op: 'raiseLimit', resource: 4, hard: 20n }),
    ],
    first: [init({ op: 'awaitStage', awaited: AFTER_CLONE, gate: 0 }), init({ op: 'becomeNamespaceRoot' })],
    proc: true,
    command: ['rlimit', '4'],
  });
  t.is(outcome.stdout, 'rlimit4=5,20\n');
});

test('oomScoreAdj', async (t) => {
  if (!requires(t, 'root')) return;
  const adjust = (value: number): Promise<{ stdout: string; end: string }> =>
    runContained(t, {
      proc: true,
      after: [init({ op: 'oomScoreAdj', value })],
      command: ['cat', '/proc/self/oom_score_adj'],
    });
  t.is((await adjust(500)).stdout, '500\n');
  t.is((await adjust(5000)).end, 'failed oomScoreAdj EINVAL write self/oom_score_adj');
});

test('umask: as told, or 0022', async (t) => {
  if (!requires(t, 'root')) return;
  t.is(
    (await runContained(t, { after: [init({ op: 'umask', mask: 0o077 })], command: ['umask'] })).value('umask'),
    '0077',
  );
  t.is((await runContained(t, { command: ['umask'] })).value('umask'), '0022');
});

async function shows(t: ExecutionContext, steps: readonly Step[], name: string, expected: string): Promise<void> {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, { after: steps, command: ['sched'] });
  t.is(outcome.end, 'exit 0');
  t.is(outcome.value(name), expected);
}
const batch = {
  op: 'scheduler',
  policy: 3,
  flags: 0n,
  nice: 7,
  priority: 0,
  runtime: 0n,
  deadline: 0n,
  period: 0n,
} as const;
test('scheduler: a policy', shows, [init(batch)], 'policy', '3');
test('scheduler: niceness', shows, [init(batch)], 'nice', '7');
test('ioPriority', shows, [init({ op: 'ioPriority', class: 2, level: 3 })], 'ioprio', `${(2 << 13) | 3}`);
test('cpuAffinity', shows, [init({ op: 'cpuAffinity', cpus: '0' })], 'cpus', '0,');
test('personality', shows, [init({ op: 'personality', persona: 8n })], 'personality', '8');

async function fails(t: ExecutionContext, step: Step, expected: string): Promise<void> {
  if (!requires(t, 'root')) return;
  t.is((await runContained(t, { after: [step] })).end, expected);
}
test('scheduler: an unknown policy', fails, init({ ...batch, policy: 99 }), 'failed scheduler EINVAL sched_setattr');
test(
  'ioPriority: an unknown class',
  fails,
  init({ op: 'ioPriority', class: 9, level: 0 }),
  'failed ioPriority EINVAL ioprio_set',
);
test(
  'cpuAffinity: no list',
  fails,
  init({ op: 'cpuAffinity', cpus: '0-' }),
  'failed cpuAffinity EINVAL sched_setaffinity 0-',
);
test(
  'cpuAffinity: no such CPU',
  fails,
  init({ op: 'cpuAffinity', cpus: '8000' }),
  'failed cpuAffinity EINVAL sched_setaffinity 8000',
);

test('sessionKeyring: a new one of this name', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    after: [init({ op: 'sessionKeyring', name: 'of-the-container' })],
    command: ['keyring'],
  });
  t.is(outcome.end, 'exit 0');
  t.regex(outcome.value('keyring') ?? '', /^keyring;.*;of-the-container$/);
});

test('newSession: the command leads a session', async (t) => {
  if (!requires(t, 'root')) return;
  const { value } = await runContained(t, { after: [init({ op: 'newSession' })], command: ['processes'] });
  t.is(value('sid'), '1');
});

test('the command begins with no signal blocked or ignored, and with none that comes when its monitor dies', async (t) => {
  if (!requires(t, 'root')) return;
  const { value } = await runContained(t, { command: ['signals', '--', 'security'] });
  t.is(value('blocked'), '');
  t.is(value('ignored'), '');
  t.is(value('pdeathsig'), '0');
  t.is(value('dumpable'), '1');
});

test('the command has its standard streams and no other descriptor', async (t) => {
  if (!requires(t, 'root')) return;
  const open = Array.from({ length: 20 }, () => openSync('/', 'r'));
  t.teardown(() => open.forEach(closeSync));
  const { value } = await runContained(t, {
    outside: open.map((_, index) => prepare({ op: 'inheritFd', slot: 30 + index, fd: 4 + index })),
    fds: open,
    command: ['fds'],
  });
  t.is(value('fds'), '0,1,2');
});

test('exposeFd: under the numbers asked for, whatever stands there', async (t) => {
  if (!requires(t, 'root')) return;
  const directory = temporaryDirectory(t);
  const fds = ['a', 'b', 'c'].map((name) => {
    writeFileSync(join(directory, name), name);
    return openSync(join(directory, name), 'r');
  });
  t.teardown(() => fds.forEach(closeSync));
  const outcome = await runContained(t, {
    fds,
    outside: [0, 1, 2].map((index) => prepare({ op: 'inheritFd', slot: 30 + index, fd: 4 + index })),
    proc: true,
    after: [
      init({ op: 'exposeFd', slot: 32, fd: 3 }),
      init({ op: 'exposeFd', slot: 30, fd: 5 }),
      init({ op: 'exposeFd', slot: 31, fd: 4 }),
      init({ op: 'exposeFd', slot: 31, fd: 70 }),
    ],
    command: [3, 4, 5, 70].flatMap((fd) => ['cat', `/proc/self/fd/${fd}`, '--']).concat('fds'),
  });
  t.is(outcome.stdout, 'cbabfds=0,1,2,3,4,5,70\n');
});

test('exposeFd: the standard streams are not to be had that way', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runContained(t, { after: [init({ op: 'exposeFd', slot: ROOT, fd: 2 })] });
  t.is(end, 'failed exposeFd EINVAL descriptor 2');
});

test('inheritFd: a descriptor that is not there', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runContained(t, { outside: [prepare({ op: 'inheritFd', slot: 1, fd: 999 })] });
  t.is(end, 'failed inheritFd EBADF fcntl F_DUPFD');
});
