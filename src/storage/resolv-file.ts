/** The text of a container's /etc/resolv.conf. */
import type { NameConfig } from '../spec/network/name-options.js';

export interface ResolvRequest {
  readonly dns: Exclude<NameConfig['dns'], 'none'>;
  /** A network namespace of its own: what listens on the host's loopback cannot be reached. */
  readonly ownNetwork: boolean;
  /** Servers of the container's networks, which know the names on them and ask `dns.servers` by themselves. @default none */
  readonly resolvers?: readonly string[];
  /** Reads a file of the host; '' if there is none. */
  readonly read: (path: string) => string;
}

/** The local resolver of systemd-resolved, and the file in which it keeps the servers that it asks. */
const STUB = '127.0.0.53';
const BEHIND_STUB = '/run/systemd/resolve/resolv.conf';

/** What the program that tells names on networks takes away from a name. */
const NETWORK_DOMAIN = 'dns.podman';

/** Podman's, for a machine all of whose servers are on its loopback. */
const FALLBACK = ['8.8.8.8', '8.8.4.4'];

/** What was asked for, and the host's for the rest. */
export function resolvText({ dns, ownNetwork, resolvers = [], read }: ResolvRequest): string {
  const asked = dns.servers.length + dns.search.length + dns.options.length > 0;
  const host = read('/etc/resolv.conf');
  if (!asked && !ownNetwork) return host;
  const text = ownNetwork && usesStub(host) ? read(BEHIND_STUB) || host : host;
  const asking = resolvers.length > 0 ? resolvers : dns.servers;
  const servers = asking.length > 0 ? asking : hostServers(text, ownNetwork);
  const found = [...(resolvers.length > 0 ? [NETWORK_DOMAIN] : []), ...searchIn(text)];
  const search = dns.search.length > 0 ? dns.search.filter((domain) => domain !== '.') : found;
  const options = dns.options.length > 0 ? dns.options : wordsOf(text, 'options').flat();
  return [
    ...(search.length > 0 ? [`search ${search.join(' ')}\n`] : []),
    ...servers.map((server) => `nameserver ${server}\n`),
    ...(options.length > 0 ? [`options ${options.join(' ')}\n`] : []),
  ].join('');
}

function usesStub(text: string): boolean {
  const servers = serversIn(text);
  return servers.length > 0 && servers.every((server) => server === STUB);
}

function hostServers(text: string, ownNetwork: boolean): readonly string[] {
  const servers = serversIn(text);
  if (!ownNetwork) return servers;
  const reachable = servers.filter((server) => !/^127\.|^::1$/.test(server));
  return reachable.length > 0 ? reachable : FALLBACK;
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
