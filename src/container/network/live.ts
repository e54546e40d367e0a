/**
 * Connects a running container to networks and disconnects it: in the kernel, in the container's files and in what is
 * recorded.
 */
import { execute } from '../../native/execute.js';
import { findLink, listLinks } from '../../native/netlink/links.js';
import { attachOne } from '../../network/attach.js';
import type { Network } from '../../network/network-file.js';
import { ensureDefaultNetwork, findNetwork, isDefault, listNetworks } from '../../network/networks.js';
import { encodePlan } from '../../plan/encode.js';
import { removeBridgesPlan } from '../../plan/network/detach.js';
import { connectPlan, disconnectPlan, rulesPlan, type LiveChange, type LiveNetwork } from '../../plan/network/live.js';
import { hostLinkName } from '../../plan/network/names.js';
import { loopbackTargets, publishedAddresses } from '../../plan/network/ports.js';
import { isAttached, type AttachedNetwork, type PublishedPort } from '../../spec/network/container-network.js';
import type { AttachConfig } from '../../spec/network/network-config.js';
import { mayBeRelaunched } from '../../spec/relaunch.js';
import { attachedResolvText } from '../../storage/files.js';
import { withOwnHosts, type OwnHosts } from '../../storage/hosts-file.js';
import { changeInPlace } from '../../storage/hosts-section.js';
import { withoutResolvers, withResolvers } from '../../storage/resolv-file.js';
import { parseIp } from '../../util/ip-address.js';
import { addressText } from '../../util/ip-network.js';
import { failpoint } from '../failpoint.js';
import type { HeldContainer } from '../held.js';
import { talkTo } from '../monitor/connect.js';
import { hostnameSeenIn } from '../namespaces/owners.js';
import { applyToMonitor } from '../settle/apply-update.js';
import { justEnded } from '../transitions.js';
import { launchedPlaces, noNetwork, rememberAdded } from './added.js';
import { changeHosts, ownHosts, resolversOf, updateMembers } from './members.js';
import { serveNames } from './name-server.js';
import { holdNetworkNamespace } from './namespace.js';
import { presentNetworks, readNetwork, writeNetwork } from './record.js';

/**
 * Returns the recorded networks of the container and its network namespace, which is held. Returns undefined while it
 * has no process. Throws CONTAINER_STOPPED if that has just ended.
 */
export function liveNetwork({ observation, context, id }: HeldContainer): (LiveNetwork & Disposable) | undefined {
  if (observation.kind !== 'live') return undefined;
  const network = readNetwork(context, id);
  if (network === undefined) return undefined;
  const net = holdNetworkNamespace(id, observation.live);
  const namespace = `/proc/self/fd/${net.fd}`;
  const dispose = (): void => {
    net.close();
  };
  return { id, network, directory: context.paths.networks, namespace, [Symbol.dispose]: dispose };
}

/**
 * Returns the network of that name whose interface exists; undefined if, for example, a process was killed before it
 * had made the interface.
 */
export async function presentNetwork(
  { network, namespace }: LiveNetwork,
  name: string,
): Promise<AttachedNetwork | undefined> {
  const found = network.networks.findLast((each) => each.name === name);
  if (found === undefined) return undefined;
  const links = await listLinks({ inside: { net: namespace } });
  return links.some((link) => link.name === found.interfaceName) ? found : undefined;
}

/** Returns the networks that the container is on, except one. */
function otherNetworks(held: HeldContainer, live: LiveNetwork, name: string): readonly AttachedNetwork[] {
  return presentNetworks(live.network, held.config).filter((network) => network.name !== name);
}

function withPorts(live: LiveNetwork, ports: readonly PublishedPort[]): LiveNetwork {
  return { ...live, network: { ...live.network, ports } };
}

