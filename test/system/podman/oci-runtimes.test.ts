/** Containers that another OCI runtime makes, under our monitor. */
import { chmodSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import type { ExecutionContext } from 'ava';

import type { Container, CreateOptions } from '../../../src/index.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { containerCgroup } from '../../helpers/leaks.js';
import { isAlive } from '../../helpers/processes.js';
import { has, requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const RUNTIMES = ['crun', 'runc'] as const;
type RuntimeName = (typeof RUNTIMES)[number];

/** crun refuses a hybrid layout of cgroups: it is given a view without the unified hierarchy. */
function runtimeFor(t: ExecutionContext<unknown>, name: RuntimeName): string {
  if (name !== 'crun' || !has('cgroup1')) return name;
  const path = join(temporaryDirectory(t), 'crun');
  const inner = `umount /sys/fs/cgroup/unified 2>/dev/null; exec ${name} "$@"`;
  writeFileSync(path, `#!/bin/sh\nexec unshare -m sh -c '${inner}' ${name} "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

interface Subject extends TestEngine {
  readonly with: (options?: CreateOptions) => CreateOptions;
}

async function subject(t: ExecutionContext<unknown>, name: RuntimeName): Promise<Subject> {
  const env = await testEngine(t);
  const runtime = runtimeFor(t, name);
  return { ...env, with: (options) => env.options({ ...options, runtime }) };
}

for (const name of RUNTIMES) {
  test(`${name}: makes the container, whose streams and end go through the monitor`, async (t) => {
    if (!requires(t, 'root', 'overlay', name)) return;
    const env = await subject(t, name);
    const result = await env.engine.run(
      env.with({ interactive: true, command: ['sh', '-c', 'cat; hostname >&2; echo $$; exit 7'], hostname: 'inner' }),
    );
    t.is(result.exitCode, 7);
    t.is(result.stderr, 'inner\n');
    t.is(result.stdout, '1\n');
    await env.assertNothingLeft();
  });

  test(`${name}: the first process is the runtime's, in namespaces and a cgroup of its own, and a child of the monitor`, async (t) => {
    if (!requires(t, 'root', 'overlay', name)) return;
    const env = await subject(t, name);
    const container = await running(env, { resources: { memoryBytes: 64 * 1024 * 1024 } });
    const { pid, monitorPid } = container.state();
    t.regex(readFileSync(`/proc/${String(pid)}/status`, 'utf8'), new RegExp(`^PPid:\t${String(monitorPid)}$`, 'm'));
    for (const kind of ['pid', 'mnt', 'net', 'ipc', 'uts', 'cgroup']) {
      t.not(readlinkSync(`/proc/${String(pid)}/ns/${kind}`), readlinkSync(`/proc/self/ns/${kind}`), kind);
    }
    t.true(readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8').includes(containerCgroup(env, container.id)));
    const { OCIRuntime, HostConfig } = container.inspect();
    t.regex(OCIRuntime, new RegExp(`${name}$`));
    t.is(HostConfig.Runtime, OCIRuntime);
    t.is((await container.exec({ command: ['cat', '/proc/1/comm'] })).stdout, 'sleep\n');
    await container.remove({ force: true, timeoutSec: 0 });
    await env.assertNothingLeft();
  });

  test(`${name}: initialized containers wait, and are started, paused, resumed and stopped`, async (t) => {
    if (!requires(t, 'root', 'overlay', name)) return;
    const env = await subject(t, name);
    const container = await env.engine.containers.create(
      env.with({ command: ['sh', '-c', 'trap "exit 3" TERM; echo up; while :; do sleep 0.05; done'] }),
    );
    await container.init();
    t.is(container.state().status, 'initialized');
    await container.start();
    await untilUp(container);
    await container.pause();
    t.is(container.state().status, 'paused');
    await container.unpause();
    await container.stop();
    t.like(container.state(), { status: 'exited', exitCode: 3 });
    await container.start();
    await container.kill();
    t.like(container.state(), { status: 'exited', exitCode: 137 });
  });

  test(`${name}: the terminal comes from the runtime and has the size that was asked for`, async (t) => {
    if (!requires(t, 'root', 'overlay', name)) return;
    const env = await subject(t, name);
    const process = await env.engine.spawn({
      ...env.with({ tty: true, command: ['sh', '-c', 'stty size; tty'] }),
      size: { rows: 31, columns: 97 },
    });
    let text = '';
    for await (const part of process.stdout ?? []) text += String(part);
    t.is((await process.ended).exitCode, 0);
    t.is(text, '31 97\r\n/dev/pts/0\r\n');
  });

  test(`${name}: the restart policy makes it anew`, async (t) => {
    if (!requires(t, 'root', 'overlay', name)) return;
    const env = await subject(t, name);
    const container = await env.engine.containers.create(
      env.with({ command: ['sh', '-c', 'echo run; exit 1'], restart: { policy: 'on-failure', maxRetries: 2 } }),
    );
    await container.start();
    t.is(await container.wait(), 1);
    t.is(container.state().restartCount, 2);
    let log = '';
    for await (const { data } of container.logs()) log += data.toString();
    t.is(log, 'run\nrun\nrun\n');
  });

  test(`${name}: a command that cannot be found is told apart, and nothing is left`, async (t) => {
    if (!requires(t, 'root', 'overlay', name)) return;
    const env = await subject(t, name);
    await rejectsWith(t, env.engine.run(env.with({ command: ['/no/such/program'] })), 'COMMAND_NOT_FOUND');
    await env.assertNothingLeft();
  });

  test(`${name}: what a killed monitor leaves is ended by the next command`, async (t) => {
    if (!requires(t, 'root', 'overlay', name)) return;
    const env = await subject(t, name);
    const container = await running(env, {});
    const { pid, monitorPid } = container.state();
    process.kill(monitorPid, 'SIGKILL');
    t.is(await container.wait({ signal: AbortSignal.timeout(60_000) }), -1);
    t.false(isAlive(pid));
    await container.remove();
    await env.assertNothingLeft();
  });
}

test('runtime: users are looked up in the files of the root', async (t) => {
  if (!requires(t, 'root', 'overlay', 'runc', 'busybox')) return;
  const env = await subject(t, 'runc');
  const rootfs = join(temporaryDirectory(t), 'rootfs');
  mkdirSync(join(rootfs, 'etc'), { recursive: true });
  mkdirSync(join(rootfs, 'bin'));
  writeFileSync(join(rootfs, 'bin/busybox'), readFileSync('/bin/busybox'), { mode: 0o755 });
  writeFileSync(join(rootfs, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nalice:x:1234:1300::/home/alice:/bin/sh\n');
  writeFileSync(join(rootfs, 'etc/group'), 'root:x:0:\nstaff:x:1400:alice\n');
  const options = {
    rootfs,
    rootfsOverlay: true,
    user: 'alice',
    command: ['/bin/busybox', 'sh', '-c', 'id; echo $HOME'],
  };
  const { stdout } = await env.engine.run(env.with(options));
  t.is(stdout, 'uid=1234(alice) gid=1300 groups=1300,1400(staff)\n/home/alice\n');
  await rejectsWith(t, env.engine.run(env.with({ ...options, user: 'bob' })), 'NO_SUCH_USER');
});

test('runtime: one that is not installed is refused, and so is what only the built-in one does', async (t) => {
  if (!requires(t, 'root')) return;
  const env = await testEngine(t);
  const create = (options: CreateOptions) => env.engine.containers.create(env.options(options));
  await rejectsWith(t, create({ runtime: 'no-such-runtime' }), 'UNSUPPORTED_HOST');
  await rejectsWith(t, create({ runtime: 'runc', init: true }), 'INVALID_ARGUMENT');
  await rejectsWith(t, create({ runtime: 'runc', preserveFds: 1 }), 'INVALID_ARGUMENT');
  await rejectsWith(t, create({ runtime: '../runc' }), 'INVALID_ARGUMENT');
  await rejectsWith(t, create({ runtimeFlags: ['debug'] }), 'INVALID_ARGUMENT');
  t.deepEqual(env.engine.containers.list({ all: true }), []);
});

async function running(env: Subject, options: CreateOptions): Promise<Container> {
  const container = await env.engine.containers.create(env.with({ command: ['sleep', '600'], ...options }));
  await container.start();
  // The runtime's start answers before its init has become the command.
  const comm = `/proc/${String(container.state().pid)}/comm`;
  while (readFileSync(comm, 'utf8') !== 'sleep\n') await delay(5);
  return container;
}

async function untilUp(container: Container): Promise<void> {
  for await (const { data } of container.logs({ follow: true })) if (data.includes('up')) return;
}
