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
import { checkCollectOptions, collectProcess } from '../streams/collect.js';
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

/** Collects the output. Aborting ends the command. */
export async function execCollected(
  context: EngineContext,
  id: string,
  options: ExecCollectOptions,
): Promise<CollectedResult<string | Buffer>> {
  const started = monotonicMs();
  const { signal, input, size } = options;
  checkCollectOptions(options);
  const process = await spawnExec(context, id, {
    ...pickExecOptions(options),
    stdin: input === undefined ? 'ignore' : 'pipe',
    stdout: options.stdout ?? 'pipe',
    stderr: options.stderr ?? 'pipe',
    ...defined({ signal, size }),
  });
  const result = await collectProcess(process, options, 'exec');
  return { ...result, id, durationMs: monotonicMs() - started };
}

/** Streams of the command as node streams; without a terminal they are pipes straight to it. */
export async function spawnExec(
  context: EngineContext,
  id: string,
  options: ExecSpawnOptions,
): Promise<ContainerProcess> {
  const target = execTarget(context, id, pickExecOptions(options));
  return target.request.tty ? spawnWithTerminal(context, target, options) : spawnWithPipes(context, target, options);
}

async function spawnWithPipes(
  context: EngineContext,
  target: ExecTarget,
  options: ExecSpawnOptions,
): Promise<ContainerProcess> {
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
    return directProcess({ id: target.id, answer, talk, pipes: pipes.open(), onEnd });
  } catch (error) {
    pipes.abandon();
    throw error;
  }
}

async function spawnWithTerminal(
  context: EngineContext,
  target: ExecTarget,
  options: ExecSpawnOptions,
): Promise<ContainerProcess> {
  const { stdin = 'ignore', stdout = 'pipe' } = options;
  if (options.detach === true) return spawnDetachedTerminal(context, target, options);
  if (![stdin, stdout].every(isOwnStream)) {
    throw new TspodError('INVALID_ARGUMENT', 'a command with a terminal has streams of its own: use execAttached()');
  }
  return attachedProcess({
    has: { stdin: stdin === 'pipe', stdout: stdout === 'pipe', stderr: false },
    start: (attach) =>
      launchAttached(context, target, {
        ...attach,
        ...defined({ fds: options.fds, size: options.size, signal: options.signal }),
      }),
  });
}

/** Nobody is attached to its terminal: the monitor reads what comes, and drops it. */
async function spawnDetachedTerminal(
  context: EngineContext,
  target: ExecTarget,
  { stdin = 'ignore', stdout = 'ignore', stderr = 'ignore', fds, size, signal }: ExecSpawnOptions,
): Promise<ContainerProcess> {
  if (stdin !== 'ignore' || stdout !== 'ignore' || stderr !== 'ignore') {
    throw new TspodError('INVALID_ARGUMENT', 'a detached command with a terminal has no streams of this process');
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

type AttachedExecOptions = AttachOptions & Pick<ExecAttachOptions, 'fds'>;

async function launchAttached(context: EngineContext, target: ExecTarget, options: AttachedExecOptions) {
  const { tty, interactive } = target.request;
  const { fds, size } = options;
  const hasStdin = options.stdin !== undefined && (interactive || tty);
  const stdio = execStdio(target.request, { stdin: hasStdin, fds, size });
  let session: Session | undefined;
  const { talk, answer } = await launchExec(compileExec(context, target, stdio), {
    target,
    fds: stdio.fds,
    signal: options.signal,
    before: (talk) => {
      const attached = new Session({ connection: talk.connection, options, hasStdin, launches: true });
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

/** Streams as for attach: through the monitor, with detach keys. */
export async function execAttached(
  context: EngineContext,
  id: string,
  options: ExecAttachOptions,
): Promise<AttachSession> {
  const target = execTarget(context, id, pickExecOptions(options));
  return (await launchAttached(context, target, options)).session;
}
