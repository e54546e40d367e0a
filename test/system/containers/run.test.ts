import { once } from 'node:events';
import { createServer } from 'node:net';
import { mkdirSync, openSync, readFileSync, closeSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import test from 'ava';

import type { TspodError } from '../../../src/index.js';
import { added, openDescriptors } from '../../helpers/native.js';
import { until } from '../../helpers/until.js';
import { rejectsWith, testEngine } from '../../helpers/engine.js';
import { requires } from '../../helpers/requires.js';
import { SLOW } from '../../helpers/pace.js';
import { temporaryDirectory } from '../../helpers/temp.js';

test('spawn: the streams that are asked for are there with a log and with a terminal, too', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine, options } = await testEngine(t);
  const log = { driver: 'k8s-file' } as const;
  for (const more of [{ log }, { log: { driver: 'json-file' } as const }]) {
    const cat = await engine.spawn({ ...options({ command: ['cat'], ...more }), stdin: 'pipe', stderr: 'ignore' });
    t.is(cat.stderr, null);
    cat.stdin?.end('through the monitor');
    t.is(cat.stdout === null ? null : await text(cat.stdout), 'through the monitor');
    t.is((await cat.ended).exitCode, 0);
  }
  const shell = await engine.spawn({ ...options({ command: ['sh'], tty: true }), stdin: 'pipe' });
  shell.stdin?.write('exit 7\n');
  shell.stdout?.resume();
  t.is((await shell.ended).exitCode, 7);
  await t.throwsAsync(engine.spawn({ ...options({ command: ['true'], tty: true }), stdout: 'inherit' }), {
    code: 'INVALID_ARGUMENT',
    message: "descriptors cannot be given to a container with a terminal: its streams are 'pipe' or 'ignore'",
  });
  for (const streams of [{ stdin: 0 }, { stdout: 1 }, { stderr: 'inherit' as const }]) {
    await rejectsWith(t, engine.spawn({ ...options({ command: ['true'], log }), ...streams }), 'INVALID_ARGUMENT');
  }
  const passed = options({ command: ['true'], log: { driver: 'passthrough' } });
  await rejectsWith(t, engine.spawn({ ...passed, stdin: 'pipe' }), 'INVALID_ARGUMENT');
  await rejectsWith(t, engine.run({ ...passed, input: 'text' }), 'INVALID_ARGUMENT');
});

test('run, exec and update: a variable that is undefined is left out', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine, options } = await testEngine(t);
  const command = ['sh', '-c', 'echo ${A-none} ${B-none}'];
  const env = { A: undefined, B: 'b' };
  t.is((await engine.run(options({ command, env }))).stdout, 'none b\n');
  const container = await engine.containers.create(options({ command: ['sleep', '1000'], env: { A: 'kept' } }));
  await container.start();
  t.is((await container.exec({ command, env })).stdout, 'kept b\n');
  await container.update({ env: { A: undefined, B: 'new' } });
  t.is((await container.exec({ command })).stdout, 'kept new\n');
  const wrong = { A: 5 } as unknown as Record<string, string>;
  await t.throwsAsync(container.exec({ command, env: wrong }), { instanceOf: TypeError });
});

test('spawn: output that is thrown away does not hold a container with a log or a terminal', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine, options } = await testEngine(t);
  const command = ['sh', '-c', 'head -c 3000000 /dev/zero; echo err >&2'];
  const log = { driver: 'k8s-file' } as const;
  for (const more of [{ log }, { tty: true }]) {
    const thrown = await engine.spawn({ ...options({ command, ...more }), stdout: 'ignore', stderr: 'ignore' });
    t.deepEqual([thrown.stdin, thrown.stdout, thrown.stderr], [null, null, null]);
    t.is((await thrown.ended).exitCode, 0);
  }
  const result = await engine.run({ ...options({ command, log }), stdout: 'ignore' });
  t.deepEqual([result.stdout, result.stderr], ['', 'err\n']);
  const silent = await engine.run({ ...options({ command: ['cat'], log, interactive: true }), encoding: 'buffer' });
  t.is(silent.stdout.length, 0);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  await container.start();
  const ignored = await container.spawnExec({ command, tty: true, stdout: 'ignore' });
  t.is(ignored.stdout, null);
  t.is((await ignored.ended).exitCode, 0);
});

