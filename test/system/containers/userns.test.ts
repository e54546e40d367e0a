/** User namespaces: whose ids they are, whose files, and what a container's root may do from there. */
import {
  chownSync,
  existsSync,
  lchownSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import test from 'ava';

import type { Container, CreateOptions } from '../../../src/index.js';
import { pidsInCgroup } from '../../../src/host/process-files.js';
import { createNamespace, pinNamespace, readIdMaps, unmount } from '../../../src/native/index.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { until } from '../../helpers/until.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { cgroupTops, containerCgroup } from '../../helpers/leaks.js';
import { requires } from '../../helpers/requires.js';
import { giveSubordinateIds } from '../../helpers/subordinate-ids.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const UIDS = { first: 300_000, size: 100_000 };
const GIDS = { first: 700_000, size: 100_000 };
const takeAway = giveSubordinateIds({ uids: UIDS, gids: GIDS });
test.after.always(takeAway);

const MAPS = {
  uidMaps: [{ containerId: 0, hostId: 100_000, size: 65_536 }],
  gidMaps: [{ containerId: 0, hostId: 200_000, size: 65_536 }],
};

const SLEEP = ['sleep', '1000'];

/** Runs a shell script in a new container; its lines. */
async function prints({ engine, options }: TestEngine, change: CreateOptions, script: string): Promise<string[]> {
  const { stdout } = await engine.run(options({ ...change, command: ['sh', '-c', script] }));
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().replaceAll(/\s+/g, ' '));
}

async function started({ engine, options }: TestEngine, change: CreateOptions): Promise<Container> {
  const container = await engine.containers.create(options({ command: SLEEP, ...change }));
  await container.start();
  return container;
}

/** A map file of its first process, as the host sees it. */
function mapOf(container: Container, kind: 'uid' | 'gid'): string {
  const text = readFileSync(`/proc/${container.state().pid}/${kind}_map`, 'utf8');
  return text.trim().replaceAll(/ +/g, ' ').replaceAll('\n ', ',');
}

function namespaceOf(container: Container, kind: string): string {
  return readlinkSync(`/proc/${container.state().pid}/ns/${kind}`);
}

function ownerOf(path: string): readonly number[] {
  const { uid, gid } = statSync(path);
  return [uid, gid];
}

/** The first of its user ids on the host. */
function baseOf(container: Container): number | undefined {
  return Number(container.inspect().HostConfig.IDMappings?.UidMap[0]?.split(':')[1]);
}

function upperOf(container: Container): string {
  return container.inspect().GraphDriver.Data['UpperDir'] ?? '';
}

test('auto: ids of the user containers; what the container writes is theirs, what it sees is its root’s', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const env = await testEngine(t);
  const container = await started(env, { userns: 'auto' });
  const { uidMaps } = { uidMaps: mapOf(container, 'uid') };
  const [, base = '', size = ''] = uidMaps.split(' ');
  t.true(Number(base) >= UIDS.first && Number(size) >= 1024, uidMaps);
  const script =
    'touch /made; stat -c %u:%g / /etc /etc/passwd /etc/hosts /etc/hostname /run/.containerenv /made /dev/pts /dev/shm /dev/pts/ptmx; cat /etc/hosts > /dev/stdout';
  const { stdout } = await container.exec({ command: ['sh', '-c', script] });
  t.regex(stdout, /^(0:0\n){10}[^]*localhost/);
  const gid = Number(mapOf(container, 'gid').split(' ')[1]);
  t.deepEqual(ownerOf(join(upperOf(container), 'made')), [Number(base), gid]);
  t.deepEqual(ownerOf(upperOf(container)), [Number(base), gid]);
  t.deepEqual(container.inspect().HostConfig.IDMappings, {
    UidMap: [uidMaps.replaceAll(' ', ':')],
    GidMap: [mapOf(container, 'gid').replaceAll(' ', ':')],
  });
  t.is(container.inspect().HostConfig.UsernsMode, 'private');
});

