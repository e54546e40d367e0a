/** What the first engine of a new boot makes of a container in each state, and that it can be started again. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import test from 'ava';
import type { ExecutionContext } from 'ava';

import { eventPaths } from '../../../src/events/event-log.js';
import { readEvents } from '../../../src/events/read.js';
import type { Container, CreateOptions } from '../../../src/index.js';
import { testEngine } from '../../helpers/engine.js';
import { faults, type Faults } from '../../helpers/faults.js';
import { killHard } from '../../helpers/processes.js';
import { reboot, type RebootOptions } from '../../helpers/reboot.js';
import { requires } from '../../helpers/requires.js';

const SLEEP = { command: ['sh', '-c', 'echo up; exec sleep 1000'] } as const satisfies CreateOptions;

/** Ends of a run that nobody saw. */
const LOST = { status: 'exited', exitCode: -1, error: 'the machine went down while it ran' } as const;
const NEW = { status: 'created', exitCode: 0, error: '' } as const;

interface Case {
  readonly command?: readonly string[];
  /** By commands that have ended: nobody is left to see the end. */
  readonly make: (env: Faults, name: string) => Promise<unknown>;
  /** Without autoRemove, and with. */
  readonly stays: Readonly<Record<string, unknown>> | undefined;
  readonly autoRemoved: Readonly<Record<string, unknown>> | undefined;
}

const start = (env: Faults, name: string) => env.tspod('start', name);

const CASES: Readonly<Record<string, Case>> = {
  created: { make: () => Promise.resolve(), stays: NEW, autoRemoved: NEW },
  initialized: { make: (env, name) => env.tspod('init', name), stays: NEW, autoRemoved: NEW },
  running: { make: start, stays: LOST, autoRemoved: undefined },
  paused: {
    make: async (env, name) => {
      await start(env, name);
      await env.tspod('pause', name);
    },
    stays: LOST,
    autoRemoved: undefined,
  },
  stopping: {
    make: async (env, name) => {
      await start(env, name);
      const stop = env.begin('stop', '--time', '1000', name);
      await env.tspod('wait', '--condition', 'stopping', name);
      await killHard(stop.pid);
    },
    stays: { ...LOST, stoppedByUser: true },
    autoRemoved: undefined,
  },
  exited: {
    command: ['sh', '-c', 'exit 3'],
    make: async (env, name) => {
      await start(env, name);
      await env.tspod('wait', name);
      await env.tspod('ps');
    },
    stays: { status: 'exited', exitCode: 3, error: '' },
    autoRemoved: undefined,
  },
  removing: {
    make: (env, name) => env.killedAt('removal-recorded', 'rm', name),
    stays: undefined,
    autoRemoved: undefined,
  },
};

const WAYS = {
  'an empty run directory': {},
  'a run directory on a disk': { keepsRunRoot: true },
} as const satisfies Readonly<Record<string, RebootOptions>>;

for (const [way, options] of Object.entries(WAYS)) {
  for (const autoRemove of [false, true]) {
    test(`reboot with ${way}: containers in each state${autoRemove ? ', to be removed at their end' : ''}`, async (t) => {
      if (!requires(t, 'root', 'overlay')) return;
      const env = await faults(t);
      const ids = new Map<string, string>();
      for (const [state, { make, command = SLEEP.command }] of Object.entries(CASES)) {
        const container = await env.engine.containers.create(env.options({ command, autoRemove, name: state }));
        ids.set(state, container.id);
        await make(env, state);
      }
      await reboot(env, options);
      const engine = await env.reopen();
      for (const [state, { stays, autoRemoved }] of Object.entries(CASES)) {
        const expected = autoRemove ? autoRemoved : stays;
        t.is(engine.containers.exists(state), expected !== undefined, state);
        if (expected === undefined) {
          t.false(existsSync(join(env.root, 'containers', ids.get(state) ?? '')), state);
          continue;
        }
        const container = engine.containers.get(state);
        t.like(container.state(), { pid: 0, monitorPid: 0, restartCount: 0, ...expected }, state);
        t.is(container.state().startedAt === null, expected['status'] === 'created', state);
      }
      await env.assertNothingLeft(...[...ids.values()].map((id) => `directory containers/${id}`));
      for (const { id, name } of engine.containers.list({ all: true }))
        if (name !== 'exited') await startsAgain(t, engine.containers.get(id));
    });
  }
}

async function startsAgain(t: ExecutionContext, container: Container): Promise<void> {
  await container.start();
  t.is(container.state().status, 'running');
  t.is((await container.exec({ command: ['true'] })).exitCode, 0);
  await container.stop({ timeoutSec: 0 });
}

