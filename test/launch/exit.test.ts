/** The end of a container: what the exit record, the message and the monitor's own end say. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { CODES } from '../../src/plan/codes.js';
import type { Step } from '../../src/plan/ops.js';
import { isAlive } from '../helpers/processes.js';
import { requires } from '../helpers/requires.js';
import { exitOf, launchContainer, pidIn, runContainer, startContainer, stateOf } from '../helpers/supervised.js';
import { temporaryDirectory } from '../helpers/temp.js';

function startTime(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

async function endsWith(t: ExecutionContext, command: string, code: number, signal: number): Promise<void> {
  const container = launchContainer(t, { command });
  const exited = await container.engine.expect('exited');
  t.is(exited.code, code);
  t.is(exited.signal, signal);
  await container.engine.closed;
  t.is(await container.ended, 0);
  t.like(exitOf(container), { code: `${code}`, signal: `${signal}`, oom: '0', timedout: '0', restarts: '0' });
}

test('exit: code 0 of a command that succeeds', endsWith, 'exit 0', 0, 0);
test('exit: the code of a command that fails', endsWith, 'exit 42', 42, 0);
test('exit: codes up to 255', endsWith, 'exit 255', 255, 0);
test('exit: a signal, with the code that a shell gives it', endsWith, 'kill -TERM $$', 143, 15);
test('exit: SIGKILL', endsWith, 'kill -KILL $$', 137, 9);
test('exit: a signal that dumps core', endsWith, 'ulimit -c 0; kill -SEGV $$', 139, 11);

test('exit: times lie between those around the run, in nanoseconds', async (t) => {
  const before = BigInt(Date.now()) * 1_000_000n;
  const { exited, engine } = await runContainer(t, { command: 'sleep 0.1' });
  const after = BigInt(Date.now() + 1) * 1_000_000n;
  const started = BigInt(exited['started'] ?? 0);
  const finished = BigInt(exited['finished'] ?? 0);
  // The monitor hears of the exec a moment after it: how long the run was cannot be told to the millisecond.
  t.true(before <= started && started < finished && finished <= after);
  t.is((await engine.expect('started')).startedNs, started);
});

test('exit: the state file names monitor and first process with their start times', async (t) => {
  const container = await startContainer(t, { command: 'exec sleep 100' });
  const state = stateOf(container);
  t.is(state['status'], 'running');
  t.is(state['monitor'], `${container.monitorPid} ${startTime(container.monitorPid)}`);
  const init = pidIn(container.directory, 'init');
  t.is(state['init'], `${init} ${startTime(init)}`);
  process.kill(init, 'SIGKILL');
  await container.ended;
});

test('exit: afterwards only the records are left in the run directory', async (t) => {
  const { directory } = await runContainer(t, { command: 'true' });
  t.deepEqual(readdirSync(directory).sort(), ['exit', 'state']);
});

test('exit: an old exit record is gone when the container runs again', async (t) => {
  const { directory } = await runContainer(t, { command: 'exit 3' });
  const again = await startContainer(t, { command: 'exec sleep 100', directory });
  t.false(existsSync(join(directory, 'exit')));
  process.kill(pidIn(directory, 'init'), 'SIGTERM');
  await again.ended;
  t.is(exitOf(again)['code'], '143');
});

test('exit: all clients are told', async (t) => {
  const container = await startContainer(t, { command: 'exec sleep 100' });
  const others = await Promise.all([container.connect(), container.connect()]);
  others[0]?.attach();
  await others[0]?.expect('attached');
  process.kill(pidIn(container.directory, 'init'), 'SIGKILL');
  for (const peer of [container.engine, ...others]) t.is((await peer.expect('exited')).code, 137);
});

test('exit: the record is there when `exited` is said', async (t) => {
  const container = launchContainer(t, { command: 'exit 5' });
  await container.engine.expect('exited');
  t.is(exitOf(container)['code'], '5');
});

test('exit: SIGTERM to the monitor is passed on, and called-off restarts stay off', async (t) => {
  const command = 'trap "echo stopping; exit 7" TERM; echo ready; while :; do sleep 0.05; done';
  const container = await startContainer(t, {
    command,
    attach: { stdout: true },
    restart: { policy: CODES.restartPolicy.always },
  });
  await container.engine.untilOutput('ready');
  process.kill(container.monitorPid, 'SIGTERM');
  t.is((await container.engine.expect('exited')).code, 7);
  t.is(container.engine.stdout.toString(), 'ready\nstopping\n');
});

test('exit: the container outlives its creator', async (t) => {
  const container = await startContainer(t, { command: 'sleep 0.3; exit 9', log: {} });
  await container.engine.vanish();
  t.is(await container.ended, 0);
  t.is(exitOf(container)['code'], '9');
});

test('exit: a monitor that is killed leaves the state by which its container is found', async (t) => {
  const container = await startContainer(t, { command: 'exec sleep 100' });
  process.kill(container.monitorPid, 'SIGKILL');
  await container.ended;
  const init = pidIn(container.directory, 'init');
  t.true(isAlive(init));
  t.is(stateOf(container)['init'], `${init} ${startTime(init)}`);
  process.kill(init, 'SIGKILL');
});

test('exit: what the command left behind without a pid namespace does not keep the monitor waiting', async (t) => {
  const { engine, exited } = await runContainer(t, { command: 'sleep 100 & echo $!; exit 4' });
  const left = Number.parseInt(engine.stdout.toString(), 10);
  t.true(isAlive(left));
  process.kill(left, 'SIGKILL');
  t.is(exited['code'], '4');
});

test('exit: a process left behind that writes without end does not keep the monitor reading', async (t) => {
  const container = await startContainer(t, {
    command: 'yes & read line; exit 4',
    attach: { stdin: true, stdout: true },
  });
  await container.engine.untilOutput(({ stdout }) => stdout.length > 65_536);
  container.engine.type('\n');
  t.is((await container.engine.expect('exited')).code, 4);
  t.is(await container.ended, 0);
});

test('exit: orphans are reaped', async (t) => {
  // The shell in parentheses ends at once; what it started becomes the monitor's child, and a zombie of it if nobody waits.
  const look = 'cat /proc/$PPID/task/$PPID/children';
  const command = `(sleep 0.05 &); until [ "$(${look})" = "$$ " ]; do sleep 0.02; done; echo alone`;
  const { engine } = await runContainer(t, { command });
  t.is(engine.stdout.toString(), 'alone\n');
});

test('exit: `ps` tells whose monitor it is', async (t) => {
  const container = await startContainer(t, { command: 'exec sleep 100' });
  t.is(commandLine(`${container.monitorPid}`), 'tspod-monitor test');
  t.is(readFileSync(`/proc/${container.monitorPid}/comm`, 'utf8'), 'tspod-monitor\n');
});

test('exit: pids are written where the plan wants them', async (t) => {
  const directory = temporaryDirectory(t);
  const [initFile, monitorFile] = [join(directory, 'init.pid'), join(directory, 'monitor.pid')];
  const steps: Step[] = [
    { op: 'pidFile', stage: 'settings', which: CODES.pidFileOwner.init, path: initFile },
    { op: 'pidFile', stage: 'settings', which: CODES.pidFileOwner.monitor, path: monitorFile },
  ];
  const container = await startContainer(t, { command: 'exec sleep 100', directory, steps });
  t.is(readFileSync(initFile, 'utf8'), `${pidIn(directory, 'init')}\n`);
  t.is(readFileSync(monitorFile, 'utf8'), `${container.monitorPid}\n`);
});

test('exit: a pid file that cannot be written fails the launch', async (t) => {
  for (const which of [0, 1]) {
    const steps: Step[] = [{ op: 'pidFile', stage: 'settings', which, path: '/no/such/directory/pid' }];
    const container = launchContainer(t, { command: 'exec sleep 100', steps });
    t.is((await container.engine.expect('failed')).errno, 2);
    await container.ended;
    t.deepEqual(readdirSync(container.directory), []);
  }
});

test('exit: records are written although the disk is full', async (t) => {
  if (!requires(t, 'root')) return;
  const directory = temporaryDirectory(t);
  t.is(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory]).status, 0);
  t.teardown(() => spawnSync('umount', ['-l', directory]));
  const command = 'read line; exit 7';
  const restart = { policy: CODES.restartPolicy['on-failure'], maxRetries: 1 };
  const container = await startContainer(t, { command, directory, attach: { stdin: true }, restart });
  spawnSync('sh', ['-c', `cat /dev/zero > ${directory}/ballast`]);
  t.throws(() => writeFileSync(join(directory, 'more'), 'x'), { code: 'ENOSPC' });
  container.engine.type('once\n');
  await container.engine.expect('started');
  t.like(stateOf(container), { status: 'running', restarts: '1' });
  container.engine.type('again\n');
  t.is((await container.engine.expect('exited')).code, 7);
  t.like(exitOf(container), { code: '7', restarts: '1' });
});

test('exit: a run directory that has vanished does not keep the monitor from ending', async (t) => {
  const container = await startContainer(t, { command: 'read line; exit 7', attach: { stdin: true } });
  rmSync(container.directory, { recursive: true });
  container.engine.type('\n');
  t.is((await container.engine.expect('exited')).code, 7);
  t.is(await container.ended, 0);
});

test('exit: a time limit ends the container and is recorded', async (t) => {
  const { exited, engine } = await runContainer(t, { command: 'exec sleep 100', timeLimitMs: 150 });
  t.like(exited, { code: '137', signal: '9', timedout: '1' });
  const lasted = BigInt(exited['finished'] ?? 0) - BigInt(exited['started'] ?? 0);
  t.true(lasted >= 150_000_000n && lasted < 60_000_000_000n);
  t.false(engine.has('failed'));
});

test('exit: a run within its time limit is not recorded as timed out', async (t) => {
  const { exited } = await runContainer(t, { command: 'exit 1', timeLimitMs: 60_000 });
  t.like(exited, { code: '1', timedout: '0' });
});

test('exit: with a pid namespace nothing of the container is left', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine } = await runContainer(t, {
    command: 'sleep 1000.25 & setsid sleep 1000.25 & echo started',
    ownPids: true,
  });
  t.is(engine.stdout.toString(), 'started\n');
  const left = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && commandLine(name) === 'sleep 1000.25');
  t.deepEqual(left, []);
});

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}
