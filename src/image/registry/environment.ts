/** The caller's environment variables that matter for registries; this code does not read process.env itself. */
import { parseIp, parseIpPrefix } from '../../util/ip-address.js';
import { addressText, holds, rangeOf } from '../../util/ip-network.js';

/** Variables used: HOME, XDG_RUNTIME_DIR, REGISTRY_AUTH_FILE, PATH, SSL_CERT_FILE and those for proxies. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns the proxy for a URL according to HTTPS_PROXY, HTTP_PROXY and NO_PROXY (or in lower case), with Go's
 * semantics.
 */
export function proxyFor(url: URL, environment: Environment): string | undefined {
  const read = (name: string) => nonEmpty(environment[name]) ?? nonEmpty(environment[name.toLowerCase()]);
  const proxy = read(url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (proxy === undefined || isLoopback(url.hostname)) return undefined;
  const except = (read('NO_PROXY') ?? '').split(',').map((entry) => entry.trim().toLowerCase());
  if (except.some((entry) => isExcept(entry, url))) return undefined;
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}

function isExcept(entry: string, url: URL): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  const asked = url.hostname.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  const network = entry.includes('/') ? parseIpPrefix(entry) : undefined;
  const address = parseIp(asked);
  if (network !== undefined) return address !== undefined && holds(rangeOf(network), address);
  const [host, port] = hostAndPort(entry);
  const actualPort = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  if (port !== '' && port !== actualPort) return false;
  if (address !== undefined) return addressText(host) === addressText(asked);
  const name = host.replace(/^\*?\./, '');
  return (asked === name && !host.startsWith('.')) || asked.endsWith(`.${name}`);
}

/** Splits host and port. An IPv6 address with a port has brackets. */
function hostAndPort(entry: string): readonly [host: string, port: string] {
  if (parseIp(entry) !== undefined) return [entry, ''];
  const [, host = '', port = ''] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  return [host.replace(/^\[(.*)\]$/, '$1'), port];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(host) || host === '[::1]';
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
