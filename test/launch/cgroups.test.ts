/** Control groups of both versions: made, limited, entered, and removed with all that is in them. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { CODES } from '../../src/plan/codes.js';
import type { Plan, Step } from '../../src/plan/ops.js';
import { CLONE, init, launchPlan, outcomeOf, prepare, runContained, setting, teardown } from '../helpers/contained.js';
import { has, requires, skip } from '../helpers/requires.js';
import { runContainer } from '../helpers/supervised.js';
import { temporaryDirectory } from '../helpers/temp.js';

const GROUP = 50;

/** Where the unified hierarchy is mounted, alone or beside those of version 1. */
const UNIFIED = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((path) =>
  existsSync(join(path, 'cgroup.controllers')),
);

let last = 0;

/** A path below a hierarchy that no other test has; removed after the test if the test failed to. */
function groupPath(t: ExecutionContext, hierarchy: string): string {
  const parent = join(hierarchy, `tspod-test-${process.pid}-${(last += 1)}`);
  t.teardown(() => {
    for (const path of [join(parent, 'group'), parent]) {
      try {
        rmdirSync(path);
      } catch {
        // it is gone
      }
    }
  });
  return join(parent, 'group');
}

const create = (path: string): Step => prepare({ op: 'cgroupCreate', slot: GROUP, path });
const write = (name: string, value: string): Step => prepare({ op: 'writeFileAt', slot: GROUP, name, value });
const remove = (path: string): Step => teardown({ op: 'cgroupRemove', path });
const removeBoth = (path: string): Step[] => [remove(path), remove(join(path, '..'))];

test('cgroupCreate: others may read the group, whatever umask the caller has', async (t) => {
  const directory = temporaryDirectory(t);
  // A directory like any other, so that it takes no privileges.
  const group = join(directory, 'parent/group');
  const { engine } = await runContainer(t, { command: 'umask', umask: 0o077, directory, steps: [create(group)] });
  t.is(statSync(group).mode & 0o777, 0o755);
  t.is(statSync(join(group, '..')).mode & 0o777, 0o755);
  t.is(engine.stdout.toString(), '0022\n');
});

test('cgroupCreate, writeFileAt, cgroupEnter, cgroupRemove: version 1, with a limit that holds', async (t) => {
  if (!requires(t, 'root', 'cgroup1')) return;
  const path = groupPath(t, '/sys/fs/cgroup/memory');
  const outcome = await runContained(t, {
    outside: [create(path), write('memory.limit_in_bytes', '33554432'), ...removeBoth(path)],
    first: [
      init({ op: 'cgroupEnter', slot: GROUP, file: 'tasks' }),
      init({ op: 'unshare', flags: Number(CLONE.newCgroup) }),
    ],
    before: [
      init({ op: 'mountFs', slot: 51, type: 'cgroup', options: ['memory'], attributes: 1n }),
      init({ op: 'attachInRoot', slot: 51, rootSlot: 0, target: '/sys', create: CODES.create.nothing }),
    ],
    proc: true,
    command: ['cat', '/sys/memory.limit_in_bytes', '--', 'cat', '/proc/self/cgroup'],
  });
  t.is(outcome.end, 'exit 0');
  t.regex(outcome.stdout, /^33554432\n/);
  t.regex(outcome.stdout, /^\d+:memory:\/$/m);
  t.false(existsSync(join(path, '..')));
});

test('cpusetInherit: a group of version 1 gets CPUs and memory nodes, level by level', async (t) => {
  if (!requires(t, 'root', 'cgroup1')) return;
  if (!existsSync('/sys/fs/cgroup/cpuset')) return skip(t, 'no cpuset hierarchy of version 1');
  const path = groupPath(t, '/sys/fs/cgroup/cpuset');
  const outcome = await runContained(t, {
    outside: [create(path), prepare({ op: 'cpusetInherit', path }), write('cpuset.cpus', '0'), ...removeBoth(path)],
    first: [init({ op: 'cgroupEnter', slot: GROUP, file: 'tasks' })],
    command: ['sched'],
  });
  t.is(outcome.end, 'exit 0');
  t.is(outcome.value('cpus'), '0,');
});

test('writeFileAt: a value that the kernel refuses, a file that is not there', async (t) => {
  if (!requires(t, 'root', 'cgroup1')) return;
  const path = groupPath(t, '/sys/fs/cgroup/memory');
  const bad = await runContained(t, {
    outside: [create(path), write('memory.limit_in_bytes', 'much'), ...removeBoth(path)],
  });
  t.is(bad.end, 'failed writeFileAt EINVAL write memory.limit_in_bytes');
  const missing = await runContained(t, { outside: [create(path), write('no.such', '1'), ...removeBoth(path)] });
  t.is(missing.end, 'failed writeFileAt ENOENT openat no.such');
  t.false(existsSync(path));
});

