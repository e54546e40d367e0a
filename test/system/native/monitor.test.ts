/** Spawning monitors from a process with many threads, and talking to them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { addonPath, monitorPath } from '../../../src/native/addon-path.js';
import type { MonitorConnection, MonitorMessage } from '../../../src/native/monitor-connection.js';
import { connectMonitor, spawnMonitor } from '../../../src/native/monitor-spawn.js';
import { isNativeError } from '../../../src/native/native-error.js';
import { runPlan } from '../../../src/native/run-plan.js';
import { encodePlan } from '../../../src/plan/encode.js';
import { until } from '../../helpers/until.js';
import { added, children, isNullDevice, openDescriptors, statusField } from '../../helpers/native.js';
import { suspend, untilGone } from '../../helpers/processes.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

/** A monitor that has been told nothing: it waits for a plan. Gone after the test. */
async function idleMonitor(
  t: ExecutionContext,
  fds: readonly number[] = [],
): Promise<MonitorConnection & { pid: number }> {
  const monitor = spawnMonitor({ fds });
  t.teardown(async () => {
    monitor.close();
    await monitor.ended();
  });
  t.truthy(monitor.pid);
  return monitor as MonitorConnection & { pid: number };
}

/** The plan of a command that writes through the monitor. */
function planOf(...command: readonly string[]): Uint8Array {
  return encodePlan(
    runPlan({
      command,
      environment: ['PATH=/usr/bin:/bin'],
      workingDirectory: '/',
      created: [],
      joined: [],
      uidMap: '',
      gidMap: '',
      privileged: true,
      ids: undefined,
      streamFds: undefined,
      timeLimitMs: 0,
    }),
  );
}

/** All messages of a monitor, to its end. */
async function conversation(monitor: MonitorConnection, plan: Uint8Array): Promise<MonitorMessage[]> {
  const messages: MonitorMessage[] = [];
  monitor.onMessage((message) => messages.push(message));
  monitor.send('attach', { stdin: 0, stdout: 1, stderr: 1 });
  monitor.send('launch', { plan });
  await monitor.closed;
  return messages;
}

/** What the descriptors of a process are open on. */
function descriptorsOf(pid: number): Record<string, string> {
  const descriptors: Record<string, string> = {};
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      descriptors[fd] = readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      // one of its own that it has closed meanwhile
    }
  }
  return descriptors;
}

/** Of the descriptors above those that it is given, the ones that are not of its own making. */
function furtherOf(pid: number): readonly string[] {
  const isOwn = ([fd, path]: readonly [string, string]) =>
    Number(fd) <= 5 || /^(anon_inode:|socket:|pipe:|\/proc$)/.test(path) || isNullDevice(`/proc/${pid}/fd/${fd}`);
  return Object.entries(descriptorsOf(pid)).flatMap((each) => (isOwn(each) ? [] : each[1]));
}

test.serial('a monitor starts with a socket, what it is given, /dev/null, and nothing else', async (t) => {
  const directory = temporaryDirectory(t);
  const leaked = openSync('/proc/self/status', 'r'); // of this process; without the flag below it is close-on-exec
  const file = openSync(join(directory, 'given'), 'w');
  const monitor = await idleMonitor(t, [file, leaked]);
  // When it has been executed, and has closed what it opened for a moment.
  await until('nothing else is open', () => furtherOf(monitor.pid).length === 0);
  const descriptors = descriptorsOf(monitor.pid);
  t.like(descriptors, {
    0: '/dev/null',
    1: '/dev/null',
    2: '/dev/null',
    4: join(directory, 'given'),
    5: `/proc/${process.pid}/status`,
  });
  t.regex(descriptors['3'] ?? '', /^socket:/);
  closeSync(file);
  closeSync(leaked);
});

test.serial('descriptors arrive in their order, whatever their numbers are here', async (t) => {
  const directory = temporaryDirectory(t);
  // Numbers as low as they come: those that the monitor's own table begins with are among them.
  const files = Array.from({ length: 24 }, (_, index) => openSync(join(directory, `f${index}`), 'w'));
  const shuffled = files
    .map((fd, index) => ({ fd, index }))
    .sort((a, b) => ((a.index * 7) % 24) - ((b.index * 7) % 24));
  const monitor = await idleMonitor(t, [0, ...shuffled.map(({ fd }) => fd), 0, files[3] ?? 0]);
  const descriptors = descriptorsOf(monitor.pid);
  shuffled.forEach(({ index }, position) => t.is(descriptors[5 + position], join(directory, `f${index}`)));
  t.is(descriptors[4], readlinkSync('/proc/self/fd/0'));
  t.is(descriptors[4 + 26], join(directory, 'f3'));
  for (const fd of files) closeSync(fd);
});

