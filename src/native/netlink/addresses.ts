/** Addresses of network interfaces. */
import { formatIp } from '../../util/ip-address.js';
import type { IpPrefix } from '../../util/ip-address.js';
import { whileHeld } from '../inside.js';
import type { InsideOptions } from '../mounts.js';
import { INSIDE, requireOptions, type OptionsOf } from '../options.js';
import { converse } from './conversation.js';
import { broadcastOf, familyOf, requirePrefix } from './ip-prefixes.js';
import { linkIndex, linkNames } from './links.js';
import { attribute, NLM_F, parseAttributes, request, RTM, u32Attribute } from './message.js';

/** An address of an interface. */
export interface LinkAddress {
  /** Name of the interface. */
  readonly link: string;
  readonly linkIndex: number;
  /** `192.0.2.1/24`. */
  readonly address: string;
  readonly scope: 'global' | 'site' | 'link' | 'host' | number;
  /** Not yet known to be unique on its network (IPv6): no program can use it until then. */
  readonly tentative: boolean;
}

export interface AddAddressOptions extends InsideOptions {
  /** IPv6: usable at once, without asking whether another has it. @default false */
  readonly skipDuplicateDetection?: boolean;
  /** IPv4: sets the network's broadcast address, for prefixes up to 30. @default true */
  readonly broadcast?: boolean;
}

const ADD: OptionsOf<AddAddressOptions> = { ...INSIDE, skipDuplicateDetection: 'boolean', broadcast: 'boolean' };

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
 * Adds `192.0.2.1/24` or `2001:db8::1/64`; without a length a single address. NativeError EEXIST if the interface has it, ENODEV if there is
 * no such interface; TypeError for what is no address.
 */
export async function addAddress(link: string, address: string, options: AddAddressOptions = {}): Promise<void> {
  requireOptions('addAddress options', options, ADD);
  const prefix = requirePrefix(address);
  const parts = addressAttributes(prefix);
  if (prefix.bytes.length === 4 && prefix.length <= 30 && options.broadcast !== false) {
    parts.push(attribute(IFA.broadcast, broadcastOf(prefix)));
  }
  if (options.skipDuplicateDetection === true) parts.push(u32Attribute(IFA.flags, IFA_F_NODAD));
  await whileHeld(options.inside, async (inside) => {
    const all = [ifAddress(prefix, await linkIndex(link, inside)), ...parts];
    const bytes = request(RTM.newAddress, NLM_F.create | NLM_F.exclusive | NLM_F.ack, all);
    await converse(inside, { what: 'RTM_NEWADDR', on: `${address} on ${link}` }, bytes);
  });
}

/** Takes an address away. NativeError EADDRNOTAVAIL if the interface does not have it, ENODEV; TypeError for what is no address. */
export async function removeAddress(link: string, address: string, options: InsideOptions = {}): Promise<void> {
  requireOptions('removeAddress options', options, INSIDE);
  const prefix = requirePrefix(address);
  await whileHeld(options.inside, async (inside) => {
    const parts = [ifAddress(prefix, await linkIndex(link, inside)), ...addressAttributes(prefix)];
    const bytes = request(RTM.delAddress, NLM_F.ack, parts);
    await converse(inside, { what: 'RTM_DELADDR', on: `${address} on ${link}` }, bytes);
  });
}

export interface ListAddressesOptions extends InsideOptions {
  /** Of this interface only. @default all */
  readonly link?: string;
}

const LIST: OptionsOf<ListAddressesOptions> = { ...INSIDE, link: 'any' };

/** The addresses of all interfaces, or of one. NativeError ENODEV if it is not there. */
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

/** None of an interface that has no name (any more), or whose name is not asked for. */
function decodeAddress(body: Buffer, names: ReadonlyMap<number, string>): readonly LinkAddress[] {
  const index = body.readUInt32LE(4);
  const link = names.get(index);
  if (link === undefined) return [];
  const attributes = parseAttributes(body.subarray(IFADDR_BYTES));
  // On a point-to-point interface IFA_ADDRESS is the other side's.
  const bytes = attributes.get(IFA.local) ?? attributes.get(IFA.address) ?? Buffer.alloc(4);
  const flags = attributes.get(IFA.flags)?.readUInt32LE(0) ?? body.readUInt8(2);
  const scope = body.readUInt8(3);
  const address = `${formatIp(bytes)}/${body.readUInt8(1)}`;
  const tentative = (flags & IFA_F_TENTATIVE) !== 0;
  return [{ link, linkIndex: index, address, scope: SCOPES.get(scope) ?? scope, tentative }];
}

/** struct ifaddrmsg. */
function ifAddress(prefix: IpPrefix, index: number): Buffer {
  const bytes = Buffer.alloc(IFADDR_BYTES);
  bytes.writeUInt8(familyOf(prefix.bytes), 0);
  bytes.writeUInt8(prefix.length, 1);
  bytes.writeUInt32LE(index, 4);
  return bytes;
}

function addressAttributes(prefix: IpPrefix): Buffer[] {
  return [attribute(IFA.local, prefix.bytes), attribute(IFA.address, prefix.bytes)];
}
