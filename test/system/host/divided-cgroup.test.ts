/** Containers that make cgroups in their own, as those with systemd, Docker or Kubernetes in them do, and what outlives their first process. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';

import type { Container, CreateOptions, ResourceOptions } from '../../../src/index.js';
import { readIfThere } from '../../../src/native/if-there.js';
import { createCgroup, removeCgroup } from '../../../src/native/index.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { output, storeOf } from '../../helpers/cli.js';
import { testEngine, type TestEngine } from '../../helpers/engine.js';
import { cgroupTops, containerCgroup } from '../../helpers/leaks.js';
import { withPods } from '../../helpers/pods.js';
import { requires, skip } from '../../helpers/requires.js';
import { until } from '../../helpers/until.js';

/** A controller of version 2 that this machine can divide, what makes a container have it, and where that is mounted. */
interface Divisible {
  readonly top: string;
  readonly controller: string;
  readonly resources: ResourceOptions;
}

const CONTROLLERS: Readonly<Record<string, ResourceOptions>> = {
  pids: { pidsLimit: 100 },
  hugetlb: { unified: { 'hugetlb.2MB.max': 'max' } },
};

function divisible(): Divisible | undefined {
  for (const top of ['/sys/fs/cgroup', '/sys/fs/cgroup/unified']) {
    if (!existsSync(`${top}/cgroup.controllers`)) continue;
    const offered = readFileSync(`${top}/cgroup.controllers`, 'utf8').trim().split(' ');
    for (const [controller, resources] of Object.entries(CONTROLLERS))
      if (offered.includes(controller)) return { top, controller, resources };
  }
  return undefined;
}

/** A container whose first process leaves its group for one in it, and gives that the controller. */
function onDivided(title: string, body: (t: ExecutionContext, fixture: Fixture) => Promise<void>): void {
  test(title, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const at = divisible();
    if (at === undefined) return skip(t, 'no controller of cgroup v2 that could be divided');
    const env = await testEngine(t);
    const { top, controller, resources } = at;
    const container = await env.engine.containers.create(
      env.options({
        privileged: true,
        resources,
        stopTimeoutSec: 0,
        restart: { policy: 'always' },
        command: [
          'sh',
          '-c',
          `cd ${top}; mkdir -p init; echo $$ >init/cgroup.procs; echo +${controller} >cgroup.subtree_control; echo divided; exec sleep 1000`,
        ],
        health: { test: ['CMD', 'true'], intervalMs: 0 },
      }),
    );
    await container.start();
    const group = `${top}${containerCgroup(env, container.id)}`;
    await isDivided(group);
    await body(t, { env, container, group });
  });
}

interface Fixture {
  readonly env: TestEngine;
  readonly container: Container;
  readonly group: string;
}

async function isDivided(group: string): Promise<void> {
  await until(
    'the division',
    () => existsSync(`${group}/init`) && (readIfThere(`${group}/cgroup.subtree_control`) ?? '').trim() !== '',
  );
}

onDivided('exec and checks go where its first process has gone', async (t, { container }) => {
  const { stdout } = await container.exec({ command: ['cat', '/proc/self/cgroup'] });
  t.regex(stdout.toString(), /^0::.*\/init$/m);
  t.is((await container.healthcheck()).status, 'healthy');
});

onDivided('its restart policy starts it in a group that is whole again', async (t, { container, group }) => {
  for (const life of [1, 2]) {
    await nextLife(container, life);
    await isDivided(group);
    t.deepEqual(
      readdirSync(group, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name),
      ['init'],
    );
    t.is((await container.exec({ command: ['true'] })).exitCode, 0);
  }
});

/** Its first process is killed behind its back; resolves when the next one runs. */
async function nextLife(container: Container, life: number): Promise<void> {
  process.kill(container.state().pid, 'SIGKILL');
  await until('the next life', () => {
    const { status, restartCount } = container.state();
    return status === 'running' && restartCount === life;
  });
}

