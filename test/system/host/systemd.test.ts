/** Containers in scopes of systemd, and the same lives with cgroups that tspod makes: what is so in the kernel's files, on cgroup v2. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import type { ExecutionContext } from 'ava';

import { isTspodError, type Container, type CreateOptions } from '../../../src/index.js';
import { connectManager } from '../../../src/systemd/manager.js';
import { startScope } from '../../../src/systemd/scope.js';
import { run as cli, storeOf } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { killHard } from '../../helpers/processes.js';
import { has, requires, skip } from '../../helpers/requires.js';

const TOP = '/sys/fs/cgroup';
const SLEEP = ['sleep', '1000'];
const MANAGERS = ['systemd', 'cgroupfs'] as const;

/** Of scopes at once. */
const MANY = 300;

type Body = (t: ExecutionContext, env: TestEngine) => Promise<void>;

function withSystemd(title: string, body: Body): void {
  test(title, async (t) => {
    if (requires(t, 'root', 'overlay', 'cgroup2', 'systemd'))
      await body(t, await testEngine(t, { cgroupManager: 'systemd' }));
  });
}

/** On any machine with version 2; with systemd where it runs. */
function withBoth(title: string, body: Body): void {
  for (const cgroupManager of MANAGERS) {
    test(`${cgroupManager}: ${title}`, async (t) => {
      if (!requires(t, 'root', 'overlay', 'cgroup2', ...(cgroupManager === 'systemd' ? (['systemd'] as const) : [])))
        return;
      await body(t, await testEngine(t, { cgroupManager }));
    });
  }
}

async function started(env: TestEngine, options: CreateOptions = {}): Promise<Container> {
  const container = await env.engine.containers.create(env.options({ command: SLEEP, stopSignal: 'KILL', ...options }));
  await container.start();
  return container;
}

/** Of a process, from the top of the hierarchy. */
function cgroupOf(pid: number): string {
  return readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8')
    .trim()
    .replace('0::', '');
}

function groupOf(container: Container): string {
  return TOP + cgroupOf(container.state().pid);
}

function fileOf(container: Container, name: string): string {
  return readFileSync(`${groupOf(container)}/${name}`, 'utf8').trim();
}

function scopeOf({ id }: Container): string {
  return `tspod-${id}.scope`;
}

/** What systemd says of the container's unit. */
function unit(container: Container, property: string): string {
  const args = ['show', '--property', property, '--value', scopeOf(container)];
  return execFileSync('systemctl', args, { encoding: 'utf8' }).trim();
}

/** A disk of the machine: its path, and its numbers with a colon between them. */
function firstDisk(): { readonly path: string; readonly numbers: string } | undefined {
  const lines = execFileSync('lsblk', ['--nodeps', '--noheadings', '--output', 'PATH,MAJ:MIN'], { encoding: 'utf8' });
  const [path, numbers] =
    lines
      .split('\n')
      .find((line) => /nvme|sd|vd/.test(line))
      ?.split(/\s+/) ?? [];
  return path === undefined || numbers === undefined ? undefined : { path, numbers };
}

async function untilNoScope(container: Container): Promise<void> {
  await until(`${scopeOf(container)} is gone`, () => unit(container, 'LoadState') === 'not-found');
}

withSystemd('systemd: a container and its monitor are in groups of one scope, which ends with them', async (t, env) => {
  const container = await started(env);
  const { pid, monitorPid } = container.state();
  const scope = `/${env.cgroupParent}/${scopeOf(container)}`;
  t.is(cgroupOf(pid), `${scope}/container`);
  t.is(cgroupOf(monitorPid), `${scope}/monitor`);
  t.is(readFileSync(`${TOP}${scope}/cgroup.procs`, 'utf8'), '', 'no process is in the scope itself');
  t.is(unit(container, 'ActiveState'), 'active');
  t.is(unit(container, 'Slice'), env.cgroupParent);
  t.is(unit(container, 'Delegate'), 'yes');
  t.is(unit(container, 'TasksMax'), 'infinity');
  t.is(unit(container, 'Description'), `tspod container ${container.name}`);
  const { State, HostConfig } = container.inspect();
  t.is(State.CgroupPath, `${scope}/container`);
  t.is(HostConfig.CgroupManager, 'systemd');
  t.is(HostConfig.CgroupParent, env.cgroupParent);
  await container.stop();
  await untilNoScope(container);
  t.false(existsSync(TOP + scope));
});

