import test from 'ava';

import { flagValues } from '../../../../../src/cli/command-parts/flag-values.js';
import { applyFlags, type Draft } from '../../../../../src/cli/flags/create/draft.js';
import { createFlags, runFlags } from '../../../../../src/cli/flags/create/all.js';
import { globalFlags } from '../../../../../src/cli/flags/global.js';
import { fakeCaller } from '../../caller.js';

const CALLER = fakeCaller({
  env: { HOME: '/root' },
  files: { env: 'A=1\nB=2\n', labels: 'a=1\nb=2\n', 'web.id': 'f00d\n' },
});

/** What a flag with these values makes of empty options. */
function drafted(...given: readonly (readonly [string, ...string[]])[]): Draft {
  const draft: Draft = {};
  applyFlags(createFlags, flagValues(new Map(given.map(([name, ...values]) => [name, values]))), {
    draft,
    caller: CALLER,
  });
  return draft;
}

const covered = new Set<string>();

/** A flag with these values, and all that it puts into the options. */
function covers(name: string, values: string | string[], expected: Draft): void {
  covered.add(name);
  const given = [values].flat();
  test(`--${name} ${given.join(' ')}`, (t) => t.deepEqual(drafted([name, ...given]), expected));
}

covers('name', 'web', { name: 'web' });
covers('name', '', {});
covers('pull', 'newer', { pull: 'newer' });
covers('image-volume', 'tmpfs', { imageVolume: 'tmpfs' });
covers('label', ['a=b', 'c'], { labels: { a: 'b', c: '' } });
covers('label-file', 'labels', { labels: { a: '1', b: '2' } });
covers('annotation', 'a=b,c', { annotations: { a: 'b,c' } });
covers('cidfile', '/f', { cidFile: '/f' });
covers('cidfile', 'f', { cidFile: '/here/f' });
covers('pod', 'web', { pod: 'web' });
covers('pod', 'new:web', { pod: 'new:web' });
covers('pod', '', {});
covers('pod-id-file', 'web.id', { pod: 'f00d' });
covers('pidfile', '/f', { pidFile: '/f' });
covers('pidfile', '../f', { pidFile: '/f' });
covers('conmon-pidfile', '/f', { monitorPidFile: '/f' });
covers('conmon-pidfile', 'f', { monitorPidFile: '/here/f' });
covers('rm', 'true', { autoRemove: true });
covers('rm', 'false', { autoRemove: false });
covers('env-host', 'true', { env: { HOME: '/root' } });
covers('env-file', 'env', { env: { A: '1', B: '2' } });
covers('env', ['A=x', 'HOME'], { env: { A: 'x', HOME: '/root' } });
covers('env', ['', 'A=x', ''], { env: { A: 'x' } });
covers('env', '', { env: {} });
covers('unsetenv', ['A', 'B'], { unsetEnv: ['A', 'B'] });
covers('unsetenv-all', 'true', { unsetEnvAll: true });
covers('http-proxy', 'false', { httpProxy: false });
covers('entrypoint', '/bin/sh', { entrypoint: ['/bin/sh'] });
covers('entrypoint', '["sh","-c"]', { entrypoint: ['sh', '-c'] });
covers('entrypoint', '', { entrypoint: [] });
covers('entrypoint', '[not json', { entrypoint: ['[not json'] });
covers('workdir', '/w', { workdir: '/w' });
covers('user', '1:2', { user: '1:2' });
covers('group-add', ['a', '5'], { groups: ['a', '5'] });
covers('umask', '0077', { umask: '0077' });
covers('init', 'true', { init: true });
covers('interactive', 'true', { interactive: true });
covers('tty', 'true', { tty: true });
covers('tz', 'Europe/Zurich', { timezone: 'Europe/Zurich' });
covers('personality', 'LINUX32', { personality: 'LINUX32' });
covers('env-merge', ['A=${B}x', 'C=$D'], { envMerge: { A: '${B}x', C: '$D' } });
covers('requires', ['one', 'two', 'three'], { requires: ['one', 'two', 'three'] });
covers('volumes-from', ['one:ro', 'two'], { volumesFrom: ['one:ro', 'two'] });
covers('secret', ['one', 'two,type=env,target=X'], {
  secrets: [{ source: 'one' }, { source: 'two', type: 'env', target: 'X' }],
});
covers('passwd', 'false', { passwd: false });
covers('passwd-entry', '$UID', { passwdEntry: '$UID' });
covers('group-entry', '$GID', { groupEntry: '$GID' });
covers('hostuser', ['a', '5'], { hostUsers: ['a', '5'] });
covers('add-host', ['a:1.2.3.4', 'b;c:::1'], { addHosts: ['a:1.2.3.4', 'b;c:::1'] });
covers('hosts-file', 'none', { hostsFile: 'none' });
covers('no-hosts', 'true', { noHosts: true });
covers('no-hostname', 'true', { noHostname: true });
covers('dns', ['1.1.1.1', '2.2.2.2'], { dns: { servers: ['1.1.1.1', '2.2.2.2'] } });
covers('dns-search', '.', { dns: { search: ['.'] } });
covers('dns-option', 'ndots:1', { dns: { options: ['ndots:1'] } });
covers('chrootdirs', ['/a', '/b'], { chrootDirs: ['/a', '/b'] });
covers('rootfs', '/r', { rootfs: '/r' });
covers('rootfs', 'r:O', { rootfs: '/here/r', rootfsOverlay: true });
covers('rootfs', '/r:O,idmap', { rootfs: '/r', rootfsOverlay: true, rootfsIdmap: true });
covers('rootfs', '', {});
covers('hide', ['/a', '/b'], { hide: ['/a', '/b'] });
covers('show', '/home', { show: ['/home'] });
covers('read-only', 'true', { readOnly: true });
covers('read-only-tmpfs', 'false', { readOnlyTmpfs: false });
covers('volume', '/a:/b:ro', { mounts: [{ type: 'bind', source: '/a', target: '/b', options: ['ro'] }] });
covers('mount', 'type=tmpfs,dst=/t', { mounts: [{ type: 'tmpfs', target: '/t' }] });
covers('tmpfs', '/t:size=1k', { mounts: [{ type: 'tmpfs', target: '/t', options: ['size=1k'] }] });
covers('shm-size', '1m', { shmSizeBytes: 1024 ** 2 });
covers('device', '/dev/fuse:rw', { devices: [{ source: '/dev/fuse', access: 'rw' }] });
covers('device-cgroup-rule', 'c 1:3 rwm', { deviceCgroupRules: ['c 1:3 rwm'] });
covers('hostname', 'h', { hostname: 'h' });
covers('domainname', 'd', { domainname: 'd' });
covers('network', 'none', { network: 'none' });
covers('network', '', {});
covers('network', ['a,b', 'c:ip=1.2.3.4'], {
  network: 'bridge',
  networks: [{ name: 'a' }, { name: 'b' }, { name: 'c', ip: '1.2.3.4' }],
});
covers('ip', '1.2.3.4', { ip: '1.2.3.4' });
covers('ip6', 'fd00::1', { ip6: 'fd00::1' });
covers('mac-address', '02:00:00:00:00:01', { macAddress: '02:00:00:00:00:01' });
covers('network-alias', ['a', 'b'], { networkAliases: ['a', 'b'] });
covers('publish', ['80', '127.0.0.1:53:53/udp,tcp'], { publish: ['80', '127.0.0.1:53:53/udp,tcp'] });
covers('publish', ['80:80,81:81/udp,tcp,[::1]:82:82', ''], { publish: ['80:80', '81:81/udp,tcp', '[::1]:82:82', ''] });
covers('publish-all', 'true', { publishAll: true });
covers('expose', '80-90/udp', { expose: ['80-90/udp'] });
covers('egress', ['allow=a:443,10.0.0.0/8', 'deny=10.1.0.0/16', 'allow=b'], {
  egress: { allow: ['a:443', '10.0.0.0/8', 'b'], deny: ['10.1.0.0/16'] },
});
covers('pid', 'host', { pid: 'host' });
covers('ipc', 'shareable', { ipc: 'shareable' });
covers('uts', 'container:a', { uts: 'container:a' });
covers('cgroupns', 'ns:/p', { cgroupns: 'path:/p' });
covers('userns', 'host', { userns: 'host' });
const MAP = [{ containerId: 0, hostId: 100000, size: 10 }];
covers('userns', 'auto:size=2000,uidmapping=5:9:1', {
  userns: 'auto',
  usernsOptions: { size: 2000 },
  uidMaps: [{ containerId: 5, hostId: 9, size: 1 }],
});
covers('userns', 'keep-id:uid=5,gid=6', { userns: 'keep-id', usernsOptions: { uid: 5, gid: 6 } });
covers('subuidname', 'me', { userns: 'private', usernsOptions: { subuidName: 'me' } });
covers('subgidname', 'me', { userns: 'private', usernsOptions: { subgidName: 'me' } });
covers('uidmap', '0:100000:10', { uidMaps: MAP, gidMaps: MAP, userns: 'private' });
covers('gidmap', '0:100000:10', { uidMaps: MAP, gidMaps: MAP, userns: 'private' });
covers('privileged', 'true', { privileged: true });
covers('cap-add', ['NET_ADMIN', 'all'], { capAdd: ['NET_ADMIN', 'all'] });
covers('cap-drop', 'ALL', { capDrop: ['ALL'] });
covers('security-opt', ['no-new-privileges', 'mask=/a'], { security: { noNewPrivileges: true, mask: ['/a'] } });
covers('sysctl', 'net.core.somaxconn=5', { sysctls: { 'net.core.somaxconn': '5' } });
covers('ulimit', 'nofile=1:2', { ulimits: [{ name: 'nofile', soft: 1, hard: 2 }] });
covers('oom-score-adj', '500', { oomScoreAdj: 500 });
covers('memory', '10m', { resources: { memoryBytes: 10485760 } });
covers('memory-reservation', '10m', { resources: { memoryReservationBytes: 10485760 } });
covers('memory-swap', '-1', { resources: { memorySwapBytes: -1 } });
covers('memory-swappiness', '50', { resources: { memorySwappiness: 50 } });
covers('memory-swappiness', '-1', {});
covers('oom-kill-disable', 'true', { resources: { oomKillDisable: true } });
covers('cpus', '1.5', { resources: { cpus: 1.5 } });
covers('cpu-shares', '512', { resources: { cpuShares: 512 } });
covers('cpu-period', '100000', { resources: { cpuPeriodUs: 100000 } });
covers('cpu-quota', '-1', { resources: { cpuQuotaUs: -1 } });
covers('cpu-rt-period', '1000', { resources: { cpuRtPeriodUs: 1000 } });
covers('cpu-rt-runtime', '1000', { resources: { cpuRtRuntimeUs: 1000 } });
covers('cpuset-cpus', '0-1', { resources: { cpusetCpus: '0-1' } });
covers('cpuset-mems', '0', { resources: { cpusetMems: '0' } });
covers('pids-limit', '-1', { resources: { pidsLimit: -1 } });
covers('blkio-weight', '100', { resources: { blkioWeight: 100 } });
covers('blkio-weight-device', '/dev/a:100', {
  resources: { blkioWeightDevice: [{ device: '/dev/a', weight: 100 }] },
});
covers('device-read-bps', '/dev/a:1k', { resources: { deviceReadBps: [{ device: '/dev/a', rate: 1024 }] } });
covers('device-write-bps', '/dev/a:1k', { resources: { deviceWriteBps: [{ device: '/dev/a', rate: 1024 }] } });
covers('device-read-iops', '/dev/a:10', { resources: { deviceReadIops: [{ device: '/dev/a', rate: 10 }] } });
covers('device-write-iops', '/dev/a:10', { resources: { deviceWriteIops: [{ device: '/dev/a', rate: 10 }] } });
covers('cgroup-conf', 'memory.high=1', { resources: { unified: { 'memory.high': '1' } } });
covers('cgroup-parent', '/p', { cgroupParent: '/p' });
covers('cgroup-parent', 'p/q', { cgroupParent: '/p/q' });
covers('cgroup-parent', 'p.slice', { cgroupParent: 'p.slice' });
covers('cgroup-parent', '', {});
covers('cgroups', 'disabled', { cgroups: 'disabled' });
covers('cgroups', 'no-conmon', { cgroups: 'no-conmon' });
covers('cgroups', 'split', { cgroups: 'split' });
covers('restart', 'on-failure:3', { restart: { policy: 'on-failure', maxRetries: 3 } });
covers('systemd', 'Always', { systemd: 'always' });
covers('systemd', '', {});
covers('stop-signal', 'INT', { stopSignal: 'INT' });
covers('stop-timeout', '3', { stopTimeoutSec: 3 });
covers('timeout', '3', { timeoutSec: 3 });
covers('health-cmd', 'curl -f localhost', { health: { test: ['CMD-SHELL', 'curl -f localhost'] } });
covers('health-cmd', '["curl", "-f"]', { health: { test: ['CMD', 'curl', '-f'] } });
covers('health-interval', 'disable', { health: { intervalMs: 0 } });
covers('health-interval', '1m30s', { health: { intervalMs: 90_000 } });
covers('health-timeout', '1500ms', { health: { timeoutMs: 1500 } });
covers('health-retries', '7', { health: { retries: 7 } });
covers('health-start-period', '1s', { health: { startPeriodMs: 1000 } });
covers('health-on-failure', 'restart', { health: { onFailure: 'restart' } });
covers('health-startup-cmd', 'up', { health: { startup: { test: ['CMD-SHELL', 'up'] } } });
covers('health-startup-interval', '2s', { health: { startup: { test: ['NONE'], intervalMs: 2000 } } });
covers('health-startup-retries', '2', { health: { startup: { test: ['NONE'], retries: 2 } } });
covers('health-startup-success', '0', { health: { startup: { test: ['NONE'], successes: 1 } } });
covers('health-startup-timeout', '2s', { health: { startup: { test: ['NONE'], timeoutMs: 2000 } } });
covers('health-log-destination', 'local', {});
covers('health-max-log-count', '0', { health: { maxLogCount: 0 } });
covers('health-max-log-size', '9', { health: { maxLogBytes: 9 } });
covers('no-healthcheck', 'true', { health: { test: ['NONE'] } });
covers('log-driver', 'json-file', { log: { driver: 'json-file' } });
covers('log-opt', ['max-size=1k', 'tag=x'], { log: { maxSizeBytes: 1024, tag: 'x' } });

