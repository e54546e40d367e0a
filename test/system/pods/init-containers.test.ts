/** Init containers: they run to their ends, one after the other, before the other containers of their pod. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { isTspodError, openEngine, type CreateOptions, type Pod } from '../../../src/index.js';
import { rejectsWith } from '../../helpers/engine.js';
import { onPods } from '../../helpers/cli-pods.js';
import { output, run } from '../../helpers/cli.js';
import { infraOf, podCallsKilledAt, podWorker, withPods, type PodEnv } from '../../helpers/pods.js';
import { killHard } from '../../helpers/processes.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'busybox', 'overlay');

interface Scene {
  readonly env: PodEnv;
  readonly pod: Pod;
  /** A directory that all see as /shared. */
  readonly shared: string;
  /** The words that containers have written to /shared/log, in order. */
  readonly log: () => readonly string[];
  readonly container: (name: string, script: string, options?: CreateOptions) => ReturnType<PodEnv['member']>;
}

async function sceneOf(t: ExecutionContext<unknown>): Promise<Scene> {
  const env = await withPods(t);
  const shared = temporaryDirectory(t);
  writeFileSync(join(shared, 'log'), '');
  const mounts = [{ type: 'bind', source: shared, target: '/shared' }] as const;
  const pod = await env.pod({ name: 'p', mounts });
  return {
    env,
    pod,
    shared,
    log: () => readFileSync(join(shared, 'log'), 'utf8').split('\n').filter(Boolean),
    container: (name, script, options = {}) =>
      env.member(pod, { name, command: ['sh', '-c', script], stopTimeoutSec: 0, ...options }),
  };
}

const APP = 'echo app >> /shared/log; sleep 1000';
/** Goes on until there is a file /shared/go. */
const WAITS = 'echo init >> /shared/log; until test -e /shared/go; do sleep 0.05; done';

test('each runs to its end, in the order in which they were created, before the others begin', async (t) => {
  if (!ready(t)) return;
  const { env, pod, log, container } = await sceneOf(t);
  const app = await container('app', APP);
  await container('slow', 'sleep 0.3; echo slow >> /shared/log', { initContainer: 'always' });
  await container('quick', 'echo quick >> /shared/log; hostname >> /shared/log', { initContainer: 'once' });
  t.is(pod.status(), 'Created');
  await pod.start();
  await until('the container writes', () => log().includes('app'));
  t.deepEqual(log(), ['slow', 'quick', 'p', 'app'], 'also in the namespaces of the pod');
  t.false(env.engine.containers.exists('quick'), 'it was to run once');
  t.is(env.engine.containers.get('slow').state().status, 'exited');
  t.is(pod.status(), 'Running', 'an init container does not count');
  t.like(
    pod.containers().find(({ name }) => name === 'slow'),
    { initContainer: 'always' },
  );

  await pod.start();
  t.deepEqual(log().slice(4), ['slow'], 'at each start, also of a pod that runs');
  await pod.restart();
  await until('it writes again', () => log().length === 6);
  t.deepEqual(log().slice(5), ['app'], 'a restart runs none');
  await pod.stop();
  t.is(pod.status(), 'Exited');
  await app.init();
  await pod.start();
  await until('it writes once more', () => log().length === 8);
  t.deepEqual(log().slice(6), ['slow', 'app'], 'also before one that waits at its gate');
  t.is(app.state().status, 'running');
});

test('one that fails ends the start, and is run again by the next', async (t) => {
  if (!ready(t)) return;
  const { pod, shared, log, container } = await sceneOf(t);
  const app = await container('app', APP);
  const first = await container('first', 'test -e /shared/go || exit 3', { initContainer: 'once' });
  await container('second', 'echo second >> /shared/log', { initContainer: 'once' });
  t.like(await t.throwsAsync(pod.start()), {
    code: 'INIT_CONTAINER_FAILED',
    message: `init container ${first.id} exited with code 3`,
    details: { id: first.id, pod: pod.id, exitCode: 3 },
  });
  t.is(app.state().status, 'created');
  t.deepEqual(log(), []);
  writeFileSync(join(shared, 'go'), '');
  await pod.start();
  await until('the others run', () => log().length === 2);
  t.deepEqual(log(), ['second', 'app']);
  t.deepEqual(
    pod.containers().flatMap(({ name, isInfra }) => (isInfra ? [] : [name])),
    ['app'],
  );
});

