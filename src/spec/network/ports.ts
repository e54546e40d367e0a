/** Published and exposed ports, in Podman's form: [[hostIP:][hostPort]:]containerPort[/protocol]. */
import { invalid } from '../../errors.js';
import { addressText } from '../../util/ip-network.js';
import type { PublishedPort } from './container-network.js';
import { quote } from '../checks/quote.js';

export type PortProtocol = PublishedPort['protocol'];

/** A port that the container listens on, or a range of them. */
export interface ExposedPort {
  readonly port: number;
  readonly protocol: PortProtocol;
  readonly range: number;
}

const PROTOCOLS: readonly PortProtocol[] = ['tcp', 'udp', 'sctp'];
const MAX_MAPPINGS = 4096;
const MAX_PORT = 65535;

/**
 * Parses a published port; one mapping for each protocol. A `hostPort` of 0 is still to be chosen. Throws
 * INVALID_ARGUMENT, in Podman's words.
 */
export function parsePublished(text: string): readonly PublishedPort[] {
  const [ports = '', protocols, ...more] = text.split('/');
  if (more.length > 0) throw invalid(`invalid port format - protocol can only be specified once: ${quote(text)}`);
  const { hostIp, host, container } = splitMapping(ports);
  if (container === '') throw invalid('must provide a non-empty container port to publish');
  const inside = parseRange('container', container);
  const outside = host === '' ? { port: 0, range: inside.range } : parseRange('host', host);
  if (outside.range !== inside.range)
    throw invalid(`host and container port ranges have different lengths: ${outside.range} vs ${inside.range}`);
  return parseProtocols(protocols).map((protocol) => ({
    hostIp,
    hostPort: outside.port,
    containerPort: inside.port,
    protocol,
    range: inside.range,
  }));
}

interface Mapping {
  readonly hostIp: string;
  readonly host: string;
  readonly container: string;
}

function splitMapping(text: string): Mapping {
  const bracketed = /^\[([^\]]*)\]:(.*)$/.exec(text);
  if (bracketed !== null) {
    const parts = (bracketed[2] ?? '').split(':');
    if (parts.length !== 2) throw badFormat();
    return { hostIp: hostAddress(bracketed[1] ?? ''), host: parts[0] ?? '', container: parts[1] ?? '' };
  }
  const parts = text.split(':');
  if (parts.length === 1) return { hostIp: '', host: '', container: text };
  if (parts.length === 2) return { hostIp: '', host: parts[0] ?? '', container: parts[1] ?? '' };
  if (parts.length !== 3) throw badFormat();
  const [ip = '', host = '', container = ''] = parts;
  if (ip === '') throw invalid('must provide a non-empty container host IP to publish');
  return { hostIp: hostAddress(ip), host, container };
}

function badFormat(): Error {
  return invalid('invalid port format - format is [[hostIP:]hostPort:]containerPort');
}

function hostAddress(text: string): string {
  const address = addressText(text);
  if (address === undefined) throw invalid(`cannot parse ${quote(text)} as an IP address`);
  return address;
}

function parseRange(side: 'host' | 'container', text: string): { readonly port: number; readonly range: number } {
  const [first = '', last, ...more] = text.split('-');
  if (more.length > 0) throw invalid('invalid port format - port ranges are formatted as startPort-stopPort');
  const port = parsePort(side, first);
  if (last === undefined) return { port, range: 1 };
  const end = parsePort(side, last);
  if (end <= port)
    throw invalid(
      `parsing ${side} port: the end port of a range must be higher than the start port - ${end} is not higher than ${port}`,
    );
  return { port, range: end - port + 1 };
}

function parsePort(side: string, text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw invalid(`parsing ${side} port: invalid port number: strconv.Atoi: parsing ${quote(text)}: invalid syntax`);
  const port = Number(text);
  if (port < 1 || port > MAX_PORT)
    throw invalid(`parsing ${side} port: port numbers must be between 1 and 65535 (inclusive), got ${port}`);
  return port;
}

/** Parses the protocols of a port, of which there may be several: tcp,udp. */
function parseProtocols(text: string | undefined): readonly PortProtocol[] {
  if (text === undefined) return ['tcp'];
  const wanted = text.split(',').map((word) => {
    const protocol = PROTOCOLS.find((known) => known === word.toLowerCase());
    if (protocol === undefined) throw invalid(`unrecognized protocol ${quote(word)} in port mapping`);
    return protocol;
  });
  return [...new Set(wanted)];
}

