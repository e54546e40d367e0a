/** Containers that live for one call: created, started, read from, waited for, removed. */
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
import type { EngineContext } from '../../container/context.js';
import { UNKNOWN_END } from '../../container/exit-status.js';
import { launchNew } from '../../container/launch/new.js';
import { makePipes, type PipeRequest } from '../../container/streams/pipes.js';
import { attachedProcess, directProcess } from '../../container/streams/process.js';
import { pickCreateOptions } from '../../container/call-options.js';
import { containerStdio } from '../../container/streams/stdio.js';
import { monotonicMs } from '../../native/primitives.js';
import type { ContainerConfig } from '../../spec/config.js';
import { checkTimeoutMs } from '../../spec/checks/numbers.js';
import { ensureImage } from '../images/pull.js';
import type { FetchOptions } from '../images/types.js';
import type { CreateOptions } from '../../spec/create-options.js';
import { defined } from '../../util/defined.js';

/** Collects the output. Aborting ends the container. */
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
  const result = await collectProcess(process, options, 'run');
  return { ...result, id: process.id, durationMs: monotonicMs() - started };
}

/** Resolves when the process runs. */
export async function spawnContainer(
  context: EngineContext,
  options: SpawnOptions,
  fetching?: FetchOptions,
): Promise<ContainerProcess> {
  checkTimeoutMs(options.timeoutMs);
  const wanted = withDefaults(pickCreateOptions(options));
  await ensureImage(context, wanted, { ...defined({ signal: options.signal }), ...fetching });
  const config = configure(context, wanted);
  const streams = streamsOf(options, config);
  return config.tty || config.log.driver !== 'none'
    ? spawnThroughMonitor(context, config, options)
    : spawnWithPipes(context, { config, options, streams });
}

/** What differs from a container that is created to stay. */
function withDefaults(options: CreateOptions): CreateOptions {
  return {
    ...options,
    autoRemove: options.autoRemove ?? true,
    log: { driver: 'none', ...options.log },
  };
}

function streamsOf({ stdin, stdout, stderr }: SpawnOptions, config: ContainerConfig): PipeRequest {
  return {
    stdin: stdin ?? (config.interactive ? 'pipe' : 'ignore'),
    stdout: stdout ?? 'pipe',
    stderr: stderr ?? 'pipe',
  };
}

interface PipedSpawn {
  readonly config: ContainerConfig;
  readonly options: SpawnOptions;
  readonly streams: PipeRequest;
}

/** Pipes straight to the process: the monitor copies nothing. */
async function spawnWithPipes(
  context: EngineContext,
  { config, options, streams }: PipedSpawn,
): Promise<ContainerProcess> {
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
    return directProcess({ id, answer, talk, streams: pipes.open(), onEnd });
  } catch (error) {
    pipes.abandon();
    throw error;
  }
}

/** It has a terminal, or a log is kept. */
function spawnThroughMonitor(
  context: EngineContext,
  config: ContainerConfig,
  options: SpawnOptions,
): Promise<ContainerProcess> {
  return attachedProcess({
    hasStdin: config.interactive,
    tty: config.tty,
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
