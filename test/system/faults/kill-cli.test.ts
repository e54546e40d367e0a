/** kill -9 of the command line at every point of its way: the next command puts right what it left. */
import test from 'ava';
import type { ExecutionContext } from 'ava';

import type { Container, CreateOptions } from '../../../src/index.js';
import { FAILPOINTS, type Failpoint } from '../../../src/container/failpoint.js';
import { faults, type Faults } from '../../helpers/faults.js';
import { isAlive, untilGone } from '../../helpers/processes.js';
import { until } from '../../helpers/until.js';
import { testCgroupManager } from '../../helpers/leaks.js';
import { requires } from '../../helpers/requires.js';

/** States of the one container after the next command; `gone`: there is none. */
type After = 'created' | 'exited' | 'initialized' | 'running' | 'paused' | 'stopping' | 'stopped' | 'gone';

interface Row {
  /** Brings the container into its state before the command. @default there is none */
  readonly before?: (env: Faults, container: Container) => Promise<unknown>;
  readonly options?: CreateOptions;
  /** NAME is the container. */
  readonly command: readonly string[];
  /** The container that the command makes ends by itself. @default false */
  readonly endsByItself?: true;
  readonly points: Readonly<Partial<Record<Failpoint, After | readonly After[]>>>;
}

const NAME = 'subject';

const SLEEP = ['sleep', '1000'];

const create = () => Promise.resolve();
const started = (_env: Faults, container: Container) => container.start();
/** No engine waits for its end. */
const startedAway = (env: Faults) => env.tspod('start', NAME);
const ended = async (_env: Faults, container: Container) => {
  await container.start();
  await container.wait();
};
const initialized = (_env: Faults, container: Container) => container.init();
const paused = async (_env: Faults, container: Container) => {
  await container.start();
  await container.pause();
};

/** Passed only where systemd makes the cgroups: run these tests with TSPOD_CGROUP_MANAGER=systemd as well. */
const WITH_SYSTEMD = { 'scope-made': 'exited' } as const satisfies Row['points'];

/** A launch that nobody waits for is given up, unless it had succeeded. */
const LAUNCH = {
  'launch-recorded': 'exited',
  'root-prepared': 'exited',
  'run-directory-made': 'exited',
  'monitor-spawned': 'exited',
  ...(testCgroupManager() === 'systemd' ? WITH_SYSTEMD : {}),
  'plan-sent': ['exited', 'running'],
  started: 'running',
} as const satisfies Row['points'];

const ENDING = {
  'stop-recorded': 'stopping',
  'stop-told': 'stopping',
  'stop-signal-sent': 'exited',
  stopped: 'exited',
  'end-told': 'exited',
  'end-recorded': 'exited',
} as const satisfies Row['points'];

const REMOVAL = {
  'removal-recorded': 'gone',
  'files-removed': 'gone',
  'record-deleted': 'gone',
} as const satisfies Row['points'];

const gone = <P extends string>(points: Readonly<Partial<Record<P, unknown>>>) =>
  Object.fromEntries(Object.keys(points).map((point) => [point, 'gone'])) as Readonly<Record<P, 'gone'>>;

