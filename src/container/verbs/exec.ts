/** Runs a command in a running container. */
import type {
  AttachOptions,
  AttachSession,
  CollectedResult,
  ContainerProcess,
  ExecAttachOptions,
  ExecCollectOptions,
  ExecSpawnOptions,
  ExitStatus,
} from '../api/container.js';
import { checkCollectOptions, collectProcess, type Killable } from '../streams/collect.js';
import type { EngineContext } from '../context.js';
import { compileExec, execTarget, launchExec, type ExecTarget } from '../exec/launch.js';
import { UNKNOWN_END } from '../exit-status.js';
import { recordExec } from '../exec/events.js';
import { makePipes } from '../streams/pipes.js';
import { pickExecOptions } from '../call-options.js';
import { Session } from '../streams/session.js';
import { execStdio } from '../streams/stdio.js';
import { TspodError } from '../../errors.js';
import { monotonicMs } from '../../native/primitives.js';
import { attachedProcess, directProcess, isOwnStream } from '../streams/process.js';
import { defined } from '../../util/defined.js';

/** Runs a command and collects its output. An abort ends the command. */
export async function execCollected(
  context: EngineContext,
  id: string,
  options: ExecCollectOptions,
): Promise<CollectedResult<string | Buffer>> {
  const begun = monotonicMs();
  const { signal, input, size } = options;
  checkCollectOptions(options);
  const started = await startCommand(context, id, {
    ...pickExecOptions(options),
    stdin: input === undefined ? 'ignore' : 'pipe',
    stdout: options.stdout ?? 'pipe',
    stderr: options.stderr ?? 'pipe',
    ...defined({ signal, size }),
  });
  const result = await collectProcess(started, options, 'exec');
  return { ...result, id, durationMs: monotonicMs() - begun };
}

/** Runs a command whose streams are node streams; without a terminal they are pipes straight to it. */
export async function spawnExec(
  context: EngineContext,
  id: string,
  options: ExecSpawnOptions,
): Promise<ContainerProcess> {
  return (await startCommand(context, id, options)).process;
}

async function startCommand(context: EngineContext, id: string, options: ExecSpawnOptions): Promise<Killable> {
  const target = execTarget(context, id, pickExecOptions(options));
  return target.request.tty ? spawnWithTerminal(context, target, options) : spawnWithPipes(context, target, options);
}

async function spawnWithPipes(
  context: EngineContext,
  target: ExecTarget,
  options: ExecSpawnOptions,
): Promise<Killable> {
  const detach = options.detach === true;
  const pipes = makePipes({
    stdin: options.stdin ?? 'ignore',
    stdout: options.stdout ?? (detach ? 'ignore' : 'pipe'),
    stderr: options.stderr ?? (detach ? 'ignore' : 'pipe'),
  });
  try {
    const { fds } = options;
    const stdio = execStdio(target.request, { direct: pipes.fds, stdin: false, fds, size: undefined });
    const { talk, answer } = await launchExec(compileExec(context, target, stdio), {
      target,
      fds: stdio.fds,
      signal: options.signal,
    });
    recordExec(context, target, { talk, answer });
    if (detach) talk.connection.unref();
    const onEnd = (told: ExitStatus | undefined) => Promise.resolve(told ?? UNKNOWN_END);
    const process = directProcess({ id: target.id, answer, talk, pipes: pipes.open(), onEnd });
    return { process, killAll: () => void talk.stop() };
  } catch (error) {
    pipes.abandon();
    throw error;
  }
}

async function spawnWithTerminal(
  context: EngineContext,
  target: ExecTarget,
  options: ExecSpawnOptions,
): Promise<Killable> {
  const { stdin = 'ignore', stdout = 'pipe', stderr = 'ignore' } = options;
  if (options.detach !== true && ![stdin, stdout, stderr].every(isOwnStream)) {
    throw new TspodError('INVALID_ARGUMENT', 'a command with a terminal has streams of its own: use execAttached()');
  }
  const { fds, size, signal } = options;
  const process =
    options.detach === true
      ? await spawnDetachedTerminal(context, target, options)
      : await attachedProcess({
          has: { stdin: stdin === 'pipe', stdout: stdout === 'pipe', stderr: false },
          // The signal is for the launch only.
          start: (attach) =>
            launchAttached(context, target, { attach: { ...attach, ...defined({ size }) }, fds, signal }),
        });
  // The kernel hangs the terminal up when its first process has ended.
  return { process, killAll: () => process.kill('SIGKILL') };
}

/** Runs a detached command with a terminal. Nobody is attached to that: the monitor reads what comes, and drops it. */
async function spawnDetachedTerminal(
  context: EngineContext,
  target: ExecTarget,
  { stdin = 'ignore', stdout = 'ignore', stderr = 'ignore', fds, size, signal }: ExecSpawnOptions,
): Promise<ContainerProcess> {
  if (stdin !== 'ignore' || stdout !== 'ignore' || stderr !== 'ignore') {
    throw new TspodError(
      'INVALID_ARGUMENT',
      'a detached command with a terminal cannot use the streams of this process',
    );
  }
  const stdio = execStdio(target.request, { stdin: false, fds, size });
  const { talk, answer } = await launchExec(compileExec(context, target, stdio), { target, fds: stdio.fds, signal });
  recordExec(context, target, { talk, answer });
  talk.connection.unref();
  return directProcess({
    id: target.id,
    answer,
    talk,
    onEnd: (told) => Promise.resolve(told ?? UNKNOWN_END),
    resize: (size) => {
      talk.resize(size);
    },
  });
}

interface AttachedLaunch {
  readonly attach: AttachOptions;
  readonly fds: ExecAttachOptions['fds'];
  readonly signal: AbortSignal | undefined;
}

async function launchAttached(context: EngineContext, target: ExecTarget, { attach, fds, signal }: AttachedLaunch) {
  const { tty, interactive } = target.request;
  const hasStdin = attach.stdin !== undefined && (interactive || tty);
  const stdio = execStdio(target.request, { stdin: hasStdin, fds, size: attach.size });
  let session: Session | undefined;
  const { talk, answer } = await launchExec(compileExec(context, target, stdio), {
    target,
    fds: stdio.fds,
    signal,
    before: (talk) => {
      const attached = new Session({ connection: talk.connection, options: attach, hasStdin, launches: true });
      talk.listen((message) => {
        attached.take(message);
      });
      session = attached;
    },
  });
  if (session === undefined) throw new TypeError('an attached exec gave no session');
  recordExec(context, target, { talk, answer });
  return { id: target.id, answer, session };
}

/** Runs a command with streams as for attach: through the monitor, with detach keys. */
export async function execAttached(
  context: EngineContext,
  id: string,
  options: ExecAttachOptions,
): Promise<AttachSession> {
  const target = execTarget(context, id, pickExecOptions(options));
  const { fds, signal } = options;
  return (await launchAttached(context, target, { attach: options, fds, signal })).session;
}
