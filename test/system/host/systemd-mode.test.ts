/** Systemd mode (--systemd): what the container finds, what it may change, and a real systemd in it. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import type { Container, CreateOptions } from '../../../src/index.js';
import { readIfThere } from '../../../src/native/if-there.js';
import { testEngine, type TestEngine } from '../../helpers/engine.js';
import { cgroupTops, containerCgroup } from '../../helpers/leaks.js';
import { has, requires, skip } from '../../helpers/requires.js';
import { until } from '../../helpers/until.js';

/** Where a container may make cgroups on this machine. */
const DIVISIBLE = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd'].filter((path) =>
  existsSync(join(path, 'cgroup.procs')),
);
const UNIFIED = DIVISIBLE.find((path) => existsSync(join(path, 'cgroup.controllers')));

const SYSTEMD = '/lib/systemd/systemd';

/** As systemd begins: it goes to a group of its own, and gives all controllers to the groups beside that. */
const DIVIDES = `for top in ${DIVISIBLE.join(' ')}; do
  mkdir $top/init.scope; echo $$ >$top/init.scope/cgroup.procs
  for one in $(cat $top/cgroup.controllers 2>/dev/null); do echo +$one >$top/cgroup.subtree_control; done
done
trap 'exit 7' 37; echo divided; while :; do sleep 0.05; done`;

async function started(env: TestEngine, options: CreateOptions): Promise<Container> {
  const container = await env.engine.containers.create(env.options({ systemd: 'always', ...options }));
  await container.start();
  return container;
}

/** A container that has divided its group. */
async function divided(env: TestEngine, options: CreateOptions = {}): Promise<Container> {
  const container = await started(env, { command: ['sh', '-c', DIVIDES], ...options });
  await until('the division', () => (readIfThere(logOf(container)) ?? '').includes('divided'));
  return container;
}

const logOf = (container: Container): string => container.inspect().HostConfig.LogConfig.Path;

async function outputOf(container: Container, script: string): Promise<string> {
  const { stdout, stderr, exitCode } = await container.exec({ command: ['sh', '-c', script] });
  return exitCode === 0 ? stdout : `${stdout}${stderr}failed: ${exitCode}`;
}

interface Mount {
  readonly target: string;
  readonly options: readonly string[];
  readonly type: string;
}

function mountsIn(mountInfo: string): readonly Mount[] {
  return mountInfo
    .trim()
    .split('\n')
    .map((line) => {
      const [before = '', after = ''] = line.split(' - ');
      const [, , , , target = '', options = ''] = before.split(' ');
      return { target, options: options.split(','), type: after.split(' ')[0] ?? '' };
    });
}

test('what systemd expects is there: file systems in memory, its machine’s id, cgroups that it may divide', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  if (DIVISIBLE.length === 0) return skip(t, 'no cgroup v2, and no hierarchy of systemd');
  const env = await testEngine(t);
  const script = 'cat /proc/self/mountinfo; echo "$container_uuid" >&2';
  const container = await started(env, { command: ['sh', '-c', `${script}; exec sleep 1000`] });
  const mounts = mountsIn(await outputOf(container, 'cat /proc/self/mountinfo'));
  for (const path of ['/run', '/run/lock', '/tmp', '/var/log/journal']) {
    const mount = mounts.findLast(({ target }) => target === path);
    t.is(mount?.type, 'tmpfs', path);
    for (const option of ['rw', 'nosuid', 'nodev']) t.true(mount?.options.includes(option), `${path} ${option}`);
  }
  const cgroups = mounts.filter(({ type }) => type.startsWith('cgroup'));
  t.deepEqual(
    cgroups.flatMap(({ target, options }) => (options.includes('rw') ? [target] : [])).sort(),
    DIVISIBLE.toSorted(),
  );
  t.is((await outputOf(container, 'echo $container_uuid')).trim(), container.id.slice(0, 32));
  const { Config } = container.inspect();
  t.true(Config.SystemdMode);
  t.is(Config.StopSignal, 'SIGRTMIN+3');
  await container.remove({ force: true, timeoutSec: 0 });
  await env.assertNothingLeft();
});

test('in a container that has divided its cgroup everything works as in another', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  if (DIVISIBLE.length === 0) return skip(t, 'no cgroup v2, and no hierarchy of systemd');
  const env = await testEngine(t);
  const container = await divided(env, {
    resources: { pidsLimit: 100, memoryBytes: 256 * 2 ** 20 },
    health: { test: ['CMD', 'true'], intervalMs: 0 },
    restart: { policy: 'always' },
  });
  if (has('cgroup2')) t.regex(await outputOf(container, 'cat /proc/self/cgroup'), /^0::\/init\.scope$/m);
  t.is((await container.healthcheck()).status, 'healthy');
  const stats = container.stats();
  t.true(stats.pids >= 1);
  t.true(stats.memory.usageBytes > 0);
  t.true((await container.top()).length >= 1);
  await container.update({ resources: { pidsLimit: 90 } });
  await container.pause();
  t.is(container.state().status, 'paused');
  await container.unpause();
  await container.stop({ timeoutSec: 60 });
  // By the signal that systemd takes for a shutdown.
  t.is(container.state().exitCode, 7);
  await container.remove();
  await env.assertNothingLeft();
});

