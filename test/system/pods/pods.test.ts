/** Pods: what their containers share in the kernel, how they start and end together, and that nothing of them stays. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { isTspodError, type CreateOptions, type EventFilters, type PodCreateOptions } from '../../../src/index.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { storeOf } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { rejectsWith } from '../../helpers/engine.js';
import { ownNetwork } from '../../helpers/own-network.js';
import { cgroupsOf, common, infraOf, namespaceOf, podCalls, shell, withPods } from '../../helpers/pods.js';
import { reboot } from '../../helpers/reboot.js';
import { requires } from '../../helpers/requires.js';

const SLEEP = ['sleep', '1000'];

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'busybox', 'overlay');

test('its containers share ipc, net and uts, and have the rest to themselves', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod({ name: 'web' });
  const [one, other] = [await env.member(pod), await env.member(pod)];
  t.is(pod.status(), 'Created');
  await pod.start();
  t.is(pod.status(), 'Running');
  const infra = infraOf(env, pod);
  t.deepEqual(common([infra, one, other]), ['ipc', 'net', 'user', 'uts']);
  t.not(namespaceOf(infra.state().pid, 'net'), readlinkSync('/proc/self/ns/net'));
  t.is(await shell(one, 'hostname'), 'web');
  t.is(await shell(other, 'echo $HOSTNAME'), 'web');
  t.is(await shell(one, 'cat /etc/hostname; grep -c web /etc/hosts'), 'web\n1');
  await shell(one, 'echo shared > /dev/shm/note');
  t.is(await shell(other, 'cat /dev/shm/note'), 'shared');
  await one.spawnExec({ command: ['nc', '-l', '-p', '7000', '-e', 'echo', 'from the other'], detach: true });
  await until('it listens', async () => (await shell(other, 'cat /proc/net/tcp*')).includes(':1B58 '));
  t.is(await shell(other, 'nc 127.0.0.1 7000 < /dev/null'), 'from the other');
});

test('the infra container: what it is, and what it may do', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod({ labels: { a: 'b' } });
  const member = await env.member(pod, { name: 'm' });
  await member.start();
  const infra = infraOf(env, pod);
  t.is(infra.name, `${pod.id.slice(0, 12)}-infra`);
  t.is(infra.state().status, 'running', 'it was started first');
  const { pid } = infra.state();
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  t.regex(status, /^Name:\ttspod-pause$/m);
  t.regex(status, /^CapBnd:\t0{16}$/m);
  t.regex(status, /^NoNewPrivs:\t1$/m);
  t.regex(status, /^Seccomp:\t2$/m);
  t.deepEqual(readdirSync(`/proc/${pid}/fd`).sort(), ['0', '1', '2'], 'no descriptor of the launch is left');
  t.deepEqual(
    readdirSync(`/proc/${pid}/root`).filter((name) => !/^(dev|proc|sys|etc|run)$/.test(name)),
    [],
  );
  t.deepEqual(
    env.engine.containers
      .list({ all: true })
      .map(({ name, pod: id, podName, isInfra }) => [name, id, podName, isInfra]),
    [
      [infra.name, pod.id, pod.name, true],
      ['m', pod.id, pod.name, false],
    ],
  );
  t.deepEqual(
    env.engine.containers.list({ filters: { pod: [pod.name] } }).map(({ name }) => name),
    [infra.name, 'm'],
  );
  const { Pod: ofInfra, IsInfra } = infra.inspect();
  t.deepEqual([ofInfra, IsInfra], [pod.id, true]);
  t.is(member.inspect().IsInfra, false);
  t.deepEqual(member.dependencies(), [infra.id]);
  // SIGTERM is enough: nothing has to be killed.
  await infra.stop({ timeoutSec: -1 });
  t.is(infra.state().exitCode, 0);
});

test('an infra container of an image runs what that says', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod({ infraImage: 'host:', infraCommand: SLEEP, infraName: 'keeper' });
  await (await env.member(pod)).start();
  const infra = infraOf(env, pod);
  t.is(infra.name, 'keeper');
  t.is(readFileSync(`/proc/${infra.state().pid}/comm`, 'utf8'), 'sleep\n');
});

test('share: other namespaces, or none', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const shares = async (options: PodCreateOptions, ...kinds: readonly string[]) => {
    const pod = await env.pod(options);
    const containers = [await env.member(pod), await env.member(pod)];
    await pod.start();
    t.deepEqual(common(containers), kinds, JSON.stringify(options));
    await pod.remove({ force: true, timeoutSec: 0 });
  };
  await shares({ share: ['net', 'pid'] }, 'net', 'pid', 'user');
  await shares({ share: ['cgroup', 'ipc'], shareParent: false }, 'cgroup', 'ipc', 'user');
  await shares({ share: [] }, 'user');
  await shares({ infra: false }, 'user');
});

test('a shared PID namespace: processes see each other, and orphans are reaped', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod({ share: ['pid', 'net'] });
  const member = await env.member(pod);
  await member.start();
  t.is(await shell(member, 'cat /proc/1/comm'), 'tspod-pause');
  await shell(member, '(sleep 0.01 & exec true) & wait; (sh -c "sleep 0.05" &) ; true');
  await until('orphans are gone', async () => !/ Z /.test(await shell(member, 'cat /proc/[0-9]*/stat')));
  t.notRegex(await shell(member, 'cat /proc/[0-9]*/comm'), /sh\nsleep\nsleep/);
  // With the namespace end its processes.
  const { pid } = member.state();
  await infraOf(env, pod).kill();
  await until('the member has ended', () => member.state().status === 'exited');
  t.is(member.state().exitCode, 137);
  t.throws(() => process.kill(pid, 0));
});

