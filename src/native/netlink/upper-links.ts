/** Interfaces on top of another interface, which they share. */
import { whileHeld } from '../inside.js';
import { INSIDE, requireOptions, type OptionsOf } from '../options.js';
import { IFLA } from './link-attributes.js';
import { IFLA_IPVLAN_MODE, IFLA_MACVLAN_MODE, IPVLAN_MODES, MACVLAN_MODES } from './link-drafts.js';
import type { IpvlanMode, MacvlanMode } from './link-drafts.js';
import { createLinkOfKind, linkIndex, NEW_LINK } from './links.js';
import type { NewLink } from './links.js';
import { attribute, u32Attribute } from './message.js';

const VLAN_ID = 1;
const MAX_VLAN_ID = 4094;

/** An interface on top of another one in the same namespace; setLink() moves it to another namespace. */
export interface NewUpperLink extends NewLink {
  /** Name of the interface that it is on top of. */
  readonly parent: string;
}

const UPPER: OptionsOf<NewUpperLink> = { ...NEW_LINK, parent: 'any' };

export interface NewMacvlan extends NewUpperLink {
  /** Which interfaces on the same parent reach each other. @default 'bridge': all do */
  readonly mode?: MacvlanMode;
}

const MACVLAN: OptionsOf<NewMacvlan> = { ...UPPER, mode: 'any' };

/** An ipvlan interface, which has the MAC address of its parent. */
export interface NewIpvlan extends Omit<NewUpperLink, 'macAddress'> {
  /**
   * Whether the parent switches frames (`l2`) or routes packets (`l3`), also through the host's firewall (`l3s`).
   * @default 'l2'
   */
  readonly mode?: IpvlanMode;
}

const IPVLAN: OptionsOf<NewIpvlan> = {
  ...INSIDE,
  name: 'any',
  mtu: 'any',
  up: 'boolean',
  parent: 'any',
  mode: 'any',
};

export interface NewVlan extends NewUpperLink {
  /** Number of the VLAN, 1 to 4094. */
  readonly id: number;
}

const VLAN: OptionsOf<NewVlan> = { ...UPPER, id: 'any' };

/**
 * Makes a macvlan: an interface with a MAC address of its own on the network of its parent. NativeError ENODEV without
 * the parent, else as for createVeth().
 */
export async function createMacvlan(link: NewMacvlan): Promise<void> {
  requireOptions('createMacvlan options', link, MACVLAN);
  const mode = requireMode('macvlan', MACVLAN_MODES, link.mode ?? 'bridge');
  await createUpper(link, 'macvlan', [u32Attribute(IFLA_MACVLAN_MODE, mode)]);
}

/**
 * Makes an ipvlan: an interface with IP addresses of its own and the MAC address of its parent. NativeError as for
 * createMacvlan().
 */
export async function createIpvlan(link: NewIpvlan): Promise<void> {
  requireOptions('createIpvlan options', link, IPVLAN);
  const mode = requireMode('ipvlan', IPVLAN_MODES, link.mode ?? 'l2');
  await createUpper(link, 'ipvlan', [attribute(IFLA_IPVLAN_MODE, Uint8Array.of(mode, 0))]);
}

/** Makes an interface for the packets of one VLAN (802.1Q) of its parent. NativeError as for createMacvlan(). */
export async function createVlan(link: NewVlan): Promise<void> {
  requireOptions('createVlan options', link, VLAN);
  const { id } = link;
  if (!Number.isInteger(id) || id < 1 || id > MAX_VLAN_ID) throw new TypeError(`not the number of a VLAN: ${id}`);
  await createUpper(link, 'vlan', [attribute(VLAN_ID, Uint8Array.of(id & 0xff, id >> 8))]);
}

async function createUpper(link: NewUpperLink, kind: string, data: readonly Uint8Array[]): Promise<void> {
  await whileHeld(link.inside, async (inside) => {
    const parent = await linkIndex(link.parent, inside);
    const attributes = [u32Attribute(IFLA.link, parent)];
    await createLinkOfKind({ ...link, ...(inside === undefined ? {} : { inside }) }, kind, { data, attributes });
  });
}

function requireMode<T extends string>(kind: string, modes: Readonly<Record<T, number>>, mode: T): number {
  if (!Object.hasOwn(modes, mode)) throw new TypeError(`not a mode of ${kind}: "${mode}"`);
  return modes[mode];
}
