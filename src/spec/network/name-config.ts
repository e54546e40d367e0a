/** Turns the options about names into the configuration. */
import { invalid } from '../../errors.js';
import { parseIp } from '../../util/ip-address.js';
import { cleanPath } from '../../util/paths.js';
import type { NamespaceConfig } from '../config.js';
import type { DnsOptions, HostEntry, NameConfig, NameOptions } from './name-options.js';
import { checkAbsolutePath } from '../checks/names.js';
import { donorOf } from '../namespaces.js';
import { quote } from '../checks/quote.js';

const HOST_GATEWAY = 'host-gateway';

/** A name in /etc/hosts: any characters that do not end it. */
const HOST_NAME = /^[^\s\p{Cc}#]{1,255}$/u;

/** A word of /etc/resolv.conf. */
const RESOLVER_WORD = /^[^\s\p{Cc}#;]{1,255}$/u;

export function normalizeNames(options: NameOptions, namespaces: NamespaceConfig): NameConfig {
  return {
    ...hosts(options, namespaces),
    hostnameFile: options.noHostname !== true,
    dns: dns(options.dns, namespaces),
    chrootDirs: (options.chrootDirs ?? []).map((path) => cleanPath(checkAbsolutePath('chrootDirs', path))),
  };
}

function hosts(options: NameOptions, namespaces: NamespaceConfig): Pick<NameConfig, 'hosts'> {
  const added = (options.addHosts ?? []).map((text) => hostEntry(text));
  if (options.noHosts === true) {
    if (added.length > 0) throw invalid('noHosts and addHosts cannot be set together');
    if (options.hostsFile !== undefined) throw invalid('noHosts and hostsFile cannot be set together');
    return {};
  }
  if (donorOf(namespaces.network) !== undefined && (added.length > 0 || options.hostsFile !== undefined)) {
    throw invalid('cannot set extra host entries when the container is joined to another containers network namespace');
  }
  if (isolated(namespaces) && added.some(({ address }) => address === HOST_GATEWAY))
    throw invalid('host-gateway: host containers internal IP address is empty: the host cannot be reached');
  return { hosts: { base: hostsBase(options.hostsFile ?? '/etc/hosts'), added } };
}

function hostsBase(file: string): string {
  return file === 'none' || file === 'image' ? file : cleanPath(checkAbsolutePath('hostsFile', file));
}

/** Parses NAME[;NAME...]:ADDRESS. An IPv6 address contains colons as well, and may be in brackets. */
function hostEntry(text: string): HostEntry {
  const at = text.indexOf(':');
  const [names, address] = [text.slice(0, Math.max(at, 0)).split(';'), text.slice(at + 1)];
  if (at < 1 || !names.every((name) => HOST_NAME.test(name))) throw invalid(`bad format for add-host: ${quote(text)}`);
  if (address === HOST_GATEWAY) return { names, address };
  const bare = /^\[(.*)\]$/.exec(address)?.[1] ?? address;
  if (parseIp(bare) === undefined) throw invalid(`invalid IP address in add-host: ${quote(address)}`);
  return { names, address: bare };
}

/** Whether the container can reach nothing, and so no DNS server. */
function isolated({ network }: NamespaceConfig): boolean {
  return network === 'none' || network === 'private';
}

function dns(options: DnsOptions | undefined, namespaces: NamespaceConfig): NameConfig['dns'] {
  if (options === undefined) return { servers: [], search: [], options: [] };
  const { network } = namespaces;
  if (isolated(namespaces) || donorOf(network) !== undefined)
    throw invalid(`conflicting options: dns and the network mode: ${network.split(':', 1)[0] ?? ''}`);
  const { servers = [], search = [], options: words = [] } = options;
  for (const word of search) checkWord('dns.search', word);
  for (const word of words) checkWord('dns.options', word);
  if (servers.includes('none')) {
    if (servers.length > 1) throw invalid('none is not allowed to be specified with other DNS ip addresses');
    return 'none';
  }
  for (const server of servers) {
    if (parseIp(server.split('%', 1)[0] ?? '') === undefined) throw invalid(`${quote(server)} is not an ip address`);
    checkWord('dns.servers', server);
  }
  return { servers: [...servers], search: [...search], options: [...words] };
}

function checkWord(what: string, word: string): void {
  if (!RESOLVER_WORD.test(word)) throw invalid(`${what} must be a single word, not ${quote(word)}`);
}