test('run: output, exit code and signal of a command in a container of its own', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const result = await engine.run(options({ command: ['sh', '-c', 'echo out; echo err >&2; exit 3'] }));
  t.like(result, { exitCode: 3, signal: null, stdout: 'out\n', stderr: 'err\n', oomKilled: false, timedOut: false });
  t.true(result.durationMs > 0);
  t.regex(result.id, /^[0-9a-f]{64}$/);
  t.deepEqual(engine.containers.list({ all: true }), []);

  const killed = await engine.run(options({ command: ['sh', '-c', 'kill -KILL $$ & wait; sleep 9'], init: true }));
  t.like(killed, { exitCode: 137 });
  const itself = await engine.run(options({ command: ['sh', '-c', 'trap "" TERM; sh -c "kill -9 1"; echo alive'] }));
  t.is(itself.stdout, 'alive\n', 'PID 1 cannot be killed from within');
});

test('run: the container has names, processes and a file system of its own', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const script =
    'echo $$; hostname; cat /etc/hostname; grep -c . /proc/net/dev; touch /etc/tspod-was-here; ls /root; cat /proc/1/comm';
  const { stdout, id } = await engine.run(options({ command: ['sh', '-c', script] }));
  t.deepEqual(stdout.trim().split('\n'), ['1', id.slice(0, 12), id.slice(0, 12), '3', 'sh']);
  t.throws(() => readFileSync('/etc/tspod-was-here'), { code: 'ENOENT' });
});

test('run: input as text, bytes and a stream', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const cat = options({ command: ['cat'] });
  t.is((await engine.run({ ...cat, input: 'text' })).stdout, 'text');
  const bytes = Buffer.alloc(300_000, 7);
  t.deepEqual((await engine.run({ ...cat, input: bytes, encoding: 'buffer' })).stdout, bytes);
  t.is((await engine.run({ ...cat, input: Readable.from(['one ', 'two']) })).stdout, 'one two');
  t.is((await engine.run(cat)).stdout, '', 'no input: end of file at once');
  t.is(
    (await engine.run({ ...options({ command: ['true'] }), input: 'nobody reads this'.repeat(100_000) })).exitCode,
    0,
  );
});

test('run: output that is not collected', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const path = join(temporaryDirectory(t), 'out');
  const fd = openSync(path, 'w');
  const result = await engine.run({
    ...options({ command: ['sh', '-c', 'echo to a file; echo nowhere >&2'] }),
    stdout: fd,
    stderr: 'ignore',
  });
  closeSync(fd);
  t.like(result, { stdout: '', stderr: '' });
  t.is(readFileSync(path, 'utf8'), 'to a file\n');
});

test('run: too much output ends the container', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options, assertNothingLeft } = await testEngine(t);
  const flood = options({ command: ['sh', '-c', 'while :; do echo line; done'] });
  await rejectsWith(t, engine.run({ ...flood, name: 'flood', maxOutputBytes: 10_000 }), 'OUTPUT_TOO_LARGE');
  t.deepEqual(engine.containers.list({ all: true }), [], 'it has gone');
  await assertNothingLeft();
});

test('run: too much output is told with what there was of it', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const much = options({ command: ['sh', '-c', 'printf some >&2; head -c 100000 /dev/zero | tr "\\0" x; sleep 1000'] });
  const error = await t.throwsAsync<TspodError>(engine.run({ ...much, maxOutputBytes: 10_001 }), {
    code: 'OUTPUT_TOO_LARGE',
  });
  const { stdout, stderr } = error?.details as { readonly stdout: Buffer; readonly stderr: Buffer };
  t.true(stdout.equals(Buffer.alloc(10_001, 'x')));
  t.is(stderr.toString(), 'some');
});

