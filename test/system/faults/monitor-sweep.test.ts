/**
 * The monitor is killed before each of its system calls that changes something, and each that may fail does so, in turn: the command says so or does without, and after the
 * next one nothing is left. Here a sample; `npm run test:faults -- --only monitor-sweep` takes all.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { listLinks } from '../../../src/native/netlink/links.js';
import { faults, type Faults } from '../../helpers/faults.js';
import { checkOutcome } from '../../helpers/outcome.js';
import { ownNamespace } from '../../helpers/own-network.js';
import { writeTracedMonitor } from '../../helpers/probe.js';
import { takesLong } from '../../helpers/pace.js';
import { requires } from '../../helpers/requires.js';
import { sampled } from '../../helpers/sweep.js';
import { temporaryDirectory } from '../../helpers/temp.js';

/** Each one: 1. */
const STRIDE = Number(process.env['TSPOD_FAULT_STRIDE'] ?? 48);

const NAME = 'subject';

/** As `run` and `exec` tell it when the monitor dies of what has begun: nobody knows how it ends. */
const UNKNOWN_END = 255;

interface Life {
  /** The container on which the commands work, with a monitor that is left alone. */
  readonly before?: (flags: readonly string[]) => readonly string[];
  /** One after the other; their monitor is the one that is tried. */
  readonly words: (flags: readonly string[]) => readonly (readonly string[])[];
  readonly network?: boolean;
  /** The container of `before` runs afterwards. */
  readonly survives?: boolean;
}

const detached = (flags: readonly string[]) => [
  ...['run', '-d', '--name', NAME, '--stop-signal', 'KILL'],
  ...flags,
  ...['host:', 'sleep', '1000'],
];
const attached = (flags: readonly string[]) => ['run', '--rm', '--name', NAME, ...flags, 'host:', 'echo', 'hello'];
const STOP = ['stop', '-t', '0', NAME];

const LIVES: Readonly<Record<string, Life>> = {
  'run --rm': { words: (flags) => [attached(flags)] },
  'run -d, stop, start, rm': {
    words: (flags) => [detached(flags), STOP, ['start', NAME], ['rm', '--force', '-t', '0', NAME]],
  },
  exec: { before: detached, words: () => [['exec', NAME, 'echo', 'hello']], survives: true },
  'run --rm on a network': { network: true, words: (flags) => [attached(flags)] },
  'run -d on a network, stop': { network: true, words: (flags) => [detached(flags), STOP] },
};

interface Subject {
  readonly env: Faults;
  readonly flags: readonly string[];
  readonly links: () => Promise<readonly string[]>;
  readonly directory: string;
}

for (const [title, life] of Object.entries(LIVES)) {
  for (const [kind, injectionsFor] of Object.entries({ 'is killed': kills, 'meets errors': errors })) {
    test.serial(`the monitor ${kind}: ${title}`, async (t) => {
      if (!requires(t, 'root', 'overlay', 'strace', 'nsenter')) return;
      takesLong(t);
      const on = await subject(t, life);
      const injections = (await callsOf(t, on, life)).flatMap(injectionsFor);
      const counts = { failed: 0, succeeded: 0 };
      // Five places at least, however few there are: one alone may be of a call that is not made each time.
      const stride = Math.max(1, Math.min(STRIDE, Math.floor(injections.length / 5)));
      for (const { call, count, effect } of sampled(injections, stride, Math.floor(stride / 2))) {
        const what = `${title}, ${call} ${String(count)} of the monitor: ${effect}`;
        const flags = ['-e', `trace=${call}`, '-e', `inject=${call}:${effect}:when=${String(count)}`];
        const failed = await live(t, on, life, { flags, what });
        counts[failed ? 'failed' : 'succeeded'] += 1;
      }
      t.log(
        `${String(injections.length)} in all; ${String(counts.failed)} failed, ${String(counts.succeeded)} did without`,
      );
      t.true(counts.failed > 0, 'none of them was felt');
    });
  }
}

async function subject(t: ExecutionContext<unknown>, { network = false }: Life): Promise<Subject> {
  const { net, enter } = await ownNamespace(t);
  const env = await faults(t, enter);
  const links = async () => (await listLinks({ inside: { net } })).map(({ name }) => name).sort();
  const directory = temporaryDirectory(t);
  if (!network) return { env, flags: env.flags, links, directory };
  const { status } = await env.tspod('network', 'create', '--subnet', '10.50.0.0/24', 'web');
  t.is(status, 0);
  return { env, flags: ['--network', 'web', '-p', '18080:80', '--cgroup-parent', env.cgroupParent], links, directory };
}

