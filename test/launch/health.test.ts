/** Health checks as the monitor runs them: counted, recorded, ended in time, and what follows from them. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { check, health, recordOf, startupCheck, untilHealth } from '../helpers/checked.js';
import { until } from '../helpers/until.js';
import { exitOf, startContainer, stateOf } from '../helpers/supervised.js';
import { SLOW } from '../helpers/pace.js';
import { isAlive, untilGone } from '../helpers/processes.js';
import { temporaryDirectory } from '../helpers/temp.js';
import { MESSAGE_CODES } from '../../src/native/messages.js';
import { CODES } from '../../src/plan/codes.js';

const ACTION = CODES.failureAction;
const ANSWER = MESSAGE_CODES.checkAnswer;
const NO_CHECK_BY_ITSELF = { intervalMs: 0n };
const SLEEP = ['sleep', '1000'];

function linesOf(path: string): number {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
}

/** Pids that a script has written, a line each. */
function pidsIn(path: string): number[] {
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').map(Number) : [];
}

async function ask(container: Awaited<ReturnType<typeof startContainer>>): Promise<number> {
  const peer = await container.connect();
  peer.send('check', {});
  const { result } = await peer.expect('checked');
  await peer.vanish();
  return result;
}

test('health: a check that succeeds makes the container healthy, and is run again and again', async (t) => {
  const directory = temporaryDirectory(t);
  const count = join(directory, 'count');
  const container = await startContainer(t, {
    command: SLEEP,
    directory,
    steps: [check(`echo >> ${count}; echo well; echo too >&2`), health()],
  });
  await until('three checks', () => linesOf(count) >= 3);
  const { status, failingStreak, log } = await untilHealth(container, (record) => record.log.length >= 2);
  t.is(status, 'healthy');
  t.is(failingStreak, 0);
  t.like(log[0], { exitCode: 0, output: 'well\ntoo\n' });
  t.true((log[0]?.endedNs ?? 0n) > (log[0]?.startedNs ?? 0n));
  t.true((log[1]?.startedNs ?? 0n) - (log[0]?.endedNs ?? 0n) >= 40_000_000n);
});

test('health: so many failures in a row make it unhealthy, a success makes it healthy', async (t) => {
  const directory = temporaryDirectory(t);
  const well = join(directory, 'well');
  const container = await startContainer(t, {
    command: SLEEP,
    directory,
    steps: [check(`test -e ${well} || { echo ill; exit 7; }`, { failures: 3 }), health()],
  });
  const ill = await untilHealth(container, ({ status }) => status === 'unhealthy');
  t.true(ill.failingStreak >= 3);
  t.like(ill.log.at(-1), { exitCode: 7, output: 'ill\n' });
  writeFileSync(well, '');
  const { failingStreak } = await untilHealth(container, ({ status }) => status === 'healthy');
  t.is(failingStreak, 0);
});

test('health: below that number of failures it goes on starting', async (t) => {
  const container = await startContainer(t, {
    command: SLEEP,
    steps: [check('exit 1', { ...NO_CHECK_BY_ITSELF, failures: 3 }), health()],
  });
  t.is(await ask(container), ANSWER.failed);
  t.is(await ask(container), ANSWER.failed);
  t.like(recordOf(container), { status: 'starting', failingStreak: 2 });
  t.is(await ask(container), ANSWER.failed);
  t.like(recordOf(container), { status: 'unhealthy', failingStreak: 3 });
});

test('health: failures in the start period do not count', async (t) => {
  const container = await startContainer(t, {
    command: SLEEP,
    steps: [check('exit 1', { ...NO_CHECK_BY_ITSELF, failures: 1, graceMs: 100_000n }), health()],
  });
  t.is(await ask(container), ANSWER.failed);
  t.like(recordOf(container), { status: 'starting', failingStreak: 0 });
  t.is(recordOf(container).log.length, 1);
});

test('health: without an interval it is checked only when somebody asks', async (t) => {
  const container = await startContainer(t, { command: SLEEP, steps: [check('true', NO_CHECK_BY_ITSELF), health()] });
  t.is(recordOf(container).log.length, 0);
  t.is(await ask(container), ANSWER.passed);
  t.is(recordOf(container).status, 'healthy');
  t.is(recordOf(container).log.length, 1);
});

