/** Processes that do not end when they are killed: frozen in cgroup version 1, which stands for those that are stuck in the kernel. */
import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';

import { KILL_GRACE_MS } from '../../../src/container/monitor/end.js';
import type { Container, CreateOptions } from '../../../src/index.js';
import { createCgroup, removeCgroup, writeCgroupFile } from '../../../src/native/index.js';
import { rejectsWith } from '../../helpers/engine.js';
import { faults, type Faults } from '../../helpers/faults.js';
import { isAlive, killHard } from '../../helpers/processes.js';
import { requires } from '../../helpers/requires.js';
import { SLOW } from '../../helpers/pace.js';
import { until } from '../../helpers/until.js';

const FREEZER = '/sys/fs/cgroup/freezer';

async function started(env: Faults, options: CreateOptions): Promise<Container> {
  const container = await env.engine.containers.create(
    env.options({ name: 'subject', command: ['sleep', '1000'], stopTimeoutSec: 0, ...options }),
  );
  await container.start();
  return container;
}

/** Puts a process, the first one unless another is named, where tspod does not know it to be frozen; `thaw` lets it go. */
async function frozenElsewhere(
  t: ExecutionContext,
  container: Container,
  pid = container.state().pid,
): Promise<{ thaw: () => Promise<void> }> {
  const group = `${FREEZER}/tspod-test-stuck-${container.id.slice(0, 12)}`;
  await createCgroup(group);
  const thaw = () => writeCgroupFile(group, 'freezer.state', 'THAWED');
  t.teardown(async () => {
    await removeCgroup(group, { kill: true });
  });
  await writeCgroupFile(group, 'cgroup.procs', pid);
  await writeCgroupFile(group, 'freezer.state', 'FROZEN');
  await until('the freezing', () => readFileSync(`${group}/freezer.state`, 'utf8') === 'FROZEN\n');
  return { thaw };
}

test('a process that is stuck when its monitor is dead holds up nobody, and is told of', async (t) => {
  if (!requires(t, 'root', 'overlay', 'cgroup1')) return;
  const env = await faults(t);
  const container = await started(env, {});
  const { thaw } = await frozenElsewhere(t, container);
  await killHard(container.state().monitorPid);
  const listing = async (): Promise<number> => {
    const before = Date.now();
    const listed = await env.tspod('ps', '--all', '--format', '{{.State}}');
    t.deepEqual([listed.status, listed.stdout], [0, 'stopping\n']);
    return Date.now() - before;
  };
  const first = await listing();
  t.true(first < 20_000 * SLOW);
  // The first one has waited; on a busy machine another may still take its time.
  await until('a command that does not wait for it again', async () => (await listing()) < first - KILL_GRACE_MS / 2);
  for (const command of [['rm', '--force', '--time', '0'], ['start']]) {
    const { status, stderr } = await env.tspod(...command, 'subject');
    t.not(status, 0);
    t.regex(stderr, /does not end: its process is stuck in the kernel/);
  }
  await thaw();
  t.is((await env.tspod('rm', '--force', '--time', '0', 'subject')).status, 0);
  await env.assertNothingLeft();
});

/** What freezes its first process stays outside of the groups that it freezes. */
const FREEZES = 'echo $$ >cgroup.procs; sleep 0.2; echo FROZEN >a/b/freezer.state; echo FROZEN >a/freezer.state';
const FREEZES_ITSELF = `cd ${FREEZER}; mkdir -p a/b; echo $$ >a/b/cgroup.procs; sh -c '${FREEZES}' & exec sleep 1000`;

async function frozenWithin(env: Faults): Promise<Container> {
  const container = await started(env, { privileged: true, command: ['sh', '-c', FREEZES_ITSELF] });
  const { pid } = container.state();
  const group = () =>
    `${FREEZER}${/:freezer:(.*)$/m.exec(readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8'))?.[1] ?? ''}`;
  await until('the freezing', () => {
    const path = group();
    return path.endsWith('/a/b') && readFileSync(`${path}/../freezer.state`, 'utf8') === 'FROZEN\n';
  });
  return container;
}

for (const [title, end] of Object.entries<(env: Faults, container: Container) => Promise<unknown>>({
  stop: (_, container) => container.stop(),
  kill: (_, container) => container.kill(),
  'remove by force': (_, container) => container.remove({ force: true }),
  'remove by force, without its monitor': async (env, container) => {
    await killHard(container.state().monitorPid);
    await (await env.reopen()).containers.remove(container.id, { force: true });
  },
})) {
  test(`${title}: of what has frozen itself in a group of its own making`, async (t) => {
    if (!requires(t, 'root', 'overlay', 'cgroup1')) return;
    const env = await faults(t);
    const container = await frozenWithin(env);
    const { pid } = container.state();
    await end(env, container);
    t.false(isAlive(pid));
  });
}

test('remove by force: what cannot be ended says why it stays', async (t) => {
  if (!requires(t, 'root', 'overlay', 'cgroup1')) return;
  const env = await faults(t);
  const container = await started(env, {});
  const { thaw } = await frozenElsewhere(t, container);
  const message = await rejectsWith(t, container.remove({ force: true }), 'STATE_INVALID');
  t.is(message, `container ${container.id} does not end: its process is stuck in the kernel`);
  await thaw();
  await container.remove({ force: true });
});

test('remove by force: a monitor that is stuck is given up, and the container goes once it is not', async (t) => {
  if (!requires(t, 'root', 'overlay', 'cgroup1')) return;
  const env = await faults(t);
  const container = await started(env, {});
  const { thaw } = await frozenElsewhere(t, container, container.state().monitorPid);
  const { status, stderr } = await env.tspod('rm', '--force', '--time', '0', 'subject');
  t.not(status, 0);
  t.regex(stderr, /does not end: its process is stuck in the kernel/);
  await thaw();
  t.is((await env.tspod('rm', '--force', '--time', '0', 'subject')).status, 0);
});

test('an update that was killed, of one whose monitor is stuck, is finished once that is not', async (t) => {
  if (!requires(t, 'root', 'overlay', 'cgroup1')) return;
  const env = await faults(t);
  const container = await started(env, {});
  await env.killedAt('limits-changed', 'update', '--pids-limit', '50', '--restart', 'always', 'subject');
  const { pid, monitorPid } = container.state();
  const { thaw } = await frozenElsewhere(t, container, monitorPid);
  t.is((await env.tspod('ps')).status, 0);
  await thaw();
  t.is((await env.tspod('ps')).status, 0);
  await killHard(pid);
  await until('it is started again', () => container.state().restartCount === 1);
});
