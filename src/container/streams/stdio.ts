/**
 * Which standard streams a container or an exec gets, and the descriptors that its monitor is spawned with for them.
 */
import { readFileSync, writeFileSync } from 'node:fs';

import { TspodError } from '../../errors.js';
import type { ExtraFd, StdioContext, StreamTarget } from '../../plan/context.js';
import type { ContainerConfig } from '../../spec/config.js';
import { MAX_PRESERVED_FDS } from '../../spec/normalize.js';
import type { ExecRequest } from '../../spec/exec.js';
import type { ListenFds, StdioFds, TerminalSize } from '../api/container.js';
import { isTerminal } from '../../host/is-terminal.js';

/** The first descriptor that a monitor gets besides 0 to 2 and its socket. */
const FIRST_INHERITED = 4;

export interface StdioPlan {
  readonly stdio: StdioContext;
  readonly extraFds: readonly ExtraFd[];
  /** Descriptors of this process, for spawnMonitor(). */
  readonly fds: readonly number[];
  /** Variables that tell the command which descriptors it was given. */
  readonly env?: Readonly<Record<string, string>>;
}

interface StdioRequest {
  /** Descriptors that are given to the command as they are; the other streams come from `through`. */
  readonly direct: StdioFds | undefined;
  /** Streams that go through the monitor. */
  readonly through: { readonly stdin: boolean; readonly output: boolean };
  /** Stdin ends with the client that is attached first. */
  readonly stdinOnce: boolean;
  /** Descriptors that become 3, 4, ... of the command. */
  readonly preserved: readonly number[];
  /** Descriptors that keep their numbers. */
  readonly kept?: readonly number[] | undefined;
  readonly size: TerminalSize | undefined;
}

function planStdio(request: StdioRequest): StdioPlan {
  const fds: number[] = [];
  const inherit = (fd: number): number => {
    const known = fds.indexOf(fd);
    if (known !== -1) return FIRST_INHERITED + known;
    fds.push(fd);
    return FIRST_INHERITED + fds.length - 1;
  };
  const target = (fd: number | undefined, through: boolean): StreamTarget => {
    if (fd !== undefined) return { inheritedFd: inherit(fd) };
    return through ? 'monitor' : 'null';
  };
  const { direct = {}, through } = request;
  const stdio: StdioContext = {
    stdin: target(direct.stdin, through.stdin),
    stdout: target(direct.stdout, through.output),
    stderr: target(direct.stderr, through.output),
    keepStdin: through.stdin,
    stdinOnce: request.stdinOnce,
    ...(request.size === undefined ? {} : { terminalSize: request.size }),
  };
  const extraFds = request.preserved.map((fd, i) => ({ inheritedFd: inherit(fd), fd: 3 + i }));
  for (const fd of new Set(request.kept)) {
    if (fd >= 3 + request.preserved.length) extraFds.push({ inheritedFd: inherit(fd), fd });
  }
  return { stdio, extraFds, fds };
}

/**
 * Writes down the streams of a launch that passes descriptors and may be followed by restarts; the monitor keeps these
 * descriptors open.
 */
export function writeDescriptors(runDirectory: string, { stdio, extraFds, env = {} }: StdioPlan): void {
  writeFileSync(`${runDirectory}/descriptors`, JSON.stringify({ stdio, extraFds, fds: [], env }), { mode: 0o600 });
}

export function readDescriptors(runDirectory: string): StdioPlan | undefined {
  try {
    return JSON.parse(readFileSync(`${runDirectory}/descriptors`, 'utf8')) as StdioPlan;
  } catch {
    return undefined;
  }
}

/** Returns the caller's descriptors 3, 4, ... unless others are given. */
function preservedFds(count: number, fds: readonly number[] | undefined): readonly number[] {
  if (fds === undefined) return Array.from({ length: count }, (_, i) => 3 + i);
  if (fds.length === count) return fds;
  throw new TspodError('INVALID_ARGUMENT', `preserveFds is ${String(count)}, but fds has ${String(fds.length)}`);
}

