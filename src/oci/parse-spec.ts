/** Reading a config.json that came from outside: every value checked and bounded. What the specification does not name is passed over. */
import {
  integerIn,
  listOf,
  objectOf,
  parseJson,
  readBoolean,
  readObject,
  readString,
  readStringRecord,
  readStrings,
  stringOf,
  wordOf,
  wrong,
} from './check.js';
import type { Place, Reader } from './check.js';
import { readResources } from './parse-resources.js';
import { SECCOMP_ACTIONS, SECCOMP_ARCHITECTURES, SECCOMP_FLAGS, SECCOMP_OPERATORS } from './seccomp.js';
import type { SeccompArgument, SeccompConfig, SeccompRule } from './seccomp.js';
import { HOOK_KINDS, NAMESPACE_TYPES } from './spec.js';
import type {
  OciCapabilities,
  OciDevice,
  OciHook,
  OciHookKind,
  OciHooks,
  OciIdMapping,
  OciLinux,
  OciMount,
  OciNamespace,
  OciPersonality,
  OciProcess,
  OciRlimit,
  OciScheduler,
  OciSpec,
  OciTimeOffset,
  OciUser,
  RlimitValue,
} from './spec.js';

/** Larger than any that engines write. */
export const MAX_SPEC_BYTES = 16 * 1024 * 1024;

const MAX_ARGUMENT = 128 * 1024 - 1;
const MAX_ARGUMENTS = 16384;
const MAX_MOUNTS = 16384;

const id = integerIn(0, 0xfffffffe);
const count = integerIn(0, Number.MAX_SAFE_INTEGER);
const args = listOf(stringOf(MAX_ARGUMENT), MAX_ARGUMENTS);

const readIdMapping = objectOf<OciIdMapping>({
  required: { containerID: id, hostID: id, size: integerIn(1, 0xffffffff) },
  optional: {},
});
/** The kernel takes no more. */
const idMappings = listOf(readIdMapping, 340);

const readUser = objectOf<OciUser>({
  required: { uid: id, gid: id },
  optional: { umask: integerIn(0, 0o777), additionalGids: listOf(id, 1024), username: readString },
});

const readCapabilities = objectOf<OciCapabilities>({
  required: {},
  optional: {
    bounding: readStrings,
    effective: readStrings,
    inheritable: readStrings,
    permitted: readStrings,
    ambient: readStrings,
  },
});

/** Go writes infinity as 2^64-1, and JSON.parse rounds that; no smaller limit is that large. */
function readLimit(value: unknown, at: Place): RlimitValue {
  if (typeof value === 'number' && value >= 2 ** 63) return 'unlimited';
  return count(value, at);
}

const readRlimit = objectOf<OciRlimit>({
  required: { type: readString, soft: readLimit, hard: readLimit },
  optional: {},
});

const readScheduler = objectOf<OciScheduler>({
  required: { policy: readString },
  optional: {
    nice: integerIn(-20, 19),
    priority: integerIn(0, 99),
    flags: readStrings,
    runtime: count,
    deadline: count,
    period: count,
  },
});

const readProcess = objectOf<OciProcess>({
  required: { user: readUser, args, cwd: absolute },
  optional: {
    terminal: readBoolean,
    consoleSize: objectOf<NonNullable<OciProcess['consoleSize']>>({
      required: { height: integerIn(0, 65535), width: integerIn(0, 65535) },
      optional: {},
    }),
    env: args,
    capabilities: readCapabilities,
    rlimits: listOf(readRlimit, 64),
    noNewPrivileges: readBoolean,
    apparmorProfile: readString,
    oomScoreAdj: integerIn(-1000, 1000),
    selinuxLabel: readString,
    scheduler: readScheduler,
    ioPriority: objectOf<NonNullable<OciProcess['ioPriority']>>({
      required: { class: readString, priority: integerIn(0, 7) },
      optional: {},
    }),
    execCPUAffinity: objectOf<NonNullable<OciProcess['execCPUAffinity']>>({
      required: {},
      optional: { initial: readString, final: readString },
    }),
  },
});

function absolute(value: unknown, at: Place): string {
  const path = readString(value, at);
  if (!path.startsWith('/')) throw wrong(at, 'must be an absolute path');
  return path;
}