test('cgroupCreate: a hierarchy that is not there', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runContained(t, { outside: [create('/proc/no/such')] });
  t.regex(end, /^failed cgroupCreate ENOENT mkdirat \/proc/);
});

test('clone: right into a group of version 2', async (t) => {
  if (!requires(t, 'root') || UNIFIED === undefined) return;
  const path = groupPath(t, UNIFIED);
  const outcome = await runContained(t, {
    outside: [create(path), ...removeBoth(path)],
    cgroupSlot: GROUP,
    proc: true,
    command: ['cat', '/proc/self/cgroup'],
  });
  t.regex(outcome.stdout, /^0::\/tspod-test-[\d-]+\/group$/m);
  t.false(existsSync(join(path, '..')));
});

/** A plan that launches a command of the host in no namespaces; `command` is given to a shell. */
function shellPlan(command: string, outside: readonly Step[], first: readonly Step[]): Plan {
  return {
    steps: [
      setting({ op: 'role', kind: CODES.monitorRole.exec }),
      ...outside,
      prepare({ op: 'clone', flags: 0n, cgroupSlot: -1 }),
      ...first,
      init({ op: 'exec', args: ['/bin/sh', '-c', command], env: [`PATH=${process.env['PATH']}`], setHome: 0 }),
    ],
  };
}

/** What the command leaves behind in the group is ended by cgroupRemove, also in groups within it. */
async function leavesNothing(t: ExecutionContext, hierarchy: string, prelude: (path: string) => string): Promise<void> {
  if (!requires(t, 'root')) return;
  if (!existsSync(hierarchy)) return skip(t, `this machine has no ${hierarchy}`);
  const path = groupPath(t, hierarchy);
  const nest = `mkdir -p ${path}/a/b; (echo 0 > ${path}/a/b/cgroup.procs; exec sleep 1000) & (exec sleep 1000) & `;
  const plan = shellPlan(
    `${nest} sleep 0.1; ${prelude(path)}`,
    [create(path), ...removeBoth(path)],
    [init({ op: 'cgroupEnter', slot: GROUP, file: 'cgroup.procs' })],
  );
  const launch = launchPlan(t, plan);
  const { pid } = await launch.engine.expect('started');
  await outcomeOf(t, launch);
  t.true(pid > 0);
  t.false(existsSync(join(path, '..')), 'the groups are gone');
}
test('cgroupRemove: ends what is left, version 1', leavesNothing, '/sys/fs/cgroup/memory', () => 'exit 0');
test('cgroupRemove: ends what is left, version 2', leavesNothing, UNIFIED ?? '/nowhere', () => 'exit 0');

/** Runs a plan that only tears down. */
async function tearDown(t: ExecutionContext, ...steps: readonly Step[]): Promise<string> {
  const launch = launchPlan(t, { steps: [setting({ op: 'role', kind: CODES.monitorRole.exec }), ...steps] });
  return (await outcomeOf(t, launch)).end;
}

const asleep = (): ChildProcess => spawn('sleep', ['1000'], { stdio: 'ignore' });

test('cgroupRemove: a frozen group of version 1 is thawed to die', async (t) => {
  if (!requires(t, 'root', 'cgroup1')) return;
  const path = groupPath(t, '/sys/fs/cgroup/freezer');
  mkdirSync(path, { recursive: true });
  const sleeper = asleep();
  const ended = once(sleeper, 'exit');
  writeFileSync(join(path, 'cgroup.procs'), `${sleeper.pid}`);
  writeFileSync(join(path, 'freezer.state'), 'FROZEN');
  t.is(await tearDown(t, ...removeBoth(path)), 'failed - EBADMSG plan without clone');
  t.deepEqual(await ended, [null, 'SIGKILL']);
  t.false(existsSync(path));
});

test('cgroupRemove: a frozen group of version 2 dies as it is', async (t) => {
  if (!requires(t, 'root') || UNIFIED === undefined) return;
  const path = groupPath(t, UNIFIED);
  mkdirSync(path, { recursive: true });
  const sleeper = asleep();
  const ended = once(sleeper, 'exit');
  writeFileSync(join(path, 'cgroup.procs'), `${sleeper.pid}`);
  writeFileSync(join(path, 'cgroup.freeze'), '1');
  await tearDown(t, ...removeBoth(path));
  t.deepEqual(await ended, [null, 'SIGKILL']);
  t.false(existsSync(path));
});

test('cgroupRemove: processes that go on forking do not get away', async (t) => {
  if (!requires(t, 'root', 'cgroup1')) return;
  const path = groupPath(t, '/sys/fs/cgroup/pids');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'pids.max'), '500');
  const script = `echo 0 > ${path}/cgroup.procs; while :; do sleep 1000 & sleep 0.005; done`;
  const forker = spawn('sh', ['-c', script], { stdio: 'ignore' });
  const ended = once(forker, 'exit');
  while (readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n').length < 10)
    await new Promise((wake) => setTimeout(wake, 10));
  await tearDown(t, ...removeBoth(path));
  await ended;
  t.false(existsSync(path));
});

