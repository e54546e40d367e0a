/** The infra container of a pod: it runs before any other of the pod is started. */
import { isTspodError } from '../../errors.js';
import type { ContainerConfig } from '../../spec/config.js';
import { noSuchPod } from '../../state/lookup.js';
import type { EngineContext } from '../context.js';
import { membersOf, presentStatus } from './members.js';
import { withPod } from './lock.js';

export type Starter = (context: EngineContext, id: string) => Promise<void>;

/**
 * Runs the launch of a container of a pod when the infra container runs. Where the pod is stopped when nothing of it runs, its lock is held meanwhile, so
 * that this is not taken for such a moment.
 */
export async function withInfra<T>(
  context: EngineContext,
  config: Pick<ContainerConfig, 'pod'> | undefined,
  {
    start,
    launch,
    signal,
  }: {
    readonly start: Starter;
    readonly launch: (inner: EngineContext) => Promise<T>;
    readonly signal: AbortSignal | undefined;
  },
): Promise<T> {
  const pod = config?.pod;
  if (pod === undefined || pod.infra) return launch(context);
  const stored = context.store.pods.get(pod.id);
  if (stored === undefined || stored.removing) throw noSuchPod(pod.id);
  const begin = async (inner: EngineContext): Promise<T> => {
    if (stored.infraId !== '') await startInfra(inner, stored.infraId, start);
    return launch(inner);
  };
  return stored.config.exitPolicy === 'stop' ? withPod(context, pod.id, begin, { signal }) : begin(context);
}

async function startInfra(context: EngineContext, id: string, start: Starter): Promise<void> {
  const stored = context.store.get(id);
  if (stored === undefined) return;
  const status = presentStatus(context, stored);
  if (status === 'running' || status === 'paused') return;
  try {
    await start(context, id);
  } catch (error) {
    if (!isTspodError(error, 'STATE_RUNNING')) throw error;
  }
}

/** Whether some of its containers have ended and none but the infra container runs. */
export function isIdle(context: EngineContext, pod: { readonly id: string; readonly infraId: string }): boolean {
  const members = membersOf(context, pod);
  return !members.some(({ isInfra, status }) => !isInfra && status !== 'created' && status !== 'exited');
}
