/** Exec sessions: their states, their records, and what is left of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';

import type { Container, ExecSession } from '../../../src/index.js';
import { createCgroup, removeCgroup, writeCgroupFile } from '../../../src/native/index.js';
import { testEngine, rejectsWith, type TestEngine } from '../../helpers/engine.js';
import { SLOW } from '../../helpers/pace.js';
import { suspend } from '../../helpers/processes.js';
import { soon } from '../../helpers/soon.js';
import { until } from '../../helpers/until.js';
import { requires } from '../../helpers/requires.js';

interface Fixture {
  readonly env: TestEngine;
  readonly container: Container;
}

function inContainer(title: string, body: (t: ExecutionContext, fixture: Fixture) => Promise<void>): void {
  test(title, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const env = await testEngine(t);
    const container = await env.engine.containers.create(
      env.options({ command: ['sleep', '1000'], stopTimeoutSec: 0 }),
    );
    await container.start();
    await body(t, { env, container });
  });
}

const isRunning = (pid: number) => pid > 0 && existsSync(`/proc/${pid}`);

inContainer(
  'exec session: goes through its states, and its code is known afterwards',
  async (t, { env, container }) => {
    const session = await container.createExec({
      command: ['sh', '-c', 'read x; exit $x'],
      interactive: true,
      user: '0:0',
    });
    t.is(session.state(), 'created');
    t.deepEqual(session.inspect(), {
      ID: session.id,
      ContainerID: container.id,
      Running: false,
      Pid: 0,
      ExitCode: 0,
      CanRemove: false,
      DetachKeys: '',
      OpenStdin: true,
      OpenStdout: true,
      OpenStderr: true,
      ProcessConfig: {
        entrypoint: 'sh',
        arguments: ['-c', 'read x; exit $x'],
        privileged: false,
        tty: false,
        user: '0:0',
      },
    });
    await session.start();
    t.is(session.state(), 'running');
    const { Pid, Running } = session.inspect();
    t.true(Running);
    t.regex(readFileSync(`/proc/${Pid}/cmdline`, 'utf8'), /^sh\0-c/);
    t.deepEqual(container.inspect().ExecIDs, [session.id]);
    t.deepEqual(
      container.execSessions().map(({ id }) => id),
      [session.id],
    );

    const stdin = new PassThrough();
    const attached = await session.attach({ stdin });
    stdin.write('7\n');
    t.like(await attached.ended, { reason: 'exited', exitCode: 7 });
    t.is(await session.wait(), 7);
    // Another engine, as another process would be.
    const seen = (await env.reopen()).findExec(session.id);
    t.is(seen.state(), 'stopped');
    t.like(seen.inspect(), { Running: false, Pid: 0, ExitCode: 7, CanRemove: true });
    await seen.remove();
    t.throws(() => session.inspect(), { message: /no such exec session/ });
    t.throws(() => env.engine.findExec(session.id), { code: 'NO_SUCH_EXEC_SESSION' });
    t.deepEqual(container.execSessions(), []);
  },
);

inContainer(
  'exec session: attached from the start it loses no output, and detaching leaves it',
  async (t, { container }) => {
    const whole = await container.createExec({ command: ['sh', '-c', 'echo out; echo err >&2; exit 3'] });
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const end = await (await whole.startAttached({ stdout, stderr })).ended;
    t.like(end, { reason: 'exited', exitCode: 3 });
    stdout.end();
    stderr.end();
    t.deepEqual([await text(stdout), await text(stderr)], ['out\n', 'err\n']);

    const shell = await container.createExec({ command: ['sh'], tty: true, interactive: true, detachKeys: 'ctrl-a' });
    const stdin = new PassThrough();
    const first = await shell.startAttached({
      stdin,
      stdout: new PassThrough().resume(),
      size: { rows: 11, columns: 33 },
    });
    t.true(first.terminal);
    stdin.write('\u0001');
    t.like(await first.ended, { reason: 'detached' });
    t.is(shell.state(), 'running');
    await shell.resize({ rows: 22, columns: 44 });
    const again = new PassThrough();
    const screen = new PassThrough();
    const second = await shell.attach({ stdin: again, stdout: screen });
    again.write('stty size; exit 5\n');
    t.like(await second.ended, { reason: 'exited', exitCode: 5 });
    screen.end();
    t.regex(await text(screen), /22 44/);
  },
);

inContainer('exec session: what its state does not allow is refused', async (t, { container }) => {
  const session = await container.createExec({ command: ['sleep', '1000'] });
  await rejectsWith(t, session.attach({}), 'STATE_INVALID');
  await rejectsWith(t, session.stop(), 'STATE_INVALID');
  await rejectsWith(t, session.wait(), 'STATE_INVALID');
  await rejectsWith(t, session.resize({ rows: 1, columns: 1 }), 'STATE_INVALID');
  await session.start();
  t.regex(await rejectsWith(t, session.start(), 'STATE_INVALID'), /state is "running": exec session state improper/);
  t.regex(await rejectsWith(t, session.remove(), 'STATE_INVALID'), /is still running, cannot remove/);
  const { Pid } = session.inspect();
  await session.stop({ timeoutSec: 0 });
  t.false(isRunning(Pid));
  t.like(session.inspect(), { Running: false, ExitCode: 137 });
  await rejectsWith(t, session.start(), 'STATE_INVALID');
  await session.remove();
  await rejectsWith(t, session.remove(), 'NO_SUCH_EXEC_SESSION');

  const killed = await container.createExec({ command: ['sleep', '1000'] });
  await killed.start();
  const { Pid: victim } = killed.inspect();
  await killed.remove({ force: true, timeoutSec: 0 });
  t.false(isRunning(victim));
  await container.pause();
  await rejectsWith(t, container.createExec({ command: ['true'] }), 'STATE_INVALID');
  await container.unpause();
});

inContainer('exec session: a command that cannot run leaves a stopped session', async (t, { container }) => {
  const session = await container.createExec({ command: ['no-such-program'] });
  await rejectsWith(t, session.start(), 'COMMAND_NOT_FOUND');
  t.like(session.inspect(), { Running: false, ExitCode: 127, CanRemove: true });
  t.is(await session.wait(), 127);
  await rejectsWith(t, container.createExec({ command: [] }), 'INVALID_ARGUMENT');
  await rejectsWith(t, container.createExec({ command: ['true'], detachKeys: 'ctrl-' }), 'INVALID_ARGUMENT');
  await rejectsWith(t, container.startExec({ command: ['no-such-program'] }), 'COMMAND_NOT_FOUND');
  t.deepEqual(
    container.execSessions().map(({ id }) => id),
    [session.id],
  );
});

inContainer('exec session: only one of many starts has it', async (t, { env, container }) => {
  const session = await container.createExec({ command: ['sleep', '1000'] });
  const others = [session, env.engine.findExec(session.id), (await env.reopen()).findExec(session.id)];
  const results = await Promise.allSettled(others.map((one) => one.start()));
  t.is(results.filter(({ status }) => status === 'fulfilled').length, 1);
});

inContainer('exec session: ends with its container, which forgets it', async (t, { env, container }) => {
  const session = await container.startExec({ command: ['sleep', '1000'] });
  await container.createExec({ command: ['true'] });
  const { Pid } = session.inspect();
  const waiting = session.wait();
  await container.stop();
  t.is(await waiting, 137);
  t.false(isRunning(Pid));
  t.deepEqual(container.execSessions(), []);
  t.throws(() => session.state(), { code: 'NO_SUCH_EXEC_SESSION' });
  await container.start();
  t.deepEqual(container.execSessions(), []);
  await container.remove({ force: true });
  await env.assertNothingLeft();
});

inContainer('exec session: its monitor killed, it runs on and its code is unknown', async (t, { env, container }) => {
  const session = await container.startExec({ command: ['sleep', '1000'] });
  const state = readFileSync(`${env.runRoot}/c/${container.id}/exec/${session.id}/state`, 'utf8');
  process.kill(Number(/^monitor (\d+)/.exec(state)?.[1]), 'SIGKILL');
  t.is(session.state(), 'running');
  const waiting = session.wait();
  process.kill(session.inspect().Pid, 'SIGKILL');
  t.is(await waiting, -1);
  t.like(session.inspect(), { Running: false, ExitCode: -1 });
  await session.remove();
});

inContainer('exec session: a plain exec leaves no file', async (t, { env, container }) => {
  const before = readdirSync(`${env.runRoot}/c/${container.id}`);
  const { exitCode } = await container.exec({ command: ['true'] });
  t.is(exitCode, 0);
  t.deepEqual(readdirSync(`${env.runRoot}/c/${container.id}`), before);
});

test('exec session: one that outlives its container keeps it from being removed', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await testEngine(t);
  const make = async () => {
    const { cgroupParent: _, ...options } = env.options({
      command: ['sleep', '1000'],
      pid: 'host',
      cgroups: 'disabled',
      stopTimeoutSec: 0,
    });
    const container = await env.engine.containers.create(options);
    await container.start();
    return container;
  };
  const outlived = async (): Promise<[Container, ExecSession, number]> => {
    const container = await make();
    const session = await container.startExec({ command: ['sleep', '1000'] });
    const { Pid } = session.inspect();
    await container.kill();
    t.is(container.state().status, 'exited');
    t.true(isRunning(Pid), 'nothing ends it');
    return [container, session, Pid];
  };
  const [container, session, pid] = await outlived();
  // Opening an engine tidies up.
  await env.reopen();
  t.is(session.state(), 'running');
  t.regex(
    await rejectsWith(t, container.remove(), 'STATE_INVALID'),
    /cannot remove container [0-9a-f]{64} as it has active exec sessions: container state improper$/,
  );
  await container.remove({ force: true });
  t.false(isRunning(pid));

  const [restarted, , second] = await outlived();
  await restarted.start();
  t.false(isRunning(second), 'a new run begins without it');
  const third = await restarted.startExec({ command: ['sleep', '1000'] });
  const { Pid } = third.inspect();
  await restarted.stop();
  t.false(isRunning(Pid), 'a stop ends it');
  await restarted.remove();
  await env.assertNothingLeft();
});

test('exec session: one that outlives its container and does not end holds up nobody', async (t) => {
  if (!requires(t, 'root', 'overlay', 'cgroup1')) return;
  const { engine, options } = await testEngine(t);
  const { cgroupParent: _, ...own } = options({ command: ['sleep', '1000'], pid: 'host', cgroups: 'disabled' });
  const container = await engine.containers.create(own);
  await container.start();
  const session = await container.startExec({ command: ['sleep', '1000'] });
  // Frozen in cgroup version 1, which stands for what is stuck in the kernel.
  const group = `/sys/fs/cgroup/freezer/tspod-test-outliving-${container.id.slice(0, 12)}`;
  await createCgroup(group);
  t.teardown(() => removeCgroup(group, { kill: true }));
  await writeCgroupFile(group, 'cgroup.procs', session.inspect().Pid);
  await writeCgroupFile(group, 'freezer.state', 'FROZEN');
  await until('the freezing', () => readFileSync(`${group}/freezer.state`, 'utf8') === 'FROZEN\n');
  const message = await rejectsWith(t, soon(container.stop({ timeoutSec: 0 })), 'STATE_INVALID');
  t.is(message, `container ${container.id} does not end: its process is stuck in the kernel`);
  await writeCgroupFile(group, 'freezer.state', 'THAWED');
  await soon(container.remove({ force: true }));
});

inContainer('exec session: one whose monitor was stopped does not keep its container', async (t, { container }) => {
  for (const end of ['stop', 'kill'] as const) {
    const { Pid } = (await container.startExec({ command: ['sleep', '1000'] })).inspect();
    await suspend(Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${String(Pid)}/status`, 'utf8'))?.[1]));
    await soon(container[end]());
    t.is(container.state().status, 'exited', end);
    await container.start();
  }
});

inContainer('spawnExec: input is a pipe, that of this process, a descriptor, or none', async (t, { container }) => {
  const command = ['sh', '-c', 'readlink /proc/self/fd/0; cat'];
  const piped = await container.spawnExec({ command, stdin: 'pipe' });
  piped.stdin?.end('said');
  t.regex(await text(piped.stdout), /^pipe:\[\d+\]\nsaid$/);
  for (const streams of [{}, { stdin: 'ignore' }] as const) {
    const deaf = await container.spawnExec({ command, ...streams });
    t.is(deaf.stdin, null);
    t.is(await text(deaf.stdout), '/dev/null\n');
  }
  const wrong = { command, stdin: true as unknown as 'pipe' };
  await t.throwsAsync(container.spawnExec(wrong), { instanceOf: TypeError });
  await rejectsWith(t, container.spawnExec({ command, tty: true, stdin: 'inherit' }), 'INVALID_ARGUMENT');
  const screen = await container.spawnExec({ command: ['cat'], tty: true, stdin: 'pipe' });
  screen.stdin?.write('typed\n\u0004');
  t.is(await text(screen.stdout), 'typed\r\ntyped\r\n');
});

inContainer('exec: an abort and too much output end what the command has started, too', async (t, { container }) => {
  const runs = async () => (await container.top()).filter(({ args }) => args.join(' ').includes('777')).length;
  const script = 'sleep 7771 & sleep 7772; true';
  for (const tty of [false, true]) {
    const controller = new AbortController();
    const aborted = container.exec({ command: ['sh', '-c', script], tty, signal: controller.signal });
    await until('it runs', async () => (await runs()) >= 3);
    controller.abort();
    t.is(await rejectsWith(t, aborted, 'ABORTED'), 'exec: aborted');
    await until('all has ended', async () => (await runs()) === 0);
  }
  const command = ['sh', '-c', `head -c 1000 /dev/zero; ${script}`];
  await rejectsWith(t, container.exec({ command, maxOutputBytes: 10 }), 'OUTPUT_TOO_LARGE');
  await until('all has ended', async () => (await runs()) === 0);
});

inContainer('exec: the time limit is that of the call, whoever holds its output', async (t, { container }) => {
  const command = ['sh', '-c', 'echo said; sleep 1000 & exit 3'];
  const result = await container.exec({ command, timeoutMs: 5000 });
  t.like(result, { stdout: 'said\n', exitCode: 3, timedOut: true });
  t.like(await container.exec({ command: ['echo', 'soon'], timeoutMs: 100_000 }), {
    stdout: 'soon\n',
    timedOut: false,
  });
});

inContainer('spawnExec: its signal ends the launch alone, with a terminal as well', async (t, { container }) => {
  for (const tty of [false, true]) {
    const controller = new AbortController();
    const command = ['sh', '-c', 'read -r line; exit 5'];
    const child = await container.spawnExec({ command, tty, stdin: 'pipe', signal: controller.signal });
    controller.abort();
    child.stdin?.write('line\n');
    t.like(await child.ended, { exitCode: 5, signal: null }, `terminal: ${String(tty)}`);
  }
  for (const stderr of ['inherit', 2] as const)
    await rejectsWith(t, container.spawnExec({ command: ['true'], tty: true, stderr }), 'INVALID_ARGUMENT');
});

inContainer('fds: are those of the command, as many as preserveFds says', async (t, { container, env }) => {
  const { root } = env;
  const file = join(root, 'handed-on');
  writeFileSync(file, 'handed on');
  const fd = openSync(file, 'r');
  t.teardown(() => closeSync(fd));
  const command = ['sh', '-c', 'cat <&3'];
  const given = await container.spawnExec({ command, preserveFds: 1, fds: [fd] });
  t.is(await text(given.stdout), 'handed on');
  const message = await rejectsWith(t, container.spawnExec({ command, preserveFds: 1, fds: [] }), 'INVALID_ARGUMENT');
  t.is(message, 'preserveFds is 1, but fds has 0');

  const own = openSync(file, 'r');
  t.teardown(() => closeSync(own));
  const options = env.options({ command, preserveFds: 1, log: { driver: 'none' } });
  const started = await env.engine.containers.create(options);
  await rejectsWith(t, started.start({ fds: [own, own] }), 'INVALID_ARGUMENT');
  const stdout = new PassThrough();
  const { ended } = await started.startAttached({ stdout, fds: [own] });
  await ended;
  t.is(String(stdout.read()), 'handed on');
});

inContainer(
  'spawnExec: a detached command with a terminal has no streams, and is not held back',
  async (t, { container }) => {
    const spawned = { tty: true, detach: true } as const;
    const command = await container.spawnExec({
      ...spawned,
      stdout: 'ignore',
      command: ['sh', '-c', 'head -c 1000000 /dev/zero; test -t 1 && exit 7'],
    });
    t.deepEqual([command.stdin, command.stdout, command.stderr], [null, null, null]);
    // Nothing else may be under way here, and this process does not stay for what is detached.
    const stays = setInterval(() => undefined, 1000);
    t.is((await command.ended).exitCode, 7);
    clearInterval(stays);
    for (const streams of [{ stdin: 'pipe' }, { stdout: 'pipe' }, { stderr: 'inherit' }] as const)
      await rejectsWith(t, container.spawnExec({ ...spawned, ...streams, command: ['true'] }), 'INVALID_ARGUMENT');
  },
);

inContainer(
  'spawnExec: this process does not stay for a detached command, with a terminal or without',
  async (t, { env, container }) => {
    const { root, runRoot, cgroupManager } = env;
    for (const tty of [false, true]) {
      const script = `
      const { openEngine } = await import(${JSON.stringify(join(process.cwd(), 'out/src/index.js'))});
      const engine = await openEngine(${JSON.stringify({ root, runRoot, cgroupManager })});
      const container = engine.containers.get(${JSON.stringify(container.id)});
      const { pid } = await container.spawnExec({ command: ['sleep', '1000'], tty: ${String(tty)}, detach: true });
      console.log(pid);`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
        timeout: 90_000 * SLOW,
      });
      const [pid] = await Promise.all([text(child.stdout), once(child, 'close')]);
      t.deepEqual([child.exitCode, child.signalCode], [0, null], `terminal: ${String(tty)}`);
      t.true(isRunning(Number(pid)));
    }
  },
);
