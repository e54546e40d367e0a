/** Who makes a container's cgroup and where it lies: options to configuration to path. */
import test from 'ava';

import type { HostFacts } from '../../../src/host/facts.js';
import { defaultCgroupManager, type CgroupManager } from '../../../src/spec/limits/cgroup-options.js';
import { cgroupsPath, framePaths, slicePath, splittable } from '../../../src/spec/limits/cgroup-path.js';
import type { CreateOptions } from '../../../src/spec/create-options.js';
import { normalizeCreateOptions } from '../../../src/spec/normalize.js';
import { HYBRID, testFacts, V1, V2 } from '../../helpers/facts.js';
import { ID, MINIMAL } from '../../helpers/plans.js';

const SYSTEMD: Partial<HostFacts> = { systemd: true };

function configOf(options: CreateOptions, facts: Partial<HostFacts>, cgroupManager?: CgroupManager) {
  return normalizeCreateOptions({ ...MINIMAL, ...options }, testFacts(facts), { cgroupManager });
}

const pathOf = test.macro(
  (
    t,
    options: CreateOptions,
    expected: string,
    { facts = SYSTEMD, manager = undefined as CgroupManager | undefined } = {},
  ) => {
    t.is(cgroupsPath(configOf(options, facts, manager), ID, '/own'), expected);
  },
);

test('systemd makes cgroups where it runs the machine and version 2 is alone', (t) => {
  t.is(defaultCgroupManager({ systemd: true, cgroup: V2 }), 'systemd');
  t.is(defaultCgroupManager({ systemd: true, cgroup: HYBRID }), 'cgroupfs');
  t.is(defaultCgroupManager({ systemd: true, cgroup: V1 }), 'cgroupfs');
  t.is(defaultCgroupManager({ systemd: false, cgroup: V2 }), 'cgroupfs');
});

test('a scope in the slice of machines', pathOf, {}, `/machine.slice/tspod-${ID}.scope/container`);
test('a slice', pathOf, { cgroupParent: 'a-b.slice' }, `/a.slice/a-b.slice/tspod-${ID}.scope/container`);
test(
  'a slice by its path',
  pathOf,
  { cgroupParent: '/a.slice/a-b.slice' },
  `/a.slice/a-b.slice/tspod-${ID}.scope/container`,
);
test('the slice of all', pathOf, { cgroupParent: '-.slice' }, `/tspod-${ID}.scope/container`);
test('no-conmon', pathOf, { cgroups: 'no-conmon' }, `/machine.slice/tspod-${ID}.scope/container`);
test('split', pathOf, { cgroups: 'split' }, `/own/tspod-payload-${ID}`);
test('cgroupfs where it is chosen', pathOf, {}, `/tspod/${ID}`, { manager: 'cgroupfs' });
test('cgroupfs without systemd', pathOf, {}, `/tspod/${ID}`, { facts: { systemd: false } });
test('cgroupfs without a monitor of its own', pathOf, { cgroups: 'no-conmon' }, `/tspod/${ID}`, {
  manager: 'cgroupfs',
});

test('slices lie where their names say', (t) => {
  t.is(slicePath('machine.slice'), '/machine.slice');
  t.is(slicePath('a-b-c.slice'), '/a.slice/a-b.slice/a-b-c.slice');
  t.is(slicePath('-.slice'), '/');
});

test('the monitor has a group beside the container’s where both lie in one', (t) => {
  const scope = `/machine.slice/tspod-${ID}.scope`;
  t.deepEqual(framePaths(configOf({}, SYSTEMD), ID), { path: scope, monitor: `${scope}/monitor` });
  t.deepEqual(framePaths(configOf({ cgroups: 'split' }, SYSTEMD), ID, '/own'), {
    path: '/own',
    monitor: '/own/supervisor',
  });
  t.is(framePaths(configOf({}, {}), ID), undefined);
});

test('who was moved out of the way of one split can have another', (t) => {
  t.is(splittable('/a/supervisor'), '/a');
  t.is(splittable('/a'), '/a');
  t.is(splittable('/'), '/');
});

interface Refusal {
  readonly facts?: Partial<HostFacts>;
  readonly manager?: CgroupManager;
  readonly code?: string;
}

const refused = test.macro(
  (t, options: CreateOptions, message: RegExp, { facts = SYSTEMD, manager, code }: Refusal = {}) => {
    t.throws(() => configOf(options, facts, manager), { message, code: code ?? 'INVALID_ARGUMENT' });
  },
);

const NO_SLICE =
  /^did not receive systemd slice as cgroup parent when using systemd to manage cgroups: invalid argument$/;
test('a path is no slice', refused, { cgroupParent: '/a' }, NO_SLICE);
test('a nameless slice', refused, { cgroupParent: '.slice' }, NO_SLICE);
for (const slice of ['a--b.slice', '-a.slice', 'a-.slice', 'a b.slice', `${'a'.repeat(250)}.slice`])
  test(
    `no slice has the name ${slice.slice(0, 20)}`,
    refused,
    { cgroupParent: slice },
    /is not the name of a systemd slice/,
  );
test(
  'a restart policy without a monitor in the scope',
  refused,
  { cgroups: 'no-conmon', restart: { policy: 'always' } },
  /no-conmon cannot be given with a restart policy/,
);
test(
  'systemd, chosen where it does not run',
  refused,
  {},
  /systemd does not run this machine; use cgroup manager cgroupfs/,
  {
    facts: { systemd: false },
    manager: 'systemd',
    code: 'UNSUPPORTED_HOST',
  },
);
test(
  'systemd, chosen on a hybrid machine',
  refused,
  {},
  /needs cgroup v2 alone, and this machine has hybrid; use cgroup manager cgroupfs/,
  {
    facts: { systemd: true, cgroup: HYBRID },
    manager: 'systemd',
    code: 'UNSUPPORTED_HOST',
  },
);
test('split on a machine of version 1', refused, { cgroups: 'split' }, /cannot split a cgroup/, {
  facts: { cgroup: V1 },
  code: 'UNSUPPORTED_HOST',
});
