import test from 'ava';

import { CODES } from '../../../src/plan/codes.js';
import { decodePlan } from '../../../src/plan/encode.js';
import type { HealthContext } from '../../../src/plan/health.js';
import { planOf, stepsOf } from '../../helpers/plans.js';

const CHECK = { intervalMs: 1, timeoutMs: 2, failures: 3, successes: 4, graceMs: 5 };
const HEALTH: HealthContext = {
  regular: { process: { args: ['is-well'], cwd: '/', user: { uid: 0, gid: 0 } }, ...CHECK },
  startup: { process: { args: ['is-up'], cwd: '/', user: { uid: 0, gid: 0 } }, ...CHECK },
  onFailure: 'restart',
  stopSignal: 15,
  stopTimeoutMs: 10_000,
  logEntries: 5,
  outputBytes: 500,
  join: { id: 'c', namespaces: ['mount', 'pid'], cgroup: undefined },
};

test('a container without a health check has no step of one', (t) => {
  const plan = planOf({});
  t.deepEqual(stepsOf(plan, 'health'), []);
  t.deepEqual(stepsOf(plan, 'healthCheck'), []);
});

test('checks are plans of their own, which join the container by descriptor 4 and write to 5', (t) => {
  const plan = planOf({}, { context: { health: HEALTH } });
  const checks = stepsOf(plan, 'healthCheck');
  t.deepEqual(
    checks.map(({ kind }) => kind),
    [0, 1],
  );
  t.like(checks[0], { intervalMs: 1n, timeoutMs: 2n, failures: 3, successes: 4, graceMs: 5n });
  const inner = checks.map((check) => decodePlan(check.plan));
  t.deepEqual(
    inner.map((one) => stepsOf(one, 'exec')[0]?.args),
    [['is-well'], ['is-up']],
  );
  for (const one of inner) {
    t.is(stepsOf(one, 'role')[0]?.kind, 2);
    t.deepEqual([...new Set(stepsOf(one, 'inheritFd').map(({ fd }) => fd))].toSorted(), [4, 5]);
    t.deepEqual(stepsOf(one, 'openProcess'), []);
    t.is(stepsOf(one, 'joinNamespaces').length, 2);
  }
  t.like(stepsOf(plan, 'health')[0], {
    onFailure: CODES.failureAction.restart,
    stopSignal: 15,
    stopTimeoutMs: 10_000n,
    freezer: '',
  });
});
