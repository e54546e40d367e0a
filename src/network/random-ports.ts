/** Chooses host ports that nothing listens on and no container has. */

import { TspodError } from '../errors.js';
import { readText } from '../host/readable.js';
import { randomInt } from '../native/primitives.js';
import type { PublishedPort } from '../spec/network/container-network.js';
import type { PortRange } from '../state/host-ports.js';
import type { ChosenPort } from '../state/records.js';
import type { Store } from '../state/store.js';

/** The kernel's default range, used if the actual one cannot be read. */
const USUAL_RANGE = [32768, 60999] as const;
const ATTEMPTS = 512;

/** Files in /proc/net that list the sockets of a protocol. */
const TABLES: Readonly<Record<PublishedPort['protocol'], readonly string[]>> = {
  tcp: ['tcp', 'tcp6'],
  udp: ['udp', 'udp6'],
  sctp: ['sctp/eps'],
};

export interface ChosenPorts {
  readonly ports: readonly PublishedPort[];
  /** The ports that were chosen here. */
  readonly chosen: readonly ChosenPort[];
}

/**
 * Chooses a host port for each port that has none. Call it in the transaction that records the container. Throws
 * NO_FREE_PORT.
 */
export function choosePorts(store: Store, ports: readonly PublishedPort[]): ChosenPorts {
  if (ports.every(({ hostPort }) => hostPort !== 0)) return { ports, chosen: [] };
  const inUse = new Set<string>();
  const key = (protocol: string, port: number): string => `${protocol} ${port}`;
  for (const protocol of new Set(ports.map((port) => port.protocol)))
    for (const port of listening(protocol)) inUse.add(key(protocol, port));
  const taken: PortRange[] = [
    ...store.hostPorts.published(),
    ...ports.filter(({ hostPort }) => hostPort !== 0).map(({ hostPort, ...port }) => ({ ...port, port: hostPort })),
  ];
  const chosen: ChosenPort[] = [];
  const isFree = (protocol: string, port: number): boolean =>
    !inUse.has(key(protocol, port)) &&
    !store.hostPorts.isTaken({ protocol, port }) &&
    !taken.some((each) => each.protocol === protocol && each.port <= port && port < each.port + each.range);
  const choose = (port: PublishedPort): PublishedPort => {
    if (port.hostPort !== 0) return port;
    const { protocol, range } = port;
    const hostPort = freeRange(port, isFree);
    taken.push({ protocol, port: hostPort, range });
    for (let offset = 0; offset < range; offset += 1) chosen.push({ protocol, port: hostPort + offset });
    return { ...port, hostPort };
  };
  return { ports: ports.map(choose), chosen };
}

function freeRange({ protocol, range }: PublishedPort, isFree: (protocol: string, port: number) => boolean): number {
  const [low, high] = portRange();
  for (let attempt = 0; attempt < ATTEMPTS && high - range + 1 >= low; attempt += 1) {
    const first = randomInt(low, high - range + 2);
    let offset = 0;
    while (offset < range && isFree(protocol, first + offset)) offset += 1;
    if (offset === range) return first;
  }
  throw new TspodError(
    'NO_FREE_PORT',
    `no ${range === 1 ? 'free port' : `${range} free ports in a row`} found on the host (${protocol})`,
  );
}

function portRange(): readonly [number, number] {
  const match = /^(\d+)\s+(\d+)/.exec(readText('/proc/sys/net/ipv4/ip_local_port_range'));
  return match === null ? USUAL_RANGE : [Number(match[1]), Number(match[2])];
}

/**
 * Returns the local ports of listening sockets. A connected socket does not prevent others from listening on its port.
 */
function listening(protocol: PublishedPort['protocol']): readonly number[] {
  return TABLES[protocol].flatMap((table) => {
    const lines = readText(`/proc/net/${table}`).split('\n').slice(1);
    return lines.flatMap((line) => {
      const words = line.trim().split(/\s+/);
      if (protocol === 'sctp') return Number(words[5]) || [];
      if (protocol === 'tcp' && words[3] !== '0A') return [];
      const port = /:([0-9A-F]{4})$/.exec(words[1] ?? '')?.[1];
      return port === undefined ? [] : Number.parseInt(port, 16);
    });
  });
}
