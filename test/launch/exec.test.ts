/** The command: where it is looked for, what it is given, what it means if there is none; and the small init before it. */
import { chmodSync, closeSync, copyFileSync, mkdirSync, openSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { spawnMonitor } from '../../src/native/monitor-spawn.js';
import { CODES } from '../../src/plan/codes.js';
import { encodePlan } from '../../src/plan/encode.js';
import { containedPlan, init, launchPlan, outcomeOf, prepare, ROOT, runContained } from '../helpers/contained.js';
import type { Contained, Outcome } from '../helpers/contained.js';
import { probePath } from '../helpers/probe.js';
import { requires } from '../helpers/requires.js';

/** Runs a command by name, in a root with programs in some places. */
function runCommand(t: ExecutionContext, args: readonly string[], env: readonly string[] = []): Promise<Outcome> {
  return runContained(t, { arrange: arrangePrograms, exec: { args }, env });
}

function arrangePrograms(root: string): void {
  for (const name of ['bin', 'usr/bin', 'opt/secret']) mkdirSync(join(root, name), { recursive: true });
  copyFileSync(probePath(), join(root, 'usr/bin/tool'));
  writeFileSync(join(root, 'bin/plain'), 'no program');
  writeFileSync(join(root, 'bin/both'), 'no program');
  copyFileSync(probePath(), join(root, 'usr/bin/both'));
  writeFileSync(join(root, 'bin/script'), '#!/no/interpreter\n', { mode: 0o755 });
  writeFileSync(join(root, 'bin/garbage'), 'echo this is no program\n', { mode: 0o755 });
  mkdirSync(join(root, 'bin/directory'));
}

const PATH = 'PATH=/bin:/usr/bin';

const CHANGING = ['chmod', '/proc/self/fd/0', '0640'] as const;

test('exec: a name is looked for in PATH', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runCommand(t, ['tool', 'echo', 'a b', '', 'größe'], [PATH]);
  t.deepEqual(outcome.values('arg'), ['a b', '', 'größe']);
});

test('exec: a file that may not be executed is passed by when another is found', async (t) => {
  if (!requires(t, 'root')) return;
  t.is((await runCommand(t, ['both', 'exit', '4'], [PATH])).end, 'exit 4');
});

async function fails(t: ExecutionContext, args: readonly string[], expected: string): Promise<void> {
  if (!requires(t, 'root')) return;
  t.is((await runCommand(t, args, [PATH])).end, `failed exec ${expected}`);
}
test('exec: a name that is nowhere', fails, ['nothing'], 'ENOENT execve nothing');
test('exec: a path that is nowhere', fails, ['/bin/nothing'], 'ENOENT execve /bin/nothing');
test('exec: a file that may not be executed, by name', fails, ['plain'], 'EACCES execve plain');
test('exec: a file that may not be executed, by path', fails, ['/bin/plain'], 'EACCES execve /bin/plain');
test('exec: a directory', fails, ['/bin/directory'], 'EACCES execve /bin/directory');
test('exec: a path through a file', fails, ['/bin/plain/x'], 'ENOTDIR execve /bin/plain/x');
test('exec: a script without its interpreter', fails, ['/bin/script'], 'ENOENT execve /bin/script');
test('exec: what is no program is not given to a shell', fails, ['garbage'], 'ENOEXEC execve /bin/garbage');
test('exec: an empty name', fails, [''], 'ENOENT execve');
test('exec: no command at all', fails, [], 'EINVAL execve no command');

test('exec: arguments that are too long', async (t) => {
  if (!requires(t, 'root')) return;
  t.is((await runCommand(t, ['/usr/bin/tool', 'x'.repeat(200_000)])).end, 'failed exec E2BIG execve /usr/bin/tool');
});

test('exec: the environment is the plan’s and nobody else’s', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, { env: ['A=1', 'B=with = and\ttab', 'EMPTY='], command: ['env'] });
  t.deepEqual(outcome.values('env'), ['A=1', 'B=with = and\ttab', 'EMPTY=']);
});

test('exec: a stream that is the null device is the container’s own, if it has one', async (t) => {
  if (!requires(t, 'root')) return;
  const { mode } = statSync('/dev/null');
  const outcome = await runContained(t, {
    proc: true,
    before: [
      init({ op: 'makeNode', rootSlot: ROOT, path: '/dev/null', mode: 0o020666, major: 1, minor: 3, uid: 0, gid: 0 }),
    ],
    command: [...CHANGING, '--', 'readlink', '/proc/self/fd/0'],
  });
  t.deepEqual(outcome.values('/proc/self/fd/0'), ['ok', '/dev/null']);
  t.is(statSync('/dev/null').mode, mode);
});

