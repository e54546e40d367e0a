/** Addresses of network interfaces. */
import { formatIp } from '../../util/ip-address.js';
import type { IpPrefix } from '../../util/ip-address.js';
import { whileHeld } from '../inside.js';
import type { InsideOptions } from '../mounts.js';
import { INSIDE, requireOptions, type OptionsOf } from '../options.js';
import { converse } from './conversation.js';
import { broadcastOf, familyOf, requireAddress, requirePrefix } from './ip-prefixes.js';
import { linkIndex, linkNames } from './links.js';
import { attribute, NLM_F, parseAttributes, request, RTM, u32Attribute } from './message.js';

/** An address of an interface. */
export interface LinkAddress {
  /** Name of the interface. */
  readonly link: string;
  readonly linkIndex: number;
  /** Address with prefix length, like `192.0.2.1/24`. With a `peer` the length is that of the peer's network. */
  readonly address: string;
  /** Address of the other end of a point-to-point link (ip-address(8), "peer"). */
  readonly peer: string | undefined;
  readonly scope: 'global' | 'site' | 'link' | 'host' | number;
  /** Whether the address is not yet known to be unique on its network (IPv6): no program can use it until then. */
  readonly tentative: boolean;
}

export interface AddAddressOptions extends InsideOptions {
  /** IPv6: whether the address is usable at once, without duplicate address detection. @default false */
  readonly skipDuplicateDetection?: boolean;
  /** IPv4: whether the network's broadcast address is set, for prefixes up to 30; not with a `peer`. @default true */
  readonly broadcast?: boolean;
  /**
   * Address of the other end of a point-to-point link; the length of `address` is then that of the peer's network.
   * @default none
   */
  readonly peer?: string | undefined;
}

export interface RemoveAddressOptions extends InsideOptions {
  /** Peer with which the address was added or is listed. @default none */
  readonly peer?: string | undefined;
}

const REMOVE: OptionsOf<RemoveAddressOptions> = { ...INSIDE, peer: 'any' };

const ADD: OptionsOf<AddAddressOptions> = {
  ...INSIDE,
  skipDuplicateDetection: 'boolean',
  broadcast: 'boolean',
  peer: 'any',
};

const IFADDR_BYTES = 8;
const IFA = { address: 1, local: 2, broadcast: 4, flags: 8 } as const;
const IFA_F_NODAD = 0x02;
const IFA_F_TENTATIVE = 0x40;

const SCOPES: ReadonlyMap<number, LinkAddress['scope']> = new Map([
  [0, 'global'],
  [200, 'site'],
  [253, 'link'],
  [254, 'host'],
]);

/**
 * Adds an address like `192.0.2.1/24` or `2001:db8::1/64`; without a length, a single address. NativeError EEXIST if
 * the interface has it, ENODEV if there is no such interface; TypeError for an invalid address.
 */
export async function addAddress(link: string, address: string, options: AddAddressOptions = {}): Promise<void> {
  requireOptions('addAddress options', options, ADD);
  const prefix = requirePrefix(address);
  const parts = addressAttributes(prefix, options.peer);
  const hasBroadcast = prefix.bytes.length === 4 && prefix.length <= 30 && options.peer === undefined;
  if (hasBroadcast && options.broadcast !== false) {
    parts.push(attribute(IFA.broadcast, broadcastOf(prefix)));
  }
  if (options.skipDuplicateDetection === true) parts.push(u32Attribute(IFA.flags, IFA_F_NODAD));
  await whileHeld(options.inside, async (inside) => {
    const all = [ifAddress(prefix, await linkIndex(link, inside)), ...parts];
    const bytes = request(RTM.newAddress, NLM_F.create | NLM_F.exclusive | NLM_F.ack, all);
    await converse(inside, { what: 'RTM_NEWADDR', on: `${address} on ${link}` }, bytes);
  });
}

/**
 * Removes an address. NativeError EADDRNOTAVAIL if the interface does not have it, ENODEV; TypeError for an invalid
 * address.
 */
export async function removeAddress(link: string, address: string, options: RemoveAddressOptions = {}): Promise<void> {
  requireOptions('removeAddress options', options, REMOVE);
  const prefix = requirePrefix(address);
  const own = addressAttributes(prefix, options.peer);
  await whileHeld(options.inside, async (inside) => {
    const parts = [ifAddress(prefix, await linkIndex(link, inside)), ...own];
    const bytes = request(RTM.delAddress, NLM_F.ack, parts);
    await converse(inside, { what: 'RTM_DELADDR', on: `${address} on ${link}` }, bytes);
  });
}

export interface ListAddressesOptions extends InsideOptions {
  /** Name of the interface whose addresses are listed. @default all interfaces */
  readonly link?: string;
}

const LIST: OptionsOf<ListAddressesOptions> = { ...INSIDE, link: 'any' };

/** Returns the addresses of all interfaces, or of one. NativeError ENODEV if that does not exist. */
export async function listAddresses(options: ListAddressesOptions = {}): Promise<LinkAddress[]> {
  requireOptions('listAddresses options', options, LIST);
  return whileHeld(options.inside, async (inside) => {
    const index = options.link === undefined ? 0 : await linkIndex(options.link, inside);
    const bytes = request(RTM.getAddress, NLM_F.dump, [Buffer.alloc(IFADDR_BYTES)]);
    const messages = await converse(inside, { what: 'RTM_GETADDR', on: options.link ?? 'all' }, bytes);
    const names = options.link === undefined ? await linkNames(inside) : new Map([[index, options.link]]);
    return messages
      .filter((message) => message.type === RTM.newAddress)
      .flatMap((message) => decodeAddress(message.body, names));
  });
}

/**
 * Decodes an address. Returns none for an interface without a name (any more), or with a name that was not asked for.
 */
function decodeAddress(body: Buffer, names: ReadonlyMap<number, string>): readonly LinkAddress[] {
  const index = body.readUInt32LE(4);
  const link = names.get(index);
  if (link === undefined) return [];
  const attributes = parseAttributes(body.subarray(IFADDR_BYTES));
  const [local, other] = [attributes.get(IFA.local), attributes.get(IFA.address)];
  const bytes = local ?? other ?? Buffer.alloc(4);
  // IFA_ADDRESS is the address of the other end on a point-to-point link, else the same as IFA_LOCAL.
  const peer = other === undefined || other.equals(bytes) ? undefined : formatIp(other);
  const flags = attributes.get(IFA.flags)?.readUInt32LE(0) ?? body.readUInt8(2);
  const scope = body.readUInt8(3);
  const address = `${formatIp(bytes)}/${body.readUInt8(1)}`;
  const tentative = (flags & IFA_F_TENTATIVE) !== 0;
  return [{ link, linkIndex: index, address, peer, scope: SCOPES.get(scope) ?? scope, tentative }];
}

/** Returns a struct ifaddrmsg. */
function ifAddress(prefix: IpPrefix, index: number): Buffer {
  const bytes = Buffer.alloc(IFADDR_BYTES);
  bytes.writeUInt8(familyOf(prefix.bytes), 0);
  bytes.writeUInt8(prefix.length, 1);
  bytes.writeUInt32LE(index, 4);
  return bytes;
}

function addressAttributes({ bytes }: IpPrefix, peer: string | undefined): Buffer[] {
  const other = peer === undefined ? bytes : requireAddress(peer);
  if (other.length !== bytes.length) throw new TypeError(`not an address of the same family: "${peer}"`);
  return [attribute(IFA.local, bytes), attribute(IFA.address, other)];
}
