/** update: limits in the kernel's own files, at once and after restarts; policies that reach the monitor; refusals that change nothing. */
import { existsSync, readFileSync } from 'node:fs';

import test from 'ava';
import type { ExecutionContext } from 'ava';

import type { Container, CreateOptions, UpdateOptions } from '../../../src/index.js';
import { cgroupTops, containerCgroup } from '../../helpers/leaks.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { requires } from '../../helpers/requires.js';
import { until } from '../../helpers/until.js';

const MIB = 1024 * 1024;

function onHost(title: string, body: (t: ExecutionContext, env: TestEngine) => Promise<void>): void {
  test(title, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    await body(t, await testEngine(t));
  });
}

async function started(env: TestEngine, options: CreateOptions = {}): Promise<Container> {
  const container = await env.engine.containers.create(env.options({ command: ['sleep', '1000'], ...options }));
  await container.start();
  return container;
}

/** The first file of these names that the container's cgroups have; undefined without one. */
function limit(env: TestEngine, { id }: Container, ...names: readonly string[]): string | undefined {
  for (const top of cgroupTops()) {
    for (const name of names) {
      const file = `${top}${containerCgroup(env, id)}/${name}`;
      if (existsSync(file)) return readFileSync(file, 'utf8').trim();
    }
  }
  return undefined;
}

const memory = (env: TestEngine, container: Container) =>
  Number(limit(env, container, 'memory.limit_in_bytes', 'memory.max'));
const pids = (env: TestEngine, container: Container) => limit(env, container, 'pids.max');
/** Microseconds in each period. */
const quota = (env: TestEngine, container: Container) =>
  (limit(env, container, 'cpu.cfs_quota_us') ?? limit(env, container, 'cpu.max'))?.split(' ')[0];

onHost('update: limits of a running container change in the kernel, and last', async (t, env) => {
  const container = await started(env, { resources: { memoryBytes: 64 * MIB } });
  const { pid } = container.state();
  await container.update({ resources: { memoryBytes: 128 * MIB, pidsLimit: 77 } });
  t.is(memory(env, container), 128 * MIB);
  t.is(pids(env, container), '77');
  t.is(container.state().pid, pid, 'it is the same process');
  const { HostConfig } = container.inspect();
  t.like(HostConfig, { Memory: 128 * MIB, MemorySwap: 256 * MIB, PidsLimit: 77 });
  await container.update({ resources: { memoryBytes: 96 * MIB } });
  t.is(memory(env, container), 96 * MIB, 'down again');
  await container.restart({ timeoutSec: 0 });
  t.is(memory(env, container), 96 * MIB);
  t.is(pids(env, container), '77');
});

onHost('update: a limit whose cgroup the container has not needed so far', async (t, env) => {
  const container = await started(env, { command: ['sh', '-c', 'sleep 1000 & echo up; wait'] });
  for await (const { data } of container.logs({ follow: true })) if (data.includes('up')) break;
  await container.update({ resources: { cpus: 0.5, cpuShares: 512 } });
  t.is(quota(env, container), '50000');
  const members = limit(env, container, 'cgroup.procs');
  t.is(container.state().status, 'running', 'it is not frozen');
  const inCpuGroup = cgroupTops()
    .map((top) => top + containerCgroup(env, container.id))
    .filter((path) => existsSync(`${path}/cpu.shares`) || existsSync(`${path}/cpu.weight`))
    .map((path) => readFileSync(`${path}/cgroup.procs`, 'utf8').trim().split('\n').length);
  t.deepEqual(inCpuGroup, [2], `both processes are limited: ${members}`);
  const { exitCode } = await container.exec({ command: ['true'] });
  t.is(exitCode, 0);
});

