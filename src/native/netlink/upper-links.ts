/** Interfaces above another one, which they share. */
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

/** An interface above another one of its namespace; setLink() moves it to another. */
export interface NewUpperLink extends NewLink {
  /** Name of the interface below. */
  readonly parent: string;
}

const UPPER: OptionsOf<NewUpperLink> = { ...NEW_LINK, parent: 'any' };

export interface NewMacvlan extends NewUpperLink {
  /** Who reaches whom on the same parent. @default 'bridge': all do */
  readonly mode?: MacvlanMode;
}

const MACVLAN: OptionsOf<NewMacvlan> = { ...UPPER, mode: 'any' };

/** It has the MAC address of its parent. */
export interface NewIpvlan extends Omit<NewUpperLink, 'macAddress'> {
  /** Whether the parent switches frames (`l2`), or routes packets (`l3`), also through the firewall of the host (`l3s`). @default 'l2' */
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
  /** 1 to 4094. */
  readonly id: number;
}

const VLAN: OptionsOf<NewVlan> = { ...UPPER, id: 'any' };

/** Makes an interface with a MAC address of its own on another's network. NativeError ENODEV without the parent, else as of createVeth(). */
export async function createMacvlan(link: NewMacvlan): Promise<void> {
  requireOptions('createMacvlan options', link, MACVLAN);
  const mode = requireMode('macvlan', MACVLAN_MODES, link.mode ?? 'bridge');
  await createUpper(link, 'macvlan', [u32Attribute(IFLA_MACVLAN_MODE, mode)]);
}

/** Makes an interface with addresses of its own and the MAC address of another. NativeError as of createMacvlan(). */
export async function createIpvlan(link: NewIpvlan): Promise<void> {
  requireOptions('createIpvlan options', link, IPVLAN);
  const mode = requireMode('ipvlan', IPVLAN_MODES, link.mode ?? 'l2');
  await createUpper(link, 'ipvlan', [attribute(IFLA_IPVLAN_MODE, Uint8Array.of(mode, 0))]);
}

/** Makes an interface for the packets of one VLAN (802.1Q) of another. NativeError as of createMacvlan(). */
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
