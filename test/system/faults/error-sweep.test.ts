/**
 * System calls of the command line that fail, one at a time, with what a full or broken disk, a process with too many files, or a machine without memory would say. The command may do
 * without or fail; what it says then is one line with words of its own, and the next command finds nothing that was left. Here a sample; `npm run test:faults` takes all.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { checkStore } from '../../../src/index.js';
import { KILLED_BY_SIGNAL } from '../../helpers/cli.js';
import { faults, type Faults } from '../../helpers/faults.js';
import { writeArchive } from '../../helpers/images.js';
import { busyboxLayer, imageOf, layerOf, partsOf } from '../../helpers/layers.js';
import { checkOutcome } from '../../helpers/outcome.js';
import { ownNamespace } from '../../helpers/own-network.js';
import { takesLong } from '../../helpers/pace.js';
import { requires } from '../../helpers/requires.js';
import { sampled } from '../../helpers/sweep.js';
import { temporaryDirectory } from '../../helpers/temp.js';

/** Each call with each error: 1. */
const STRIDE = Number(process.env['TSPOD_FAULT_STRIDE'] ?? 150);

/** What these calls may say on a machine that is not well. Threads of node, and what wakes them, are not tried: it aborts. */
const ERRORS: Readonly<Record<string, readonly string[]>> = {
  openat: ['EMFILE', 'EIO', 'ENOMEM', 'ENOSPC'],
  mkdir: ['ENOSPC', 'EIO'],
  mkdirat: ['ENOSPC', 'EIO'],
  rename: ['EIO', 'ENOSPC'],
  renameat: ['EIO', 'ENOSPC'],
  renameat2: ['EIO', 'ENOSPC'],
  unlink: ['EIO'],
  unlinkat: ['EIO'],
  rmdir: ['EIO'],
  ftruncate: ['EIO', 'ENOSPC'],
  pwrite64: ['ENOSPC', 'EIO'],
  pread64: ['EIO', 'ENOMEM'],
  write: ['ENOSPC', 'EIO'],
  writev: ['ENOSPC', 'EIO'],
  fsync: ['EIO'],
  fdatasync: ['EIO'],
  flock: ['EIO'],
  getdents64: ['EIO', 'ENOMEM'],
  clone: ['ENOMEM'],
  vfork: ['ENOMEM'],
  socket: ['EMFILE', 'ENOMEM'],
  socketpair: ['EMFILE', 'ENOMEM'],
  pipe2: ['EMFILE'],
  connect: ['ENOMEM'],
  sendto: ['ENOMEM'],
  sendmsg: ['ENOMEM'],
  mount: ['ENOMEM'],
};

const NAME = 'subject';

interface Subject {
  readonly env: Faults;
  /** The flags of the test's containers, which are on a network where the test is about that. */
  readonly flags: readonly string[];
  readonly archive: string;
}

interface Command {
  /** Makes what the command works on. */
  readonly before?: (on: Subject) => readonly (readonly string[])[];
  readonly words: (on: Subject) => readonly string[];
  readonly needs?: 'image' | 'network';
  /** The container that runs before does so afterwards. */
  readonly survives?: boolean;
}

const running = ({ flags }: Subject) => [
  ...['run', '-d', '--name', NAME, '--stop-signal', 'KILL'],
  ...flags,
  ...['host:', 'sleep', '1000'],
];
const detached = (on: Subject) => [running(on)];
const created = ({ flags }: Subject) => [
  ['create', '--name', NAME, '--stop-signal', 'KILL', ...flags, 'host:', 'sleep', '1000'],
];
const MADE = ['network', 'create', '--subnet', '10.50.0.0/24', 'web'];

const COMMANDS: Readonly<Record<string, Command>> = {
  'run --rm': { words: ({ flags }) => ['run', '--rm', '--name', NAME, ...flags, 'host:', 'true'] },
  'run -d': { words: (on) => detached(on)[0] ?? [] },
  create: { words: (on) => created(on)[0] ?? [] },
  start: { before: created, words: () => ['start', NAME] },
  exec: { before: detached, words: () => ['exec', NAME, 'true'], survives: true },
  stop: { before: detached, words: () => ['stop', '-t', '0', NAME] },
  ps: { before: detached, words: () => ['ps'], survives: true },
  'rm --force': { before: detached, words: () => ['rm', '--force', '-t', '0', NAME] },
  'volume create': { words: () => ['volume', 'create', 'data'] },
  'volume rm': { before: () => [['volume', 'create', 'data']], words: () => ['volume', 'rm', 'data'] },
  'run with a volume': { words: ({ flags }) => ['run', '--rm', ...flags, '-v', 'data:/data', 'host:', 'true'] },
  pull: { needs: 'image', words: ({ archive }) => ['pull', '-q', `oci-archive:${archive}`] },
  commit: {
    needs: 'image',
    before: ({ archive, flags }) => [
      ['load', '-q', '-i', archive],
      ['run', '--name', NAME, ...flags, 'localhost/subject:1', 'touch', '/file'],
    ],
    words: () => ['commit', '-q', NAME, 'localhost/committed:1'],
  },
  'network create': { needs: 'network', words: () => MADE },
  'network rm': { needs: 'network', before: () => [MADE], words: () => ['network', 'rm', 'web'] },
  'run -d on a network': {
    needs: 'network',
    before: () => [MADE],
    words: running,
  },
  'rm --force on a network': {
    needs: 'network',
    before: (on) => [MADE, running(on)],
    words: () => ['rm', '--force', '-t', '0', NAME],
  },
  'network connect': {
    needs: 'network',
    before: (on) => [MADE, ['network', 'create', '--subnet', '10.51.0.0/24', 'other'], running(on)],
    words: () => ['network', 'connect', 'other', NAME],
  },
};