onHost('update: a stopped container has the limits at its next start', async (t, env) => {
  const container = await env.engine.containers.create(env.options({ command: ['sleep', '1000'] }));
  await container.update({
    resources: { memoryBytes: 64 * MIB },
    restart: { policy: 'on-failure', maxRetries: 2 },
    env: { ADDED: 'yes', PATH: '/bin:/usr/bin' },
    unsetEnv: ['container'],
    ulimits: [{ name: 'nofile', soft: 100, hard: 200 }],
  });
  await container.start();
  t.is(memory(env, container), 64 * MIB);
  const environment = readFileSync(`/proc/${container.state().pid}/environ`, 'utf8').split('\0');
  t.true(environment.includes('ADDED=yes') && environment.includes('PATH=/bin:/usr/bin'));
  t.false(environment.some((item) => item.startsWith('container=')));
  t.regex(readFileSync(`/proc/${container.state().pid}/limits`, 'utf8'), /^Max open files +100 +200 /m);
  t.deepEqual(container.inspect().HostConfig.RestartPolicy, { Name: 'on-failure', MaximumRetryCount: 2 });
  t.is(env.engine.containers.list({ filters: { 'restart-policy': ['on-failure'] } }).length, 1);
});

onHost('update: environment reaches commands that run later', async (t, env) => {
  const container = await started(env);
  await container.update({ env: { ADDED: 'yes' } });
  const again = await env.reopen();
  for (const engine of [env.engine, again]) {
    const { stdout } = await engine.containers.get(container.id).exec({ command: ['sh', '-c', 'echo $ADDED'] });
    t.is(stdout, 'yes\n');
  }
});

/** Ends with 1 a moment after it is told to, by a file. */
const UNTIL_TOLD = ['sh', '-c', 'while ! test -e /end; do sleep 0.05; done; rm /end; exit 1'];

const tell = (container: Container) => container.exec({ command: ['touch', '/end'] });

onHost('update: a restart policy reaches the monitor of a running container, both ways', async (t, env) => {
  const container = await started(env, { command: UNTIL_TOLD });
  await container.update({ restart: { policy: 'always' }, env: { ROUND: '2' }, resources: { pidsLimit: 55 } });
  const { pid } = container.state();
  await tell(container);
  while (container.state().pid === pid || container.state().status !== 'running')
    await container.wait({ conditions: ['running', 'restarting'], intervalMs: 5 });
  t.is(container.state().restartCount, 1);
  t.true(readFileSync(`/proc/${container.state().pid}/environ`, 'utf8').includes('ROUND=2\0'));
  t.is(pids(env, container), '55', 'the restart has the new limits');
  await container.update({ restart: { policy: 'no' } });
  await tell(container);
  t.is(await container.wait(), 1);
  t.is(container.state().status, 'exited');
  t.is(container.state().restartCount, 1);
  await env.assertNothingLeft(container.id);
});

onHost('update: another policy restarts a container that was sent a signal', async (t, env) => {
  const container = await started(env, { command: UNTIL_TOLD, restart: { policy: 'on-failure' } });
  await container.kill('SIGCONT');
  await container.update({ restart: { policy: 'always' } });
  await tell(container);
  await until('the restart', () => container.state().restartCount === 1);
  t.is(container.inspect().HostConfig.RestartPolicy.Name, 'always');
});

onHost('update: limits hold after a restart by policy', async (t, env) => {
  const container = await started(env, {
    command: UNTIL_TOLD,
    restart: { policy: 'always' },
    resources: { memoryBytes: 64 * MIB },
  });
  await container.update({ resources: { memoryBytes: 32 * MIB, cpus: 0.5 } });
  const { pid } = container.state();
  await tell(container);
  while (container.state().pid === pid || container.state().status !== 'running')
    await container.wait({ conditions: ['running', 'restarting'], intervalMs: 5 });
  t.is(memory(env, container), 32 * MIB);
  t.is(quota(env, container), '50000');
  await container.kill();
  await env.assertNothingLeft(container.id);
});