test('a user namespace of the pod is that of all', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const maps = [{ containerId: 0, hostId: 100_000, size: 65_536 }];
  const pod = await env.pod({ userns: 'private', uidMaps: maps, gidMaps: maps });
  t.deepEqual(pod.summary().share, ['ipc', 'net', 'user', 'uts']);
  const containers = [await env.member(pod), await env.member(pod)];
  await pod.start();
  t.deepEqual(common([infraOf(env, pod), ...containers]), ['ipc', 'net', 'user', 'uts']);
  for (const container of containers) {
    const { pid } = container.state();
    t.regex(readFileSync(`/proc/${pid}/uid_map`, 'utf8'), /^\s+0\s+100000\s+65536\n$/);
    t.is(await shell(container, 'id -u; touch /x && stat -c %u /x'), '0\n0');
  }
  await rejectsWith(t, env.member(pod, { userns: 'host' }), 'INVALID_ARGUMENT');
});

test('a published port of the pod reaches the container that listens', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'nft')) return;
  const host = await ownNetwork(t);
  const env = await withPods(t);
  const { cgroupParent } = env;
  const rootfs = busyboxRoot(t);
  const place = { ...env, prefix: storeOf(t).prefix ?? [] };
  await podCalls(
    t,
    place,
    { createPod: { name: 'p', network: 'bridge', publish: ['127.0.0.1:8080:80'], cgroupParent } },
    {
      create: {
        pod: 'p',
        name: 'server',
        rootfs,
        rootfsOverlay: true,
        stopSignal: 'KILL',
        command: ['nc', '-ll', '-p', '80', '-e', 'echo', 'hello'],
      },
    },
    { create: { pod: 'p', name: 'idle', rootfs, rootfsOverlay: true, stopSignal: 'KILL', command: SLEEP } },
    { start: 'p' },
  );
  const ask = () => host.run('sh', '-c', 'exec busybox nc -w 2 127.0.0.1 8080 < /dev/null').catch(String);
  await until('it answers', async () => (await ask()) === 'hello\n');
  const published = { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] };
  t.deepEqual(env.engine.containers.get('idle').inspect().NetworkSettings.Ports, published);
  t.deepEqual(env.engine.pods.get('p').inspect().InfraConfig?.PortBindings, {
    '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }],
  });
  t.deepEqual(env.engine.pods.get('p').summary().networks, ['tspod']);
  await podCalls(t, place, { stop: 'p' });
  t.not(await ask(), 'hello\n');
  await podCalls(t, place, { start: 'p' });
  await until('it answers again', async () => (await ask()) === 'hello\n');
  await podCalls(t, place, { remove: 'p', force: true });
  t.deepEqual(await host.links(), []);
});

