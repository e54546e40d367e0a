/**
 * The files that the engine writes for a container and bind-mounts over the container's own, such as /etc/hosts. They
 * lie in the container's run directory.
 */
import { closeSync, existsSync, fchmodSync, fchownSync, openSync, writeSync } from 'node:fs';

import { TspodError } from '../errors.js';
import { readText } from '../host/readable.js';
import type { ContainerFiles } from '../spec/files/file-mounts.js';
import type { HostEntry, NameConfig } from '../spec/network/name-options.js';
import { NO_SPACE } from '../util/errno.js';
import { hostsAround, hostsText, joinersLine, type HostsAround, type HostsRequest } from './hosts-file.js';
import { changeInPlace, withLine, withSection } from './hosts-section.js';
import { resolvText, type ResolvRequest } from './resolv-file.js';

export interface FileRequest {
  /** The container's run directory. */
  readonly run: string;
  readonly hostname: string;
  readonly name: string;
  readonly names: NameConfig;
  /**
   * The container's network namespace. `isolated`: its own, without connections. `joined`: one that was created outside
   * tspod. `host`: the host's. `attached`: its own, attached to networks. `sharedWith`: the run directory of the
   * container whose network namespace it shares, and whose files it shares too.
   */
  readonly network: OwnNetwork | { readonly sharedWith: string };
  /** Path of the namespace; only with `joined`. */
  readonly namespacePath?: string | undefined;
  /** Names and name servers on the networks; only with `attached`. */
  readonly attached?: AttachedNames | undefined;
  /** The run directory of the container whose UTS namespace is shared. */
  readonly hostnameSharedWith: string | undefined;
  /** Content of /run/.containerenv; '' unless the container is privileged, as in Podman. */
  readonly containerenv: string;
  /** Host ids of the container's root user, who owns the files. */
  readonly owner: { readonly uid: number; readonly gid: number };
}

export type OwnNetwork = 'isolated' | 'joined' | 'host' | 'attached';

/** Names and name servers of a container that is attached to networks. */
export interface AttachedNames {
  readonly addresses: readonly string[];
  /** The container's aliases, in addition to its host name and name. */
  readonly aliases: readonly string[];
  /** Address by which the container reaches the host. undefined: it does not, or by any of the host's addresses. */
  readonly gateway: string | undefined;
  /** Names that the engine has resolved for the container. */
  readonly pinned: readonly HostEntry[];
  /** Names of other containers on its networks; updated while the container runs. */
  readonly others: readonly HostEntry[];
  /** Name servers configured for its networks. */
  readonly servers: readonly string[];
  /** Name servers of those of its networks that resolve names over DNS; they forward other queries themselves. */
  readonly resolvers: readonly string[];
}

/**
 * Returns the paths of the container's files without writing them. A file shared with another container is listed only
 * if that container has it.
 */
export function containerFiles(request: FileRequest): ContainerFiles {
  const { run, network, names, hostnameSharedWith } = request;
  return {
    ...(typeof network === 'object' ? sharedFiles(request, network.sharedWith) : ownFiles(request, network)),
    ...(names.hostnameFile ? present('hostname', hostnameSharedWith ?? run, hostnameSharedWith === undefined) : {}),
    containerenv: `${run}/containerenv`,
    secrets: `${run}/secrets`,
  };
}

function ownFiles({ run, names }: FileRequest, network: OwnNetwork): ContainerFiles {
  return {
    ...(names.hosts === undefined ? {} : { hosts: `${run}/hosts` }),
    ...(network === 'isolated' || names.dns === 'none' ? {} : { resolvConf: `${run}/resolv.conf` }),
  };
}

function sharedFiles({ names }: FileRequest, run: string): ContainerFiles {
  return {
    ...(names.hosts === undefined ? {} : present('hosts', run, false)),
    ...present('resolvConf', run, false),
  };
}

const FILE_NAMES = { hosts: 'hosts', hostname: 'hostname', resolvConf: 'resolv.conf' } as const;

/** Returns the path of one file in a run directory; nothing if it belongs to another container that lacks it. */
function present(key: keyof typeof FILE_NAMES, run: string, isOwn: boolean): ContainerFiles {
  const path = `${run}/${FILE_NAMES[key]}`;
  return isOwn || existsSync(path) ? { [key]: path } : {};
}