onHost('update: descriptors of the first start cannot be given again', async (t, env) => {
  const container = await env.engine.containers.create(
    env.options({ command: ['sleep', '1000'], log: { driver: 'none' } }),
  );
  await container.start({ stdio: { stdout: 1 } });
  await rejectsWith(t, container.update({ restart: { policy: 'always' } }), 'UPDATE_FAILED');
  t.is(container.inspect().HostConfig.RestartPolicy.Name, 'no');
  await container.update({ resources: { pidsLimit: 44 } });
  t.is(pids(env, container), '44');
});

onHost('update: what the kernel refuses changes nothing', async (t, env) => {
  if (!requires(t, 'cgroup1')) return;
  const hold = 'x=$(head -c 33554432 /dev/zero | tr "\\0" x); echo held; sleep 1000; :';
  const container = await started(env, { command: ['bash', '-c', hold], resources: { memoryBytes: 256 * MIB } });
  for await (const { data } of container.logs({ follow: true })) if (data.includes('held')) break;
  const before = [memory(env, container), limit(env, container, 'memory.memsw.limit_in_bytes'), pids(env, container)];
  // Version 1 does not take a limit below what cannot be given back.
  const message = await rejectsWith(
    t,
    container.update({ resources: { memoryBytes: 8 * MIB, pidsLimit: 33 }, env: { A: 'b' } }),
    'UPDATE_FAILED',
  );
  t.regex(message, /the kernel refuses \d+ for memory\.\S+: device or resource busy/);
  t.deepEqual(
    [memory(env, container), limit(env, container, 'memory.memsw.limit_in_bytes'), pids(env, container)],
    before,
  );
  t.is(container.inspect().HostConfig.Memory, 256 * MIB);
  t.false(container.inspect().Config.Env.includes('A=b'));
});

onHost('update: what makes no sense is refused', async (t, env) => {
  const container = await started(env, { resources: { memoryBytes: 64 * MIB } });
  const bad: readonly UpdateOptions[] = [
    { resources: { memorySwapBytes: 32 * MIB } },
    { resources: { cpus: 200_000_000 } },
    { resources: { cpus: 1, cpuQuotaUs: 5000 } },
    { restart: { policy: 'always', maxRetries: 3 } },
    { env: { 'a=b': 'c' } },
    { ulimits: [{ name: 'nosuch', soft: 1, hard: 1 }] },
  ];
  for (const options of bad) await rejectsWith(t, container.update(options), 'INVALID_ARGUMENT');
  await t.throwsAsync(container.update({ memory: 5 } as UpdateOptions), { instanceOf: TypeError });
  const { cgroupParent: _parent, ...rest } = env.options({ command: ['true'], cgroups: 'disabled' });
  const without = await env.engine.containers.create(rest);
  await rejectsWith(t, without.update({ resources: { pidsLimit: 3 } }), 'INVALID_ARGUMENT');
  const removed = await env.engine.containers.create(env.options({ autoRemove: true }));
  await rejectsWith(t, removed.update({ restart: { policy: 'always' } }), 'INVALID_ARGUMENT');
});

onHost('update: one that was cut off after its record is carried out by the next command', async (t, env) => {
  const container = await started(env);
  const { default: Database } = await import('better-sqlite3');
  const db = new Database(`${env.root}/tspod.db`);
  const { resources } = JSON.parse(db.prepare('SELECT config FROM container_config').pluck().get() as string) as {
    resources: object;
  };
  const updates = JSON.stringify({ resources: { ...resources, pidsLimit: 66, pidsLimitIsDefault: false } });
  db.prepare('UPDATE container_state SET updates = ?, updating = 1').run(updates);
  t.not(pids(env, container), '66');
  await env.reopen();
  t.is(pids(env, container), '66');
  t.is(db.prepare('SELECT updating FROM container_state').pluck().get(), 0);
  db.close();
});

onHost('update: of a paused container, which stays paused', async (t, env) => {
  const container = await started(env);
  await container.pause();
  await container.update({ resources: { cpus: 0.5, pidsLimit: 20 } });
  t.is(container.state().status, 'paused');
  t.is(pids(env, container), '20');
  t.is(quota(env, container), '50000');
  await container.unpause();
});
