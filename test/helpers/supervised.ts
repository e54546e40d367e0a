/**
 * Containers of the barest kind, for tests of what the monitor does after the launch: a command of the host in no namespaces of its own
 * (unless asked for), so most of these tests need no privileges.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { monitorPath } from '../../src/native/addon-path.js';
import { CODES } from '../../src/plan/codes.js';
import { encodePlan } from '../../src/plan/encode.js';
import { NONE } from '../../src/plan/ops.js';
import type { Operands, Step } from '../../src/plan/ops.js';
import { Peer } from './peer.js';
import { temporaryDirectory } from './temp.js';

const CLONE_NEWPID = 0x20000000n;
const CLONE_NEWNS = 0x00020000n;
const O_PATH = 0o10000000;

export interface ContainerOptions {
  /** A shell script, or the words of a command. */
  readonly command: string | readonly string[];
  /** What the engine attaches to before the launch. @default nothing */
  readonly attach?: { readonly stdin?: boolean; readonly stdout?: boolean; readonly stderr?: boolean };
  /** @default all three through the monitor, stdin kept open */
  readonly stdio?: Partial<Operands<'stdio'>>;
  /** `path` is below the temporary directory of the container. */
  readonly log?: Partial<Operands<'log'>>;
  readonly restart?: Partial<Operands<'restart'>>;
  readonly timeLimitMs?: number;
  readonly terminal?: { readonly rows: number; readonly columns: number };
  /** Wait for `start`. @default false */
  readonly gate?: boolean;
  /** A pid namespace of its own; needs root. @default false */
  readonly ownPids?: boolean;
  /** As an exec: nothing on disk, no attach socket. @default false */
  readonly exec?: boolean;
  /** A shell script that makes the first process, in place of a clone, and writes its pid to the file "pid" in $D, the temporary directory. */
  readonly runtime?: { readonly create: string; readonly start: string };
  /** More steps, in order, each at the front of its stage. */
  readonly steps?: readonly Step[];
  /** Of who spawns the monitor. @default that of the test */
  readonly umask?: number;
  /** Where the run directory and the log are. @default a new temporary directory */
  readonly directory?: string;
}

export interface Container {
  readonly directory: string;
  readonly logPath: string;
  readonly monitor: ChildProcess;
  readonly monitorPid: number;
  /** The connection that the monitor was spawned with. */
  readonly engine: Peer;
  /** Another one, through the attach socket. */
  connect(): Promise<Peer>;
  /** Resolves with the exit status of the monitor. */
  readonly ended: Promise<number | null>;
}

/** Spawns a monitor and sends it the plan; does not wait for an answer. Whatever is left after the test is killed. */
export function launchContainer(t: ExecutionContext<unknown>, options: ContainerOptions): Container {
  const directory = options.directory ?? temporaryDirectory(t);
  const [program = '', ...words] = [...underUmask(options.umask), monitorPath(), ' '.repeat(64)];
  const monitor = spawn(program, words, { stdio: ['ignore', 'ignore', 'inherit', 'pipe'], cwd: '/' });
  const engine = new Peer(monitor.stdio[3] as Socket);
  const ended = once(monitor, 'exit').then(([code]) => code as number | null);
  t.teardown(() => endContainer(monitor, ended, directory));
  if (options.attach !== undefined) engine.attach(options.attach);
  engine.send('launch', { plan: encodePlan({ steps: stepsOf(options, directory) }) });
  const connect = async (): Promise<Peer> => {
    const socket = connectSocket(join(directory, 'attach'));
    await once(socket, 'connect');
    return new Peer(socket);
  };
  return { directory, logPath: join(directory, 'log'), monitor, monitorPid: monitor.pid ?? 0, engine, connect, ended };
}

/** Words before a command. */
function underUmask(mask: number | undefined): readonly string[] {
  return mask === undefined ? [] : ['/bin/sh', '-c', `umask ${mask.toString(8)}; exec "$0" "$@"`];
}

/** As launchContainer, and waits until the command runs. */
export async function startContainer(t: ExecutionContext<unknown>, options: ContainerOptions): Promise<Container> {
  const container = launchContainer(t, options);
  await container.engine.expect('started');
  return container;
}

/** Runs a container to its end; what it wrote, how it ended. */
export async function runContainer(
  t: ExecutionContext<unknown>,
  options: ContainerOptions,
): Promise<Container & { readonly exited: ExitRecord }> {
  const container = launchContainer(t, { attach: { stdout: true, stderr: true }, ...options });
  await container.engine.expect('exited');
  await container.ended;
  return { ...container, exited: readRecord(join(container.directory, 'exit')) };
}

/** The lines of `state` or `exit`. */
export type ExitRecord = Readonly<Record<string, string>>;

export function readRecord(path: string): ExitRecord {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]));
}

