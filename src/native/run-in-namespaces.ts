/** Running a program in a set of namespaces, without a container. */
import { TspodError } from '../errors.js';
import { encodePlan } from '../plan/encode.js';
import { abortedError, onAbort, throwIfAborted } from './abort.js';
import { planError } from './execute.js';
import { spawnMonitor } from './monitor-spawn.js';
import type { MonitorConnection, MonitorMessage } from './monitor-connection.js';
import type { Message } from './message-codec.js';
import { idLines } from './namespace-create.js';
import type { IdRange } from './namespace-create.js';
import { namespacePath } from './namespace-handle.js';
import type { NamespaceSource } from './namespace-handle.js';
import { NAMESPACE_KINDS } from './namespace-kinds.js';
import type { NamespaceKind } from './namespace-kinds.js';
import { openProcess } from './process-handle.js';
import type { JoinedNamespace, RunPlanRequest } from './run-plan.js';
import { runPlan } from './run-plan.js';

export interface RunInNamespacesOptions {
  /** The program (looked up in PATH of `env` where it has no slash) and its arguments. */
  readonly command: readonly string[];
  /** Namespaces to be in: `new`, or one that exists. @default this process's */
  readonly namespaces?: { readonly [K in NamespaceKind]?: 'new' | NamespaceSource };
  /** @default this process's */
  readonly env?: Readonly<Record<string, string>>;
  /** Absolute, as the mount namespace shows it. @default '/' */
  readonly cwd?: string;
  /** User to run as, as a number inside. @default this process's, 0 in a user namespace; 0 if `gid` is given */
  readonly uid?: number;
  /** Group to run as; with it or `uid` further groups are dropped. @default this process's, 0 in a user namespace; 0 if `uid` is given */
  readonly gid?: number;
  /** For `user: 'new'`. @default the effective user is 0 inside */
  readonly uidMap?: readonly IdRange[];
  /** For `user: 'new'`. @default the effective group is 0 inside */
  readonly gidMap?: readonly IdRange[];
  /** What the program reads, then end of file; not used with `inherit`. @default nothing */
  readonly input?: string | Uint8Array;
  /** `inherit`: the program has this process's standard streams. @default 'capture' */
  readonly stdio?: 'capture' | 'inherit';
  /** More output, of both streams together, ends the program, and the call with TspodError INVALID_ARGUMENT. @default 64 MiB */
  readonly maxOutputBytes?: number;
  /** SIGKILL after this time; the result says timedOut. 0 is none. @default 0 */
  readonly timeoutMs?: number;
  /** Aborting it ends the program (SIGKILL) and the call with TspodError ABORTED. */
  readonly signal?: AbortSignal;
}

export interface RunInNamespacesResult {
  /** Exit code; -1 when a signal ended the program. */
  readonly exitCode: number;
  /** The signal that ended it; 0: none. */
  readonly signal: number;
  /** `timeoutMs` ended it. */
  readonly timedOut: boolean;
  /** What was captured: empty with `inherit`. */
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

const DEFAULT_MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const FIRST_MONITOR_FD = 4;
const KILL = 9;

/**
 * Runs a program to its end. It keeps the rights of this process, also where it is in namespaces of a container that must not have them:
 * for a program in a container use the engine. With both `mnt` and `pid` new it has a /proc of its own.
 *
 * NativeError of the step that failed: ENOENT or EACCES of `execve`, EPERM or EINVAL of `setns`, ENOENT of `openat2` for `cwd`, ...
 * TspodError ABORTED, INVALID_ARGUMENT (too much output), MONITOR_DIED; TypeError for an empty command, a relative `cwd`, another kind.
 */
export async function runInNamespaces(options: RunInNamespacesOptions): Promise<RunInNamespacesResult> {
  throwIfAborted('run', options.signal);
  const { request, fds } = planRequest(options);
  const plan = encodePlan(runPlan(request));
  const monitor = spawnMonitor({ fds });
  return new NamespaceRun(monitor, options).result(plan);
}

/** One run: from the launch to the end of the monitor. */
class NamespaceRun {
  readonly #monitor: MonitorConnection;
  readonly #options: RunInNamespacesOptions;
  readonly #output = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  #outputBytes = 0;
  #started: Message<'started'> | undefined;
  #exited: Message<'exited'> | undefined;
  #error: Error | undefined;