withBoth('a life: exec, pause, restart, and starts right after ends', async (t, env) => {
  const container = await started(env);
  const group = cgroupOf(container.state().pid);
  const inside = await container.exec({ command: ['sh', '-c', 'echo $$ >/pid; cat /proc/self/cgroup'] });
  t.is(inside.stdout, '0::/\n', 'an exec is in the container’s group, the top of its namespace');
  await container.pause();
  t.regex(fileOf(container, 'cgroup.events'), /^frozen 1$/m);
  await container.unpause();
  t.regex(fileOf(container, 'cgroup.events'), /^frozen 0$/m);
  await container.restart();
  t.is(cgroupOf(container.state().pid), group);
  for (let round = 0; round < 3; round += 1) {
    await container.kill();
    await container.wait();
    await container.start();
    t.is(cgroupOf(container.state().pid), group);
  }
  await container.remove({ force: true });
  await env.assertNothingLeft();
});

withBoth('limits of memory, processes, CPU and disks are in the kernel', async (t, env) => {
  const disk = firstDisk();
  if (disk === undefined) {
    skip(t, 'no disk');
    return;
  }
  const container = await started(env, {
    resources: {
      memoryBytes: 64 << 20,
      memoryReservationBytes: 32 << 20,
      pidsLimit: 77,
      cpus: 0.5,
      cpusetCpus: '0',
      deviceWriteBps: [{ device: disk.path, rate: 1 << 20 }],
      deviceReadIops: [{ device: disk.path, rate: 1000 }],
      unified: { 'memory.high': String(48 << 20) },
    },
  });
  t.is(fileOf(container, 'memory.max'), String(64 << 20));
  t.is(fileOf(container, 'memory.low'), String(32 << 20));
  t.is(fileOf(container, 'memory.high'), String(48 << 20));
  t.is(fileOf(container, 'pids.max'), '77');
  t.is(fileOf(container, 'cpu.max'), '50000 100000');
  t.is(fileOf(container, 'cpuset.cpus'), '0');
  t.is(fileOf(container, 'io.max'), `${disk.numbers} rbps=max wbps=1048576 riops=1000 wiops=max`);
});

withBoth('the limit of processes stops a fork, also of an exec', async (t, env) => {
  const container = await started(env, { resources: { pidsLimit: 3 } });
  const script = 'sleep 0 & sleep 0 & sleep 0 & wait; echo all';
  const { exitCode, stderr } = await container.exec({ command: ['sh', '-c', script] });
  t.not(exitCode, 0);
  t.regex(stderr, /fork/i);
  t.regex(fileOf(container, 'pids.events'), /^max [1-9]/m);
});

withBoth('running out of memory is noticed', async (t, env) => {
  const container = await started(env, {
    command: ['sh', '-c', 'exec tail </dev/zero'],
    resources: { memoryBytes: 16 << 20, memorySwapBytes: 16 << 20 },
  });
  t.is(await container.wait(), 137);
  t.true(container.state().oomKilled);
});

withBoth(
  'devices are guarded: those of the default list can be opened, others not unless they are given',
  async (t, env) => {
    const disk = firstDisk();
    if (disk === undefined) {
      skip(t, 'no disk');
      return;
    }
    const numbers = disk.numbers.replace(':', ' ');
    const open = `mknod /free c 1 3 && : </free && mknod /disk b ${numbers} && : </disk && echo opened`;
    const guarded = await started(env, { capAdd: ['MKNOD'] });
    const refused = await guarded.exec({ command: ['sh', '-c', open] });
    t.not(refused.exitCode, 0);
    t.regex(refused.stderr, /\/disk: Operation not permitted/);
    const given = await started(env, { capAdd: ['MKNOD'], deviceCgroupRules: [`b ${disk.numbers} r`] });
    t.is((await given.exec({ command: ['sh', '-c', open] })).stdout, 'opened\n');
  },
);