const ROWS: Readonly<Record<string, Row>> = {
  create: { command: ['create'], points: { recorded: 'created' } },
  'run --detach': { command: ['run', '-d'], points: { recorded: 'created', ...LAUNCH } },
  run: {
    command: ['run', 'true'],
    points: {
      recorded: 'created',
      ...LAUNCH,
      'plan-sent': ['exited', 'running', 'stopped'],
      started: ['exited', 'running', 'stopped'],
      ended: 'exited',
      'end-told': 'exited',
      'end-recorded': 'exited',
    },
  },
  'run --rm': {
    command: ['run', '--rm', 'true'],
    endsByItself: true,
    points: {
      recorded: 'created',
      ...gone(LAUNCH),
      'plan-sent': 'gone',
      started: 'gone',
      ended: 'gone',
      'files-removed': 'gone',
      'record-deleted': 'gone',
    },
  },
  'run --rm --detach': {
    command: ['run', '--rm', '-d'],
    points: { ...gone(LAUNCH), 'plan-sent': ['gone', 'running'], started: 'running' },
  },
  'start of a new one': { before: create, command: ['start', NAME], points: LAUNCH },
  'start of one that ended': {
    before: ended,
    options: { command: ['sh', '-c', 'test -e /again && exec sleep 1000; touch /again'] },
    command: ['start', NAME],
    points: { ...LAUNCH, 'plan-sent': ['exited', 'running'] },
  },
  'start of an initialized one': {
    before: initialized,
    command: ['start', NAME],
    points: { 'gate-recorded': 'initialized', 'start-asked': ['running', 'initialized'] },
  },
  init: {
    before: create,
    command: ['init', NAME],
    points: { ...LAUNCH, 'plan-sent': ['exited', 'initialized'], started: 'initialized' },
  },
  exec: {
    before: started,
    command: ['exec', NAME, 'true'],
    points: { 'exec-spawned': 'running', 'exec-sent': 'running', 'exec-started': 'running' },
  },
  'exec --detach': {
    before: started,
    command: ['exec', '-d', NAME, 'sleep', '1000'],
    points: {
      'exec-session-recorded': 'running',
      'exec-session-claimed': 'running',
      'exec-spawned': 'running',
      'exec-sent': 'running',
      'exec-started': 'running',
    },
  },
  stop: { before: started, command: ['stop', NAME], points: ENDING },
  'stop of an initialized one': {
    before: initialized,
    command: ['stop', NAME],
    points: { 'stop-recorded': 'initialized', 'stop-told': 'initialized', stopped: 'exited', 'end-recorded': 'exited' },
  },
  restart: { before: started, command: ['restart', NAME], points: { ...ENDING, ...LAUNCH } },
  kill: {
    before: started,
    command: ['kill', NAME],
    points: { 'kill-recorded': 'running', 'kill-sent': 'exited', 'end-recorded': 'exited' },
  },
  'container cleanup': {
    before: initialized,
    command: ['container', 'cleanup', NAME],
    points: { 'initialized-ended': 'exited' },
  },
  update: {
    before: started,
    command: ['update', '--pids-limit', '50', '--restart', 'always', NAME],
    points: { 'update-recorded': 'running', 'limits-changed': 'running', 'plan-changed': 'running' },
  },
  pause: { before: started, command: ['pause', NAME], points: { 'pause-recorded': 'paused', frozen: 'paused' } },
  unpause: { before: paused, command: ['unpause', NAME], points: { 'unpause-allowed': 'paused', thawed: 'paused' } },
  mount: { before: create, command: ['mount', NAME], points: { 'mount-recorded': 'created', mounted: 'created' } },
  'mount of a running one': {
    before: started,
    command: ['mount', NAME],
    points: { 'mount-recorded': 'running', mounted: 'running' },
  },
  'cp from a running one': {
    before: started,
    command: ['cp', `${NAME}:/etc/hostname`, '-'],
    points: { 'live-root-found': 'running', 'root-opened': 'running' },
  },
  'cp into a running one': {
    before: started,
    command: ['cp', '/etc/hostname', `${NAME}:/tmp/copy`],
    points: { 'live-root-found': 'running', 'root-opened': 'running' },
  },
  'cp into one that does not run': {
    before: create,
    command: ['cp', '/etc/hostname', `${NAME}:/tmp/copy`],
    points: { 'root-opened': 'created' },
  },
  'export of a running one': {
    before: started,
    command: ['export', '-o', '/dev/null', NAME],
    points: { 'live-root-found': 'running', 'root-opened': 'running' },
  },
  export: { before: create, command: ['export', '-o', '/dev/null', NAME], points: { 'root-opened': 'created' } },
  umount: {
    before: (_env, container) => container.mount(),
    command: ['umount', NAME],
    points: { 'unmount-recorded': 'created', unmounted: 'created' },
  },
  rm: { before: ended, options: { command: ['true'] }, command: ['rm', NAME], points: REMOVAL },
  'rm of an initialized one': { before: initialized, command: ['rm', NAME], points: REMOVAL },
  'rm of an initialized one without cgroups': {
    before: initialized,
    options: { cgroups: 'disabled' },
    command: ['rm', NAME],
    points: REMOVAL,
  },
  'rm --force': { before: started, command: ['rm', '-f', NAME], points: { ...ENDING, ...REMOVAL } },
  'rm --force of a paused one': {
    before: paused,
    command: ['rm', '-f', NAME],
    points: { 'kill-recorded': 'paused', 'kill-sent': ['paused', 'exited'], 'end-recorded': 'exited', ...REMOVAL },
  },
  'rm --force of an automatically removed one': {
    before: startedAway,
    options: { autoRemove: true },
    command: ['rm', '-f', NAME],
    points: { ...gone(ENDING), 'stop-recorded': 'stopping', 'stop-told': 'stopping', ...REMOVAL },
  },
};

