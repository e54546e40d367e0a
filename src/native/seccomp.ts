/** Compiles seccomp profiles for the kernel. */
import { TspodError } from '../errors.js';
import type {
  SeccompAction,
  SeccompArchitecture,
  SeccompConfig,
  SeccompOperator,
  SeccompRule,
} from '../oci/seccomp.js';
import { WireWriter } from '../util/wire-encode.js';
import { requireArray, requireText } from './arguments.js';
import { binding } from './binding.js';
import { isFailure, NativeError } from './native-error.js';

/** SECCOMP_RET_* by action (linux/seccomp.h); ERRNO and TRACE have the number in the low half. */
const ACTIONS: Readonly<Record<SeccompAction, number>> = {
  SCMP_ACT_KILL: 0x00000000,
  SCMP_ACT_KILL_THREAD: 0x00000000,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
};

/** Operators as libseccomp numbers them (enum scmp_compare). */
const OPERATORS: Readonly<Record<SeccompOperator, number>> = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
};

const NATIVE_ARCHITECTURES: Readonly<Record<string, SeccompArchitecture>> = {
  x64: 'SCMP_ARCH_X86_64',
  ia32: 'SCMP_ARCH_X86',
  arm64: 'SCMP_ARCH_AARCH64',
  arm: 'SCMP_ARCH_ARM',
  s390x: 'SCMP_ARCH_S390X',
  ppc64: 'SCMP_ARCH_PPC64LE',
  riscv64: 'SCMP_ARCH_RISCV64',
  loong64: 'SCMP_ARCH_LOONGARCH64',
};

const EPERM = 1;
const MAX_ERRNO = 4095;
const MAX_RULES = 10_000;
const MAX_ARCHITECTURES = 32;
const MAX_ARGUMENTS = 64;
const SYSCALL_ARGUMENTS = 6;
const MAX_VALUE = 2n ** 64n - 1n;

/**
 * Compiles a profile to BPF (a sequence of `struct sock_filter`) with the host's libseccomp. This takes milliseconds,
 * so keep the result.
 *
 * Names of system calls that this libseccomp does not know are skipped: the default action applies to them. A rule
 * whose action is the default one has no effect. Two conditions of a rule on one argument are alternatives; conditions
 * on different arguments must all hold. TspodError UNSUPPORTED_HOST if libseccomp is missing, INVALID_ARGUMENT for a
 * profile that cannot be compiled; TypeError for a value of the wrong type.
 */
export function compileSeccomp(profile: SeccompConfig): Uint8Array {
  const program = binding().compileSeccomp(encodeProfile(profile));
  if (!isFailure(program)) return program;
  const cause = new NativeError(program);
  if (program.syscall === 'dlopen') {
    const remedy =
      'install it (Debian, Ubuntu: libseccomp2; Fedora, Alpine: libseccomp), or use --security-opt seccomp=unconfined';
    throw new TspodError('UNSUPPORTED_HOST', `seccomp filters need libseccomp.so.2, which this host lacks: ${remedy}`, {
      cause,
    });
  }
  throw new TspodError('INVALID_ARGUMENT', `seccomp profile: ${cause.message}`, { cause });
}

function encodeProfile(profile: SeccompConfig): Uint8Array {
  const architectures = profile.architectures ?? [];
  const syscalls = profile.syscalls ?? [];
  requireArray(architectures, 'an array of architectures');
  requireArray(syscalls, 'an array of rules');
  const covered = architectures.length > 0 ? [...new Set(architectures)] : [nativeArchitecture()];
  if (covered.length > MAX_ARCHITECTURES) throw invalid(`${covered.length} architectures`);
  const defaultAction = actionNumber(profile.defaultAction, profile.defaultErrnoRet);
  const rules = syscalls.filter((rule) => actionNumber(rule.action, rule.errnoRet) !== defaultAction);
  if (rules.length > MAX_RULES) throw invalid(`${rules.length} rules, at most ${MAX_RULES}`);
  const writer = new WireWriter(32 * 1024);
  writer.u32(defaultAction);
  writer.strs(covered.map(libraryName));
  writer.u32(rules.length);
  for (const rule of rules) writeRule(writer, rule, covered);
  return writer.finish();
}

/** Returns libseccomp's name of an architecture: x86_64 for SCMP_ARCH_X86_64. */
function libraryName(architecture: SeccompArchitecture): string {
  if (!requireText(architecture, 'an architecture').startsWith('SCMP_ARCH_'))
    throw invalid(`architecture "${architecture}"`);
  return architecture.slice('SCMP_ARCH_'.length).toLowerCase();
}

function nativeArchitecture(): SeccompArchitecture {
  const native = NATIVE_ARCHITECTURES[process.arch];
  if (native === undefined) throw new TspodError('UNSUPPORTED_HOST', `no seccomp filters for ${process.arch}`);
  return native;
}

function writeRule(writer: WireWriter, rule: SeccompRule, covered: readonly SeccompArchitecture[]): void {
  const { names } = rule;
  const args = rule.args ?? [];
  requireArray(names, 'an array of names of system calls');
  requireArray(args, 'an array of conditions');
  if (args.length > MAX_ARGUMENTS) throw invalid(`rule with ${args.length} conditions, at most ${MAX_ARGUMENTS}`);
  writer.u32(actionNumber(rule.action, rule.errnoRet));
  writer.u32(architectureBits(rule, covered));
  writer.strs(names.map((name) => requireText(name, 'the name of a system call')));
  writer.u32(args.length);
  for (const { index, op, value, valueTwo } of args) {
    if (!Object.hasOwn(OPERATORS, op)) throw invalid(`operator "${op}"`);
    if (!Number.isInteger(index) || index < 0 || index >= SYSCALL_ARGUMENTS) throw invalid(`argument index ${index}`);
    writer.u32(index);
    writer.i32(OPERATORS[op]);
    writer.u64(unsigned(value));
    writer.u64(unsigned(valueTwo ?? 0));
  }
}

function architectureBits(rule: SeccompRule, covered: readonly SeccompArchitecture[]): number {
  const { architectures } = rule;
  if (architectures !== undefined) requireArray(architectures, 'an array of architectures');
  return covered.reduce((bits, name, index) => {
    const applies = architectures === undefined || architectures.includes(name);
    return applies ? (bits | (1 << index)) >>> 0 : bits;
  }, 0);
}

function actionNumber(action: SeccompAction, errnoRet: number | undefined): number {
  if (!Object.hasOwn(ACTIONS, action)) throw invalid(`action "${action}"`);
  const base = ACTIONS[action];
  if (action !== 'SCMP_ACT_ERRNO' && action !== 'SCMP_ACT_TRACE') return base;
  const errno = errnoRet ?? EPERM;
  if (!Number.isInteger(errno) || errno < 0 || errno > MAX_ERRNO) throw invalid(`errnoRet ${errno}`);
  return base | errno;
}

/**
 * Returns a value as unsigned 64 bits. An unsafe number is refused, because it may not be the one that was written:
 * JSON.parse() turns 2^64-1 into 2^64.
 */
function unsigned(value: number | bigint): bigint {
  const isExact = typeof value === 'bigint' || Number.isSafeInteger(value);
  if (!isExact || value < 0 || value > MAX_VALUE) throw invalid(`value ${value}`);
  return BigInt(value);
}

function invalid(what: string): TspodError {
  return new TspodError('INVALID_ARGUMENT', `seccomp profile: ${what}`);
}