test('run: a time limit ends the container, and the result says so', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const started = performance.now();
  const result = await engine.run({ ...options({ command: ['sh', '-c', 'echo begun; sleep 1000'] }), timeoutMs: 5000 });
  t.like(result, { exitCode: -1, signal: 'SIGKILL', timedOut: true, stdout: 'begun\n' });
  t.true(performance.now() - started < 30_000 * SLOW);
});

test('run, spawn, exec, stop and wait: numbers that are none are refused', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'], stopTimeoutSec: 0 }));
  await container.start();
  const command = ['true'];
  const calls: (() => Promise<unknown>)[] = [];
  for (const timeoutMs of [-500, NaN, 1.5, Infinity]) {
    calls.push(() => engine.run({ ...options({ command }), timeoutMs }));
    calls.push(() => engine.spawn({ ...options({ command }), timeoutMs }));
    calls.push(() => container.exec({ command, timeoutMs }));
  }
  for (const maxOutputBytes of [-1, NaN]) {
    calls.push(() => engine.run({ ...options({ command }), maxOutputBytes }));
    calls.push(() => container.exec({ command, maxOutputBytes }));
  }
  for (const intervalMs of [-1, NaN]) calls.push(() => container.wait({ intervalMs }));
  const timeoutSec = NaN;
  calls.push(() => container.stop({ timeoutSec }));
  calls.push(() => container.restart({ timeoutSec }));
  calls.push(() => container.remove({ force: true, timeoutSec }));
  for (const call of calls) await rejectsWith(t, call(), 'INVALID_ARGUMENT');
  t.is(container.state().status, 'running');
  t.is(engine.containers.list({ all: true }).length, 1);
  const { exitCode } = await container.exec({ command, maxOutputBytes: 0 });
  t.is(exitCode, 0);
});

test('run: an abort ends the container, whenever it comes', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options, assertNothingLeft } = await testEngine(t);
  const sleep = options({ command: ['sleep', '100'] });
  await rejectsWith(t, engine.run({ ...sleep, signal: AbortSignal.abort() }), 'ABORTED');
  for (const ms of [0, 3, 10, 30, 100]) {
    await rejectsWith(t, engine.run({ ...sleep, signal: AbortSignal.timeout(ms) }), 'ABORTED');
  }
  await assertNothingLeft();
});

test('run: a bad command leaves nothing and says what is wrong', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options, assertNothingLeft } = await testEngine(t);
  const run = (command: string[], more = {}) => engine.run(options({ command, ...more }));
  t.regex(await rejectsWith(t, run(['nosuchprogram']), 'COMMAND_NOT_FOUND'), /"nosuchprogram" not found in \$PATH/);
  t.regex(await rejectsWith(t, run(['/no/such/program']), 'COMMAND_NOT_FOUND'), /\/no\/such\/program/);
  t.regex(await rejectsWith(t, run(['/etc']), 'COMMAND_NOT_EXECUTABLE'), /exec "\/etc"/);
  t.regex(await rejectsWith(t, run(['/etc/passwd']), 'COMMAND_NOT_EXECUTABLE'), /permission denied/);
  t.regex(await rejectsWith(t, run(['true'], { user: 'nosuchuser' }), 'NO_SUCH_USER'), /nosuchuser/);
  t.regex(await rejectsWith(t, run(['true'], { workdir: '/no/such/dir' }), 'LAUNCH_FAILED'), /\/no\/such\/dir/);
  await rejectsWith(
    t,
    run(['true'], { mounts: [{ type: 'bind', source: '/no/such', target: '/x' }] }),
    'INVALID_ARGUMENT',
  );
  await rejectsWith(t, run(['true'], { mounts: [{ type: 'bind', source: '/etc', target: 'x' }] }), 'INVALID_ARGUMENT');
  await rejectsWith(t, run(['true'], { capAdd: ['CAP_NONSENSE'] }), 'INVALID_ARGUMENT');
  await rejectsWith(t, run(['true'], { sysctls: { 'kernel.core_pattern': 'x' } }), 'INVALID_ARGUMENT');
  await rejectsWith(t, run(['true'], { image: 'localhost/alpine', pull: 'never' }), 'NO_SUCH_IMAGE');
  await t.throwsAsync(engine.run({ ...options(), comand: ['true'] } as never), {
    instanceOf: TypeError,
    message: /comand.*command/,
  });
  t.deepEqual(engine.containers.list({ all: true }), []);
  await assertNothingLeft();
});

