/** What the flags of pod create put into the options of a pod. */
import test from 'ava';

import { flagValues } from '../../../../../src/cli/command-parts/flag-values.js';
import type { Context } from '../../../../../src/cli/context.js';
import { podCreateFlags, podSharedFlags } from '../../../../../src/cli/flags/create/pod.js';
import { parseShare, readPodOptions } from '../../../../../src/cli/create/pod.js';
import type { PodCreateOptions } from '../../../../../src/pod/api.js';
import { fakeCaller } from '../../caller.js';

type Given = readonly (readonly [string, ...string[]])[];

async function optionsOf(...given: Given): Promise<PodCreateOptions> {
  const caller = fakeCaller({ env: { TSPOD_NETWORK: 'none' }, files: { labels: 'a=1\n' } });
  const context = { caller, err: () => Promise.resolve() } as unknown as Context;
  const flags = flagValues(new Map(given.map(([name, ...values]) => [name, values])));
  return readPodOptions(context, { flags, args: [], commandLine: ['tspod', 'pod', 'create'] });
}

const ALWAYS = { infra: true, network: 'none', createCommand: ['tspod', 'pod', 'create'] } as const;

/** Read by the command: test/system/cli/pod.test.ts. */
const covered = new Set<string>(['name', 'pod-id-file', 'replace']);

function covers(name: string, values: string | string[], expected: PodCreateOptions): void {
  covered.add(name);
  const given = [values].flat();
  test(`--${name} ${given.join(' ')}`, async (t) =>
    t.deepEqual(await optionsOf([name, ...given]), { ...ALWAYS, ...expected }));
}

covers('add-host', 'a:1.2.3.4', { addHosts: ['a:1.2.3.4'] });
covers('blkio-weight', '100', { resources: { blkioWeight: 100 } });
covers('blkio-weight-device', '/dev/sda:100', {
  resources: { blkioWeightDevice: [{ device: '/dev/sda', weight: 100 }] },
});
covers('cgroup-parent', '/x', { cgroupParent: '/x' });
covers('cgroup-parent', 'x', { cgroupParent: '/x' });
covers('cpu-shares', '5', { resources: { cpuShares: 5 } });
covers('cpus', '1.5', { resources: { cpus: 1.5 } });
covers('cpuset-cpus', '0', { resources: { cpusetCpus: '0' } });
covers('cpuset-mems', '0', { resources: { cpusetMems: '0' } });
covers('device', '/dev/null', { devices: [{ source: '/dev/null' }] });
covers('device-read-bps', '/dev/sda:1k', { resources: { deviceReadBps: [{ device: '/dev/sda', rate: 1024 }] } });
covers('device-write-bps', '/dev/sda:1k', { resources: { deviceWriteBps: [{ device: '/dev/sda', rate: 1024 }] } });
covers('dns', '1.2.3.4', { dns: { servers: ['1.2.3.4'] } });
covers('dns-option', 'ndots:2', { dns: { options: ['ndots:2'] } });
covers('dns-search', 'x', { dns: { search: ['x'] } });
covers('egress', 'allow=x', { egress: { allow: ['x'] } });
covers('exit-policy', 'stop', { exitPolicy: 'stop' });
covers('exit-policy', '', {});
covers('gidmap', '0:5:2', {
  uidMaps: [{ containerId: 0, hostId: 5, size: 2 }],
  gidMaps: [{ containerId: 0, hostId: 5, size: 2 }],
  userns: 'private',
});
covers('hostname', 'h', { hostname: 'h' });
covers('hosts-file', 'none', { hostsFile: 'none' });
covers('infra', 'true', {});
covers('infra-command', '["sh","-c"]', { infraCommand: ['sh', '-c'] });
covers('infra-conmon-pidfile', '/f', { infraMonitorPidFile: '/f' });
covers('infra-conmon-pidfile', 'f', { infraMonitorPidFile: '/here/f' });
covers('infra-conmon-pidfile', '', {});
covers('infra-image', 'pause', { infraImage: 'pause' });
covers('infra-name', 'i', { infraName: 'i' });
covers('ip', '1.2.3.4', { ip: '1.2.3.4' });
covers('ip6', '::1', { ip6: '::1' });
covers('label', 'a=b', { labels: { a: 'b' } });
covers('label-file', 'labels', { labels: { a: '1' } });
covers('mac-address', '92:d0:c6:0a:29:33', { macAddress: '92:d0:c6:0a:29:33' });
covers('memory', '1k', { resources: { memoryBytes: 1024 } });
covers('memory-swap', '-1', { resources: { memorySwapBytes: -1 } });
covers('network', 'host', { network: 'host' });
covers('network', 'web', { network: 'bridge', networks: [{ name: 'web' }] });
covers('network-alias', 'a', { networkAliases: ['a'] });
covers('no-hostname', 'true', { noHostname: true });
covers('no-hosts', 'true', { noHosts: true });
covers('pid', 'host', { pid: 'host' });
covers('restart', 'always', { restart: { policy: 'always' } });
covers('share', 'net,pid', { share: ['net', 'pid'] });
covers('share-parent', 'false', { shareParent: false });
covers('shm-size', '1m', { shmSizeBytes: 1048576 });
covers('subgidname', 'x', { userns: 'private', usernsOptions: { subgidName: 'x' } });
covers('subuidname', 'x', { userns: 'private', usernsOptions: { subuidName: 'x' } });
covers('sysctl', 'net.ipv4.ip_forward=1', { sysctls: { 'net.ipv4.ip_forward': '1' } });
covers('uidmap', '0:1:2', {
  uidMaps: [{ containerId: 0, hostId: 1, size: 2 }],
  gidMaps: [{ containerId: 0, hostId: 1, size: 2 }],
  userns: 'private',
});
covers('userns', 'auto', { userns: 'auto' });
covers('uts', 'host', { uts: 'host' });
covers('volumes-from', 'c', { volumesFrom: ['c'] });

