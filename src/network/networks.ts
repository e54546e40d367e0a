/** The networks of an engine: found by name or id, made, changed, removed. */
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

/** Where an engine's networks are. */
export interface NetworkPlace {
  readonly directory: string;
  /**
   * It is the machine's (/etc/containers/networks): the default network is then the same for everybody and needs no file. Elsewhere each place has a
   * default network of its own, with a file that is made when it is first needed, so that stores beside each other do not meet on one bridge.
   */
  readonly isMachines: boolean;
  /** It is in the store (ROOT/networks): whatever is there is the store's. */
  readonly isStores: boolean;
}

/** The network of containers that choose none. */
export const DEFAULT_NETWORK = 'tspod';

/** What `--network podman` means where Podman's default network has no file: the default network, as it does there. */
const PODMANS_DEFAULT = 'podman';

/** Beside Podman's (10.88.0.0/16 on podman0), so that both engines can run side by side. */
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

/** Subnets that are tried from: as many /24 as Podman's pools have of 10.89.0.0 to 10.127.255.0. */
const SPREAD = 9984;

/** The network that a name or the beginning of an id means. Throws NO_SUCH_NETWORK, AMBIGUOUS, NETWORK_BROKEN. */
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

/** As findNetwork(), and the default network also where it has not been made. */
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

/** Whether it names the default network, which there always is, though maybe not yet. */
export function isDefault(name: string): boolean {
  return name === DEFAULT_NETWORK || name === PODMANS_DEFAULT;
}

/** In the order of their names. */
export function listNetworks(place: NetworkPlace): readonly Network[] {
  return withDefault(readNetworks(place.directory), () => defaultNetwork(place));
}

/** As listNetworks(), and the default network also where it has not been made. */
export function showNetworks(place: NetworkPlace): readonly Network[] {
  return withDefault(listNetworks(place), () => unmadeDefault(place));
}

function withDefault(networks: readonly Network[], find: () => Network | undefined): readonly Network[] {
  const known = networks.some(({ name }) => name === DEFAULT_NETWORK) ? undefined : find();
  const all = known === undefined ? networks : [...networks, known];
  return all.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Those that this store made, but for the default network: of others that are in its directory it does not know who uses them. */
export function ownNetworks(place: NetworkPlace, store: Store): readonly Network[] {
  return listNetworks(place).filter(
    ({ id, name }) => name !== DEFAULT_NETWORK && (place.isStores || store.madeNetworks.has(id)),
  );
}

/** Undefined where it has not been made. */
function defaultNetwork({ directory, isMachines }: NetworkPlace): Network | undefined {
  return readNetwork(directory, DEFAULT_NETWORK) ?? (isMachines ? BUILT_IN : undefined);
}

/** Makes the default network where it is not there yet. */
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

/** The default network, as it would be where it is not there yet. */
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

/** The default network of a place that is not the machine's, without its subnet: that is chosen when it is made. */
function unmadeDefault(place: NetworkPlace): Network {
  const { subnets: _machines, ...network } = BUILT_IN;
  return {
    ...network,
    id: createHash('sha256').update(`tspod default network ${place.directory}`).digest('hex'),
    network_interface: `tspod${placeNumber(place).toString(16).padStart(8, '0')}`,
    created: new Date().toISOString(),
  };
}

/** A new network may be called like the beginning of another one's id: a name comes first. */
function isNameTaken({ directory }: NetworkPlace, name: string): boolean {
  return readNetwork(directory, name) !== undefined || isDefault(name);
}

/** Throws INVALID_ARGUMENT, NETWORK_EXISTS, NO_FREE_ADDRESS, PERMISSION_DENIED. */
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
 * Answers whether it has gone, with its leases: not where a container is on it, or where somebody has removed it, or made another one of that name. A container is
 * recorded in a transaction that looks whether its networks are there, so that one of the two sees the other. Throws INVALID_ARGUMENT for the default network.
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
 * Removes the file of a network that cannot be read. Answers as removeNetwork(): not where it can be read by now either. What containers had of it is given
 * back with them.
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

/** Whether it is the name of a file that is there and is no network. */
export function isBroken({ directory }: NetworkPlace, name: string): boolean {
  try {
    readNetwork(directory, name);
    return false;
  } catch (error) {
    if (isTspodError(error, 'NETWORK_BROKEN')) return true;
    throw error;
  }
}

/** Ids of the containers on it, oldest first. */
export function networkUsers(store: Store, name: string): readonly string[] {
  return store.list('all').flatMap(({ id, summary }) => (summary.networks.includes(name) ? [id] : []));
}

export function requireRemovable(name: string): void {
  if (name !== DEFAULT_NETWORK) return;
  throw new TspodError('INVALID_ARGUMENT', `default network ${name} cannot be removed`);
}

/** Throws NO_SUCH_NETWORK, INVALID_ARGUMENT. */
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
    firstSubnet: place.isMachines ? 0 : placeNumber(place) % SPREAD,
    firstBridge: place.isMachines ? 1 : placeNumber(place),
  };
}

/** Places that know nothing of each other begin to look for a free subnet, and for the name of a bridge, at different ones. */
function placeNumber({ directory }: NetworkPlace): number {
  return createHash('sha256').update(directory).digest().readUInt32BE(0);
}

export function noSuchNetwork(nameOrId: string): TspodError {
  return new TspodError('NO_SUCH_NETWORK', `unable to find network with name or ID ${nameOrId}: network not found`, {
    details: { name: nameOrId },
  });
}
