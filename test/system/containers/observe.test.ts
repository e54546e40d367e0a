/** What containers use, and which processes they have: against loads and the kernel's own files. */
import { linkSync, mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';
import type { ExecutionContext } from 'ava';

import { isTspodError, type Container, type CreateOptions } from '../../../src/index.js';
import { cgroupTops, containerCgroup } from '../../helpers/leaks.js';
import { testEngine, rejectsWith, type TestEngine } from '../../helpers/engine.js';
import { until } from '../../helpers/until.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const MIB = 1024 * 1024;

async function startedWith(env: TestEngine, options: CreateOptions): Promise<Container> {
  const { cgroupParent, ...rest } = env.options(options);
  const container = await env.engine.containers.create(
    rest.cgroups === 'disabled' || cgroupParent === undefined ? rest : { ...rest, cgroupParent },
  );
  await container.start();
  return container;
}

/** Until it has printed the word. */
async function printed(container: Container, word: string): Promise<void> {
  for await (const { data } of container.logs({ follow: true })) if (data.includes(word)) return;
}

function onHost(title: string, body: (t: ExecutionContext, env: TestEngine) => Promise<void>): void {
  test(title, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    await body(t, await testEngine(t));
  });
}

onHost('stats: a process that burns a second of CPU', async (t, env) => {
  // It tells its own CPU time when it has used a second of it.
  const burn =
    'BEGIN { while (1) { for (i = 0; i < 1e5; i++) x += i; getline line < "/proc/self/stat"; close("/proc/self/stat"); split(line, f, " "); if (f[14] + f[15] >= 100) break } print "burnt"; system("sleep 1000") }';
  const container = await startedWith(env, { command: ['awk', burn] });
  const first = container.stats();
  await printed(container, 'burnt');
  const last = container.stats({ previous: first });
  t.true(last.cpu.totalNs >= 0.95e9, `${last.cpu.totalNs} ns`);
  t.true(last.cpu.totalNs < 5e9, `${last.cpu.totalNs} ns`);
  // Version 1 samples what was the user's and what the kernel's.
  t.true(last.cpu.userNs > 0.3e9, `${last.cpu.userNs} ns`);
  const between = ((last.cpu.totalNs - first.cpu.totalNs) / 1e6 / (last.timeMs - first.timeMs)) * 100;
  t.true(Math.abs(last.cpu.percent - between) < 0.01, `${last.cpu.percent} and ${between}`);
  const { startedAt } = container.state();
  const average = (last.cpu.totalNs / 1e6 / (last.timeMs - (startedAt?.getTime() ?? 0))) * 100;
  t.true(Math.abs(last.cpu.averagePercent - average) < 0.01);
});

onHost('stats: 64 MiB of memory, and the limit', async (t, env) => {
  const hold = 'x=$(head -c 67108864 /dev/zero | tr "\\0" x); sleep 1000 & echo held; wait';
  const container = await startedWith(env, {
    command: ['bash', '-c', hold],
    resources: { memoryBytes: 512 * MIB },
  });
  await printed(container, 'held');
  const { memory, pids } = container.stats();
  t.true(memory.usageBytes >= 64 * MIB && memory.usageBytes < 300 * MIB, `${memory.usageBytes} bytes`);
  t.is(memory.limitBytes, 512 * MIB);
  t.is(memory.percent, (memory.usageBytes / memory.limitBytes) * 100);
  t.is(pids, 2, 'bash and sleep');
});

onHost('stats: what is written to a disk', async (t, env) => {
  const command = 'dd if=/dev/zero of=/var/tmp/file bs=1M count=8 conv=fsync 2>/dev/null; echo written; sleep 1000';
  const container = await startedWith(env, { command: ['sh', '-c', command] });
  await printed(container, 'written');
  const { block } = container.stats();
  const size = statSync(`${env.root}/containers/${container.id}/upper/var/tmp/file`).size;
  t.is(size, 8 * MIB);
  t.true(block.writtenBytes >= 8 * MIB && block.writtenBytes < 32 * MIB, `${block.writtenBytes} bytes`);
});