/** Writes the container's files. Returns their paths, like containerFiles(). */
export function writeContainerFiles(request: FileRequest): ContainerFiles {
  const files = containerFiles(request);
  const { network, names, hostname, owner } = request;
  if (files.hosts !== undefined) {
    if (typeof network === 'object') joinHosts(files.hosts, request);
    else write(files.hosts, ownHosts(request), owner);
  }
  if (files.resolvConf !== undefined && typeof network === 'string' && names.dns !== 'none') {
    const ownNetwork = network === 'joined' || network === 'attached';
    const { namespacePath, attached } = request;
    write(files.resolvConf, ownResolvText(names.dns, { ownNetwork, namespacePath, ...attached }), owner);
  }
  if (files.hostname !== undefined && request.hostnameSharedWith === undefined)
    write(files.hostname, `${hostname}\n`, owner);
  if (files.containerenv !== undefined) write(files.containerenv, request.containerenv, owner);
  return files;
}

type Dns = ResolvRequest['dns'];

type ResolvSources = Pick<ResolvRequest, 'ownNetwork' | 'namespacePath' | 'resolvers'> &
  Partial<Pick<AttachedNames, 'addresses' | 'servers'>>;

function ownResolvText(dns: Dns, { addresses, servers = [], ...sources }: ResolvSources): string {
  // The addresses in a namespace created outside tspod are not known.
  const ipv6 = addresses === undefined || addresses.some((address) => address.includes(':'));
  // Reads through symbolic links: systemd-resolved's stub file lies below /run, which a `host:` container does not see.
  return resolvText({ ...sources, dns: withServers(dns, servers), ipv6, read: readText });
}

/** Returns the /etc/resolv.conf of a container on networks that do not resolve names over DNS. */
export function attachedResolvText(dns: Dns, attached: Pick<AttachedNames, 'addresses' | 'servers'>): string {
  return ownResolvText(dns, { ownNetwork: true, ...attached });
}

/** Adds the networks' name servers if the user has given none. */
function withServers<T extends { readonly servers: readonly string[] }>(dns: T, servers: readonly string[]): T {
  return dns.servers.length > 0 || servers.length === 0 ? dns : { ...dns, servers };
}

function ownHosts(request: FileRequest): string {
  const base = request.names.hosts?.base ?? 'none';
  // With `image`, the launch reads the image's file once the root is there.
  if (base === 'image') return '';
  const text = hostsText({ ...hostsRequest(request), base: base === 'none' ? '' : readText(base) });
  return withSection(text, request.attached?.others ?? []);
}

function hostsRequest({ names, network, hostname, name, attached }: FileRequest): HostsRequest {
  const added = [...(names.hosts?.added ?? []), ...(attached?.pinned ?? [])];
  const request = { base: '', added, hostReachable: network !== 'isolated', names: [hostname, name] };
  if (attached === undefined) return request;
  const { addresses, aliases, gateway } = attached;
  const own = addresses.length === 0 ? {} : { addresses };
  return { ...request, ...own, gateway, names: [...request.names, ...aliases] };
}

/** Returns the text around the image's lines in /etc/hosts; undefined if the file is not based on the image's. */
export function aroundImageHosts(request: FileRequest): HostsAround | undefined {
  const isOwn = typeof request.network === 'string';
  return isOwn && request.names.hosts?.base === 'image' ? hostsAround(hostsRequest(request)) : undefined;
}

/** Creates an empty file that the launch fills. */
export function writeEmptyFile(path: string, owner: FileRequest['owner']): void {
  write(path, '', owner);
}

/**
 * Adds the container's names to the /etc/hosts of the container whose network it shares: all that share a network find
 * each other's names.
 */
function joinHosts(path: string, { hostname, name }: FileRequest): void {
  changeInPlace(path, (text) => withLine(text, joinersLine(text, [hostname, name])));
}

/**
 * Writes a file that every user of the container can read, whatever the umask, and only the container's root can
 * change.
 */
function write(path: string, content: string, { uid, gid }: FileRequest['owner']): void {
  const fd = openSync(path, 'w', 0o644);
  try {
    fchmodSync(fd, 0o644);
    if (uid !== 0 || gid !== 0) fchownSync(fd, uid, gid);
    if (content !== '') writeSync(fd, content);
  } catch (error) {
    // Node's errors for a descriptor do not name the file.
    const isFull = NO_SPACE.has((error as NodeJS.ErrnoException).code ?? '');
    throw isFull ? new TspodError('DISK_FULL', `no space left for "${path}"`, { cause: error }) : error;
  } finally {
    closeSync(fd);
  }
}