test('its cgroup has its limits, and its containers lie in it', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay')) return;
  const env = await withPods(t);
  const limit = 64 * 1024 * 1024;
  const pod = await env.pod({ resources: { memoryBytes: limit, cpus: 0.5, pidsLimit: 50 } });
  const member = await env.member(pod);
  await member.start();
  const directories = cgroupsOf(env, pod);
  const valuesOf = (...names: readonly string[]) =>
    directories.flatMap((directory) =>
      names.flatMap((name) => {
        try {
          return readFileSync(join(directory, name), 'utf8').trim();
        } catch {
          return [];
        }
      }),
    );
  t.deepEqual(valuesOf('memory.limit_in_bytes', 'memory.max'), [String(limit)]);
  t.deepEqual(valuesOf('pids.max'), ['50']);
  t.true(['50000', '50000 100000'].includes(valuesOf('cpu.cfs_quota_us', 'cpu.max').join()));
  for (const { id } of pod.containers()) {
    const { pid } = env.engine.containers.get(id).state();
    const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
    for (const controller of ['memory', 'cpu', 'pids'])
      t.true(
        groups.some((line) => line.includes(pod.id) && (line.includes(`:${controller}:`) || line.startsWith('0::'))),
        controller,
      );
  }
  // More than all of them together may have.
  const { exitCode } = await member.exec({ command: ['sh', '-c', 'head -c 100000000 /dev/zero | tail -c 90000000'] });
  t.not(exitCode, 0);
  const { memory_limit: memory, cpu_quota: quota, CreateCgroup, CgroupPath = '' } = pod.inspect();
  t.deepEqual([memory, quota, CreateCgroup], [limit, 50_000, true]);
  t.true(CgroupPath.includes(pod.id));
  await pod.remove({ force: true, timeoutSec: 0 });
  t.deepEqual(cgroupsOf(env, pod), []);
});

test('shareParent false: it has no cgroup', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod({ shareParent: false });
  await (await env.member(pod, { cgroupParent: env.cgroupParent })).start();
  t.deepEqual(cgroupsOf(env, pod), []);
  t.is(pod.summary().cgroup, '');
  t.is(pod.inspect().CreateCgroup, false);
});

test('start, stop, restart, pause and kill are those of all its containers', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod();
  const [one, other] = [await env.member(pod), await env.member(pod)];
  const statuses = () => [pod.status(), ...pod.containers().map(({ status }) => status)];
  await one.start();
  t.deepEqual(statuses(), ['Degraded', 'running', 'running', 'created']);
  await pod.start();
  await pod.start();
  t.deepEqual(statuses(), ['Running', 'running', 'running', 'running']);
  await pod.pause();
  t.deepEqual(statuses(), ['Paused', 'paused', 'paused', 'paused']);
  await pod.unpause();
  const before = infraOf(env, pod).state().pid;
  await pod.restart();
  t.deepEqual(statuses(), ['Running', 'running', 'running', 'running']);
  t.deepEqual(common([one, other]), ['ipc', 'net', 'user', 'uts']);
  t.not(infraOf(env, pod).state().pid, before, 'what keeps its namespaces is new');
  await pod.stop();
  await pod.stop();
  t.deepEqual(statuses(), ['Exited', 'exited', 'exited', 'exited']);
  t.true(Number(infraOf(env, pod).state().finishedAt) >= Number(one.state().finishedAt), 'the infra container is last');
  await pod.start();
  await pod.kill();
  t.deepEqual(statuses(), ['Exited', 'exited', 'exited', 'exited']);
  t.is(other.state().exitCode, 137);
  t.is(await rejectsWith(t, pod.kill('BOGUS'), 'INVALID_ARGUMENT'), 'invalid signal: BOGUS');
});

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  test(`kill ends what waits for its restart, too: ${signal}`, async (t) => {
    if (!ready(t)) return;
    const env = await withPods(t);
    const pod = await env.pod();
    const member = await env.member(pod, { command: ['sh', '-c', 'exit 1'], restart: { policy: 'always' } });
    await pod.start();
    // The delay doubles: by then there is time.
    await until('a longer wait', () => member.state().restartCount >= 5 && member.state().status === 'restarting');
    await pod.kill(signal);
    t.is(member.state().status, 'exited');
    await until('its infra container has ended', () => pod.status() === 'Exited');
    await pod.remove();
  });
}