test('auto: as many ids as the root’s accounts need, as were asked for, or as the user is; and given ones', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns', 'busybox')) return;
  const env = await testEngine(t);
  const rootfs = busyboxRoot(t);
  const map = 'cat /proc/self/uid_map';
  const sizeOf = async (options: CreateOptions) => (await prints(env, options, map))[0]?.split(' ')[2];
  t.is(await sizeOf({ rootfs, userns: 'auto' }), '1024');
  writeFileSync(join(rootfs, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\nbig:x:4999:1::/:/bin/sh\nnobody:x:65534:1::/:\n');
  t.is(await sizeOf({ rootfs, userns: 'auto' }), '5000');
  t.is(await sizeOf({ rootfs, userns: 'auto', usernsOptions: { size: 20 } }), '20');
  t.is(await sizeOf({ rootfs, userns: 'auto', user: '6000' }), '6001');
  const given = [{ containerId: 5, hostId: 1234, size: 1 }];
  const lines = await prints(env, { rootfs, userns: 'auto', usernsOptions: { size: 10 }, uidMaps: given }, map);
  t.deepEqual(
    lines.map((line) => line.split(' ').filter((_, index) => index !== 1 || line.includes('1234'))),
    [
      ['0', '5'],
      ['5', '1234', '1'],
      ['6', '4'],
    ],
  );
  await rejectsWith(t, sizeOf({ rootfs, userns: 'auto', usernsOptions: { size: 100_001 } }), 'INVALID_ARGUMENT');
});

test('auto: containers do not share ids; they are free again when a container is gone', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const { engine, options, reopen } = await testEngine(t);
  const engines = [engine, await reopen(), await reopen()];
  const big = options({ userns: 'auto', usernsOptions: { size: 10_000 }, command: SLEEP });
  const made = await Promise.all(
    Array.from({ length: 10 }, (_, index) => (engines[index % 3] ?? engine).containers.create(big)),
  );
  const bases = made.map(baseOf);
  t.deepEqual(
    bases.toSorted((a = 0, b = 0) => a - b),
    Array.from({ length: 10 }, (_, index) => UIDS.first + index * 10_000),
  );
  const message = await rejectsWith(t, engine.containers.create(big), 'INVALID_ARGUMENT');
  t.regex(message, /not enough unused IDs in user namespace/);
  await made[3]?.remove();
  const again = await engine.containers.create(big);
  t.deepEqual(baseOf(again), bases[3]);
  // Those that were given by hand are nobody else's either.
  await again.remove();
  await engine.containers.create(
    options({ uidMaps: [{ containerId: 0, hostId: bases[3] ?? 0, size: 1 }], command: SLEEP }),
  );
  await rejectsWith(t, engine.containers.create(big), 'INVALID_ARGUMENT');
});

for (const [title, change] of [
  ['its own', MAPS],
  ['keep-id', { userns: 'keep-id', usernsOptions: { uid: 1000, gid: 100 } }],
] as const) {
  test(`priorities that only the host’s root may set are those of its first process and of commands: ${title}`, async (t) => {
    if (!requires(t, 'root', 'overlay', 'userns')) return;
    const env = await testEngine(t);
    const container = await started(env, {
      ...change,
      oomScoreAdj: 170,
      scheduler: { policy: 'other', nice: -3 },
      ioPriority: { class: 'rt', level: 5 },
      init: true,
    });
    const nice = 'cut -d" " -f19 /proc/self/stat';
    const { stdout } = await container.exec({ command: ['sh', '-c', `cat /proc/self/oom_score_adj; ${nice}`] });
    t.is(stdout.toString(), '170\n-3\n');
    const { pid } = container.state();
    t.is(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'), '170\n');
    t.is(readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[18], '-3');
  });
}

test('keep-id: ids are what they are, in a namespace of its own', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const env = await testEngine(t);
  const script = 'cat /proc/self/uid_map; id -u; id -g; stat -c %u /etc/passwd; readlink /proc/self/ns/user';
  const [map, uid, gid, owner, namespace] = await prints(
    env,
    { userns: 'keep-id', usernsOptions: { uid: 1000, gid: 100 } },
    script,
  );
  t.deepEqual([map, uid, gid, owner], ['0 0 4294967295', '1000', '100', '0']);
  t.not(namespace, readlinkSync('/proc/self/ns/user'));
  t.is((await prints(env, { userns: 'keep-id' }, 'id -u'))[0], '0');
});

test('subuidName: the ranges of a name, one after the other', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const env = await testEngine(t);
  const map = 'cat /proc/self/uid_map /proc/self/gid_map';
  t.deepEqual(await prints(env, { usernsOptions: { subuidName: 'other' } }, map), ['0 1000000 5', '0 1000000 5']);
  const given = [{ containerId: 9, hostId: 50, size: 1 }];
  t.deepEqual(await prints(env, { usernsOptions: { subgidName: 'other' }, uidMaps: given }, map), [
    '0 1000000 5',
    '9 50 1',
    '0 1000000 5',
    '9 50 1',
  ]);
  const unknown = env.engine.containers.create(env.options({ usernsOptions: { subuidName: 'nobody-here' } }));
  t.regex(await rejectsWith(t, unknown, 'INVALID_ARGUMENT'), /no subuid ranges found for user "nobody-here"/);
});