const readMount = objectOf<OciMount>({
  required: { destination: absolute },
  optional: {
    type: readString,
    source: readString,
    options: readStrings,
    uidMappings: idMappings,
    gidMappings: idMappings,
  },
});

const readHook = objectOf<OciHook>({
  required: { path: absolute },
  optional: { args, env: args, timeout: integerIn(1, 4000000) },
});

/** Hooks by kind. */
export const readHooks: Reader<OciHooks> = objectOf<OciHooks>({
  required: {},
  optional: Object.fromEntries(HOOK_KINDS.map((kind) => [kind, listOf(readHook, 64)])) as Record<
    OciHookKind,
    Reader<readonly OciHook[]>
  >,
});

const readNamespace = objectOf<OciNamespace>({
  required: { type: wordOf(NAMESPACE_TYPES) },
  optional: { path: absolute },
});

const readDevice = objectOf<OciDevice>({
  required: { type: wordOf(['c', 'b', 'u', 'p']), path: absolute },
  optional: {
    major: integerIn(0, 0xfff),
    minor: integerIn(0, 0xfffff),
    fileMode: integerIn(0, 0o177777),
    uid: id,
    gid: id,
  },
});

const readArgument = objectOf<SeccompArgument>({
  required: { index: integerIn(0, 5), value: count, op: wordOf(SECCOMP_OPERATORS) },
  optional: { valueTwo: count },
});

const readSeccompRule = objectOf<Omit<SeccompRule, 'architectures'>>({
  required: { names: (value, at) => readStrings(value, at, 1024), action: wordOf(SECCOMP_ACTIONS) },
  optional: { errnoRet: integerIn(0, 0xffff), args: listOf(readArgument, 64) },
});

const readSeccomp = objectOf<SeccompConfig>({
  required: { defaultAction: wordOf(SECCOMP_ACTIONS) },
  optional: {
    defaultErrnoRet: integerIn(0, 0xffff),
    architectures: listOf(wordOf(SECCOMP_ARCHITECTURES), 64),
    flags: listOf(wordOf(SECCOMP_FLAGS), 16),
    syscalls: listOf(readSeccompRule, 4096),
  },
});

const readTimeOffset = objectOf<OciTimeOffset>({
  required: {},
  optional: { secs: integerIn(-(2 ** 40), 2 ** 40), nanosecs: integerIn(0, 999999999) },
});

function readTimeOffsets(value: unknown, at: Place): Readonly<Record<string, OciTimeOffset>> {
  const entries = Object.entries(readObject(value, at));
  return Object.fromEntries(
    entries.map(([clock, offset]) => [
      wordOf(['monotonic', 'boottime'])(clock, at),
      readTimeOffset(offset, `${at}.${clock}`),
    ]),
  );
}

const readLinux = objectOf<OciLinux>({
  required: {},
  optional: {
    namespaces: listOf(readNamespace, 16),
    uidMappings: idMappings,
    gidMappings: idMappings,
    timeOffsets: readTimeOffsets,
    devices: listOf(readDevice, 4096),
    cgroupsPath: readString,
    resources: readResources,
    rootfsPropagation: readString,
    seccomp: readSeccomp,
    sysctl: readStringRecord,
    maskedPaths: readStrings,
    readonlyPaths: readStrings,
    mountLabel: readString,
    personality: objectOf<OciPersonality>({
      required: { domain: wordOf(['LINUX', 'LINUX32']) },
      optional: { flags: readStrings },
    }),
  },
});

const readSpec = objectOf<OciSpec>({
  required: {
    ociVersion: readString,
    root: objectOf<OciSpec['root']>({ required: { path: readString }, optional: { readonly: readBoolean } }),
  },
  optional: {
    mounts: listOf(readMount, MAX_MOUNTS),
    process: readProcess,
    hostname: stringOf(64),
    domainname: stringOf(64),
    hooks: readHooks,
    annotations: readStringRecord,
    linux: readLinux,
  },
});

/** The spec in the text of a config.json; INVALID_ARGUMENT names the place of what is wrong. */
export function parseOciSpec(text: string, name = 'config.json'): OciSpec {
  const spec = readSpec(parseJson(name, text, MAX_SPEC_BYTES), `${name}:`);
  if (!/^1\.\d+\.\d+/.test(spec.ociVersion))
    throw wrong(`${name}: ociVersion`, `must be 1.x, not ${JSON.stringify(spec.ociVersion)}`);
  return spec;
}