onHost('stats: the network of the container alone', async (t, env) => {
  const own = await startedWith(env, { command: ['sleep', '1000'] });
  t.deepEqual(own.stats().network, { receivedBytes: 0, sentBytes: 0, links: {} }, 'nothing but a loopback');
  const shared = await startedWith(env, { command: ['sleep', '1000'], network: 'host' });
  t.deepEqual(shared.stats().network, { receivedBytes: 0, sentBytes: 0, links: {} }, "the host's is not its own");
});

onHost('stats: the stream ends with the container', async (t, env) => {
  const container = await startedWith(env, { command: ['sleep', '1000'] });
  const seen: number[] = [];
  for await (const { timeMs } of container.watchStats({ intervalMs: 20 })) {
    seen.push(timeMs);
    if (seen.length === 3) await container.kill();
  }
  t.is(seen.length, 3);
  t.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
  t.throws(() => container.stats(), { code: 'STATE_INVALID' });
  await rejectsWith(t, container.watchStats()[Symbol.asyncIterator]().next(), 'STATE_INVALID');
});

onHost('stats: an abort ends the stream', async (t, env) => {
  const container = await startedWith(env, { command: ['sleep', '1000'] });
  const controller = new AbortController();
  const stream = container.watchStats({ intervalMs: 60_000, signal: controller.signal })[Symbol.asyncIterator]();
  await stream.next();
  const next = stream.next();
  controller.abort(new Error('enough'));
  await rejectsWith(t, next, 'ABORTED');
});

onHost('top: the processes of the container, as it and as the host see them', async (t, env) => {
  const container = await startedWith(env, {
    command: ['sh', '-c', 'nice -n 5 sleep 1000 & echo up; wait'],
    user: 'nobody',
  });
  await printed(container, 'up');
  // The child becomes sleep a moment after its fork.
  await until('it is sleep', async () => (await container.top())[1]?.name === 'sleep');
  const processes = await container.top();
  t.deepEqual(
    processes.map(({ pid, parentPid, name, user, nice, seccomp }) => ({ pid, parentPid, name, user, nice, seccomp })),
    [
      { pid: 1, parentPid: 0, name: 'sh', user: 'nobody', nice: 0, seccomp: 'filter' },
      { pid: 2, parentPid: 1, name: 'sleep', user: 'nobody', nice: 5, seccomp: 'filter' },
    ],
  );
  const [shell, sleep] = processes;
  t.is(shell?.host.pid, container.state().pid);
  t.deepEqual(sleep?.args, ['sleep', '1000']);
  t.is(readFileSync(`/proc/${sleep?.host.pid}/comm`, 'utf8'), 'sleep\n');
  t.deepEqual(shell?.capabilities.effective, []);
  t.true(shell?.capabilities.bounding.includes('CAP_CHOWN'));
});

onHost('top: user names are those of the container, and a pipe in their place holds nobody up', async (t, env) => {
  const container = await startedWith(env, {
    command: ['sh', '-c', 'echo "boss:x:0:0::/:/bin/sh" > /etc/passwd; echo up; sleep 1000'],
  });
  await printed(container, 'up');
  t.is((await container.top())[0]?.user, 'boss');
  await container.exec({ command: ['sh', '-c', 'rm /etc/passwd; mkfifo /etc/passwd'] });
  t.is((await container.top())[0]?.user, '0');
});

onHost('top: of a container without cgroup and pid namespace, its descendants', async (t, env) => {
  const container = await startedWith(env, {
    command: ['sh', '-c', 'sleep 1000 & echo up; wait'],
    pid: 'host',
    cgroups: 'disabled',
  });
  await printed(container, 'up');
  const { pid } = container.state();
  const processes = await container.top();
  t.is(processes.length, 2);
  t.true(processes.every((process) => process.pid === process.host.pid));
  t.true(processes.some((process) => process.pid === pid));
});

