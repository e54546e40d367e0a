/**
 * Seccomp profiles in the JSON form of Podman and Docker: parsed with limits, then reduced to one container and
 * machine.
 */
import type { HostFacts } from '../../host/facts.js';
import {
  optional,
  parseJson,
  readInteger,
  readList,
  readObject,
  readString,
  readStrings,
  readWord,
  wrong,
} from '../../oci/check.js';
import type { JsonObject, Place } from '../../oci/check.js';
import { SECCOMP_ACTIONS, SECCOMP_ARCHITECTURES, SECCOMP_FLAGS, SECCOMP_OPERATORS } from '../../oci/seccomp.js';
import type { SeccompArchitecture, SeccompArgument, SeccompConfig, SeccompRule } from '../../oci/seccomp.js';
import { largeInteger, parseExactly } from '../../oci/exact-json.js';
import { errnoNumber } from '../../util/errno.js';
import { seccompArchitectures } from './seccomp.js';

/** Size limit of a profile: larger than any that people write. */
export const MAX_PROFILE_BYTES = 1024 * 1024;
const MAX_RULES = 4096;
const MAX_NAMES = 1024;

/** Condition of a rule. All that it names must hold. */
export interface RuleCondition {
  readonly arches?: readonly string[];
  readonly caps?: readonly string[];
  /** Lowest kernel version, as `major.minor`. */
  readonly minKernel?: string;
}

export interface ProfileRule extends SeccompRule {
  readonly includes?: RuleCondition;
  readonly excludes?: RuleCondition;
}

export interface SeccompProfile extends SeccompConfig {
  readonly syscalls: readonly ProfileRule[];
  readonly archMap?: readonly {
    readonly architecture: SeccompArchitecture;
    readonly subArchitectures: readonly SeccompArchitecture[];
  }[];
}

/**
 * Parses a profile from the text of a file. Throws INVALID_ARGUMENT, which names the place of the error; `name` is the
 * file.
 */
export function parseSeccompProfile(text: string, name: string): SeccompProfile {
  const at = `seccomp profile ${name}:`;
  const object = readObject(parseJson(`seccomp profile ${name}`, text, MAX_PROFILE_BYTES, parseExactly), at);
  if (optional(object, 'listenerPath', at, (value) => value) !== undefined)
    throw wrong(at, 'listenerPath is not supported');
  const architectures = optional(object, 'architectures', at, readArchitectures);
  const archMap = optional(object, 'archMap', at, (value, place) => readList(value, place, readArchMapEntry, 64));
  if (architectures !== undefined && architectures.length > 0 && archMap !== undefined) {
    throw wrong(at, 'has both architectures and archMap');
  }
  const flags = optional(object, 'flags', at, (value, place) =>
    readList(value, place, (item, itemAt) => readWord(item, itemAt, SECCOMP_FLAGS), 16),
  );
  return {
    defaultAction: readWord(object['defaultAction'], `${at}.defaultAction`, SECCOMP_ACTIONS),
    ...errnoOf(object, at, { number: 'defaultErrnoRet', name: 'defaultErrno', key: 'defaultErrnoRet' }),
    ...(architectures === undefined ? {} : { architectures }),
    ...(archMap === undefined ? {} : { archMap }),
    ...(flags === undefined ? {} : { flags }),
    syscalls: optional(object, 'syscalls', at, (value, place) => readList(value, place, readRule, MAX_RULES)) ?? [],
  };
}

function readArchitectures(value: unknown, at: Place): readonly SeccompArchitecture[] {
  return readList(value, at, (item, itemAt) => readWord(item, itemAt, SECCOMP_ARCHITECTURES), 64);
}

function readArchMapEntry(value: unknown, at: Place) {
  const entry = readObject(value, at);
  return {
    architecture: readWord(entry['architecture'], `${at}.architecture`, SECCOMP_ARCHITECTURES),
    subArchitectures: optional(entry, 'subArchitectures', at, readArchitectures) ?? [],
  };
}

function readRule(value: unknown, at: Place): ProfileRule {
  const rule = readObject(value, at);
  const args = optional(rule, 'args', at, (list, place) => readList(list, place, readArgument, 64));
  const includes = optional(rule, 'includes', at, readCondition);
  const excludes = optional(rule, 'excludes', at, readCondition);
  return {
    names: ruleNames(rule, at),
    action: readWord(rule['action'], `${at}.action`, SECCOMP_ACTIONS),
    ...errnoOf(rule, at, { number: 'errnoRet', name: 'errno', key: 'errnoRet' }),
    ...(args === undefined || args.length === 0 ? {} : { args }),
    ...(includes === undefined ? {} : { includes }),
    ...(excludes === undefined ? {} : { excludes }),
  };
}

/** Returns the system calls of a rule: `names`, or the older `name`. */
function ruleNames(rule: JsonObject, at: Place): readonly string[] {
  const names = optional(rule, 'names', at, (value, place) => readStrings(value, place, MAX_NAMES)) ?? [];
  const name = optional(rule, 'name', at, readString) ?? '';
  if (name !== '' && names.length > 0) throw wrong(at, 'has both name and names');
  const all = name === '' ? names : [name];
  if (all.length === 0) throw wrong(at, 'names no system call');
  const bad = all.find((item) => !/^[a-z0-9_]{1,64}$/i.test(item));
  if (bad !== undefined) throw wrong(at, `names ${JSON.stringify(bad)}, which is not a system call`);
  return all;
}