/** Connects a running container to a network. What there is to undo is recorded first. */
export async function connectLive(held: HeldContainer, live: LiveNetwork, attach: AttachConfig): Promise<void> {
  const { context, seq, id, name } = held;
  const others = otherNetworks(held, live, attach.name);
  if (isDefault(attach.name)) await ensureDefaultNetwork(context.networks);
  const found = findNetwork(context.networks, attach.name);
  // Frees what an earlier attempt has leased that was killed.
  freeLeases(held, live, found);
  let change: LiveChange | undefined;
  try {
    const { index, ...place } = placeFor(held, live, attach);
    const container = { seq, id, name, hostname: held.config.hostname };
    const network = await attachOne(context.networks, context.store, { container, index, ...place });
    failpoint('addresses-leased');
    change = { network, index };
    if (!place.isLaunched) rememberAdded(context, id, change);
    writePlace(held, live, { index, network: { ...network, unfinished: true } });
    failpoint('connect-written');
    await execute(encodePlan(connectPlan(live, change)));
    failpoint('connect-made');
    await finishConnect(held, live, change);
  } catch (error) {
    // An interface that cannot be removed keeps its addresses.
    if (change === undefined) freeLeases(held, live, found);
    else await detachLive(held, withoutPortsForwardedTo(live, others), { ...change, others }).catch(() => undefined);
    updateMembers(context);
    throw error;
  }
}

interface Place {
  readonly index: number;
  readonly attach: AttachConfig;
  /** Names of the interfaces of other networks. */
  readonly taken: readonly string[];
  /** The network goes back to where the launch of this run had it, and where a launch to come has it again. */
  readonly isLaunched: boolean;
}

/**
 * Chooses the place of a network: where the launch had it, or where it was added before, or else the first that is
 * free. A network is in one place only, unless an address is asked for that the launch did not give it.
 */
function placeFor({ context, id }: HeldContainer, live: LiveNetwork, attach: AttachConfig): Place {
  const { networks } = live.network;
  const isLaunched = launchedPlaces(context, id);
  const find = (isIt: (network: AttachedNetwork, index: number) => boolean): number | undefined => {
    const index = networks.findIndex(isIt);
    return index === -1 ? undefined : index;
  };
  const known = find(({ name }, index) => name === attach.name && isLaunched(index));
  const before = known === undefined ? undefined : networks[known];
  const addresses = before?.addresses.map(({ address }) => address) ?? [];
  const goesBack = attach.ips.every((ip) => addresses.includes(addressText(ip) ?? ip));
  if (known !== undefined && before !== undefined && goesBack) {
    const { interfaceName } = before;
    return { index: known, attach: { ...attach, ips: addresses, interfaceName }, taken: [], isLaunched: true };
  }
  const index =
    find(({ name }, at) => name === attach.name && !isLaunched(at)) ??
    find((network) => !isAttached(network)) ??
    networks.length;
  const taken = networks.filter((network, at) => isAttached(network) && at !== index);
  return { index, attach, taken: taken.map(({ interfaceName }) => interfaceName), isLaunched: false };
}

/** Records the network in its place. The other places stay as they are recorded. */
function writePlace({ context, id }: HeldContainer, live: LiveNetwork, { network, index }: LiveChange): void {
  const all = readNetwork(context, id) ?? live.network;
  const networks = [...all.networks];
  networks[index] = network;
  writeNetwork(context, id, { ...all, networks });
}

/** Completes a connect that was killed after it had made the interface. */
export async function resumeConnect(held: HeldContainer, live: LiveNetwork, cutOff: AttachedNetwork): Promise<void> {
  const { unfinished: _, ...network } = cutOff;
  await finishConnect(held, live, { network, index: live.network.networks.lastIndexOf(cutOff) });
}

/** Does what follows the interface: names, ports, resolvers. May be repeated. */
async function finishConnect(held: HeldContainer, live: LiveNetwork, change: LiveChange): Promise<void> {
  const { network } = change;
  const others = otherNetworks(held, live, network.name);
  await serveNames(held.context, held.id, [network]);
  await forwardPorts(held, withoutPortsForwardedTo(live, others), [...others, network]);
  changeResolvers(held, live, (text) => withResolvers(text, resolversOf([network]), { behind: network.internal }));
  await tellNames(held, live, [...others, network]);
  writePlace(held, live, change);
}