covered.add('publish');
test('--publish: with a network', async (t) => {
  t.deepEqual((await optionsOf(['network', 'bridge'], ['publish', '8080:80'])).publish, ['8080:80']);
  await t.throwsAsync(optionsOf(['network', 'none'], ['publish', '8080:80']), {
    message: 'ports can only be published when the network mode is bridge, not none',
  });
  t.is((await optionsOf(['network', 'none'], ['publish', ''])).publish, undefined);
});

covered.add('volume');
test('--volume', async (t) => {
  t.like(await optionsOf(['volume', '/a:/t']), { mounts: [{ source: '/a', target: '/t' }] });
});

test('each flag of pod create has a case above', (t) => {
  for (const { name, missing } of podCreateFlags) t.true(covered.has(name) || missing !== undefined, `--${name}`);
  t.deepEqual(new Set(podCreateFlags.map(({ name }) => name)).size, podCreateFlags.length);
  t.true(podSharedFlags.every((flag) => 'set' in flag));
});

test('what is shared: names, none, and beside the default', (t) => {
  t.deepEqual(parseShare('ipc,pid'), ['ipc', 'pid']);
  t.deepEqual(parseShare('none'), []);
  t.deepEqual(parseShare(''), []);
  t.deepEqual(parseShare('+pid'), ['ipc', 'net', 'uts', 'pid']);
  t.deepEqual(parseShare('+net'), ['ipc', 'net', 'uts']);
  t.is(
    t.throws(() => parseShare('foo'))?.message,
    'invalid kernel namespace to share: foo. Options are: cgroup, ipc, net, pid, uts or none',
  );
});

test('sharing nothing, and no infra container, go together unless one is asked for', async (t) => {
  const { createCommand } = ALWAYS;
  t.deepEqual(await optionsOf(['share', 'none']), { infra: false, share: [], createCommand });
  t.deepEqual(await optionsOf(['share', 'none'], ['infra', 'true']), { infra: true, share: [], createCommand });
  t.deepEqual(await optionsOf(['infra', 'false']), { infra: false, createCommand });
  t.deepEqual(await optionsOf(['share', 'ipc']), { infra: true, share: ['ipc'], createCommand });
});

test('an exit policy that there is not', async (t) => {
  const error = await t.throwsAsync(optionsOf(['exit-policy', 'foo']));
  t.is(error?.message, 'running pod create option: invalid pod exit policy: "foo"');
});

/** `podman pod create --help` of Podman 4.3. */
const PODMAN_FLAGS =
  'add-host blkio-weight blkio-weight-device cgroup-parent cpu-shares cpus cpuset-cpus cpuset-mems device device-read-bps device-write-bps ' +
  'dns dns-option dns-search exit-policy gidmap hostname infra infra-command infra-conmon-pidfile infra-image infra-name ip ip6 label label-file ' +
  'mac-address memory memory-swap name network network-alias no-hosts pid pod-id-file publish replace security-opt share share-parent shm-size ' +
  'subgidname subuidname sysctl uidmap userns uts volume volumes-from';

test("each of Podman's flags of pod create is either there or refused with a reason", (t) => {
  const known = new Set(podCreateFlags.map(({ name }) => name));
  t.deepEqual(
    PODMAN_FLAGS.split(' ').filter((name) => !known.has(name)),
    [],
  );
});