test('every flag that says what a container is has a case above', (t) => {
  for (const flag of createFlags) {
    if ('set' in flag) t.true(covered.has(flag.name), `--${flag.name} has no case`);
  }
});

test('a pod is named once', (t) => {
  t.is(
    t.throws(() => drafted(['pod', 'web'], ['pod-id-file', 'web.id']))?.message,
    'cannot specify both --pod and --pod-id-file',
  );
  t.is(
    t.throws(() => drafted(['pod-id-file', 'nosuch']))?.message,
    'reading pod ID file: open nosuch: no such file or directory',
  );
});

test('flags add up', (t) => {
  t.deepEqual(drafted(['memory', '1k'], ['cpus', '2']), { resources: { memoryBytes: 1024, cpus: 2 } });
  t.deepEqual(drafted(['env', 'A=x'], ['env-file', 'env']), { env: { A: 'x', B: '2' } });
  t.deepEqual(drafted(['uidmap', '0:1:2'], ['gidmap', '0:5:2']).gidMaps, [{ containerId: 0, hostId: 5, size: 2 }]);
  t.deepEqual(drafted(['log-opt', 'path=/x'], ['log-driver', 'none']), { log: { path: '/x', driver: 'none' } });
});

test('an empty value of a flag that takes one is as if the flag were not there', (t) => {
  const counting = ['entrypoint', 'ip', 'ip6', 'mac-address'];
  const names = createFlags.flatMap((flag) => ('set' in flag && flag.kind === 'text' ? [flag.name] : []));
  t.true(names.length > 30);
  for (const name of names.filter((name) => !counting.includes(name))) t.deepEqual(drafted([name, '']), {}, name);
  t.deepEqual(drafted(['entrypoint', '']), { entrypoint: [] });
});