/**
 * Returns `live` without its published ports if one of these networks already takes their connections: a change then
 * leaves the ports as they are.
 */
function withoutPortsForwardedTo(live: LiveNetwork, networks: readonly AttachedNetwork[]): LiveNetwork {
  return publishedAddresses({ networks, ports: [] }).length === 0 ? live : withPorts(live, []);
}

/** Forwards the container's published ports to the first of these networks that can be reached. */
async function forwardPorts(
  held: HeldContainer,
  live: LiveNetwork,
  networks: readonly AttachedNetwork[],
): Promise<void> {
  await updateFirewallForwards(live, networks);
  if (live.network.ports.length > 0) await updateLoopbackForwards(held, networks);
}

/** Points the firewall's rules for published ports at the addresses on these networks. */
async function updateFirewallForwards(
  { network, ...live }: LiveNetwork,
  networks: readonly AttachedNetwork[],
): Promise<void> {
  if (network.ports.length === 0 || networks.length === 0) return;
  await execute(encodePlan(rulesPlan({ ...live, network: { ...network, networks } })));
}

/**
 * Tells the monitor, which forwards connections to published ports on ::1, the container's addresses on these networks.
 * Does nothing if the monitor has gone.
 */
async function updateLoopbackForwards(held: HeldContainer, networks: readonly AttachedNetwork[]): Promise<void> {
  const talk = await talkTo(held.paths.run);
  if (talk === undefined) return;
  try {
    await talk.forward(loopbackTargets({ networks }));
  } finally {
    talk.connection.close();
  }
}

/** Changes the container's own resolv.conf, unless an egress list says which servers may be asked. */
function changeResolvers(held: HeldContainer, { network }: LiveNetwork, change: (text: string) => string): void {
  if (network.egress !== undefined || held.config.dns === 'none') return;
  changeInPlace(`${held.paths.run}/resolv.conf`, change);
}

/**
 * Updates names, now that the container is on these networks: in its own /etc/hosts, which containers that share it see
 * as well, and in those of the others on the networks.
 */
async function tellNames(held: HeldContainer, live: LiveNetwork, networks: readonly AttachedNetwork[]): Promise<void> {
  const { context, id, name, config, paths } = held;
  if (config.hosts === undefined) {
    updateMembers(context);
    return;
  }
  const own = [hostnameSeenIn(context, id, config), name];
  const namesOn = (all: readonly AttachedNetwork[]): OwnHosts => {
    const hosts = ownHosts(all);
    return { ...hosts, names: [...own, ...hosts.names] };
  };
  const [now, ever] = [namesOn(networks), namesOn([...live.network.networks, ...networks])];
  await changeHosts(context, `${paths.run}/hosts`, (text) => withOwnHosts(text, { now, ever }));
}

/**
 * Frees the container's leases on a network, except addresses that the next launch uses again. `freed`: the place whose
 * addresses are freed even so.
 */
function freeLeases(
  { context, seq, id }: HeldContainer,
  { network: { networks } }: LiveNetwork,
  { id: network, name }: Network,
  freed?: number,
): void {
  const isLaunched = launchedPlaces(context, id);
  const kept = networks.filter((each, index) => each.name === name && index !== freed && isLaunched(index));
  const addresses = kept.flatMap((each) => each.addresses.flatMap(({ address }) => parseIp(address) ?? []));
  const { store } = context;
  store.transaction(() => {
    store.leases.freeOnNetwork(seq, network, addresses);
    store.members.remove(seq, network);
  });
}

/** Makes rules, bridges, ports and links that are missing, and links that have lost their bridge. */
export async function reloadLive(held: HeldContainer, live: LiveNetwork): Promise<void> {
  const { networks } = live.network;
  const present = presentNetworks(live.network, held.config);
  for (const network of present) {
    const change = { network, index: networks.lastIndexOf(network) };
    if (!(await isLinked(live, change))) await execute(encodePlan(connectPlan(live, change)));
  }
  const reloaded = { ...live, network: { ...live.network, networks: present } };
  await execute(encodePlan(rulesPlan(reloaded)));
  if (live.network.ports.length > 0) await updateLoopbackForwards(held, present);
}

