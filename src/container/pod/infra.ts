/** The infra container of a pod: it runs before any other container of the pod is started. */
import { isTspodError, type ErrorCode } from '../../errors.js';
import type { ContainerConfig } from '../../spec/config.js';
import { noSuchPod } from '../../state/lookup.js';
import { inBatch } from '../batch.js';
import type { EngineContext } from '../context.js';
import { stopContainer } from '../verbs/stop.js';
import { membersOf, presentStatus } from './members.js';
import { withPod } from './lock.js';

export type Starter = (context: EngineContext, id: string) => Promise<void>;

interface Launching<T> {
  readonly start: Starter;
  readonly launch: (inner: EngineContext) => Promise<T>;
  readonly signal: AbortSignal | undefined;
}

type Config = Pick<ContainerConfig, 'pod'> | undefined;

/**
 * Launches a container of a pod once the infra container runs. Throws NO_SUCH_POD, and what the start of the infra
 * container throws.
 */
export async function withInfra<T>(
  context: EngineContext,
  config: Config,
  { start, launch, signal }: Launching<T>,
): Promise<T> {
  const pod = config?.pod;
  if (pod === undefined || pod.infra) return launch(context);
  const stored = context.store.pods.get(pod.id);
  if (stored === undefined || stored.removing) throw noSuchPod(pod.id);
  return keepingPod(context, config, {
    signal,
    body: async (inner) => {
      if (stored.infraId !== '') await startInfra(inner, stored.infraId, { start, signal });
      return launch(inner);
    },
  });
}

/**
 * For a pod with exit policy `stop`, holds the pod's lock, so that the pod is not stopped as idle while `body` runs.
 * Skipped when the caller holds a container's lock: the holder of the pod's lock may be waiting for it (deadlock).
 */
export function keepingPod<T>(
  context: EngineContext,
  config: Config,
  { body, signal }: { readonly body: (inner: EngineContext) => Promise<T>; readonly signal: AbortSignal | undefined },
): Promise<T> {
  const pod = context.store.pods.get(config?.pod?.id ?? '');
  const isInBatch = context.batch !== undefined && !context.batch.isOver;
  if (pod?.config.exitPolicy !== 'stop' || isInBatch) return body(context);
  return withPod(context, pod.id, body, { signal });
}

async function startInfra(
  context: EngineContext,
  id: string,
  { start, signal }: Pick<Launching<unknown>, 'start' | 'signal'>,
): Promise<void> {
  const stored = context.store.get(id);
  if (stored === undefined) return;
  const status = presentStatus(context, stored);
  if (status === 'running' || status === 'paused') return;
  const options = signal === undefined ? {} : { signal };
  // Looked at again under the container's lock: whoever was stopping it may have started it again.
  await inBatch(
    context,
    id,
    async (inner, held) => {
      // A stop was cut off, or is under way: this start comes after it.
      if (held.status === 'stopping') await ignoring('CONTAINER_STOPPED', stopContainer(inner, id, options));
      if (held.status !== 'paused') await ignoring('STATE_RUNNING', start(inner, id));
    },
    options,
  );
}

async function ignoring(code: ErrorCode, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isTspodError(error, code)) throw error;
  }
}

/** Whether no container of the pod except the infra container runs, is about to run, or is being ended. */
export function isIdle(context: EngineContext, pod: { readonly id: string; readonly infraId: string }): boolean {
  const members = membersOf(context, pod);
  return !members.some(({ isInfra, status }) => !isInfra && status !== 'created' && status !== 'exited');
}
