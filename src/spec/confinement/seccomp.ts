/** The default seccomp filter of containers. */
import type { SeccompArchitecture, SeccompArgument, SeccompConfig, SeccompRule } from '../../oci/seccomp.js';
import type { Capability } from '../../util/capabilities.js';
import {
  ALLOWED,
  ALLOWED_BY_ARCHITECTURE,
  ALLOWED_BY_CAPABILITY,
  ALLOWED_PERSONALITIES,
  ALLOWED_SINCE,
  REFUSED,
} from './seccomp-default.js';

const EPERM = 1;
const EINVAL = 22;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** Address families and protocols of socket(2). */
const AF_NETLINK = 16;
const AF_ALG = 38;
const AF_VSOCK = 40;
const NETLINK_AUDIT = 9;

/** Lowest number of socketcall(2), which stands for socket(2). */
const SYS_SOCKET = 1;

/**
 * Mask of an int argument. The kernel takes it from the low half of the register, so comparing the whole register could
 * be evaded.
 */
const INT_MASK = 0xffffffff;

/** The native architecture, and those whose programs it also runs, by the names of process.arch. */
const ARCHITECTURES: Readonly<Record<string, readonly SeccompArchitecture[]>> = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
  s390x: ['SCMP_ARCH_S390X', 'SCMP_ARCH_S390'],
  ppc64: ['SCMP_ARCH_PPC64LE'],
  riscv64: ['SCMP_ARCH_RISCV64'],
  loong64: ['SCMP_ARCH_LOONGARCH64'],
};

/** Returns the architectures that a filter for this machine covers. */
export function seccompArchitectures(architecture: string): readonly SeccompArchitecture[] {
  return ARCHITECTURES[architecture] ?? [];
}

/** Returns the default profile for a container with this bounding set on this architecture. */
export function defaultSeccomp(capabilities: ReadonlySet<string>, architecture: string): SeccompConfig {
  const byCapability = Object.entries(ALLOWED_BY_CAPABILITY) as [Capability, readonly string[]][];
  const granted = byCapability.filter(([name]) => capabilities.has(name)).flatMap(([, names]) => names);
  const withheld = byCapability.filter(([name]) => !capabilities.has(name)).flatMap(([, names]) => names);
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: ENOSYS,
    architectures: seccompArchitectures(architecture),
    syscalls: [
      { names: [...REFUSED, ...withheld], action: 'SCMP_ACT_ERRNO', errnoRet: EPERM },
      {
        names: [...ALLOWED, ...ALLOWED_SINCE, ...granted, ...(ALLOWED_BY_ARCHITECTURE[architecture] ?? [])],
        action: 'SCMP_ACT_ALLOW',
      },
      ...ALLOWED_PERSONALITIES.map((value) => allow('personality', { index: 0, value, op: 'SCMP_CMP_EQ' })),
      ...socketRules(capabilities.has('CAP_AUDIT_WRITE'), architecture),
    ],
  };
}

function allow(name: string, ...args: readonly SeccompArgument[]): SeccompRule {
  return { names: [name], action: 'SCMP_ACT_ALLOW', args };
}

function refuse(name: string, errnoRet: number, ...args: readonly SeccompArgument[]): SeccompRule {
  return { names: [name], action: 'SCMP_ACT_ERRNO', errnoRet, args };
}

/** Returns the comparison `(argument & mask) == value`, on the low half of the register only. */
function bits(index: number, value: number, mask: number = INT_MASK): SeccompArgument {
  return { index, value: mask, valueTwo: value, op: 'SCMP_CMP_MASKED_EQ' };
}

/**
 * Returns the rules of socket(2), which allow all families but AF_ALG and AF_VSOCK, which reach code of the kernel and
 * of the hypervisor that containers have no use for; the audit protocol of netlink only with its capability. libseccomp
 * takes one comparison for each argument of a rule and the rules must not overlap, so ranges are written as blocks of a
 * power of two.
 *
 * Programs of 32-bit x86 make sockets through socketcall(2), where a filter cannot see the family: they get no sockets.
 * On architectures with a native socketcall (s390x, ppc64le) a filter cannot distinguish families at all.
 */
function socketRules(audit: boolean, architecture: string): readonly SeccompRule[] {
  if (architecture !== 'x64' && architecture !== 'arm64')
    return [{ names: ['socket', 'socketcall'], action: 'SCMP_ACT_ALLOW' }];
  const architectures = seccompArchitectures(architecture).filter((name) => name !== 'SCMP_ARCH_X86');
  const rules = [...familyRules(audit), ...(audit ? [] : netlinkRules())];
  const filtered = rules.map((rule) => ({ ...rule, architectures }));
  return architecture === 'x64' ? [...filtered, ...socketcallRules()] : filtered;
}

function familyRules(audit: boolean): readonly SeccompRule[] {
  const denied = [AF_ALG, AF_VSOCK];
  const allowed = blocksWithout(64, audit ? denied : [...denied, AF_NETLINK]);
  return [
    ...allowed.map(([value, mask]) => allow('socket', bits(0, value, mask))),
    ...denied.map((family) => refuse('socket', EAFNOSUPPORT, bits(0, family))),
  ];
}

function netlinkRules(): readonly SeccompRule[] {
  const allowed = blocksWithout(32, [NETLINK_AUDIT]);
  return [
    ...allowed.map(([value, mask]) => allow('socket', bits(0, AF_NETLINK), bits(2, value, mask))),
    refuse('socket', EINVAL, bits(0, AF_NETLINK), bits(2, NETLINK_AUDIT)),
  ];
}

function socketcallRules(): readonly SeccompRule[] {
  const architectures = ['SCMP_ARCH_X86'] as const;
  return [
    { ...allow('socketcall', { index: 0, value: SYS_SOCKET, op: 'SCMP_CMP_GT' }), architectures },
    { ...refuse('socketcall', EAFNOSUPPORT, { index: 0, value: SYS_SOCKET, op: 'SCMP_CMP_EQ' }), architectures },
  ];
}

/**
 * Returns the numbers below `end` (a power of two), without those in `without`, as the fewest aligned blocks: a value
 * and a 32-bit mask each.
 */
export function blocksWithout(end: number, without: readonly number[]): readonly (readonly [number, number])[] {
  const split = (start: number, size: number): readonly (readonly [number, number])[] => {
    if (!without.some((value) => value >= start && value < start + size))
      return [[start, (INT_MASK - (size - 1)) >>> 0]];
    if (size === 1) return [];
    return [...split(start, size / 2), ...split(start + size / 2, size / 2)];
  };
  return split(0, end);
}