test.serial('a monitor has default signals, a session of its own and the root as its directory', async (t) => {
  const monitor = await idleMonitor(t);
  t.is(BigInt(`0x${statusField(monitor.pid, 'SigIgn')}`), 0n, 'node ignores SIGPIPE, its monitors do not');
  t.is(statusField(monitor.pid, 'NSsid'), String(monitor.pid));
  t.is(readlinkSync(`/proc/${monitor.pid}/cwd`), '/');
  t.deepEqual(
    readFileSync(`/proc/${monitor.pid}/environ`, 'utf8')
      .split('\0')
      .filter((text) => !/^(TSPOD_|.SAN_OPTIONS|$)/.test(text)),
    [],
  );
});

/** A monitor of an executable that nobody else runs, started by a process that has done `before`. */
async function monitorOfOwnCopy(t: ExecutionContext, before: string) {
  const directory = temporaryDirectory(t);
  chmodSync(directory, 0o755);
  const monitor = join(directory, 'tspod-monitor');
  const addon = join(directory, 'tspod.node');
  copyFileSync(monitorPath(), monitor);
  copyFileSync(addonPath(), addon);
  for (const file of [monitor, addon]) chmodSync(file, 0o755);
  const script = `
    const addon = { exports: {} };
    process.dlopen(addon, ${JSON.stringify(addon)});
    ${before}
    console.log(addon.exports.spawnMonitor(${JSON.stringify(monitor)}, [], [], false).pid);
    process.stdin.resume();`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [output] = (await once(child.stdout, 'data')) as [Buffer];
  const end = async (): Promise<void> => {
    child.stdin.end();
    await once(child, 'close');
  };
  return { exe: `/proc/${Number(output.toString())}/exe`, path: monitor, end };
}