test('stats and top show the containers of the pod that run', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay')) return;
  const env = await withPods(t);
  const pod = await env.pod();
  const member = await env.member(pod, { name: 'm' });
  t.deepEqual(
    pod.stats().map(({ stats }) => stats),
    [undefined, undefined],
  );
  t.deepEqual(await pod.top(), []);
  await member.start();
  t.deepEqual(
    pod.stats().map(({ name, stats }) => [name, stats?.pids]),
    [
      [infraOf(env, pod).name, 1],
      ['m', 1],
    ],
  );
  t.deepEqual(
    (await pod.top()).map(({ id, processes }) => [id, processes.length]),
    [
      [infraOf(env, pod).id, 1],
      [member.id, 1],
    ],
  );
});

test('what fails of some is told with what failed', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod();
  const [good, bad] = [await env.member(pod), await env.member(pod, { command: ['/nosuch'] })];
  const error = await t.throwsAsync(pod.start());
  t.true(isTspodError(error, 'POD_PARTIAL_FAIL'));
  const { errors, id } = (error as unknown as { details: { errors: ReadonlyMap<string, Error>; id: string } }).details;
  t.is(id, pod.id);
  t.deepEqual([...errors.keys()], [bad.id]);
  t.true(isTspodError(errors.get(bad.id), 'COMMAND_NOT_FOUND'));
  t.is(good.state().status, 'running');
  t.is(pod.status(), 'Degraded');
});

test('remove: with its containers, and by force if they run', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod({ name: 'p' });
  const member = await env.member(pod);
  await env.member(pod);
  await pod.start();
  const infra = infraOf(env, pod);
  const message = await rejectsWith(t, pod.remove(), 'POD_PARTIAL_FAIL');
  t.true(
    message.startsWith(`not all containers could be removed from pod ${pod.id}: cannot remove container `),
    message,
  );
  t.is(pod.containers().length, 3, 'nothing was removed');
  t.is(
    await rejectsWith(t, infra.remove({ force: true }), 'INFRA_CONTAINER'),
    `container ${infra.id} is the infra container of pod ${pod.id} and cannot be removed without removing the pod`,
  );
  await member.remove({ force: true });
  await pod.remove({ force: true });
  t.deepEqual(env.engine.pods.list(), []);
  t.deepEqual(env.engine.containers.list({ all: true }), []);
  t.deepEqual(cgroupsOf(env, pod), []);
  await env.assertNothingLeft();
  await rejectsWith(t, pod.start(), 'NO_SUCH_POD');
  await rejectsWith(t, pod.remove(), 'NO_SUCH_POD');
  t.throws(() => pod.status(), { code: 'NO_SUCH_POD' });
});

test('remove: an infra container that runs alone is no reason to refuse', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod();
  await pod.start();
  t.is(pod.status(), 'Running');
  await pod.remove();
  await env.assertNothingLeft();
});

test('remove: an infra container with all that depends on it takes its pod along', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod();
  await env.member(pod);
  await pod.start();
  await infraOf(env, pod).remove({ depend: true, force: true });
  t.deepEqual(env.engine.pods.list(), []);
  await env.assertNothingLeft();
});

test("members: what is the pod's is refused, what is their own is not", async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod({ name: 'p' });
  const refused = (options: CreateOptions) => rejectsWith(t, env.member(pod, options), 'INVALID_ARGUMENT');
  const shared = 'network cannot be configured when it is shared with a pod';
  const ports = `published or exposed ports must be defined when the pod is created: ${shared}`;
  const networks = `networks must be defined when the pod is created: ${shared}`;
  t.is(await refused({ publish: ['80:80'] }), ports);
  t.is(await refused({ publishAll: true }), ports);
  t.is(await refused({ addHosts: ['a:1.1.1.1'] }), `extra host entries must be specified on the pod: ${shared}`);
  t.is(await refused({ ip: '10.0.0.1' }), networks);
  t.is(await refused({ macAddress: '02:00:00:00:00:01' }), networks);
  t.is(await refused({ networkAliases: ['x'] }), networks);
  t.regex(await refused({ dns: { servers: ['1.1.1.1'] } }), /dns and the network mode/);
  t.is(
    await refused({ hostname: 'x' }),
    'cannot set hostname when joining the pod UTS namespace: invalid configuration',
  );
  t.is(await refused({ userns: 'host' }), 'userns and pod cannot be set together');
  const own = await env.member(pod, { ipc: 'private', uts: 'private', hostname: 'own', network: 'none' });
  await own.start();
  t.deepEqual(common([infraOf(env, pod), own]), ['user']);
  t.is(await shell(own, 'hostname'), 'own');
  t.is(
    await rejectsWith(t, env.engine.containers.create(env.options({ pod: 'nosuch' })), 'NO_SUCH_POD'),
    'no pod with name or ID nosuch found: no such pod',
  );
});