test('health: who asks while a check runs gets the result of the next one', async (t) => {
  const directory = temporaryDirectory(t);
  const [begun, go] = [join(directory, 'begun'), join(directory, 'go')];
  const script = `echo >> ${begun}; while ! test -e ${go}; do sleep 0.05; done; echo $(wc -l < ${begun})`;
  const container = await startContainer(t, {
    command: SLEEP,
    directory,
    steps: [check(script, NO_CHECK_BY_ITSELF), health()],
  });
  const [first, second] = [await container.connect(), await container.connect()];
  first.send('check', {});
  await until('the first check', () => linesOf(begun) === 1);
  second.send('check', {});
  second.send('attach', { stdin: 0, stdout: 0, stderr: 0 });
  await second.expect('attached');
  writeFileSync(go, '');
  await first.expect('checked');
  await second.expect('checked');
  t.deepEqual(
    recordOf(container).log.map(({ output }) => output),
    ['1\n', '2\n'],
  );
});

test('health: who asks while a check runs that ends the container hears at once that there is no next one', async (t) => {
  const directory = temporaryDirectory(t);
  const [begun, go] = [join(directory, 'begun'), join(directory, 'go')];
  const script = `echo >> ${begun}; while ! test -e ${go}; do sleep 0.05; done; exit 1`;
  const container = await startContainer(t, {
    command: DEAF,
    directory,
    attach: { stdout: true },
    steps: [check(script, { ...NO_CHECK_BY_ITSELF, failures: 1 }), health({ onFailure: ACTION.stop })],
  });
  await container.engine.untilOutput('ready\n');
  const [first, second] = [await container.connect(), await container.connect()];
  first.send('check', {});
  await until('the check', () => linesOf(begun) === 1);
  second.send('check', {});
  second.send('attach', { stdin: 0, stdout: 0, stderr: 0 });
  await second.expect('attached');
  writeFileSync(go, '');
  t.is((await first.expect('checked')).result, ANSWER.failed);
  t.is((await second.expect('checked')).result, ANSWER.notRun);
  t.false(existsSync(join(directory, 'exit')), 'it has its time to stop');
});

test('health: a check that does not end is killed with all that it has started, and has failed', async (t) => {
  const directory = temporaryDirectory(t);
  const pids = join(directory, 'pids');
  const script = `echo before; echo $$ >> ${pids}; sleep 1000 & echo $! >> ${pids}; setsid sleep 1000 & echo $! >> ${pids}; wait`;
  const container = await startContainer(t, {
    command: SLEEP,
    directory,
    steps: [check(script, { intervalMs: 0n, timeoutMs: BigInt(5000 * SLOW), failures: 1 }), health()],
  });
  t.is(await ask(container), ANSWER.failed);
  t.like(recordOf(container), { status: 'unhealthy' });
  t.like(recordOf(container).log[0], { exitCode: -1, output: 'before\n' });
  t.is(pidsIn(pids).length, 3);
  await untilGone(...pidsIn(pids));
  t.is(await ask(container), ANSWER.failed);
});

test('health: children that a check leaves behind do not hold it up, and end with it', async (t) => {
  const directory = temporaryDirectory(t);
  const pids = join(directory, 'pids');
  const container = await startContainer(t, {
    command: SLEEP,
    directory,
    steps: [check(`sleep 1000 & echo $! >> ${pids}; echo done`, NO_CHECK_BY_ITSELF), health()],
  });
  t.is(await ask(container), ANSWER.passed);
  t.like(recordOf(container).log[0], { output: 'done\n' });
  await untilGone(...pidsIn(pids));
});

