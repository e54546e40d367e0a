/** Runs a container's health check now. Takes no lock: the monitor does it. */
import { abortedError, throwIfAborted, whenAborted } from '../../native/abort.js';
import { noSuchContainer } from '../../state/lookup.js';
import { containerPaths } from '../../storage/paths.js';
import { TspodError } from '../../errors.js';
import type { HealthcheckResult, SignalOption } from '../api/container.js';
import { readConfig } from '../config.js';
import { whileOpen, type EngineContext } from '../context.js';
import { recordHealth } from '../health/events.js';
import { readHealth } from '../health/record.js';
import type { CheckAnswer, MonitorTalk } from '../monitor/talk.js';
import { observe, statusOf } from '../observe.js';
import { talkTo } from '../monitor/connect.js';

/** Results by the monitor's answers. */
const STATUSES: Readonly<Record<CheckAnswer, HealthcheckResult['status']>> = {
  passed: 'healthy',
  failed: 'unhealthy',
  failedStartup: 'starting',
  notRun: 'stopped',
};

/** Runs the check. Throws NO_HEALTHCHECK. */
export async function runHealthcheck(
  context: EngineContext,
  id: string,
  options: SignalOption = {},
): Promise<HealthcheckResult> {
  throwIfAborted('healthcheck', options.signal);
  const stored = context.store.get(id);
  if (stored === undefined) throw noSuchContainer(id);
  requireHealthcheck(context, id);
  const paths = containerPaths(context.directories, id);
  const runs = statusOf(stored.state, observe(stored.state, paths)) === 'running';
  const talk = runs ? await talkTo(paths.run) : undefined;
  const status =
    talk === undefined ? 'stopped' : await whileOpen(context, options.signal, (signal) => requestCheck(talk, signal));
  const record = readHealth(paths);
  if (status !== 'stopped') recordHealth(context, { id, paths, record });
  const { failingStreak, log } = record;
  return { status, failingStreak, log };
}

/** Throws NO_HEALTHCHECK if the container has no health check. */
export function requireHealthcheck(context: EngineContext, id: string): void {
  if (readConfig(context, id).health !== undefined) return;
  throw new TspodError('NO_HEALTHCHECK', `container ${id} has no defined healthcheck`);
}

async function requestCheck(talk: MonitorTalk, signal: AbortSignal): Promise<HealthcheckResult['status']> {
  const forget = whenAborted(signal, () => {
    talk.connection.close();
  });
  try {
    const answer = await talk.check();
    if (signal.aborted) throw abortedError('healthcheck', signal);
    return STATUSES[answer ?? 'notRun'];
  } finally {
    forget();
    talk.connection.close();
  }
}
