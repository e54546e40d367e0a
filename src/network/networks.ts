/** The networks of an engine: finds, creates, changes and removes them. */
import { createHash } from 'node:crypto';

import { isTspodError, TspodError } from '../errors.js';
import { listLinks } from '../native/netlink/links.js';
import type { NetworkCreateOptions, NetworkUpdateOptions } from './create-options.js';
import { checkDnsServers, newNetwork, type Surroundings } from './create.js';
import {
  networkExists,
  readNetwork,
  readNetworks,
  removeNetworkFile,
  replaceNetwork,
  withNetworkLock,
  writeNetwork,
} from './directory.js';
import type { Store } from '../state/store.js';
import type { Network } from './network-file.js';
import { avoiding, freeIpv4Subnet, networkRanges, readHostRanges } from './subnets.js';
import { requireString } from '../util/require-string.js';

/** The directory of an engine's networks. */
export interface NetworkPlace {
  readonly directory: string;
  /**
   * The directory is the host's (/etc/containers/networks). The default network there is the same for all engines, and
   * needs no file. Any other directory has a default network of its own, whose file is created when first needed, so
   * that separate stores do not share a bridge.
   */
  readonly isHostDirectory: boolean;
  /** The directory is in the store (ROOT/networks): all networks in it are the store's. */
  readonly isInStore: boolean;
}

/** The network of containers for which none is chosen. */
export const DEFAULT_NETWORK = 'tspod';

/** Podman's default network. If it has no file, `--network podman` means tspod's default network. */
const PODMANS_DEFAULT = 'podman';

/**
 * The host's default network. It differs from Podman's (10.88.0.0/16 on podman0), so that both engines can run side by
 * side.
 */
const BUILT_IN: Network = {
  name: DEFAULT_NETWORK,
  id: '2b763d0e1d2243fff5a56871e4cb3c5456cf85510b61c43438d35de0d679ccde',
  driver: 'bridge',
  network_interface: 'tspod0',
  created: '2024-01-01T00:00:00Z',
  subnets: [{ subnet: '10.87.0.0/16', gateway: '10.87.0.1' }],
  ipv6_enabled: false,
  internal: false,
  dns_enabled: false,
  ipam_options: { driver: 'host-local' },
};

/**
 * Number of subnets at which the search may begin: the /24 subnets of Podman's pools from 10.89.0.0 to 10.127.255.0.
 */
const SPREAD = 9984;

/** Finds a network by its name or a prefix of its id. Throws NO_SUCH_NETWORK, AMBIGUOUS, NETWORK_BROKEN. */
export function findNetwork(place: NetworkPlace, nameOrId: string): Network {
  requireString('the name or id of a network', nameOrId);
  const named = readNetwork(place.directory, nameOrId);
  if (named !== undefined) return named;
  if (nameOrId === DEFAULT_NETWORK || nameOrId === PODMANS_DEFAULT) {
    const known = defaultNetwork(place);
    if (known !== undefined) return known;
  }
  const matching = /^[0-9a-f]{1,64}$/.test(nameOrId)
    ? listNetworks(place).filter(({ id }) => id.startsWith(nameOrId))
    : [];
  const [found, second] = matching;
  if (found === undefined) throw noSuchNetwork(nameOrId);
  if (second !== undefined)
    throw new TspodError('AMBIGUOUS', `more than one result for network ID ${nameOrId}: network already exists`);
  return found;
}

/** Finds a network like findNetwork(), but also the default network if it has not been created yet. */
export function showNetwork(place: NetworkPlace, nameOrId: string): Network {
  try {
    return findNetwork(place, nameOrId);
  } catch (error) {
    if (!isTspodError(error, 'NO_SUCH_NETWORK') || defaultNetwork(place) !== undefined) throw error;
    const unmade = unmadeDefault(place);
    if (isDefault(nameOrId) || (nameOrId !== '' && unmade.id.startsWith(nameOrId))) return unmade;
    throw error;
  }
}

export function networkIsThere(place: NetworkPlace, nameOrId: string): boolean {
  try {
    showNetwork(place, nameOrId);
    return true;
  } catch (error) {
    if (isTspodError(error, 'NO_SUCH_NETWORK')) return false;
    throw error;
  }
}

