/** Containers that are launched again because of their checks, whatever their restart policy. */
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import type { Container, CreateOptions, HealthOptions } from '../../../src/index.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { testEngine, type TestEngine } from '../../helpers/engine.js';
import { busyboxLayer, imageOf, sourceOf } from '../../helpers/layers.js';
import { cgroupTops, containerCgroup } from '../../helpers/leaks.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';

const MIB = 1024 * 1024;

/** Tells a life from the next: when its first process began. */
const LIFE = 'cut -d" " -f22 /proc/1/stat';

/** Fails while /ill names this life: the next one is well from its beginning. */
const WELL = `test "$(cat /ill)" != "$(${LIFE})"`;

const CHECK: HealthOptions = {
  test: ['CMD-SHELL', WELL],
  intervalMs: 50,
  retries: 1,
  onFailure: 'restart',
};

function onOverlay(title: string, body: (t: ExecutionContext, env: TestEngine) => Promise<void>): void {
  test(title, async (t) => {
    if (!requires(t, 'root', 'busybox', 'overlay')) return;
    await body(t, await testEngine(t));
  });
}

async function started(env: TestEngine, options: CreateOptions = {}): Promise<Container> {
  const container = await env.engine.containers.create(
    env.options({ command: ['sleep', '1000'], stopTimeoutSec: 0, health: CHECK, ...options }),
  );
  await container.start();
  return container;
}

/** Resolves when it runs again. */
async function fallIll(container: Container): Promise<void> {
  await container.exec({ command: ['sh', '-c', `${LIFE} >/ill`] });
  await until('the restart', () => {
    const { status, restartCount } = container.state();
    return status === 'running' && restartCount >= 1;
  });
}

function memoryLimit(env: TestEngine, { id }: Container): number {
  const files = cgroupTops().flatMap((top) =>
    ['memory.limit_in_bytes', 'memory.max'].map((name) => `${top}${containerCgroup(env, id)}/${name}`),
  );
  return Number(readFileSync(files.find((file) => existsSync(file)) ?? '', 'utf8'));
}

const ROOTS: Readonly<Record<string, (t: ExecutionContext, env: TestEngine) => Promise<CreateOptions>>> = {
  'the host’s system': () => Promise.resolve({}),
  'a directory below an overlay': (t) => Promise.resolve({ rootfs: busyboxRoot(t), rootfsOverlay: true }),
  'an image': async (_, { engine }) => {
    await engine.images.pull(sourceOf(imageOf({ layers: [busyboxLayer()] })), { name: 'test:1' });
    return { image: 'test:1' };
  },
};

for (const [name, rootOf] of Object.entries(ROOTS)) {
  onOverlay(`health: what is removed at its end is restarted before that, with its layer: ${name}`, async (t, env) => {
    const container = await started(env, { ...(await rootOf(t, env)), autoRemove: true });
    await container.exec({ command: ['touch', '/kept'] });
    await fallIll(container);
    t.is((await container.exec({ command: ['ls', '/kept'] })).exitCode, 0);
    await container.stop();
    await until('the removal', () => !env.engine.containers.exists(container.id));
    await env.assertNothingLeft();
  });
}

onOverlay('health: what is removed at its end is restarted by its start-up check, too', async (t, env) => {
  const startup = { test: ['CMD-SHELL', WELL], intervalMs: 50, retries: 1, successes: 1000 };
  const container = await started(env, {
    autoRemove: true,
    health: { test: ['CMD', 'true'], startup },
  });
  await fallIll(container);
  t.is(container.state().status, 'running');
});

onOverlay('health: limits that were changed hold after a restart by a check', async (t, env) => {
  const container = await started(env, { resources: { memoryBytes: 64 * MIB } });
  await container.update({ resources: { memoryBytes: 128 * MIB } });
  await fallIll(container);
  t.is(memoryLimit(env, container), 128 * MIB);
  t.is(container.inspect().HostConfig.Memory, 128 * MIB);
});

onOverlay(
  'health: descriptors of the first start are given again, also after a change of limits or policy',
  async (t, env) => {
    const file = join(temporaryDirectory(t), 'out');
    const command = ['sh', '-c', 'echo run; exec sleep 1000'];
    const container = await env.engine.containers.create(
      env.options({ command, stopTimeoutSec: 0, health: CHECK, log: { driver: 'none' } }),
    );
    const out = openSync(file, 'w');
    await container.start({ stdio: { stdout: out } });
    closeSync(out);
    await container.update({ resources: { pidsLimit: 44 } });
    await container.update({ restart: { policy: 'always' } });
    await fallIll(container);
    await until('the second line', () => readFileSync(file, 'utf8') === 'run\nrun\n');
    t.pass();
  },
);

onOverlay('health: a signal does not keep a check from restarting the container, SIGKILL does', async (t, env) => {
  const container = await started(env);
  await container.kill('SIGCONT');
  await fallIll(container);
  await container.kill();
  t.is(container.state().status, 'exited');
});

onOverlay('health: that it was ill is told, though its restart has mended it', async (t, env) => {
  const container = await started(env);
  for (const restarts of [1, 2]) {
    await container.wait({ conditions: ['healthy'], intervalMs: 10 });
    await container.exec({ command: ['sh', '-c', `${LIFE} >/ill`] });
    await until('the restart', () => container.state().restartCount === restarts);
  }
  await container.wait({ conditions: ['healthy'], intervalMs: 10 });
  await env.reopen();
  const told: string[] = [];
  for await (const { status, attributes } of env.engine.events({ filters: { container: [container.id] } }))
    told.push(attributes['health_status'] ?? status);
  const words = told.filter((word) => word !== 'exec' && word !== 'exec_died');
  const life = ['unhealthy', 'died', 'restart', 'init', 'start'];
  t.deepEqual(
    words.filter((word) => word !== 'healthy'),
    ['create', 'init', 'start', ...life, ...life],
  );
  t.is(words.at(-1), 'healthy', told.join(' '));
});
