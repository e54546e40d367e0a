/** Rules about the destinations that a container may reach. */
import { invalid } from '../../errors.js';
import { parseIpPrefix } from '../../util/ip-address.js';
import { networkText } from '../../util/ip-network.js';
import type { EgressOptions } from './network-options.js';
import { quote } from '../checks/quote.js';

/** A rule about one destination: a network, or a name that is resolved when the container starts. */
export interface EgressRule {
  /** The rule as it was given. */
  readonly rule: string;
  /** A network, like `192.0.2.0/24`, or ''. */
  readonly destination: string;
  /** Name of a host, or ''. */
  readonly host: string;
  /** Port; 0: all. */
  readonly port: number;
}

export interface EgressConfig {
  readonly allow: readonly EgressRule[];
  readonly deny: readonly EgressRule[];
}

const MAX_RULES = 1024;
const HOST = /^(?=.{1,253}$)[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,62})(?:\.[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,62}))*\.?$/;

/** Parses the lists of allowed and denied destinations. Throws INVALID_ARGUMENT. */
export function normalizeEgress({ allow = [], deny = [] }: EgressOptions): EgressConfig {
  if (allow.length + deny.length > MAX_RULES)
    throw invalid(`egress has ${allow.length + deny.length} rules, at most ${MAX_RULES} are allowed`);
  if (allow.length + deny.length === 0) throw invalid('egress has no rule: give what is allowed or denied');
  return { allow: allow.map((text) => parseEgressRule(text)), deny: deny.map((text) => parseEgressRule(text)) };
}

/**
 * Parses a rule like `example.com`, `example.com:443`, `192.0.2.0/24:53`, `2001:db8::/32` or `[2001:db8::1]:443`.
 * Throws INVALID_ARGUMENT.
 */
export function parseEgressRule(text: string): EgressRule {
  const bare = network(text);
  if (bare !== undefined) return { rule: text, destination: bare, host: '', port: 0 };
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  const colon = text.lastIndexOf(':');
  const [where, portText] =
    bracketed !== null
      ? [bracketed[1] ?? '', bracketed[2]]
      : colon === -1
        ? [text, undefined]
        : [text.slice(0, colon), text.slice(colon + 1)];
  const port = portText === undefined ? 0 : egressPort(text, portText);
  const destination = network(where);
  if (destination !== undefined) return { rule: text, destination, host: '', port };
  // A text that looks like an address but is none is no host name either.
  if (bracketed !== null || !HOST.test(where) || /^[\d.]+$/.test(where))
    throw invalid(`egress must be HOST[:PORT], ADDRESS[/BITS][:PORT] or [IPv6][:PORT], not ${quote(text)}`);
  return { rule: text, destination: '', host: where.toLowerCase(), port };
}

function network(text: string): string | undefined {
  const prefix = parseIpPrefix(text);
  return prefix === undefined
    ? undefined
    : networkText(text.includes('/') ? text : `${text}/${prefix.bytes.length * 8}`);
}

function egressPort(rule: string, text: string): number {
  const port = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535)
    throw invalid(`egress ${quote(rule)}: the port must be between 1 and 65535, not ${quote(text)}`);
  return port;
}
