/**
 * The probe in a container whose plan is put together by hand, step by step: what a step does is seen from inside, what it leaves from
 * outside. The container is an exec for the monitor (nothing on disk) with a root of its own in the usual namespaces.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { monitorPath } from '../../src/native/addon-path.js';
import { CODES } from '../../src/plan/codes.js';
import { encodePlan } from '../../src/plan/encode.js';
import { NONE } from '../../src/plan/ops.js';
import type { Operands, OpName, Plan, Stage, Step } from '../../src/plan/ops.js';
import { errnoName } from '../../src/util/errno.js';
import { Peer } from './peer.js';
import { probePath } from './probe.js';
import { temporaryDirectory } from './temp.js';

export const CLONE = {
  newTime: 0x80n,
  newNs: 0x0002_0000n,
  newCgroup: 0x0200_0000n,
  newUts: 0x0400_0000n,
  newIpc: 0x0800_0000n,
  newUser: 0x1000_0000n,
  newPid: 0x2000_0000n,
  newNet: 0x4000_0000n,
} as const;

const DEFAULT_NAMESPACES = CLONE.newNs | CLONE.newUts | CLONE.newIpc | CLONE.newPid | CLONE.newNet;

const MS_PRIVATE_REC = 0x4_4000n;
export const O_PATH = 0o10000000;

/** The slot of the container's root; tests use others. */
export const ROOT = 0;

/** A step without its stage. */
type Bare = { readonly [N in OpName]: { readonly op: N; readonly optional?: boolean } & Operands<N> }[OpName];

const inStage =
  (stage: Stage) =>
  (step: Bare): Step => ({ ...step, stage });
export const setting = inStage('settings');
export const prepare = inStage('prepare');
export const afterClone = inStage('afterClone');
export const beforePivot = inStage('beforePivot');
export const init = inStage('init');
export const started = inStage('started');
export const teardown = inStage('teardown');

export interface Contained {
  /** What the probe is asked, its commands with `--` between them. @default ['exit', '0'] */
  readonly command?: readonly string[];
  /** @default mount, uts, ipc, pid and net */
  readonly namespaces?: bigint;
  /** Steps of settings, prepare (before the clone) and the stages of the monitor. */
  readonly outside?: readonly Step[];
  /** Init steps before all others: identity maps are awaited here. */
  readonly first?: readonly Step[];
  /** Init steps in the host's tree, with the container's root in slot ROOT. */
  readonly before?: readonly Step[];
  /** Init steps in the container's tree. */
  readonly after?: readonly Step[];
  /** @default no variables */
  readonly env?: readonly string[];
  readonly exec?: Partial<Operands<'exec'>>;
  readonly stdio?: Partial<Operands<'stdio'>>;
  readonly cgroupSlot?: number;
  /** Mount a procfs of the container's own. @default false */
  readonly proc?: boolean;
  /** Change the root directory before it is used; its path is given. */
  readonly arrange?: (root: string) => void;
  /** Where the root is. @default a new one with the probe and a few empty directories */
  readonly directory?: string;
  /** Descriptors for inheritFd: the first is 4. */
  readonly fds?: readonly number[];
}

/** A monitor that was given a plan. */
export interface Launch {
  readonly monitor: ChildProcess;
  readonly engine: Peer;
  readonly plan: Plan;
  /** Resolves with the exit status of the monitor. */
  readonly ended: Promise<number | null>;
}

/** What became of the container, in a form that tests compare. */
export interface Outcome {
  /** `exit 0`, `signal 9`, or `failed OP ERRNO-NAME WORDS`. */
  readonly end: string;
  readonly stdout: string;
  readonly stderr: string;
  /** What the probe said under a name: the first value, or all. */
  readonly value: (name: string) => string | undefined;
  readonly values: (name: string) => string[];
  /** The pid that was reported, in the host's pid namespace; 0 if none was. */
  readonly pid: number;
}

/** A directory with `root/` in it: the probe, and empty directories that steps mount on. */
export function containerDirectory(t: ExecutionContext<unknown>): string {
  // Some tests make device files; many a /tmp is in memory, and has none.
  const directory = temporaryDirectory(t, '/var/tmp/tspod-test-');
  const root = join(directory, 'root');
  for (const name of ['proc', 'dev', 'sys', 'tmp', 'etc']) mkdirSync(join(root, name), { recursive: true });
  copyFileSync(probePath(), join(root, 'probe'));
  return directory;
}

