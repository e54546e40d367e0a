/** Messages that make, change and remove interfaces, and give them addresses and routes. Pure. */
import { formatIp } from '../../util/ip-address.js';
import { NetlinkWriter } from './draft.js';
import type { NetlinkDraft } from './draft.js';
import { broadcastOf, familyOf, requireAddress, requirePrefix } from './ip-prefixes.js';
import { IFLA, macBytes, requireLinkName, requireMtu } from './link-attributes.js';
import { ifInfo } from './link-decode.js';
import { NLM_F, RTM } from './message.js';

const INFO = { kind: 1, data: 2, portKind: 4, portData: 5 } as const;
const VETH_PEER = 1;
const PORT_HAIRPIN = 4;
const IFF_UP = 1;
const INDEX_OFFSET = 4;

/** Flags of a message that makes something. No acknowledgement is requested: errors are reported without it. */
const MAKE = NLM_F.create | NLM_F.exclusive;

export const IFLA_MACVLAN_MODE = 1;
/** Values of IFLA_MACVLAN_MODE. */
export const MACVLAN_MODES = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const;
export type MacvlanMode = keyof typeof MACVLAN_MODES;

export const IFLA_IPVLAN_MODE = 1;
/** Values of IFLA_IPVLAN_MODE. */
export const IPVLAN_MODES = { l2: 0, l3: 1, l3s: 2 } as const;
export type IpvlanMode = keyof typeof IPVLAN_MODES;

/** Properties of a new interface. */
export interface DraftedLink {
  readonly name: string;
  /** MTU; 0: the driver's. @default 0 */
  readonly mtu?: number;
  /** Hardware address; '': random. @default '' */
  readonly macAddress?: string;
  /** Whether the interface is up from the start. @default false */
  readonly up?: boolean;
}

/** Slot of the network namespace in which an interface is made. Absent: that of the socket. */
export interface DraftedPlace {
  readonly namespaceSlot?: number;
}

function upInfo(up: boolean | undefined): Buffer {
  return up === true ? ifInfo({ flags: IFF_UP, change: IFF_UP }) : ifInfo();
}

function writeNew(writer: NetlinkWriter, link: DraftedLink & DraftedPlace): void {
  writer.text(IFLA.name, requireLinkName(link.name));
  if (link.mtu !== undefined && link.mtu > 0) writer.u32(IFLA.mtu, requireMtu(link.mtu));
  if (link.macAddress !== undefined && link.macAddress !== '')
    writer.attribute(IFLA.address, macBytes(link.macAddress));
  if (link.namespaceSlot !== undefined) writer.slot(IFLA.namespaceFd, link.namespaceSlot);
}

export function draftBridge(link: DraftedLink): NetlinkDraft {
  const writer = new NetlinkWriter(RTM.newLink, MAKE).raw(upInfo(link.up));
  writeNew(writer, link);
  writer.nested(IFLA.linkInfo, () => writer.text(INFO.kind, 'bridge'));
  return writer.finish(`make bridge ${link.name}`);
}

/** Bytes that the kernel's description of a bridge contains, and that of no other link: IFLA_INFO_KIND. */
export const BRIDGE_KIND: Uint8Array = Buffer.from('\x0b\0\x01\0bridge\0', 'latin1');

/**
 * Returns a message that changes nothing and checks that a link is a bridge: EOPNOTSUPP if it is not, ENODEV if it does
 * not exist.
 */
export function draftBridgeUse(name: string): NetlinkDraft {
  const writer = new NetlinkWriter(RTM.newLink, 0).raw(ifInfo()).text(IFLA.name, requireLinkName(name));
  writer.nested(IFLA.linkInfo, () => writer.text(INFO.kind, 'bridge').nested(INFO.data, () => undefined));
  return writer.finish(`use ${name} as a bridge`);
}

export interface DraftedVeth extends DraftedLink {
  /** The bridge that this end is a port of. @default none */
  readonly master?: string;
  readonly peer: Omit<DraftedLink, 'up'> & DraftedPlace;
}

export function draftVeth(veth: DraftedVeth): NetlinkDraft {
  const writer = new NetlinkWriter(RTM.newLink, MAKE).raw(upInfo(veth.up));
  writeNew(writer, veth);
  if (veth.master !== undefined) writer.link(IFLA.master, veth.master);
  writer.nested(IFLA.linkInfo, () => {
    writer.text(INFO.kind, 'veth').nested(INFO.data, () => {
      writer.nested(VETH_PEER, () => {
        writer.raw(ifInfo());
        writeNew(writer, veth.peer);
      });
    });
  });
  const master = veth.master === undefined ? '' : `, port of ${veth.master}`;
  return writer.finish(`make veth pair ${veth.name} and ${veth.peer.name}${master}`);
}

/** An interface on top of another interface in the socket's namespace. */
export type DraftedUpper = DraftedLink &
  DraftedPlace & { readonly parent: string } & (
    { readonly kind: 'macvlan'; readonly mode: MacvlanMode } | { readonly kind: 'ipvlan'; readonly mode: IpvlanMode }
  );