withSystemd('systemd: a restart by policy happens in the same scope, and no engine has to be there', async (t, env) => {
  const container = await env.engine.containers.create(
    env.options({ command: SLEEP, restart: { policy: 'always' }, name: 'again', stopSignal: 'KILL' }),
  );
  await container.start();
  const { pid } = container.state();
  const invocation = unit(container, 'InvocationID');
  t.not(invocation, '');
  process.kill(pid, 'SIGKILL');
  await until('it was restarted', () => container.state().restartCount === 1 && container.state().status === 'running');
  t.not(container.state().pid, pid);
  t.is(cgroupOf(container.state().pid), `/${env.cgroupParent}/${scopeOf(container)}/container`);
  t.is(unit(container, 'InvocationID'), invocation);
});

withSystemd('systemd: kill -9 of monitor and container leaves no scope', async (t, env) => {
  const container = await started(env);
  const { pid, monitorPid } = container.state();
  await killHard(monitorPid);
  await killHard(pid);
  await untilNoScope(container);
  await using other = await env.reopen();
  t.is(other.containers.get(container.id).state().status, 'exited');
  await container.start();
  t.is(unit(container, 'ActiveState'), 'active');
});

withSystemd('systemd: a launch that fails leaves no scope', async (t, env) => {
  const container = await env.engine.containers.create(env.options({ command: ['/does/not/exist'] }));
  await rejectsWith(t, container.start(), 'COMMAND_NOT_FOUND');
  await untilNoScope(container);
});

withSystemd(
  'systemd: limits of a pod stay when its slice gets scopes, and when units are read anew',
  async (t, env) => {
    const { engine, cgroupParent } = env;
    const resources = { cpusetCpus: '0', cpuShares: 512, memoryReservationBytes: 2 ** 20 };
    const pod = await engine.pods.create({ infra: false, cgroupParent, resources });
    const create = () => engine.containers.create({ image: 'host:', command: SLEEP, pod: pod.id });
    const [container, other] = [await create(), await create()];
    for (const each of [container, other]) await each.start();
    t.true(groupOf(container).includes(`tspod_pod_${pod.id}.slice/`));
    for (const what of ['two scopes', 'units read anew']) {
      t.is(fileOf(container, '../../cpuset.cpus'), '0', what);
      t.is(fileOf(container, '../../cpu.weight'), '20', what);
      t.is(fileOf(container, '../../memory.low'), '1048576', what);
      execFileSync('systemctl', ['daemon-reload']);
    }
    await pod.remove({ force: true, timeoutSec: 0 });
  },
);

withSystemd('systemd: a slice lies in those that its name says', async (t, env) => {
  const slice = env.cgroupParent.replace('.slice', '-below.slice');
  const container = await started(env, { cgroupParent: slice });
  t.is(cgroupOf(container.state().pid), `/${env.cgroupParent}/${slice}/${scopeOf(container)}/container`);
});

withSystemd('systemd: no-conmon leaves the monitor where it was started from', async (t, env) => {
  const container = await started(env, { cgroups: 'no-conmon' });
  const { pid, monitorPid } = container.state();
  t.is(cgroupOf(pid), `/${env.cgroupParent}/${scopeOf(container)}/container`);
  await until('the monitor is at home', () => cgroupOf(monitorPid) === cgroupOf(process.pid));
  t.is(container.inspect().HostConfig.Cgroups, 'no-conmon');
  await container.stop();
  await untilNoScope(container);
});

