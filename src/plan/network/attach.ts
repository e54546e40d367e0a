/**
 * Steps that connect a container to its networks: the host's side and the container's. All run in the monitor, most of
 * them while the container's first process is at work.
 *
 * A bridge is made by the first container that needs it and removed by the last, under a lock: the check whether the
 * bridge exists and the change that follows belong together.
 */
import {
  BRIDGE_KIND,
  draftAddress,
  draftBridge,
  draftBridgeUse,
  draftHairpin,
  draftLinkQuestion,
  draftLinkRemoval,
  draftLinkUp,
  draftRoute,
  draftUpper,
  draftVeth,
} from '../../native/netlink/link-drafts.js';
import type { IpvlanMode, MacvlanMode } from '../../native/netlink/link-drafts.js';
import { addElements, chainQuestion, elementQuestion, removeElements } from '../../native/netlink/nftables/message.js';
import { isAttached, type AttachedNetwork, type ContainerNetwork } from '../../spec/network/container-network.js';
import type { PlanBuilder } from '../builder.js';
import { NONE } from '../ops.js';
import type { Stage } from '../ops.js';
import { egressRules } from './egress.js';
import { bridgeRules, TABLE } from './firewall.js';
import { bridgeMac } from './mac.js';
import { bridgeChains, hostLinkName, NETWORK_FILES, ownerComment } from './names.js';
import { NETLINK_NETFILTER, NETLINK_ROUTE, openNetlink, sendBatch, sendDrafts } from './netlink.js';
import {
  firstOfEachFamily,
  heldPorts,
  portElements,
  possibleElements,
  publishedPorts,
  type PortElement,
} from './ports.js';

/** The networks of a container with a network namespace of its own, and what their plans need to know. */
export interface NetworkContext {
  readonly network: ContainerNetwork;
  /** Directory that holds the NETWORK_FILES. */
  readonly directory: string;
  /**
   * Whether a DNS server (aardvark-dns) is available: the container may be on a network with names, or be connected to
   * one later.
   * @default false
   */
  readonly hasNameServer?: boolean;
}

interface Attachment extends NetworkContext {
  readonly id: string;
  /** Slot of the container's network namespace. */
  readonly namespaceSlot: number;
  /** Number of the first interface that is added, for a container that has some already. @default 0 */
  readonly firstIndex?: number;
  /** Whether published ports lead to the container, or may later. @default whether `network` has any */
  readonly publishes?: boolean;
}

/**
 * Adds steps that hold the container's network record and its ports before the container is made, so that a port in use
 * fails the launch before anything is done.
 */
export function holdNetwork(builder: PlanBuilder, id: string, { network, directory }: NetworkContext): void {
  builder.add('prepare', 'holdFile', { path: `${directory}/${NETWORK_FILES.container(id)}` });
  for (const { optional, ...port } of heldPorts(network))
    builder[optional ? 'try' : 'add']('prepare', 'holdPort', port);
}

export function attachNetworks(builder: PlanBuilder, attachment: Attachment): void {
  const { network, directory } = attachment;
  if (network.networks.length === 0) return;
  addContainerDefaults(builder, attachment);
  addEgress(builder, attachment);
  const lock = builder.slot();
  builder.add('network', 'lockFile', { slot: lock, path: `${directory}/${NETWORK_FILES.lock}` });
  const socket = openNetlink(builder, 'network', { protocol: NETLINK_ROUTE });
  addHostSide(builder, attachment, socket);
  builder.add('network', 'closeSlot', { slot: lock });
  builder.add('network', 'closeSlot', { slot: socket });
  addInside(builder, attachment);
}

/**
 * Adds steps, in the stage `network`, that make rules and ports again where they are missing because the tables were
 * emptied; what exists stays.
 */
export function renewRules(builder: PlanBuilder, attachment: Omit<Attachment, 'namespaceSlot'>): void {
  const bridges = attachedBridges(attachment.network);
  if (bridges.length === 0) return;
  const lock = builder.slot();
  builder.add('network', 'lockFile', { slot: lock, path: `${attachment.directory}/${NETWORK_FILES.lock}` });
  const socket = openNetlink(builder, 'network', { protocol: NETLINK_ROUTE });
  const firewall = openNetlink(builder, 'network', { protocol: NETLINK_NETFILTER });
  addForwarding(builder, bridges);
  for (const bridge of bridges) addBridge(builder, bridge, { socket, firewall });
  addPorts(builder, attachment, firewall);
  builder.add('network', 'closeSlot', { slot: lock });
}