test('run: environment, user, directory, umask, limits', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const show = async (command: string, more = {}) =>
    (await engine.run(options({ command: ['sh', '-c', command], ...more }))).stdout.trim();
  t.is(await show('echo $GREETING', { env: { GREETING: 'hello there' } }), 'hello there');
  t.is(await show('echo $container'), 'tspod');
  t.is(await show('id -u; id -g', { user: '1234:5678' }), '1234\n5678');
  t.is(await show('pwd', { workdir: '/usr/share' }), '/usr/share');
  t.is(await show('umask', { umask: '0077' }), '0077');
  t.is(await show('ulimit -n', { ulimits: [{ name: 'nofile', soft: 123, hard: 456 }] }), '123');
  t.is(await show('cat /proc/sys/kernel/hostname', { hostname: 'box.example' }), 'box.example');
  t.is(
    await show('touch /x 2>&1 || echo no', { readOnly: true, readOnlyTmpfs: false }),
    "touch: cannot touch '/x': Read-only file system\nno",
  );
});

test('run: directories of the host, read-only and writable', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'given'), 'from the host');
  const mount = { type: 'bind', source: directory, target: '/data' } as const;
  const { stdout } = await engine.run(
    options({ command: ['sh', '-c', 'cat /data/given; echo back > /data/made'], mounts: [mount] }),
  );
  t.is(stdout, 'from the host');
  t.is(readFileSync(join(directory, 'made'), 'utf8'), 'back\n');
  const { exitCode } = await engine.run(
    options({ command: ['touch', '/data/no'], mounts: [{ ...mount, options: ['ro'] }] }),
  );
  t.is(exitCode, 1);
});

test('run: a directory as root, used as it is and as a layer below', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox')) return;
  const { engine, options } = await testEngine(t);
  const { busyboxRoot } = await import('../../helpers/busybox.js');
  const rootfs = busyboxRoot(t);
  await engine.run(options({ rootfs, rootfsOverlay: true, command: ['touch', '/above'] }));
  t.throws(() => readFileSync(join(rootfs, 'above')), { code: 'ENOENT' });
  const { exitCode, stdout } = await engine.run(
    options({ rootfs, command: ['sh', '-c', 'touch /inside; cat /etc/hostname'] }),
  );
  t.is(exitCode, 0);
  t.regex(stdout, /^[0-9a-f]{12}\n$/);
  t.is(readFileSync(join(rootfs, 'inside'), 'utf8'), '');
});

test('run: many at once', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const results = await Promise.all(
    Array.from({ length: 24 }, (_, i) =>
      engine.run(options({ command: ['sh', '-c', `echo ${String(i)}; exit ${String(i)}`] })),
    ),
  );
  t.deepEqual(
    results.map(({ exitCode, stdout }) => [exitCode, stdout]),
    results.map((_, i) => [i, `${String(i)}\n`]),
  );
});

test('run: a log and a terminal go through the monitor', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const logged = await engine.run(
    options({ command: ['sh', '-c', 'echo out; echo err >&2'], log: { driver: 'k8s-file' } }),
  );
  t.like(logged, { stdout: 'out\n', stderr: 'err\n' });
  const terminal = await engine.run(options({ command: ['sh', '-c', 'tty; echo err >&2'], tty: true }));
  t.like(terminal, { stdout: '/dev/pts/0\r\nerr\r\n', stderr: '' });
});

