import test from 'ava';

import { placeCgroup } from '../../../src/plan/cgroup-placement.js';
import { V1, V2 } from '../../helpers/facts.js';
import { planOf, wordsOf } from '../../helpers/plans.js';

test('an infra container executes nothing', (t) => {
  const init = wordsOf(planOf({}, { context: { pause: true } }), 'init');
  t.is(init.at(-1), 'stay and run nothing');
  t.false(init.some((words) => words.startsWith('exec ')));
});

const names = (layout: typeof V1, request: Omit<Parameters<typeof placeCgroup>[1], 'path'>) =>
  placeCgroup(layout, { path: '/p', ...request })?.directories.map(({ path }) => path);

test('a group in one with limits lies in the hierarchies of these', (t) => {
  t.false(names(V1, { resources: {} })?.includes('/sys/fs/cgroup/cpuset/p'));
  t.true(names(V1, { resources: {}, within: { cpu: { cpus: '0' } } })?.includes('/sys/fs/cgroup/cpuset/p'));
  t.true(names(V1, { resources: {}, within: { memory: { limit: 1 } } })?.includes('/sys/fs/cgroup/cpuset/p'));
  t.deepEqual(names(V2, { resources: {}, within: { cpu: { cpus: '0' } } }), ['/sys/fs/cgroup/p']);
});

test('a group for limits alone lies where these are', (t) => {
  t.deepEqual(names(V1, { resources: { memory: { limit: 1 } }, onlyLimits: true }), ['/sys/fs/cgroup/memory/p']);
  t.deepEqual(names(V2, { resources: { memory: { limit: 1 } }, onlyLimits: true }), ['/sys/fs/cgroup/p']);
});
