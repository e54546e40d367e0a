/** Runs a program in a set of namespaces, without a container. */
import { TspodError } from '../errors.js';
import { encodePlan } from '../plan/encode.js';
import { abortedError, onAbort, throwIfAborted } from './abort.js';
import { requireAbsolutePath, requireText, requireWhole } from './arguments.js';
import { planError } from './execute.js';
import { spawnMonitor } from './monitor-spawn.js';
import type { MonitorConnection, MonitorMessage } from './monitor-connection.js';
import type { Message } from './message-codec.js';
import { MAX_MESSAGE_BYTES } from './messages.js';
import { idLines } from './namespace-create.js';
import type { IdRange } from './namespace-create.js';
import { openNamespace, requireSources } from './namespace-handle.js';
import type { NamespaceHandle, NamespaceSource } from './namespace-handle.js';
import { NAMESPACE_KINDS } from './namespace-kinds.js';
import type { NamespaceKind } from './namespace-kinds.js';
import { isNativeError, NativeError } from './native-error.js';
import { requireOptions, type OptionsOf } from './options.js';
import { openProcess } from './process-handle.js';
import type { RunPlanRequest } from './run-plan.js';
import { runPlan } from './run-plan.js';
import { MAX_TIMER_MS } from '../util/timer.js';

export interface RunInNamespacesOptions {
  /** The program (looked up in PATH of `env` if it has no slash) and its arguments. */
  readonly command: readonly string[];
  /** Namespaces that the program runs in: `new`, or an existing one. @default this process's */
  readonly namespaces?: { readonly [K in NamespaceKind]?: 'new' | NamespaceSource };
  /** All environment variables; one whose value is undefined is left out. @default this process's */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Working directory: an absolute path in the mount namespace. @default '/' */
  readonly cwd?: string;
  /**
   * User id to run as, inside the user namespace.
   * @default this process's, 0 in a user namespace; 0 if `gid` is given
   */
  readonly uid?: number;
  /**
   * Group id to run as; with it or `uid`, supplementary groups are dropped.
   * @default this process's, 0 in a user namespace; 0 if `uid` is given
   */
  readonly gid?: number;
  /** Map of user ids, for `user: 'new'`. @default the effective user is 0 inside */
  readonly uidMap?: readonly IdRange[];
  /** Map of group ids, for `user: 'new'`. @default the effective group is 0 inside */
  readonly gidMap?: readonly IdRange[];
  /** Standard input of the program, followed by end of file; not with `inherit`. @default nothing */
  readonly input?: string | Uint8Array;
  /** Whether output is captured, or the program inherits this process's standard streams. @default 'capture' */
  readonly stdio?: 'capture' | 'inherit';
  /**
   * Highest number of bytes of output, of both streams together. More ends the program, and the call with TspodError
   * OUTPUT_TOO_LARGE.
   * @default 64 MiB
   */
  readonly maxOutputBytes?: number;
  /** Milliseconds after which the program gets SIGKILL; the result then says timedOut. 0: no limit. @default 0 */
  readonly timeoutMs?: number;
  /** Signal that ends the program (SIGKILL) when it aborts, and the call with TspodError ABORTED. */
  readonly signal?: AbortSignal;
}

const OPTIONS: OptionsOf<RunInNamespacesOptions> = {
  command: 'any',
  namespaces: 'any',
  env: 'any',
  cwd: 'any',
  uid: 'any',
  gid: 'any',
  uidMap: 'any',
  gidMap: 'any',
  input: 'any',
  stdio: 'any',
  maxOutputBytes: 'any',
  timeoutMs: 'any',
  signal: 'signal',
};

