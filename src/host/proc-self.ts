/** What /proc/self says about this process: capabilities, limits, identity maps. Parsers only. */
import type { Capability } from '../util/capabilities.js';
import { capabilityNames } from '../util/capabilities.js';
import type { HostLimit } from './facts.js';

/** The lines of /proc/PID/limits (proc_pid_limits(5)) by the names that setrlimit(2) gives the resources. */
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

/** Limits by lower-case name without RLIMIT_. */
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

/** A set of capabilities in /proc/PID/status: CapEff, CapBnd and so on. */
export function statusCapabilities(status: string, set: 'CapEff' | 'CapBnd'): ReadonlySet<Capability> {
  const match = new RegExp(`^${set}:\\s*([0-9a-f]+)$`, 'm').exec(status);
  return new Set(capabilityNames(match === null ? 0n : BigInt(`0x${match[1]}`)));
}

/** The kernel has seccomp filters: the line is there only then. */
export function hasSeccompLine(status: string): boolean {
  return /^Seccomp:/m.test(status);
}

/** Only the initial user namespace maps all ids to themselves (user_namespaces(7)). */
export function isInitialUserNamespace(uidMap: string): boolean {
  return /^\s*0\s+0\s+4294967295\s*$/.test(uidMap);
}