interface Trial {
  /** Of strace. */
  readonly flags: readonly string[];
  readonly what: string;
}

/** Answers whether a command has failed. */
async function live(t: ExecutionContext<unknown>, on: Subject, life: Life, { flags, what }: Trial): Promise<boolean> {
  const { env, directory } = on;
  if (life.before !== undefined) t.is((await env.tspod(...life.before(on.flags))).status, 0, what);
  const linksBefore = life.before === undefined ? await on.links() : undefined;
  const monitor = join(directory, 'monitor');
  writeTracedMonitor(monitor, ['-qq', '-o', join(directory, 'trace'), ...flags]);
  let failed = false;
  for (const words of life.words(on.flags)) {
    const result = await env.withMonitor(monitor, ...words);
    if (result.status !== UNKNOWN_END) checkOutcome(t, `${what}: ${words.join(' ')}`, result);
    failed ||= result.status !== 0;
  }
  if (life.survives === true) {
    const { stdout } = await env.tspod('inspect', '--format', '{{.State.Status}}', NAME);
    t.is(stdout, 'running\n', what);
  }
  t.true((await env.recovers(what)).length <= 1, what);
  await env.removesAll(what, ['networks']);
  if (linksBefore !== undefined) t.deepEqual(await on.links(), linksBefore, `${what}: links`);
  const check = await env.tspod('system', 'check');
  t.is(`${String(check.status)} ${check.stdout}${check.stderr}`, '0 ', what);
  return failed;
}

interface Call {
  readonly call: string;
  /** Which one of its name. */
  readonly count: number;
}

/** Those of a monitor that is left alone. */
async function callsOf(t: ExecutionContext<unknown>, on: Subject, life: Life): Promise<readonly Call[]> {
  let trace = '';
  // The first one makes caches.
  for (const what of ['first', 'undisturbed']) {
    t.false(await live(t, on, life, { flags: [], what }), what);
    trace = readFileSync(join(on.directory, 'trace'), 'utf8');
  }
  const counts = new Map<string, number>();
  const calls = trace.split('\n').flatMap((line): Call | readonly [] => {
    const call = /^(\w+)\(/.exec(line)?.[1];
    if (call === undefined) return [];
    const count = (counts.get(call) ?? 0) + 1;
    counts.set(call, count);
    return { call, count };
  });
  t.true(calls.length > 50, `${String(calls.length)} calls`);
  return calls.slice(calls.findIndex(({ call }) => call === 'execve') + 1);
}

interface Injection extends Call {
  /** In strace's words. */
  readonly effect: string;
}

/** What is no different from being killed before the next one. */
const WITHOUT_EFFECT =
  /^(brk|mmap|munmap|mprotect|rt_sig\w+|read\w*|pread64|lseek|getrandom|getpid|getdents64|\w*stat\w*|fcntl|close|arch_prctl|set_\w+|rseq|prlimit64)$/;

function kills({ call, count }: Call): readonly Injection[] {
  return WITHOUT_EFFECT.test(call) ? [] : [{ call, count, effect: 'signal=KILL' }];
}

/** What these calls may say on a machine that is not well. */
const ERRORS: Readonly<Record<string, readonly string[]>> = {
  openat: ['EMFILE', 'EIO', 'ENOMEM'],
  openat2: ['EMFILE', 'EIO', 'ENOMEM'],
  mkdirat: ['ENOSPC', 'EIO'],
  renameat: ['EIO', 'ENOSPC'],
  unlinkat: ['EIO'],
  ftruncate: ['EIO', 'ENOSPC'],
  pwrite64: ['ENOSPC', 'EIO'],
  write: ['ENOSPC', 'EIO'],
  read: ['EIO'],
  getdents64: ['EIO', 'ENOMEM'],
  clone3: ['ENOMEM', 'EAGAIN'],
  setns: ['ENOMEM'],
  socket: ['EMFILE', 'ENOMEM'],
  socketpair: ['EMFILE', 'ENOMEM'],
  bind: ['EIO', 'ENOMEM'],
  pipe2: ['EMFILE'],
  signalfd4: ['EMFILE'],
  epoll_create1: ['EMFILE'],
  epoll_ctl: ['ENOMEM', 'ENOSPC'],
  fcntl: ['EMFILE'],
  sendto: ['ENOMEM', 'ENOBUFS'],
  sendmsg: ['ENOMEM', 'ENOBUFS'],
  recvmsg: ['ENOMEM'],
};

function errors({ call, count }: Call): readonly Injection[] {
  return (ERRORS[call] ?? []).map((error) => ({ call, count, effect: `error=${error}` }));
}
