/** Plans of containers that may divide their cgroup. */
import test from 'ava';

import type { CgroupLayout } from '../../../src/host/cgroup-layout.js';
import { placeCgroup } from '../../../src/plan/cgroup-placement.js';
import type { LaunchContext } from '../../../src/plan/context.js';
import { execPlan } from '../../../src/plan/exec.js';
import type { CreateOptions } from '../../../src/spec/create-options.js';
import { HYBRID, V1, V2 } from '../../helpers/facts.js';
import { planOf, stepsOf, wordsOf } from '../../helpers/plans.js';

const PATH = '/tspod/x';
const GROUP = `/sys/fs/cgroup${PATH}`;
const RDONLY = 1n;

const placed = (layout: CgroupLayout) => placeCgroup(layout, { path: PATH, resources: {}, delegate: true });

function planIn(layout: CgroupLayout, options: CreateOptions = {}, context: Partial<LaunchContext> = {}) {
  const facts = { cgroup: layout };
  return planOf({ systemd: 'always', ...options }, { facts, context: { cgroup: placed(layout), ...context } });
}

test('version 2: the processes are in a group below the one with the limits, which bound what is made in it', (t) => {
  const plan = planIn(V2);
  const words = wordsOf(plan, 'prepare');
  const made = words.slice(words.indexOf(`make cgroup ${GROUP}`));
  t.true(made.includes(`write "100" to ${GROUP}/cgroup.max.depth`));
  t.true(made.includes(`write "10000" to ${GROUP}/cgroup.max.descendants`));
  for (const controller of ['cpu', 'cpuset', 'io', 'memory', 'pids'])
    t.true(made.includes(`? write "+${controller}" to ${GROUP}/cgroup.subtree_control`), controller);
  t.true(made.includes(`make cgroup ${GROUP}/delegated`));
  t.regex(made.find((line) => line.startsWith('clone')) ?? '', /into \/sys\/fs\/cgroup\/tspod\/x\/delegated$/);
  t.deepEqual(stepsOf(plan, 'cgroupOwner'), []);
  t.deepEqual(
    stepsOf(plan, 'cgroupRemove').map(({ path }) => path),
    [GROUP],
  );
});

test('version 2: the view of its own group may be written to', (t) => {
  const [mount] = stepsOf(planIn(V2), 'mountFs').filter(({ type }) => type === 'cgroup2');
  t.is((mount?.attributes ?? RDONLY) & RDONLY, 0n);
  const [guarded] = stepsOf(planOf({}), 'mountFs').filter(({ type }) => type === 'cgroup2');
  t.is((guarded?.attributes ?? 0n) & RDONLY, RDONLY);
});

test('of the host’s cgroups only its own part may be written to', (t) => {
  const plan = planIn(V2, { cgroupns: 'host' });
  const bound = stepsOf(plan, 'openTree').filter(({ path }) => path.startsWith('/sys/fs/cgroup'));
  t.deepEqual(
    bound.map(({ path }) => path),
    ['/sys/fs/cgroup', `${GROUP}/delegated`],
  );
  const attributes = plan.steps.flatMap((step, at) => {
    const next = plan.steps[at + 1];
    return step.op === 'openTree' && step.path.startsWith('/sys/fs/cgroup') && next?.op === 'mountAttributes'
      ? [next]
      : [];
  });
  t.deepEqual(
    attributes.map(({ set, clear }) => [set & RDONLY, clear & RDONLY]),
    [
      [RDONLY, 0n],
      [0n, RDONLY],
    ],
  );
  t.deepEqual(
    stepsOf(plan, 'attachInRoot').flatMap(({ target }) => (target.startsWith('/sys/fs/cgroup') ? [target] : [])),
    ['/sys/fs/cgroup', `${GROUP}/delegated`],
  );
});

test('version 1: the hierarchy of systemd is the one that may be written to', (t) => {
  const plan = planIn(V1);
  const mounts = stepsOf(plan, 'mountFs').filter(({ type }) => type === 'cgroup');
  t.true(mounts.length > 1);
  for (const { options, attributes } of mounts)
    t.is((attributes & RDONLY) === 0n, options.includes('name=systemd'), options.join());
  t.false(wordsOf(plan, 'prepare').some((line) => line.includes('delegated')));
  t.true(wordsOf(plan, 'init').includes('enter cgroup /sys/fs/cgroup/systemd/tspod/x'));
});

test('hybrid: both', (t) => {
  const plan = planIn(HYBRID);
  const writable = stepsOf(plan, 'mountFs').filter(
    ({ type, attributes }) => type.startsWith('cgroup') && (attributes & RDONLY) === 0n,
  );
  t.deepEqual(
    writable.map(({ type }) => type),
    ['cgroup', 'cgroup2'],
  );
});

test('in a user namespace the group belongs to the container’s root', (t) => {
  const uidMaps = [{ containerId: 0, hostId: 100000, size: 65536 }];
  const plan = planIn(V2, { uidMaps }, { rootIds: { uid: 100000, gid: 100001 } });
  const [owner, ...more] = stepsOf(plan, 'cgroupOwner');
  t.deepEqual([owner?.uid, owner?.gid, more.length], [100000, 100001, 0]);
  t.true(owner?.files.includes('cgroup.subtree_control'));
  t.true(wordsOf(plan, 'afterClone').includes(`give cgroup ${GROUP}/delegated to 100000:100001`));
});

test('a command of exec is made in the divided group, or where its first process has gone in there', (t) => {
  const plan = execPlan(
    { args: ['true'], cwd: '/', user: { uid: 0, gid: 0 } },
    {
      id: 'x',
      target: { pid: 5, startTime: 6n },
      namespaces: [],
      cgroup: placed(V2),
      stdio: { stdin: 'null', stdout: 'null', stderr: 'null', keepStdin: false, stdinOnce: false },
    },
  );
  t.deepEqual(
    stepsOf(plan, 'cloneBeside').map(({ group }) => group),
    [`${PATH}/delegated`],
  );
  t.true(wordsOf(plan, 'prepare').some((line) => line === `open ${GROUP}/delegated`));
});