test('one that cannot be started is named', async (t) => {
  if (!ready(t)) return;
  const { pod, container } = await sceneOf(t);
  const app = await container('app', APP);
  const bad = await container('bad', '', { initContainer: 'always', command: ['/nosuch'] });
  t.true((await rejectsWith(t, pod.start(), 'POD_PARTIAL_FAIL')).includes(bad.id));
  t.is(app.state().status, 'created');
});

test('a start that is given up leaves it running, and the next waits for its end', async (t) => {
  if (!ready(t)) return;
  const { env, pod, shared, log, container } = await sceneOf(t);
  await container('app', APP);
  const init = await container('init', WAITS, { initContainer: 'once' });
  const abort = new AbortController();
  const start = pod.start({ signal: abort.signal });
  await until('it runs', () => log().includes('init'));
  // Waits for the lock, which the start of the container holds to its end.
  await init.kill('CONT');
  abort.abort();
  t.true(isTspodError(await t.throwsAsync(start), 'ABORTED'));
  t.is(init.state().status, 'running');
  const again = pod.start();
  writeFileSync(join(shared, 'go'), '');
  await again;
  await until('the other runs', () => log().includes('app'));
  t.deepEqual(log(), ['init', 'app'], 'it was not run again');
  t.false(env.engine.containers.exists('init'));
});

test('a start that its process does not survive leaves it running, and the next waits for its end', async (t) => {
  if (!ready(t)) return;
  const { env, pod, shared, log, container } = await sceneOf(t);
  await container('app', APP);
  const init = await container('init', WAITS, { initContainer: 'once' });
  const first = podWorker(env, [{ start: 'p' }]);
  await until('it runs', () => log().includes('init'));
  // As above: one that is killed before has not started it, and it is launched anew.
  await init.kill('CONT');
  await killHard(first.pid ?? 0);
  const again = pod.start();
  t.is(init.state().status, 'running');
  writeFileSync(join(shared, 'go'), '');
  await again;
  await until('the other runs', () => log().includes('app'));
  t.deepEqual(log(), ['init', 'app']);
});

test('close() does not wait for one that does not end', async (t) => {
  if (!ready(t)) return;
  const { env, pod, log, container } = await sceneOf(t);
  await container('app', APP);
  await container('init', 'echo init >> /shared/log; sleep 1000', { initContainer: 'always' });
  const other = await openEngine({ root: env.root, runRoot: env.runRoot });
  const start = other.pods.get(pod.id).start();
  await until('it runs', () => log().includes('init') && pod.status() !== 'Created');
  const closed = other.close();
  await t.throwsAsync(start, { code: 'ENGINE_CLOSED' });
  await closed;
  t.is(env.engine.containers.get('init').state().status, 'running');
});

test('with exit policy stop, a start that has failed stops the pod', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod({ exitPolicy: 'stop' });
  await env.member(pod);
  await env.member(pod, { command: ['false'], initContainer: 'always' });
  await rejectsWith(t, pod.start(), 'INIT_CONTAINER_FAILED');
  await until('the infra container has ended', () => infraOf(env, pod).state().status === 'exited');
});

test('one that is removed while another runs is no failure', async (t) => {
  if (!ready(t)) return;
  const { env, pod, shared, log, container } = await sceneOf(t);
  await container('app', APP);
  await container('first', WAITS, { initContainer: 'once' });
  const second = await container('second', 'echo second >> /shared/log', { initContainer: 'once' });
  const start = pod.start();
  await until('the first runs', () => log().includes('init'));
  await second.remove();
  writeFileSync(join(shared, 'go'), '');
  await start;
  await until('the other runs', () => log().includes('app'));
  t.deepEqual(log(), ['init', 'app']);
  t.false(env.engine.containers.exists('first'));
});

