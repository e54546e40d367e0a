/** The text of a container's /etc/resolv.conf. */
import { basename } from 'node:path';

import type { NameConfig } from '../spec/network/name-options.js';

export interface ResolvRequest {
  readonly dns: Exclude<NameConfig['dns'], 'none'>;
  /** The container has its own network namespace: servers on the host's loopback cannot be reached. */
  readonly ownNetwork: boolean;
  /** Whether the host's servers can be reached at IPv6 addresses. @default true */
  readonly ipv6?: boolean;
  /** Path of a network namespace created outside tspod: ip-netns(8) may have a file for its name. */
  readonly namespacePath?: string | undefined;
  /**
   * Servers of the container's networks, which know the names on them and forward other queries to `dns.servers`.
   * @default none
   */
  readonly resolvers?: readonly string[];
  /** Reads a file of the host; '' if there is none. */
  readonly read: (path: string) => string;
}

/**
 * Stub resolvers on the host's loopback (systemd-resolved, NetworkManager), with the files that list the servers behind
 * them.
 */
const BEHIND_STUB: ReadonlyMap<string | undefined, string> = new Map([
  ['127.0.0.53', '/run/systemd/resolve/resolv.conf'],
  ['127.0.0.1', '/run/NetworkManager/no-stub-resolv.conf'],
]);

/** Search domain of the networks: their name server strips it from a name. */
const NETWORK_DOMAIN = 'dns.podman';

/** Podman's fallback for a host without any server that the container can reach. */
const FALLBACK = ['8.8.8.8', '8.8.4.4'];
const FALLBACK_IPV6 = ['2001:4860:4860::8888', '2001:4860:4860::8844'];

/** Returns the text of /etc/resolv.conf: the settings that were asked for, and the host's for the rest. */
export function resolvText(request: ResolvRequest): string {
  const { dns, ownNetwork, resolvers = [], read } = request;
  const asked = dns.servers.length + dns.search.length + dns.options.length > 0;
  const host = namespaceText(request) || read('/etc/resolv.conf');
  if (!asked && !ownNetwork) return host;
  const text = ownNetwork ? textBehindStub(host, read) || host : host;
  const asking = resolvers.length > 0 ? resolvers : dns.servers;
  const servers = asking.length > 0 ? asking : hostServers(text, request);
  const found = [...(resolvers.length > 0 ? [NETWORK_DOMAIN] : []), ...searchIn(text)];
  const search = dns.search.length > 0 ? dns.search.filter((domain) => domain !== '.') : found;
  const options = dns.options.length > 0 ? dns.options : wordsOf(text, 'options').flat();
  return [
    ...(search.length > 0 ? [`search ${search.join(' ')}\n`] : []),
    ...servers.map((server) => `nameserver ${server}\n`),
    ...(options.length > 0 ? [`options ${options.join(' ')}\n`] : []),
  ].join('');
}

function namespaceText({ namespacePath, read }: ResolvRequest): string {
  // A namespace given by its process has no name.
  if (namespacePath === undefined || namespacePath.startsWith('/proc/')) return '';
  return read(`/etc/netns/${basename(namespacePath)}/resolv.conf`);
}

function textBehindStub(text: string, read: ResolvRequest['read']): string {
  const [first, ...others] = serversIn(text);
  const path = BEHIND_STUB.get(first);
  return path !== undefined && others.every((server) => server === first) ? read(path) : '';
}

function hostServers(text: string, { ownNetwork, ipv6 = true }: ResolvRequest): readonly string[] {
  const servers = serversIn(text);
  if (!ownNetwork) return servers;
  const reachable = servers.filter((server) => !isLocal(server) && (ipv6 || !server.includes(':')));
  if (reachable.length > 0) return reachable;
  return ipv6 ? [...FALLBACK, ...FALLBACK_IPV6] : FALLBACK;
}

/** Whether the server is on the host's loopback, or bound to an interface of the host: `fe80::1%eth0`. */
function isLocal(server: string): boolean {
  return /^127\.|^::1$|%/.test(server);
}

function serversIn(text: string): readonly string[] {
  return wordsOf(text, 'nameserver').flatMap(([server]) => (server === undefined ? [] : [server]));
}

/** Returns the search domains: the last search or domain line counts. */
function searchIn(text: string): readonly string[] {
  return [...wordsOf(text, 'search|domain')].at(-1) ?? [];
}

/** Returns the words after a keyword, line by line. */
function wordsOf(text: string, keyword: string): readonly (readonly string[])[] {
  const pattern = new RegExp(`^\\s*(?:${keyword})\\s+(.*)$`);
  return text.split('\n').flatMap((row) => {
    const rest = pattern.exec(row.replace(/[#;].*/, ''))?.[1]?.trim() ?? '';
    return rest === '' ? [] : [rest.split(/\s+/)];
  });
}

/**
 * Adds servers before the present ones, or after them (`behind`). Servers that the text has already stay where they
 * are.
 */
export function withResolvers(text: string, resolvers: readonly string[], { behind = false } = {}): string {
  const known = new Set(serversIn(text));
  const added = resolvers.filter((server) => !known.has(server)).map((server) => `nameserver ${server}\n`);
  const rows = [...text.matchAll(/^[^\S\n]*nameserver[^\S\n].*\n?/gm)];
  const [first, last] = [rows[0], rows.at(-1)];
  const end = last === undefined ? undefined : last.index + last[0].length;
  const at = (behind ? end : first?.index) ?? text.length;
  const gap = at === 0 || text[at - 1] === '\n' ? '' : '\n';
  return added.length === 0 ? text : `${text.slice(0, at)}${gap}${added.join('')}${text.slice(at)}`;
}

/** Removes servers. If none is left, adds the servers of another text. */
export function withoutResolvers(text: string, resolvers: readonly string[], otherwise: () => string): string {
  const gone = new Set(resolvers);
  const isGone = (row: string): boolean => gone.has(/^\s*nameserver\s+(\S+)\s*$/.exec(row)?.[1] ?? '');
  const left = text
    .split('\n')
    .filter((row) => !isGone(row))
    .join('\n');
  return left === text || serversIn(left).length > 0 ? left : withResolvers(left, serversIn(otherwise()));
}
