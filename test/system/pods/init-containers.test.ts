/** Init containers: they run to their ends, one after the other, before the other containers of their pod. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import type { CreateOptions, Pod } from '../../../src/index.js';
import { isTspodError } from '../../../src/index.js';
import { rejectsWith } from '../../helpers/engine.js';
import { onPods } from '../../helpers/cli-pods.js';
import { output, run } from '../../helpers/cli.js';
import { podCallsKilledAt, withPods, type PodEnv } from '../../helpers/pods.js';
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
  const shared = mkdtempSync(join(temporaryDirectory(t), 'shared-'));
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
    { init: 'always' },
  );

  await pod.start();
  t.is(log().length, 4, 'there is nothing to start');
  await pod.restart();
  await until('it writes again', () => log().length === 5);
  t.deepEqual(log().slice(4), ['app'], 'a restart runs none');
  await pod.stop();
  t.is(pod.status(), 'Exited');
  await pod.start();
  await until('it writes once more', () => log().length === 7);
  t.deepEqual(log().slice(5), ['slow', 'app']);
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
  const init = await container('init', 'echo init >> /shared/log; until test -e /shared/go; do sleep 0.05; done', {
    initContainer: 'once',
  });
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
  const init = await container('init', 'true', { initContainer: 'always' });
  await rejectsWith(t, init.update({ restart: { policy: 'unless-stopped' } }), 'INVALID_ARGUMENT');
  await pod.start();
  await refused('cannot add init-ctr to a running pod', {});
  await rejectsWith(t, env.engine.containers.clone('init'), 'INVALID_ARGUMENT');
  await pod.stop();
  const clone = await env.engine.containers.clone('init');
  t.is(pod.containers().find(({ id }) => id === clone.id)?.init, 'always');
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
