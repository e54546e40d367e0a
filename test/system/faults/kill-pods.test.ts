/** kill -9 of a process that works on a pod, at every point of its way: the next engine puts right what it left. */
import test from 'ava';
import type { ExecutionContext } from 'ava';

import { FAILPOINTS, POD_FAILPOINTS, type Failpoint, type PodFailpoint } from '../../../src/container/failpoint.js';
import type { CreateOptions, Engine, PodCreateOptions } from '../../../src/index.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { until } from '../../helpers/until.js';
import { settledRemains, testEngine, type TestEngine } from '../../helpers/engine.js';
import { podCalls, podCallsKilledAt } from '../../helpers/pods.js';
import type { PodCall } from '../../helpers/pod-worker.js';
import { requires } from '../../helpers/requires.js';

/** What the next engine makes of it: no pod, its state, or one in whatever state, which can be used. */
type After = 'gone' | 'Created' | 'Exited' | 'any';

type Point = Failpoint | PodFailpoint;

interface Row {
  /** In processes that have ended: no engine of theirs waits for an end. */
  readonly before?: (env: Env) => readonly PodCall[];
  readonly calls: (env: Env) => readonly PodCall[];
  readonly points: Readonly<Partial<Record<Point, After>>>;
}

interface Env extends TestEngine {
  readonly member: (options?: CreateOptions) => CreateOptions;
  readonly create: { readonly createPod: PodCreateOptions };
}

const POD = 'subject';

const LAUNCH = {
  'launch-recorded': 'any',
  'pod-cgroup-made': 'any',
  'root-prepared': 'any',
  'run-directory-made': 'any',
  'monitor-spawned': 'any',
  'plan-sent': 'any',
  started: 'any',
} as const satisfies Row['points'];

const withMember = (env: Env): readonly PodCall[] => [env.create, { create: env.member() }];
const running = (env: Env): readonly PodCall[] => [...withMember(env), { start: POD }];

const ROWS: Readonly<Record<string, Row>> = {
  create: { calls: ({ create }) => [create], points: { recorded: 'gone', 'pod-recorded': 'Created' } },
  'create of a container': {
    before: ({ create }) => [create],
    calls: ({ member }) => [{ create: member() }],
    points: { recorded: 'Created' },
  },
  start: { before: withMember, calls: () => [{ start: POD }], points: LAUNCH },
  'start of a container': { before: withMember, calls: () => [{ startContainer: 'member' }], points: LAUNCH },
  stop: {
    before: running,
    calls: () => [{ stop: POD }],
    points: {
      'stop-recorded': 'any',
      'stop-told': 'any',
      'stop-signal-sent': 'any',
      stopped: 'any',
      'end-recorded': 'any',
    },
  },
  'start, with an init container': {
    before: ({ create, member }) => [
      create,
      { create: member({ name: 'init', command: ['true'], initContainer: 'once' }) },
      { create: member() },
      // Otherwise its launch would be the first to pass the points.
      { startInfra: POD },
    ],
    calls: () => [{ start: POD }],
    points: {
      'launch-recorded': 'any',
      'plan-sent': 'any',
      started: 'any',
      'pod-init-ended': 'any',
      'removal-recorded': 'any',
      'record-deleted': 'any',
    },
  },
  'stop of the infra container': {
    before: ({ create }) => [create, { start: POD }],
    calls: () => [{ stop: POD }],
    points: { 'stop-recorded': 'any', 'stop-told': 'any', 'stop-signal-sent': 'any', stopped: 'any' },
  },
  restart: { before: running, calls: () => [{ restart: POD }], points: { stopped: 'any', ...LAUNCH } },
  'remove by force': {
    before: running,
    calls: () => [{ remove: POD, force: true }],
    points: {
      'pod-removal-recorded': 'gone',
      'stop-recorded': 'gone',
      stopped: 'gone',
      'removal-recorded': 'gone',
      'files-removed': 'gone',
      'record-deleted': 'gone',
      'pod-members-removed': 'gone',
      'pod-infra-removed': 'gone',
      'pod-cgroup-removed': 'gone',
    },
  },
  'remove of one that has ended': {
    before: (env) => [...running(env), { stop: POD }],
    calls: () => [{ remove: POD }],
    points: { 'pod-removal-recorded': 'gone', 'files-removed': 'gone', 'pod-infra-removed': 'gone' },
  },
  'the last end, with exit policy stop': {
    before: ({ create }) => [{ createPod: { ...create.createPod, exitPolicy: 'stop' } }],
    calls: ({ member }) => [{ run: member({ command: ['true'], autoRemove: false }) }],
    points: { ended: 'Exited', 'end-recorded': 'Exited', 'pod-idle': 'Exited' },
  },
  'a pod made with a container': {
    calls: ({ member }) => [{ run: member({ pod: `new:${POD}`, command: ['true'] }) }],
    points: { 'pod-recorded': 'Created', 'plan-sent': 'any', started: 'any', 'record-deleted': 'any' },
  },
};

