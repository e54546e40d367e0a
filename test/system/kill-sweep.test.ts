/**
 * kill -9 of the command line at moments that nobody chose: before each of its system calls that changes something, in turn, and at times
 * drawn by lot. Here a sample; `npm run test:faults` goes through all of them.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';

import { faults, type Faults } from '../helpers/faults.js';
import { randomFrom } from '../helpers/random.js';
import { requires } from '../helpers/requires.js';

const ROUNDS = Number(process.env['TSPOD_FAULT_ROUNDS'] ?? 20);
const SEED = Number(process.env['TSPOD_FAULT_SEED'] ?? Date.now() % 1_000_000);
/** Each one: 1. */
const STRIDE = Number(process.env['TSPOD_FAULT_STRIDE'] ?? 16);

const NAME = 'subject';

/** What changes the disk or the kernel, or tells somebody something. */
const CALLS =
  'openat,mkdir,mkdirat,rmdir,unlink,unlinkat,rename,renameat,renameat2,pwrite64,write,ftruncate,flock,chmod,fchmod,sendto,sendmsg,vfork,clone,clone3,connect,pidfd_send_signal,kill,exit_group';

interface Command {
  /** Makes what the command works on. */
  readonly before?: (env: Faults) => Promise<unknown>;
  readonly words: (env: Faults) => readonly string[];
}

const startDetached = (env: Faults) =>
  env.tspod('run', '-d', '--name', NAME, '--stop-signal', 'KILL', ...env.flags, 'host:', 'sleep', '1000');

const COMMANDS = {
  'run --rm': { words: ({ flags }) => ['run', '--rm', '--name', NAME, ...flags, 'host:', 'true'] },
  'run --rm without caches': {
    before: forgetCaches,
    words: ({ flags }) => ['run', '--rm', '--name', NAME, ...flags, 'host:', 'true'],
  },
  'rm --force': { before: startDetached, words: () => ['rm', '--force', NAME] },
  exec: { before: startDetached, words: () => ['exec', NAME, 'true'] },
  stop: { before: startDetached, words: () => ['stop', NAME] },
} as const satisfies Readonly<Record<string, Command>>;

for (const [name, command] of Object.entries<Command>(COMMANDS)) {
  test(`kill -9 before the system calls of ${name}`, async (t) => {
    if (!requires(t, 'root', 'overlay', 'strace')) return;
    t.timeout(3_600_000);
    const env = await faults(t);
    const calls = await callsOf(env, command);
    t.true(calls.length > 5, `${String(calls.length)} calls`);
    let killed = 0;
    for (let index = 0; index < calls.length; index += STRIDE) {
      const { call, count } = calls[index] ?? { call: '', count: 0 };
      const what = `${name}, killed before ${call} ${String(count)}`;
      await command.before?.(env);
      const inject = `inject=${call}:signal=KILL:when=${String(count)}`;
      const wrapper = ['strace', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', inject];
      if (await env.killedBy({ wrapper }, ...command.words(env))) killed += 1;
      await check(t, env, what);
    }
    t.true(killed > 0, 'none of them was killed');
    t.log(`${String(calls.length)} calls, killed at ${String(killed)}`);
  });
}

interface Call {
  readonly call: string;
  /** Which one of its name. */
  readonly count: number;
}

/** Those of an undisturbed run, from the moment that it opens the store. */
async function callsOf(env: Faults, command: Command): Promise<readonly Call[]> {
  const directory = mkdtempSync(join(tmpdir(), 'tspod-strace-'));
  const trace = join(directory, 'trace');
  try {
    await warmUp(env, command);
    await command.before?.(env);
    await env.killedBy({ wrapper: ['strace', '-qq', '-o', trace, '-e', `trace=${CALLS}`] }, ...command.words(env));
    return countCalls(readFileSync(trace, 'utf8'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The first one makes caches. */
async function warmUp(env: Faults, command: Command): Promise<void> {
  await command.before?.(env);
  await env.tspod(...command.words(env));
}

function countCalls(trace: string): readonly Call[] {
  const counts = new Map<string, number>();
  const calls: Call[] = [];
  let inStore = false;
  for (const line of trace.split('\n')) {
    const call = /^(\w+)\(/.exec(line)?.[1];
    if (call === undefined) continue;
    const count = (counts.get(call) ?? 0) + 1;
    counts.set(call, count);
    inStore ||= line.includes('/tspod.db');
    // What is only read changes nothing.
    if (inStore && !line.includes('O_RDONLY')) calls.push({ call, count });
  }
  return calls;
}

test('kill -9 at random moments', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  t.timeout(3_600_000);
  t.log(`TSPOD_FAULT_SEED=${String(SEED)} TSPOD_FAULT_ROUNDS=${String(ROUNDS)}`);
  const env = await faults(t);
  const random = randomFrom(SEED);
  const names = Object.keys(COMMANDS) as (keyof typeof COMMANDS)[];
  const durations = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const name = names[round % names.length] ?? 'exec';
    const command: Command = COMMANDS[name];
    const duration = durations.get(name) ?? (await durationOf(env, command));
    durations.set(name, duration);
    const afterMs = random.next() * duration;
    await command.before?.(env);
    await env.killedBy({ afterMs }, ...command.words(env));
    await check(
      t,
      env,
      `${name}, killed after ${afterMs.toFixed(1)} ms (seed ${String(SEED)}, round ${String(round)})`,
    );
  }
});

async function durationOf(env: Faults, command: Command): Promise<number> {
  await warmUp(env, command);
  await env.tspod('rm', '--force', '--all', '--time', '0');
  await command.before?.(env);
  const begin = performance.now();
  await env.tspod(...command.words(env));
  const duration = performance.now() - begin;
  await env.tspod('rm', '--force', '--all', '--time', '0');
  return duration;
}

/** The layer that hides the host's secrets and the compiled filters are made anew. */
function forgetCaches({ root, runRoot }: Faults): Promise<void> {
  const hide = join(runRoot, 'hide');
  spawnSync('umount', [hide]);
  rmSync(hide, { recursive: true, force: true });
  rmSync(join(root, 'cache'), { recursive: true, force: true });
  return Promise.resolve();
}

/** The command that comes next may come at once, while what the dead one began is still under way. */
async function check(t: ExecutionContext<unknown>, env: Faults, what: string): Promise<void> {
  const { status, stderr } = await env.tspod('ps');
  t.is(`${String(status)} ${stderr}`, '0 ', what);
  t.true((await env.recovers(what)).length <= 1, what);
  await env.removesAll(what);
}
