/**
 * The configuration of a network: a JSON file in the format of netavark and Podman 4 and 5. Files may come from other
 * programs, so their size is limited and their content checked; the error names the reason.
 */
import { TspodError } from '../errors.js';
import { isName } from '../spec/checks/names.js';
import { parseIp, parseIpPrefix } from '../util/ip-address.js';
import { addressText, holds, networkText, overlaps, rangeOf } from '../util/ip-network.js';

export const NETWORK_DRIVERS = ['bridge', 'macvlan', 'ipvlan'] as const;
export type NetworkDriver = (typeof NETWORK_DRIVERS)[number];

export interface NetworkSubnet {
  /** `10.89.0.0/24`. */
  readonly subnet: string;
  readonly gateway?: string;
  /** Range of addresses for containers. @default all of the subnet */
  readonly lease_range?: { readonly start_ip?: string; readonly end_ip?: string };
}

export interface NetworkRoute {
  readonly destination: string;
  readonly gateway: string;
  readonly metric?: number;
}

/** The fields of the file, in Podman's order. */
export interface Network {
  readonly name: string;
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly driver: NetworkDriver;
  /** The bridge, or the parent interface of a macvlan or ipvlan; absent if none is set. */
  readonly network_interface?: string;
  /** RFC 3339. */
  readonly created: string;
  readonly subnets?: readonly NetworkSubnet[];
  readonly routes?: readonly NetworkRoute[];
  readonly ipv6_enabled: boolean;
  readonly internal: boolean;
  readonly dns_enabled: boolean;
  readonly network_dns_servers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, string>>;
  readonly ipam_options?: Readonly<Record<string, string>>;
}

/** Size limit of a file in bytes: a thousand times what a network needs. */
export const MAX_NETWORK_FILE = 256 * 1024;
const MAX_ITEMS = 256;
/** IFNAMSIZ without the NUL. */
const MAX_INTERFACE = 15;

/**
 * Whether the text can be an interface's name: no slash, no space, no special characters of shells, not "." or "..".
 */
export function isInterfaceName(text: string): boolean {
  return text.length <= MAX_INTERFACE && /^[a-zA-Z0-9_][a-zA-Z0-9_.-]*$/.test(text);
}

/** Parses the file of a network. Throws NETWORK_BROKEN, which names the file and the field. */
export function parseNetworkFile(path: string, text: string): Network {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw broken(path, (error as Error).message, error);
  }
  try {
    return readNetwork(value);
  } catch (error) {
    if (error instanceof FieldError) throw broken(path, error.message, error);
    throw error;
  }
}

/** Formats the file like Podman does. */
export function networkFileText(network: Network): string {
  return `${JSON.stringify(network, undefined, 5)}\n`;
}

function broken(path: string, why: string, cause: unknown): TspodError {
  return new TspodError('NETWORK_BROKEN', `network config ${path}: ${why}`, { cause, details: { path } });
}

class FieldError extends Error {}

type Fields = Readonly<Record<string, unknown>>;

function readNetwork(value: unknown): Network {
  const fields = object('the file', value);
  const name = required(fields, 'name', isName);
  const driver = NETWORK_DRIVERS.find((known) => known === fields['driver']);
  if (driver === undefined)
    throw new FieldError(`driver must be one of ${NETWORK_DRIVERS.join(', ')}, not ${shown(fields['driver'])}`);
  const network: Network = {
    name,
    id: required(fields, 'id', (text) => /^[0-9a-f]{64}$/.test(text)),
    driver,
    ...optional('network_interface', fields, (text) => isInterfaceName(text)),
    created: required(fields, 'created', (text) => text.length <= 64 && !Number.isNaN(Date.parse(text))),
    ...list('subnets', fields, readSubnet),
    ...list('routes', fields, readRoute),
    ipv6_enabled: flag(fields, 'ipv6_enabled'),
    internal: flag(fields, 'internal'),
    dns_enabled: flag(fields, 'dns_enabled'),
    ...list('network_dns_servers', fields, (item) => address('network_dns_servers', item)),
    ...texts('labels', fields),
    ...texts('options', fields),
    ...texts('ipam_options', fields),
  };
  checkNetwork(network);
  return network;
}

/** Checks that the fields are consistent. */
function checkNetwork({ driver, network_interface, subnets = [] }: Network): void {
  if (driver === 'bridge' && network_interface === undefined) throw new FieldError('a bridge has no network_interface');
  const ranges = subnets.map(({ subnet }) => rangeOf(parseIpPrefix(subnet) ?? { bytes: new Uint8Array(4), length: 0 }));
  for (const [index, range] of ranges.entries()) {
    const other = ranges.slice(index + 1).findIndex((later) => overlaps(range, later));
    if (other !== -1)
      throw new FieldError(
        `subnets ${subnets[index]?.subnet ?? ''} and ${subnets[index + 1 + other]?.subnet ?? ''} overlap`,
      );
  }
}

