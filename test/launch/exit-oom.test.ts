/** The mark of a container of which the kernel has killed something for want of memory. */
import { spawnSync } from 'node:child_process';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { CODES } from '../../src/plan/codes.js';
import { NONE } from '../../src/plan/ops.js';
import type { Step } from '../../src/plan/ops.js';
import { has, requires } from '../helpers/requires.js';
import { runContainer } from '../helpers/supervised.js';

const CGROUP_SLOT = 400;
let cgroups = 0;

/** Steps that put the container into a memory cgroup with a limit, and say where its OOM kills are counted. */
function memoryLimit(t: ExecutionContext, bytes: number): Step[] {
  const name = `tspod-oom-test-${process.pid}-${(cgroups += 1)}`;
  const path = has('cgroup1') ? `/sys/fs/cgroup/memory/${name}` : `/sys/fs/cgroup/${name}`;
  t.teardown(() => spawnSync('rmdir', [path]));
  const [limitFile, counterFile] = has('cgroup1')
    ? ['memory.limit_in_bytes', 'memory.oom_control']
    : ['memory.max', 'memory.events'];
  return [
    { op: 'oomCounter', stage: 'settings', slot: CGROUP_SLOT, file: counterFile, key: 'oom_kill' },
    { op: 'cgroupCreate', stage: 'prepare', slot: CGROUP_SLOT, path },
    { op: 'writeFileAt', stage: 'prepare', slot: CGROUP_SLOT, name: limitFile, value: `${bytes}` },
    { op: 'cgroupEnter', stage: 'init', slot: CGROUP_SLOT, file: 'cgroup.procs' },
    { op: 'cgroupRemove', stage: 'teardown', path },
  ] as Step[];
}

const EAT = ['tail', '/dev/zero'];

test('oom: a container that is killed for its memory is marked', async (t) => {
  if (!requires(t, 'root')) return;
  const { exited, engine } = await runContainer(t, { command: EAT, steps: memoryLimit(t, 20_000_000) });
  t.like(exited, { code: '137', signal: '9', oom: '1' });
  t.false(engine.has('failed'));
});

test('oom: so is one that goes on after something of it was killed', async (t) => {
  if (!requires(t, 'root')) return;
  const { exited } = await runContainer(t, { command: 'tail /dev/zero; exit 3', steps: memoryLimit(t, 20_000_000) });
  t.like(exited, { code: '3', signal: '0', oom: '1' });
});

test('oom: one that is killed otherwise is not', async (t) => {
  if (!requires(t, 'root')) return;
  const { exited } = await runContainer(t, { command: 'kill -9 $$', steps: memoryLimit(t, 20_000_000) });
  t.like(exited, { code: '137', oom: '0' });
});

test('oom: only the last run counts when a container was restarted', async (t) => {
  if (!requires(t, 'root')) return;
  const directory = `/tmp/tspod-oom-${process.pid}`;
  const command = `if mkdir ${directory}; then exec tail /dev/zero; fi; rmdir ${directory}; exit 0`;
  const restart = { policy: CODES.restartPolicy['on-failure'] };
  const { exited } = await runContainer(t, { command, steps: memoryLimit(t, 20_000_000), restart });
  t.like(exited, { code: '0', oom: '0', restarts: '1' });
});

test('oom: a counter that cannot be read does not keep the container from ending', async (t) => {
  const steps = [{ op: 'oomCounter', stage: 'settings', slot: NONE >>> 0, file: 'none', key: 'oom_kill' }] as Step[];
  const { exited } = await runContainer(t, { command: 'exit 2', steps });
  t.like(exited, { code: '2', oom: '0' });
});
