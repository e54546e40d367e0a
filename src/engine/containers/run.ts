/** Runs containers that live for one call: creates, starts and awaits them, and connects their streams. */
import { configure } from '../../container/create/configure.js';
import type {
  CollectedResult,
  ContainerProcess,
  ExitStatus,
  RunOptions,
  SpawnOptions,
} from '../../container/api/container.js';
import { removeEnded } from '../../container/settle/auto-remove.js';
import { checkCollectOptions, collectProcess } from '../../container/streams/collect.js';
import { inBackground, type EngineContext } from '../../container/context.js';
import { UNKNOWN_END } from '../../container/exit-status.js';
import { killContainer } from '../../container/verbs/kill.js';
import { launchNew } from '../../container/launch/new.js';
import { makePipes, type PipeRequest } from '../../container/streams/pipes.js';
import { attachedProcess, directProcess, isOwnStream } from '../../container/streams/process.js';
import { pickCreateOptions } from '../../container/call-options.js';
import { containerStdio } from '../../container/streams/stdio.js';
import { invalid } from '../../errors.js';
import { monotonicMs } from '../../native/primitives.js';
import type { ContainerConfig } from '../../spec/config.js';
import { checkTimeoutMs } from '../../spec/checks/numbers.js';
import { ensureImage } from '../images/pull.js';
import type { FetchOptions } from '../images/types.js';
import type { CreateOptions, LogOptions } from '../../spec/create-options.js';
import { defined } from '../../util/defined.js';

/** Runs a container and collects its output. Aborting kills the container. */
export async function runContainer(
  context: EngineContext,
  options: RunOptions,
  fetching?: FetchOptions,
): Promise<CollectedResult<string | Buffer>> {
  const started = monotonicMs();
  const { signal, input, size } = options;
  checkCollectOptions(options);
  const process = await spawnContainer(
    context,
    {
      ...pickCreateOptions(options),
      ...(input === undefined ? {} : { stdin: 'pipe' as const, interactive: true }),
      ...defined({ stdout: options.stdout, stderr: options.stderr, signal, size, timeoutMs: options.timeoutMs }),
    },
    fetching,
  );
  const killAll = () => {
    process.kill('SIGKILL');
    // What a freezer of cgroup v1 holds ends when it is thawed. Whether that fails shows in what the run comes to.
    inBackground(
      context,
      killContainer(context, process.id).catch(() => undefined),
    );
  };
  const result = await collectProcess({ process, killAll }, options, 'run');
  return { ...result, id: process.id, durationMs: monotonicMs() - started };
}

/** Starts a container with streams; resolves when its process runs. */
export async function spawnContainer(
  context: EngineContext,
  options: SpawnOptions,
  fetching?: FetchOptions,
): Promise<ContainerProcess> {
  checkTimeoutMs(options.timeoutMs);
  if (options.initContainer !== undefined)
    throw invalid('an init container can only be created: the start of its pod runs it');
  const wanted = withDefaults(pickCreateOptions(options));
  const streams = streamsOf(options, wanted);
  const copied = isCopied(wanted);
  if (copied) checkCopied(wanted, options);
  await ensureImage(context, wanted, { ...defined({ signal: options.signal }), ...fetching });
  const config = configure(context, copied ? { ...wanted, interactive: streams.stdin === 'pipe' } : wanted);
  const spawn = { config, options, streams };
  return copied ? spawnThroughMonitor(context, spawn) : spawnWithPipes(context, spawn);
}

type Wanted = CreateOptions & { readonly log: LogOptions };

/** Applies the defaults of run() and spawn(), which differ from those of create(): removed at its end, no log. */
function withDefaults(options: CreateOptions): Wanted {
  return {
    ...options,
    autoRemove: options.autoRemove ?? true,
    log: { driver: 'none', ...options.log },
  };
}

function streamsOf({ stdin, stdout, stderr }: SpawnOptions, { interactive }: Wanted): PipeRequest {
  return {
    stdin: stdin ?? (interactive === true ? 'pipe' : 'ignore'),
    stdout: stdout ?? 'pipe',
    stderr: stderr ?? 'pipe',
  };
}

/** Whether the monitor has the container's streams and copies them, as it does with a terminal or a log. */
function isCopied({ tty, log }: Wanted): boolean {
  return tty === true || log.driver !== 'none';
}

/** Refuses streams that cannot be chosen because the monitor has the container's streams. Throws INVALID_ARGUMENT. */
function checkCopied({ tty, log }: Wanted, { stdin, stdout, stderr }: SpawnOptions): void {
  const streams = [stdin, stdout, stderr].filter((stream) => stream !== undefined);
  if (log.driver === 'passthrough') {
    if (streams.every((stream) => stream === 'inherit')) return;
    throw invalid("a container with log driver passthrough uses this process's streams: no others can be chosen");
  }
  if (streams.every(isOwnStream)) return;
  const why = tty === true ? 'a terminal' : 'a log';
  throw invalid(`descriptors cannot be given to a container with ${why}: its streams are 'pipe' or 'ignore'`);
}

interface Spawn {
  readonly config: ContainerConfig;
  readonly options: SpawnOptions;
  readonly streams: PipeRequest;
}

/** Starts a container with pipes that lead straight to its process; the monitor copies nothing. */
async function spawnWithPipes(context: EngineContext, { config, options, streams }: Spawn): Promise<ContainerProcess> {
  const pipes = makePipes(streams);
  try {
    const stdio = containerStdio(config, {
      stdio: pipes.fds,
      fds: undefined,
      size: options.size,
      attachedInput: false,
    });
    const { id, talk, answer } = await launchNew(context, config, {
      stdio,
      ...defined({ signal: options.signal, timeLimitMs: options.timeoutMs }),
    });
    const onEnd = async (): Promise<ExitStatus> => {
      await talk.closed();
      return (await removeEnded(context, { id }, talk.exit)) ?? UNKNOWN_END;
    };
    return directProcess({ id, answer, talk, pipes: pipes.open(), onEnd });
  } catch (error) {
    pipes.abandon();
    throw error;
  }
}

/** Starts a container whose streams the monitor copies, because it has a terminal or a log. */
function spawnThroughMonitor(context: EngineContext, { config, options, streams }: Spawn): Promise<ContainerProcess> {
  return attachedProcess({
    has: {
      stdin: streams.stdin === 'pipe',
      stdout: streams.stdout === 'pipe',
      stderr: streams.stderr === 'pipe' && !config.tty,
    },
    start: async (attach) => {
      const { id, answer, session } = await launchNew(context, config, {
        stdio: containerStdio(config, {
          stdio: undefined,
          fds: undefined,
          size: options.size,
          attachedInput: config.interactive,
        }),
        attach: { ...attach, ...defined({ size: options.size }) },
        ...defined({ signal: options.signal, timeLimitMs: options.timeoutMs }),
      });
      if (session === undefined) throw new TypeError('an attached launch gave no session');
      return { id, answer, session };
    },
  });
}
