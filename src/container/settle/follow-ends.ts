/**
 * Settles containers as they end or restart, while somebody follows the events: nobody else may look for a long time.
 */
import { watch } from 'node:fs';

import { whenAborted } from '../../native/abort.js';
import { openProcess } from '../../native/process-handle.js';
import { containerPaths } from '../../storage/paths.js';
import type { EngineContext } from '../context.js';
import { unrecordedEnds } from '../exec/events.js';
import { activeSessions } from '../exec/files.js';
import { withContainer, type HeldContainer } from '../held.js';
import { isAlive, observe, type Observation } from '../observe.js';
import { finishRemoval } from './repair.js';
import { settle } from './settle.js';
import type { LiveRecord } from '../monitor/run-record.js';

export interface EndWatch {
  /** To be called when a container, or a command in it, has been launched. */
  readonly look: (id: string) => void;
}

/** Settles containers as they end, until the signal aborts. */
export function settleEnds(context: EngineContext, signal: AbortSignal): EndWatch {
  const watched = new Set<string>();
  const look = (id: string) => {
    const stored = context.store.get(id);
    if (stored === undefined) return;
    const paths = containerPaths(context.directories, id);
    const observation = observe(stored.state, paths);
    if (unrecordedEnds(paths.run).length > 0) void settleNow(context, id, signal);
    for (const session of activeSessions(paths.run)) {
      if (session.sight.state !== 'running' || watched.has(session.id)) continue;
      watched.add(session.id);
      void attendSession(context, { id, live: session.sight.live, signal }).finally(() => watched.delete(session.id));
    }
    const live = attendable(observation);
    if (live === undefined) {
      if (observation.kind === 'ended' || observation.kind === 'lost') void settleNow(context, id, signal);
      return;
    }
    const { monitor } = live;
    const key = `${String(monitor.pid)} ${String(monitor.startTime)}`;
    if (watched.has(key)) return;
    watched.add(key);
    void attend(context, { id, live, signal }).finally(() => watched.delete(key));
  };
  for (const { id } of context.store.list('live')) look(id);
  return { look };
}

/** Returns the record of a container whose monitor's end is to be waited for. */
function attendable(observation: Observation): LiveRecord | undefined {
  return observation.kind === 'live' || isLingering(observation) ? observation.live : undefined;
}

type Lingering = Extract<Observation, { kind: 'ending' | 'ended' }> & { readonly live: LiveRecord };

/**
 * Whether the process has ended, but the monitor not: it may have to bring the last of the output to a slow reader, and
 * settling the container now would cut that off.
 */
function isLingering(observation: Observation): observation is Lingering {
  if (observation.kind === 'ending') return true;
  return observation.kind === 'ended' && observation.live !== undefined && isAlive(observation.live.monitor);
}

interface Attended {
  readonly id: string;
  readonly live: LiveRecord;
  readonly signal: AbortSignal;
}

/** Resolves when the monitor of a session has ended and that has been recorded. */
async function attendSession(context: EngineContext, { id, live, signal }: Attended): Promise<void> {
  try {
    using monitor = openProcess(live.monitor.pid, live.monitor.startTime);
    await monitor?.wait({ signal });
    await settleNow(context, id, signal);
  } catch {
    // Nobody follows any more.
  }
}

/** Resolves when the monitor of a container has ended and that has been recorded. */
async function attend(context: EngineContext, { id, live, signal }: Attended): Promise<void> {
  const watcher = tellsMore(context, id) ? watchRun(context, id, signal) : undefined;
  try {
    using monitor = openProcess(live.monitor.pid, live.monitor.startTime);
    await monitor?.wait({ signal });
    await settleNow(context, id, signal);
  } catch {
    // Nobody follows any more.
  } finally {
    watcher?.();
  }
}

/** Whether the monitor may record more than the end: restarts, or health checks. */
function tellsMore({ store }: EngineContext, id: string): boolean {
  const config = store.config(id);
  return config !== undefined && (config.restart.policy !== 'no' || config.health !== undefined);
}

/** The monitor writes into the run directory at each end and start, and after each check. */
function watchRun(context: EngineContext, id: string, signal: AbortSignal): () => void {
  const settleAgain = () => void settleNow(context, id, signal);
  try {
    const watcher = watch(containerPaths(context.directories, id).run, (_event, name) => {
      if (name === 'state' || name === 'health') settleAgain();
    }).on('error', () => undefined);
    settleAgain();
    const forget = whenAborted(signal, () => {
      watcher.close();
    });
    return () => {
      forget();
      watcher.close();
    };
  } catch {
    return () => undefined; // the directory is gone with its monitor
  }
}

/**
 * Records the end of the container, and removes it if it has `autoRemove`. What fails here is left to the next command.
 */
async function settleNow(context: EngineContext, id: string, signal: AbortSignal): Promise<void> {
  await withContainer(context, id, settleUnhurried, { signal, settle: false }).catch(() => undefined);
}

/** Settles the container, unless its monitor lingers: whoever waits for that settles when it has ended. */
async function settleUnhurried(held: HeldContainer): Promise<void> {
  if (isLingering(held.observation)) return;
  await settle(held);
  await finishRemoval(held);
}