/** How many processes of the container's groups run this program. */
function running(path: string, name: string): number {
  const pids = new Set(
    cgroupTops()
      .map((top) => readIfThere(`${top}${path}/cgroup.procs`) ?? '')
      .flatMap((text) => text.split('\n').filter(Boolean)),
  );
  return [...pids].filter((pid) => readIfThere(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim() === name).length;
}

const LEAVES: CreateOptions = {
  restart: { policy: 'always' },
  stopTimeoutSec: 0,
  command: ['sh', '-c', 'sleep 4321 & exec sleep 1000'],
};

test('with the PID namespace of the host nothing of a life is left in the next', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await testEngine(t);
  const resources: ResourceOptions = { memoryBytes: 64 * 2 ** 20 };
  const container = await env.engine.containers.create(env.options({ ...LEAVES, pid: 'host', resources }));
  await container.start();
  const path = containerCgroup(env, container.id);
  await container.update({ resources: { memoryBytes: 96 * 2 ** 20 } });
  for (const life of [1, 2]) {
    await until('what is to be left', () => running(path, 'sleep 4321') === 1);
    const session = container.exec({ command: ['sleep', '1234'] });
    await until('the command', () => running(path, 'sleep 1234') === 1);
    await nextLife(container, life);
    t.is((await session).exitCode, 137);
    await until('the next one', () => running(path, 'sleep 1000') === 1 && running(path, 'sleep 4321') === 1);
    t.is(memoryLimit(path), 96 * 2 ** 20);
  }
});

function memoryLimit(path: string): number {
  const files = cgroupTops().flatMap((top) =>
    ['memory.limit_in_bytes', 'memory.max'].map((name) => `${top}${path}/${name}`),
  );
  return Number(readFileSync(files.find((file) => existsSync(file)) ?? '', 'utf8'));
}

test('with the PID namespace of its pod nothing of a life is left in the next, and the other members go on', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox')) return;
  const env = await withPods(t);
  const pod = await env.pod({ share: ['pid'] });
  const [member, other] = [await env.member(pod, LEAVES), await env.member(pod)];
  await pod.start();
  const { pid } = other.state();
  const list = 'for i in /proc/[0-9]*/cmdline; do tr "\\0" " " <$i; echo; done';
  const count = async () => {
    const { stdout } = await other.exec({ command: ['sh', '-c', list] });
    return stdout
      .toString()
      .split('\n')
      .filter((line) => line === 'sleep 4321 ').length;
  };
  await until('what is to be left', async () => (await count()) >= 1);
  await nextLife(member, 1);
  await until('the next one', async () => (await count()) === 1);
  t.is(other.state().pid, pid);
  t.is(other.state().status, 'running');
});

/** Words before a command, for which a new group is the top of cgroup version 2 and its own, as in a container. */
async function asInContainer(t: ExecutionContext, { top, controller }: Divisible): Promise<readonly string[]> {
  const group = `${top}/tspod-test-top-${process.pid}`;
  await createCgroup(group);
  t.teardown(() => removeCgroup(group, { kill: true }));
  writeFileSync(`${top}/cgroup.subtree_control`, `+${controller}`);
  const mount = `umount -l ${top} && mount -t cgroup2 cgroup2 ${top} && exec "$@"`;
  return ['sh', '-c', `echo 0 >${group}/cgroup.procs && exec unshare -C -m sh -c '${mount}' sh "$@"`, 'sh'];
}

test('in a container limits can be set: the processes of the top group are moved to one below it', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox', 'unshare')) return;
  const at = divisible();
  if (at === undefined) return skip(t, 'no controller of cgroup v2 that could be divided');
  const { top, controller } = at;
  const prefix = await asInContainer(t, at);
  const file = controller === 'pids' ? 'pids.max' : 'hugetlb.2MB.max';
  const limit = controller === 'pids' ? ['--pids-limit', '4096'] : ['--cgroup-conf', `${file}=4194304`];
  const store = storeOf(t);
  store.prefix = prefix;
  // An option of cgroupfs: in the virtual machine systemd runs outside of what looks like a container here.
  const run = [
    '--cgroup-manager',
    'cgroupfs',
    'run',
    '--rm',
    '-v',
    `${top}:/top:ro`,
    ...limit,
    '--rootfs',
    busyboxRoot(t),
  ];
  const script = `cat ${top}/${file} /top/cgroup.subtree_control; wc -l </top/cgroup.procs; wc -l </top/init/cgroup.procs`;
  const [value = '', enabled = '', left = '', moved = ''] = (await output(t, ...run, 'sh', '-c', script)).split('\n');
  t.is(value, controller === 'pids' ? '4096' : '4194304');
  t.true(enabled.split(' ').includes(controller));
  t.is(left, '0');
  t.true(Number(moved) >= 2, 'the command line and the monitor');
});