/** The plan of a contained probe. */
export function containedPlan(t: ExecutionContext<unknown>, options: Contained): Plan {
  const directory = options.directory ?? containerDirectory(t);
  const root = join(directory, 'root');
  options.arrange?.(root);
  const proc: Step[] = [
    init({ op: 'mountFs', slot: 499, type: 'proc', options: [], attributes: 0n }),
    init({ op: 'attachInRoot', slot: 499, rootSlot: ROOT, target: '/proc', create: CODES.create.nothing }),
  ];
  return {
    steps: [
      setting({ op: 'role', kind: CODES.monitorRole.exec }),
      setting({ op: 'stdio', ...STDIO, ...options.stdio }),
      ...(options.outside ?? []),
      prepare({ op: 'clone', flags: options.namespaces ?? DEFAULT_NAMESPACES, cgroupSlot: options.cgroupSlot ?? NONE }),
      ...(options.first ?? []),
      init({ op: 'rootPropagation', flags: MS_PRIVATE_REC }),
      init({ op: 'openTree', slot: ROOT, path: root, recursive: 1 }),
      init({ op: 'attachMount', slot: ROOT, path: root }),
      ...(options.proc === true ? proc : []),
      ...(options.before ?? []),
      init({ op: 'pivotRoot', rootSlot: ROOT }),
      ...(options.after ?? []),
      execStep(options),
    ],
  };
}

const STDIO = {
  stdin: CODES.streamKind.null,
  stdout: CODES.streamKind.monitor,
  stderr: CODES.streamKind.monitor,
  stdinSlot: NONE,
  stdoutSlot: NONE,
  stderrSlot: NONE,
  terminal: 0,
  keepStdin: 0,
  stdinOnce: 0,
};

function execStep(options: Contained): Step {
  const args = ['/probe', ...(options.command ?? ['exit', '0'])];
  return init({ op: 'exec', args, env: options.env ?? [], setHome: 0, ...options.exec });
}

/** Spawns a monitor, attaches and sends it the plan. What is left of it after the test is killed. */
export function launchPlan(t: ExecutionContext<unknown>, plan: Plan, fds: readonly number[] = []): Launch {
  const { monitor, engine, ended } = spawnMonitor(t, fds);
  engine.attach();
  engine.send('launch', { plan: encodePlan(plan) });
  return { monitor, engine, plan, ended };
}

/** A monitor that was told nothing yet. */
export function spawnMonitor(t: ExecutionContext<unknown>, fds: readonly number[] = []): Omit<Launch, 'plan'> {
  const monitor = spawn(monitorPath(), [], { stdio: ['ignore', 'ignore', 'inherit', 'pipe', ...fds], cwd: '/' });
  const ended = once(monitor, 'exit').then(([code]) => code as number | null);
  t.teardown(async () => {
    if (monitor.exitCode === null && monitor.signalCode === null) monitor.kill('SIGKILL');
    await ended;
  });
  return { monitor, engine: new Peer(monitor.stdio[3] as Socket), ended };
}

/** Runs the plan to its end, which leaves nothing on the host. */
export async function outcomeOf(t: ExecutionContext<unknown>, launch: Launch): Promise<Outcome> {
  await launch.engine.closed;
  await launch.ended;
  const failed = launch.engine.has('failed') ? await launch.engine.expect('failed') : undefined;
  const exited = launch.engine.has('exited') ? await launch.engine.expect('exited') : undefined;
  const begun = launch.engine.has('started') ? await launch.engine.expect('started') : undefined;
  if (failed === undefined && exited === undefined) t.fail('the monitor ended without a word');
  const stdout = launch.engine.stdout.toString();
  const values = (name: string): string[] =>
    stdout
      .split('\n')
      .filter((line) => line.startsWith(`${name}=`))
      .map((line) => line.slice(name.length + 1));
  return {
    end:
      failed !== undefined
        ? describeFailure(launch.plan, failed)
        : exited?.signal === 0
          ? `exit ${exited.code}`
          : `signal ${exited?.signal}`,
    stdout,
    stderr: launch.engine.stderr.toString(),
    value: (name) => values(name)[0],
    values,
    pid: begun?.pid ?? 0,
  };
}

function describeFailure(plan: Plan, failed: { step: number; errno: number; detail: string }): string {
  return `failed ${plan.steps[failed.step]?.op ?? '-'} ${errnoName(failed.errno)} ${failed.detail}`;
}

/** Runs the probe in a container to its end. */
export async function runContained(t: ExecutionContext<unknown>, options: Contained): Promise<Outcome> {
  const plan = containedPlan(t, options);
  const outcome = await outcomeOf(t, launchPlan(t, plan, options.fds));
  const attached = plan.steps.find((step) => step.op === 'attachMount');
  const left = readFileSync('/proc/self/mountinfo', 'utf8');
  if (attached !== undefined && left.includes(attached.path)) t.fail(`a mount is left on ${attached.path}`);
  return outcome;
}
