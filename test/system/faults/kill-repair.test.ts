/** kill -9 of a command while it puts right what another crash left: the one after it does. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

import type { Failpoint } from '../../../src/container/failpoint.js';
import { faults, type Faults } from '../../helpers/faults.js';
import { killHard, suspend, untilGone } from '../../helpers/processes.js';
import { requires } from '../../helpers/requires.js';
import { until } from '../../helpers/until.js';

const NAME = 'subject';

const SLEEP = ['sleep', '1000'];

/** Its second process lives on when the first has ended, in a container without a PID namespace of its own. */
const LEAVES_ONE = ['sh', '-c', 'setsid sleep 4322 & exec sleep 1000'];

interface Broken {
  readonly flags?: readonly string[];
  /** @default one that sleeps */
  readonly command?: readonly string[];
  /** Leaves the container NAME in a state that needs repair. */
  readonly break: (env: Faults, run: readonly string[]) => Promise<void>;
  readonly points: readonly Failpoint[];
  /** State after the repair; absent: it is gone. */
  readonly after?: string;
}

const BROKEN: Readonly<Record<string, Broken>> = {
  'a launch that was cut off': {
    break: (env, run) => env.killedAt('run-directory-made', ...run),
    points: ['put-aside', 'torn-down'],
    after: 'exited',
  },
  'a launch of an automatically removed one that was cut off': {
    flags: ['--rm'],
    break: (env, run) => env.killedAt('run-directory-made', ...run),
    points: ['put-aside', 'torn-down', 'removal-recorded', 'files-removed', 'record-deleted'],
  },
  'a monitor that died': {
    break: killMonitor,
    points: ['lost-killed', 'torn-down'],
    after: 'exited',
  },
  'a monitor of an automatically removed one that died': {
    flags: ['--rm'],
    break: killMonitor,
    points: ['lost-killed', 'torn-down', 'removal-recorded', 'files-removed', 'record-deleted'],
  },
  'an end that nobody recorded': {
    break: endUnseen,
    points: ['end-told', 'end-recorded'],
    after: 'exited',
  },
  'an end of an automatically removed one that nobody recorded': {
    flags: ['--rm'],
    break: endUnseen,
    points: ['end-told', 'end-recorded', 'removal-recorded', 'files-removed', 'record-deleted'],
  },
  'an end whose monitor died before it tore down': {
    flags: ['--pid', 'host'],
    command: LEAVES_ONE,
    break: endWithoutTeardown,
    points: ['end-told', 'end-recorded'],
    after: 'exited',
  },
  'a removal that was cut off': {
    break: async (env, run) => {
      await env.tspod(...run);
      await env.killedAt('removal-recorded', 'rm', '--force', NAME);
    },
    points: ['removal-recorded', 'files-removed', 'record-deleted'],
  },
};

async function killMonitor(env: Faults, run: readonly string[]): Promise<void> {
  await env.tspod(...run);
  await killHard(env.engine.containers.get(NAME).state().monitorPid);
}

async function endUnseen(env: Faults, run: readonly string[]): Promise<void> {
  await env.tspod(...run);
  const { pid, monitorPid } = env.engine.containers.get(NAME).state();
  process.kill(pid, 'SIGKILL');
  await untilGone(monitorPid);
}

async function endWithoutTeardown(env: Faults, run: readonly string[]): Promise<void> {
  await env.tspod(...run);
  const container = env.engine.containers.get(NAME);
  const { pid, monitorPid } = container.state();
  // Not the first one, which has the words as well until it becomes the other program.
  await until('its second process runs', () => env.processes().some((line) => /^process \d+ sleep 4322 /.test(line)));
  await suspend(monitorPid);
  await killHard(pid);
  // As the monitor does, which is not to come further than this.
  writeFileSync(
    join(env.runRoot, 'c', container.id, 'exit'),
    'code 137\nsignal 9\noom 0\ntimedout 0\nstarted 1000000000\nfinished 2000000000\nrestarts 0\n',
  );
  await killHard(monitorPid);
}

test('kill -9 during a repair: the next start finds nothing of the life before, also in an engine that was open all the time', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  const run = ['run', '-d', '--name', NAME, '--pid', 'host', ...env.flags, 'host:', ...LEAVES_ONE];
  await endWithoutTeardown(env, run);
  const left = env.processes();
  t.is(left.length, 1);
  await env.killedAt('end-recorded', 'ps');
  await env.engine.containers.get(NAME).start();
  t.false(env.processes().some((line) => left.includes(line)));
});

for (const [title, broken] of Object.entries(BROKEN)) {
  test(`kill -9 during the repair of ${title}`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const env = await faults(t);
    const run = ['run', '-d', '--name', NAME, '--stop-signal', 'KILL', ...env.flags, ...(broken.flags ?? [])];
    for (const point of broken.points) {
      const what = `${title}, at ${point}`;
      await broken.break(env, [...run, 'host:', ...(broken.command ?? SLEEP)]);
      await env.killedAt(point, 'ps');
      t.deepEqual(
        (await env.recovers(what)).map(({ status }) => status),
        broken.after === undefined ? [] : [broken.after],
        what,
      );
      if (broken.after !== undefined) await env.engine.containers.get(NAME).start();
      await env.removesAll(what);
    }
  });
}