for (const [title, command] of Object.entries(COMMANDS)) {
  test.serial(`errors of system calls: ${title}`, async (t) => {
    if (!requires(t, 'root', 'overlay', 'strace', 'nsenter')) return;
    if (command.needs === 'image' && !requires(t, 'busybox')) return;
    takesLong(t);
    const on = await subject(t, command);
    const injections = every(await injectionsOf(t, on, command));
    const counts = { failed: 0, succeeded: 0 };
    for (const { call, count, error } of injections) {
      const what = `${title}, ${call} ${String(count)} fails with ${error}`;
      await prepare(t, on, command);
      const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:error=${error}:when=${String(count)}`];
      const result = await on.env.underStrace([...FOLLOW, '-o', '/dev/null', ...inject], ...command.words(on));
      // It is counted by thread: where one of node's own cannot be woken, node aborts, which is as good as a kill.
      const isAborted = call === 'write' && result.status === KILLED_BY_SIGNAL;
      if (!isAborted) checkOutcome(t, what, result);
      counts[result.status === 0 ? 'succeeded' : 'failed'] += 1;
      if (command.survives === true) {
        const { stdout } = await on.env.tspod('inspect', '--format', '{{.State.Status}}', NAME);
        t.is(stdout, 'running\n', what);
      }
      await cleanUp(t, on, what);
    }
    t.log(
      `${String(injections.length)} errors: ${String(counts.failed)} failed, ${String(counts.succeeded)} did without`,
    );
    t.true(injections.length > 0);
  });
}

test.serial('who cannot look at a process does not take it for dead', async (t) => {
  if (!requires(t, 'root', 'overlay', 'strace')) return;
  const env = await faults(t);
  await prepare(t, { env, flags: env.flags, archive: '' }, { before: detached, words: () => [] });
  const { pid, monitorPid } = env.engine.containers.get(NAME).state();
  for (const error of ['EMFILE', 'ENOMEM', 'EIO']) {
    for (const words of [['ps'], ['exec', NAME, 'true'], ['start', NAME]]) {
      const paths = [pid, monitorPid].flatMap((number) => ['-P', `/proc/${String(number)}/stat`]);
      const inject = [...paths, '-e', 'trace=openat', '-e', `inject=openat:error=${error}`];
      const result = await env.underStrace([...FOLLOW, '-o', '/dev/null', ...inject], ...words);
      checkOutcome(t, `${words.join(' ')} with ${error}`, result);
      t.not(result.status, 0, `${words.join(' ')} with ${error}`);
      t.is(env.engine.containers.get(NAME).state().status, 'running', `${words.join(' ')} with ${error}`);
      t.is(env.engine.containers.get(NAME).state().pid, pid);
    }
  }
  await env.removesAll('looked at');
});

test.serial('who cannot look at the name server starts no other one', async (t) => {
  if (!requires(t, 'root', 'overlay', 'strace', 'nsenter', 'aardvark-dns')) return;
  const command: Command = { needs: 'network', before: (on) => [MADE, running(on)], words: () => ['ps'] };
  const on = await subject(t, command);
  await prepare(t, on, command);
  const nameServers = () => on.env.processes().filter((line) => line.includes('aardvark-dns'));
  const [known = ''] = nameServers();
  const ran = ['run', '--rm', '--network', 'web', '--cgroup-parent', on.env.cgroupParent, 'host:', 'true'];
  for (const path of [`${on.env.runRoot}/networks/dns/aardvark.pid`, `/proc/${known.split(' ')[1] ?? ''}/cmdline`]) {
    for (const error of ['EMFILE', 'ENOMEM', 'EIO']) {
      for (const words of [['ps'], ran]) {
        const what = `${words.join(' ')} with ${error} of ${path}`;
        const inject = ['-P', path, '-e', 'trace=openat', '-e', `inject=openat:error=${error}`];
        checkOutcome(t, what, await on.env.underStrace([...FOLLOW, '-o', '/dev/null', ...inject], ...words));
        t.deepEqual(nameServers(), [known], what);
      }
    }
  }
  await cleanUp(t, on, 'looked at');
});

test.serial('without descriptors for the name server the start fails, and says why', async (t) => {
  if (!requires(t, 'root', 'overlay', 'strace', 'nsenter', 'aardvark-dns')) return;
  const command: Command = { needs: 'network', before: () => [MADE], words: running };
  const on = await subject(t, command);
  await prepare(t, on, command);
  const inject = ['-e', 'trace=socketpair', '-e', 'inject=socketpair:error=EMFILE'];
  const { status, stderr } = await on.env.underStrace([...FOLLOW, '-o', '/dev/null', ...inject], ...command.words(on));
  t.is(status, 126);
  t.regex(stderr, /^Error: cannot resolve names on networks: spawn \S+aardvark-dns EMFILE\n$/);
  await cleanUp(t, on, 'without descriptors');
});

/** All threads of the command line; programs that it starts are let go. */
const FOLLOW = ['-f', '-b', 'execve', '-qq'];

async function subject(t: ExecutionContext<unknown>, { needs }: Command): Promise<Subject> {
  const archive = join(temporaryDirectory(t), 'subject.tar');
  if (needs === 'image')
    await writeArchive(
      t,
      `${archive}:localhost/subject:1`,
      partsOf(imageOf({ layers: [busyboxLayer(), layerOf([{ path: 'last', content: 'x' }])] })),
    );
  if (needs !== 'network') {
    const env = await faults(t);
    return { env, flags: env.flags, archive };
  }
  const env = await faults(t, (await ownNamespace(t)).enter);
  const flags = ['--network', 'web', '-p', '18080:80', '--cgroup-parent', env.cgroupParent];
  return { env, flags, archive };
}

async function prepare(t: ExecutionContext<unknown>, on: Subject, { before }: Command): Promise<void> {
  for (const args of before?.(on) ?? []) {
    const { status, stderr } = await on.env.tspod(...args);
    t.is(status, 0, `tspod ${args.join(' ')}: ${stderr}`);
  }
}

interface Injection {
  readonly call: string;
  readonly count: number;
  readonly error: string;
}

/** Those of an undisturbed run, from the moment that it opens the store. */
async function injectionsOf(
  t: ExecutionContext<unknown>,
  on: Subject,
  command: Command,
): Promise<readonly Injection[]> {
  const directory = mkdtempSync(join(tmpdir(), 'tspod-strace-'));
  try {
    const trace = join(directory, 'trace');
    // The first one makes caches.
    for (const flags of [[], ['-y', '-o', trace, '-e', `trace=${Object.keys(ERRORS).join()}`]]) {
      await prepare(t, on, command);
      const { status, stderr } = await (flags.length === 0
        ? on.env.tspod(...command.words(on))
        : on.env.underStrace([...FOLLOW, ...flags], ...command.words(on)));
      t.is(status, 0, stderr);
      await cleanUp(t, on, 'undisturbed');
    }
    return parseTrace(readFileSync(trace, 'utf8'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function parseTrace(trace: string): readonly Injection[] {
  const counts = new Map<string, number>();
  const found: Injection[] = [];
  // Those before are the loader's and node's.
  const before = new Set<string>();
  let inStore = false;
  for (const line of trace.split('\n')) {
    const [, thread = '', call = ''] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    if (call === '') continue;
    const key = `${thread} ${call}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    inStore ||= line.includes('/tspod.db');
    // Each thread counts for itself, and an injection is for all of them.
    if (!inStore) before.add(`${call} ${String(count)}`);
    if (before.has(`${call} ${String(count)}`)) continue;
    // What wakes a thread is node's own.
    if (/\[eventfd\]|<pipe:/.test(line)) continue;
    if (found.some((other) => other.call === call && other.count === count)) continue;
    for (const error of ERRORS[call] ?? []) found.push({ call, count, error });
  }
  return found;
}

function every(injections: readonly Injection[]): readonly Injection[] {
  return sampled(injections, STRIDE, Math.floor(STRIDE / 2));
}

/** The next command finds everything in order; all can be removed, and then nothing is left. What no command has to show is done by the engine, which is faster. */
async function cleanUp(t: ExecutionContext<unknown>, { env }: Subject, what: string): Promise<void> {
  t.true((await env.recovers(what)).length <= 1, what);
  await env.removesAll(what, ['networks', 'volumes', 'blobs', 'layers']);
  if (env.engine.networks.list().length > 1) {
    // Its bridges are in a network namespace of its own.
    const { status, stderr } = await env.tspod('network', 'prune', '--force');
    t.is(status, 0, `${what}: network prune: ${stderr}`);
  }
  t.deepEqual([...(await env.engine.volumes.prune({ all: true })).failed], [], what);
  t.deepEqual([...(await env.engine.images.prune({ all: true })).failed], [], what);
  const { root, runRoot } = env;
  const { problems, repaired } = await checkStore({ root, runRoot, repair: true });
  t.true(repaired, what);
  t.notRegex(problems.join('\n'), /missing|damaged/, what);
  t.deepEqual(await checkStore({ root, runRoot }), { problems: [], repaired: true }, what);
}