test('a map must have the container’s root', async (t) => {
  if (!requires(t, 'root', 'userns')) return;
  const { engine, options } = await testEngine(t);
  const without = engine.containers.create(options({ uidMaps: [{ containerId: 1, hostId: 100_000, size: 5 }] }));
  t.regex(await rejectsWith(t, without, 'INVALID_ARGUMENT'), /uidMaps must map id 0/);
});

test('a user or a group that the map has no place for is named', async (t) => {
  if (!requires(t, 'root', 'userns', 'overlay')) return;
  const env = await testEngine(t);
  for (const [options, words] of [
    [{ user: '1000:0' }, /setresuid user 1000 is not mapped in its user namespace/],
    [{ user: '0:1000' }, /group 1000 is not mapped in its user namespace/],
    [{ groups: ['5', '55'] }, /setgroups group 55 is not mapped in its user namespace/],
  ] as const) {
    const uidMaps = [{ containerId: 0, hostId: 100_000, size: 10 }];
    const container = await env.engine.containers.create(env.options({ uidMaps, command: ['true'], ...options }));
    t.regex(await rejectsWith(t, container.start(), 'LAUNCH_FAILED'), words);
    await container.remove();
  }
});

test('a root directory is shifted by the mount, and not changed on the disk; one that is the container’s already is not', async (t) => {
  if (!requires(t, 'root', 'userns', 'busybox')) return;
  const env = await testEngine(t);
  const rootfs = busyboxRoot(t);
  chownSync(join(rootfs, 'etc/motd'), 90_000, 90_000);
  const script =
    'touch /made; stat -c %u:%g / /bin/busybox /made /etc/motd; grep " / / " /proc/self/mountinfo | grep -c idmapped';
  t.deepEqual(await prints(env, { rootfs, ...MAPS }, `mkdir /tmp/d; ${script.replace('" / / "', '" / "')}`), [
    '0:0',
    '0:0',
    '0:0',
    '65534:65534',
    '1',
  ]);
  t.deepEqual(ownerOf(join(rootfs, 'made')), [0, 0]);
  t.deepEqual(ownerOf(join(rootfs, 'bin/busybox')), [0, 0]);

  for (const name of ['.', ...readdirSync(rootfs, { recursive: true, encoding: 'utf8' })])
    lchownSync(join(rootfs, name), 100_000, 200_000);
  const given = 'touch /more; stat -c %u:%g / /more; grep " / " /proc/self/mountinfo | grep -c idmapped';
  t.deepEqual(await prints(env, { rootfs, ...MAPS }, given), ['0:0', '0:0', '0']);
  t.deepEqual(ownerOf(join(rootfs, 'more')), [100_000, 200_000]);
  // Whoever wants that can have it shifted all the same.
  const forced = await prints(env, { rootfs, ...MAPS, rootfsIdmap: true }, 'stat -c %u:%g /');
  t.deepEqual(forced, ['65534:65534']);
});

test('a layer over a root directory: the lower files are shifted, the upper ones the container’s', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns', 'busybox')) return;
  const env = await testEngine(t);
  const rootfs = busyboxRoot(t);
  const container = await started(env, { rootfs, rootfsOverlay: true, ...MAPS });
  await container.exec({ command: ['sh', '-c', 'echo more >> /etc/motd; chown 5:6 /etc/group'] });
  const upper = upperOf(container);
  t.deepEqual(ownerOf(join(upper, 'etc/motd')), [100_000, 200_000]);
  t.deepEqual(ownerOf(join(upper, 'etc/group')), [100_005, 200_006]);
  t.deepEqual(ownerOf(join(rootfs, 'etc/motd')), [0, 0]);
});

test('an idmap volume: the container’s root is the host’s there, and only there', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const env = await testEngine(t);
  const source = temporaryDirectory(t);
  const mount = (options: readonly string[]) => [{ type: 'bind', source, target: '/mnt', options }] as const;
  const script = 'touch /mnt/made 2>/dev/null; stat -c %u /mnt; grep -c " /mnt .*idmapped" /proc/self/mountinfo';
  t.deepEqual(await prints(env, { ...MAPS, mounts: mount(['idmap']) }, script), ['0', '1']);
  t.deepEqual(ownerOf(join(source, 'made')), [0, 0]);
  t.deepEqual(await prints(env, { ...MAPS, mounts: mount([]) }, script), ['65534', '0']);
});

