/** kill -9 of a command while it puts right what another crash left: the one after it does. */
import test from 'ava';

import type { Failpoint } from '../../../src/container/failpoint.js';
import { faults, type Faults } from '../../helpers/faults.js';
import { killHard, untilGone } from '../../helpers/processes.js';
import { requires } from '../../helpers/requires.js';

const NAME = 'subject';

interface Broken {
  readonly flags?: readonly string[];
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

for (const [title, broken] of Object.entries(BROKEN)) {
  test(`kill -9 during the repair of ${title}`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const env = await faults(t);
    const run = ['run', '-d', '--name', NAME, '--stop-signal', 'KILL', ...env.flags, ...(broken.flags ?? [])];
    for (const point of broken.points) {
      const what = `${title}, at ${point}`;
      await broken.break(env, [...run, 'host:', 'sleep', '1000']);
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