test('members depend on members alone, and nobody else on them', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod();
  const member = await env.member(pod, { name: 'member' });
  const outside = await env.engine.containers.create(env.options({ name: 'outside' }));
  const another = await env.member(await env.pod(), { name: 'another' });
  const pattern = (id: string, where: string) =>
    new RegExp(`^container \\S+ depends on container ${id} which is ${where}`);
  t.regex(
    await rejectsWith(
      t,
      env.engine.containers.create(env.options({ network: 'container:member' })),
      'INVALID_ARGUMENT',
    ),
    pattern(member.id, 'in a pod - containers not in pods cannot depend on containers in pods: '),
  );
  t.regex(
    await rejectsWith(t, env.member(pod, { pid: 'container:outside' }), 'INVALID_ARGUMENT'),
    pattern(outside.id, `not in pod ${pod.id}: `),
  );
  t.regex(
    await rejectsWith(t, env.member(pod, { requires: ['another'] }), 'INVALID_ARGUMENT'),
    pattern(another.id, 'in a different pod '),
  );
  const dependent = await env.member(pod, { pid: 'container:member' });
  await pod.start();
  t.deepEqual(common([member, dependent]), ['ipc', 'net', 'pid', 'user', 'uts']);
});

test('what containers have by the pod: restart policy, mounts', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod({
    restart: { policy: 'on-failure', maxRetries: 3 },
    mounts: [
      { type: 'tmpfs', target: '/own' },
      { type: 'volume', source: 'data', target: '/data' },
    ],
  });
  const member = await env.member(pod);
  const own = await env.member(pod, { restart: { policy: 'no' } });
  t.deepEqual(member.inspect().HostConfig.RestartPolicy, { Name: 'on-failure', MaximumRetryCount: 3 });
  t.is(own.inspect().HostConfig.RestartPolicy.Name, 'no');
  t.is(pod.inspect().RestartPolicy, 'on-failure');
  await pod.start();
  await shell(member, 'echo x > /data/file');
  t.is(await shell(own, 'cat /data/file'), 'x');
  await pod.remove({ force: true, timeoutSec: 0 });
  await env.engine.volumes.remove('data');
});

test('a pod is made with its first container', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const { engine, options } = env;
  const { stdout } = await engine.run({
    ...options({ rootfs: busyboxRoot(t) }),
    pod: 'new:fresh',
    hostname: 'there',
    command: ['hostname'],
  });
  t.is(stdout, 'there\n');
  const pod = engine.pods.get('fresh');
  t.is(pod.containers().length, 1, 'the container was removed at its end');
  await rejectsWith(t, engine.run({ ...options(), pod: 'new:fresh' }), 'NAME_IN_USE');
  await rejectsWith(t, engine.run({ ...options(), pod: 'new:' }), 'INVALID_ARGUMENT');
  await rejectsWith(t, engine.run({ ...options(), pod: 'new:wrong', command: ['/nosuch'] }), 'COMMAND_NOT_FOUND');
  t.false(engine.pods.exists('wrong'), 'nothing is left of a pod whose container was not made');
});

test('a pod is found by name, id, prefix and filters', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const { pods } = env.engine;
  t.throws(() => pods.latest(), { code: 'NO_SUCH_POD' });
  const [a, b] = [await env.pod({ name: 'a', labels: { x: '1' } }), await env.pod()];
  t.is(pods.get('a').id, a.id);
  t.is(pods.get(b.id.slice(0, 12)).id, b.id);
  t.is(pods.latest().id, b.id);
  t.true(pods.exists('/a'));
  t.false(pods.exists('nosuch'));
  t.throws(() => pods.get('nosuch'), { code: 'NO_SUCH_POD' });
  t.is(await rejectsWith(t, env.pod({ name: 'a' }), 'NAME_IN_USE'), 'name "a" is in use: pod already exists');
  const member = await env.member(a, { name: 'member' });
  await member.start();
  const found = (filters: Readonly<Record<string, readonly string[]>>) => pods.list({ filters }).map(({ id }) => id);
  t.deepEqual(found({}), [a.id, b.id]);
  t.deepEqual(found({ label: ['x'] }), [a.id]);
  t.deepEqual(found({ status: ['running'] }), [a.id]);
  t.deepEqual(found({ status: ['Created', 'exited'] }), [b.id]);
  t.deepEqual(found({ 'ctr-names': ['^member$'] }), [a.id]);
  t.deepEqual(found({ 'ctr-ids': [member.id.slice(0, 12)] }), [a.id]);
  t.deepEqual(found({ 'ctr-number': ['1'] }), [b.id]);
  t.deepEqual(found({ 'ctr-status': ['running'] }), [a.id]);
  t.deepEqual(found({ 'ctr-status': ['stopped', 'unknown'] }), []);
  await member.kill();
  await member.wait();
  t.deepEqual(found({ 'ctr-status': ['stopped'] }), [a.id]);
  t.deepEqual(found({ status: ['dead'] }), []);
  t.deepEqual(found({ name: ['^a$'], until: ['2001-01-01'] }), []);
  t.throws(() => found({ bogus: ['1'] }), { code: 'INVALID_ARGUMENT' });
});