export function draftUpper(link: DraftedUpper): NetlinkDraft {
  const writer = new NetlinkWriter(RTM.newLink, MAKE).raw(upInfo(link.up));
  writeNew(writer, link);
  writer.link(IFLA.link, link.parent);
  writer.nested(IFLA.linkInfo, () => {
    writer.text(INFO.kind, link.kind).nested(INFO.data, () => {
      if (link.kind === 'macvlan') writer.u32(IFLA_MACVLAN_MODE, MACVLAN_MODES[link.mode]);
      else writer.u16(IFLA_IPVLAN_MODE, IPVLAN_MODES[link.mode]);
    });
  });
  return writer.finish(`make ${link.kind} ${link.name} on ${link.parent}`);
}

export function draftLinkUp(name: string): NetlinkDraft {
  const writer = new NetlinkWriter(RTM.newLink, 0).raw(upInfo(true)).linkAt(INDEX_OFFSET, name);
  return writer.finish(`set ${name} up`);
}

/**
 * Returns a message that turns on hairpin mode: the port may send a packet back to where it came from, so that a
 * container reaches itself through the host's address.
 */
export function draftHairpin(name: string): NetlinkDraft {
  const writer = new NetlinkWriter(RTM.newLink, 0).raw(ifInfo()).linkAt(INDEX_OFFSET, name);
  writer.nested(IFLA.linkInfo, () => {
    writer.text(INFO.portKind, 'bridge').nested(INFO.portData, () => writer.u8(PORT_HAIRPIN, 1));
  });
  return writer.finish(`let the port ${name} send back`);
}

export function draftLinkRemoval(name: string): NetlinkDraft {
  const writer = new NetlinkWriter(RTM.delLink, 0).raw(ifInfo()).text(IFLA.name, requireLinkName(name));
  return writer.finish(`remove link ${name}`);
}

/** Returns a question that finds an interface of this name, or nothing (ENODEV). */
export function draftLinkQuestion(name: string): NetlinkDraft {
  const writer = new NetlinkWriter(RTM.getLink, 0).raw(ifInfo()).text(IFLA.name, requireLinkName(name));
  return writer.finish(`look for link ${name}`);
}

/** Returns a question that finds the ports of a bridge. */
export function draftPortsQuestion(bridge: string): NetlinkDraft {
  return new NetlinkWriter(RTM.getLink, NLM_F.dump)
    .raw(ifInfo())
    .link(IFLA.master, bridge)
    .finish(`look for ports of ${bridge}`);
}

const IFA = { address: 1, local: 2, broadcast: 4, flags: 8 } as const;
const IFA_F_NODAD = 0x02;

/** Returns a message that adds an address, which is usable at once, without duplicate address detection. */
export function draftAddress(link: string, address: string): NetlinkDraft {
  const prefix = requirePrefix(address);
  const fixed = Buffer.alloc(8);
  fixed.writeUInt8(familyOf(prefix.bytes), 0);
  fixed.writeUInt8(prefix.length, 1);
  const writer = new NetlinkWriter(RTM.newAddress, MAKE).raw(fixed).linkAt(4, link);
  writer.attribute(IFA.local, prefix.bytes).attribute(IFA.address, prefix.bytes);
  if (prefix.bytes.length === 4 && prefix.length <= 30) writer.attribute(IFA.broadcast, broadcastOf(prefix));
  if (prefix.bytes.length === 16) writer.u32(IFA.flags, IFA_F_NODAD);
  return writer.finish(`add address ${address} to ${link}`);
}

const RTA = { destination: 1, outLink: 4, gateway: 5, priority: 6 } as const;
const RT_TABLE_MAIN = 254;
const RTPROT_STATIC = 4;
const RTN_UNICAST = 1;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;

export interface DraftedRoute {
  /** Destination, like `192.0.2.0/24`; 'default' has the gateway's family. */
  readonly destination: string;
  /** Gateway. Absent: the destination is on the link. */
  readonly gateway?: string;
  readonly link: string;
  /** Metric; 0: the kernel's default. */
  readonly metric: number;
}

/**
 * Returns a message that appends a route after others with the same destination and metric: of those IPv4 uses the
 * first, IPv6 all in turn. EEXIST: exactly this route exists.
 */
export function draftRoute(route: DraftedRoute): NetlinkDraft {
  const gateway = route.gateway === undefined ? undefined : requireAddress(route.gateway);
  const prefix =
    route.destination === 'default'
      ? { bytes: gateway ?? new Uint8Array(4), length: 0 }
      : requirePrefix(route.destination);
  const scope = gateway === undefined ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  const fixed = Buffer.alloc(12);
  fixed.set([familyOf(prefix.bytes), prefix.length, 0, 0, RT_TABLE_MAIN, RTPROT_STATIC, scope, RTN_UNICAST]);
  const writer = new NetlinkWriter(RTM.newRoute, NLM_F.create | NLM_F.append).raw(fixed);
  if (prefix.length > 0) writer.attribute(RTA.destination, prefix.bytes);
  if (gateway !== undefined) writer.attribute(RTA.gateway, gateway);
  writer.link(RTA.outLink, route.link);
  if (route.metric > 0) writer.u32(RTA.priority, route.metric);
  const by = gateway === undefined ? '' : ` by ${formatIp(gateway)}`;
  return writer.finish(`add route to ${route.destination}${by} on ${route.link}`);
}
