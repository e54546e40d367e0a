/** The files that the engine writes for a container and binds over its own: /etc/hosts and so on. They lie in its run directory. */
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
  /** The run directory. */
  readonly run: string;
  readonly hostname: string;
  readonly name: string;
  readonly names: NameConfig;
  /**
   * `isolated`: a network namespace of its own that leads nowhere; `joined`: one that somebody made; `host`: the host's; `attached`: one that is on
   * networks; a run directory: that of the container whose network is shared, whose files are shared with it.
   */
  readonly network: OwnNetwork | { readonly sharedWith: string };
  /** Of the namespace, with `joined`. */
  readonly namespacePath?: string | undefined;
  /** What is known by name there; only with `attached`. */
  readonly attached?: AttachedNames | undefined;
  /** The run directory of the container whose UTS namespace is shared. */
  readonly hostnameSharedWith: string | undefined;
  /** What /run/.containerenv tells; '' unless the container is privileged, as Podman has it. */
  readonly containerenv: string;
  /** Who is root in the container, as the host sees it. */
  readonly owner: { readonly uid: number; readonly gid: number };
}

export type OwnNetwork = 'isolated' | 'joined' | 'host' | 'attached';

/** Names and name servers of a container that is on networks. */
export interface AttachedNames {
  readonly addresses: readonly string[];
  /** Of its own, beside host name and name. */
  readonly aliases: readonly string[];
  /** By which the host is reached; undefined: it is not, or by any of its addresses. */
  readonly gateway: string | undefined;
  /** Names that the engine has looked up for it. */
  readonly pinned: readonly HostEntry[];
  /** Others on its networks: kept as it is now while the container runs. */
  readonly others: readonly HostEntry[];
  /** Name servers that its networks name. */
  readonly servers: readonly string[];
  /** Those of its networks that tell names over DNS, and ask other servers by themselves. */
  readonly resolvers: readonly string[];
}

/** Where they will lie. Files of another container are there already, or it does without them, too. */
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

/** One file of a run directory; nothing if another container has none. */
function present(key: keyof typeof FILE_NAMES, run: string, isOwn: boolean): ContainerFiles {
  const path = `${run}/${FILE_NAMES[key]}`;
  return isOwn || existsSync(path) ? { [key]: path } : {};
}

/** Writes them. */
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
  // What a namespace of somebody else's has is not known.
  const ipv6 = addresses === undefined || addresses.some((address) => address.includes(':'));
  // Read through links: the stub file of systemd-resolved lies below /run, which a `host:` container does not see.
  return resolvText({ ...sources, dns: withServers(dns, servers), ipv6, read: readText });
}

/** The /etc/resolv.conf of one that is on networks whose names are not told over DNS. */
export function attachedResolvText(dns: Dns, attached: Pick<AttachedNames, 'addresses' | 'servers'>): string {
  return ownResolvText(dns, { ownNetwork: true, ...attached });
}

/** Those of networks, where the user names none. */
function withServers<T extends { readonly servers: readonly string[] }>(dns: T, servers: readonly string[]): T {
  return dns.servers.length > 0 || servers.length === 0 ? dns : { ...dns, servers };
}

function ownHosts(request: FileRequest): string {
  const base = request.names.hosts?.base ?? 'none';
  // The image's is read when its root is there.
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

/** What stands around the image's lines in /etc/hosts; undefined where it does not begin with them. */
export function aroundImageHosts(request: FileRequest): HostsAround | undefined {
  const isOwn = typeof request.network === 'string';
  return isOwn && request.names.hosts?.base === 'image' ? hostsAround(hostsRequest(request)) : undefined;
}

/** A file that the launch fills. */
export function writeEmptyFile(path: string, owner: FileRequest['owner']): void {
  write(path, '', owner);
}

/** Those who share a network find each other's names. */
function joinHosts(path: string, { hostname, name }: FileRequest): void {
  changeInPlace(path, (text) => withLine(text, joinersLine(text, [hostname, name])));
}

/** Readable by every user of the container, whatever this process's umask is; its root's to change. */
function write(path: string, content: string, { uid, gid }: FileRequest['owner']): void {
  const fd = openSync(path, 'w', 0o644);
  try {
    fchmodSync(fd, 0o644);
    if (uid !== 0 || gid !== 0) fchownSync(fd, uid, gid);
    if (content !== '') writeSync(fd, content);
  } catch (error) {
    // What node says of a descriptor names no file.
    const isFull = NO_SPACE.has((error as NodeJS.ErrnoException).code ?? '');
    throw isFull ? new TspodError('DISK_FULL', `no space left for "${path}"`, { cause: error }) : error;
  } finally {
    closeSync(fd);
  }
}
