/** kill -9 of a container's first process, and of a command in it, by somebody on the host: 137, for everybody who waits, and nothing is left. */
import test from 'ava';
import type { ExecutionContext } from 'ava';

import type { Container, CreateOptions } from '../../../src/index.js';
import { until } from '../../helpers/until.js';
import { faults, type Faults } from '../../helpers/faults.js';
import { childrenOf, isAlive, killHard, socketsOf, untilGone } from '../../helpers/processes.js';
import { requires } from '../../helpers/requires.js';

const NAME = 'subject';

const SLEEP = ['sh', '-c', 'echo up; sleep 1000'];

function subject(env: Faults, options: CreateOptions = {}): Promise<Container> {
  return env.engine.containers.create(
    env.options({ name: NAME, command: SLEEP, log: { driver: 'k8s-file' }, ...options }),
  );
}

async function logOf(container: Container): Promise<string> {
  let text = '';
  for await (const { data } of container.logs()) text += data.toString();
  return text;
}

/** By another process: here nobody waits for its end. */
async function startUp(env: Faults, container: Container): Promise<void> {
  await env.tspod('start', container.id);
  await until('it is up', async () => (await logOf(container)).includes('up'));
}

interface Stage {
  readonly options?: CreateOptions;
  readonly reach: (env: Faults, container: Container) => Promise<unknown>;
  /** Which process is killed. @default the first one */
  readonly victim?: (container: Container) => number;
  /** It dies when this is done. */
  readonly after?: (env: Faults, container: Container) => Promise<unknown>;
}

const STAGES: Readonly<Record<string, Stage>> = {
  running: { reach: startUp },
  'running with --init': { options: { init: true }, reach: startUp },
  'running with --init, the command': {
    options: { init: true },
    reach: startUp,
    victim: (container) => childrenOf(container.state().pid)[0] ?? 0,
  },
  'running with a terminal': { options: { tty: true }, reach: startUp },
  'running without cgroups': { options: { cgroups: 'disabled' }, reach: startUp },
  'at the gate': { reach: (_env, container) => container.init() },
  paused: {
    reach: async (env, container) => {
      await startUp(env, container);
      await container.pause();
    },
    // Version 1 lets what is frozen die when it is thawed, version 2 at once.
    after: (_env, container) => container.unpause().catch(() => undefined),
  },
  stopping: {
    options: { command: ['sh', '-c', 'trap "" TERM; echo up; while :; do sleep 0.1; done'] },
    reach: async (env, container) => {
      await startUp(env, container);
      await env.stoppedAt('stop-signal-sent', 'stop', '--time', '1000', NAME);
    },
  },
};

for (const [title, stage] of Object.entries(STAGES)) {
  for (const autoRemove of [false, true]) {
    test(`the first process is killed: ${title}${autoRemove ? ', to be removed' : ''}`, async (t) => {
      if (!requires(t, 'root', 'overlay')) return;
      const env = await faults(t);
      const container = await subjectFor(env, { ...stage.options, autoRemove });
      await stage.reach(env, container);
      const { monitorPid } = container.state();
      // The connection that got it so far may be about to close.
      let sockets = Infinity;
      await until('it is closed or stays', () => sockets === (sockets = socketsOf(monitorPid)));
      const code = env.tspod('wait', NAME);
      await until('somebody waits', () => {
        sockets = Math.min(sockets, socketsOf(monitorPid));
        return socketsOf(monitorPid) > sockets;
      });
      process.kill(requirePid(stage.victim?.(container) ?? container.state().pid), 'SIGKILL');
      await stage.after?.(env, container);
      await untilGone(monitorPid);
      t.is((await code).stdout, '137\n');
      const listed = await env.recovers(title);
      t.deepEqual(listed, autoRemove ? [] : [{ id: container.id, status: 'exited' }]);
      if (!autoRemove) await livesAgain(t, env, container, stage);
      await env.removesAll(title);
    });
  }
}

