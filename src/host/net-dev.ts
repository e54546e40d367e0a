/** Parses /proc/PID/net/dev: the counters of the links in a process's network namespace (proc_pid_net(5)). */

export interface LinkCounters {
  readonly bytes: number;
  readonly packets: number;
  readonly errors: number;
  readonly dropped: number;
}

export interface LinkTraffic {
  readonly received: LinkCounters;
  readonly sent: LinkCounters;
}

/** Returns the traffic of links by name, without the loopback, whose packets do not leave the namespace. */
export function parseNetDev(text: string): Readonly<Record<string, LinkTraffic>> {
  const links: Record<string, LinkTraffic> = {};
  for (const line of text.split('\n').slice(2)) {
    const colon = line.lastIndexOf(':');
    if (colon === -1) continue;
    const name = line.slice(0, colon).trim();
    const numbers = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
    if (name !== 'lo') links[name] = { received: counters(numbers, 0), sent: counters(numbers, 8) };
  }
  return links;
}

function counters(numbers: readonly number[], from: number): LinkCounters {
  const [bytes = 0, packets = 0, errors = 0, dropped = 0] = numbers.slice(from);
  return { bytes, packets, errors, dropped };
}
