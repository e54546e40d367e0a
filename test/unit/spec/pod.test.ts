import test from 'ava';

import type { PodCreateOptions } from '../../../src/spec/pod/pod-options.js';
import { podCgroupPath, podParent } from '../../../src/spec/limits/cgroup-path.js';
import { hasLimits, infraOptions, normalizePodOptions, splitPodOptions } from '../../../src/spec/pod/pod-normalize.js';
import { testFacts } from '../../helpers/facts.js';

const normalize = (options: PodCreateOptions) => normalizePodOptions(options, testFacts());

const ID = 'ab'.repeat(32);

test('a pod without options', (t) => {
  const { resources, ...config } = normalize({});
  t.deepEqual(config, {
    labels: {},
    share: ['ipc', 'net', 'uts'],
    infra: true,
    hostname: '',
    exitPolicy: 'continue',
    shareParent: true,
    cgroupParent: '/tspod',
    cgroupManager: 'cgroupfs',
    createCommand: [],
  });
  t.false(hasLimits(resources));
});

test('limits are those that were asked for', (t) => {
  t.true(hasLimits(normalize({ resources: { memoryBytes: 1 << 20 } }).resources));
  t.true(hasLimits(normalize({ resources: { pidsLimit: 5 } }).resources));
  t.false(hasLimits(normalize({ resources: { pidsLimit: 0 } }).resources));
  t.false(hasLimits(normalize({ resources: {} }).resources));
});

test('what is shared: each once; a user namespace that the pod has', (t) => {
  t.deepEqual(normalize({ share: ['uts', 'pid', 'uts'] }).share, ['pid', 'uts']);
  t.deepEqual(normalize({ share: [] }).share, []);
  t.deepEqual(normalize({ infra: false }).share, []);
  t.deepEqual(normalize({ userns: 'auto' }).share, ['ipc', 'net', 'user', 'uts']);
  t.deepEqual(normalize({ userns: 'host' }).share, ['ipc', 'net', 'uts']);
  t.deepEqual(normalize({ share: ['cgroup'], shareParent: false }).share, ['cgroup']);
});

const refused = test.macro({
  exec: (t, options: PodCreateOptions, message: string) => {
    t.throws(() => normalize(options), { code: 'INVALID_ARGUMENT', message });
  },
  title: (_, options) => `refused: ${JSON.stringify(options)}`,
});

test(refused, { exitPolicy: 'bogus' as 'stop' }, 'invalid pod exit policy: "bogus"');
test(
  refused,
  { share: ['bogus' as 'net'] },
  'invalid kernel namespace to share: bogus. Options are: cgroup, ipc, net, pid, uts or none',
);
test(
  refused,
  { share: ['pid', 'cgroup'] },
  "cannot define the pod as the cgroup parent at the same time as joining the infra container's cgroupNS: invalid argument",
);
test(refused, { infra: false, share: ['net'] }, 'cannot set share(net) namespaces without an infra container');
test(
  refused,
  { infra: false, publish: ['80:80'] },
  'you must have an infra container to publish port bindings to the host',
);
test(refused, { infra: false, network: 'none' }, 'NoInfra and network modes cannot be used together');
test(refused, { infra: false, infraName: 'x' }, 'cannot set infra-name without an infra container');
test(refused, { infra: false, addHosts: ['a:1.1.1.1'] }, 'cannot set addHosts without an infra container');
test(
  refused,
  { shareParent: false, resources: { cpus: 1 } },
  'resource limits of a pod need its cgroup: they cannot be given with shareParent false',
);
test(refused, { name: '-x' }, 'names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: "-x" does not: invalid argument');

test('misuse: unknown options', (t) => {
  t.throws(() => normalize({ shares: [] } as PodCreateOptions), {
    instanceOf: TypeError,
    message: 'unknown option "shares" in pod options: did you mean "share"?',
  });
  t.throws(() => normalize({ resources: { memory: 1 } as object }), { instanceOf: TypeError });
});

test('without an infra container some options say nothing', (t) => {
  t.notThrows(() => normalize({ infra: false, hostname: 'x', publish: [], noHosts: false, labels: { a: 'b' } }));
});

const infra = (options: PodCreateOptions, name = 'web') =>
  infraOptions(options, { id: ID, name, share: normalize(options).share });

test('the infra container has what belongs to all', (t) => {
  const options = infra({ publish: ['80:80'], network: 'bridge', dns: { servers: ['1.1.1.1'] }, labels: { a: 'b' } });
  t.like(options, {
    name: 'abababababab-infra',
    hostname: 'web',
    publish: ['80:80'],
    network: 'bridge',
    dns: { servers: ['1.1.1.1'] },
    labels: { a: 'b' },
    capDrop: ['ALL'],
  });
  t.is(options.image, undefined);
  t.is(infra({ hostname: 'own' }).hostname, 'own');
  t.is(infra({}, 'x'.repeat(65)).hostname, 'abababababab', 'no name of a host');
  t.is(infra({ share: ['net'] }).hostname, undefined, "its own name is nobody else's");
  t.is(infra({ share: ['ipc'] }).network, 'none', 'nobody would use it');
  t.like(infra({ infraImage: 'pause', infraCommand: ['/pause'], infraName: 'keeper' }), {
    name: 'keeper',
    image: 'pause',
    command: ['/pause'],
    capDrop: undefined,
  });
});

test("a container that is made with its pod leaves it what is the pod's", (t) => {
  const { pod, container } = splitPodOptions({
    image: 'host:',
    pod: 'new:x',
    publish: ['80:80'],
    hostname: 'h',
    network: 'bridge',
    userns: 'auto',
    addHosts: ['a:1.1.1.1'],
    env: { A: 'b' },
    createCommand: ['run'],
  });
  t.deepEqual(pod, {
    publish: ['80:80'],
    hostname: 'h',
    network: 'bridge',
    userns: 'auto',
    addHosts: ['a:1.1.1.1'],
    createCommand: ['run'],
  });
  t.deepEqual(container, { image: 'host:', pod: 'new:x', env: { A: 'b' }, createCommand: ['run'] });
});

test('where its cgroup lies', (t) => {
  const places = (cgroupManager: 'cgroupfs' | 'systemd', cgroupParent: string) => {
    const names = { cgroupManager, cgroupParent };
    return [podParent(names, 'ID'), podCgroupPath(names, 'ID')];
  };
  t.deepEqual(places('cgroupfs', '/tspod'), ['/tspod/pod_ID', '/tspod/pod_ID']);
  t.deepEqual(places('cgroupfs', '/'), ['/pod_ID', '/pod_ID']);
  t.deepEqual(places('systemd', 'machine.slice'), [
    'machine-tspod_pod_ID.slice',
    '/machine.slice/machine-tspod_pod_ID.slice',
  ]);
  t.deepEqual(places('systemd', '-.slice'), ['tspod_pod_ID.slice', '/tspod_pod_ID.slice']);
});