export interface RunInNamespacesResult {
  /** Exit code; -1 when a signal ended the program. */
  readonly exitCode: number;
  /** The signal that ended the program; 0: none. */
  readonly signal: number;
  /** Whether `timeoutMs` ended the program. */
  readonly timedOut: boolean;
  /** Captured output; empty with `inherit`. */
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

const DEFAULT_MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const FIRST_MONITOR_FD = 4;
const KILL = 9;
const E2BIG = 7;

/** Highest number of bytes of a plan, whose length precedes it in the message. */
const MAX_PLAN_BYTES = MAX_MESSAGE_BYTES - 4;

/**
 * Time that a run which is given up before its start was reported has to report it, so that the program can be killed.
 */
const START_GRACE_MS = 1000;

/**
 * Runs a program to its end. It keeps the rights of this process, also where it is in namespaces of a container that
 * must not have them: for a program in a container use the engine. With both `mnt` and `pid` new it has a /proc of its
 * own.
 *
 * It has no descriptors but 0, 1 and 2, no blocked or ignored signals, a umask of 0022, a session of its own, and no
 * terminal unless `stdio` is `inherit`. What it leaves in the background goes on; only with a new pid namespace it ends
 * with the program.
 *
 * NativeError of openNamespace for a namespace to be in, and of the step that failed: ENOENT, EACCES or E2BIG of
 * `execve`, EPERM of `setns`, ENOENT or ENOTDIR of `openat2` for `cwd`, ..., or of `pidfd_open` or `pidfd_send_signal`
 * if the program should have been ended and could not be (EMFILE; EPERM for one that has changed its user): it runs on
 * then. TspodError ABORTED, OUTPUT_TOO_LARGE (its `details` have `stdout` and `stderr` up to `maxOutputBytes`),
 * MONITOR_DIED; TypeError for an option that is none, or has no such value: an empty command, a relative `cwd`, another
 * kind, `input` with `inherit`, maps without a new user namespace.
 */
export async function runInNamespaces(options: RunInNamespacesOptions): Promise<RunInNamespacesResult> {
  requireOptions('runInNamespaces options', options, OPTIONS);
  throwIfAborted('run', options.signal);
  const { monitor, plan } = start(options);
  return new NamespaceRun(monitor, options).result(plan);
}

function start(options: RunInNamespacesOptions): { monitor: MonitorConnection; plan: Uint8Array } {
  requireStreams(options);
  const opened: OpenedNamespaces = { created: [], joined: [] };
  try {
    openNamespaces(options.namespaces, opened);
    const plan = encodePlan(runPlan(planRequest(options, opened)));
    if (plan.length > MAX_PLAN_BYTES)
      throw new NativeError({ errno: E2BIG, syscall: 'execve', path: options.command[0] ?? '' });
    const streams = options.stdio === 'inherit' ? [0, 1, 2] : [];
    return { monitor: spawnMonitor({ fds: [...opened.joined.map(({ fd }) => fd), ...streams] }), plan };
  } finally {
    for (const namespace of opened.joined) namespace.close();
  }
}

/** One run of a program, from the launch to the end of the monitor. */
class NamespaceRun {
  readonly #monitor: MonitorConnection;
  readonly #options: RunInNamespacesOptions;
  readonly #output = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  #outputBytes = 0;
  #started: Message<'started'> | undefined;
  #exited: Message<'exited'> | undefined;
  #error: Error | undefined;
  #startLimit: NodeJS.Timeout | undefined;
  /** Whether the start took longer than the program may run. */
  #startTimedOut = false;

