import test from 'ava';

import { launchError } from '../../../../src/container/launch/error.js';
import { PlanBuilder } from '../../../../src/plan/builder.js';
import type { Plan } from '../../../../src/plan/ops.js';

const ERANGE = 34;
const ENOENT = 2;
const ENOSPC = 28;

function planOf(): Plan {
  const builder = new PlanBuilder();
  const slot = builder.slot();
  builder.add('prepare', 'cgroupCreate', { slot, path: '/sys/fs/cgroup/tspod/x' });
  builder.add('prepare', 'writeFileAt', { slot, name: 'cpuset.cpus', value: '99' });
  builder.add('init', 'exec', { args: ['no'], env: [], setHome: 0 });
  return builder.build();
}

test('the failed step is named by what its slots hold', (t) => {
  const error = launchError(planOf(), { step: 1, errno: ERANGE, detail: 'write cpuset.cpus' });
  t.is(error.code, 'LAUNCH_FAILED');
  t.true(error.message.startsWith('write "99" to /sys/fs/cgroup/tspod/x/cpuset.cpus: '), error.message);
  t.regex(error.message, /\(step 2 of 3\)$/);
  t.like(error.details, { op: 'writeFileAt', step: 1, steps: 3, errno: ERANGE, errnoCode: 'ERANGE' });
});

test('codes tell what callers can do about it', (t) => {
  t.is(launchError(planOf(), { step: 2, errno: ENOENT, detail: '' }).code, 'COMMAND_NOT_FOUND');
  t.is(launchError(planOf(), { step: 2, errno: ERANGE, detail: '' }).code, 'COMMAND_NOT_EXECUTABLE');
  t.is(launchError(planOf(), { step: 0, errno: ENOSPC, detail: '' }).code, 'DISK_FULL');
  t.regex(launchError(planOf(), { step: 0xffffffff, errno: 0, detail: '' }).message, /^the monitor failed$/);
});

test('a process that was killed on its way to its command: with its memory limit', (t) => {
  const killed = { step: 0xffffffff, errno: 10, detail: 'ended before exec: killed by signal 9' };
  const words = 'the process ended before its command could be run: killed by signal 9';
  t.is(launchError(planOf(), killed).message, words);
  for (const [name, value, hint] of [
    ['memory.max', '102400', '; its memory limit is 102400 bytes, which may be too low'],
    ['memory.limit_in_bytes', '102400', '; its memory limit is 102400 bytes, which may be too low'],
    ['memory.max', 'max', ''],
  ] as const) {
    const builder = new PlanBuilder();
    const slot = builder.slot();
    builder.add('prepare', 'cgroupCreate', { slot, path: '/sys/fs/cgroup/tspod/x' });
    builder.add('prepare', 'writeFileAt', { slot, name, value });
    t.is(launchError(builder.build(), killed).message, `${words}${hint}`);
  }
});
