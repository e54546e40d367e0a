/** The text of a container's /etc/resolv.conf. */
import { basename } from 'node:path';

import type { NameConfig } from '../spec/network/name-options.js';

export interface ResolvRequest {
  readonly dns: Exclude<NameConfig['dns'], 'none'>;
  /** A network namespace of its own: what listens on the host's loopback cannot be reached. */
  readonly ownNetwork: boolean;
  /** Servers of the host can be asked by their IPv6 addresses. @default true */
  readonly ipv6?: boolean;
  /** Of a network namespace that somebody made: ip-netns(8) may have a file for its name. */
  readonly namespacePath?: string | undefined;
  /** Servers of the container's networks, which know the names on them and ask `dns.servers` by themselves. @default none */
  readonly resolvers?: readonly string[];
  /** Reads a file of the host; '' if there is none. */
  readonly read: (path: string) => string;
}

/** Resolvers on the host's loopback, those of systemd-resolved and NetworkManager, and the files in which they keep the servers that they ask. */
const BEHIND_STUB: ReadonlyMap<string | undefined, string> = new Map([
  ['127.0.0.53', '/run/systemd/resolve/resolv.conf'],
  ['127.0.0.1', '/run/NetworkManager/no-stub-resolv.conf'],
]);

/** What the program that tells names on networks takes away from a name. */
const NETWORK_DOMAIN = 'dns.podman';

/** Podman's, for a machine none of whose servers can be reached from the container. */
const FALLBACK = ['8.8.8.8', '8.8.4.4'];
const FALLBACK_IPV6 = ['2001:4860:4860::8888', '2001:4860:4860::8844'];

/** What was asked for, and the host's for the rest. */
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
  // One that is named by its process has no other name.
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

/** On the host's loopback, or beside an interface of the host: `fe80::1%eth0`. */
function isLocal(server: string): boolean {
  return /^127\.|^::1$|%/.test(server);
}

function serversIn(text: string): readonly string[] {
  return wordsOf(text, 'nameserver').flatMap(([server]) => (server === undefined ? [] : [server]));
}

/** The last line of search and domain counts. */
function searchIn(text: string): readonly string[] {
  return [...wordsOf(text, 'search|domain')].at(-1) ?? [];
}

/** The words after a keyword, line by line. */
function wordsOf(text: string, keyword: string): readonly (readonly string[])[] {
  const pattern = new RegExp(`^\\s*(?:${keyword})\\s+(.*)$`);
  return text.split('\n').flatMap((row) => {
    const rest = pattern.exec(row.replace(/[#;].*/, ''))?.[1]?.trim() ?? '';
    return rest === '' ? [] : [rest.split(/\s+/)];
  });
}

/** The text with these servers asked first, or last (`behind`); those that are named already stay where they are. */
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

/** The text without these servers. If it names no other, it gets the servers of another text. */
export function withoutResolvers(text: string, resolvers: readonly string[], otherwise: () => string): string {
  const gone = new Set(resolvers);
  const isGone = (row: string): boolean => gone.has(/^\s*nameserver\s+(\S+)\s*$/.exec(row)?.[1] ?? '');
  const left = text
    .split('\n')
    .filter((row) => !isGone(row))
    .join('\n');
  return left === text || serversIn(left).length > 0 ? left : withResolvers(left, serversIn(otherwise()));
}