test('reboot: layers stay; sessions, shared memory, mounts and exit codes of removed ones go', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await testEngine(t);
  const container = await env.engine.containers.create(env.options({ ...SLEEP, name: 'subject' }));
  const idle = await env.engine.containers.create(env.options({ ...SLEEP, name: 'idle' }));
  const removed = await env.engine.containers.create(env.options({ ...SLEEP, name: 'removed' }));
  await removed.remove();
  await container.start();
  await container.exec({ command: ['sh', '-c', 'echo kept > /kept; echo gone > /dev/shm/gone'] });
  await container.startExec({ command: ['sleep', '1000'] });
  const point = await idle.mount();
  await container.mount();
  await reboot(env);
  const engine = await env.reopen();
  const again = engine.containers.get('subject');
  t.deepEqual(again.execSessions(), []);
  t.deepEqual(
    engine.containers.list({ all: true }).map(({ mountPoint }) => mountPoint),
    [null, null],
  );
  t.deepEqual(readdirSync(point, { encoding: 'utf8' }).length, 0);
  await again.start();
  t.is((await again.exec({ command: ['sh', '-c', 'cat /kept; ls /dev/shm'] })).stdout, 'kept\n');
  await again.unmount().catch(() => undefined);
  await t.throwsAsync(removed.wait(), { code: 'NO_SUCH_CONTAINER' });
  const statuses = readEvents(eventPaths(env.runRoot)).map(({ status }) => status);
  t.is(statuses[0], 'refresh');
  t.is(statuses.filter((status) => status === 'refresh').length, 1);
});

test('reboot: restart policies start nothing by themselves; what its user stopped is known afterwards', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  const make = (name: string, policy: string) =>
    env.tspod('run', '-d', '--name', name, '--restart', policy, ...env.flags, 'host:', 'sleep', '1000');
  for (const policy of ['always', 'unless-stopped', 'on-failure', 'no']) await make(policy, policy);
  await make('stopped', 'unless-stopped');
  await env.tspod('stop', '--time', '0', 'stopped');
  await reboot(env);
  const listed = await env.tspod('ps', '-a', '--format', '{{.Names}} {{.State}}');
  const names = ['always', 'unless-stopped', 'on-failure', 'no', 'stopped'];
  t.deepEqual(listed.stdout.trim().split('\n').toSorted(), names.map((name) => `${name} exited`).toSorted());
  const engine = await env.reopen();
  t.deepEqual(
    names.filter((name) => engine.containers.get(name).state().stoppedByUser),
    ['stopped'],
  );
  // What a unit that runs at each boot does.
  const { status } = await env.tspod('start', '--all', '--filter', 'restart-policy=always');
  t.is(status, 0);
  t.deepEqual(
    engine.containers.list().map(({ name }) => name),
    ['always'],
  );
});

test('reboot: two commands that come first at the same time', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  await env.tspod('run', '-d', '--name', 'subject', ...env.flags, 'host:', 'sleep', '1000');
  await env.tspod('run', '-d', '--rm', '--name', 'passing', ...env.flags, 'host:', 'sleep', '1000');
  await reboot(env);
  const results = await Promise.all([
    env.tspod('start', 'subject'),
    env.tspod('ps', '-a'),
    env.tspod('rm', '--force', 'passing'),
  ]);
  t.deepEqual(
    results.map(({ status, stderr }) => `${status} ${stderr}`),
    ['0 ', '0 ', '0 '],
  );
  t.is(env.engine.containers.get('subject').state().status, 'running');
  t.false(env.engine.containers.exists('passing'));
  const refreshed = readEvents(eventPaths(env.runRoot)).filter(({ status }) => status === 'refresh');
  t.is(refreshed.length, 1);
});

for (const { flags, kept } of [
  { flags: ['--rm'], kept: false },
  { flags: [], kept: true },
]) {
  const title = `reboot: the record of one that is ${kept ? 'kept' : 'removed at its end'} is lost, its directory is not`;
  test(title, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const env = await faults(t);
    await env.tspod('run', '-d', ...flags, ...env.flags, 'host:', 'sleep', '1000');
    const directories = join(env.root, 'containers');
    const made = readdirSync(directories);
    t.is(made.length, 1);
    await reboot(env);
    forgetContainers(env.root);
    const { status, stderr } = await env.tspod('ps', '-a');
    t.is(status, kept ? 125 : 0, stderr);
    if (kept) t.regex(stderr, /has no containers/);
    t.deepEqual(readdirSync(directories), kept ? made : []);
    await env.tspod('system', 'check', '--repair');
    await env.tspod('rm', '--all');
  });
}

/** As if what was recorded of them had not been on the disk yet. */
function forgetContainers(root: string): void {
  const database = new Database(join(root, 'tspod.db'));
  database.exec('DELETE FROM container_state; DELETE FROM container_config; DELETE FROM container');
  database.close();
}
