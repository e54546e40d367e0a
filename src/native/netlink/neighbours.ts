/** Neighbours: hardware addresses of hosts on the same network (ARP, and IPv6 neighbour discovery). */
import { formatIp } from '../../util/ip-address.js';
import { whileHeld } from '../inside.js';
import type { ThreadNamespaces } from '../inside.js';
import type { InsideOptions } from '../mounts.js';
import { INSIDE, requireOptions, type OptionsOf } from '../options.js';
import { converse } from './conversation.js';
import { AF_INET, AF_INET6, familyOf, requireAddress } from './ip-prefixes.js';
import { formatMac, macBytes } from './link-attributes.js';
import { linkIndex, linkNames } from './links.js';
import { attribute, NLM_F, parseAttributes, request, RTM } from './message.js';

export interface Neighbour {
  /** Name of the interface. */
  readonly link: string;
  readonly linkIndex: number;
  /** Address, like `192.0.2.1`. */
  readonly address: string;
  /** Hardware address; absent while no host has answered. */
  readonly macAddress: string | undefined;
  readonly state:
    'incomplete' | 'reachable' | 'stale' | 'delay' | 'probe' | 'failed' | 'noarp' | 'permanent' | 'none' | number;
}

export interface NeighbourOptions extends InsideOptions {
  /** Name of the interface. */
  readonly link: string;
  /** Address, like `192.0.2.1` or `fe80::1`. */
  readonly address: string;
}

const REMOVE: OptionsOf<NeighbourOptions & Neighbour> = {
  ...INSIDE,
  link: 'any',
  address: 'any',
  linkIndex: 'any',
  macAddress: 'any',
  state: 'any',
};

const SET: OptionsOf<NeighbourOptions & { readonly macAddress: string }> = {
  ...INSIDE,
  link: 'any',
  address: 'any',
  macAddress: 'any',
};

const NDMSG_BYTES = 12;
const NDA = { address: 1, linkAddress: 2 } as const;
const NUD_PERMANENT = 0x80;
const MAC_BYTES = 6;

const STATES: ReadonlyMap<number, Neighbour['state']> = new Map([
  [0, 'none'],
  [1, 'incomplete'],
  [2, 'reachable'],
  [4, 'stale'],
  [8, 'delay'],
  [0x10, 'probe'],
  [0x20, 'failed'],
  [0x40, 'noarp'],
  [NUD_PERMANENT, 'permanent'],
]);

/**
 * Adds a permanent neighbour, or changes an existing one. NativeError ENODEV, ENETDOWN if the interface is down;
 * TypeError for an invalid address.
 */
export async function setNeighbour(options: NeighbourOptions & { readonly macAddress: string }): Promise<void> {
  requireOptions('setNeighbour options', options, SET);
  const mac = attribute(NDA.linkAddress, macBytes(options.macAddress));
  await whileHeld(options.inside, async (inside) => {
    const parts = [...(await neighbourParts({ ...options, inside })), mac];
    const bytes = request(RTM.newNeighbour, NLM_F.create | NLM_F.replace | NLM_F.ack, parts);
    await converse(inside, { what: 'RTM_NEWNEIGH', on: `${options.address} on ${options.link}` }, bytes);
  });
}

/**
 * Removes a neighbour; a listed {@link Neighbour} can be given. NativeError ENOENT if it does not exist, ENODEV;
 * TypeError for an invalid address.
 */
export async function removeNeighbour(options: NeighbourOptions | (NeighbourOptions & Neighbour)): Promise<void> {
  requireOptions('removeNeighbour options', options, REMOVE);
  await whileHeld(options.inside, async (inside) => {
    const bytes = request(RTM.delNeighbour, NLM_F.ack, await neighbourParts({ ...options, inside }));
    await converse(inside, { what: 'RTM_DELNEIGH', on: `${options.address} on ${options.link}` }, bytes);
  });
}

/** Returns the IPv4 and IPv6 neighbours of all interfaces. */
export async function listNeighbours(options: InsideOptions = {}): Promise<Neighbour[]> {
  requireOptions('listNeighbours options', options, INSIDE);
  const bytes = request(RTM.getNeighbour, NLM_F.dump, [Buffer.alloc(NDMSG_BYTES)]);
  return whileHeld(options.inside, async (inside) => {
    const messages = await converse(inside, { what: 'RTM_GETNEIGH', on: 'all' }, bytes);
    const names = await linkNames(inside);
    return messages
      .filter(({ type, body }) => type === RTM.newNeighbour && [AF_INET, AF_INET6].includes(body.readUInt8(0)))
      .flatMap(({ body }) => decodeNeighbour(body, names));
  });
}

interface PlacedNeighbour extends Omit<NeighbourOptions, 'inside'> {
  readonly inside: ThreadNamespaces | undefined;
}

async function neighbourParts({ link, address, inside }: PlacedNeighbour): Promise<Buffer[]> {
  const bytes = requireAddress(address);
  const header = Buffer.alloc(NDMSG_BYTES);
  header.writeUInt8(familyOf(bytes), 0);
  header.writeInt32LE(await linkIndex(link, inside), 4);
  header.writeUInt16LE(NUD_PERMANENT, 8);
  return [header, attribute(NDA.address, bytes)];
}

/** Decodes a neighbour. Returns none for an interface that has gone. */
function decodeNeighbour(body: Buffer, names: ReadonlyMap<number, string>): readonly Neighbour[] {
  const index = body.readInt32LE(4);
  const link = names.get(index);
  if (link === undefined) return [];
  const attributes = parseAttributes(body.subarray(NDMSG_BYTES));
  const address = attributes.get(NDA.address);
  const mac = attributes.get(NDA.linkAddress);
  const state = body.readUInt16LE(8);
  return [
    {
      link,
      linkIndex: index,
      address: address === undefined ? '' : formatIp(address),
      macAddress: mac?.length === MAC_BYTES ? formatMac(mac) : undefined,
      state: STATES.get(state) ?? state,
    },
  ];
}
