/** Resource limits of processes (setrlimit(2)). */
import { invalid } from '../../errors.js';
import type { HostFacts } from '../../host/facts.js';
import type { RlimitValue } from '../../oci/spec.js';
import { nearestWord } from '../../util/nearest.js';
import type { RlimitConfig } from '../config.js';
import type { UlimitOptions } from '../create-options.js';
import { quote } from '../checks/quote.js';

/** Numbers of the limits, on all architectures but MIPS, SPARC and Alpha. */
export const RLIMIT_NUMBERS: Readonly<Record<string, number>> = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
};

/** Default limits of a container, lowered to what this process may give. */
const DEFAULT_LIMITS: readonly { readonly name: string; readonly value: number }[] = [
  { name: 'nofile', value: 1048576 },
  { name: 'nproc', value: 4194304 },
];

type LimitFacts = Pick<HostFacts, 'limits' | 'canRaiseLimits' | 'highestOpenFiles'>;

/**
 * Returns the user's limits, which must be possible, and the defaults, which adapt: a default above the hard limit of
 * this process becomes that hard limit if this process cannot raise it.
 */
export function normalizeRlimits(ulimits: readonly UlimitOptions[], facts: LimitFacts): readonly RlimitConfig[] {
  const explicit = checkUlimits(ulimits, facts);
  const defaults = DEFAULT_LIMITS.map(({ name, value }) => adaptedDefault(name, value, facts));
  return [...explicit.values(), ...defaults.filter((limit) => !explicit.has(limit.type))];
}

/** Returns the limits with given ones in place of older ones. */
export function changeRlimits(
  limits: readonly RlimitConfig[],
  ulimits: readonly UlimitOptions[],
  facts: LimitFacts,
): readonly RlimitConfig[] {
  const given = checkUlimits(ulimits, facts);
  return [...given.values(), ...limits.filter(({ type }) => !given.has(type))];
}

/**
 * Returns the checked limits by type. Of several for one type the last counts, so that `host` can be followed by
 * exceptions.
 */
function checkUlimits(ulimits: readonly UlimitOptions[], facts: LimitFacts): ReadonlyMap<string, RlimitConfig> {
  return new Map(ulimits.map((ulimit) => checkUlimit(ulimit, facts)).map((limit) => [limit.type, limit]));
}

function checkUlimit(ulimit: UlimitOptions, facts: LimitFacts): RlimitConfig {
  const name = ulimit.name.toLowerCase().replace(/^rlimit_/, '');
  if (!Object.hasOwn(RLIMIT_NUMBERS, name)) throw unknownLimit(ulimit.name);
  const soft = limitValue(name, 'soft', ulimit.soft);
  const hard = limitValue(name, 'hard', ulimit.hard);
  if (above(soft, hard)) throw invalid(`ulimit ${name}: soft limit ${soft} is above the hard limit ${hard}`);
  const highest = highestPossible(name, facts);
  if (above(hard, highest)) {
    const why = facts.canRaiseLimits
      ? 'the kernel allows no more (fs.nr_open)'
      : 'CAP_SYS_RESOURCE is missing to raise it';
    throw invalid(`ulimit ${name}: hard limit ${hard} is above ${highest}: ${why}`);
  }
  return { type: typeOf(name), soft, hard };
}

function unknownLimit(given: string): Error {
  const nearest = nearestWord(given, Object.keys(RLIMIT_NUMBERS));
  return invalid(`unknown ulimit ${quote(given)}${nearest === undefined ? '' : `: did you mean "${nearest}"?`}`);
}

function limitValue(name: string, side: string, value: number): RlimitValue {
  if (value === -1 || value === Number.POSITIVE_INFINITY) return 'unlimited';
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid(`ulimit ${name}: ${side} limit must be a whole number from 0, or -1 for unlimited, not ${value}`);
}

function above(a: RlimitValue, b: RlimitValue): boolean {
  if (b === 'unlimited') return false;
  return a === 'unlimited' || a > b;
}

function adaptedDefault(name: string, value: number, facts: LimitFacts): RlimitConfig {
  const highest = highestPossible(name, facts);
  const possible = above(value, highest) ? highest : value;
  return { type: typeOf(name), soft: possible, hard: possible };
}

/** Returns the highest hard limit that this process may give a child. */
function highestPossible(name: string, facts: LimitFacts): RlimitValue {
  if (!facts.canRaiseLimits) return facts.limits[name]?.hard ?? 'unlimited';
  return name === 'nofile' ? facts.highestOpenFiles : 'unlimited';
}

function typeOf(name: string): string {
  return `RLIMIT_${name.toUpperCase()}`;
}

/** Returns the number of a limit that an OCI spec names; undefined for an unknown one. */
export function rlimitNumber(type: string): number | undefined {
  return RLIMIT_NUMBERS[type.replace(/^RLIMIT_/, '').toLowerCase()];
}