onHost('places: namespaces, cgroup, host name and dependencies', async (t, env) => {
  const donor = await startedWith(env, { name: 'donor', hostname: 'box', command: ['sleep', '1000'] });
  const user = await startedWith(env, { uts: 'container:donor', command: ['sleep', '1000'] });
  t.is(donor.hostname(), 'box');
  t.is(user.hostname(), 'box');
  t.deepEqual(donor.dependencies(), []);
  t.deepEqual(user.dependencies(), [donor.id]);
  t.is(readlinkSync(user.namespacePath('uts')), readlinkSync(donor.namespacePath('uts')));
  t.not(readlinkSync(user.namespacePath('network')), readlinkSync('/proc/self/ns/net'));
  t.is(user.namespacePath('mount'), `/proc/${user.state().pid}/ns/mnt`);
  t.throws(() => user.namespacePath('disk' as 'mount'), { code: 'INVALID_ARGUMENT' });
  const path = donor.cgroupPath();
  t.is(path, containerCgroup(env, donor.id));
  const tops = cgroupTops().filter((top) => {
    try {
      return readFileSync(`${top}${path}/cgroup.procs`, 'utf8').split('\n').includes(String(donor.state().pid));
    } catch {
      return false;
    }
  });
  t.true(tops.length > 0, 'its first process is there');
  await user.kill();
  t.throws(() => user.namespacePath('uts'), { code: 'CONTAINER_STOPPED' });
  t.throws(() => user.cgroupPath(), { code: 'CONTAINER_STOPPED' });
  t.is(user.hostname(), 'box');
});

onHost('places: a container without cgroup', async (t, env) => {
  const container = await startedWith(env, { command: ['sleep', '1000'], cgroups: 'disabled' });
  t.true(
    isTspodError(
      t.throws(() => container.cgroupPath()),
      'NO_CGROUPS',
    ),
  );
  t.throws(() => container.stats(), { code: 'NO_CGROUPS' });
  await rejectsWith(t, container.watchStats()[Symbol.asyncIterator]().next(), 'NO_CGROUPS');
});

onHost('cleanup: an initialized container is a new one again', async (t, env) => {
  const container = await env.engine.containers.create(env.options({ command: ['echo', 'up'] }));
  await container.init();
  const { pid, monitorPid } = container.state();
  await container.cleanup();
  t.is(container.state().status, 'created');
  for (const one of [pid, monitorPid]) t.throws(() => process.kill(one, 0), { code: 'ESRCH' });
  await env.assertNothingLeft(container.id);
  await container.start();
  t.is(await container.wait(), 0);
  await container.cleanup({ remove: true });
  t.false(env.engine.containers.exists(container.id));
});

onHost('sizes: what is written, a file of several names once, and the root directory with it', async (t, env) => {
  const root = temporaryDirectory(t);
  mkdirSync(`${root}/bin`);
  writeFileSync(`${root}/data`, Buffer.alloc(3 * MIB));
  linkSync(`${root}/data`, `${root}/again`);
  const host = await env.engine.containers.create(
    env.options({ command: ['sh', '-c', 'head -c 2097152 /dev/zero > /var/tmp/a; ln /var/tmp/a /var/tmp/b'] }),
  );
  t.deepEqual(await host.sizes(), { writable: 0, root: 0 });
  await host.start();
  await host.wait();
  const { writable } = await host.sizes();
  t.is(writable, 2 * MIB, 'directories count nothing');
  const { image: _image, ...rest } = env.options({ command: ['true'] });
  const over = await env.engine.containers.create({ ...rest, rootfs: root, rootfsOverlay: true });
  const sizes = await over.sizes();
  t.is(sizes.writable, 0);
  t.true(sizes.root >= 3 * MIB && sizes.root < 3.5 * MIB, `${sizes.root} bytes`);
});

onHost('bindMounts: the files of the engine, but for those that the user mounts', async (t, env) => {
  const hosts = join(temporaryDirectory(t), 'hosts');
  writeFileSync(hosts, '127.0.0.1 mine\n');
  const mounts = [{ type: 'bind' as const, source: hosts, target: '/etc/hosts' }];
  const plain = await startedWith(env, { command: ['sleep', '1000'] });
  const own = await startedWith(env, { command: ['sleep', '1000'], mounts });
  const bound = plain.bindMounts();
  t.true(Object.keys(bound).includes('/run/.containerenv'));
  for (const [destination, source] of Object.entries(bound)) {
    const { stdout } = await plain.exec({ command: ['stat', '-c', '%d %i', destination] });
    const { dev, ino } = statSync(source);
    t.is(stdout.trim(), `${String(dev)} ${String(ino)}`, destination);
  }
  t.true('/etc/hosts' in bound);
  t.false('/etc/hosts' in own.bindMounts());
  await plain.stop({ timeoutSec: 0 });
  t.deepEqual(plain.bindMounts(), {});
});