test('systemd: as many scopes at once as somebody wants', async (t) => {
  if (!requires(t, 'root', 'cgroup2', 'systemd')) return;
  // More than the connections that the bus takes of one user.
  const script = `for i in $(seq ${String(MANY)}); do sleep 1000 & echo $!; done; echo all; wait`;
  const shell = spawn('sh', ['-c', script], { detached: true });
  t.teardown(() => process.kill(-(shell.pid ?? 0), 'SIGKILL'));
  let printed = '';
  shell.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  await until('the processes are there', () => printed.endsWith('all\n'));
  const pids = printed.trim().split('\n').slice(0, MANY).map(Number);
  const nameOf = (pid: number) => `tspod-test-many-${String(process.pid)}-${String(pid)}.scope`;
  const slice = 'machine.slice';
  await Promise.all(pids.map((pid) => startScope({ name: nameOf(pid), description: 'one of many', slice, pid })));
  t.deepEqual(
    pids.map(cgroupOf),
    pids.map((pid) => `/machine.slice/${nameOf(pid)}`),
  );
});

test.serial('systemd: a bus that has too many connections refuses further ones, and nothing worse', async (t) => {
  if (!requires(t, 'root', 'cgroup2', 'systemd')) return;
  const managers = Array.from({ length: MANY }, () => connectManager('tspod-test.scope'));
  const answers = await Promise.allSettled(managers.map((manager) => manager.call('GetDefaultTarget', '', [])));
  for (const manager of managers) manager[Symbol.dispose]();
  const reasons = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
  t.true(reasons.length > 0 && reasons.length < MANY, String(reasons.length));
  t.true(reasons.every((reason) => isTspodError(reason, 'LAUNCH_FAILED') && /connections/.test(reason.message)));
});

test('cgroups split: the caller’s group is divided between container and supervisors', async (t) => {
  if (!requires(t, 'root', 'overlay', 'cgroup2', 'systemd')) return;
  const { env } = storeOf(t);
  const name = `tspod-split-${String(process.pid)}.scope`;
  const tspod = [
    'bin/tspod',
    'run',
    '--detach',
    '--name',
    'part',
    '--network',
    'none',
    '--cgroups',
    'split',
    '-m',
    '64m',
    'host:',
  ];
  const args = ['--scope', '--quiet', '--property', 'Delegate=yes', '--unit', name, ...tspod, ...SLEEP];
  execFileSync('systemd-run', args, { env });
  const show = async (field: string) => (await cli(t, 0, 'inspect', '-f', `{{.${field}}}`, 'part')).stdout.trim();
  const id = await show('Id');
  const group = cgroupOf(Number(await show('State.Pid')));
  t.is(group, `/system.slice/${name}/tspod-payload-${id}`);
  t.is(cgroupOf(Number(await show('State.ConmonPid'))), `/system.slice/${name}/supervisor`);
  t.is(await show('State.CgroupPath'), group);
  t.is(readFileSync(`${TOP}${group}/memory.max`, 'utf8'), `${String(64 << 20)}\n`);
  await cli(t, 0, 'rm', '--force', '--time', '0', 'part');
  await until('the scope is gone', () => !existsSync(`${TOP}/system.slice/${name}`));
});

test('cgroup manager: what fits the other one is refused', async (t) => {
  if (!requires(t, 'root')) return;
  const create = (manager: string, ...flags: readonly string[]) =>
    cli(t, 125, '--cgroup-manager', manager, 'create', ...flags, '--network', 'none', 'host:', 'true');
  const slice = await create('cgroupfs', '--cgroup-parent', 'a.slice');
  t.is(slice.stderr, 'Error: systemd slice received as cgroup parent when using cgroupfs: invalid argument\n');
  if (has('systemd') && has('cgroup2')) {
    const path = await create('systemd', '--cgroup-parent', '/a');
    t.is(
      path.stderr,
      'Error: did not receive systemd slice as cgroup parent when using systemd to manage cgroups: invalid argument\n',
    );
    const restarts = await create('systemd', '--cgroups', 'no-conmon', '--restart', 'always');
    t.regex(restarts.stderr, /no-conmon cannot be given with a restart policy/);
  } else {
    const missing = await create('systemd');
    t.regex(missing.stderr, /cannot use cgroup manager systemd: .*; use cgroup manager cgroupfs/);
  }
  const unknown = await create('other');
  t.is(
    unknown.stderr,
    'Error: configuring runtime: cgroup manager must be one of cgroupfs and systemd: invalid argument\n',
  );
});
