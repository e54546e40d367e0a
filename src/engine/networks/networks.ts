/** `engine.networks`: creates, lists, changes and removes the networks of one engine. */
import { removeBridge } from '../../container/network/bridges.js';
import { tracked, type EngineContext } from '../../container/context.js';
import { recordEngineEvent } from '../../container/events.js';
import { markStale } from '../../container/network/name-files.js';
import { keepNames } from '../../container/network/name-server.js';
import { connectContainer, disconnectContainer, reloadNetworks } from '../../container/verbs/connect.js';
import { removeUsers } from '../../container/verbs/remove.js';
import { TspodError } from '../../errors.js';
import { throwIfAborted } from '../../native/abort.js';
import type { NetworkCreateOptions, NetworkUpdateOptions } from '../../network/create-options.js';
import { driverSettings } from '../../network/driver-options.js';
import type { Network } from '../../network/network-file.js';
import {
  createNetwork,
  findNetwork,
  isBroken,
  networkIsThere,
  networkUsers,
  ownNetworks,
  removeBrokenNetwork,
  removeNetwork,
  requireRemovable,
  showNetworks,
  updateNetwork,
} from '../../network/networks.js';
import { checkNetworkOptions } from '../../network/option-shapes.js';
import { defined } from '../../util/defined.js';
import {
  checkedConnect,
  checkedDisconnect,
  checkedList,
  checkedNetworkRemove,
  checkedNetworkUpdate,
  checkedPrune,
  checkedReload,
} from '../call-options.js';
import { networkPredicate } from './filters.js';
import { inspectNetwork } from './inspect.js';
import type { NetworkFilters, NetworkRemoveOptions, Networks } from './types.js';
import type { BatchResult } from '../types.js';
import { snapshot } from '../../util/snapshot.js';

export function makeNetworks(context: EngineContext): Networks {
  const place = context.networks;
  return {
    create: (options) => tracked(context, () => create(context, snapshot(options))),
    inspect: (nameOrId) => inspectNetwork(context, nameOrId),
    list: (options) => list(context, checkedList(options)?.filters ?? {}),
    exists: (nameOrId) => networkIsThere(place, nameOrId),
    remove: (nameOrId, options) =>
      tracked(context, async () => remove(context, nameOrId, checkedNetworkRemove(options))),
    prune: (options) => tracked(context, async () => prune(context, checkedPrune(options))),
    update: (nameOrId, options) =>
      tracked(context, async () => update(context, nameOrId, checkedNetworkUpdate(options))),
    connect: async (network, container, given) => {
      const options = checkedConnect(given) ?? {};
      return connectContainer(context, context.store.find(container).id, { network, options });
    },
    disconnect: async (network, container, given) => {
      const options = checkedDisconnect(given);
      return disconnectContainer(context, context.store.find(container).id, { ...options, network });
    },
    reload: async (container, options) =>
      reloadNetworks(context, context.store.find(container).id, checkedReload(options)),
  };
}

async function create(context: EngineContext, options: NetworkCreateOptions = {}): Promise<Network> {
  checkNetworkOptions(options);
  const { network, isNew } = await createNetwork(context.networks, context.store, options);
  if (isNew) recordNetwork(context, network, 'create');
  return network;
}

function list(context: EngineContext, filters: NetworkFilters): readonly Network[] {
  const matches = networkPredicate(filters, { now: new Date(), isUsed: usedNetworks(context) });
  return showNetworks(context.networks).filter(matches);
}

/** Returns a test whether a container is on a network; it reads the list of containers once, on its first call. */
function usedNetworks({ store }: EngineContext): (name: string) => boolean {
  let used: ReadonlySet<string> | undefined;
  return (name) => (used ??= new Set(store.list('all').flatMap(({ summary }) => summary.networks))).has(name);
}

async function remove(context: EngineContext, nameOrId: string, options: NetworkRemoveOptions = {}): Promise<void> {
  requireRemovable(nameOrId);
  let isGone = false;
  // A container may have been put on the network meanwhile.
  while (!isGone) {
    throwIfAborted('remove a network', options.signal);
    const network = isBroken(context.networks, nameOrId) ? undefined : findNetwork(context.networks, nameOrId);
    const name = network?.name ?? nameOrId;
    requireRemovable(name);
    await endUsers(context, { nameOrId, name }, options);
    isGone = network === undefined ? await forgetBroken(context, name) : await forget(context, network);
  }
}

/** Removes the broken file of a network. Returns whether the network is gone, as removeNetwork() does. */
async function forgetBroken(context: EngineContext, name: string): Promise<boolean> {
  const isGone = await removeBrokenNetwork(context.networks, context.store, name);
  if (isGone) recordEngineEvent(context, { type: 'network', status: 'remove', name });
  return isGone;
}

/** Removes the containers on a network if `force` is set. Throws NETWORK_IN_USE if there are some and it is not. */
async function endUsers(
  context: EngineContext,
  { nameOrId, name }: { readonly nameOrId: string; readonly name: string },
  { force = false, timeoutSec, signal }: NetworkRemoveOptions,
): Promise<void> {
  const containers = networkUsers(context.store, name);
  if (containers.length > 0 && !force) {
    throw new TspodError(
      'NETWORK_IN_USE',
      `"${nameOrId}" has associated containers with it. Use -f to forcibly delete containers and pods: network is being used`,
      { details: { name, containers } },
    );
  }
  await removeUsers(context, containers, { pods: true, ...defined({ timeoutSec, signal }) });
}

/** Removes a network and its bridge. Returns whether the network is gone, as removeNetwork() does. */
async function forget(context: EngineContext, network: Network): Promise<boolean> {
  const { driver, network_interface: hostInterface, options } = network;
  if (driver === 'bridge' && hostInterface !== undefined)
    await removeBridge(context.paths.networks, {
      hostInterface,
      isolation: driverSettings(driver, options).isolation,
    });
  const isGone = await removeNetwork(context.networks, context.store, network);
  if (isGone) recordNetwork(context, network, 'remove');
  return isGone;
}

async function prune(
  context: EngineContext,
  { filters = {}, signal }: Parameters<Networks['prune']>[0] & object = {},
): Promise<BatchResult> {
  const isUsed = usedNetworks(context);
  const matches = networkPredicate(filters, { now: new Date(), isUsed }, { prunes: true });
  const done: string[] = [];
  const failed = new Map<string, Error>();
  for (const network of ownNetworks(context.networks, context.store)) {
    throwIfAborted('prune networks', signal);
    const { name } = network;
    if (isUsed(name) || !matches(network)) continue;
    try {
      if (await forget(context, network)) done.push(name);
    } catch (error) {
      failed.set(name, error instanceof Error ? error : new Error(String(error)));
    }
  }
  return { done, failed };
}

async function update(context: EngineContext, nameOrId: string, options: NetworkUpdateOptions): Promise<Network> {
  markStale(context);
  const network = await updateNetwork(context.networks, nameOrId, options);
  recordNetwork(context, network, 'update');
  // If this fails, the next command does it.
  await keepNames(context).catch(() => undefined);
  return network;
}

function recordNetwork(
  context: EngineContext,
  { id, name, driver }: Network,
  status: 'create' | 'remove' | 'update',
): void {
  recordEngineEvent(context, { type: 'network', status, id, name, attributes: { type: driver } });
}
