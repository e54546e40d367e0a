/**
 * kill -9 of the command line at moments that nobody chose: before each of its system calls that changes something, in turn, and at times
 * drawn by lot. Here a sample; `npm run test:faults` goes through all of them.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';

import { listLinks } from '../../../src/native/netlink/links.js';
import { faults, type Faults } from '../../helpers/faults.js';
import { ownNamespace } from '../../helpers/own-network.js';
import { randomFrom } from '../../helpers/random.js';
import { takesLong } from '../../helpers/pace.js';
import { requires } from '../../helpers/requires.js';
import { callsOf, killedBefore, sampled, told } from '../../helpers/sweep.js';

const ROUNDS = Number(process.env['TSPOD_FAULT_ROUNDS'] ?? 20);
const SEED = Number(process.env['TSPOD_FAULT_SEED'] ?? Date.now() % 1_000_000);
/** Each one: 1. */
const STRIDE = Number(process.env['TSPOD_FAULT_STRIDE'] ?? 40);

const NAME = 'subject';
const NETWORK = 'web';

interface Command {
  /** Makes what the command works on. */
  readonly before?: (env: Faults) => Promise<unknown>;
  readonly words: (env: Faults) => readonly string[];
  /** Takes away what the command and `before` have made besides containers. */
  readonly after?: (env: Faults) => Promise<unknown>;
  /** Directories of the store that stay. */
  readonly kept?: readonly string[];
  /** What may be listed afterwards, at most. @default 1 */
  readonly containers?: number;
}

const SLEEP = ['host:', 'sleep', '1000'];
const KILLED = ['--stop-signal', 'KILL'];

const startDetached = (env: Faults) => env.tspod('run', '-d', '--name', NAME, ...KILLED, ...env.flags, ...SLEEP);

const makeNetwork = (env: Faults) => env.tspod('network', 'create', '--subnet', '10.50.0.0/24', NETWORK);
const removeNetwork = (env: Faults) => env.tspod('network', 'rm', '--force', '--time', '0', NETWORK);
const published = ({ cgroupParent }: Faults) => [...KILLED, '-p', '18080:80', '--cgroup-parent', cgroupParent];
const startOnNetwork = async (env: Faults) => {
  await makeNetwork(env);
  await env.tspod('run', '-d', '--name', NAME, '--network', NETWORK, ...published(env), ...SLEEP);
};

const makePod = async (env: Faults) => {
  await env.tspod('pod', 'create', '--name', 'group', '--network', 'none', '--cgroup-parent', env.cgroupParent);
  await env.tspod('create', '--name', NAME, '--pod', 'group', ...KILLED, ...SLEEP);
};
const removePods = (env: Faults) => env.tspod('pod', 'rm', '--force', '--all', '--time', '0');

const COMMANDS = {
  'run --rm': { words: ({ flags }) => ['run', '--rm', '--name', NAME, ...flags, 'host:', 'true'] },
  'run --rm without caches': {
    before: forgetCaches,
    words: ({ flags }) => ['run', '--rm', '--name', NAME, ...flags, 'host:', 'true'],
  },
  'rm --force': { before: startDetached, words: () => ['rm', '--force', NAME] },
  exec: { before: startDetached, words: () => ['exec', NAME, 'true'] },
  stop: { before: startDetached, words: () => ['stop', NAME] },
  create: { words: ({ flags }) => ['create', '--name', NAME, ...flags, ...SLEEP] },
  start: {
    before: (env) => env.tspod('create', '--name', NAME, ...KILLED, ...env.flags, ...SLEEP),
    words: () => ['start', NAME],
  },
} as const satisfies Readonly<Record<string, Command>>;

/** In a network namespace of their own. */
const ON_NETWORKS = {
  'run -d on a bridge with a published port': {
    before: makeNetwork,
    words: (env) => ['run', '-d', '--name', NAME, '--network', NETWORK, ...published(env), ...SLEEP],
    after: removeNetwork,
    kept: ['networks'],
  },
  'stop on a bridge with a published port': {
    before: startOnNetwork,
    words: () => ['stop', NAME],
    after: removeNetwork,
    kept: ['networks'],
  },
  'network create': {
    words: () => ['network', 'create', '--subnet', '10.50.0.0/24', NETWORK],
    after: removeNetwork,
    kept: ['networks'],
  },
  'network connect': {
    before: async (env) => {
      await makeNetwork(env);
      await env.tspod('run', '-d', '--name', NAME, '--network', 'podman', ...published(env), ...SLEEP);
    },
    words: () => ['network', 'connect', NETWORK, NAME],
    after: removeNetwork,
    kept: ['networks'],
  },
  'network rm --force': {
    before: startOnNetwork,
    words: () => ['network', 'rm', '--force', '--time', '0', NETWORK],
    after: removeNetwork,
    kept: ['networks'],
  },
} as const satisfies Readonly<Record<string, Command>>;

