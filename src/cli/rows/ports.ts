/** Published ports as one line, and exposed ports by number. */
import type { PublishedPort } from '../../spec/network/container-network.js';
import type { ExposedPort } from '../../spec/network/ports.js';

/** Returns published ports as ps shows them: 0.0.0.0:8080->80/tcp, 0.0.0.0:9000-9003->9000-9003/tcp. */
export function portsText(ports: readonly PublishedPort[]): string {
  const range = (first: number, count: number): string =>
    count === 1 ? String(first) : `${first}-${first + count - 1}`;
  return ports
    .map(({ hostIp, hostPort, containerPort, protocol, range: count }) => {
      const host = hostIp === '' ? '0.0.0.0' : hostIp.includes(':') ? `[${hostIp}]` : hostIp;
      return `${host}:${range(hostPort, count)}->${range(containerPort, count)}/${protocol}`;
    })
    .join(', ');
}

/** Returns the protocols of each port, lowest port first. */
export function protocolsOf(ports: readonly ExposedPort[]): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, readonly string[]>();
  for (const { port, protocol, range } of ports)
    for (let each = port; each < port + range; each += 1) found.set(each, [...(found.get(each) ?? []), protocol]);
  return new Map([...found].sort(([one], [other]) => one - other));
}