export function stateOf(container: Container): ExitRecord {
  return readRecord(join(container.directory, 'state'));
}

export function exitOf(container: Container): ExitRecord {
  return readRecord(join(container.directory, 'exit'));
}

/** The pid that a state file gives for `monitor` or `init`; 0 if there is none. */
export function pidIn(directory: string, key: 'monitor' | 'init'): number {
  const path = join(directory, 'state');
  return existsSync(path) ? Number.parseInt(readRecord(path)[key] ?? '0', 10) : 0;
}

function stepsOf(options: ContainerOptions, directory: string): Step[] {
  const launch =
    options.runtime === undefined
      ? [...preparationsOf(options), ...initOf(options)]
      : adoptionOf(options, options.runtime, directory);
  const defaults: Step[] = [...settingsOf(options, directory), ...launch];
  return [...(options.steps ?? []), ...defaults];
}

function settingsOf(options: ContainerOptions, directory: string): Step[] {
  const steps: Step[] = [
    { op: 'role', stage: 'settings', kind: CODES.monitorRole[options.exec === true ? 'exec' : 'container'] },
  ];
  if (options.exec !== true) steps.push({ op: 'runDirectory', stage: 'settings', path: directory, id: 'test' });
  steps.push({
    op: 'stdio',
    stage: 'settings',
    ...STDIO,
    terminal: options.terminal === undefined ? 0 : 1,
    ...options.stdio,
  });
  if (options.log !== undefined) {
    steps.push({ op: 'log', stage: 'settings', ...LOG, path: join(directory, 'log'), ...options.log });
  }
  if (options.restart !== undefined) steps.push({ op: 'restart', stage: 'settings', ...RESTART, ...options.restart });
  if (options.timeLimitMs !== undefined) {
    steps.push({ op: 'timeLimit', stage: 'settings', milliseconds: BigInt(options.timeLimitMs) });
  }
  return steps;
}

const STDIO = {
  stdin: CODES.streamKind.monitor,
  stdout: CODES.streamKind.monitor,
  stderr: CODES.streamKind.monitor,
  stdinSlot: NONE,
  stdoutSlot: NONE,
  stderrSlot: NONE,
  keepStdin: 1,
  stdinOnce: 0,
};
const LOG = { driver: CODES.logDriver['k8s-file'], maxBytes: 0n, maxFiles: 1, mode: 0o600 };
const RESTART = { policy: CODES.restartPolicy.no, maxRetries: 0, firstDelayMs: 10, lastDelayMs: 40 };

/** The slot that holds the host's root, for the terminal. */
const ROOT_SLOT = 500;

function preparationsOf(options: ContainerOptions): Step[] {
  const flags = options.ownPids === true ? CLONE_NEWPID | CLONE_NEWNS : 0n;
  return [
    { op: 'openPath', stage: 'prepare', slot: ROOT_SLOT, path: '/', flags: O_PATH },
    { op: 'clone', stage: 'prepare', flags, cgroupSlot: NONE },
  ];
}

function adoptionOf(
  { gate = false, terminal }: ContainerOptions,
  { create, start }: NonNullable<ContainerOptions['runtime']>,
  directory: string,
): Step[] {
  const program = (script: string) => ({
    path: '/bin/sh',
    args: ['runtime', '-c', script],
    env: [`PATH=${process.env['PATH'] ?? ''}`, `D=${directory}`],
  });
  const rest = {
    pidFile: join(directory, 'pid'),
    console: terminal === undefined ? '' : 'console',
    gate: Number(gate),
  };
  return [
    { op: 'adopt', stage: 'prepare', ...program(create), ...rest },
    { op: 'runProgram', stage: 'afterClone', ...program(start), timeoutMs: 20_000 },
  ];
}

function initOf(options: ContainerOptions): Step[] {
  const steps: Step[] = [];
  if (options.gate === true) steps.push({ op: 'awaitStage', stage: 'init', awaited: 0, gate: 1 });
  if (options.terminal === undefined) steps.push({ op: 'newSession', stage: 'init' });
  else steps.push({ op: 'terminal', stage: 'init', rootSlot: ROOT_SLOT, console: 0, ...options.terminal });
  const args = typeof options.command === 'string' ? ['/bin/sh', '-c', options.command] : options.command;
  steps.push({ op: 'exec', stage: 'init', args, env: [`PATH=${process.env['PATH'] ?? ''}`, 'LC_ALL=C'], setHome: 0 });
  return steps;
}

async function endContainer(monitor: ChildProcess, ended: Promise<unknown>, directory: string): Promise<void> {
  if (monitor.exitCode !== null || monitor.signalCode !== null) return;
  const init = pidIn(directory, 'init');
  monitor.kill('SIGKILL');
  await ended;
  try {
    if (init > 1) process.kill(init, 'SIGKILL');
  } catch {
    // it has ended
  }
}