/** Returns the networks of driver bridge, one for each bridge. */
export function attachedBridges({ networks }: ContainerNetwork): readonly AttachedNetwork[] {
  const bridges = networks.filter(({ driver }) => driver === 'bridge');
  return [...new Map(bridges.map((bridge) => [bridge.hostInterface, bridge])).values()];
}

function hasFamily({ networks }: ContainerNetwork, bytes: 4 | 16): boolean {
  return networks.some(({ subnets }) => subnets.some(({ subnet }) => subnet.includes(':') === (bytes === 16)));
}

/** Adds the egress rules, before the container has a route. */
function addEgress(builder: PlanBuilder, { network: { egress }, namespaceSlot }: Attachment): void {
  if (egress === undefined) return;
  const socket = openNetlink(builder, 'network', { protocol: NETLINK_NETFILTER, namespaceSlot });
  sendBatch(builder, { stage: 'network', socket, drafts: egressRules(egress) });
  builder.add('network', 'closeSlot', { slot: socket });
}

/**
 * Sets the namespace's defaults before there are interfaces, which inherit them: no router advertisement is accepted,
 * and a new address is announced to its neighbours.
 */
function addContainerDefaults(builder: PlanBuilder, { network, namespaceSlot }: Attachment): void {
  const set = (key: string, value: string) => {
    builder.try('network', 'networkSysctl', { namespaceSlot, key, value });
  };
  if (hasFamily(network, 4)) set('net/ipv4/conf/default/arp_notify', '1');
  if (!hasFamily(network, 16)) return;
  set('net/ipv6/conf/default/accept_ra', '0');
  set('net/ipv6/conf/default/accept_dad', '0');
  set('net/ipv6/conf/default/ndisc_notify', '1');
}

function addHostSide(builder: PlanBuilder, attachment: Attachment, socket: number): void {
  const { network } = attachment;
  const bridges = attachedBridges({ ...network, networks: network.networks.filter(isAttached) });
  const firewall = bridges.length === 0 ? NONE : openNetlink(builder, 'network', { protocol: NETLINK_NETFILTER });
  addForwarding(builder, bridges);
  for (const bridge of bridges) addBridge(builder, bridge, { socket, firewall });
  const publishes = attachment.publishes ?? network.ports.length > 0;
  for (const [index, each] of network.networks.entries()) {
    if (!isAttached(each)) continue;
    addLink(builder, each, { ...attachment, index: (attachment.firstIndex ?? 0) + index, socket, publishes });
  }
  if (firewall === NONE) return;
  addPorts(builder, attachment, firewall);
}

function addForwarding(builder: PlanBuilder, bridges: readonly AttachedNetwork[]): void {
  const subnets = bridges.filter(({ internal }) => !internal).flatMap((bridge) => bridge.subnets);
  const set = (key: string) => {
    builder.add('network', 'networkSysctl', { namespaceSlot: NONE, key, value: '1' });
  };
  if (subnets.some(({ subnet }) => !subnet.includes(':'))) set('net/ipv4/ip_forward');
  if (subnets.some(({ subnet }) => subnet.includes(':'))) set('net/ipv6/conf/all/forwarding');
}

/**
 * Adds steps that make a bridge unless it exists. Rules come first, so that a bridge that exists has its rules, unless
 * the tables have been emptied since; then they are made again. If a link of the name is no bridge, the first step
 * fails, before the link gets rules or addresses.
 */
