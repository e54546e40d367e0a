/** Everything that nobody uses: containers that do not run, networks that none is on, images that none is made of; and volumes. */
import type { EngineContext } from '../container/context.js';
import { pruneImages } from './images/remove.js';
import { listContainers } from './list.js';
import { makeNetworks } from './networks.js';
import { pruneContainers } from './prune.js';
import { makeVolumes } from './volumes.js';
import { treeSize } from '../storage/size.js';
import type { BatchResult, PruneOptions, PruneResult } from './types.js';

/** Containers first, so that what they used is unused then. */
export async function pruneAll(context: EngineContext, options: PruneOptions = {}): Promise<PruneResult> {
  const { all = false, volumes: withVolumes = false, filters = {}, signal } = options;
  const given = { filters, ...(signal === undefined ? {} : { signal }) };
  const sizes = new Map(
    listContainers(context, { all: true, filters, size: true }).map(({ id, size }) => [id, size?.writable ?? 0]),
  );
  const containers = await pruneContainers(context, given);
  const networks = await makeNetworks(context).prune(given);
  const images = await pruneImages(context, { ...given, all });
  const volumes = withVolumes ? await pruneVolumes(context, given) : { done: [], failed: new Map(), reclaimed: 0 };
  const freed = containers.done.reduce((bytes, id) => bytes + (sizes.get(id) ?? 0), 0);
  return { containers, networks, images, volumes, reclaimed: freed + images.reclaimed + volumes.reclaimed };
}

/** Also those with names: who asks for volumes wants these. */
async function pruneVolumes(
  context: EngineContext,
  given: Pick<PruneOptions, 'filters' | 'signal'>,
): Promise<BatchResult & { readonly reclaimed: number }> {
  const volumes = makeVolumes(context);
  const sizes = new Map(
    volumes
      .list(given)
      .filter(({ containers }) => containers.length === 0)
      .map(({ name, mountpoint }) => [name, treeSize(mountpoint)]),
  );
  const result = await volumes.prune({ ...given, all: true });
  return { ...result, reclaimed: result.done.reduce((bytes, name) => bytes + (sizes.get(name) ?? 0), 0) };
}
