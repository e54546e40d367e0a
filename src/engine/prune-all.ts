/** `engine.prune()`: removes unused pods, containers, networks, images, and volumes if asked to. */
import type { EngineContext } from '../container/context.js';
import { TspodError } from '../errors.js';
import { pruneImages } from './images/remove.js';
import { listContainers } from './containers/list.js';
import { PRUNE_FILTERS } from './networks/filters.js';
import { makeNetworks } from './networks/networks.js';
import { prunePods } from './pods/pods.js';
import { pruneContainers, PRUNED } from './containers/prune.js';
import { makeVolumes } from './volumes/volumes.js';
import { treeSize } from '../storage/size.js';
import type { BatchResult, ContainerFilters, PruneOptions, PruneResult } from './types.js';

/** Removes pods and containers first, so that the things that only they used are unused then. */
export async function pruneAll(context: EngineContext, options: PruneOptions = {}): Promise<PruneResult> {
  const { all = false, volumes: withVolumes = false, filters = {}, signal } = options;
  checkFilters(filters);
  const given = { filters, ...(signal === undefined ? {} : { signal }) };
  const ended = { all: true, filters: { ...filters, status: [...PRUNED] }, size: true };
  const sizes = new Map(listContainers(context, ended).map(({ id, size }) => [id, size?.writable ?? 0]));
  const pods = await prunePods(context, given);
  const containers = await pruneContainers(context, given);
  const networks = await makeNetworks(context).prune(given);
  const images = await pruneImages(context, { ...given, all });
  const volumes = withVolumes ? await pruneVolumes(context, given) : { done: [], failed: new Map(), reclaimed: 0 };
  const freed = containers.done.reduce((bytes, id) => bytes + (sizes.get(id) ?? 0), 0);
  return { pods, containers, networks, images, volumes, reclaimed: freed + images.reclaimed + volumes.reclaimed };
}

/** Checks the filters before anything is removed: a filter that only containers know would fail at the next kind. */
function checkFilters(filters: ContainerFilters): void {
  for (const [name, values] of Object.entries(filters))
    if (values.length > 0 && !PRUNE_FILTERS.includes(name))
      throw new TspodError('INVALID_ARGUMENT', `invalid filter ${JSON.stringify(name)}`);
}

/** Removes unused volumes, including named ones, since the caller has asked for volumes. */
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