test('mount: of a container with a user namespace, which starts from there', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const env = await testEngine(t);
  const container = await env.engine.containers.create(env.options({ ...MAPS, command: SLEEP }));
  const point = await container.mount();
  t.deepEqual(ownerOf(join(point, 'etc')), [MAPS.uidMaps[0]?.hostId, MAPS.gidMaps[0]?.hostId]);
  await container.start();
  const script = 'touch /made; stat -c %u:%g /etc /made';
  t.is((await container.exec({ command: ['sh', '-c', script] })).stdout, '0:0\n0:0\n');
  t.deepEqual(ownerOf(join(point, 'made')), [MAPS.uidMaps[0]?.hostId, MAPS.gidMaps[0]?.hostId]);
});

test('a file system without identity-mapped mounts is named', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const env = await testEngine(t);
  const mounts = [{ type: 'bind', source: '/sys/class', target: '/mnt', options: ['idmap'] }] as const;
  const message = await rejectsWith(
    t,
    env.engine.run(env.options({ ...MAPS, mounts, command: ['true'] })),
    'LAUNCH_FAILED',
  );
  t.regex(message, /^the file system of \/sys\/class cannot be shifted into a user namespace/);
});

test('devices are the host’s nodes, under the names that were asked for', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const env = await testEngine(t);
  const devices = [{ source: '/dev/null', target: '/dev/hole' }];
  const script =
    'echo x > /dev/hole && echo x > /dev/null && stat -c %t:%T /dev/hole; mknod /dev/mem c 1 1 2>&1 | grep -c permitted';
  t.deepEqual(await prints(env, { ...MAPS, devices }, script), ['1:3', '1']);
});

test('path: an update does not keep the container from being started again by its policy', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const env = await testEngine(t);
  const donor = await started(env, { image: 'host:', ...MAPS });
  const restart = { policy: 'always' } as const;
  const userns = `path:/proc/${String(donor.state().pid)}/ns/user` as const;
  const joiner = await started(env, { image: 'host:', userns, restart });
  await joiner.update({ restart: { policy: 'on-failure', maxRetries: 3 } });
  const { pid } = joiner.state();
  process.kill(pid, 'SIGKILL');
  await until('it runs again', () => {
    const state = joiner.state();
    return state.status === 'running' && state.pid !== pid;
  });
  t.is((await joiner.exec({ command: ['stat', '-c', '%u', '/root'] })).stdout, '0\n');
});

test('container: joins the namespace of another, with what belongs to it and with what does not', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const env = await testEngine(t);
  const donor = await started(env, { userns: 'auto' });
  const join = `container:${donor.id}` as const;
  const joined = await started(env, { userns: join, network: join, ipc: join, pid: join, uts: join });
  for (const kind of ['user', 'net', 'ipc', 'pid', 'uts'])
    t.is(namespaceOf(joined, kind), namespaceOf(donor, kind), kind);
  t.not(namespaceOf(joined, 'mnt'), namespaceOf(donor, 'mnt'));
  t.is(mapOf(joined, 'uid'), mapOf(donor, 'uid'));
  const { stdout } = await joined.exec({
    command: ['sh', '-c', 'touch /made && stat -c %u:%g /made /etc/hosts /; ls /sys/class/net'],
  });
  t.is(stdout, '0:0\n0:0\n0:0\nlo\n');
  t.deepEqual(ownerOf(`${upperOf(joined)}/made`), ownerOf(upperOf(donor)));
  t.is(joined.inspect().HostConfig.UsernsMode, join);
  t.deepEqual(joined.inspect().HostConfig.IDMappings, donor.inspect().HostConfig.IDMappings);
  t.deepEqual(joined.inspect().Dependencies, [donor.id]);
});