test('run: input through the monitor is as long as it likes, also in one piece', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const counted = await engine.run({
    ...options({ command: ['wc', '-c'], interactive: true, log: { driver: 'k8s-file' } }),
    input: Buffer.alloc(20 * 1024 * 1024),
  });
  t.is(counted.stdout.trim(), String(20 * 1024 * 1024));
});

test('run: autoRemove false keeps the container', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const { id } = await engine.run(
    options({ command: ['sh', '-c', 'echo kept; exit 4'], autoRemove: false, log: { driver: 'json-file' } }),
  );
  const container = engine.containers.get(id);
  t.like(container.state(), { status: 'exited', exitCode: 4 });
  let log = '';
  for await (const { data } of container.logs()) log += data.toString();
  t.is(log, 'kept\n');
  t.deepEqual(
    engine.containers.list({ all: true }).map((c) => c.id),
    [id],
  );
});

test('spawn: streams of a running container', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const child = await engine.spawn(
    options({ command: ['sh', '-c', 'read line; echo "got $line"; sleep 100'], interactive: true }),
  );
  t.true(child.pid > 0);
  t.like(engine.containers.get(child.id).state(), { status: 'running', pid: child.pid });
  child.stdin?.write('hello\n');
  const [first] = (await child.stdout?.take(1).toArray()) as Buffer[];
  t.is(first?.toString(), 'got hello\n');
  child.kill('SIGKILL');
  t.like(await child.ended, { exitCode: 137, signal: 'SIGKILL' });
  t.false(engine.containers.exists(child.id));
});

test.serial(
  'spawn: streams that nobody reads or ends take no descriptor after the end, and can still be read',
  async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const { engine, options } = await testEngine(t);
    const container = await engine.containers.create(options({ command: ['sleep', '1000'], init: true }));
    await container.start();
    /** A pipe has room for it, so that the command ends; this process reads less ahead. */
    const command = ['sh', '-c', 'head -c 60000 /dev/zero; echo x >&2'];
    for (const start of [
      () => engine.spawn(options({ command, interactive: true })),
      () => container.spawnExec({ command, stdin: 'pipe' }),
    ]) {
      const before = [...openDescriptors().values()];
      const child = await start();
      await child.ended;
      await until('its pipes are closed', () => {
        const opened = added(openDescriptors().values(), before);
        return !opened.some((what) => what.startsWith('pipe:'));
      });
      t.true(child.stdin?.destroyed);
      t.is(Buffer.concat((await child.stdout?.toArray()) ?? []).length, 60_000);
      t.is(Buffer.concat((await child.stderr?.toArray()) ?? []).toString(), 'x\n');
    }
  },
);

test('spawn: the end does not wait for a reader of streams that go through the monitor', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'], init: true }));
  await container.start();
  /** More than this process reads ahead, a socket holds and a monitor keeps for a client: the last of it is in the pipe at the end. */
  const command = ['sh', '-c', 'head -c 600000 /dev/zero >&2; echo out'];
  const log = { driver: 'json-file' } as const;
  const logged = await engine.spawn({ ...options({ command, interactive: true, log }) });
  t.is(await text(logged.stdout), 'out\n', 'while nobody reads the other');
  t.like(await logged.ended, { exitCode: 0 });
  t.false(engine.containers.exists(logged.id));
  t.is(Buffer.concat((await logged.stderr?.toArray()) ?? []).length, 600_000);

  const restart = { policy: 'on-failure', maxRetries: 1 } as const;
  const again = await engine.spawn(
    options({ command: ['sh', '-c', 'head -c 60000 /dev/zero; exit 3'], log, restart, autoRemove: false }),
  );
  t.like(await again.ended, { exitCode: 3 });
  t.is(Buffer.concat(await again.stdout.toArray()).length, 120_000);

  const screen = await container.spawnExec({ command: ['head', '-c', '40000', '/dev/zero'], tty: true });
  t.like(await screen.ended, { exitCode: 0 });
  t.is(Buffer.concat((await screen.stdout?.toArray()) ?? []).length, 40_000);
});

