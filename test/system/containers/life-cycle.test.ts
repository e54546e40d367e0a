/** Every operation in every state, on real containers: the table of docs/state.md, row by row. */
import test from 'ava';
import type { ExecutionContext } from 'ava';

import { isTspodError, type Container, type ContainerStatus, type ErrorCode } from '../../../src/index.js';
import { binding } from '../../../src/native/binding.js';
import { Semaphore } from '../../../src/util/semaphore.js';
import { until } from '../../helpers/until.js';
import { testEngine, type TestEngine } from '../../helpers/engine.js';
import { openDescriptors } from '../../helpers/native.js';
import { SLOW } from '../../helpers/pace.js';
import { requires } from '../../helpers/requires.js';

/** Ends on TERM only when the file /stop is there, so that `stopping` lasts as long as a test needs. */
const COMMAND = ['sh', '-c', 'trap "test -e /stop && exit 7" TERM; echo up; while :; do sleep 0.05; done'];

/** States that a container can be held in. */
type HeldState = Extract<
  ContainerStatus,
  'created' | 'initialized' | 'running' | 'paused' | 'stopping' | 'exited' | 'restarting' | 'removing'
>;

/** Makes a container of this state; answers what undoes the holding. */
const MAKE: Readonly<Record<HeldState, (env: TestEngine, container: Container) => Promise<void>>> = {
  created: () => Promise.resolve(),
  initialized: (_env, container) => container.init(),
  running: (_env, container) => container.start(),
  paused: async (_env, container) => {
    await container.start();
    await container.pause();
  },
  stopping: async (_env, container) => {
    await container.start();
    await untilUp(container);
    void container.stop({ timeoutSec: -1 }).catch(() => undefined);
    await container.wait({ conditions: ['stopping'], intervalMs: 5 });
  },
  exited: async (_env, container) => {
    await container.start();
    await container.kill();
  },
  restarting: async (_env, container) => {
    await container.start();
    // Until the delay is long enough for what the test does meanwhile. One look: a second one may find the next life.
    await until('it waits for long', () => {
      const { status, restartCount } = container.state();
      return status === 'restarting' && restartCount >= 4;
    });
  },
  removing: async (env, container) => {
    // As a removal that was cut off leaves it: the engine that is open sees it so until somebody finishes it.
    await crashedRemoval(env, container.id);
  },
};

async function crashedRemoval(env: TestEngine, id: string): Promise<void> {
  const { default: Database } = await import('better-sqlite3');
  const db = new Database(`${env.root}/tspod.db`);
  db.prepare("UPDATE container_state SET status = 'removing' WHERE seq = (SELECT seq FROM container WHERE id = ?)").run(
    id,
  );
  db.close();
}

async function untilUp(container: Container): Promise<void> {
  for await (const { data } of container.logs({ follow: true })) if (data.includes('up')) return;
}

const OPERATIONS = {
  init: (container: Container) => container.init(),
  start: (container: Container) => container.start(),
  stop: (container: Container) => container.stop({ timeoutSec: 0 }),
  kill: (container: Container) => container.kill(),
  hangup: (container: Container) => container.kill('HUP'),
  pause: (container: Container) => container.pause(),
  unpause: (container: Container) => container.unpause(),
  restart: (container: Container) => container.restart({ timeoutSec: 0 }),
  exec: (container: Container) => container.exec({ command: ['true'] }),
  attach: async (container: Container) => {
    (await container.attach({})).detach();
  },
  rename: (container: Container) => container.rename(`renamed-${container.id.slice(0, 12)}`),
  update: (container: Container) => container.update({ resources: { pidsLimit: 99 } }),
  cleanup: (container: Container) => container.cleanup(),
  stats: (container: Container) => Promise.resolve().then(() => container.stats()),
  top: (container: Container) => container.top(),
  remove: (container: Container) => container.remove(),
  removeForce: (container: Container) => container.remove({ force: true, timeoutSec: 0 }),
  inspect: (container: Container) => Promise.resolve(container.inspect()),
  export: async (container: Container) => {
    (await container.export()).destroy();
  },
  copyOut: async (container: Container) => {
    (await container.copyOut('/etc/hostname')).destroy();
  },
  copyIn: (container: Container) => container.copyIn('/tmp', emptyArchive()),
  stat: (container: Container) => container.stat('/etc'),
  diff: (container: Container) => container.diff(),
  mount: (container: Container) => container.mount(),
  unmount: async (container: Container) => {
    await container.mount();
    await container.unmount();
  },
} as const;

async function* emptyArchive(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new Uint8Array(1024));
}

type OperationName = keyof typeof OPERATIONS;

/** What comes of it: a state, `gone`, or an error after which the state is as before. */
type Outcome = ContainerStatus | 'gone' | { readonly error: ErrorCode };

const invalid: Outcome = { error: 'STATE_INVALID' };