for (const [title, row] of Object.entries(ROWS)) {
  test(`kill -9: ${title}`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const env = await faults(t);
    for (const [point, after] of Object.entries(row.points) as [Failpoint, After | readonly After[]][]) {
      await checkPoint(t, env, { row, point, after: [after].flat() });
    }
  });
}

test('kill -9: every failpoint of a command is passed by a test', (t) => {
  const passed = new Set(Object.values(ROWS).flatMap(({ points }) => Object.keys(points)));
  // networks/faults.test.ts, networks/dns.test.ts and networks/live.test.ts, in network namespaces.
  const connecting = ['connect-recorded', 'connect-written', 'connect-made', 'disconnected'];
  const networks = ['addresses-leased', 'members-told', 'names-due', 'names-served', ...connecting];
  const repairs = ['put-aside', 'lost-killed', 'torn-down', ...networks];
  for (const point of Object.keys(WITH_SYSTEMD)) passed.add(point);
  t.deepEqual(
    FAILPOINTS.filter((point) => !passed.has(point) && !repairs.includes(point)),
    [],
  );
});

interface Check {
  readonly row: Row;
  readonly point: Failpoint;
  readonly after: readonly After[];
}

async function checkPoint(t: ExecutionContext<unknown>, env: Faults, { row, point, after }: Check): Promise<void> {
  const what = `${row.command.join(' ')} at ${point}`;
  let [pid, monitorPid] = [0, 0];
  if (row.before !== undefined) {
    const { cgroupParent, ...options } = env.options({
      name: NAME,
      command: SLEEP,
      stopSignal: 'KILL',
      ...row.options,
    });
    const container = await env.engine.containers.create({
      ...options,
      ...(options.cgroups === 'disabled' || cgroupParent === undefined ? {} : { cgroupParent }),
    });
    await row.before(env, container);
    ({ pid, monitorPid } = container.state());
  }
  await env.killedAt(point, ...commandLine(env, row.command));
  // What removes itself is listed as long as its monitor clears away.
  if (point === 'stop-signal-sent' && row.options?.autoRemove === true) await untilGone(monitorPid);
  if (row.endsByItself === true) await until(`${what}: all has ended`, () => env.processes().length === 0);
  const listed = await env.recovers(what);
  t.true(listed.length <= 1, what);
  const found = listed[0]?.status ?? 'gone';
  t.true((after as readonly string[]).includes(found), `${what}: is ${found}, should be ${after.join(' or ')}`);
  if (found === 'gone' || found === 'exited') {
    for (const process of [pid, monitorPid].filter(Boolean)) t.false(isAlive(process), `${what}: ${process}`);
  }
  if (listed[0] !== undefined) await use(t, env, { what, id: listed[0].id });
  await env.removesAll(what);
}

/** `create` and `run` get the flags of the test, and a command unless the row has one. */
function commandLine({ flags }: Faults, [verb = '', ...rest]: readonly string[]): readonly string[] {
  if (verb !== 'create' && verb !== 'run') return [verb, ...rest];
  const options = rest.filter((word) => word.startsWith('-'));
  const command = rest.filter((word) => !word.startsWith('-'));
  return [verb, ...options, ...flags, '--stop-signal', 'KILL', 'host:', ...(command.length > 0 ? command : SLEEP)];
}

/** It does what its state allows; what moves by itself is only removed. */
async function use(
  t: ExecutionContext<unknown>,
  { engine }: Faults,
  { what, id }: { readonly what: string; readonly id: string },
): Promise<void> {
  const container = engine.containers.get(id);
  const { status } = container.state();
  t.false(
    container.execSessions().some((session) => session.state() === 'created'),
    `${what}: a session that nobody will start`,
  );
  if (status === 'created' || status === 'exited' || status === 'initialized') {
    await container.start();
    t.true(container.state().startedAt !== null, what);
  } else if (status === 'paused') {
    await container.unpause();
    // It runs, or dies of what it was sent while it was frozen.
    t.not(container.state().status, 'paused', what);
  } else if (status === 'stopping') {
    const { AutoRemove: goes } = container.inspect().HostConfig;
    await container.stop({ timeoutSec: 0 });
    t.is(engine.containers.exists(id) ? container.state().status : 'gone', goes ? 'gone' : 'exited', what);
  }
}