async function* endless(): AsyncGenerator<Buffer> {
  for (;;) {
    yield Buffer.alloc(100_000);
    await turn();
  }
}

test('spawn: input that nobody takes any more ends with the process, through a pipe and through the monitor', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  for (const more of [{}, { log: { driver: 'k8s-file' } } as const]) {
    const child = await engine.spawn({ ...options({ command: ['head', '-c', '1'], ...more }), stdin: 'pipe' });
    const error = await t.throwsAsync<NodeJS.ErrnoException>(pipeline(Readable.from(endless()), child.stdin));
    t.true(['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(error.code ?? ''), error.code);
    t.true(child.stdin.destroyed);
    t.like(await child.ended, { exitCode: 0 });
    const idle = await engine.spawn({ ...options({ command: ['true'], ...more }), stdin: 'pipe' });
    await idle.ended;
    t.true(idle.stdin.destroyed);
  }
});

test('spawn: what a command has left behind may go on writing when nobody reads', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'], init: true }));
  await container.start();
  const child = await container.spawnExec({ command: ['sh', '-c', 'yes & echo $! >&2'] });
  const [pid] = (await once(child.stderr, 'data')) as Buffer[];
  t.like(await child.ended, { exitCode: 0 });
  const { stdout } = child;
  let length = -1;
  await until('it is not read any more', async () => {
    const before = length;
    length = stdout?.readableLength ?? 0;
    await delay(100);
    return length > 0 && length === before;
  });
  t.true(length < 4_000_000);
  const { exitCode } = await container.exec({ command: ['kill', String(pid).trim()] });
  t.is(exitCode, 0);
  t.true(Buffer.concat((await stdout?.toArray()) ?? []).length >= length);
});

test('wait: the code of a container that goes with its end, before and after', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const child = await engine.spawn(options({ command: ['sh', '-c', 'read line; exit 3'], interactive: true }));
  const container = engine.containers.get(child.id);
  const waiting = container.wait();
  child.stdin?.end('\n');
  t.is(await waiting, 3);
  await child.ended;
  t.false(engine.containers.exists(child.id));
  t.is(await container.wait(), 3);
});

test('spawn: leaving its scope ends the container', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const inScope = async () => {
    await using child = await engine.spawn(options({ command: ['sleep', '100'] }));
    t.true(engine.containers.exists(child.id));
    return child.id;
  };
  t.false(engine.containers.exists(await inScope()));
});

test("run: descriptors of the caller stay the caller's", async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const directory = openSync('/', 'r');
  const server = createServer().listen(0);
  const { stdout } = await engine.run(options({ command: ['ls', '-l', '/proc/self/fd'] }));
  server.close();
  closeSync(directory);
  t.deepEqual(
    [...stdout.matchAll(/ (\d+) -> /g)].map(([, fd]) => fd),
    ['0', '1', '2', '3'],
    'ls itself opens 3',
  );
});

test('host: the secrets of the host are hidden unless asked for', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const directory = temporaryDirectory(t, 'tspod-secret-');
  writeFileSync(join(directory, 'secret'), 'x');
  const list = async (more = {}) => (await engine.run(options({ command: ['ls', directory], ...more }))).exitCode;
  t.not(await list(), 0);
  t.is(await list({ show: [directory] }), 0);
  t.is(await list({ image: 'host:all' }), 0);
  t.not(await list({ image: 'host:all', hide: ['/tmp'] }), 0);
  mkdirSync(join(directory, 'below'));
  t.not((await engine.run(options({ command: ['cat', '/etc/shadow'] }))).exitCode, 0);
});
