/** Finds, makes, changes and removes network interfaces, in this process's network namespace or in another one. */
import { whileHeld } from '../inside.js';
import type { ThreadNamespaces } from '../inside.js';
import type { InsideOptions } from '../mounts.js';
import { isNativeError } from '../native-error.js';
import { openNamespace } from '../namespace-handle.js';
import type { NamespaceSource } from '../namespace-handle.js';
import { INSIDE, requireOptions, type OptionsOf } from '../options.js';
import { converse } from './conversation.js';
import { attributesOfNew, IFLA, macBytes, requireLinkName, requireMtu } from './link-attributes.js';
import { decodeLink, ifInfo } from './link-decode.js';
import type { Link } from './link-decode.js';
import { attribute, nestedAttribute, NLM_F, request, RTM, textAttribute, u32Attribute } from './message.js';

const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const VETH_INFO_PEER = 1;

const IFF_UP = 1;

/** Properties of an interface that is made. */
export interface NewLink extends InsideOptions {
  /** Name: 1 to 15 bytes, no slash, no space. */
  readonly name: string;
  /** MTU in bytes. @default the driver's */
  readonly mtu?: number;
  /** Hardware address, like `02:00:00:00:00:01`. @default random */
  readonly macAddress?: string;
  /** Whether the interface is up from the start. @default false */
  readonly up?: boolean;
}

export interface NewVeth extends NewLink {
  /** The other end of the pair. */
  readonly peer: Omit<NewLink, 'inside'> & {
    /** Network namespace in which the other end is made. @default that of the first end */
    readonly namespace?: NamespaceSource;
  };
}

/** The options of every new link. */
export const NEW_LINK: OptionsOf<NewLink> = { ...INSIDE, name: 'any', mtu: 'any', macAddress: 'any', up: 'boolean' };

const VETH: OptionsOf<NewVeth> = { ...NEW_LINK, peer: 'any' };

const PEER: OptionsOf<NewVeth['peer']> = {
  name: 'any',
  mtu: 'any',
  macAddress: 'any',
  up: 'boolean',
  namespace: 'any',
};

/** Returns all interfaces. */
export async function listLinks(options: InsideOptions = {}): Promise<Link[]> {
  requireOptions('listLinks options', options, INSIDE);
  const bytes = request(RTM.getLink, NLM_F.dump, [ifInfo()]);
  const messages = await converse(options.inside, { what: 'RTM_GETLINK', on: 'all' }, bytes);
  return messages.filter((message) => message.type === RTM.newLink).map((message) => decodeLink(message.body));
}

/** Returns one interface; undefined if there is none of this name. */
export async function findLink(name: string, options: InsideOptions = {}): Promise<Link | undefined> {
  requireOptions('findLink options', options, INSIDE);
  const bytes = request(RTM.getLink, NLM_F.ack, [ifInfo(), textAttribute(IFLA.name, requireLinkName(name))]);
  try {
    const [message] = await converse(options.inside, { what: 'RTM_GETLINK', on: name }, bytes);
    return message === undefined ? undefined : decodeLink(message.body);
  } catch (error) {
    if (isNativeError(error, 'ENODEV')) return undefined;
    throw error;
  }
}

/**
 * Returns the names of interfaces by index, for replies in which the kernel has only the index. Called after the reply,
 * it lacks only interfaces that have gone meanwhile.
 */
export async function linkNames(inside: ThreadNamespaces | undefined): Promise<ReadonlyMap<number, string>> {
  const links = await listLinks(inside === undefined ? {} : { inside });
  return new Map(links.map(({ index, name }) => [index, name]));
}

/** Returns the index of an interface that must exist: NativeError ENODEV if it does not. */
export async function linkIndex(name: string, inside: ThreadNamespaces | undefined): Promise<number> {
  const bytes = request(RTM.getLink, NLM_F.ack, [ifInfo(), textAttribute(IFLA.name, requireLinkName(name))]);
  const [message] = await converse(inside, { what: 'RTM_GETLINK', on: name }, bytes);
  return message?.body.readInt32LE(4) ?? 0;
}

/**
 * Makes a pair of interfaces: packets sent into one end come out at the other. NativeError EEXIST if a name is taken,
 * EOPNOTSUPP if the kernel has no such links, EPERM.
 */
export async function createVeth(veth: NewVeth): Promise<void> {
  requireOptions('createVeth options', veth, VETH);
  requireOptions('createVeth peer', veth.peer, PEER);
  const { namespace, ...peer } = veth.peer;
  const handle = namespace === undefined ? undefined : openNamespace('net', namespace);
  try {
    const place = handle === undefined ? [] : [u32Attribute(IFLA.namespaceFd, handle.fd)];
    const peerParts = [ifInfo(), ...attributesOfNew(peer), ...place];
    // An end can be set up only once the other end exists.
    const data = [nestedAttribute(VETH_INFO_PEER, peerParts)];
    await whileHeld(veth.inside, async (inside) => {
      const first = { ...veth, ...(inside === undefined ? {} : { inside }) };
      await createLinkOfKind({ ...first, up: false }, 'veth', { data });
      await switchOn(first, { ...peer, inside: handle === undefined ? inside : { net: handle } });
    });
  } finally {
    handle?.close();
  }
}