test('exec: a stream that is the host’s null device, where the container has none, does not change that', async (t) => {
  if (!requires(t, 'root')) return;
  const { mode } = statSync('/dev/null');
  t.teardown(() => {
    chmodSync('/dev/null', mode);
  });
  const stdin = openSync('/dev/null', 'r');
  const arrangements: readonly Contained[] = [
    {},
    { arrange: (root) => symlinkSync('/probe', join(root, 'dev/null')) },
    {
      fds: [stdin],
      outside: [prepare({ op: 'inheritFd', slot: 30, fd: 4 })],
      stdio: { stdin: CODES.streamKind.passthrough, stdinSlot: 30 },
    },
  ];
  for (const arrangement of arrangements) {
    const outcome = await runContained(t, { proc: true, command: [...CHANGING, '--', 'fds'], ...arrangement });
    t.is(outcome.end, 'exit 0');
    t.is(outcome.value('/proc/self/fd/0'), '!EROFS');
    t.is(statSync('/dev/null').mode, mode);
  }
  closeSync(stdin);
});

test('exec: signals and codes of the command', async (t) => {
  if (!requires(t, 'root')) return;
  t.is((await runContained(t, { command: ['exit', '77'] })).end, 'exit 77');
  t.is((await runContained(t, { command: ['kill', '9'], namespaces: 0x2_0000n })).end, 'signal 9');
});

test('becomeInit: the command is another process, in a group of its own, and its code is the container’s', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    after: [init({ op: 'newSession' }), init({ op: 'becomeInit' })],
    proc: true,
    command: 'processes -- cat /proc/1/comm -- ls /proc/1/fd -- signals -- cat /proc/1/cmdline -- exit 6'.split(' '),
  });
  t.is(outcome.end, 'exit 6');
  t.regex(outcome.stdout, /^pid=2\nppid=1\nsid=1\npgid=2\ntspod-init\n/);
  t.regex(outcome.stdout, /\ntspod-init\0*$/);
  t.deepEqual(outcome.values('entry').sort(), ['0', '1', '2']);
  t.is(outcome.value('blocked'), '');
});

test('becomeInit: a signal that ends the command becomes its code', async (t) => {
  if (!requires(t, 'root')) return;
  t.is((await runContained(t, { after: [init({ op: 'becomeInit' })], command: ['kill', '15'] })).end, 'exit 143');
});

test('becomeInit: signals are passed on', async (t) => {
  if (!requires(t, 'root')) return;
  const plan = containedPlan(t, { after: [init({ op: 'becomeInit' })], command: ['await', '--', 'exit', '3'] });
  const launch = launchPlan(t, plan);
  const { pid } = await launch.engine.expect('started');
  while (!launch.engine.stdout.includes('waiting=ok')) await new Promise((resolve) => setTimeout(resolve, 10));
  process.kill(pid, 'SIGUSR1');
  const outcome = await outcomeOf(t, launch);
  t.is(outcome.value('signal'), '10');
  t.is(outcome.end, 'exit 3');
});

test('becomeInit: orphans are reaped', async (t) => {
  if (!requires(t, 'root')) return;
  const command = [...Array.from({ length: 5 }, () => ['orphan', '--']).flat(), 'sleep', '1000', '--', 'zombies'];
  const reaped = await runContained(t, { proc: true, after: [init({ op: 'becomeInit' })], command });
  t.is(reaped.value('zombies'), '0');
  const without = await runContained(t, { proc: true, command });
  t.is(without.value('zombies'), '5');
});

test('becomeInit: a command that cannot be executed is told as without', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runContained(t, { after: [init({ op: 'becomeInit' })], exec: { args: ['/no/such'] } });
  t.is(end, 'failed exec ENOENT execve /no/such');
});

test('the program that entered the container cannot be written to from inside', async (t) => {
  if (!requires(t, 'root')) return;
  // As the engine starts it. A program that runs cannot be written to in any case, but its mode could be changed.
  const monitor = spawnMonitor();
  const output: Uint8Array[] = [];
  monitor.onMessage((message) => {
    if (message.name === 'stdout') output.push(message.data);
  });
  const plan = containedPlan(t, {
    proc: true,
    after: [init({ op: 'becomeInit' })],
    command: ['overwrite', '1'],
  });
  monitor.send('attach', { stdin: 0, stdout: 1, stderr: 1 });
  monitor.send('launch', { plan: encodePlan(plan) });
  await monitor.closed;
  await monitor.ended();
  t.is(Buffer.concat(output).toString(), 'overwrite=!ETXTBSY\nchmod=!EROFS\n');
});
