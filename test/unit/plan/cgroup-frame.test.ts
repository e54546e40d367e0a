/** Plans where the container's cgroup and the monitor's lie in one that was given to both. */
import test from 'ava';

import { placeCgroup } from '../../../src/plan/cgroup-placement.js';
import type { CgroupFrame } from '../../../src/plan/context.js';
import type { LinuxResources } from '../../../src/oci/resources.js';
import { V2 } from '../../helpers/facts.js';
import { planOf, wordsOf } from '../../helpers/plans.js';

const SCOPE = '/machine.slice/tspod-x.scope';
const FRAME: CgroupFrame = { path: SCOPE, monitor: `${SCOPE}/monitor`, others: [] };

function stepsIn(frame: CgroupFrame, resources: LinuxResources = {}): readonly string[] {
  const cgroup = placeCgroup(V2, { path: `${SCOPE}/container`, resources, frame });
  const plan = planOf({ resources: { pidsLimit: 0 } }, { context: { cgroup } });
  return [...wordsOf(plan, 'prepare'), ...wordsOf(plan, 'started')].filter((words) => words.includes('cgroup'));
}

test('the monitor leaves the scope before controllers are enabled in it, and what is above is left to systemd', (t) => {
  t.deepEqual(stepsIn(FRAME).slice(0, 7), [
    `make cgroup /sys/fs/cgroup${SCOPE}/monitor`,
    `write "0" to /sys/fs/cgroup${SCOPE}/monitor/cgroup.procs`,
    `open /sys/fs/cgroup${SCOPE}`,
    `write "+pids" to /sys/fs/cgroup${SCOPE}/cgroup.subtree_control`,
    `? write "+memory" to /sys/fs/cgroup${SCOPE}/cgroup.subtree_control`,
    `? write "+cpu" to /sys/fs/cgroup${SCOPE}/cgroup.subtree_control`,
    `make cgroup /sys/fs/cgroup${SCOPE}/container`,
  ]);
});

test('processes that are in the way go to the monitor’s group', (t) => {
  const steps = stepsIn({ ...FRAME, others: [5, 6] });
  t.deepEqual(steps.slice(2, 4), [
    `? write "5" to /sys/fs/cgroup${SCOPE}/monitor/cgroup.procs`,
    `? write "6" to /sys/fs/cgroup${SCOPE}/monitor/cgroup.procs`,
  ]);
});

test('a monitor that has a home goes there once the container runs', (t) => {
  t.deepEqual(stepsIn({ ...FRAME, home: '/user.slice' }).slice(-2), [
    '? open /sys/fs/cgroup/user.slice',
    '? write "0" to /sys/fs/cgroup/user.slice/cgroup.procs',
  ]);
});
