/** Working in other namespaces without starting a process. */
import { sourcesOf } from './inside.js';
import type { ThreadNamespaces } from './inside.js';
import { getHostname, readDirectoryInside, readFileInside, setHostname, writeFileInside } from './kernel-files.js';
import { bindMount, mountFileSystem, setPropagation, unmount } from './mounts.js';
import type { BindMountOptions, MountFileSystemOptions, Propagation } from './mounts.js';
import { openNamespace } from './namespace-handle.js';
import type { NamespaceHandle } from './namespace-handle.js';
import type { ThreadNamespaceKind } from './namespace-kinds.js';
import { addAddress, listAddresses, removeAddress } from './netlink/addresses.js';
import type { AddAddressOptions, LinkAddress } from './netlink/addresses.js';
import { createBridge, createDummy, createVeth, findLink, listLinks, removeLink, setLink } from './netlink/links.js';
import type { LinkChanges, NewLink, NewVeth } from './netlink/links.js';
import type { Link } from './netlink/link-decode.js';
import { addRoute, listRoutes, removeRoute } from './netlink/routes.js';
import type { Route, RouteOptions } from './netlink/routes.js';
import { listNeighbours, removeNeighbour, setNeighbour } from './netlink/neighbours.js';
import type { Neighbour, NeighbourOptions } from './netlink/neighbours.js';
import { addRoutingRule, listRoutingRules, removeRoutingRule } from './netlink/routing-rules.js';
import type { RoutingRule, RoutingRuleOptions } from './netlink/routing-rules.js';
import { createIpvlan, createMacvlan, createVlan } from './netlink/upper-links.js';
import type { NewIpvlan, NewMacvlan, NewVlan } from './netlink/upper-links.js';

/** The operations, each carried out in the namespaces, on a thread that joins them and ends: as the functions with `inside`. */
export interface InsideOperations {
  readFile(path: string, options?: { readonly maxBytes?: number }): Promise<string>;
  writeFile(path: string, value: string): Promise<void>;
  readDirectory(path: string): Promise<string[]>;
  hostname(): Promise<string>;
  setHostname(name: string): Promise<void>;
  mountFileSystem(mount: Omit<MountFileSystemOptions, 'inside'>): Promise<void>;
  bindMount(mount: Omit<BindMountOptions, 'inside'>): Promise<void>;
  unmount(path: string, options?: { readonly detach?: boolean; readonly force?: boolean }): Promise<void>;
  setPropagation(path: string, type: Propagation, options?: { readonly recursive?: boolean }): Promise<void>;
  listLinks(): Promise<Link[]>;
  findLink(name: string): Promise<Link | undefined>;
  createVeth(veth: Omit<NewVeth, 'inside'>): Promise<void>;
  createBridge(link: Omit<NewLink, 'inside'>): Promise<void>;
  createDummy(link: Omit<NewLink, 'inside'>): Promise<void>;
  setLink(name: string, changes: Omit<LinkChanges, 'inside'>): Promise<void>;
  removeLink(name: string): Promise<void>;
  listAddresses(options?: { readonly link?: string }): Promise<LinkAddress[]>;
  addAddress(link: string, address: string, options?: Omit<AddAddressOptions, 'inside'>): Promise<void>;
  removeAddress(link: string, address: string): Promise<void>;
  listRoutes(options?: { readonly table?: number | 'all' }): Promise<Route[]>;
  addRoute(route: Omit<RouteOptions, 'inside'>): Promise<void>;
  removeRoute(route: Omit<RouteOptions, 'inside'>): Promise<void>;
  createMacvlan(link: Omit<NewMacvlan, 'inside'>): Promise<void>;
  createIpvlan(link: Omit<NewIpvlan, 'inside'>): Promise<void>;
  createVlan(link: Omit<NewVlan, 'inside'>): Promise<void>;
  listNeighbours(): Promise<Neighbour[]>;
  setNeighbour(neighbour: Omit<NeighbourOptions, 'inside'> & { readonly macAddress: string }): Promise<void>;
  removeNeighbour(neighbour: Omit<NeighbourOptions, 'inside'>): Promise<void>;
  listRoutingRules(): Promise<RoutingRule[]>;
  addRoutingRule(rule: Omit<RoutingRuleOptions, 'inside'>): Promise<void>;
  removeRoutingRule(rule: Omit<RoutingRuleOptions, 'inside'>): Promise<void>;
}

/**
 * Opens the namespaces, hands their operations to `work`, and closes them when it is done: they are the same ones throughout, whatever
 * becomes of the processes or files that named them.
 *
 * TspodError NOT_SUPPORTED for `user`, `time` and `pid`, which no thread of a running program can enter: see runInNamespaces. NativeError of
 * openNamespace. An operation that `work` has begun and not waited for is carried out all the same; one that it begins later is a TypeError.
 */
export async function withNamespaces<T>(
  namespaces: ThreadNamespaces,
  work: (operations: InsideOperations) => Promise<T>,
): Promise<T> {
  const sources = sourcesOf(namespaces);
  const held: NamespaceHandle[] = [];
  try {
    const inside: { [K in ThreadNamespaceKind]?: NamespaceHandle } = {};
    for (const [kind, source] of sources) {
      const handle = openNamespace(kind, source);
      held.push(handle);
      inside[kind] = handle;
    }
    return await work(operationsInside(inside));
  } finally {
    for (const handle of held) handle.close();
  }
}

function operationsInside(inside: ThreadNamespaces): InsideOperations {
  return {
    readFile: (path, options) => readFileInside(path, { ...options, inside }),
    writeFile: (path, value) => writeFileInside(path, value, { inside }),
    readDirectory: (path) => readDirectoryInside(path, { inside }),
    hostname: () => getHostname({ inside }),
    setHostname: (name) => setHostname(name, { inside }),
    mountFileSystem: (mount) => mountFileSystem({ ...mount, inside }),
    bindMount: (mount) => bindMount({ ...mount, inside }),
    unmount: (path, options) => unmount(path, { ...options, inside }),
    setPropagation: (path, type, options) => setPropagation(path, type, { ...options, inside }),
    listLinks: () => listLinks({ inside }),
    findLink: (name) => findLink(name, { inside }),
    createVeth: (veth) => createVeth({ ...veth, inside }),
    createBridge: (link) => createBridge({ ...link, inside }),
    createDummy: (link) => createDummy({ ...link, inside }),
    setLink: (name, changes) => setLink(name, { ...changes, inside }),
    removeLink: (name) => removeLink(name, { inside }),
    listAddresses: (options) => listAddresses({ ...options, inside }),
    addAddress: (link, address, options) => addAddress(link, address, { ...options, inside }),
    removeAddress: (link, address) => removeAddress(link, address, { inside }),
    listRoutes: (options) => listRoutes({ ...options, inside }),
    addRoute: (route) => addRoute({ ...route, inside }),
    removeRoute: (route) => removeRoute({ ...route, inside }),
    createMacvlan: (link) => createMacvlan({ ...link, inside }),
    createIpvlan: (link) => createIpvlan({ ...link, inside }),
    createVlan: (link) => createVlan({ ...link, inside }),
    listNeighbours: () => listNeighbours({ inside }),
    setNeighbour: (neighbour) => setNeighbour({ ...neighbour, inside }),
    removeNeighbour: (neighbour) => removeNeighbour({ ...neighbour, inside }),
    listRoutingRules: () => listRoutingRules({ inside }),
    addRoutingRule: (rule) => addRoutingRule({ ...rule, inside }),
    removeRoutingRule: (rule) => removeRoutingRule({ ...rule, inside }),
  };
}