/**
 * Whether the name is that of the default network, which always counts as existing, even if it has not been created
 * yet.
 */
export function isDefault(name: string): boolean {
  return name === DEFAULT_NETWORK || name === PODMANS_DEFAULT;
}

/** Returns the networks, sorted by name. */
export function listNetworks(place: NetworkPlace): readonly Network[] {
  return withDefault(readNetworks(place.directory), () => defaultNetwork(place));
}

/** Returns the networks like listNetworks(), but also the default network if it has not been created yet. */
export function showNetworks(place: NetworkPlace): readonly Network[] {
  return withDefault(listNetworks(place), () => unmadeDefault(place));
}

function withDefault(networks: readonly Network[], find: () => Network | undefined): readonly Network[] {
  const known = networks.some(({ name }) => name === DEFAULT_NETWORK) ? undefined : find();
  const all = known === undefined ? networks : [...networks, known];
  return all.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Returns the networks that this store created, except the default network. Other networks in the directory may be used
 * by containers that the store does not know.
 */
export function ownNetworks(place: NetworkPlace, store: Store): readonly Network[] {
  return listNetworks(place).filter(
    ({ id, name }) => name !== DEFAULT_NETWORK && (place.isInStore || store.madeNetworks.has(id)),
  );
}

/** Returns the default network; undefined if it has not been created. */
function defaultNetwork({ directory, isHostDirectory }: NetworkPlace): Network | undefined {
  return readNetwork(directory, DEFAULT_NETWORK) ?? (isHostDirectory ? BUILT_IN : undefined);
}

/** Creates the default network if it does not exist. */
export async function ensureDefaultNetwork(place: NetworkPlace): Promise<Network> {
  const known = defaultNetwork(place);
  if (known !== undefined) return known;
  return withNetworkLock(place.directory, async () => {
    const made = defaultNetwork(place);
    if (made !== undefined) return made;
    const network = await newDefaultNetwork(place);
    writeNetwork(place.directory, network);
    return network;
  });
}

/** Returns the default network, or what it would be if it were created now. */
export async function foreseeDefaultNetwork(place: NetworkPlace): Promise<Network> {
  return defaultNetwork(place) ?? (await newDefaultNetwork(place));
}

async function newDefaultNetwork(place: NetworkPlace): Promise<Network> {
  const around = await surroundings(place);
  const number = placeNumber(place);
  const used = [...around.hostRanges, ...networkRanges(around.networks)];
  const subnet = avoiding(around.routedRanges, (avoided) => freeIpv4Subnet([...used, ...avoided], number % SPREAD));
  return { ...unmadeDefault(place), subnets: [{ subnet, gateway: subnet.replace(/0\/24$/, '1') }] };
}

/**
 * Returns the default network of a directory that is not the host's, without its subnet, which is chosen on creation.
 */
function unmadeDefault(place: NetworkPlace): Network {
  const { subnets: _machines, ...network } = BUILT_IN;
  return {
    ...network,
    id: createHash('sha256').update(`tspod default network ${place.directory}`).digest('hex'),
    network_interface: `tspod${placeNumber(place).toString(16).padStart(8, '0')}`,
    created: new Date().toISOString(),
  };
}

/** Whether a network has this name. A prefix of another network's id is allowed: names take precedence. */
function isNameTaken({ directory }: NetworkPlace, name: string): boolean {
  return readNetwork(directory, name) !== undefined || isDefault(name);
}

/**
 * Creates a network, or returns the existing one with `ignoreExisting`. Throws INVALID_ARGUMENT, NETWORK_EXISTS,
 * NO_FREE_ADDRESS, PERMISSION_DENIED.
 */
export async function createNetwork(
  place: NetworkPlace,
  store: Store,
  options: NetworkCreateOptions,
): Promise<{ readonly network: Network; readonly isNew: boolean }> {
  return withNetworkLock(place.directory, async () => {
    if (options.name !== undefined && isNameTaken(place, options.name)) {
      if (options.ignoreExisting !== true) throw networkExists(options.name);
      return { network: findNetwork(place, options.name), isNew: false };
    }
    const network = newNetwork(options, await surroundings(place));
    store.transaction(() => {
      store.madeNetworks.add(network.id);
      writeNetwork(place.directory, network);
    });
    return { network, isNew: true };
  });
}

/**
 * Removes a network and its leases. Returns false if a container is on it, or if another process has removed it or
 * replaced it by another of that name. A container is recorded in a transaction that checks that its networks exist, so
 * one of the two sees the other. Throws INVALID_ARGUMENT for the default network.
 */
export async function removeNetwork(place: NetworkPlace, store: Store, { id, name }: Network): Promise<boolean> {
  requireRemovable(name);
  return withNetworkLock(place.directory, () =>
    store.transaction(() => {
      if (readNetwork(place.directory, name)?.id !== id || networkUsers(store, name).length > 0) return false;
      removeNetworkFile(place.directory, name);
      store.leases.forget(id);
      store.madeNetworks.forget(id);
      return true;
    }),
  );
}

/**
 * Removes the file of a network that cannot be read. Returns false if a container is on the network, or if its file can
 * be read by now. The containers' leases on it end with the containers.
 */
export async function removeBrokenNetwork(place: NetworkPlace, store: Store, name: string): Promise<boolean> {
  return withNetworkLock(place.directory, () =>
    store.transaction(() => {
      if (!isBroken(place, name) || networkUsers(store, name).length > 0) return false;
      removeNetworkFile(place.directory, name);
      return true;
    }),
  );
}

/** Whether the network's file exists and is invalid. */
export function isBroken({ directory }: NetworkPlace, name: string): boolean {
  try {
    readNetwork(directory, name);
    return false;
  } catch (error) {
    if (isTspodError(error, 'NETWORK_BROKEN')) return true;
    throw error;
  }
}

/** Returns the ids of the containers on the network, oldest first. */
export function networkUsers(store: Store, name: string): readonly string[] {
  return store.list('all').flatMap(({ id, summary }) => (summary.networks.includes(name) ? [id] : []));
}

export function requireRemovable(name: string): void {
  if (name !== DEFAULT_NETWORK) return;
  throw new TspodError('INVALID_ARGUMENT', `default network ${name} cannot be removed`);
}

/** Changes the name servers of a network. Throws NO_SUCH_NETWORK, INVALID_ARGUMENT. */
export async function updateNetwork(
  place: NetworkPlace,
  nameOrId: string,
  options: NetworkUpdateOptions,
): Promise<Network> {
  return withNetworkLock(place.directory, () => {
    const network = findNetwork(place, nameOrId);
    const dropped = new Set(checkDnsServers(options.dropDnsServers ?? []));
    const servers = [...(network.network_dns_servers ?? []), ...checkDnsServers(options.addDnsServers ?? [])];
    const { network_dns_servers: _old, ...rest } = network;
    const kept = [...new Set(servers)].filter((server) => !dropped.has(server));
    const changed = kept.length === 0 ? rest : { ...rest, network_dns_servers: kept };
    replaceNetwork(place.directory, changed);
    return changed;
  });
}

async function surroundings(place: NetworkPlace): Promise<Surroundings> {
  const [ranges, links] = await Promise.all([readHostRanges(), listLinks()]);
  return {
    networks: listNetworks(place),
    ...ranges,
    hostInterfaces: new Map(links.map(({ name, kind }) => [name, kind])),
    firstSubnet: place.isHostDirectory ? 0 : placeNumber(place) % SPREAD,
    firstBridge: place.isHostDirectory ? 1 : placeNumber(place),
  };
}

/**
 * Returns a number derived from the directory. The search for a free subnet and bridge name begins there, so that
 * engines that know nothing of each other begin at different ones.
 */
function placeNumber({ directory }: NetworkPlace): number {
  return createHash('sha256').update(directory).digest().readUInt32BE(0);
}

export function noSuchNetwork(nameOrId: string): TspodError {
  return new TspodError('NO_SUCH_NETWORK', `unable to find network with name or ID ${nameOrId}: network not found`, {
    details: { name: nameOrId },
  });
}