test('one that has succeeded is not run again if its removal was cut off', async (t) => {
  if (!ready(t)) return;
  const { env, pod, log, container } = await sceneOf(t);
  await container('app', APP);
  await container('init', 'echo init >> /shared/log', { initContainer: 'once' });
  await podCallsKilledAt(t, env, { point: 'pod-init-ended', calls: [{ start: 'p' }] });
  t.true(env.engine.containers.exists('init'));
  await pod.start();
  await until('the other runs', () => log().includes('app'));
  t.deepEqual(log(), ['init', 'app']);
  t.false(env.engine.containers.exists('init'));
});

test('what an init container cannot be', async (t) => {
  if (!ready(t)) return;
  const { env, pod, container } = await sceneOf(t);
  const refused = async (message: string, options: CreateOptions) => {
    const made = container('c', 'true', { initContainer: 'always', ...options });
    t.is(await rejectsWith(t, made, 'INVALID_ARGUMENT'), message);
  };
  await refused('init containers must be created in a pod', { pod: '' });
  await refused('an init container cannot have the restart policy always', { restart: { policy: 'always' } });
  await refused("autoRemove conflicts with initContainer: 'once' removes the container", { autoRemove: true });
  await refused('initContainer must be one of always, once, not "twice"', { initContainer: 'twice' as never });
  const app = await container('app', APP);
  const init = await container('init', 'true', { initContainer: 'always' });
  await rejectsWith(t, init.update({ restart: { policy: 'unless-stopped' } }), 'INVALID_ARGUMENT');
  await refused(`an init container cannot depend on container ${app.id}, which is started after it`, {
    requires: [app.id],
  });
  const dependent = env.member(pod, { requires: [init.id] });
  t.is(
    await rejectsWith(t, dependent, 'INVALID_ARGUMENT'),
    `container ${init.id} is an init container: no other can depend on it`,
  );
  await rejectsWith(t, env.engine.run(env.options({ pod: 'p', initContainer: 'once' })), 'INVALID_ARGUMENT');
  t.is(pod.status(), 'Created');
  await pod.start();
  await refused('cannot add init-ctr to a running pod', {});
  await rejectsWith(t, env.engine.containers.clone('init'), 'INVALID_ARGUMENT');
  await pod.stop();
  const clone = await env.engine.containers.clone('init');
  t.is(pod.containers().find(({ id }) => id === clone.id)?.initContainer, 'always');
  const always = await env.pod({ name: 'q', restart: { policy: 'always' } });
  const exempt = await env.member(always, { initContainer: 'always' });
  t.is(exempt.inspect().HostConfig.RestartPolicy.Name, 'no', "it does not have the pod's restart policy");
});

onPods('create --init-ctr: makes one of a pod', async (t, root) => {
  await output(t, 'pod', 'create', '--network', 'none', 'p');
  const command = ['--rootfs', `${root}:O`, 'sh', '-c'];
  const create = (...words: string[]) => ['create', ...words, ...command];
  await run(t, 0, ...create('--pod', 'p', '--name', 'c', '--stop-signal', 'KILL'), 'sleep 1000');
  await run(t, 0, ...create('--init-ctr', 'once', '--pod', 'p', '--name', 'i'), 'exit 4');
  const { stderr } = await run(t, 125, ...create('--init-ctr', 'once'), 'true');
  t.is(stderr, 'Error: must specify pod value with init-ctr\n');
  const never = await run(t, 125, ...create('--init-ctr', 'never', '--pod', 'p'), 'true');
  t.is(never.stderr, "Error: init-ctr value must be 'always' or 'once'\n");
  const id = (await output(t, 'inspect', '-f', '{{.Id}}', 'i')).trim();
  const failed = await run(t, 125, 'pod', 'start', 'p');
  t.is(failed.stderr, `Error: init container ${id} exited with code 4\n`);
  await run(t, 0, 'rm', 'i');
  await run(t, 0, 'pod', 'stop', 'p');
  await run(t, 0, ...create('--init-ctr=once', '--pod', 'p', '--name', 'i'), 'true');
  await run(t, 0, 'pod', 'start', 'p');
  t.is(await output(t, 'ps', '-a', '--filter', 'name=^[ci]$', '--format', '{{.Names}} {{.State}}'), 'c running\n');
});
