/** Restart policies: how often, after how long, and how they are called off. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import {
  exitOf,
  launchContainer,
  pidIn,
  readRecord,
  runContainer,
  startContainer,
  stateOf,
} from '../helpers/supervised.js';
import { SLOW } from '../helpers/pace.js';
import { isAlive, untilGone } from '../helpers/processes.js';
import type { Container } from '../helpers/supervised.js';
import { temporaryDirectory } from '../helpers/temp.js';
import { until } from '../helpers/until.js';
import { CODES } from '../../src/plan/codes.js';

const { no: NO, 'on-failure': ON_FAILURE, always: ALWAYS, 'unless-stopped': UNLESS_STOPPED } = CODES.restartPolicy;

/** Waits until the state file says so. */
async function untilState(container: Container, status: string): Promise<void> {
  for (let i = 0; i < 1000; i += 1) {
    if (existsSync(join(container.directory, 'state')) && stateOf(container)['status'] === status) return;
    await delay(10);
  }
  throw new Error(`the container does not get into the state "${status}"`);
}

async function runsTimes(
  t: ExecutionContext,
  options: { policy: number; maxRetries?: number; code: number },
  runs: number,
): Promise<void> {
  const { policy, maxRetries = 0, code } = options;
  const { engine, exited } = await runContainer(t, {
    command: `echo run; exit ${code}`,
    restart: { policy, maxRetries },
  });
  t.is(engine.stdout.toString(), 'run\n'.repeat(runs));
  t.like(exited, { code: `${code}`, restarts: `${runs - 1}` });
  for (let i = 0; i < runs; i += 1) t.true((await engine.expect('started')).pid > 0);
  t.false(engine.has('started'));
}

test('restart: policy no runs once, whatever the code', runsTimes, { policy: NO, code: 1 }, 1);
test('restart: on-failure does not run again after a success', runsTimes, { policy: ON_FAILURE, code: 0 }, 1);
test('restart: on-failure:3 runs four times', runsTimes, { policy: ON_FAILURE, maxRetries: 3, code: 5 }, 4);

test('restart: on-failure runs until it succeeds', async (t) => {
  const directory = temporaryDirectory(t);
  const count = join(directory, 'count');
  writeFileSync(count, '');
  const command = `echo >> ${count}; test $(wc -l < ${count}) -ge 3`;
  const { exited } = await runContainer(t, { command, directory, restart: { policy: ON_FAILURE } });
  t.like(exited, { code: '0', restarts: '2' });
});

test('restart: being killed is a failure', async (t) => {
  const { exited } = await runContainer(t, { command: 'kill -9 $$', restart: { policy: ON_FAILURE, maxRetries: 2 } });
  t.like(exited, { code: '137', signal: '9', restarts: '2' });
});

async function goesOnUntilStopped(t: ExecutionContext, policy: number): Promise<void> {
  const container = await startContainer(t, {
    command: 'echo run; exit 0',
    attach: { stdout: true },
    restart: { policy },
  });
  await container.engine.untilOutput('run\nrun\nrun\n');
  const peer = await container.connect();
  peer.send('stop', {});
  await peer.expect('stopping');
  t.is((await container.engine.expect('exited')).code, 0);
  const restarts = Number(exitOf(container)['restarts']);
  t.is(container.engine.stdout.toString(), 'run\n'.repeat(restarts + 1));
  t.true(restarts >= 2);
}

test('restart: always goes on after successes, until stopped', goesOnUntilStopped, ALWAYS);
test('restart: unless-stopped goes on after successes, until stopped', goesOnUntilStopped, UNLESS_STOPPED);

test('restart: how each run ended that another follows is kept for a reader', async (t) => {
  const { directory, exited } = await runContainer(t, {
    command: 'kill -9 $$',
    restart: { policy: ON_FAILURE, maxRetries: 2 },
  });
  const ends = [0, 1].map((run) => readRecord(join(directory, `end-${run}`)));
  t.deepEqual(
    ends.map(({ code, signal, restarts }) => ({ code, signal, restarts })),
    ['0', '1'].map((restarts) => ({ code: '137', signal: '9', restarts })),
  );
  const times = [...ends, exited].flatMap(({ started, finished }) => [BigInt(started ?? 0), BigInt(finished ?? 0)]);
  t.deepEqual(
    times,
    times.toSorted((a, b) => (a < b ? -1 : 1)),
  );
  t.is(new Set(times).size, 6);
  t.false(existsSync(join(directory, 'end-2')));
});