const ON_PODS = {
  'pod start': {
    before: makePod,
    words: () => ['pod', 'start', 'group'],
    after: removePods,
    containers: 2,
    kept: ['layers'],
  },
  'pod rm --force': {
    before: async (env) => {
      await makePod(env);
      await env.tspod('pod', 'start', 'group');
    },
    words: () => ['pod', 'rm', '--force', '--time', '0', 'group'],
    after: removePods,
    containers: 2,
    kept: ['layers'],
  },
} as const satisfies Readonly<Record<string, Command>>;

for (const [name, command] of Object.entries<Command>({ ...COMMANDS, ...ON_PODS })) {
  test(`kill -9 before the system calls of ${name}`, async (t) => {
    if (!requires(t, 'root', 'overlay', 'strace')) return;
    await sweep(t, { env: await faults(t), name, command });
  });
}

for (const [name, command] of Object.entries<Command>(ON_NETWORKS)) {
  test(`kill -9 before the system calls of ${name}`, async (t) => {
    if (!requires(t, 'root', 'overlay', 'strace', 'nsenter')) return;
    const { net, enter } = await ownNamespace(t);
    const links = async () => (await listLinks({ inside: { net } })).map((link) => link.name).sort();
    const before = await links();
    const env = await faults(t, enter);
    await sweep(t, { env, name, command, alsoAfter: async (what) => t.deepEqual(await links(), before, what) });
  });
}

interface Sweep {
  readonly env: Faults;
  readonly name: string;
  readonly command: Command;
  /** What else must be as it was. */
  readonly alsoAfter?: (what: string) => Promise<unknown>;
}

async function sweep(t: ExecutionContext<unknown>, { env, name, command, alsoAfter }: Sweep): Promise<void> {
  takesLong(t);
  const args = command.words(env);
  const calls = await undisturbed(env, command);
  t.true(calls.length > 5, `${String(calls.length)} calls`);
  let killed = 0;
  for (const call of sampled(calls, STRIDE)) {
    const what = `${name}, killed before ${told(call)}`;
    await command.before?.(env);
    if (await killedBefore(env, call, args)) killed += 1;
    await check(t, env, { command, what });
    await alsoAfter?.(what);
  }
  t.true(killed > 0, 'none of them was killed');
  t.log(`${String(calls.length)} calls, killed at ${String(killed)}`);
}

async function undisturbed(env: Faults, command: Command) {
  await warmUp(env, command);
  await command.before?.(env);
  const calls = await callsOf(env, command.words(env));
  await clear(env, command);
  return calls;
}

/** The first one makes caches. */
async function warmUp(env: Faults, command: Command): Promise<void> {
  await command.before?.(env);
  await env.tspod(...command.words(env));
  await clear(env, command);
}

async function clear(env: Faults, { after }: Command): Promise<void> {
  await after?.(env);
  await env.tspod('rm', '--force', '--all', '--time', '0');
}

test('kill -9 at random moments', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  takesLong(t);
  t.log(`TSPOD_FAULT_SEED=${String(SEED)} TSPOD_FAULT_ROUNDS=${String(ROUNDS)}`);
  const env = await faults(t);
  const random = randomFrom(SEED);
  const names = Object.keys(COMMANDS) as (keyof typeof COMMANDS)[];
  const durations = new Map<string, number>();
  let kills = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const name = names[round % names.length] ?? 'exec';
    const command: Command = COMMANDS[name];
    const duration = durations.get(name) ?? (await durationOf(env, command));
    durations.set(name, duration);
    const afterMs = random.next() * duration;
    await command.before?.(env);
    if (await env.killedBy({ afterMs }, ...command.words(env))) kills += 1;
    const what = `${name}, killed after ${afterMs.toFixed(1)} ms (seed ${String(SEED)}, round ${String(round)})`;
    await check(t, env, { command, what });
  }
  t.true(kills > 0, 'all were faster');
});

async function durationOf(env: Faults, command: Command): Promise<number> {
  await warmUp(env, command);
  await command.before?.(env);
  const begin = performance.now();
  await env.tspod(...command.words(env));
  const duration = performance.now() - begin;
  await clear(env, command);
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

interface Check {
  readonly command: Command;
  readonly what: string;
}

/** The command that comes next may come at once, while what the dead one began is still under way. */
async function check(t: ExecutionContext<unknown>, env: Faults, { command, what }: Check): Promise<void> {
  const { status, stderr } = await env.tspod('ps');
  t.is(`${String(status)} ${stderr}`, '0 ', what);
  t.true((await env.recovers(what)).length <= (command.containers ?? 1), what);
  await command.after?.(env);
  await env.removesAll(what, command.kept);
}