test('health: of much output the first bytes are kept, and it costs no memory', async (t) => {
  const container = await startContainer(t, {
    command: SLEEP,
    steps: [check('head -c 100000000 /dev/zero | tr "\\0" x', NO_CHECK_BY_ITSELF), health({ outputBytes: 100 })],
  });
  t.is(await ask(container), ANSWER.passed);
  t.is(recordOf(container).log[0]?.output, 'x'.repeat(100));
  const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${container.monitorPid}/status`, 'utf8'))?.[1]);
  t.true(peak < 60_000, `${peak} kB`);
});

test('health: the record keeps the last results only', async (t) => {
  const directory = temporaryDirectory(t);
  const count = join(directory, 'count');
  const container = await startContainer(t, {
    command: SLEEP,
    directory,
    steps: [check(`echo >> ${count}; wc -l < ${count}`, NO_CHECK_BY_ITSELF), health({ logEntries: 2 })],
  });
  for (let i = 0; i < 4; i += 1) t.is(await ask(container), ANSWER.passed);
  t.deepEqual(
    recordOf(container).log.map(({ output }) => output),
    ['3\n', '4\n'],
  );
});

test('health: a command that is not there is a failure that says so', async (t) => {
  const container = await startContainer(t, { command: SLEEP, steps: [check('', NO_CHECK_BY_ITSELF), health()] });
  t.is(await ask(container), ANSWER.failed);
  t.like(recordOf(container).log[0], { exitCode: 127 });
  t.regex(recordOf(container).log[0]?.output ?? '', /\/nonexistent.*No such file or directory/);
});

test('health: a check that a signal ends has 128 and its number', async (t) => {
  const container = await startContainer(t, {
    command: SLEEP,
    steps: [check('kill -9 $$', NO_CHECK_BY_ITSELF), health()],
  });
  t.is(await ask(container), ANSWER.failed);
  t.like(recordOf(container).log[0], { exitCode: 137 });
});

test('health: the regular check begins when the start-up check has succeeded', async (t) => {
  const directory = temporaryDirectory(t);
  const [ready, regular, startup] = ['ready', 'regular', 'startup'].map((name) => join(directory, name));
  const container = await startContainer(t, {
    command: SLEEP,
    directory,
    steps: [
      check(`echo >> ${regular}`),
      startupCheck(`echo >> ${startup}; test -e ${ready}`, { failures: 0, successes: 2 }),
      health(),
    ],
  });
  await until('start-up checks', () => linesOf(startup ?? '') >= 3);
  t.is(linesOf(regular ?? ''), 0);
  t.like(recordOf(container), { status: 'starting', failingStreak: 0 });
  t.is(await ask(container), ANSWER.failedStartup);
  writeFileSync(ready ?? '', '');
  await untilHealth(container, ({ status }) => status === 'healthy');
  const count = linesOf(startup ?? '');
  await until('regular checks', () => linesOf(regular ?? '') >= 3);
  t.is(linesOf(startup ?? ''), count);
});

test('health: too many failures of the start-up check restart the container, whatever its policy', async (t) => {
  const container = await startContainer(t, {
    command: SLEEP,
    steps: [check('true'), startupCheck('exit 1', { failures: 2 }), health()],
  });
  await container.engine.vanish();
  await until('two restarts', () => Number(stateOf(container)['restarts']) >= 2);
  await (await container.connect()).vanish();
  t.false(existsSync(join(container.directory, 'exit')));
});

test('health: restart ends an unhealthy container and launches it again, with nothing counted', async (t) => {
  const directory = temporaryDirectory(t);
  const [runs, healed] = [join(directory, 'runs'), join(directory, 'healed')];
  const container = await startContainer(t, {
    command: `echo $$ >> ${runs}; exec sleep 1000`,
    directory,
    steps: [check(`test -e ${healed}`, { failures: 2 }), health({ onFailure: ACTION.restart })],
  });
  await until('the second run', () => linesOf(runs) >= 2);
  writeFileSync(healed, '');
  const record = await untilHealth(container, ({ status }) => status === 'healthy');
  t.is(record.failingStreak, 0);
  t.true(record.log.filter(({ exitCode }) => exitCode !== 0).length <= 1, 'those of the life before are forgotten');
  // A check may be faster than the command.
  const init = Number.parseInt(stateOf(container)['init'] ?? '', 10);
  await until('the last run is that of the state', () => pidsIn(runs).at(-1) === init);
  t.true(Number(stateOf(container)['restarts']) >= 1);
  await untilGone(...pidsIn(runs).slice(0, -1));
});

test('health: who stops a container is not overruled by a check that wants to restart it', async (t) => {
  const container = await startContainer(t, {
    command: SLEEP,
    steps: [check('exit 1', { ...NO_CHECK_BY_ITSELF, failures: 1 }), health({ onFailure: ACTION.restart })],
  });
  const peer = await container.connect();
  peer.send('stop', {});
  await peer.expect('stopping');
  t.is(await ask(container), ANSWER.failed);
  t.is(await ask(container), ANSWER.failed, 'its end was not begun');
  t.true(isAlive(Number.parseInt(stateOf(container)['init'] ?? '', 10)));
  container.monitor.kill('SIGTERM');
  await container.ended;
  t.like(exitOf(container), { signal: '15', restarts: '0' });
});

test('health: who sends a signal, whatever he means, does not keep a check from restarting the container', async (t) => {
  const container = await startContainer(t, {
    command: DEAF,
    attach: { stdout: true },
    restart: { policy: CODES.restartPolicy.always, firstDelayMs: 3000, lastDelayMs: 3000 },
    steps: [
      check('exit 1', { ...NO_CHECK_BY_ITSELF, failures: 1 }),
      health({ onFailure: ACTION.restart, stopTimeoutMs: 300n }),
    ],
  });
  const peer = await container.connect();
  const dropPolicy = async () => {
    peer.send('dropPolicy', {});
    await peer.expect('stopping');
  };
  await container.engine.untilOutput('ready\n');
  await dropPolicy();
  t.is(await ask(container), ANSWER.failed);
  // While it has its time to stop, and while the launch is waited for.
  await dropPolicy();
  await until('the wait', () => stateOf(container)['status'] === 'waiting');
  await dropPolicy();
  await container.engine.untilOutput('ready\nready\n');
  t.like(stateOf(container), { status: 'running', restarts: '1' });
  process.kill(Number.parseInt(stateOf(container)['init'] ?? '', 10), 'SIGKILL');
  await container.ended;
  t.like(exitOf(container), { signal: '9', restarts: '1' });
});

async function endsFor(t: ExecutionContext, action: 'kill' | 'stop', command: string, signal: string): Promise<void> {
  const container = await startContainer(t, {
    command,
    attach: { stdout: true },
    restart: { policy: CODES.restartPolicy.always },
    steps: [
      check('exit 1', { ...NO_CHECK_BY_ITSELF, failures: 1 }),
      health({ onFailure: ACTION[action], stopTimeoutMs: 300n }),
    ],
  });
  await container.engine.untilOutput('ready');
  void ask(container).catch(() => undefined);
  await container.engine.expect('exited');
  await container.ended;
  t.like(exitOf(container), { signal, restarts: '0' });
}

const DEAF = "trap '' TERM; echo ready; while :; do sleep 0.1; done";
test('health: kill ends an unhealthy container for good', endsFor, 'kill', DEAF, '9');
test('health: stop sends the stop signal', endsFor, 'stop', 'echo ready; exec sleep 1000', '15');
test('health: stop kills what does not end in time', endsFor, 'stop', DEAF, '9');

test('health: nothing is checked while the container is frozen', async (t) => {
  const directory = temporaryDirectory(t);
  const [freezer, count] = [join(directory, 'freezer'), join(directory, 'count')];
  writeFileSync(freezer, '0\n');
  const container = await startContainer(t, {
    command: SLEEP,
    directory,
    steps: [check(`echo >> ${count}`), health({ freezer, thawed: '0' })],
  });
  await until('a check', () => linesOf(count) >= 1);
  writeFileSync(freezer, '1\n');
  t.is(await ask(container), ANSWER.notRun);
  // The one that was running when the file was written may end; no other begins.
  const asked = await container.connect();
  asked.send('check', {});
  t.is((await asked.expect('checked')).result, ANSWER.notRun);
  const before = linesOf(count);
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.true(linesOf(count) <= before + 1);
  const frozen = linesOf(count);
  writeFileSync(freezer, '0\n');
  await until('a check after the thaw', () => linesOf(count) > frozen);
});

test('health: a check has its time anew when the container was frozen meanwhile', async (t) => {
  const directory = temporaryDirectory(t);
  const [freezer, go, begun] = ['freezer', 'go', 'begun'].map((name) => join(directory, name));
  writeFileSync(freezer ?? '', '0');
  const script = `echo >> ${begun}; while ! test -e ${go}; do sleep 0.02; done`;
  const container = await startContainer(t, {
    command: SLEEP,
    directory,
    steps: [
      check(script, { intervalMs: 0n, timeoutMs: BigInt(4000 * SLOW), failures: 1 }),
      health({ freezer: freezer ?? '', thawed: '0' }),
    ],
  });
  const answer = ask(container);
  await until('the check', () => linesOf(begun ?? '') === 1);
  writeFileSync(freezer ?? '', '1');
  await new Promise((resolve) => setTimeout(resolve, 5000 * SLOW));
  writeFileSync(go ?? '', '');
  t.is(await answer, ANSWER.passed);
});

test('health: a check that runs ends with the container', async (t) => {
  const directory = temporaryDirectory(t);
  const pids = join(directory, 'pids');
  const container = await startContainer(t, {
    command: SLEEP,
    directory,
    steps: [check(`echo $$ >> ${pids}; sleep 1000 & echo $! >> ${pids}; wait`), health()],
  });
  await until('the check', () => pidsIn(pids).length === 2);
  container.monitor.kill('SIGTERM');
  t.is(await container.ended, 0);
  await untilGone(...pidsIn(pids));
});

test('health: a check that runs ends with a monitor that is killed', async (t) => {
  const directory = temporaryDirectory(t);
  const pids = join(directory, 'pids');
  const container = await startContainer(t, {
    command: SLEEP,
    directory,
    steps: [check(`echo $$ >> ${pids}; sleep 1000 & echo $! >> ${pids}; wait`), health()],
  });
  await until('the check', () => pidsIn(pids).length === 2);
  const children = readFileSync(`/proc/${container.monitorPid}/task/${container.monitorPid}/children`, 'utf8');
  const init = Number.parseInt(stateOf(container)['init'] ?? '', 10);
  const others = children
    .trim()
    .split(' ')
    .map(Number)
    .filter((pid) => pid !== init);
  t.is(others.length, 1);
  container.monitor.kill('SIGKILL');
  await untilGone(...others, ...pidsIn(pids));
  process.kill(init, 'SIGKILL');
  t.pass();
});

test('health: who asks for a check of a container that ends hears that it was not run', async (t) => {
  const directory = temporaryDirectory(t);
  const begun = join(directory, 'begun');
  const container = await startContainer(t, {
    command: SLEEP,
    directory,
    steps: [check(`echo >> ${begun}; exec sleep 1000`, NO_CHECK_BY_ITSELF), health()],
  });
  const answer = ask(container);
  await until('the check', () => linesOf(begun) === 1);
  container.monitor.kill('SIGTERM');
  t.is(await answer, ANSWER.notRun);
});

test('health: a container without a check answers that nothing was run', async (t) => {
  const container = await startContainer(t, { command: SLEEP });
  t.is(await ask(container), ANSWER.notRun);
  t.false(existsSync(join(container.directory, 'health')));
});

test('health: checks leave no descriptor behind', async (t) => {
  const directory = temporaryDirectory(t);
  const count = join(directory, 'count');
  const container = await startContainer(t, {
    command: SLEEP,
    directory,
    steps: [check(`echo >> ${count}`, { intervalMs: 1n }), health()],
  });
  const descriptors = (): number => readdirSync(`/proc/${container.monitorPid}/fd`).length;
  await until('the first checks', () => linesOf(count) >= 2);
  // A check that runs has some: its line, its output, its process. Between two checks there are the fewest.
  const fewest = () => Math.min(...Array.from({ length: 100 }, descriptors));
  const before = fewest();
  await until('many checks', () => linesOf(count) >= 30);
  const after = fewest();
  t.true(after <= before + 4, `${before} before, ${after} after`);
});
