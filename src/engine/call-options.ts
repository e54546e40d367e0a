/** The options of calls that choose what is listed or removed: a misspelt filter must not choose everything. */
import type { SignalOption } from '../container/api/container.js';
import { checkedCall, type ShapeOf } from '../spec/checks/shape.js';
import type { FetchOptions, ImageListOptions, ImagePruneOptions, ImageRemoveOptions } from './images/types.js';
import type { NetworkRemoveOptions } from './networks/types.js';
import type { ListOptions, PruneOptions } from './types.js';
import type { VolumePruneOptions, VolumeRemoveOptions } from './volumes/types.js';

interface Filtered {
  readonly filters?: Readonly<Record<string, readonly string[]>>;
}

const LIST: ShapeOf<Filtered> = { filters: 'lists' };
const LIST_CONTAINERS: ShapeOf<ListOptions> = { ...LIST, all: 'boolean', last: 'number', size: 'boolean' };
const LIST_IMAGES: ShapeOf<ImageListOptions> = { ...LIST, manifestLists: 'boolean' };

const PRUNE: ShapeOf<Filtered & SignalOption> = { ...LIST, signal: 'signal' };
const PRUNE_IMAGES: ShapeOf<ImagePruneOptions> = { ...PRUNE, all: 'boolean' };
const PRUNE_VOLUMES: ShapeOf<VolumePruneOptions> = { ...PRUNE, all: 'boolean', dryRun: 'boolean' };
const PRUNE_ALL: ShapeOf<PruneOptions> = { ...PRUNE, all: 'boolean', volumes: 'boolean' };

const FETCH: ShapeOf<FetchOptions> = { onProgress: 'function', registry: 'object', signal: 'signal' };

const RESET: ShapeOf<SignalOption> = { signal: 'signal' };

const REMOVE_IMAGE: ShapeOf<ImageRemoveOptions> = { force: 'boolean', signal: 'signal' };
const REMOVE_NETWORK: ShapeOf<NetworkRemoveOptions> = { force: 'boolean', timeoutSec: 'number', signal: 'signal' };
const REMOVE_VOLUME: ShapeOf<VolumeRemoveOptions> = { ...REMOVE_NETWORK, exact: 'boolean' };

/** Each of these throws TypeError as checkShape() does. */
export const checkedList = <T extends Filtered>(options?: T): T | undefined =>
  checkedCall<Filtered>('list', options, LIST) as T | undefined;
export const checkedContainerList = (options?: ListOptions) => checkedCall('list', options, LIST_CONTAINERS);
export const checkedImageList = (options?: ImageListOptions) => checkedCall('list', options, LIST_IMAGES);
export const checkedPrune = <T extends Filtered & SignalOption>(options?: T): T | undefined =>
  checkedCall<Filtered & SignalOption>('prune', options, PRUNE) as T | undefined;
export const checkedImagePrune = (options?: ImagePruneOptions) => checkedCall('prune', options, PRUNE_IMAGES);
export const checkedVolumePrune = (options?: VolumePruneOptions) => checkedCall('prune', options, PRUNE_VOLUMES);
export const checkedPruneAll = (options?: PruneOptions) => checkedCall('prune', options, PRUNE_ALL);
export const checkedFetch = (options?: FetchOptions) => checkedCall('fetch', options, FETCH);
export const checkedReset = (options?: SignalOption) => checkedCall('reset', options, RESET);
export const checkedImageRemove = (options?: ImageRemoveOptions) => checkedCall('remove', options, REMOVE_IMAGE);
export const checkedNetworkRemove = (options?: NetworkRemoveOptions) => checkedCall('remove', options, REMOVE_NETWORK);
export const checkedVolumeRemove = (options?: VolumeRemoveOptions) => checkedCall('remove', options, REMOVE_VOLUME);