test('prune: pods that have ended go with their containers, infra containers never alone', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const [ended, running, fresh] = [await env.pod(), await env.pod(), await env.pod()];
  for (const pod of [ended, running]) {
    await env.member(pod);
    await pod.start();
  }
  await ended.stop();
  const { done } = await env.engine.containers.prune({ filters: { label: ['nosuch'] } });
  t.deepEqual(done, []);
  t.deepEqual((await env.engine.pods.prune()).done, [ended.id]);
  await running.stop();
  const pruned = await env.engine.prune();
  t.deepEqual(pruned.pods.done, [running.id]);
  t.deepEqual([...pruned.containers.failed], []);
  t.deepEqual(
    env.engine.pods.list().map(({ id, containers }) => [id, containers.length]),
    [[fresh.id, 1]],
  );
});

test('prune: containers that do not run stay in their pods', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod();
  const [running, ended, fresh] = [await env.member(pod), await env.member(pod), await env.member(pod)];
  const single = await env.engine.containers.create(env.options());
  await running.start();
  await ended.start();
  await ended.stop();
  t.deepEqual((await env.engine.containers.prune()).done, [single.id]);
  t.deepEqual((await env.engine.prune()).containers.done, []);
  t.deepEqual(
    [running, ended, fresh].map((container) => container.state().status),
    ['running', 'exited', 'created'],
  );
});

test('events: each change of a pod is recorded, and found by its name, id or prefix', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod({ name: 'p' });
  await env.member(pod);
  await pod.start();
  await pod.pause();
  await pod.unpause();
  await pod.kill();
  await pod.start();
  await pod.stop();
  await pod.remove();
  const told = async (filters: EventFilters) => {
    const events: string[] = [];
    for await (const event of env.engine.events({ filters })) events.push(`${event.name} ${event.status}`);
    return events;
  };
  const all = ['create', 'start', 'pause', 'unpause', 'kill', 'start', 'stop', 'remove'].map((status) => `p ${status}`);
  t.deepEqual(await told({ type: ['pod'] }), all);
  for (const wanted of ['p', pod.id, pod.id.slice(0, 12)]) t.deepEqual(await told({ pod: [wanted] }), all, wanted);
  t.deepEqual(await told({ pod: ['nosuch'] }), []);
});

test('after a reboot it has ended, and can be started again', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod({ name: 'p', resources: { memoryBytes: 64 * 1024 * 1024 } });
  await env.member(pod);
  await pod.start();
  await env.engine.close();
  await reboot(env);
  const engine = await env.reopen();
  t.is(engine.pods.get('p').status(), 'Exited');
  t.deepEqual(cgroupsOf(env, pod), []);
  await engine.pods.get('p').start();
  t.is(engine.pods.get('p').status(), 'Running');
  t.true(cgroupsOf(env, pod).length > 0);
});

test('a stop that is aborted says so, with the reason of its signal', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod({ infra: false });
  // The first process of a PID namespace is deaf to a signal that it has no handler for.
  const member = await env.member(pod, { stopSignal: 'TERM' });
  await pod.start();
  const abort = new AbortController();
  const stop = pod.stop({ signal: abort.signal });
  await until('the stop is under way', () => member.state().status === 'stopping');
  const reason = new Error('changed my mind');
  abort.abort(reason);
  const error = await t.throwsAsync(stop);
  t.true(isTspodError(error, 'ABORTED'));
  t.is(error.cause, reason);
});