/** Parses an exposed port like `80` or `8000-8010/udp`. Throws INVALID_ARGUMENT. */
export function parseExposed(text: string): readonly ExposedPort[] {
  const [ports = '', protocols, ...more] = text.split('/');
  const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(ports);
  if (match === null || more.length > 0)
    throw invalid(`invalid range format for --expose: ${text.slice(0, 120)}: invalid syntax`);
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  for (const port of [first, last])
    if (port < 1 || port > MAX_PORT) throw invalid(`port numbers must be between 1 and 65535 (inclusive), got ${port}`);
  if (last < first)
    throw invalid(`invalid range format for --expose: ${text}: Invalid range specified for the Port: ${ports}`);
  return parseProtocols(protocols).map((protocol) => ({ port: first, protocol, range: last - first + 1 }));
}

/** Returns each port once, the lowest first: ranges that overlap become one, adjacent ones stay apart. */
export function mergeExposed(ports: readonly ExposedPort[]): readonly ExposedPort[] {
  return PROTOCOLS.flatMap((protocol) => {
    const kept: ExposedPort[] = [];
    const same = ports.filter((item) => item.protocol === protocol).sort((one, other) => one.port - other.port);
    for (const item of same) {
      const last = kept.at(-1);
      if (last === undefined || item.port >= last.port + last.range) kept.push(item);
      else kept[kept.length - 1] = { ...last, range: Math.max(last.range, item.port + item.range - last.port) };
    }
    return kept;
  });
}

/**
 * Merges mappings that overlap and agree into one, in the place of the first. Throws INVALID_ARGUMENT if one port of
 * the host would lead to two ports.
 */
export function mergePorts(ports: readonly PublishedPort[]): readonly PublishedPort[] {
  const joined = ports.reduce<readonly PublishedPort[]>(withPort, []);
  const kept = joined.filter(
    (port) => !joined.some((other) => other !== port && meets(port, other) && isWithin(port, other)),
  );
  for (const [index, port] of kept.entries()) {
    const other = kept.slice(0, index).find((earlier) => meets(port, earlier));
    if (other !== undefined)
      throw invalid(
        `conflicting port mappings for host port ${Math.max(port.hostPort, other.hostPort)} (protocol ${port.protocol})`,
      );
  }
  if (kept.length > MAX_MAPPINGS) throw invalid(`${kept.length} published ports, at most ${MAX_MAPPINGS} are allowed`);
  return kept;
}

/**
 * Adds a mapping. Those that it overlaps and agrees with become one with it, even if they do not overlap each other.
 */
function withPort(kept: readonly PublishedPort[], port: PublishedPort): readonly PublishedPort[] {
  const parts = kept.filter((other) => meets(port, other) && port.hostIp === other.hostIp && agrees(port, other));
  const [first] = parts;
  if (first === undefined) return [...kept, port];
  const all = [...parts, port];
  const hostPort = Math.min(...all.map((part) => part.hostPort));
  const containerPort = Math.min(...all.map((part) => part.containerPort));
  const range = Math.max(...all.map((part) => part.hostPort + part.range)) - hostPort;
  return kept.flatMap((other) => {
    if (other === first) return { ...port, hostPort, containerPort, range };
    return parts.includes(other) ? [] : other;
  });
}

/** Whether two mappings share a port of the host. One whose port is still to be chosen shares none. */
function meets(one: PublishedPort, other: PublishedPort): boolean {
  return (
    one.hostPort !== 0 &&
    other.hostPort !== 0 &&
    one.protocol === other.protocol &&
    (one.hostIp === other.hostIp || one.hostIp === '' || other.hostIp === '') &&
    one.hostPort < other.hostPort + other.range &&
    other.hostPort < one.hostPort + one.range
  );
}

/** Whether ports of the host that are in both mappings lead to the same port. */
function agrees(one: PublishedPort, other: PublishedPort): boolean {
  return one.hostPort - other.hostPort === one.containerPort - other.containerPort;
}

/** Whether the second mapping includes the first. */
function isWithin(one: PublishedPort, other: PublishedPort): boolean {
  return (
    (other.hostIp === '' || one.hostIp === other.hostIp) &&
    agrees(one, other) &&
    one.hostPort >= other.hostPort &&
    one.hostPort + one.range <= other.hostPort + other.range
  );
}