test('restart: the delay doubles, up to the last', async (t) => {
  const restart = { policy: ON_FAILURE, maxRetries: 3, firstDelayMs: 100, lastDelayMs: 300 };
  const starts: number[] = [];
  const { engine } = launchContainer(t, { command: 'date +%s%N; exit 1', attach: { stdout: true }, restart });
  await engine.expect('exited');
  for (const line of engine.stdout.toString().trim().split('\n')) starts.push(Number(BigInt(line) / 1_000_000n));
  const gaps = starts.slice(1).map((start, i) => start - (starts[i] ?? 0));
  t.is(gaps.length, 3);
  for (const [i, wanted] of [100, 200, 300].entries()) {
    t.true((gaps[i] ?? 0) >= wanted, `gap ${gaps[i]} for ${wanted}`);
  }
});

test('restart: the delay grows no further than the last', async (t) => {
  // Doubled each time, they would be seven minutes.
  const restart = { policy: ON_FAILURE, maxRetries: 12, firstDelayMs: 100, lastDelayMs: 150 };
  const { engine } = launchContainer(t, { command: 'exit 1', restart });
  t.is((await engine.expect('exited')).code, 1);
});

test('restart: a stop while it waits ends the container at once', async (t) => {
  const restart = { policy: ALWAYS, firstDelayMs: 60_000, lastDelayMs: 60_000 };
  const container = await startContainer(t, { command: 'exit 3', restart });
  await untilState(container, 'waiting');
  t.false(existsSync(join(container.directory, 'exit')));
  const peer = await container.connect();
  peer.send('stop', {});
  await peer.expect('stopping');
  t.is((await peer.expect('exited')).code, 3);
  await container.ended;
  t.like(exitOf(container), { code: '3', restarts: '0' });
});

test('restart: SIGTERM to the monitor ends a launch in which the first process is held up', async (t) => {
  const directory = temporaryDirectory(t);
  const held = join(directory, 'held');
  const script = `if [ -e ${directory}/once ]; then echo > ${held}; exec sleep 1000; fi; echo > ${directory}/once`;
  const hook = { path: '/bin/sh', args: ['hook', '-c', script], env: ['PATH=/usr/bin:/bin'], timeoutMs: 0 };
  const container = await startContainer(t, {
    command: 'exit 3',
    directory,
    restart: { policy: ALWAYS },
    steps: [{ op: 'hook', stage: 'init', ...hook, stateBefore: Buffer.of(), stateAfter: Buffer.of() }],
  });
  await until('the second launch is held up', () => existsSync(held));
  const init = pidIn(directory, 'init');
  process.kill(container.monitorPid, 'SIGTERM');
  t.is(await container.ended, 0);
  t.like(exitOf(container), { code: '3', restarts: '1' });
  t.is(exitOf(container)['error'] ?? '', '');
  t.false(isAlive(init));
});

test('restart: a signal of the user while it waits ends the container at once', async (t) => {
  const restart = { policy: ALWAYS, firstDelayMs: 60_000, lastDelayMs: 60_000 };
  const container = await startContainer(t, { command: 'exit 3', restart });
  await untilState(container, 'waiting');
  const peer = await container.connect();
  peer.send('dropPolicy', {});
  await peer.expect('stopping');
  t.is((await peer.expect('exited')).code, 3);
});

test('restart: SIGTERM to the monitor while it waits ends the container at once', async (t) => {
  const restart = { policy: ALWAYS, firstDelayMs: 60_000, lastDelayMs: 60_000 };
  const container = await startContainer(t, { command: 'exit 3', restart });
  await untilState(container, 'waiting');
  process.kill(container.monitorPid, 'SIGTERM');
  t.is(await container.ended, 0);
  t.is(exitOf(container)['code'], '3');
});