  constructor(monitor: MonitorConnection, options: RunInNamespacesOptions) {
    this.#monitor = monitor;
    this.#options = options;
    monitor.onMessage((message) => this.#take(message));
  }

  async result(plan: Uint8Array): Promise<RunInNamespacesResult> {
    const { signal } = this.#options;
    const forget = onAbort(signal, () => signal !== undefined && this.#giveUp(abortedError('run', signal)));
    try {
      if (this.#captures) this.#monitor.send('attach', { stdin: 1, stdout: 1, stderr: 1 });
      this.#monitor.send('launch', { plan });
      await this.#monitor.closed;
    } finally {
      forget();
    }
    if (this.#error !== undefined) throw this.#error;
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
      case 'led':
        return;
    }
  }

  #keep({ name, data }: Message<'stdout' | 'stderr'>): void {
    const limit = this.#options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES;
    this.#outputBytes += data.length;
    if (this.#outputBytes <= limit) this.#output[name].push(data);
    else
      this.#giveUp(new TspodError('INVALID_ARGUMENT', `the program wrote more than ${limit} bytes (maxOutputBytes)`));
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

  /** False when the program has gone already. */
  #trySend(...message: Parameters<MonitorConnection['send']>): boolean {
    try {
      this.#monitor.send(...message);
      return true;
    } catch {
      return false;
    }
  }

  #giveUp(error: Error): void {
    this.#error ??= error;
    if (this.#started === undefined) this.#monitor.close();
    else this.#kill();
  }

  #kill(): void {
    if (this.#started === undefined) return;
    using program = openProcess(this.#started.pid, this.#started.startTime);
    program?.kill(KILL);
  }

  #resultOf(exited: Message<'exited'>): RunInNamespacesResult {
    return {
      exitCode: exited.signal === 0 ? exited.code : -1,
      signal: exited.signal,
      timedOut: exited.timedOut === 1,
      stdout: Buffer.concat(this.#output.stdout),
      stderr: Buffer.concat(this.#output.stderr),
    };
  }
}

function planRequest(options: RunInNamespacesOptions): { request: RunPlanRequest; fds: readonly number[] } {
  const { command, env = process.env, cwd = '/', timeoutMs = 0 } = options;
  if (command.length === 0 || command[0] === '') throw new TypeError('a command has one word at least');
  if (!cwd.startsWith('/')) throw new TypeError(`not an absolute path: "${cwd}"`);
  if (!Number.isInteger(timeoutMs) || timeoutMs < 0) throw new TypeError(`not a time in milliseconds: ${timeoutMs}`);
  const { created, joined, fds } = sortNamespaces(options.namespaces ?? {});
  const inherits = options.stdio === 'inherit';
  const first = FIRST_MONITOR_FD + fds.length;
  const request: RunPlanRequest = {
    command,
    environment: Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])),
    workingDirectory: cwd,
    created,
    joined,
    ...idsOf(options),
    streamFds: inherits ? [first, first + 1, first + 2] : undefined,
    timeLimitMs: timeoutMs,
  };
  return { request, fds: inherits ? [...fds, 0, 1, 2] : fds };
}

function idsOf({
  uid,
  gid,
  uidMap,
  gidMap,
}: RunInNamespacesOptions): Pick<RunPlanRequest, 'uidMap' | 'gidMap' | 'privileged' | 'ids'> {
  const ownUid = process.geteuid?.() ?? 0;
  const ownGid = process.getegid?.() ?? 0;
  return {
    uidMap: idLines(uidMap ?? [{ inside: 0, outside: ownUid, size: 1 }]),
    gidMap: idLines(gidMap ?? [{ inside: 0, outside: ownGid, size: 1 }]),
    privileged: ownUid === 0,
    ids: uid === undefined && gid === undefined ? undefined : { uid: uid ?? 0, gid: gid ?? 0 },
  };
}

interface SortedNamespaces {
  readonly created: NamespaceKind[];
  readonly joined: JoinedNamespace[];
  /** Of handles: the monitor gets them, in this order. */
  readonly fds: number[];
}

function sortNamespaces(namespaces: NonNullable<RunInNamespacesOptions['namespaces']>): SortedNamespaces {
  const sorted: SortedNamespaces = { created: [], joined: [], fds: [] };
  for (const [name, source] of Object.entries(namespaces)) {
    const kind = NAMESPACE_KINDS.find((known) => known === name);
    if (kind === undefined) throw new TypeError(`not a kind of namespace: "${name}"`);
    if (source === 'new') sorted.created.push(kind);
    else if (typeof source === 'object' && 'fd' in source) {
      sorted.joined.push({ kind, monitorFd: FIRST_MONITOR_FD + sorted.fds.length });
      sorted.fds.push(source.fd);
    } else sorted.joined.push({ kind, path: namespacePath(kind, source) });
  }
  return sorted;
}