test('its limits are out of its reach, and so is all that is not its own', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  if (UNIFIED === undefined) return skip(t, 'no cgroup v2');
  const env = await testEngine(t);
  for (const cgroupns of ['private', 'host'] as const) {
    const container = await started(env, {
      cgroupns,
      resources: { pidsLimit: 100 },
      command: ['sleep', '1000'],
    });
    const path = containerCgroup(env, container.id);
    const before = limitsIn(path);
    t.true(Object.values(before).includes('100'));
    await outputOf(container, `find /sys/fs/cgroup -name '*.max*' -exec sh -c 'echo max >"$1"' sh {} \\; 2>/dev/null`);
    t.deepEqual(limitsIn(path), before, cgroupns);
    const others = await outputOf(
      container,
      'for i in $(find /sys/fs/cgroup -type d); do mkdir $i/tspod-test-intruder 2>/dev/null && echo $i && rmdir $i/tspod-test-intruder; done; true',
    );
    const own = cgroupns === 'private' ? DIVISIBLE : DIVISIBLE.map((top) => `${top}${path}${ownPart(top)}`);
    t.deepEqual(others.trim().split('\n').sort(), own.toSorted(), cgroupns);
    await container.remove({ force: true, timeoutSec: 0 });
  }
  await env.assertNothingLeft();
});

/** The container’s group of version 2 is above the one that it may divide. */
function ownPart(top: string): string {
  return top === UNIFIED ? '/delegated' : '';
}

function limitsIn(path: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    cgroupTops().flatMap((top) =>
      ['pids.max', 'memory.max', 'cgroup.max.depth', 'cgroup.max.descendants', 'memory.limit_in_bytes'].flatMap(
        (name) => {
          const text = readIfThere(`${top}${path}/${name}`);
          return text === undefined ? [] : [[`${top} ${name}`, text.trim()] as const];
        },
      ),
    ),
  );
}

test('groups in groups come to an end, and however deep they are they are removed', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  if (DIVISIBLE.length === 0) return skip(t, 'no cgroup v2, and no hierarchy of systemd');
  const env = await testEngine(t);
  const container = await started(env, { command: ['sleep', '1000'] });
  for (const top of DIVISIBLE) {
    const script = `cd ${top}; n=0; while [ $n -lt 1500 ] && mkdir x 2>/dev/null && cd x; do n=$((n+1)); done; echo $n`;
    const levels = Number(await outputOf(container, script));
    t.is(levels, top === UNIFIED ? 99 : 1500, top);
  }
  await container.remove({ force: true, timeoutSec: 0 });
  await env.assertNothingLeft();
});

test('in a user namespace its cgroup belongs to its root, and the limits to the host', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  if (DIVISIBLE.length === 0) return skip(t, 'no cgroup v2, and no hierarchy of systemd');
  const env = await testEngine(t);
  const map = { containerId: 0, hostId: 1_000_000, size: 65536 };
  const container = await divided(env, { uidMaps: [map], gidMaps: [map] });
  t.regex(await outputOf(container, 'cat /proc/1/cgroup'), /\/init\.scope$/m);
  if (UNIFIED !== undefined) {
    const group = `${UNIFIED}${containerCgroup(env, container.id)}`;
    t.is(statSync(group).uid, 0);
    t.is(statSync(`${group}/delegated`).uid, map.hostId);
    const foreign = readdirSync(`${group}/delegated`).filter(
      (name) => statSync(`${group}/delegated/${name}`).uid !== 0 && name !== 'init.scope',
    );
    t.deepEqual(foreign.sort(), ['cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads']);
  }
  await container.stop({ timeoutSec: 60 });
  t.is(container.state().exitCode, 7);
  await container.remove();
  await env.assertNothingLeft();
});

for (const userns of [false, true]) {
  test(`a systemd comes up, runs services, and goes down when it is asked to${userns ? ', in a user namespace' : ''}`, async (t) => {
    if (!(await bootable(t))) return;
    const env = await testEngine(t);
    const map = { containerId: 0, hostId: 1_000_000, size: 65536 };
    const maps = userns ? { uidMaps: [map], gidMaps: [map] } : {};
    const container = await env.engine.containers.create(
      env.options({ command: [SYSTEMD, '--log-target=console', 'systemd.unit=basic.target'], ...maps }),
    );
    await container.start();
    const isUp = async () => (await outputOf(container, 'systemctl is-active basic.target')).trim() === 'active';
    await until('it is up', isUp).catch(() => {
      t.fail(bootLog(container));
    });
    const service = await outputOf(container, 'systemd-run --wait --pipe --quiet cat /proc/self/cgroup');
    t.regex(service, /\/system\.slice\/run-.*\.service$/m, service);
    await container.stop({ timeoutSec: 120 });
    t.is(container.state().exitCode, 0, bootLog(container));
    await container.remove();
    await env.assertNothingLeft();
  });
}

async function bootable(t: ExecutionContext): Promise<boolean> {
  if (!requires(t, 'root', 'overlay', 'userns')) return false;
  if (existsSync(SYSTEMD) && DIVISIBLE.length > 0) return true;
  skip(t, existsSync(SYSTEMD) ? 'no cgroup v2, and no hierarchy of systemd' : 'systemd is not installed');
  return false;
}

const bootLog = (container: Container): string => readFileSync(logOf(container), 'utf8').slice(-4000);
