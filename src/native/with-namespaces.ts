/** Work in other namespaces without starting a process. */
import { requireObject } from './arguments.js';
import { sourcesOf } from './inside.js';
import type { ThreadNamespaces } from './inside.js';
import { getHostname, readDirectoryInside, readFileInside, setHostname, writeFileInside } from './kernel-files.js';
import { bindMount, mountFileSystem, setPropagation, unmount } from './mounts.js';
import type { BindMountOptions, MountFileSystemOptions, Propagation } from './mounts.js';
import { openNamespace, requireSources } from './namespace-handle.js';
import type { NamespaceHandle } from './namespace-handle.js';
import type { ThreadNamespaceKind } from './namespace-kinds.js';
import { addAddress, listAddresses, removeAddress } from './netlink/addresses.js';
import type { AddAddressOptions, LinkAddress, RemoveAddressOptions } from './netlink/addresses.js';
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

/**
 * Operations in the namespaces, each carried out on a thread that joins them and ends. They work like the functions
 * with the option `inside`.
 */
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
  removeAddress(link: string, address: string, options?: Omit<RemoveAddressOptions, 'inside'>): Promise<void>;
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
 * Opens the namespaces, calls `work` with operations in them, and closes them when it is done: they are the same
 * namespaces throughout, whatever happens to the processes or files that named them.
 *
 * TspodError NOT_SUPPORTED for `user`, `time` and `pid`, which no thread of a running program can enter: see
 * runInNamespaces(). NativeError as for openNamespace(). An operation that `work` has begun and not awaited is
 * completed all the same; one that it begins later is a TypeError.
 */
export async function withNamespaces<T>(
  namespaces: ThreadNamespaces,
  work: (operations: InsideOperations) => Promise<T>,
): Promise<T> {
  requireSources(namespaces);
  if (typeof work !== 'function') throw new TypeError('the work to do in namespaces must be a function');
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

/**
 * Returns the operations. The functions check their options, except those that they would not see. All errors are
 * rejections of the promise.
 */
function operationsInside(inside: ThreadNamespaces): InsideOperations {
  const here = <T extends object>(options?: T): T & { readonly inside: ThreadNamespaces } => {
    if (options !== undefined) requireObject(options, 'options');
    if (options !== undefined && 'inside' in options)
      throw new TypeError('"inside" is not an option here: it is what withNamespaces was given');
    return { ...(options as T), inside };
  };
  return {
    readFile: async (path, options) => readFileInside(path, here(options)),
    writeFile: async (path, value, options?: object) => writeFileInside(path, value, here(options)),
    readDirectory: async (path, options?: object) => readDirectoryInside(path, here(options)),
    hostname: async (options?: object) => getHostname(here(options)),
    setHostname: async (name, options?: object) => setHostname(name, here(options)),
    mountFileSystem: async (mount) => mountFileSystem(here(mount)),
    bindMount: async (mount) => bindMount(here(mount)),
    unmount: async (path, options) => unmount(path, here(options)),
    setPropagation: async (path, type, options) => setPropagation(path, type, here(options)),
    listLinks: async (options?: object) => listLinks(here(options)),
    findLink: async (name, options?: object) => findLink(name, here(options)),
    createVeth: async (veth) => createVeth(here(veth)),
    createBridge: async (link) => createBridge(here(link)),
    createDummy: async (link) => createDummy(here(link)),
    setLink: async (name, changes) => setLink(name, here(changes)),
    removeLink: async (name, options?: object) => removeLink(name, here(options)),
    listAddresses: async (options) => listAddresses(here(options)),
    addAddress: async (link, address, options) => addAddress(link, address, here(options)),
    removeAddress: async (link, address, options) => removeAddress(link, address, here(options)),
    listRoutes: async (options) => listRoutes(here(options)),
    addRoute: async (route) => addRoute(here(route)),
    removeRoute: async (route) => removeRoute(here(route)),
    createMacvlan: async (link) => createMacvlan(here(link)),
    createIpvlan: async (link) => createIpvlan(here(link)),
    createVlan: async (link) => createVlan(here(link)),
    listNeighbours: async (options?: object) => listNeighbours(here(options)),
    setNeighbour: async (neighbour) => setNeighbour(here(neighbour)),
    removeNeighbour: async (neighbour) => removeNeighbour(here(neighbour)),
    listRoutingRules: async (options?: object) => listRoutingRules(here(options)),
    addRoutingRule: async (rule) => addRoutingRule(here(rule)),
    removeRoutingRule: async (rule) => removeRoutingRule(here(rule)),
  };
}