async function isLinked({ id, namespace }: LiveNetwork, { network, index }: LiveChange): Promise<boolean> {
  const { driver, hostInterface, interfaceName } = network;
  if (driver !== 'bridge') return (await findLink(interfaceName, { inside: { net: namespace } })) !== undefined;
  const [link, bridge] = [await findLink(hostLinkName(id, index)), await findLink(hostInterface)];
  return link !== undefined && bridge !== undefined && link.masterIndex === bridge.index;
}

/**
 * Disconnects a running container from a network. May be repeated. Throws CONTAINER_STOPPED if the process has just
 * ended.
 */
export async function disconnectLive(held: HeldContainer, live: LiveNetwork, name: string): Promise<void> {
  const others = otherNetworks(held, live, name);
  const changes = live.network.networks.flatMap((network, index) =>
    network.name === name ? [{ network, index }] : [],
  );
  for (const change of changes) await detachLive(held, live, { ...change, others });
  if (changes.length === 0) freeUnmade(held, live, name);
  const kept = new Set(resolversOf(others));
  const gone = resolversOf(changes.map(({ network }) => network)).filter((server) => !kept.has(server));
  changeResolvers(held, live, (text) => withoutResolvers(text, gone, () => startResolvers(held, others)));
  await tellNames(held, live, others);
}

/** Frees the leases of a connect that was killed before it had done more. */
function freeUnmade(held: HeldContainer, live: LiveNetwork, name: string): void {
  // The default network may not exist yet.
  const found = listNetworks(held.context.networks).find((network) => network.name === name);
  if (found !== undefined) freeLeases(held, live, found);
}

/** Returns the resolv.conf of a container that starts on networks that serve no names. */
function startResolvers({ config: { dns }, context }: HeldContainer, networks: readonly AttachedNetwork[]): string {
  if (dns === 'none') return '';
  const names = new Set(networks.map(({ name }) => name));
  const found = listNetworks(context.networks).filter(({ name }) => names.has(name));
  const servers = found.flatMap((network) => network.network_dns_servers ?? []);
  return attachedResolvText(dns, { addresses: ownHosts(networks).addresses, servers });
}

/**
 * Takes a running container off one network. Published ports are then forwarded to its address on another one. Throws
 * CONTAINER_STOPPED if the process has just ended: a next one may have been given the network.
 */
async function detachLive(
  held: HeldContainer,
  live: LiveNetwork,
  { others, ...change }: LiveChange & { readonly others: readonly AttachedNetwork[] },
): Promise<void> {
  const { network, index } = change;
  const { context, id } = held;
  writePlace(held, live, { network: { ...network, unfinished: true }, index });
  if (mayBeRelaunched(held.config) && launchedPlaces(context, id)(index)) await leaveOut(held, index);
  // Before the address may be another container's.
  if (live.network.ports.length > 0) await updateLoopbackForwards(held, others);
  await execute(encodePlan(disconnectPlan(live, change)));
  const found = findNetwork(context.networks, network.name);
  writePlace(held, live, { network: noNetwork(network), index });
  freeLeases(held, live, found, index);
  await updateFirewallForwards(live, others);
  if (network.driver === 'bridge') await execute(encodePlan(removeBridgesPlan([network], live.directory)));
}

/**
 * Leaves a network out of launches to come, whatever starts them. A monitor that answers is not in the middle of a
 * launch, so no launch is under way that still has the network. Throws CONTAINER_STOPPED if the container was restarted
 * meanwhile.
 */
async function leaveOut(held: HeldContainer, place: number): Promise<void> {
  const { observation: before } = held;
  await applyToMonitor(held, { withoutPlace: place });
  const now = held.look();
  const isSame = before.kind === 'live' && now.kind === 'live' && now.live.restarts === before.live.restarts;
  if (!isSame || now.live.status === 'waiting') throw justEnded(held.id);
}
