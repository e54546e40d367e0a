/** Locks between processes, threads and waiters of one thread. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import {
  existsSync,
  linkSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { lock, tryLock } from '../../../src/native/index.js';
import { added, openDescriptors, threadCount } from '../../helpers/native.js';
import { untilLockAwaited } from '../../helpers/locks.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';

const MODULE = new URL('../../../src/native/index.js', import.meta.url).href;

/** Another node that runs a script with `lock` and `tryLock`; each line that it prints is an answer. */
function otherProcess(t: ExecutionContext, script: string): { child: ChildProcess; line: () => Promise<string> } {
  const source = `import { lock, tryLock } from '${MODULE}'; ${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const line = async () => {
    while (!text.includes('\n')) await once(child.stdout, 'data');
    const [first = '', ...rest] = text.split('\n');
    text = rest.join('\n');
    return first;
  };
  return { child, line };
}

test.serial('a lock is free, then held, then free again', (t) => {
  const path = join(temporaryDirectory(t), 'lock');
  const held = tryLock(path);
  t.is(held?.path, path);
  t.is(statSync(path).mode & 0o777, 0o600);
  t.is(tryLock(path), undefined);
  held?.release();
  held?.release();
  const again = tryLock(path);
  t.truthy(again);
  again?.[Symbol.dispose]();
  t.truthy(tryLock(path));
});

test.serial('a waiter gets the lock when it is released', async (t) => {
  const path = join(temporaryDirectory(t), 'lock');
  const held = tryLock(path);
  let mine = false;
  const waiting = lock(path).then((taken) => {
    mine = true;
    return taken;
  });
  await untilLockAwaited(path);
  t.false(mine);
  held?.release();
  (await waiting).release();
});

test.serial('fifty waiters get the lock one by one, in their order, and file reads go on meanwhile', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'lock');
  const held = tryLock(path);
  let inside = 0;
  const order: number[] = [];
  const waiters = Array.from({ length: 50 }, async (_, index) => {
    using _lock = await lock(path);
    inside += 1;
    t.is(inside, 1);
    await writeFile(join(directory, 'data'), String(index)); // on libuv's pool, which waiters must not fill
    order.push(index);
    inside -= 1;
  });
  await readFile('/proc/self/status');
  t.true(threadCount() < 30, 'waiters of one path share a thread');
  held?.release();
  await Promise.all(waiters);
  t.deepEqual(
    order,
    Array.from({ length: 50 }, (_, index) => index),
  );
});

test.serial('waiting for many different locks does not stop the holder', async (t) => {
  const directory = temporaryDirectory(t);
  const paths = Array.from({ length: 40 }, (_, index) => join(directory, `lock-${index}`));
  const held = paths.map((path) => tryLock(path));
  const waiters = paths.map((path) => lock(path));
  await readFile('/proc/self/status');
  await writeFile(join(directory, 'data'), 'x');
  for (const one of held) one?.release();
  for (const taken of await Promise.all(waiters)) taken.release();
  t.pass();
});

test.serial('another process waits for ours, and we for it', async (t) => {
  const path = join(temporaryDirectory(t), 'lock');
  const held = tryLock(path);
  const { child, line } = otherProcess(
    t,
    `const path = ${JSON.stringify(path)};
     console.log(tryLock(path) === undefined ? 'busy' : 'free');
     const mine = await lock(path);
     console.log('locked');
     process.stdin.once('data', () => { mine.release(); console.log('released'); process.exit(); });`,
  );
  t.is(await line(), 'busy');
  held?.release();
  t.is(await line(), 'locked');
  t.is(tryLock(path), undefined);
  const waiting = lock(path);
  child.stdin?.write('go\n');
  t.is(await line(), 'released');
  (await waiting).release();
});

test.serial('a lock dies with its process', async (t) => {
  const path = join(temporaryDirectory(t), 'lock');
  const { child, line } = otherProcess(
    t,
    `await lock(${JSON.stringify(path)}); console.log('locked'); setInterval(() => {}, 1e6);`,
  );
  t.is(await line(), 'locked');
  const waiting = lock(path);
  child.kill('SIGKILL');
  (await waiting).release();
  t.pass();
});

test.serial('processes never hold a lock together', async (t) => {
  const directory = temporaryDirectory(t);
  const script = `
    import { readFileSync, writeFileSync } from 'node:fs';
    const counter = ${JSON.stringify(join(directory, 'counter'))};
    for (let round = 0; round < 200; round += 1) {
      const mine = await lock(${JSON.stringify(join(directory, 'lock'))});
      writeFileSync(counter, String(Number(readFileSync(counter, 'utf8')) + 1));
      mine.release();
    }
    console.log('done');`;
  writeFileSync(join(directory, 'counter'), '0');
  const others = [otherProcess(t, script), otherProcess(t, script), otherProcess(t, script)];
  t.deepEqual(await Promise.all(others.map(({ line }) => line())), ['done', 'done', 'done']);
  t.is(readFileSync(join(directory, 'counter'), 'utf8'), '600');
});

test.serial('worker threads exclude each other', async (t) => {
  const directory = temporaryDirectory(t);
  const counter = new Int32Array(new SharedArrayBuffer(8));
  const source = `
    const { workerData } = require('node:worker_threads');
    void (async () => {
      const { lock } = await import('${MODULE}');
      for (let round = 0; round < 100; round += 1) {
        const mine = await lock(workerData.path);
        if (++workerData.counter[1] !== 1) throw new Error('not alone');
        await new Promise((resolve) => setImmediate(resolve));
        workerData.counter[0] += 1;
        workerData.counter[1] -= 1;
        mine.release();
      }
    })();`;
  const workers = Array.from({ length: 3 }, () => {
    return new Worker(source, { eval: true, workerData: { path: join(directory, 'lock'), counter } });
  });
  for (const [code] of await Promise.all(workers.map((worker) => once(worker, 'exit')))) t.is(code, 0);
  t.is(counter[0], 300);
});

test.serial('a signal ends the wait, of the first waiter and of a later one', async (t) => {
  const path = join(temporaryDirectory(t), 'lock');
  const held = tryLock(path);
  const first = new AbortController();
  const later = new AbortController();
  const waiters = [lock(path, { signal: first.signal }), lock(path), lock(path, { signal: later.signal })];
  const reason = new Error('no longer wanted');
  later.abort(reason);
  const error = await t.throwsAsync(waiters[2]!, { name: 'TspodError', code: 'ABORTED' });
  t.is(error?.cause, reason);
  first.abort();
  await t.throwsAsync(waiters[0]!, { code: 'ABORTED' });
  held?.release();
  (await waiters[1])?.release();
  await t.throwsAsync(lock(path, { signal: AbortSignal.abort() }), { code: 'ABORTED' });
});

test.serial('waits that were called off leave no thread, no descriptor and no lock', async (t) => {
  const path = join(temporaryDirectory(t), 'lock');
  const held = tryLock(path);
  const before = { descriptors: openDescriptors(), threads: threadCount() };
  for (let round = 0; round < 200; round += 1) {
    const controller = new AbortController();
    const waiting = lock(path, { signal: controller.signal });
    if (round % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await t.throwsAsync(waiting, { code: 'ABORTED' });
  }
  t.deepEqual(added(openDescriptors().keys(), before.descriptors.keys()), []);
  // One that has been joined is listed for a moment.
  await until('the threads are gone', () => threadCount() <= before.threads + 1);
  held?.release();
  tryLock(path)?.release();
});

test.serial('an abort that races with the release never leaves the lock held', async (t) => {
  const path = join(temporaryDirectory(t), 'lock');
  for (let round = 0; round < 300; round += 1) {
    const held = tryLock(path);
    t.truthy(held);
    const controller = new AbortController();
    const waiting = lock(path, { signal: controller.signal }).then(
      (mine) => mine.release(),
      (error: unknown) => t.like(error, { code: 'ABORTED' }),
    );
    if (round % 3 > 0) await new Promise((resolve) => setImmediate(resolve));
    held?.release();
    if (round % 3 > 1) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await waiting;
  }
  t.truthy(tryLock(path));
});

/**
 * The waiter has its lock, but its flock(2) returns late, when pthread_cancel(3) has found it waiting; the signal is later still, and comes when
 * the waiter tells node's thread (in microseconds).
 */
const LATE_SIGNAL = ['flock:delay_exit=5000:when=1', 'tgkill:delay_enter=15000', 'write:delay_enter=25000'];

test.serial("a wait that is called off just as it gets its lock ends outside of what is node's", async (t) => {
  if (!requires(t, 'strace')) return;
  const path = JSON.stringify(join(temporaryDirectory(t), 'lock'));
  const script = `
    import { lock, tryLock } from '${MODULE}';
    for (let round = 0; round < 5; round += 1) {
      const held = tryLock(${path});
      const aborting = new AbortController();
      const waiting = lock(${path}, { signal: aborting.signal }).catch((error) => error.code);
      await new Promise((resolve) => setTimeout(resolve, 10));
      held.release();
      aborting.abort();
      const outcome = await waiting;
      if (outcome !== 'ABORTED') outcome.release();
    }
    process.exitCode = tryLock(${path}) === undefined ? 1 : 5;`;
  const delays = LATE_SIGNAL.flatMap((delay) => ['-e', `inject=${delay}`]);
  const strace = ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=flock,tgkill,write', ...delays];
  const words = [...strace, process.execPath, '--input-type=module', '-e', script];
  const child = spawn('strace', words, { stdio: 'inherit', detached: true });
  t.teardown(() => child.exitCode === null && process.kill(-(child.pid ?? 0), 'SIGKILL'));
  const ends = AbortSignal.timeout(110_000);
  const [code] = (await once(child, 'exit', { signal: ends })) as [number];
  t.is(code, 5);
});

test.serial('a lock counts on the file that the path names', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'lock');
  const first = tryLock(path);
  const waiting = lock(path);
  await untilLockAwaited(path);
  unlinkSync(path);
  const second = tryLock(path);
  t.truthy(second, 'a new file, a new lock');
  first?.release();
  const winner = await Promise.race([
    waiting.then(() => 'waiter'),
    new Promise((resolve) => setTimeout(resolve, 100, 'nobody')),
  ]);
  t.is(winner, 'nobody', 'the removed file does not count');
  second?.release();
  (await waiting).release();
  writeFileSync(join(directory, 'other'), '');
  const third = tryLock(path);
  renameSync(join(directory, 'other'), path);
  t.truthy(tryLock(path));
  third?.release();
  linkSync(path, join(directory, 'name'));
  t.true(existsSync(join(directory, 'name')));
});

test.serial('a link is not followed, and errors name the path', async (t) => {
  const directory = temporaryDirectory(t);
  symlinkSync('/etc/passwd', join(directory, 'link'));
  t.throws(() => tryLock(join(directory, 'link')), { name: 'NativeError', code: 'ELOOP' });
  await t.throwsAsync(lock(join(directory, 'none', 'lock')), {
    code: 'ENOENT',
    message: `openat "${directory}/none/lock": no such file or directory`,
  });
});

test.serial('a lock is not inherited by children', (t) => {
  const path = join(temporaryDirectory(t), 'lock');
  const held = tryLock(path);
  const child = spawn('/bin/sleep', ['100']);
  t.teardown(() => child.kill('SIGKILL'));
  held?.release();
  const again = tryLock(path);
  t.truthy(again);
  again?.release();
});

test.serial('a process with a waiter can end', async (t) => {
  const path = join(temporaryDirectory(t), 'lock');
  const held = tryLock(path);
  const { child } = otherProcess(
    t,
    `void lock(${JSON.stringify(path)}); process.stdin.once('data', () => process.exit(5));`,
  );
  await untilLockAwaited(path);
  child.stdin?.write('go');
  const [code] = (await once(child, 'exit')) as [number];
  t.is(code, 5);
  held?.release();
});
