/** Removes all containers that do not run. */
import type { SignalOption } from '../../container/api/container.js';
import type { EngineContext } from '../../container/context.js';
import { removeContainer } from '../../container/verbs/remove.js';
import { recordEngineEvent } from '../../container/events.js';
import { isTspodError } from '../../errors.js';
import { throwIfAborted } from '../../native/abort.js';
import { listContainers } from './list.js';
import type { BatchResult, ContainerFilters } from '../types.js';

/** Statuses of containers that do not run. */
export const PRUNED: ReadonlySet<string> = new Set(['created', 'exited', 'stopped']);

/**
 * Removes the containers that do not run and match, newest first: containers that share namespaces of others are
 * removed before these. Containers in pods are left alone.
 */
export async function pruneContainers(
  context: EngineContext,
  options: SignalOption & { readonly filters?: ContainerFilters } = {},
): Promise<BatchResult> {
  const { filters = {}, signal } = options;
  const done: string[] = [];
  const failed = new Map<string, Error>();
  for (const { id, status, pod } of listContainers(context, { all: true, filters }).toReversed()) {
    throwIfAborted('prune', signal);
    if (!PRUNED.has(status) || pod !== '') continue;
    try {
      await removeContainer(context, id);
      done.push(id);
    } catch (error) {
      // Another process has removed or started the container meanwhile.
      if (isTspodError(error, 'NO_SUCH_CONTAINER') || isTspodError(error, 'STATE_INVALID')) continue;
      failed.set(id, error instanceof Error ? error : new Error(String(error)));
    }
  }
  if (done.length > 0)
    recordEngineEvent(context, { type: 'container', status: 'prune', attributes: { containers: String(done.length) } });
  return { done, failed };
}