test('restart: a run that ends while no descriptor is free is followed by another, and its end is told as soon as there is one', async (t) => {
  const container = await startContainer(t, {
    command: 'read line; exit 1',
    attach: { stdin: true },
    restart: { policy: ALWAYS, firstDelayMs: 5000 * SLOW, lastDelayMs: 5000 * SLOW },
  });
  const first = pidIn(container.directory, 'init');
  limitDescriptors(container, 3);
  container.engine.type('\n');
  await untilGone(first);
  await delay(50);
  t.is(stateOf(container)['status'], 'running', 'the limit was felt');
  limitDescriptors(container, 1024);
  await untilState(container, 'waiting');
  await container.engine.expect('started');
  t.like(stateOf(container), { status: 'running', restarts: '1' });
});

/** Of the monitor, from now on: what it has open it keeps. */
function limitDescriptors({ monitorPid }: Container, soft: number): void {
  spawnSync('prlimit', ['--pid', `${monitorPid}`, `--nofile=${soft}:`]);
}

test('restart: a stop before the signal keeps a container down that is killed after it', async (t) => {
  const container = await startContainer(t, { command: 'exec sleep 100', restart: { policy: ALWAYS } });
  const peer = await container.connect();
  peer.send('stop', {});
  await peer.expect('stopping');
  process.kill(pidIn(container.directory, 'init'), 'SIGKILL');
  t.is((await peer.expect('exited')).code, 137);
  t.is(exitOf(container)['restarts'], '0');
});

test('restart: clients stay attached, and are told of each start', async (t) => {
  const container = await startContainer(t, {
    command: 'read line; echo "got $line"; exit 1',
    attach: { stdin: true, stdout: true },
    restart: { policy: ALWAYS },
  });
  const first = stateOf(container)['init'];
  container.engine.type('one\n');
  await container.engine.expect('started');
  t.not(stateOf(container)['init'], first);
  t.like(stateOf(container), { status: 'running', restarts: '1' });
  container.engine.type('two\n');
  await container.engine.untilOutput('got one\ngot two\n');
  t.pass();
});

test('restart: a command that has vanished ends it, with the reason in the record', async (t) => {
  const directory = temporaryDirectory(t);
  const script = join(directory, 'script');
  writeFileSync(script, '#!/bin/sh\nrm -f "$0"\nexit 4\n', { mode: 0o755 });
  const { exited, engine } = await runContainer(t, { command: [script], directory, restart: { policy: ALWAYS } });
  t.like(exited, { code: '4', restarts: '1' });
  t.regex(exited['error'] ?? '', /script: No such file or directory$/);
  t.false(engine.has('failed'));
});

test('restart: each run has a time limit of its own', async (t) => {
  const restart = { policy: ON_FAILURE, maxRetries: 1 };
  const { exited } = await runContainer(t, { command: 'exec sleep 100', timeLimitMs: 100, restart });
  t.like(exited, { code: '137', timedout: '1', restarts: '1' });
});

test('restart: a gate is waited at only the first time', async (t) => {
  const restart = { policy: ON_FAILURE, maxRetries: 2 };
  const container = launchContainer(t, { command: 'echo run; exit 1', gate: true, attach: { stdout: true }, restart });
  await container.engine.expect('created');
  const peer = await container.connect();
  peer.send('start', {});
  await peer.expect('started');
  await container.engine.expect('exited');
  t.is(container.engine.stdout.toString(), 'run\nrun\nrun\n');
});

test('restart: many restarts leave no descriptor open', async (t) => {
  const container = await startContainer(t, {
    command: 'echo run',
    restart: { policy: ALWAYS, firstDelayMs: 1, lastDelayMs: 1 },
    log: {},
    attach: { stdout: true },
  });
  const descriptors = () =>
    readFileSync(`/proc/${container.monitorPid}/status`, 'utf8').match(/^FDSize:\s+(\d+)$/m)?.[1];
  await container.engine.untilOutput((peer) => peer.stdout.length > 4 * 10);
  const before = descriptors();
  await container.engine.untilOutput((peer) => peer.stdout.length > 4 * 150);
  t.is(descriptors(), before);
  container.engine.send('stop', {});
  await container.engine.expect('exited');
});
