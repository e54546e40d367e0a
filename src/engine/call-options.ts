/** Checks the options of calls that list or remove things: a misspelt filter must not select everything. */
import { SIGNAL } from '../container/call-options.js';
import type { SignalOption } from '../container/api/container.js';
import type { ConnectOptions } from '../container/verbs/connect.js';
import type { NetworkUpdateOptions } from '../network/create-options.js';
import { checkedCall, checkShape, type ShapeOf } from '../spec/checks/shape.js';
import type { NetworkRemoveOptions } from './networks/types.js';
import type { SecretCreateOptions } from './secrets/types.js';
import type { ListOptions, PruneOptions } from './types.js';
import type { VolumePruneOptions, VolumeRemoveOptions } from './volumes/types.js';

interface Filtered {
  readonly filters?: Readonly<Record<string, readonly string[]>>;
}

export const LIST: ShapeOf<Filtered> = { filters: 'lists' };
const LIST_CONTAINERS: ShapeOf<ListOptions> = { ...LIST, all: 'boolean', last: 'number', size: 'boolean' };

export const PRUNE: ShapeOf<Filtered & SignalOption> = { ...LIST, signal: 'signal' };
const PRUNE_VOLUMES: ShapeOf<VolumePruneOptions> = { ...PRUNE, all: 'boolean', dryRun: 'boolean' };
const PRUNE_ALL: ShapeOf<PruneOptions> = { ...PRUNE, all: 'boolean', volumes: 'boolean' };

const CHECK: ShapeOf<{ readonly repair?: boolean }> = { repair: 'boolean' };

const REMOVE_NETWORK: ShapeOf<NetworkRemoveOptions> = { force: 'boolean', timeoutSec: 'number', signal: 'signal' };
const UPDATE_NETWORK: ShapeOf<NetworkUpdateOptions> = { addDnsServers: 'strings', dropDnsServers: 'strings' };
const CONNECT: ShapeOf<ConnectOptions> = {
  ip: 'string',
  ip6: 'string',
  macAddress: 'string',
  aliases: 'strings',
  signal: 'signal',
};

const CREATE_SECRET: ShapeOf<SecretCreateOptions> = {
  labels: 'record',
  driverOptions: 'record',
  replace: 'boolean',
  ignoreExisting: 'boolean',
};

const REMOVE_VOLUME: ShapeOf<VolumeRemoveOptions> = { ...REMOVE_NETWORK, exact: 'boolean' };

/** Each of these functions returns the options it was given, or throws TypeError as checkShape() does. */
export const checkedList = <T extends Filtered>(options?: T): T | undefined =>
  checkedCall<Filtered>('list', options, LIST) as T | undefined;
export const checkedContainerList = (options?: ListOptions) => checkedCall('list', options, LIST_CONTAINERS);
export const checkedPrune = <T extends Filtered & SignalOption>(options?: T): T | undefined =>
  checkedCall<Filtered & SignalOption>('prune', options, PRUNE) as T | undefined;
export const checkedVolumePrune = (options?: VolumePruneOptions) => checkedCall('prune', options, PRUNE_VOLUMES);
export const checkedPruneAll = (options?: PruneOptions) => checkedCall('prune', options, PRUNE_ALL);
export const checkedReset = (options?: SignalOption) => checkedCall('reset', options, SIGNAL);
export const checkedDiff = (options?: SignalOption) => checkedCall('diff', options, SIGNAL);
export const checkedDiskUsage = (options?: SignalOption) => checkedCall('diskUsage', options, SIGNAL);
export const checkedCheck = (options?: { readonly repair?: boolean }) => checkedCall('check', options, CHECK);
export const checkedNetworkRemove = (options?: NetworkRemoveOptions) => checkedCall('remove', options, REMOVE_NETWORK);
export const checkedNetworkUpdate = (options: NetworkUpdateOptions) => {
  checkShape('update options', options, UPDATE_NETWORK);
  return options;
};
export const checkedConnect = (options?: ConnectOptions) => checkedCall('connect', options, CONNECT);
export const checkedDisconnect = (options?: SignalOption) => checkedCall('disconnect', options, SIGNAL);
export const checkedReload = (options?: SignalOption) => checkedCall('reload', options, SIGNAL);
export const checkedSecretCreate = (options?: SecretCreateOptions) => checkedCall('create', options, CREATE_SECRET);
export const checkedArchive = (call: 'export' | 'import', options?: SignalOption) => checkedCall(call, options, SIGNAL);
export const checkedVolumeRemove = (options?: VolumeRemoveOptions) => checkedCall('remove', options, REMOVE_VOLUME);