/** "Deny all devices", in eBPF: r0 = 0; exit. And "allow". */
const program = (answer: number): Uint8Array =>
  Buffer.from([0xb7, 0, 0, 0, answer, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]);

test('cgroupDevices: a program on a group of version 2 decides what may be opened; a later one takes its place', async (t) => {
  if (!requires(t, 'root') || UNIFIED === undefined) return;
  const path = groupPath(t, UNIFIED);
  const devices = (bytes: Uint8Array): Step => prepare({ op: 'cgroupDevices', slot: GROUP, program: bytes });
  const node = init({
    op: 'makeNode',
    rootSlot: 0,
    path: '/dev/zero',
    mode: 0o020666,
    major: 1,
    minor: 5,
    uid: 0,
    gid: 0,
  });
  const enter = init({ op: 'cgroupEnter', slot: GROUP, file: 'cgroup.procs' });
  const run = async (...programs: readonly Uint8Array[]): Promise<string | undefined> => {
    const outcome = await runContained(t, {
      outside: [create(path), ...programs.map(devices), ...removeBoth(path)],
      before: [node, enter],
      command: ['open', '/dev/zero'],
    });
    return outcome.end === 'exit 0' ? outcome.value('/dev/zero') : outcome.end;
  };
  t.is(await run(program(1)), 'ok');
  t.is(await run(program(0)), '!EPERM');
  t.is(await run(program(0), program(1)), 'ok');
});

test('cgroupDevices: bytes that are no program are an error', async (t) => {
  if (!requires(t, 'root') || UNIFIED === undefined) return;
  const path = groupPath(t, UNIFIED);
  const run = async (bytes: Uint8Array): Promise<string> =>
    (
      await runContained(t, {
        outside: [create(path), prepare({ op: 'cgroupDevices', slot: GROUP, program: bytes }), ...removeBoth(path)],
      })
    ).end;
  t.is(await run(Buffer.from('abc')), 'failed cgroupDevices EINVAL bpf device program');
  t.is(await run(Buffer.alloc(8)), 'failed cgroupDevices EINVAL bpf BPF_PROG_LOAD');
});

/** Tells a number once, as that of a process that has left or ended by the time of the next look. */
const LISTED_ONCE =
  'cd "$0" && mkfifo cgroup.procs && echo ready && echo "$1" > cgroup.procs && echo told && while :; do : > cgroup.procs; done';

test('cgroupRemove: who is in the group no longer when its process is held is left alone', async (t) => {
  if (!requires(t, 'root')) return;
  // A file system of its own, which cannot be removed before it is unmounted, is taken for a group with something in it.
  const path = temporaryDirectory(t);
  execFileSync('mount', ['-t', 'tmpfs', 'group', path]);
  const unmount = () => spawnSync('umount', ['-l', path]);
  t.teardown(unmount);
  const other = spawn('sleep', ['1000']);
  const group = spawn('sh', ['-c', LISTED_ONCE, path, String(other.pid)], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => [other, group].map((child) => child.kill('SIGKILL')));
  await once(group.stdout, 'data');
  const told = once(group.stdout, 'data');
  const launch = launchPlan(t, shellPlan('true', [remove(path)], []));
  await told;
  unmount();
  await outcomeOf(t, launch);
  t.false(existsSync(path), 'it came to its end');
  t.is(other.signalCode, null);
});

test('cgroup files of version 1 can deny devices as well', async (t) => {
  if (!requires(t, 'root', 'cgroup1') || !has('cgroup1') || !existsSync('/sys/fs/cgroup/devices')) return;
  const path = groupPath(t, '/sys/fs/cgroup/devices');
  const outcome = await runContained(t, {
    outside: [
      create(path),
      write('devices.deny', 'a *:* rwm'),
      write('devices.allow', 'c 1:3 rwm'),
      ...removeBoth(path),
    ],
    before: [
      init({ op: 'makeNode', rootSlot: 0, path: '/dev/null', mode: 0o020666, major: 1, minor: 3, uid: 0, gid: 0 }),
      init({ op: 'makeNode', rootSlot: 0, path: '/dev/zero', mode: 0o020666, major: 1, minor: 5, uid: 0, gid: 0 }),
      init({ op: 'cgroupEnter', slot: GROUP, file: 'tasks' }),
    ],
    command: ['open', '/dev/null', '--', 'open', '/dev/zero', '--', 'mknod', '/dev/mem', '1', '1'],
  });
  t.is(outcome.value('/dev/null'), 'ok');
  t.is(outcome.value('/dev/zero'), '!EPERM');
  t.is(outcome.value('/dev/mem'), '!EPERM');
});