/** Changes no state; what is being removed has no files any more. */
const LOOKING: Readonly<Record<HeldState, Outcome>> = {
  created: 'created',
  initialized: 'initialized',
  running: 'running',
  paused: 'paused',
  stopping: 'stopping',
  exited: 'exited',
  restarting: 'restarting',
  removing: invalid,
};

const TABLE: Readonly<Record<OperationName, Readonly<Record<HeldState, Outcome>>>> = {
  init: {
    created: 'initialized',
    initialized: invalid,
    running: invalid,
    paused: invalid,
    stopping: invalid,
    exited: 'initialized',
    restarting: invalid,
    removing: invalid,
  },
  start: {
    created: 'running',
    initialized: 'running',
    running: { error: 'STATE_RUNNING' },
    paused: invalid,
    stopping: invalid,
    exited: 'running',
    restarting: { error: 'STATE_RUNNING' },
    removing: invalid,
  },
  stop: {
    created: invalid,
    initialized: 'exited',
    running: 'exited',
    paused: invalid,
    stopping: 'exited',
    exited: { error: 'CONTAINER_STOPPED' },
    restarting: 'exited',
    removing: invalid,
  },
  kill: {
    created: invalid,
    initialized: invalid,
    running: 'exited',
    paused: 'exited',
    stopping: 'exited',
    exited: invalid,
    restarting: invalid,
    removing: invalid,
  },
  // The shell has no handler for it, and the kernel keeps from PID 1 what it does not handle.
  hangup: {
    created: invalid,
    initialized: invalid,
    running: 'running',
    paused: 'paused',
    stopping: 'stopping',
    exited: invalid,
    restarting: invalid,
    removing: invalid,
  },
  pause: {
    created: invalid,
    initialized: invalid,
    running: 'paused',
    paused: invalid,
    stopping: invalid,
    exited: invalid,
    restarting: invalid,
    removing: invalid,
  },
  unpause: {
    created: invalid,
    initialized: invalid,
    running: invalid,
    paused: 'running',
    stopping: invalid,
    exited: invalid,
    restarting: invalid,
    removing: invalid,
  },
  restart: {
    created: 'running',
    initialized: 'running',
    running: 'running',
    paused: invalid,
    stopping: invalid,
    exited: 'running',
    restarting: 'running',
    removing: invalid,
  },
  exec: {
    created: invalid,
    initialized: invalid,
    running: 'running',
    paused: invalid,
    stopping: invalid,
    exited: invalid,
    restarting: invalid,
    removing: invalid,
  },
  attach: {
    created: invalid,
    initialized: invalid,
    running: 'running',
    paused: invalid,
    stopping: invalid,
    exited: invalid,
    restarting: invalid,
    removing: invalid,
  },
  rename: {
    created: 'created',
    initialized: 'initialized',
    running: 'running',
    paused: 'paused',
    stopping: 'stopping',
    exited: 'exited',
    restarting: 'restarting',
    removing: 'removing',
  },
  update: {
    created: 'created',
    initialized: 'initialized',
    running: 'running',
    paused: 'paused',
    stopping: 'stopping',
    exited: 'exited',
    restarting: 'restarting',
    removing: invalid,
  },
  cleanup: {
    created: 'created',
    initialized: 'created',
    running: invalid,
    paused: invalid,
    stopping: 'stopping',
    exited: 'exited',
    restarting: invalid,
    removing: invalid,
  },
  stats: {
    created: invalid,
    initialized: invalid,
    running: 'running',
    paused: 'paused',
    stopping: 'stopping',
    exited: invalid,
    restarting: invalid,
    removing: invalid,
  },
  top: {
    created: invalid,
    initialized: invalid,
    running: 'running',
    paused: 'paused',
    stopping: 'stopping',
    exited: invalid,
    restarting: invalid,
    removing: invalid,
  },
  remove: {
    created: 'gone',
    initialized: 'gone',
    running: invalid,
    paused: invalid,
    stopping: invalid,
    exited: 'gone',
    restarting: invalid,
    removing: 'gone',
  },
  removeForce: {
    created: 'gone',
    initialized: 'gone',
    running: 'gone',
    paused: 'gone',
    stopping: 'gone',
    exited: 'gone',
    restarting: 'gone',
    removing: 'gone',
  },
  inspect: {
    created: 'created',
    initialized: 'initialized',
    running: 'running',
    paused: 'paused',
    stopping: 'stopping',
    exited: 'exited',
    restarting: 'restarting',
    removing: 'removing',
  },
  export: LOOKING,
  copyOut: LOOKING,
  copyIn: { ...LOOKING, restarting: invalid },
  stat: LOOKING,
  diff: LOOKING,
  mount: { ...LOOKING, restarting: invalid },
  unmount: { ...LOOKING, restarting: invalid },
};

/** A shell that fails at once and is started again until the delay is long enough to look at. */
const FAILING = { command: ['false'], restart: { policy: 'always' } } as const;

