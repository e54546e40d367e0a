/** Parsers of files in /proc/self: capabilities, limits, identity maps. */
import type { Capability } from '../util/capabilities.js';
import { capabilityNames } from '../util/capabilities.js';
import type { HostLimit } from './facts.js';

/** Names of resources in setrlimit(2), by the lines of /proc/PID/limits (proc_pid_limits(5)). */
const LIMIT_NAMES: Readonly<Record<string, string>> = {
  'Max cpu time': 'cpu',
  'Max file size': 'fsize',
  'Max data size': 'data',
  'Max stack size': 'stack',
  'Max core file size': 'core',
  'Max resident set': 'rss',
  'Max processes': 'nproc',
  'Max open files': 'nofile',
  'Max locked memory': 'memlock',
  'Max address space': 'as',
  'Max file locks': 'locks',
  'Max pending signals': 'sigpending',
  'Max msgqueue size': 'msgqueue',
  'Max nice priority': 'nice',
  'Max realtime priority': 'rtprio',
  'Max realtime timeout': 'rttime',
};

/** Parses limits, by lower-case name without RLIMIT_. */
export function parseLimits(text: string): Readonly<Record<string, HostLimit>> {
  const limits: Record<string, HostLimit> = {};
  for (const line of text.split('\n').slice(1)) {
    const match = /^(Max .+?)\s{2,}(\d+|unlimited)\s+(\d+|unlimited)/.exec(line);
    const name = match === null ? undefined : LIMIT_NAMES[match[1] ?? ''];
    if (name !== undefined) limits[name] = { soft: parseLimit(match?.[2]), hard: parseLimit(match?.[3]) };
  }
  return limits;
}

function parseLimit(text: string | undefined): number | 'unlimited' {
  return text === undefined || text === 'unlimited' ? 'unlimited' : Number(text);
}

/** Returns a set of capabilities from /proc/PID/status: CapEff, CapBnd and so on. */
export function statusCapabilities(status: string, set: 'CapEff' | 'CapBnd'): ReadonlySet<Capability> {
  const match = new RegExp(`^${set}:\\s*([0-9a-f]+)$`, 'm').exec(status);
  return new Set(capabilityNames(match === null ? 0n : BigInt(`0x${match[1]}`)));
}

/** Whether the kernel has seccomp: only then the status has this line. */
export function hasSeccompLine(status: string): boolean {
  return /^Seccomp:/m.test(status);
}

/**
 * Whether the map is that of the initial user namespace, the only one that maps all ids to themselves
 * (user_namespaces(7)).
 */
export function isInitialUserNamespace(uidMap: string): boolean {
  return /^\s*0\s+0\s+4294967295\s*$/.test(uidMap);
}
