/** Containers in the namespaces of another that is restarted, or ends, while they run. */
import { readlinkSync, statSync } from 'node:fs';

import test, { type ExecutionContext } from 'ava';

import type { Container, CreateOptions } from '../../../src/index.js';
import { until } from '../../helpers/until.js';
import { testEngine, type TestEngine } from '../../helpers/engine.js';
import { requires } from '../../helpers/requires.js';

const SLEEP = { command: ['sleep', '1000'], stopTimeoutSec: 0, restart: { policy: 'always' } } as const;
const DONOR = 'container:donor';
const USER_NAMESPACES = {
  'the host’s user namespace': {},
  'a user namespace': { uidMaps: [{ containerId: 0, hostId: 100_000, size: 1000 }] },
} as const satisfies Readonly<Record<string, CreateOptions>>;

async function started({ engine, options }: TestEngine, more: CreateOptions): Promise<Container> {
  const container = await engine.containers.create(options({ ...SLEEP, ...more }));
  await container.start();
  return container;
}

/** Its policy starts it again after this. */
function kill(container: Container): () => Promise<void> {
  const { pid } = container.state();
  process.kill(pid, 'SIGKILL');
  return () => untilRunsAgain(container, pid);
}

/** One look at a time: the process that `pid` was may end between two. */
async function untilRunsAgain(container: Container, pid: number): Promise<void> {
  await until('it runs again', () => {
    const state = container.state();
    return state.status === 'running' && state.pid !== pid;
  });
}

function assertShared(t: ExecutionContext<unknown>, containers: readonly Container[], kinds: readonly string[]): void {
  const pids = containers.map((container) => container.state().pid);
  for (const kind of kinds)
    t.is(new Set(pids.map((pid) => readlinkSync(`/proc/${String(pid)}/ns/${kind}`))).size, 1, kind);
  if (kinds.includes('ipc'))
    t.is(new Set(pids.map((pid) => statSync(`/proc/${String(pid)}/root/dev/shm`).dev)).size, 1, '/dev/shm');
}

for (const [where, maps] of Object.entries(USER_NAMESPACES))
  test(`${where}: a policy starts a container again in the namespaces that the other has by now`, async (t) => {
    if (!requires(t, 'root', 'overlay', 'userns')) return;
    const env = await testEngine(t);
    const donor = await started(env, { name: 'donor', ...maps, ipc: 'shareable' });
    const member = await started(env, { userns: DONOR, network: DONOR, ipc: DONOR, uts: DONOR });
    const kinds = ['net', 'ipc', 'uts', 'user'];
    for (let round = 0; round < 2; round += 1) {
      await kill(donor)();
      await kill(member)();
      assertShared(t, [donor, member], kinds);
    }
    // Another monitor, and another run directory.
    await donor.restart();
    await kill(member)();
    assertShared(t, [donor, member], kinds);
  });

test('a PID namespace that ends takes the container along: both come back, in one', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await testEngine(t);
  const donor = await started(env, { name: 'donor' });
  const member = await started(env, { pid: DONOR, restart: { policy: 'on-failure', maxRetries: 3 } });
  for (let round = 1; round <= 3; round += 1) {
    const { pid } = member.state();
    await kill(donor)();
    await untilRunsAgain(member, pid);
    assertShared(t, [donor, member], ['pid']);
    t.is(member.state().restartCount, round, 'attempts that find nobody to join are no restarts');
  }
});

for (const [where, maps] of Object.entries(USER_NAMESPACES))
  test(`${where}: a container whose namespaces are gone waits for them, and starts when they are back`, async (t) => {
    if (!requires(t, 'root', 'overlay', 'userns')) return;
    const env = await testEngine(t);
    const donor = await started(env, { name: 'donor' });
    const member = await started(env, { network: DONOR, ipc: DONOR, ...maps });
    const before = readlinkSync(`/proc/${String(member.state().monitorPid)}/ns/net`);
    await donor.stop();
    const again = kill(member);
    await until('it waits', () => member.state().status === 'restarting');
    // Two attempts at least.
    await new Promise((resolve) => setTimeout(resolve, 500));
    t.is(member.state().status, 'restarting');
    t.is(readlinkSync(`/proc/${String(member.state().monitorPid)}/ns/net`), before);
    await donor.start();
    await again();
    assertShared(t, [donor, member], ['net', 'ipc']);
    await donor.stop();
    kill(member);
    await until('it waits', () => member.state().status === 'restarting');
    await member.stop();
    t.is(member.state().status, 'exited');
  });