async function makeIn(env: TestEngine, state: HeldState): Promise<Container> {
  const container = await env.engine.containers.create(
    env.options(state === 'restarting' ? FAILING : { command: COMMAND }),
  );
  await MAKE[state](env, container);
  return container;
}

/** In an emulated machine the delay before a restart is over before anything can be done in it. */
const STATES = (Object.keys(MAKE) as HeldState[]).filter((state) => SLOW === 1 || state !== 'restarting');

/** Rows at once, of eight containers each: all of them would keep a slow machine from each for longer than the tests wait. */
const rows = new Semaphore(2);

for (const [operation, outcomes] of Object.entries(TABLE) as [OperationName, (typeof TABLE)[OperationName]][]) {
  test(`${operation}: in every state`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const env = await testEngine(t);
    await rows.run(() =>
      Promise.all(STATES.map((state) => checkRow(t, { env, operation, state, outcome: outcomes[state] }))),
    );
  });
}

interface Row {
  readonly env: TestEngine;
  readonly operation: OperationName;
  readonly state: HeldState;
  readonly outcome: Outcome;
}

async function checkRow(t: ExecutionContext, { env, operation, state, outcome }: Row): Promise<void> {
  const what = `${operation} of a container that is ${state}`;
  const { container, error } = await tryIn({ env, operation, state, outcome });
  if (typeof outcome === 'object') {
    t.true(isTspodError(error, outcome.error), `${what}: ${String(error)} should have code ${outcome.error}`);
    t.true(sameState(container.state().status, state), `${what}: the state is now ${container.state().status}`);
  } else {
    t.is(error, undefined, `${what}: ${String(error)}`);
    if (outcome === 'gone') t.false(env.engine.containers.exists(container.id), what);
    else
      t.true(
        sameState(await statusAfter(container, outcome), outcome),
        `${what}: the state is now ${container.state().status}`,
      );
  }
}

/**
 * One that waits for its restart may be restarted before a busy machine has come to the operation: then there is nothing to refuse, and who only looks
 * may find that it has just ended.
 */
async function tryIn({ env, operation, state, outcome }: Row): Promise<{ container: Container; error: unknown }> {
  for (;;) {
    const container = await makeIn(env, state);
    const { status, restartCount, startedAt } = container.state();
    if (state === 'restarting' && status !== state) continue;
    const error = await OPERATIONS[operation](container).then(
      () => undefined,
      (caught: unknown) => caught,
    );
    const mayBeOvertaken = typeof outcome === 'object' || (outcome === state && isOvertaken(error));
    if (state !== 'restarting' || !mayBeOvertaken) return { container, error };
    const after = container.state();
    // The next life counts before it has started.
    const isAsItWas = after.restartCount === restartCount && after.startedAt?.getTime() === startedAt?.getTime();
    if (isAsItWas) return { container, error };
  }
}

/** Errors of one who meets the next launch; a monitor that is at it answers nobody. */
function isOvertaken(error: unknown): boolean {
  return (['CONTAINER_STOPPED', 'STATE_INVALID', 'UPDATE_FAILED'] as const).some((code) => isTspodError(error, code));
}

/** A signal takes a moment to end a process. */
async function statusAfter(container: Container, outcome: ContainerStatus): Promise<ContainerStatus> {
  if (outcome === 'exited') await container.wait();
  return container.state().status;
}

/** A container that is restarted by policy runs for a moment each time. */
function sameState(found: ContainerStatus, wanted: ContainerStatus): boolean {
  const moving: readonly ContainerStatus[] = ['running', 'restarting', 'stopped'];
  return found === wanted || (moving.includes(found) && moving.includes(wanted) && found !== 'paused');
}

test('stop: one that is refused changes nothing', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  await t.throwsAsync(container.stop(), { code: 'STATE_INVALID' });
  t.false(container.state().stoppedByUser, 'created');
  await container.start();
  await container.pause();
  await t.throwsAsync(container.stop(), { code: 'STATE_INVALID' });
  t.false(container.state().stoppedByUser, 'paused');
  await container.unpause();
  process.kill(container.state().pid, 'SIGKILL');
  await container.wait();
  await t.throwsAsync(container.stop(), { code: 'CONTAINER_STOPPED' });
  t.true(container.state().stoppedByUser, 'ended: no policy starts it again');
});

// Alone in the process: what it counts is the process's.
test.serial('kill: leaves no descriptor when the signal cannot be sent', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  await container.start();
  const pidfds = () => [...openDescriptors().values()].filter((what) => what.includes('pidfd')).length;
  const addon = binding();
  const sendSignal = addon.sendSignal.bind(addon);
  const before = pidfds();
  addon.sendSignal = () => ({ errno: 1, syscall: 'pidfd_send_signal' });
  try {
    await t.throwsAsync(container.kill(), { code: 'EPERM' });
  } finally {
    addon.sendSignal = sendSignal;
  }
  t.is(pidfds(), before);
  await container.kill();
  t.is(container.state().status, 'exited');
});