function addBridge(builder: PlanBuilder, bridge: AttachedNetwork, sockets: { socket: number; firewall: number }): void {
  const { hostInterface: name, mtu, subnets } = bridge;
  const absent = { unless: draftLinkQuestion(name) };
  sendDrafts(builder, {
    stage: 'network',
    socket: sockets.socket,
    accepted: ['ENODEV'],
    probe: { unless: draftLinkQuestion(name), containing: BRIDGE_KIND },
    drafts: [draftBridgeUse(name)],
  });
  const rules = { stage: 'network', socket: sockets.firewall, drafts: bridgeRules(bridge) } as const;
  sendBatch(builder, { ...rules, probe: absent, probeSocket: sockets.socket });
  sendBatch(builder, { ...rules, probe: { unless: chainQuestion(TABLE, bridgeChains(name).masquerade) } });
  sendDrafts(builder, {
    stage: 'network',
    socket: sockets.socket,
    probe: absent,
    drafts: [draftBridge({ name, mtu, macAddress: bridgeMac(name) })],
  });
  addBridgeSysctls(builder, bridge);
  const addresses = subnets.flatMap(({ subnet, gateway }) =>
    gateway === undefined ? [] : [`${gateway}/${subnet.slice(subnet.indexOf('/') + 1)}`],
  );
  sendDrafts(builder, {
    stage: 'network',
    socket: sockets.socket,
    accepted: ['EEXIST'],
    drafts: [draftLinkUp(name), ...addresses.map((address) => draftAddress(name, address))],
  });
}

/**
 * Sets the bridge's sysctls before it is up. The host accepts no router advertisements from containers, replies to
 * connections from 127.0.0.1 find their way, and the bridge's link-local address, from which the host sends neighbour
 * solicitations to containers, is usable at once, without duplicate address detection.
 */
function addBridgeSysctls(builder: PlanBuilder, { hostInterface, subnets }: AttachedNetwork): void {
  const set = (key: string, value: string) => {
    builder.try('network', 'networkSysctl', { namespaceSlot: NONE, key, value });
  };
  if (subnets.some(({ subnet }) => !subnet.includes(':'))) {
    set(`net/ipv4/conf/${hostInterface}/route_localnet`, '1');
    set(`net/ipv4/conf/${hostInterface}/rp_filter`, '2');
  }
  set(`net/ipv6/conf/${hostInterface}/accept_ra`, '0');
  if (subnets.some(({ subnet }) => subnet.includes(':'))) set(`net/ipv6/conf/${hostInterface}/accept_dad`, '0');
}

interface LinkPlace {
  readonly id: string;
  readonly index: number;
  readonly socket: number;
  readonly namespaceSlot: number;
  readonly publishes: boolean;
}

/**
 * Adds the steps of one link. What an earlier run of the container has left is removed first, and the other end of a
 * veth pair with it.
 */
function addLink(builder: PlanBuilder, network: AttachedNetwork, place: LinkPlace): void {
  const { id, index, socket, namespaceSlot, publishes } = place;
  const { driver, hostInterface, mtu, macAddress, interfaceName } = network;
  const inside = { name: interfaceName, mtu, macAddress, namespaceSlot };
  if (driver !== 'bridge') {
    const kind =
      driver === 'macvlan'
        ? ({ kind: 'macvlan', mode: network.mode as MacvlanMode } as const)
        : ({ kind: 'ipvlan', mode: network.mode as IpvlanMode } as const);
    const own = driver === 'ipvlan' ? { ...inside, macAddress: '' } : inside;
    const within = openNetlink(builder, 'network', { protocol: NETLINK_ROUTE, namespaceSlot });
    const earlier = [draftLinkRemoval(interfaceName)];
    sendDrafts(builder, { stage: 'network', socket: within, accepted: ['ENODEV'], drafts: earlier });
    builder.add('network', 'closeSlot', { slot: within });
    sendDrafts(builder, { stage: 'network', socket, drafts: [draftUpper({ ...own, parent: hostInterface, ...kind })] });
    return;
  }
  const name = hostLinkName(id, index);
  sendDrafts(builder, { stage: 'network', socket, accepted: ['ENODEV'], drafts: [draftLinkRemoval(name)] });
  const veth = draftVeth({ name, mtu, master: hostInterface, up: true, peer: inside });
  sendDrafts(builder, { stage: 'network', socket, drafts: [veth] });
  if (publishes) sendDrafts(builder, { stage: 'network', socket, drafts: [draftHairpin(name)] });
}

/**
 * Adds the elements of published ports. The monitor that holds a port owns its element: one of another container is
 * left from a crash.
 */
function addPorts(builder: PlanBuilder, { id, network }: Pick<Attachment, 'id' | 'network'>, socket: number): void {
  const elements = portElements(id, network);
  for (const { map, element } of elements) {
    sendBatch(builder, {
      stage: 'network',
      socket,
      accepted: ['ENOENT'],
      // The question first: a change that fails costs the kernel far more.
      probe: { only: elementQuestion(TABLE, map, element), containing: new Uint8Array(0) },
      drafts: removeElements(TABLE, map, [element]),
    });
  }
  sendBatch(builder, { stage: 'network', socket, drafts: draftsByMap(elements, addElements) });
  forgetFlows(builder, 'network', { network, socket });
}

