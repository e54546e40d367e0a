/** Reads the log of a container. */
import { isTspodError, TspodError } from '../../errors.js';
import { abortedError } from '../../native/abort.js';
import { readLog } from '../../logs/read.js';
import { containerPaths } from '../../storage/paths.js';
import type { LogChunk, LogsOptions } from '../api/container.js';
import { readConfig } from '../config.js';
import type { EngineContext } from '../context.js';
import { talkTo } from '../monitor/connect.js';
import { leavable } from '../streams/leavable.js';
import { waitForContainer } from './wait.js';

/** Returns what the container has written. Throws NO_LOGS with a log driver that keeps none. */
export function containerLogs(context: EngineContext, id: string, options: LogsOptions = {}): AsyncIterable<LogChunk> {
  return leavable(options.signal, (signal) => chunksOf(context, id, { ...options, signal }));
}

async function* chunksOf(
  context: EngineContext,
  id: string,
  options: LogsOptions & { readonly signal: AbortSignal },
): AsyncGenerator<LogChunk, void, undefined> {
  const { log } = readConfig(context, id);
  if (log.driver === 'none' || log.driver === 'passthrough') {
    throw new TspodError(
      'NO_LOGS',
      `this container is using the '${log.driver}' log driver, cannot read logs: this container is not logging output`,
    );
  }
  const done = new AbortController();
  const following: Following = { signal: done.signal };
  try {
    yield* readLog({
      path: log.path ?? containerPaths(context.directories, id).log,
      driver: log.driver,
      tail: options.tail ?? -1,
      since: options.since,
      until: options.until,
      timestamps: options.timestamps ?? false,
      prefix: options.prefix ?? '',
      stream: options.stream,
      followUntil: options.follow === true ? endOf(context, id, following) : undefined,
      signal: options.signal,
    });
    if (following.failure !== undefined) throw following.failure;
  } catch (error) {
    const { signal } = options;
    if (signal.aborted && error === signal.reason) throw abortedError('logs', signal);
    throw error;
  } finally {
    done.abort();
  }
}

interface Following {
  /** Aborts when nobody reads any more. */
  readonly signal: AbortSignal;
  /** Set if nobody knows whether there is more to come. */
  failure?: TspodError;
}

/**
 * Resolves at the container's end, or when nobody reads any more. A container that never ran is not waited for: nothing
 * says when it will run.
 */
async function endOf(context: EngineContext, id: string, following: Following): Promise<void> {
  try {
    await waitForContainer(context, id, { signal: following.signal });
  } catch (error) {
    if (isTspodError(error, 'ENGINE_CLOSED')) following.failure = error;
    // Removed, or given up: there is nothing more to come.
  }
}

/** Makes the monitor open the log file again; does nothing without a monitor. */
export async function reopenContainerLog(context: EngineContext, id: string): Promise<void> {
  const talk = await talkTo(containerPaths(context.directories, id).run);
  if (talk === undefined) return;
  talk.connection.send('reopenLog', {});
  await talk.connection.drained();
  talk.connection.close();
}