test('a user namespace of its own goes with namespaces of containers that have none', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const env = await testEngine(t);
  const donor = await started(env, {});
  const join = `container:${donor.id}` as const;
  const joined = await started(env, { userns: 'auto', network: join, ipc: join, pid: join, uts: join, cgroupns: join });
  for (const kind of ['net', 'ipc', 'pid', 'uts', 'cgroup'])
    t.is(namespaceOf(joined, kind), namespaceOf(donor, kind), kind);
  t.not(namespaceOf(joined, 'user'), namespaceOf(donor, 'user'));
  const script =
    'ls -d /proc/1 /dev/mqueue; ls /sys/class/net; touch /sys/x 2>&1 | grep -c only; hostname nobody 2>/dev/null || echo refused';
  const { stdout } = await joined.exec({ command: ['sh', '-c', script] });
  t.is(stdout, '/dev/mqueue\n/proc/1\nlo\n1\nrefused\n');
  t.is((await donor.exec({ command: ['hostname'] })).stdout.trim(), donor.id.slice(0, 12));
});

test('container: of one that shares the host’s shares it as well', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await testEngine(t);
  const donor = await started(env, {});
  const joined = await started(env, { userns: `container:${donor.id}` });
  t.is(namespaceOf(joined, 'user'), readlinkSync('/proc/self/ns/user'));
  t.is((await joined.exec({ command: ['id', '-u'] })).stdout, '0\n');
});

test('the host’s network, processes and queues are seen from a user namespace, and not changed', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const env = await testEngine(t);
  const script =
    'readlink /proc/self/ns/net /proc/self/ns/pid /proc/self/ns/ipc; ls -d /proc/1; cat /etc/hostname; hostname x 2>/dev/null || echo refused';
  const lines = await prints(env, { ...MAPS, network: 'host', pid: 'host', ipc: 'host', uts: 'host' }, script);
  t.deepEqual(lines.slice(0, 4), [
    ...['net', 'pid', 'ipc'].map((kind) => readlinkSync(`/proc/self/ns/${kind}`)),
    '/proc/1',
  ]);
  t.is(lines.at(-1), 'refused');
});

test('path: joins a namespace by its file; this process’s own is none', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const env = await testEngine(t);
  const uidMap = [{ inside: 0, outside: 100_000, size: 2000 }];
  const gidMap = [{ inside: 0, outside: 200_000, size: 2000 }];
  using made = await createNamespace('user', { uidMap, gidMap });
  t.deepEqual(await readIdMaps(made), { uidMap, gidMap });
  const file = join(temporaryDirectory(t), 'userns');
  await pinNamespace(made, file);
  try {
    const container = await started(env, { userns: `path:${file}` });
    t.is(namespaceOf(container, 'user'), `user:[${made.inode}]`);
    const { stdout } = await container.exec({
      command: ['sh', '-c', 'touch /made; stat -c %u:%g /made /etc/passwd; cat /proc/self/setgroups'],
    });
    t.is(stdout, '0:0\n0:0\nallow\n');
    t.deepEqual(ownerOf(join(upperOf(container), 'made')), [100_000, 200_000]);
    t.is(container.inspect().HostConfig.UsernsMode, `ns:${file}`);
    await container.remove({ force: true, timeoutSec: 0 });
  } finally {
    await unmount(file);
  }
  const missing = env.engine.run(env.options({ userns: 'path:/nowhere/user', command: ['true'] }));
  t.regex(await rejectsWith(t, missing, 'INVALID_ARGUMENT'), /cannot find specified user namespace path/);
  const own = await prints(env, { userns: 'path:/proc/self/ns/user' }, 'cat /proc/self/uid_map');
  t.deepEqual(own, ['0 0 4294967295']);
});

test('path: a namespace that denies setgroups gives no groups of the host’s', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const env = await testEngine(t);
  const maker = spawn('unshare', ['--user', '--map-root-user', 'sleep', '1000'], { stdio: 'ignore' });
  t.teardown(() => maker.kill('SIGKILL'));
  const { pid = 0 } = maker;
  await until(
    'the map is written',
    () =>
      readFileSync(`/proc/${pid}/setgroups`, 'utf8') === 'deny\n' &&
      readFileSync(`/proc/${pid}/gid_map`, 'utf8') !== '',
  );
  const container = await started(env, { userns: `path:/proc/${pid}/ns/user` });
  const groups = (status: string) => /^Groups:(.*)$/m.exec(status)?.[1]?.trim();
  t.is(groups(readFileSync(`/proc/${container.state().pid}/status`, 'utf8')), '');
  const { stdout } = await container.exec({
    command: ['sh', '-c', 'cat /proc/self/status; touch /made && stat -c %u:%g /made'],
  });
  t.is(groups(stdout), '');
  t.regex(stdout, /\n0:0\n$/);
  const more = container.exec({ command: ['true'], user: 'daemon' });
  await rejectsWith(t, more, 'LAUNCH_FAILED');
});

