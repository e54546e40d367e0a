/** Processes by pidfds. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { openProcess, processStartTime } from '../../../src/native/index.js';
import { openDescriptors } from '../../helpers/native.js';
import { withFewDescriptors } from '../../helpers/scarce.js';

/** A process that sleeps, and its end. */
function sleeper(t: ExecutionContext): { pid: number; ended: Promise<unknown[]> } {
  const child = spawn('/bin/sleep', ['1000']);
  t.teardown(() => child.kill('SIGKILL'));
  return { pid: child.pid ?? 0, ended: once(child, 'exit') };
}

/** A process that prints the number of the signal that it gets. */
async function trapper(t: ExecutionContext): Promise<{ pid: number; signal: Promise<string> }> {
  const traps = [15, 34, 37, 64].map((number) => `trap 'kill $child; echo ${number}; exit' ${number}`);
  const script = ['sleep 1000 & child=$!', ...traps, 'echo ready', 'wait'].join('\n');
  const child = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const signal = once(child.stdout, 'data').then(([chunk]) => (chunk as Buffer).toString().trim());
  return { pid: child.pid ?? 0, signal };
}

test('a living process can be opened, killed and waited for', async (t) => {
  const { pid, ended } = sleeper(t);
  using handle = openProcess(pid, processStartTime(pid));
  t.is(handle?.pid, pid);
  t.true(handle?.isAlive());
  const waiting = handle?.wait();
  handle?.kill('SIGKILL');
  await waiting;
  t.false(handle?.isAlive());
  const [, signal] = await ended;
  t.is(signal, 'SIGKILL');
  t.throws(() => handle?.kill(15), {
    name: 'NativeError',
    code: 'ESRCH',
    message: `pidfd_send_signal "${pid}": no such process`,
  });
  await handle?.wait();
});

/**
 * Serial, and with few questions in a turn: the pipe in which libuv keeps signals holds 4,096, and one that does not fit
 * is lost, be it the SIGCHLD of another test.
 */
test.serial('a signal in the middle of the question changes no answer', async (t) => {
  let caught = 0;
  const count = () => (caught += 1);
  process.on('SIGWINCH', count);
  t.teardown(() => process.off('SIGWINCH', count));
  const storm = spawn('/bin/sh', ['-c', `while kill -WINCH ${process.pid}; do :; done`], { stdio: 'ignore' });
  using handle = openProcess(process.pid);
  while (caught < 20_000) {
    for (let question = 0; question < 100; question += 1) assert(handle?.isAlive());
    await setImmediate();
  }
  const ended = once(storm, 'exit');
  storm.kill('SIGKILL');
  t.deepEqual(await ended, [null, 'SIGKILL']);
});

test('a process with another start time is another process', (t) => {
  const { pid } = sleeper(t);
  const start = processStartTime(pid) ?? 0n;
  t.is(openProcess(pid, start + 1n), undefined);
  t.is(openProcess(pid, Number(start) - 1), undefined);
  openProcess(pid, Number(start))?.close();
});

test('there is none with a number that nobody has', (t) => {
  const most = Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8'));
  t.is(openProcess(most), undefined);
  t.is(processStartTime(most), undefined);
  for (const pid of [0, -1, 1.5, Number.NaN, 2 ** 31]) t.throws(() => openProcess(pid), { instanceOf: TypeError });
});

test('the number of a thread is not that of a process', (t) => {
  const threads = readdirSync('/proc/self/task').map(Number);
  const others = threads.filter((thread) => thread !== process.pid);
  t.true(others.length > 0);
  for (const thread of others) t.is(openProcess(thread), undefined);
});

test('a zombie is not alive', async (t) => {
  // sh becomes sleep, which reaps nothing: its child stays a zombie.
  const child = spawn('/bin/sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 1000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  const zombie = Number(chunk.toString());
  while (!/\) Z /.test(readFileSync(`/proc/${zombie}/stat`, 'utf8')))
    await new Promise((resolve) => setTimeout(resolve, 5));
  t.is(openProcess(zombie), undefined);
  t.is(processStartTime(zombie), undefined);
});

test('the start time is found behind any name', (t) => {
  const start = processStartTime(process.pid);
  t.is(typeof start, 'bigint');
  const title = process.title;
  process.title = 'a) (b 1 2';
  t.is(processStartTime(process.pid), start);
  process.title = title;
});

test('a wait goes on when its handle is closed, and ends by its signal', async (t) => {
  const { pid } = sleeper(t);
  const handle = openProcess(pid);
  const controller = new AbortController();
  const [ended, aborted] = [handle?.wait(), handle?.wait({ signal: controller.signal })];
  handle?.close();
  handle?.close();
  t.throws(() => handle?.isAlive(), { instanceOf: TypeError });
  controller.abort();
  await t.throwsAsync(aborted ?? Promise.resolve(), { code: 'ABORTED' });
  process.kill(pid, 'SIGKILL');
  await ended;
});

for (const [signal, number] of [
  ['TERM', '15'],
  ['SIGTERM', '15'],
  ['RTMIN+3', '37'],
  ['SIGRTMAX', '64'],
  [34, '34'],
] as const) {
  test(`the signal ${signal} is number ${number}`, async (t) => {
    const { pid, signal: received } = await trapper(t);
    using handle = openProcess(pid);
    handle?.kill(signal);
    t.is(await received, number);
  });
}

test('what is no signal is refused', (t) => {
  using handle = openProcess(process.pid);
  for (const signal of ['SIGNOPE', '', 0, 65, -1, 'RTMIN+31'])
    t.throws(() => handle?.kill(signal), { instanceOf: TypeError });
});

test.serial('a start time that is none, or cannot be looked up, leaves no descriptor', async (t) => {
  const before = openDescriptors();
  for (const wrong of [1.5, Number.NaN, Infinity, '1', {}] as number[])
    t.throws(() => openProcess(process.pid, wrong), { instanceOf: TypeError }, String(wrong));
  const start = processStartTime(process.pid);
  await withFewDescriptors(3, () => openProcess(process.pid, start));
  t.deepEqual(openDescriptors(), before);
});

test.serial('a thousand handles leave no descriptor', async (t) => {
  const before = [...openDescriptors().keys()];
  const { pid } = sleeper(t);
  const during = [...openDescriptors().keys()];
  for (let round = 0; round < 1000; round += 1) {
    using handle = openProcess(pid);
    const waiting = handle?.wait({ signal: AbortSignal.timeout(0) });
    await t.throwsAsync(waiting ?? Promise.resolve());
  }
  t.deepEqual([...openDescriptors().keys()], during);
  t.true(before.length <= during.length);
});