for (const [title, row] of Object.entries(ROWS)) {
  test(`kill -9 with pods: ${title}`, async (t) => {
    if (!requires(t, 'root', 'busybox', 'overlay')) return;
    const own = await testEngine(t);
    const rootfs = busyboxRoot(t);
    const { cgroupParent } = own;
    const limits = { resources: { memoryBytes: 64 * 1024 * 1024 } };
    const env: Env = {
      ...own,
      create: { createPod: { name: POD, cgroupParent, ...limits } },
      member: (options = {}) => ({
        name: 'member',
        pod: POD,
        rootfs,
        rootfsOverlay: true,
        command: ['sleep', '1000'],
        stopSignal: 'KILL',
        ...options,
      }),
    };
    for (const [point, after] of Object.entries(row.points) as [Point, After][])
      await checkPoint(t, env, { row, point, after });
  });
}

async function checkPoint(
  t: ExecutionContext<unknown>,
  env: Env,
  { row, point, after }: { readonly row: Row; readonly point: Point; readonly after: After },
): Promise<void> {
  const calls = row.calls(env);
  const what = `${JSON.stringify(calls)} at ${point}`;
  if (row.before !== undefined) await podCalls(t, env, ...row.before(env));
  await podCallsKilledAt(t, env, { point, calls });
  const engine = await env.reopen();
  const status = () => (engine.pods.exists(POD) ? engine.pods.get(POD).status() : 'gone');
  if (after !== 'any') {
    await until(`${what}: is ${after}`, () => status() === after).catch(() => undefined);
    t.is(status(), after, what);
  }
  if (status() === 'gone') t.deepEqual(engine.containers.list({ all: true }), [], what);
  else await use(t, engine, { what, isLasting: calls.every((call) => !('run' in call)) });
  t.deepEqual(await settledRemains(env, []), [], `${what}: left`);
}

/** It does all that a pod does, and goes. */
async function use(
  t: ExecutionContext<unknown>,
  engine: Engine,
  { what, isLasting }: { readonly what: string; readonly isLasting: boolean },
): Promise<void> {
  const pod = engine.pods.get(POD);
  await pod.start();
  const statuses = isLasting ? ['Running'] : ['Running', 'Degraded'];
  t.true(statuses.includes(pod.status()), `${what}: ${pod.status()}`);
  await pod.stop();
  t.is(pod.status(), 'Exited', what);
  await pod.remove();
}

test('kill -9 with pods: every failpoint of pods is passed by a test', (t) => {
  const passed = new Set(Object.values(ROWS).flatMap(({ points }) => Object.keys(points)));
  t.deepEqual(
    POD_FAILPOINTS.filter((point) => !passed.has(point)),
    [],
  );
  t.deepEqual(
    [...passed].filter((point) => ![...FAILPOINTS, ...POD_FAILPOINTS].some((known) => known === point)),
    [],
  );
});