/** Sets ends of a pair up, and removes the pair if that fails. */
async function switchOn(
  ...ends: readonly { name: string; up?: boolean; inside?: ThreadNamespaces | undefined }[]
): Promise<void> {
  try {
    for (const { name, up, inside } of ends) {
      if (up === true) await setLink(name, { up, ...(inside === undefined ? {} : { inside }) });
    }
  } catch (error) {
    const [first] = ends;
    if (first !== undefined) await removeLink(first.name, first.inside === undefined ? {} : { inside: first.inside });
    throw error;
  }
}

/** Makes a bridge. Interfaces become its ports by `setLink(name, { master })`. NativeError as for createVeth(). */
export async function createBridge(link: NewLink): Promise<void> {
  requireOptions('createBridge options', link, NEW_LINK);
  await createLinkOfKind(link, 'bridge');
}

/**
 * Makes an interface that drops all packets sent to it, for addresses of one's own. NativeError as for createVeth().
 */
export async function createDummy(link: NewLink): Promise<void> {
  requireOptions('createDummy options', link, NEW_LINK);
  await createLinkOfKind(link, 'dummy');
}

interface KindDetails {
  /** Attributes of the kind (IFLA_INFO_DATA). */
  readonly data?: readonly Uint8Array[];
  /** Attributes in addition to those that every new link has. */
  readonly attributes?: readonly Uint8Array[];
}

export async function createLinkOfKind(
  link: NewLink,
  kind: string,
  { data = [], attributes = [] }: KindDetails = {},
): Promise<void> {
  const info = [
    textAttribute(IFLA_INFO_KIND, kind),
    ...(data.length > 0 ? [nestedAttribute(IFLA_INFO_DATA, data)] : []),
  ];
  const own = [...attributesOfNew(link), ...attributes];
  const parts = [ifInfo(upFlags(link.up)), ...own, nestedAttribute(IFLA.linkInfo, info)];
  const bytes = request(RTM.newLink, NLM_F.create | NLM_F.exclusive | NLM_F.ack, parts);
  await converse(link.inside, { what: 'RTM_NEWLINK', on: `${kind} ${link.name}` }, bytes);
}

/** Removes an interface, and with it the other end of a pair. NativeError ENODEV if there is none of this name. */
export async function removeLink(name: string, options: InsideOptions = {}): Promise<void> {
  requireOptions('removeLink options', options, INSIDE);
  const bytes = request(RTM.delLink, NLM_F.ack, [ifInfo(), textAttribute(IFLA.name, requireLinkName(name))]);
  await converse(options.inside, { what: 'RTM_DELLINK', on: name }, bytes);
}

/**
 * Changes to an interface; properties that are not named stay as they are. All changes are made or none, except if a
 * move is refused.
 */
export interface LinkChanges extends InsideOptions {
  /** Whether the interface is up. */
  readonly up?: boolean;
  /** New name; older kernels require the interface to be down (NativeError EBUSY). */
  readonly name?: string;
  /** MTU in bytes. */
  readonly mtu?: number;
  /** Hardware address, like `02:00:00:00:00:01`. */
  readonly macAddress?: string;
  /** Name of the bridge that the interface becomes a port of; null: of none. */
  readonly master?: string | null;
  /** Network namespace that the interface moves to; `name` is its name there. */
  readonly namespace?: NamespaceSource;
}

const CHANGES: OptionsOf<LinkChanges> = {
  ...INSIDE,
  up: 'boolean',
  name: 'any',
  mtu: 'any',
  macAddress: 'any',
  master: 'any',
  namespace: 'any',
};

/** Changes an interface. NativeError ENODEV if there is none of this name, or no such master; EPERM. */
export async function setLink(name: string, changes: LinkChanges): Promise<void> {
  requireOptions('setLink options', changes, CHANGES);
  const handle = changes.namespace === undefined ? undefined : openNamespace('net', changes.namespace);
  try {
    await whileHeld(changes.inside, async (inside) => {
      const index = await linkIndex(name, inside);
      const parts = [ifInfo({ index, ...upFlags(changes.up) }), ...(await changedAttributes(changes, inside))];
      if (handle !== undefined) parts.push(u32Attribute(IFLA.namespaceFd, handle.fd));
      const bytes = request(RTM.newLink, NLM_F.ack, parts);
      await converse(inside, { what: 'RTM_NEWLINK', on: name }, bytes);
    });
  } finally {
    handle?.close();
  }
}

async function changedAttributes(changes: LinkChanges, inside: ThreadNamespaces | undefined): Promise<Buffer[]> {
  const parts: Buffer[] = [];
  if (changes.name !== undefined) parts.push(textAttribute(IFLA.name, requireLinkName(changes.name)));
  if (changes.mtu !== undefined) parts.push(u32Attribute(IFLA.mtu, requireMtu(changes.mtu)));
  if (changes.macAddress !== undefined) parts.push(attribute(IFLA.address, macBytes(changes.macAddress)));
  if (changes.master === null) parts.push(u32Attribute(IFLA.master, 0));
  else if (changes.master !== undefined) {
    parts.push(u32Attribute(IFLA.master, await linkIndex(changes.master, inside)));
  }
  return parts;
}

function upFlags(up: boolean | undefined): { flags?: number; change?: number } {
  return up === undefined ? {} : { flags: up ? IFF_UP : 0, change: IFF_UP };
}