/**
 * Removes the tracked UDP flows of published ports. A client that keeps sending stays on the path that the rules gave
 * its first packet: nowhere, or to an address that may be another container's now.
 */
function forgetFlows(
  builder: PlanBuilder,
  stage: Stage,
  { network, socket }: { readonly network: ContainerNetwork; readonly socket: number },
): void {
  const ports = publishedPorts(network, 'udp');
  // Optional: without an interface to connection tracking (nf_conntrack_netlink) flows end when the kernel expires
  // them.
  if (ports.length > 0) builder.try(stage, 'forgetFlows', { socketSlot: socket, ports });
}

function draftsByMap(elements: readonly PortElement[], make: typeof addElements) {
  const maps = [...new Set(elements.map(({ map }) => map))];
  return maps.flatMap((map) =>
    make(
      TABLE,
      map,
      elements.filter((each) => each.map === map).map(({ element }) => element),
    ),
  );
}

/**
 * Adds steps that remove the elements that are still this container's, also those of networks that it was connected to
 * while it ran, which its monitor does not know of.
 */
export function removePorts(
  builder: PlanBuilder,
  { id, network }: Pick<Attachment, 'id' | 'network'>,
  socket: number,
): void {
  const containing = Buffer.from(ownerComment(id));
  for (const { map, element } of possibleElements(id, network)) {
    sendBatch(builder, {
      stage: 'teardown',
      socket,
      accepted: ['ENOENT'],
      probe: { only: elementQuestion(TABLE, map, element), containing },
      drafts: removeElements(TABLE, map, [element]),
    });
  }
  forgetFlows(builder, 'teardown', { network, socket });
}

/**
 * Adds the steps in the container's own namespace. IPv6 is disabled on the interface of a network that has addresses
 * but none of IPv6: the kernel would give the interface a link-local address, and others from anyone on the link who
 * claims to be a router (CVE-2024-32473, CVE-2020-10749).
 */
function addInside(builder: PlanBuilder, { network, namespaceSlot }: Attachment): void {
  const networks = network.networks.filter(isAttached);
  for (const { interfaceName, subnets } of networks) {
    if (subnets.length === 0 || subnets.some(({ subnet }) => subnet.includes(':'))) continue;
    const key = `net/ipv6/conf/${interfaceName}/disable_ipv6`;
    builder.try('network', 'networkSysctl', { namespaceSlot, key, value: '1' });
  }
  const socket = openNetlink(builder, 'network', { protocol: NETLINK_ROUTE, namespaceSlot });
  sendDrafts(builder, {
    stage: 'network',
    socket,
    drafts: [draftLinkUp('lo'), ...networks.flatMap(interfaceDrafts)],
  });
  // A network's file may repeat the default route, or another one.
  sendDrafts(builder, { stage: 'network', socket, accepted: ['EEXIST'], drafts: networks.flatMap(routeDrafts) });
  builder.add('network', 'closeSlot', { slot: socket });
}

/** Returns the messages for one interface: addresses before it is up, so that they are announced at once. */
function interfaceDrafts({ interfaceName, addresses }: AttachedNetwork) {
  return [
    ...addresses.map(({ address, prefix }) => draftAddress(interfaceName, `${address}/${prefix}`)),
    draftLinkUp(interfaceName),
  ];
}

/**
 * Returns the routes of one network: default routes through the first gateway of each family, then the network's own
 * routes. Where several networks have a default route, that of the first network counts.
 */
function routeDrafts({ interfaceName: link, addresses, routes, metric, internal, noDefaultRoute }: AttachedNetwork) {
  const gateways =
    internal || noDefaultRoute ? [] : firstOfEachFamily(addresses.flatMap(({ gateway }) => gateway ?? []));
  return [
    ...gateways.map((gateway) => draftRoute({ destination: 'default', gateway, link, metric })),
    ...routes.map(({ destination, gateway, metric: own }) => draftRoute({ destination, gateway, link, metric: own })),
  ];
}
