import test from 'ava';
import { idLines } from '../../../src/native/namespace-create.js';
import { runPlan } from '../../../src/native/run-plan.js';
import type { RunPlanRequest } from '../../../src/native/run-plan.js';
import { encodePlan } from '../../../src/plan/encode.js';

const PLAIN: RunPlanRequest = {
  command: ['true'],
  environment: ['A=b'],
  workingDirectory: '/',
  created: [],
  joined: [],
  uidMap: '0 0 1\n',
  gidMap: '0 0 1\n',
  privileged: true,
  ids: undefined,
  streamFds: undefined,
  timeLimitMs: 0,
};

/** `stage op` of each step, with the flags of those that have some. */
function wordsOf(request: Partial<RunPlanRequest>): string[] {
  const plan = runPlan({ ...PLAIN, ...request });
  encodePlan(plan); // every operand fits its field
  return plan.steps.map((step) => `${step.stage} ${step.op}${'flags' in step ? ` ${step.flags.toString(16)}` : ''}`);
}

test("a program in the caller's namespaces needs a clone and an exec", (t) => {
  t.deepEqual(wordsOf({}), [
    'settings role',
    'settings stdio',
    'prepare clone 0',
    'init workingDirectory',
    'init exec',
  ]);
});

test('new namespaces are made by the clone, but for those of cgroups', (t) => {
  t.deepEqual(wordsOf({ created: ['net', 'uts', 'cgroup', 'time'] }), [
    'settings role',
    'settings stdio',
    'prepare clone 44000080',
    'init unshare 2000000',
    'init workingDirectory',
    'init exec',
  ]);
});

test('new mounts stay inside, and new processes get a /proc', (t) => {
  const words = wordsOf({ created: ['mnt', 'pid'] });
  t.deepEqual(words.slice(2), [
    'prepare clone 20020000',
    'init rootPropagation 44000',
    'init mountFs',
    'init attachMount',
    'init workingDirectory',
    'init exec',
  ]);
});

test('pid and time are joined before the clone', (t) => {
  const joined = (['mnt', 'pid', 'net'] as const).map((kind, index) => ({ kind, monitorFd: 4 + index }));
  t.deepEqual(wordsOf({ joined }).slice(2), [
    'prepare inheritFd',
    'prepare inheritFd',
    'prepare inheritFd',
    'prepare joinNamespaces 20000000',
    'prepare clone 0',
    'init joinNamespaces 20000',
    'init joinNamespaces 40000000',
    'init workingDirectory',
    'init exec',
  ]);
});

test('root joins what belongs to outer user namespaces before it comes to one, others after', (t) => {
  const joined = (['user', 'net'] as const).map((kind, index) => ({ kind, monitorFd: 4 + index }));
  const order = (request: Partial<RunPlanRequest>) =>
    wordsOf(request).filter((word) => / (joinNamespaces|clone|becomeNamespaceRoot)/.test(word));
  const born = ['prepare cloneInUserNamespace', 'prepare clone 20000'];
  const created = ['mnt'] as const;
  t.deepEqual(order({ joined, created, privileged: true }), [
    'prepare joinNamespaces 40000000',
    ...born,
    'init becomeNamespaceRoot',
  ]);
  t.deepEqual(order({ joined, created, privileged: false }), [
    ...born,
    'init joinNamespaces 40000000',
    'init becomeNamespaceRoot',
  ]);
  t.deepEqual(order({ joined: joined.slice(1), created: ['user'], privileged: true }), [
    'prepare joinNamespaces 40000000',
    'prepare clone 10000000',
    'init becomeNamespaceRoot',
  ]);
});

test('identity maps are written while the child waits', (t) => {
  t.deepEqual(wordsOf({ created: ['user'] }).slice(2, 6), [
    'prepare clone 10000000',
    'init awaitStage',
    'afterClone idMaps',
    'init becomeNamespaceRoot',
  ]);
});

test('id ranges become lines, and are checked', (t) => {
  t.is(
    idLines([
      { inside: 0, outside: 1000, size: 1 },
      { inside: 1, outside: 100_000, size: 65_536 },
    ]),
    '0 1000 1\n1 100000 65536\n',
  );
  t.throws(() => idLines([{ inside: -1, outside: 0, size: 1 }]), { instanceOf: TypeError });
  t.throws(() => idLines([{ inside: 0, outside: 0, size: 0 }]), { instanceOf: TypeError });
  t.throws(() => idLines([{ inside: 0, outside: 2 ** 32, size: 1 }]), { instanceOf: TypeError });
  t.throws(() => idLines(Array.from({ length: 341 }, (_, inside) => ({ inside, outside: inside, size: 1 }))), {
    instanceOf: TypeError,
  });
});
