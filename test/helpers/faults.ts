/** The command line, killed where a test says, on a store that an engine of the test has open as well; and what must hold afterwards. */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { ExecutionContext } from 'ava';

import type {
  Failpoint,
  ImageFailpoint,
  ImageMountFailpoint,
  PodFailpoint,
  VolumeFailpoint,
} from '../../src/container/failpoint.js';
import { collect, type CliResult } from './cli.js';
import { until } from './until.js';
import { settledRemains, testEngine, type TestEngine } from './engine.js';
import { untilLaunchesAreDecided } from './launches.js';
import { remains } from './leaks.js';
import { SLOW } from './pace.js';
import { isAlive, isStopped } from './processes.js';

const PROGRAM = join(process.cwd(), 'bin/tspod');

export interface Faults extends TestEngine {
  /** Runs `tspod ...args` to its end. */
  readonly tspod: (...args: readonly string[]) => Promise<CliResult>;
  /** Starts it; `heard` is what it has written so far. */
  readonly begin: (...args: readonly string[]) => Begun;
  /** All processes of the test's containers and their monitors. */
  readonly processes: () => readonly string[];
  /** The same, killed at the point; fails unless it was. */
  readonly killedAt: (
    point: Failpoint | ImageFailpoint | ImageMountFailpoint | VolumeFailpoint,
    ...args: readonly string[]
  ) => Promise<void>;
  /** Starts `tspod ...args`, which stops at the point; resolves when it has. */
  readonly stoppedAt: (point: Failpoint | PodFailpoint, ...args: readonly string[]) => Promise<Stopped>;
  /** Runs a program (strace) on `tspod ...args`, or kills that after a delay; answers whether it was killed. */
  readonly killedBy: (killer: Killer, ...args: readonly string[]) => Promise<boolean>;
  /** Runs it under strace with these flags; the programs that it starts are not followed. */
  readonly underStrace: (strace: readonly string[], ...args: readonly string[]) => Promise<CliResult>;
  /** Runs it with another monitor (see writeTracedMonitor()). */
  readonly withMonitor: (path: string, ...args: readonly string[]) => Promise<CliResult>;
  /** Flags of `create` and `run` for a container of the test. */
  readonly flags: readonly string[];
  /** What any crash must be followed by: see below. */
  readonly recovers: (what: string) => Promise<readonly Listed[]>;
  /** Removes all containers by the command line; nothing is left then, on the disk or in the kernel. */
  readonly removesAll: (what: string, kept?: readonly string[]) => Promise<void>;
}

export type Killer = { readonly wrapper: readonly string[] } | { readonly afterMs: number };

export interface Begun {
  readonly pid: number;
  readonly heard: () => string;
  readonly result: Promise<CliResult>;
}

/** A command that was stopped on its way. */
export interface Stopped {
  readonly pid: number;
  /** Lets it go on, to its end. */
  readonly goOn: () => Promise<CliResult>;
}

export interface Listed {
  readonly id: string;
  readonly status: string;
}