test('a colon without a group says nothing, and a policy has two names', (t) => {
  t.deepEqual(drafted(['user', 'alice:']), { user: 'alice' });
  t.deepEqual(drafted(['user', ':']), {});
  t.deepEqual(drafted(['pull', 'IfNotPresent']), { pull: 'missing' });
});

test('the same volume twice is mounted once, and a tmpfs takes the place of another', (t) => {
  t.is(drafted(['volume', '/a:/t', '/a:/t:ro']).mounts?.length, 1);
  t.deepEqual(drafted(['tmpfs', '/t:size=1k', '/t:size=2k']).mounts, [
    { type: 'tmpfs', target: '/t', options: ['size=2k'] },
  ]);
  t.is(t.throws(() => drafted(['volume', '/a:/t', '/b:/t']))?.message, '/t: duplicate mount destination');
});

test('one target is mounted on once', (t) => {
  const error = t.throws(() => drafted(['volume', '/a:/t'], ['tmpfs', '/t']));
  t.is(error?.message, '/t: duplicate mount destination');
});

test('no two flags have a name or a letter in common', (t) => {
  for (const flags of [[...createFlags, ...runFlags], globalFlags]) {
    const names = flags.flatMap((flag) => [
      flag.name,
      ...(flag.aliases ?? []),
      ...(flag.short === undefined ? [] : [`-${flag.short}`]),
    ]);
    t.deepEqual(names, [...new Set(names)]);
  }
});