export interface ContainerStdioOptions {
  readonly stdio: StdioFds | undefined;
  readonly fds: readonly number[] | undefined;
  readonly listenFds?: ListenFds | undefined;
  readonly size: TerminalSize | undefined;
  /** A client that sends input is attached from the start. */
  readonly attachedInput: boolean;
}

/**
 * Plans the streams of a container. Throws INVALID_ARGUMENT for descriptors that the container's log or terminal has no
 * use for, or that would give it the caller's terminal.
 */
export function containerStdio(config: ContainerConfig, options: ContainerStdioOptions): StdioPlan {
  const { driver } = config.log;
  const logs = driver === 'k8s-file' || driver === 'json-file';
  if (options.stdio !== undefined && (config.tty || logs)) {
    const why = config.tty ? 'has a terminal' : `has log driver ${driver}`;
    throw new TspodError('INVALID_ARGUMENT', `descriptors cannot be given to a container that ${why}`);
  }
  const passthrough = driver === 'passthrough' && options.stdio === undefined;
  // A container with the caller's terminal can type into it, and the shell that reads there next runs what was typed
  // (CVE-2017-5226).
  if (passthrough && [0, 1, 2].some(isTerminal)) {
    throw new TspodError(
      'INVALID_ARGUMENT',
      'log driver passthrough cannot be used where a standard stream is a terminal',
    );
  }
  const { listenFds } = options;
  if (listenFds !== undefined) checkListenFds(config, listenFds);
  const plan = planStdio({
    direct: passthrough ? { stdin: 0, stdout: 1, stderr: 2 } : options.stdio,
    through: { stdin: config.interactive, output: options.stdio === undefined },
    stdinOnce: options.attachedInput && !config.tty,
    preserved: listenFds?.fds ?? preservedFds(config.preserveFds, options.fds),
    size: options.size,
  });
  return listenFds === undefined ? plan : { ...plan, env: listenVariables(listenFds) };
}

function checkListenFds(config: ContainerConfig, listenFds: ListenFds): void {
  const why = refusalOf(config, listenFds);
  if (why !== undefined) throw new TspodError('INVALID_ARGUMENT', `listenFds ${why}`);
}

function refusalOf({ preserveFds, runtime }: ContainerConfig, { fds, names = '' }: ListenFds): string | undefined {
  if (preserveFds > 0) return 'cannot be given together with preserveFds';
  if (runtime !== undefined) return `cannot be given to a container of runtime ${runtime.name}`;
  if (fds.length > MAX_PRESERVED_FDS)
    return `must have at most ${String(MAX_PRESERVED_FDS)} descriptors, not ${String(fds.length)}`;
  return names.includes('\0') ? 'must have names without NUL' : undefined;
}

/** Returns the variables of sd_listen_fds(3). The first process of a PID namespace has pid 1. */
function listenVariables({ fds, names }: ListenFds): Readonly<Record<string, string>> {
  return {
    LISTEN_FDS: String(fds.length),
    LISTEN_PID: '1',
    ...(names === undefined ? {} : { LISTEN_FDNAMES: names }),
  };
}

export interface ExecStdioOptions {
  /** All three streams of the command; absent: the monitor's. */
  readonly direct?: StdioFds;
  /** Input comes through the monitor. */
  readonly stdin: boolean;
  readonly fds: readonly number[] | undefined;
  readonly size: TerminalSize | undefined;
}

/** Plans the streams of a command. Throws INVALID_ARGUMENT for more or fewer descriptors than the command is to get. */
export function execStdio({ tty, preserveFds, preserveFd }: ExecRequest, options: ExecStdioOptions): StdioPlan {
  const { direct, stdin, fds, size } = options;
  return planStdio({
    direct,
    through: { stdin, output: direct === undefined },
    stdinOnce: stdin && !tty,
    preserved: preservedFds(preserveFds, fds),
    kept: preserveFd,
    size,
  });
}