/** As a process that was given the executable open for reading would write to it. */
function refusalToWrite(fd: number): string | undefined {
  try {
    closeSync(openSync(`/proc/self/fd/${fd}`, 'r+'));
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

test.serial('the executable is out of the reach of those that the monitor joins', async (t) => {
  if (!requires(t, 'root')) return;
  const { exe, path, end } = await monitorOfOwnCopy(t, '');
  const before = readFileSync(path);
  const opened = openSync(exe, 'r');
  for (const flags of ['r+', 'w']) t.throws(() => openSync(exe, flags), { message: /^(EROFS|ETXTBSY)/ });
  // Also not when the program has ended and is busy no more.
  await end();
  await until('it is busy no more', () => refusalToWrite(opened) !== 'ETXTBSY');
  t.is(refusalToWrite(opened), 'EROFS');
  closeSync(opened);
  t.true(readFileSync(path).equals(before));
});

test.serial('without CAP_SYS_ADMIN the monitor is a sealed copy in memory', async (t) => {
  if (!requires(t, 'root')) return;
  const { exe, end } = await monitorOfOwnCopy(
    t,
    'process.setgroups([]); process.setgid(65534); process.setuid(65534);',
  );
  t.is(readlinkSync(exe), '/memfd:tspod-monitor (deleted)');
  const opened = openSync(exe, 'r');
  await end();
  // Root may open it, once it runs no more; the seals hold for root as well.
  const copy = `/proc/self/fd/${opened}`;
  t.throws(() => appendFileSync(copy, 'x'), { message: /EPERM|ETXTBSY/ });
  t.throws(() => truncateSync(copy, 0), { message: /EPERM|ETXTBSY/ });
  closeSync(opened);
});

test.serial('a monitor that others may change is not started', (t) => {
  if (!requires(t, 'root')) return;
  const directory = temporaryDirectory(t);
  const copy = join(directory, 'tspod-monitor');
  const refusal = { name: 'TspodError', code: 'UNSUPPORTED_HOST', message: /must belong to root or to the user/ };
  const cases = [
    { mode: 0o775, uid: 0 },
    { mode: 0o757, uid: 0 },
    { mode: 0o755, uid: 65534 },
  ];
  for (const [index, { mode, uid }] of cases.entries()) {
    const path = `${copy}-${index}`;
    copyFileSync('/bin/true', path);
    chmodSync(path, mode);
    chownSync(path, uid, 0);
    withMonitor(path, () => t.throws(() => spawnMonitor(), refusal, `${mode.toString(8)} ${uid}`));
  }
});

test.serial('a monitor that is missing is named with the remedy', (t) => {
  const path = join(temporaryDirectory(t), 'none');
  withMonitor(path, () => {
    t.throws(() => spawnMonitor(), {
      code: 'UNSUPPORTED_HOST',
      message: new RegExp(`"${path}" is missing: run "npm rebuild`),
    });
  });
});

test.serial('a file that is no program is an error of execveat', (t) => {
  const path = join(temporaryDirectory(t), 'text');
  writeFileSync(path, 'not a program\n', { mode: 0o755 });
  withMonitor(path, () => {
    const before = children();
    t.throws(() => spawnMonitor(), { name: 'NativeError', code: 'ENOEXEC', message: /^execveat "/ });
    t.deepEqual(children(), before);
  });
});

/** The test's switch for another monitor; nobody else has it. */
function withMonitor(path: string, work: () => void): void {
  const { TSPOD_TEST, TSPOD_MONITOR } = process.env;
  // The override holds for the monitor alone: the addon's name is given as it was found.
  const addon = process.env['TSPOD_ADDON'] ?? addonPath();
  Object.assign(process.env, { TSPOD_TEST: '1', TSPOD_MONITOR: path, TSPOD_ADDON: addon });
  try {
    work();
  } finally {
    for (const [name, value] of Object.entries({ TSPOD_TEST, TSPOD_MONITOR })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

test.serial('what a program writes comes whole and in order', async (t) => {
  const messages = await conversation(spawnMonitor(), planOf('seq', '1', '200000'));
  const output = Buffer.concat(messages.flatMap((message) => (message.name === 'stdout' ? [message.data] : [])));
  t.is(output.length, 1_288_895);
  t.true(output.toString().startsWith('1\n2\n3\n'));
  t.true(output.toString().endsWith('199999\n200000\n'));
  t.like(messages.at(-1), { name: 'exited', code: 0 });
});

test.serial('what comes before there is a listener is kept', async (t) => {
  const monitor = spawnMonitor();
  monitor.send('attach', { stdin: 0, stdout: 1, stderr: 1 });
  monitor.send('launch', { plan: planOf('echo', 'early') });
  await untilGone(monitor.pid ?? 0);
  const names: string[] = [];
  monitor.onMessage((message) => names.push(message.name));
  await monitor.closed;
  t.deepEqual(names.slice(0, 3), ['attached', 'started', 'stdout']);
  t.is(names.at(-1), 'exited');
});

test.serial('a reader that pauses loses nothing', async (t) => {
  const monitor = spawnMonitor();
  let bytes = 0;
  monitor.onMessage((message) => {
    if (message.name !== 'stdout') return;
    bytes += message.data.length;
    monitor.pause();
    setImmediate(() => monitor.resume());
  });
  monitor.send('attach', { stdin: 0, stdout: 1, stderr: 1 });
  monitor.send('launch', { plan: planOf('head', '-c', '3000000', '/dev/zero') });
  await monitor.closed;
  t.is(bytes, 3_000_000);
});

test.serial('more than the socket takes is sent when there is room', async (t) => {
  const monitor = spawnMonitor();
  const words = new Promise<string>((resolve) =>
    monitor.onMessage((message) => {
      if (message.name === 'stdout') resolve(Buffer.from(message.data).toString());
      if (message.name === 'started') void feed();
    }),
  );
  const feed = async () => {
    for (let index = 0; index < 40; index += 1) {
      monitor.send('stdin', { data: Buffer.alloc(1_000_000, 'x') });
      await monitor.drained();
    }
    monitor.send('stdinEnd', {});
  };
  monitor.send('attach', { stdin: 1, stdout: 1, stderr: 1 });
  monitor.send('launch', { plan: planOf('wc', '-c') });
  t.is(await words, '40000000\n');
  await monitor.closed;
});

test.serial('a sender that never waits is stopped before memory is full', async (t) => {
  const monitor = await idleMonitor(t);
  await suspend(monitor.pid);
  const data = Buffer.alloc(8 * 1024 * 1024);
  const error = t.throws(() => {
    for (;;) monitor.send('stdin', { data });
  });
  t.true(error instanceof RangeError);
  process.kill(monitor.pid, 'SIGCONT');
});

test.serial('the death of a monitor ends the connection and tells how', async (t) => {
  const monitor = spawnMonitor();
  monitor.onMessage(() => t.fail());
  process.kill(monitor.pid ?? 0, 'SIGKILL');
  await monitor.closed;
  t.deepEqual(await monitor.ended(), { code: -1, signal: 9 });
  t.throws(() => monitor.send('start', {}), { name: 'NativeError', code: 'EPIPE' });
  await monitor.drained();
});

test.serial('a listener that throws is an uncaught exception, and reading goes on', async (t) => {
  const source = new URL('../../../src/', import.meta.url);
  const script = `
    import { spawnMonitor } from '${new URL('native/monitor-spawn.js', source).href}';
    const seen = [];
    process.on('uncaughtException', (error) => seen.push(error.message));
    const monitor = spawnMonitor();
    monitor.onMessage((message) => {
      seen.push(message.name);
      if (message.name === 'attached') throw new Error('by the listener');
    });
    monitor.send('attach', { stdin: 0, stdout: 0, stderr: 0 });
    monitor.send('launch', { plan: Buffer.from('${Buffer.from(planOf('true')).toString('base64')}', 'base64') });
    await monitor.closed;
    console.log(seen.sort().join());`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = (await once(child.stdout, 'data')) as [Buffer];
  t.is(output.toString(), 'attached,by the listener,exited,started\n');
});

test.serial('an attach socket is found in a directory whose path no socket address holds', async (t) => {
  const directory = join(temporaryDirectory(t), 'd'.repeat(120), 'e'.repeat(120));
  mkdirSync(directory, { recursive: true });
  const absent = await t.throwsAsync(connectMonitor(directory));
  t.true(isNativeError(absent, 'ENOENT'));
  const { createServer } = await import('node:net');
  const server = createServer((socket) => socket.end(Buffer.from('0000000000006c', 'hex')));
  process.chdir(directory);
  server.listen('attach');
  await once(server, 'listening');
  process.chdir('/');
  const connection = await connectMonitor(directory);
  const error = await t.throwsAsync(connection.closed);
  t.true(isNativeError(error, 'EPROTO'), 'the stream ended inside a frame');
  await t.throwsAsync(connection.ended(), { instanceOf: TypeError });
  server.close();
});

test.serial('a thousand monitors leave no descriptor, no zombie and no thread', async (t) => {
  const run = async () => {
    const monitor = spawnMonitor();
    await conversation(monitor, planOf('true'));
    return monitor.ended();
  };
  await run();
  const before = { descriptors: openDescriptors(), children: children() };
  for (let round = 0; round < 250; round += 1) {
    const ends = await Promise.all([run(), run(), run(), run()]);
    t.true(ends.every(({ code }) => code === 0));
  }
  t.deepEqual(added(openDescriptors().keys(), before.descriptors.keys()), []);
  t.deepEqual(added(children(), before.children), []);
});

test.serial("node's own children are reaped by node, ours by us", async (t) => {
  const both = Array.from({ length: 20 }, async () => {
    const monitor = spawnMonitor();
    const child = spawn('/bin/sh', ['-c', 'exit 7']);
    monitor.close();
    const [[code], end] = await Promise.all([once(child, 'exit') as Promise<[number]>, monitor.ended()]);
    t.is(code, 7);
    t.is(end.signal, 0);
  });
  await Promise.all(both);
  t.deepEqual(
    children().filter((child) => child.endsWith(' Z')),
    [],
  );
});

test.serial('descriptors that are none are refused', (t) => {
  t.throws(() => spawnMonitor({ fds: [-1] }), { instanceOf: TypeError });
  t.throws(() => spawnMonitor({ fds: [1.5] }), { instanceOf: TypeError });
  t.throws(() => spawnMonitor({ fds: [19_999] }), { name: 'NativeError', code: 'EBADF', message: /^dup3/ });
});

test('the monitor of the package belongs to root or to this user', (t) => {
  t.true([0, process.getuid?.()].includes(statSync(monitorPath()).uid));
});
