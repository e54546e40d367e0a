import test from 'ava';

import { describeStep } from '../../../src/plan/describe.js';
import { launchPlan } from '../../../src/plan/launch.js';
import { ID, planOf, specOf, wordsOf } from '../../helpers/plans.js';

const USER_DONOR = { id: 'a', state: '/run/c/a/state' };

test('a user namespace that is joined: the child is made in it, in what else is joined, and the monitor goes back', (t) => {
  const namespaces = [
    { type: 'mount' },
    { type: 'user', path: '/proc/9/ns/user' },
    { type: 'network', path: '/run/netns/n' },
    { type: 'pid' },
  ] as const;
  const plan = launchPlan(
    { ...specOf({}), linux: { namespaces } },
    { ...minimalContext(), donors: { user: USER_DONOR } },
  );
  const words = plan.steps.map((step, index) => `${step.stage}: ${describeStep(step, { plan, index })}`);
  const last = words.indexOf('prepare: clone with new mount,pid namespaces');
  t.deepEqual(words.slice(last - 5, last), [
    'prepare: open /run/netns/n',
    'prepare: open the first process of container a',
    'prepare: open /proc/self/ns/net',
    'prepare: join network namespace of /run/netns/n',
    'prepare: make the child in the user namespace of container a',
  ]);
  t.true(words.includes('afterClone: join network namespace of /proc/self/ns/net'));
  t.true(words.includes("afterClone: open the child's user namespace"));
  t.false(words.some((line) => line.includes('map uids')));
});

test('a root directory is shifted into a user namespace, unless it is said to fit', (t) => {
  const maps = { uidMaps: [{ containerId: 0, hostId: 100000, size: 10 }] };
  const root = { kind: 'directory', path: '/r' } as const;
  const shifts = (mapped?: boolean) => {
    const source = mapped === undefined ? root : { ...root, mapped };
    return wordsOf(planOf(maps, { context: { root: source } })).filter((line) => / idmap$/.test(line)).length;
  };
  t.deepEqual([shifts(), shifts(true), shifts(false)], [1, 1, 0]);
});

function minimalContext(): Parameters<typeof launchPlan>[1] {
  return {
    id: ID,
    runDirectory: '/run/c',
    root: { kind: 'directory', path: '/r' },
    cgroup: undefined,
    stdio: { stdin: 'null', stdout: 'null', stderr: 'null', keepStdin: false, stdinOnce: false },
    gate: false,
  };
}
