/** Decodes the kernel's description of an interface. Pure. */
import { formatMac, IFLA } from './link-attributes.js';
import { parseAttributes, text } from './message.js';

/** A network interface. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** veth, bridge, dummy, ...; undefined for hardware and the loopback. */
  readonly kind: string | undefined;
  /** Whether the interface is up (IFF_UP). */
  readonly up: boolean;
  /** Whether the interface is up and able to carry traffic (IFF_LOWER_UP): the other end of a pair is up as well. */
  readonly carrier: boolean;
  readonly loopback: boolean;
  /** MTU in bytes. */
  readonly mtu: number;
  /** Hardware address, like `02:00:00:00:00:01`. */
  readonly macAddress: string | undefined;
  /** Index of the bridge that the interface is a port of. */
  readonly masterIndex: number | undefined;
  /** Index of the other end of a pair, in that end's namespace. */
  readonly peerIndex: number | undefined;
  readonly statistics: LinkStatistics | undefined;
}

/** Traffic of an interface since it was made. */
export interface LinkStatistics {
  readonly rxPackets: bigint;
  readonly txPackets: bigint;
  readonly rxBytes: bigint;
  readonly txBytes: bigint;
  readonly rxErrors: bigint;
  readonly txErrors: bigint;
  readonly rxDropped: bigint;
  readonly txDropped: bigint;
}

/** Size of struct ifinfomsg. */
const IFINFO_BYTES = 16;

const IFLA_INFO_KIND = 1;

const IFF_UP = 0x1;
const IFF_LOOPBACK = 0x8;
const IFF_LOWER_UP = 0x10000;

/** Returns a struct ifinfomsg. */
export function ifInfo(values: { index?: number; flags?: number; change?: number } = {}): Buffer {
  const bytes = Buffer.alloc(IFINFO_BYTES);
  bytes.writeInt32LE(values.index ?? 0, 4);
  bytes.writeUInt32LE(values.flags ?? 0, 8);
  bytes.writeUInt32LE(values.change ?? 0, 12);
  return bytes;
}

export function decodeLink(body: Buffer): Link {
  const flags = body.readUInt32LE(8);
  const attributes = parseAttributes(body.subarray(IFINFO_BYTES));
  const number = (type: number) => attributes.get(type)?.readUInt32LE(0);
  const info = attributes.get(IFLA.linkInfo);
  const kind = info === undefined ? undefined : parseAttributes(info).get(IFLA_INFO_KIND);
  const address = attributes.get(IFLA.address);
  const statistics = attributes.get(IFLA.statistics);
  return {
    index: body.readInt32LE(4),
    name: text(attributes.get(IFLA.name) ?? Buffer.alloc(0)),
    kind: kind === undefined ? undefined : text(kind),
    up: (flags & IFF_UP) !== 0,
    carrier: (flags & IFF_LOWER_UP) !== 0,
    loopback: (flags & IFF_LOOPBACK) !== 0,
    mtu: number(IFLA.mtu) ?? 0,
    macAddress: address?.length === 6 ? formatMac(address) : undefined,
    masterIndex: number(IFLA.master),
    peerIndex: kind !== undefined && text(kind) === 'veth' ? number(IFLA.link) : undefined,
    statistics: statistics === undefined ? undefined : decodeStatistics(statistics),
  };
}

/** Decodes a struct rtnl_link_stats64. */
function decodeStatistics(bytes: Buffer): LinkStatistics {
  const at = (position: number) => bytes.readBigUInt64LE(position * 8);
  return {
    rxPackets: at(0),
    txPackets: at(1),
    rxBytes: at(2),
    txBytes: at(3),
    rxErrors: at(4),
    txErrors: at(5),
    rxDropped: at(6),
    txDropped: at(7),
  };
}
