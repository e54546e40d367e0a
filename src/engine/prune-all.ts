/** Everything that nobody uses: containers that do not run, networks that none is on, images that none is made of. */
import type { EngineContext } from '../container/context.js';
import { pruneImages } from './images/remove.js';
import { listContainers } from './list.js';
import { makeNetworks } from './networks.js';
import { pruneContainers } from './prune.js';
import type { PruneOptions, PruneResult } from './types.js';

/** Containers first, so that what they used is unused then. */
export async function pruneAll(context: EngineContext, options: PruneOptions = {}): Promise<PruneResult> {
  const { all = false, filters = {}, signal } = options;
  const given = { filters, ...(signal === undefined ? {} : { signal }) };
  const sizes = new Map(
    listContainers(context, { all: true, filters, size: true }).map(({ id, size }) => [id, size?.writable ?? 0]),
  );
  const containers = await pruneContainers(context, given);
  const networks = await makeNetworks(context).prune(given);
  const images = await pruneImages(context, { ...given, all });
  const freed = containers.done.reduce((bytes, id) => bytes + (sizes.get(id) ?? 0), 0);
  return { containers, networks, images, reclaimed: freed + images.reclaimed };
}