  constructor(monitor: MonitorConnection, options: RunInNamespacesOptions) {
    this.#monitor = monitor;
    this.#options = options;
    monitor.onMessage((message) => this.#take(message));
  }

  async result(plan: Uint8Array): Promise<RunInNamespacesResult> {
    const { signal, timeoutMs = 0 } = this.#options;
    const forget = onAbort(signal, () => signal !== undefined && this.#giveUp(abortedError('run', signal)));
    if (timeoutMs > 0) this.#limitStart(timeoutMs + START_GRACE_MS);
    try {
      if (this.#captures) this.#monitor.send('attach', { stdin: 1, stdout: 1, stderr: 1 });
      this.#monitor.send('launch', { plan });
      await this.#monitor.closed;
    } finally {
      forget();
      clearTimeout(this.#startLimit);
      this.#monitor.close();
    }
    if (this.#error !== undefined) throw this.#error;
    if (this.#startTimedOut) return { exitCode: -1, signal: KILL, timedOut: true, ...this.#captured };
    if (this.#exited === undefined) throw new TspodError('MONITOR_DIED', 'the monitor died before the program ended');
    return this.#resultOf(this.#exited);
  }

  get #captures(): boolean {
    return this.#options.stdio !== 'inherit';
  }

  #take(message: MonitorMessage): void {
    switch (message.name) {
      case 'started':
        this.#started = message;
        clearTimeout(this.#startLimit);
        if (this.#error !== undefined) this.#kill();
        else if (this.#captures) this.#sendInput();
        return;
      case 'failed': {
        const { step, errno, detail } = message;
        this.#error ??= planError({ errno, syscall: 'launch', detail, ...(step === 0xffffffff ? {} : { step }) });
        return;
      }
      case 'stdout':
      case 'stderr':
        return this.#keep(message);
      case 'exited':
        this.#exited = message;
        return;
      case 'created':
      case 'attached':
      case 'stopping':
      case 'checked':
      case 'replanned':
      case 'forwarding':
        return;
    }
  }

  #keep({ name, data }: Message<'stdout' | 'stderr'>): void {
    const limit = this.#options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES;
    const kept = data.subarray(0, limit - this.#outputBytes);
    if (kept.length > 0) this.#output[name].push(kept);
    this.#outputBytes += kept.length;
    if (kept.length < data.length && this.#error === undefined) this.#giveUp(this.#tooMuch(limit));
  }

  #tooMuch(limit: number): TspodError {
    return new TspodError('OUTPUT_TOO_LARGE', `the program wrote more than ${limit} bytes (maxOutputBytes)`, {
      details: this.#captured,
    });
  }

  get #captured(): { readonly stdout: Buffer; readonly stderr: Buffer } {
    return { stdout: Buffer.concat(this.#output.stdout), stderr: Buffer.concat(this.#output.stderr) };
  }

  #sendInput(): void {
    const input = this.#options.input;
    const bytes = typeof input === 'string' ? Buffer.from(input) : input;
    void this.#sendChunks(bytes ?? new Uint8Array());
  }

  async #sendChunks(bytes: Uint8Array): Promise<void> {
    const chunkBytes = 1024 * 1024;
    for (let start = 0; start < bytes.length && this.#exited === undefined; start += chunkBytes) {
      if (!this.#trySend('stdin', { data: bytes.subarray(start, start + chunkBytes) })) return;
      await this.#monitor.drained();
    }
    this.#trySend('stdinEnd', {});
  }

  /** Sends a message; returns false if the monitor has gone already. */
  #trySend(...message: Parameters<MonitorConnection['send']>): boolean {
    try {
      this.#monitor.send(...message);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Gives the run up. A program that is just being started is killed when the monitor reports its start: without this
   * process it would go on.
   */
  #giveUp(error: Error): void {
    this.#error ??= error;
    if (this.#started === undefined) this.#limitStart(START_GRACE_MS);
    else this.#kill();
  }

  /**
   * Limits the time of the start, which may never end if the file system of the directory or of the program does not
   * answer. When the connection closes, the monitor calls the start off.
   */
  #limitStart(delayMs: number): void {
    clearTimeout(this.#startLimit);
    const callOff = () => {
      this.#startTimedOut = true;
      this.#monitor.close();
    };
    this.#startLimit = setTimeout(callOff, Math.min(delayMs, MAX_TIMER_MS));
  }

  /**
   * Kills the program. Errors are kept, because callers cannot catch them. A program that cannot be killed runs on, and
   * the run ends without it.
   */
  #kill(): void {
    if (this.#started === undefined) return;
    try {
      using program = openProcess(this.#started.pid, this.#started.startTime);
      program?.kill(KILL);
    } catch (error) {
      if (isNativeError(error, 'ESRCH')) return; // it has just ended
      this.#error = error as Error;
      this.#monitor.close();
    }
  }

  #resultOf(exited: Message<'exited'>): RunInNamespacesResult {
    return {
      exitCode: exited.signal === 0 ? exited.code : -1,
      signal: exited.signal,
      timedOut: exited.timedOut === 1,
      ...this.#captured,
    };
  }
}

function planRequest(options: RunInNamespacesOptions, namespaces: OpenedNamespaces): RunPlanRequest {
  const { command, env = process.env, cwd = '/', timeoutMs = 0 } = options;
  const first = FIRST_MONITOR_FD + namespaces.joined.length;
  return {
    command: requireCommand(command),
    environment: environmentOf(env),
    workingDirectory: requireAbsolutePath(cwd),
    created: namespaces.created,
    joined: namespaces.joined.map(({ kind }, index) => ({ kind, monitorFd: FIRST_MONITOR_FD + index })),
    ...idsOf(options, namespaces.created),
    streamFds: options.stdio === 'inherit' ? [first, first + 1, first + 2] : undefined,
    timeLimitMs: requireWhole(timeoutMs, 'a time in milliseconds (timeoutMs)'),
  };
}

function requireStreams({ stdio = 'capture', input, maxOutputBytes }: RunInNamespacesOptions): void {
  if (stdio !== 'capture' && stdio !== 'inherit') throw new TypeError('stdio is "capture" or "inherit"');
  if (input !== undefined && stdio === 'inherit') throw new TypeError('input is for captured streams');
  if (input !== undefined && typeof input !== 'string' && !(input instanceof Uint8Array))
    throw new TypeError('input is text or bytes');
  if (maxOutputBytes !== undefined) requireWhole(maxOutputBytes, 'a number of bytes (maxOutputBytes)');
}

function requireCommand(command: readonly string[]): readonly string[] {
  if (!Array.isArray(command) || command.length === 0 || command[0] === '')
    throw new TypeError('a command is an array of one word at least');
  return command.map((word) => requireText(word, 'a word of a command'));
}

function environmentOf(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  // process.env is an instance of a class
  if (typeof env !== 'object' || env === null || Array.isArray(env)) throw new TypeError('env must be an object');
  return Object.entries(env).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (name === '' || name.includes('=')) throw new TypeError(`not the name of a variable: "${name}"`);
    return [`${requireText(name, 'the name of a variable')}=${requireText(value, `the value of "${name}"`)}`];
  });
}

/** Highest id. -1 means "unchanged" to the kernel. */
const MAX_ID = 0xfffffffe;

function idsOf(
  { uid, gid, uidMap, gidMap }: RunInNamespacesOptions,
  created: readonly NamespaceKind[],
): Pick<RunPlanRequest, 'uidMap' | 'gidMap' | 'privileged' | 'ids'> {
  if ((uidMap !== undefined || gidMap !== undefined) && !created.includes('user'))
    throw new TypeError('uidMap and gidMap are for a new user namespace');
  const ownUid = process.geteuid?.() ?? 0;
  const ownGid = process.getegid?.() ?? 0;
  const id = (value: number | undefined, name: string) => requireWhole(value ?? 0, `an id (${name})`, MAX_ID);
  return {
    uidMap: idLines(uidMap ?? [{ inside: 0, outside: ownUid, size: 1 }]),
    gidMap: idLines(gidMap ?? [{ inside: 0, outside: ownGid, size: 1 }]),
    privileged: ownUid === 0,
    ids: uid === undefined && gid === undefined ? undefined : { uid: id(uid, 'uid'), gid: id(gid, 'gid') },
  };
}

interface OpenedNamespaces {
  readonly created: NamespaceKind[];
  /** Existing namespaces, in the order in which the monitor gets them. */
  readonly joined: NamespaceHandle[];
}

/** Sorts the namespaces into `opened`, and opens existing ones, which the caller closes, also after a failure. */
function openNamespaces(namespaces: RunInNamespacesOptions['namespaces'] = {}, opened: OpenedNamespaces): void {
  requireSources(namespaces);
  for (const [name, source] of Object.entries(namespaces)) {
    const kind = NAMESPACE_KINDS.find((known) => known === name);
    if (kind === undefined) throw new TypeError(`not a kind of namespace: "${name}"`);
    if (source === 'new') opened.created.push(kind);
    else if (source !== undefined) opened.joined.push(openNamespace(kind, source));
  }
}