/** Returns the errno of a rule or profile: a number or (Podman) a name. The name takes precedence. */
function errnoOf<K extends string>(
  object: JsonObject,
  at: Place,
  keys: { readonly number: string; readonly name: string; readonly key: K },
): { readonly [P in K]?: number } {
  const name = optional(object, keys.name, at, readString) ?? '';
  if (name !== '') {
    const number = errnoNumber(name);
    if (number === undefined) throw wrong(`${at}.${keys.name}`, `is not an error name: ${JSON.stringify(name)}`);
    return { [keys.key]: number } as { readonly [P in K]?: number };
  }
  const number = optional(object, keys.number, at, (value, place) =>
    readInteger(value, place, { min: 0, max: 0xffff }),
  );
  return (number === undefined ? {} : { [keys.key]: number }) as { readonly [P in K]?: number };
}

function readArgument(value: unknown, at: Place): SeccompArgument {
  const argument = readObject(value, at);
  return {
    index: readInteger(argument['index'], `${at}.index`, { min: 0, max: 5 }),
    value: optional(argument, 'value', at, readUnsigned) ?? 0,
    valueTwo: optional(argument, 'valueTwo', at, readUnsigned) ?? 0,
    op: readWord(argument['op'], `${at}.op`, SECCOMP_OPERATORS),
  };
}

const MAX_VALUE = 2n ** 64n - 1n;

/** Reads an argument of a system call. It has 64 bits, and masks often have all of them set. */
function readUnsigned(value: unknown, at: Place): number | bigint {
  const large = largeInteger(value);
  if (typeof large !== 'bigint') return readInteger(value, at, { min: 0, max: Number.MAX_SAFE_INTEGER });
  if (large <= MAX_VALUE) return large;
  throw wrong(at, `must be a whole number from 0 to ${MAX_VALUE}`);
}

function readCondition(value: unknown, at: Place): RuleCondition {
  const condition = readObject(value, at);
  const arches = optional(condition, 'arches', at, readStrings);
  const caps = optional(condition, 'caps', at, readStrings);
  const minKernel = optional(condition, 'minKernel', at, readString);
  if (minKernel !== undefined && minKernel !== '' && !/^\d{1,4}\.\d{1,4}$/.test(minKernel)) {
    throw wrong(`${at}.minKernel`, 'must be like 4.8');
  }
  return {
    ...(arches === undefined || arches.length === 0 ? {} : { arches }),
    ...(caps === undefined || caps.length === 0 ? {} : { caps }),
    ...(minKernel === undefined || minKernel === '' ? {} : { minKernel }),
  };
}

/** Facts that the conditions of a profile are checked against. */
export interface ProfileTarget extends Pick<HostFacts, 'architecture' | 'kernelRelease'> {
  readonly capabilities: ReadonlySet<string>;
}

/** Names of architectures in Go, which profiles use, by their names in Node. */
const GO_ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: 'x86',
  ppc64: 'ppc64le',
  s390x: 's390x',
  riscv64: 'riscv64',
  loong64: 'loong64',
};

/** Returns the profile for one container: conditions decided, architectures chosen. */
export function profileSeccomp(profile: SeccompProfile, target: ProfileTarget): SeccompConfig {
  const syscalls = profile.syscalls
    .filter((rule) => applies(rule, target))
    .map(({ includes: _includes, excludes: _excludes, ...rule }) => rule);
  const { archMap: _archMap, ...rest } = profile;
  return { ...rest, architectures: architecturesOf(profile, target.architecture), syscalls };
}

function architecturesOf(profile: SeccompProfile, architecture: string): readonly SeccompArchitecture[] {
  if (profile.archMap === undefined) return profile.architectures ?? [];
  const native = seccompArchitectures(architecture)[0];
  const entry = profile.archMap.find((candidate) => candidate.architecture === native);
  return entry === undefined ? [] : [entry.architecture, ...entry.subArchitectures];
}

function applies(rule: ProfileRule, target: ProfileTarget): boolean {
  const { includes, excludes } = rule;
  if (excludes?.arches?.includes(goName(target)) === true) return false;
  if (excludes?.caps?.some((name) => target.capabilities.has(name)) === true) return false;
  if (excludes?.minKernel !== undefined && atLeast(target.kernelRelease, excludes.minKernel)) return false;
  if (includes?.arches?.includes(goName(target)) === false) return false;
  if (includes?.caps?.every((name) => target.capabilities.has(name)) === false) return false;
  return includes?.minKernel === undefined || atLeast(target.kernelRelease, includes.minKernel);
}

function goName(target: ProfileTarget): string {
  return GO_ARCHITECTURES[target.architecture] ?? target.architecture;
}

function atLeast(release: string, wanted: string): boolean {
  const [major = 0, minor = 0] = release.split(/[.-]/).map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
