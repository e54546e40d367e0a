/** Runs the built command line on a store of the test's own, and sees to it that nothing is left behind. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import type { ExecutionContext } from 'ava';

import { cgroupTops, supervisorsOf, testCgroupManager } from './leaks.js';
import { ownTurn } from './turn.js';
import { until } from './until.js';

const PROGRAM = join(process.cwd(), 'bin/tspod');

export interface CliResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly directory?: string;
  /** Further descriptors, from 3 on. */
  readonly fds?: readonly number[];
}

/** Where a test's containers live. */
export interface TestStore {
  readonly root: string;
  readonly runRoot: string;
  readonly env: NodeJS.ProcessEnv;
  /** Words before the program's name: where it runs. */
  prefix?: readonly string[];
}

const stores = new WeakMap<ExecutionContext<unknown>, TestStore>();

/** Directories of a store that a test chooses, because of what they are on. */
export type StorePlaces = Partial<Pick<TestStore, 'root' | 'runRoot'>>;

/** The store of a test: made at the first call, where `places` counts; emptied and looked through after the test. */
export function storeOf(t: ExecutionContext<unknown>, places: StorePlaces = {}): TestStore {
  const known = stores.get(t);
  if (known !== undefined) return known;
  const { root = mkdtempSync('/tmp/tspod-cli-'), runRoot = mkdtempSync('/run/tspod-cli-') } = places;
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    TSPOD_ROOT: root,
    TSPOD_RUNROOT: runRoot,
    TSPOD_CGROUP_MANAGER: testCgroupManager(),
    // Tests that are about networks have a namespace of their own for them.
    TSPOD_NETWORK: 'none',
  };
  // reading a bundle of certificates takes longer than everything else
  delete env['NODE_EXTRA_CA_CERTS'];
  const store = { root, runRoot, env };
  stores.set(t, store);
  t.teardown(() => leaveNothing(store));
  return store;
}

/** Runs `tspod ...args` to its end and asserts its exit status. */
export async function run(
  t: ExecutionContext<unknown>,
  expected: number,
  ...args: readonly string[]
): Promise<CliResult> {
  return runWith(t, {}, expected, ...args);
}

export async function runWith(
  t: ExecutionContext<unknown>,
  options: CliOptions,
  expected: number,
  ...args: readonly string[]
): Promise<CliResult> {
  await ownTurn(t);
  const result = await collect(start(t, options, ...args), options.input);
  t.is(result.status, expected, `tspod ${args.join(' ')}\n${result.stdout}${result.stderr}`);
  return result;
}

/** Starts `tspod ...args`; it is killed after the test if it still runs. */
export function start(t: ExecutionContext<unknown>, options: CliOptions, ...args: readonly string[]): ChildProcess {
  const child = spawnProgram(storeOf(t), options, args);
  t.teardown(() => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  });
  return child;
}

function spawnProgram(store: TestStore, options: CliOptions, args: readonly string[]): ChildProcess {
  const [program = PROGRAM, ...words] = [...(store.prefix ?? []), PROGRAM, ...args];
  return spawn(program, words, {
    env: { ...store.env, ...options.env },
    cwd: options.directory ?? '/',
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', ...(options.fds ?? [])],
  });
}

/** What collect() has for the status of a process that a signal has ended. */
export const KILLED_BY_SIGNAL = 1001;

/** A status above 128 stands for a signal. */
export async function collect(child: ChildProcess, input?: string): Promise<CliResult> {
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input ?? '');
  const status = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? (signal === null ? 1000 : KILLED_BY_SIGNAL)));
  });
  return { status, ...output };
}

/** Output of a command that has to succeed. */
export async function output(t: ExecutionContext<unknown>, ...args: readonly string[]): Promise<string> {
  return (await run(t, 0, ...args)).stdout;
}

/** Throws if anything is left: assertions are closed when a test is torn down. */
async function leaveNothing(store: TestStore): Promise<void> {
  const list = (...args: string[]): Promise<CliResult> => collect(spawnProgram(store, {}, args));
  const ids = (await list('ps', '-aq', '--no-trunc')).stdout.split('\n').filter(Boolean);
  if (ids.length > 0) {
    const removed = await list('rm', '--force', '--all', '--time', '0');
    if (removed.status !== 0) throw new Error(`rm --force --all: ${removed.stderr}`);
    expectNone('containers', (await list('ps', '-aq')).stdout.split('\n').filter(Boolean));
  }
  await until('monitors end', () => supervisorsOf(store).length === 0).catch(() => undefined);
  leaveHiddenLayers(store);
  const runDirectories = join(store.runRoot, 'c');
  expectNone('processes', supervisorsOf(store));
  expectNone('mounts', mountsBelow(store));
  expectNone('cgroups', ids.flatMap(cgroupsOf));
  expectNone('run directories', existsSync(runDirectories) ? readdirSync(runDirectories) : []);
  if (process.env['TSPOD_TEST_KEEP'] !== undefined) return;
  rmSync(store.root, { recursive: true, force: true });
  rmSync(store.runRoot, { recursive: true, force: true });
}

function expectNone(what: string, found: readonly string[]): void {
  if (found.length > 0) throw new Error(`${what} are left: ${found.join(', ')}`);
}

/** The layers that hide the host's secrets lie on a tmpfs that stays mounted from one container to the next. */
function leaveHiddenLayers(store: TestStore): void {
  const target = join(store.runRoot, 'hide');
  if (mountsBelow(store).includes(target)) spawnSync('umount', [target]);
}

/** What the engine keeps mounted for as long as the machine runs is not a container's. */
function mountsBelow(store: TestStore): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((target) => target.startsWith(`${store.root}/`) || target.startsWith(`${store.runRoot}/`));
}

function cgroupsOf(id: string): string[] {
  const paths = [`/tspod/${id}`, `/machine.slice/tspod-${id}.scope/container`];
  return cgroupTops().flatMap((top) => paths.map((path) => top + path).filter((path) => existsSync(path)));
}