function readSubnet(value: unknown): NetworkSubnet {
  const fields = object('a subnet', value);
  const given = fields['subnet'];
  const subnet = typeof given === 'string' ? networkText(given) : undefined;
  const prefix = subnet === undefined ? undefined : parseIpPrefix(subnet);
  if (subnet === undefined || prefix === undefined) throw new FieldError(`subnet ${shown(given)} is not valid`);
  const range = rangeOf(prefix);
  const inside = (key: string, from: Fields): string => {
    const text = address(key, from[key]);
    if (!holds(range, parseIp(text) ?? new Uint8Array()))
      throw new FieldError(`${key} ${text} not in subnet ${subnet}`);
    return text;
  };
  const leases = fields['lease_range'];
  const within = leases === undefined || leases === null ? undefined : object('lease_range', leases);
  const present = (key: string, from: Fields | undefined): from is Fields =>
    from?.[key] !== undefined && from[key] !== null && from[key] !== '';
  return {
    subnet,
    ...(present('gateway', fields) ? { gateway: inside('gateway', fields) } : {}),
    ...(within === undefined
      ? {}
      : {
          lease_range: {
            ...(present('start_ip', within) ? { start_ip: inside('start_ip', within) } : {}),
            ...(present('end_ip', within) ? { end_ip: inside('end_ip', within) } : {}),
          },
        }),
  };
}

function readRoute(value: unknown): NetworkRoute {
  const fields = object('a route', value);
  const given = fields['destination'];
  const destination = typeof given === 'string' ? networkText(given) : undefined;
  if (destination === undefined) throw new FieldError(`route destination ${shown(given)} is not valid`);
  const { metric } = fields;
  if (metric !== undefined && metric !== null && !isUint32(metric))
    throw new FieldError(`route metric ${shown(metric)} is not valid`);
  const gateway = address('gateway of a route', fields['gateway']);
  if (gateway.includes(':') !== destination.includes(':'))
    throw new FieldError(`route ${destination}: gateway ${gateway} is of another family`);
  return { destination, gateway, ...(isUint32(metric) ? { metric } : {}) };
}

function isUint32(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff_ffff;
}

function address(what: string, value: unknown): string {
  const text = typeof value === 'string' ? addressText(value) : undefined;
  if (text === undefined) throw new FieldError(`${what}: ${shown(value)} is not an IP address`);
  return text;
}

function object(what: string, value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FieldError(`${what} must be an object`);
  return value as Fields;
}

function required(fields: Fields, key: string, isGood: (text: string) => boolean): string {
  const value = fields[key];
  if (typeof value !== 'string' || !isGood(value)) throw new FieldError(`${key} ${shown(value)} is not valid`);
  return value;
}

function optional<K extends string>(
  key: K,
  fields: Fields,
  isGood: (text: string) => boolean,
): { readonly [P in K]?: string } {
  if (fields[key] === undefined || fields[key] === null || fields[key] === '') return {};
  return { [key]: required(fields, key, isGood) } as { readonly [P in K]?: string };
}

function flag(fields: Fields, key: string): boolean {
  const value = fields[key] ?? false;
  if (typeof value !== 'boolean') throw new FieldError(`${key} must be true or false, not ${shown(value)}`);
  return value;
}

function list<K extends string, T>(
  key: K,
  fields: Fields,
  read: (item: unknown) => T,
): { readonly [P in K]?: readonly T[] } {
  const value = fields[key] ?? [];
  if (!Array.isArray(value) || value.length > MAX_ITEMS)
    throw new FieldError(`${key} must be a list of at most ${MAX_ITEMS} items`);
  if (value.length === 0) return {};
  const items: readonly T[] = value.map((item) => read(item));
  return { [key]: items } as unknown as { readonly [P in K]?: readonly T[] };
}

function texts<K extends string>(key: K, fields: Fields): { readonly [P in K]?: Readonly<Record<string, string>> } {
  const value = fields[key];
  if (value === undefined || value === null) return {};
  const items = Object.entries(object(key, value));
  if (items.length > MAX_ITEMS) throw new FieldError(`${key} has more than ${MAX_ITEMS} items`);
  const bad = items.find(([, item]) => typeof item !== 'string');
  if (bad !== undefined) throw new FieldError(`${key}: ${shown(bad[0])} must be a string`);
  return { [key]: Object.fromEntries(items) } as { readonly [P in K]?: Readonly<Record<string, string>> };
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'undefined').slice(0, 120);
}