/** `prefix`: words before each command, which say where it runs. */
export async function faults(t: ExecutionContext<unknown>, prefix: readonly string[] = []): Promise<Faults> {
  const env = await testEngine(t);
  const variables: NodeJS.ProcessEnv = {
    ...process.env,
    TSPOD_ROOT: env.root,
    TSPOD_RUNROOT: env.runRoot,
    TSPOD_CGROUP_MANAGER: env.cgroupManager,
  };
  // reading a bundle of certificates takes longer than everything else
  delete variables['NODE_EXTRA_CA_CERTS'];
  const run = (args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
    spawnCommand([...prefix, PROGRAM, ...args], { ...variables, ...more });
  const tspod = (...args: readonly string[]) => collect(run(args));
  const known: Faults = {
    ...env,
    tspod,
    flags: ['--network', 'none', '--cgroup-parent', env.cgroupParent],
    begin: (...args) => {
      const child = run(args);
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
      return { pid: child.pid ?? 0, heard: () => text, result: collect(child) };
    },
    processes: () => remains(env).filter((line) => line.startsWith('process ')),
    killedAt: async (point, ...args) => {
      const child = run(args, { TSPOD_TEST: '1', TSPOD_FAILPOINT: point });
      const { stdout, stderr } = await collect(child);
      t.is(child.signalCode, 'SIGKILL', `tspod ${args.join(' ')} passes ${point}\n${stdout}${stderr}`);
      if (point === 'plan-sent') await untilLaunchesAreDecided(env);
    },
    stoppedAt: async (point, ...args) => {
      const child = run(args, { TSPOD_TEST: '1', TSPOD_FAILPOINT: `${point}:stop` });
      const result = collect(child);
      const { pid = 0 } = child;
      t.teardown(() => child.kill('SIGKILL'));
      await until(`tspod ${args.join(' ')} passes ${point}`, () => isStopped(pid));
      const goOn = () => {
        child.kill('SIGCONT');
        // It may pass the point again.
        const again = setInterval(() => {
          if (isAlive(pid) && isStopped(pid)) child.kill('SIGCONT');
        }, 20);
        return result.finally(() => {
          clearInterval(again);
        });
      };
      return { pid, goOn };
    },
    killedBy: async (killer, ...args) => {
      const wrapper = 'wrapper' in killer ? killer.wrapper : [];
      const child = spawnCommand([...prefix, ...wrapper, PROGRAM, ...args], variables);
      const timer = 'afterMs' in killer ? setTimeout(() => child.kill('SIGKILL'), killer.afterMs) : undefined;
      await collect(child);
      clearTimeout(timer);
      return child.signalCode === 'SIGKILL';
    },
    underStrace: (strace, ...args) =>
      // By node itself: strace is to let go of whatever is executed.
      collect(spawnCommand([...prefix, 'strace', ...strace, process.execPath, PROGRAM, ...args], variables)),
    withMonitor: (path, ...args) => collect(run(args, { TSPOD_TEST: '1', TSPOD_MONITOR: path })),
    recovers: (what) => recovers(t, known, what),
    removesAll: (what, kept = []) => removesAll(t, known, { what, kept }),
  };
  return known;
}

/** No command of a test takes as long. */
const COMMAND_MS = 90_000 * SLOW;

function spawnCommand([program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv) {
  const child = spawn(program, args, { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  // One that hangs fails what it is for, by its status, instead of the whole run by its time; with it goes what it has begun, such as whom strace traces.
  const timer = setTimeout(() => {
    if (child.pid !== undefined) killGroup(child.pid);
    // Somebody who is not of the group may hold them.
    child.stdout.destroy();
    child.stderr.destroy();
  }, COMMAND_MS);
  child.once('close', () => {
    clearTimeout(timer);
  });
  return child;
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * One ordinary command later: it succeeds, no container is listed twice, the database is whole, what is on the disk and in the kernel belongs
 * to a container that is listed, and one that is said not to run has nothing but its layer.
 */
async function recovers(t: ExecutionContext<unknown>, env: Faults, what: string): Promise<readonly Listed[]> {
  await quiet(env);
  const { status, stdout, stderr } = await env.tspod('ps', '-a', '--no-trunc', '--format', '{{.ID}} {{.State}}');
  t.is(status, 0, `${what}: ps: ${stderr}`);
  t.is(stderr, '', `${what}: ps`);
  const listed = stdout
    .split('\n')
    .filter(Boolean)
    .map((line): Listed => ({ id: line.slice(0, 64), status: line.slice(65) }));
  t.is(new Set(listed.map(({ id }) => id)).size, listed.length, `${what}: a container is listed twice`);
  const up = listed.filter(({ status: state }) => state !== 'exited' && state !== 'created').map(({ id }) => id);
  const down = listed.filter(({ id }) => !up.includes(id)).map(({ id }) => `directory containers/${id}`);
  const mounts = env.engine.containers
    .list({ all: true })
    .flatMap(({ mountPoint }) => (mountPoint === null ? [] : `mount ${mountPoint}`));
  // It tells names for as long as a container runs.
  const nameServer = up.length === 0 ? [] : [`${env.runRoot}/networks/dns`];
  const pods = env.engine.pods.list().map(({ id }) => `pod_${id}`);
  const known = [...up, ...down, ...mounts, ...nameServer, ...pods];
  t.deepEqual(await settledRemains(env, known), [], `${what}: left after the next command`);
  t.is(
    inDatabase(env, (database) => database.pragma('integrity_check', { simple: true })),
    'ok',
    `${what}: the database`,
  );
  return listed;
}

const QUIET_LOOKS = 40 * SLOW;

/** Monitors that have nobody to work for any more end by themselves, in a moment; health checks come and go for ever. */
async function quiet(env: Faults): Promise<void> {
  let before: readonly string[] | undefined;
  for (let look = 0; look < QUIET_LOOKS; look += 1) {
    const now = remains(env);
    if (now.join() === before?.join()) return;
    before = now;
    await delay(80);
  }
}

function inDatabase<T>({ root }: Faults, ask: (database: Database.Database) => T): T {
  const database = new Database(join(root, 'tspod.db'), { readonly: true });
  try {
    return ask(database);
  } finally {
    database.close();
  }
}

/** What a removal must leave none of. */
const TABLES = ['container', 'container_config', 'container_state', 'dependency'];

interface Removal {
  readonly what: string;
  /** Directories of the store that stay, because of what the test has besides containers. */
  readonly kept: readonly string[];
}

async function removesAll(t: ExecutionContext<unknown>, env: Faults, { what, kept }: Removal): Promise<void> {
  const { status, stderr } = await env.tspod('rm', '--force', '--all', '--time', '0');
  t.is(status, 0, `${what}: rm --force --all: ${stderr}`);
  t.deepEqual(env.engine.containers.list({ all: true }), [], what);
  const rows = (table: string) => (database: Database.Database) =>
    database.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
  for (const table of TABLES) t.is(inDatabase(env, rows(table)), 0, `${what}: rows of ${table}`);
  t.deepEqual(await settledRemains(env, []), [], `${what}: left after the removal`);
  t.deepEqual(
    readdirSync(env.root).filter(
      (name) => !/^(tspod\.db(-wal|-shm)?|containers|cache)$/.test(name) && !kept.includes(name),
    ),
    [],
    what,
  );
}