test('exec: root of the user namespace with the container’s capabilities, or a user without', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const env = await testEngine(t);
  const container = await started(env, { userns: 'auto' });
  const caps =
    'id -u; readlink /proc/self/ns/user; grep -E "^Cap(Inh|Eff|Bnd|Amb)" /proc/self/status; echo > /dev/stdout';
  const root = (await container.exec({ command: ['sh', '-c', caps] })).stdout.split('\n');
  t.deepEqual(root.slice(0, 2), ['0', namespaceOf(container, 'user')]);
  t.deepEqual(root.slice(2, 6), [
    'CapInh:\t0000000000000000',
    'CapEff:\t00000000800405fb',
    'CapBnd:\t00000000800405fb',
    'CapAmb:\t0000000000000000',
  ]);
  const user = (await container.exec({ command: ['sh', '-c', caps], user: '33:33' })).stdout.split('\n');
  t.deepEqual([user[0], user[3]], ['33', 'CapEff:\t0000000000000000']);
  const unmapped = container.exec({ command: ['id'], user: '99999' });
  t.regex(
    await rejectsWith(t, unmapped, 'LAUNCH_FAILED'),
    /setresuid user 99999 is not mapped in its user namespace: invalid argument/,
  );
});

test('sysctls of its own namespaces are set, the host’s are not', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const env = await testEngine(t);
  const sysctls = { 'net.ipv4.ip_forward': '1', 'kernel.shmmax': '123456' };
  const script =
    'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax; echo 0 2>/dev/null > /proc/sys/vm/swappiness || echo refused';
  t.deepEqual(await prints(env, { ...MAPS, sysctls }, script), ['1', '123456', 'refused']);
});

test('the host’s cgroups are read-only, whatever the container is allowed otherwise (CVE-2023-25809)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const env = await testEngine(t);
  const script =
    'grep -E " /sys/fs/cgroup[ /]" /proc/self/mountinfo | cut -d" " -f6 | grep -vc "^ro"; find /sys/fs/cgroup -name cgroup.procs -writable | wc -l; mount -o remount,rw /sys/fs/cgroup 2>/dev/null || echo kept';
  for (const privileged of [false, true]) {
    t.deepEqual(
      await prints(env, { ...MAPS, cgroupns: 'host', privileged }, script),
      ['0', '0', 'kept'],
      String(privileged),
    );
  }
});

test('all processes of a container in a user namespace are in its cgroup, those of an exec too', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const env = await testEngine(t);
  const donor = await started(env, { userns: 'auto' });
  for (const container of [donor, await started(env, { userns: `container:${donor.id}` })]) {
    const { pid } = container.state();
    const groups = cgroupTops().map((top) => top + containerCgroup(env, container.id));
    const there = groups.filter((group) => existsSync(group));
    t.not(there.length, 0);
    for (const group of there) t.true(pidsInCgroup(group).includes(pid), group);
    const exec = await container.exec({ command: ['cat', '/proc/self/cgroup', '/proc/1/cgroup'] });
    const lines = exec.stdout.trim().split('\n');
    t.deepEqual(lines.slice(0, lines.length / 2), lines.slice(lines.length / 2));
  }
});

test('the store is closed to the container’s root on the host (CVE-2021-21284)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const env = await testEngine(t);
  const container = await started(env, { userns: 'auto' });
  const directories = [
    env.root,
    env.runRoot,
    join(env.root, 'containers'),
    join(env.root, 'containers', container.id),
    join(env.runRoot, 'c'),
    join(env.runRoot, 'c', container.id),
  ];
  for (const path of directories) {
    t.is(statSync(path).mode & 0o777, 0o700, path);
    t.deepEqual(ownerOf(path), [0, 0], path);
  }
  const names = readdirSync(join(env.root, 'containers', container.id));
  const theirs = names.filter((name) => statSync(join(env.root, 'containers', container.id, name)).uid !== 0);
  t.deepEqual(theirs, ['upper']);
});

test('the container’s files are readable by all of its users', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const env = await testEngine(t);
  const script = 'cat /etc/hosts /etc/hostname > /dev/null && stat -c %u:%g:%a /etc/hosts /etc/hostname';
  t.deepEqual(await prints(env, { userns: 'auto', user: '33:33' }, script), ['0:0:644', '0:0:644']);
});