function subjectFor(env: Faults, options: CreateOptions): Promise<Container> {
  if (options.cgroups !== 'disabled') return subject(env, options);
  const { cgroupParent: _, ...rest } = env.options({ name: NAME, command: SLEEP, log: { driver: 'k8s-file' } });
  return env.engine.containers.create({ ...rest, ...options });
}

async function livesAgain(
  t: ExecutionContext<unknown>,
  env: Faults,
  container: Container,
  stage: Stage,
): Promise<void> {
  t.like(container.state(), { exitCode: 137, oomKilled: false, error: '' });
  await env.tspod('start', NAME);
  t.is(container.state().status, 'running', stage.options?.tty === true ? 'with a terminal' : '');
}

function requirePid(pid: number): number {
  if (pid <= 0) throw new RangeError('there is no process to kill');
  return pid;
}

test('the first process is killed: all who are attached are told, and get what it wrote', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  const container = await subject(env, { command: ['sh', '-c', 'while :; do echo line; sleep 0.05; done'] });
  await env.tspod('start', NAME);
  const clients = [1, 2, 3].map(() => env.begin('attach', '--no-stdin', NAME));
  await until('all have heard of it', () => clients.every(({ heard }) => heard().includes('line')));
  await killHard(container.state().pid);
  for (const { result } of clients) {
    const { status, stdout } = await result;
    t.is(status, 0, 'attach itself did not fail');
    t.regex(stdout, /^(line\n)+$/);
  }
  t.deepEqual(await env.recovers('attached'), [{ id: container.id, status: 'exited' }]);
  t.is(container.state().exitCode, 137);
});

test('the first process is killed: run tells it, with and without --rm', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  for (const rm of [[], ['--rm']]) {
    const { result, heard } = env.begin('run', ...rm, '--name', NAME, ...env.flags, 'host:', ...SLEEP);
    await until('it is up', () => heard().includes('up'));
    await killHard(env.engine.containers.get(NAME).state().pid);
    t.is((await result).status, 137);
    t.is((await env.recovers('run')).length, rm.length === 0 ? 1 : 0);
    await env.removesAll('run');
  }
});

for (const flags of [[], ['-t'], ['-d']] as const) {
  test(`a command is killed: exec ${flags.join(' ')}`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const env = await faults(t);
    const container = await subject(env);
    await startUp(env, container);
    const { pid, monitorPid } = container.state();
    const { result } = env.begin('exec', ...flags, NAME, 'sleep', '4321');
    const command = await pidOf(env, 'sleep 4321');
    process.kill(command, 'SIGKILL');
    t.is((await result).status, flags[0] === '-d' ? 0 : 137);
    await untilGone(command);
    t.true(isAlive(pid) && isAlive(monitorPid), 'the container goes on');
    t.deepEqual(await env.recovers('exec'), [{ id: container.id, status: 'running' }]);
    await env.removesAll('exec');
  });

  test(`the first process is killed: during exec ${flags.join(' ')}`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const env = await faults(t);
    const container = await subject(env);
    await startUp(env, container);
    const { result } = env.begin('exec', ...flags, NAME, 'sleep', '4321');
    const command = await pidOf(env, 'sleep 4321');
    await killHard(container.state().pid);
    t.is((await result).status, flags[0] === '-d' ? 0 : 137);
    await untilGone(command);
    t.deepEqual(await env.recovers('exec'), [{ id: container.id, status: 'exited' }]);
    t.is(container.state().exitCode, 137);
  });
}

/** A process of the test's containers, by its command line. */
async function pidOf(env: Faults, words: string): Promise<number> {
  let found = 0;
  await until(`${words} runs`, () => {
    const line = env.processes().find((process) => process.includes(` ${words} `));
    found = Number(/^process (\d+) /.exec(line ?? '')?.[1] ?? 0);
    return found !== 0;
  });
  return found;
}