/** `podman run --help` of Podman 4.3, and what later ones added that tests rely on. */
const PODMAN_RUN_FLAGS =
  'add-host annotation arch attach authfile blkio-weight blkio-weight-device cap-add cap-drop cgroup-conf cgroup-parent cgroupns cgroups ' +
  'chrootdirs cidfile conmon-pidfile cpu-period cpu-quota cpu-rt-period cpu-rt-runtime cpu-shares cpus cpuset-cpus cpuset-mems detach ' +
  'detach-keys device device-cgroup-rule device-read-bps device-read-iops device-write-bps device-write-iops disable-content-trust dns ' +
  'dns-option dns-search entrypoint env env-file env-host env-merge expose gidmap gpus group-add health-cmd health-interval health-on-failure ' +
  'health-retries health-start-period health-timeout hostname hostuser http-proxy image-volume init init-path interactive ip ip6 ipc label ' +
  'label-file log-driver log-opt mac-address memory memory-reservation memory-swap memory-swappiness mount name network network-alias ' +
  'no-healthcheck no-hosts oom-kill-disable oom-score-adj os passwd passwd-entry personality pid pidfile pids-limit platform pod pod-id-file ' +
  'preserve-fds privileged publish publish-all pull quiet read-only read-only-tmpfs replace requires restart rm rmi rootfs sdnotify ' +
  'seccomp-policy secret security-opt shm-size sig-proxy stop-signal stop-timeout subgidname subuidname sysctl systemd timeout tls-verify ' +
  'tmpfs tty tz uidmap ulimit umask unsetenv unsetenv-all user userns uts variant volume volumes-from workdir';

test("each of Podman's flags is either there or refused with a reason", (t) => {
  const known = new Map([...createFlags, ...runFlags].map((flag) => [flag.name, flag]));
  for (const name of PODMAN_RUN_FLAGS.split(' ')) {
    const flag = known.get(name);
    t.truthy(flag, `--${name} is unknown`);
    t.true(flag !== undefined && ('set' in flag || 'ofCommand' in flag || flag.missing !== ''), name);
  }
});
