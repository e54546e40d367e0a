/**
 * The device rules of a cgroup as an eBPF program (BPF_PROG_TYPE_CGROUP_DEVICE, linux/bpf.h): cgroup v2 has no files
 * for them.
 */
import type { OciDeviceRule } from '../oci/resources.js';

/** Values of `struct bpf_cgroup_dev_ctx`. */
const DEVICE_TYPES: Readonly<Record<string, number>> = { b: 1, c: 2, u: 2 };
const ACCESS_BITS: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };
const ALL_ACCESS = 7;

/** Opcodes: class, size or operation, and whether the second operand is a number (K) or a register (X). */
const LOAD_WORD = 0x61;
const MOVE_K = 0xb7;
const MOVE_X = 0xbf;
const AND_K = 0x54;
const SHIFT_RIGHT_K = 0x74;
const JUMP_UNEQUAL_K = 0x55;
const JUMP_UNEQUAL_X = 0x5d;
const JUMP_EQUAL_K = 0x15;
const EXIT = 0x95;

/**
 * Registers: the result; a scratch register, which holds the context until that is read; and the request's type, access
 * and numbers.
 */
const RESULT = 0;
const SCRATCH = 1;
const TYPE = 2;
const ACCESS = 3;
const MAJOR = 4;
const MINOR = 5;

/** One eBPF instruction. The `offset` of a jump is the number of instructions after it that are skipped. */
export interface Instruction {
  readonly opcode: number;
  readonly target: number;
  readonly source: number;
  readonly offset: number;
  readonly value: number;
}

/** Device rules, and what applies if none of them matches. */
export interface SimplifiedRules {
  readonly allowByDefault: boolean;
  readonly exceptions: readonly OciDeviceRule[];
}

/**
 * Drops the rules before the last one that covers all devices and all access. Without such a rule, all is denied by
 * default.
 */
export function simplifyRules(rules: readonly OciDeviceRule[]): SimplifiedRules {
  const last = rules.findLastIndex(coversAll);
  return {
    allowByDefault: rules[last]?.allow ?? false,
    exceptions: rules.slice(last + 1),
  };
}

function coversAll(rule: OciDeviceRule): boolean {
  return isAnyType(rule) && isAnyNumber(rule.major) && isAnyNumber(rule.minor) && accessBits(rule) === ALL_ACCESS;
}

function isAnyType(rule: OciDeviceRule): boolean {
  return rule.type === undefined || rule.type === '' || rule.type === 'a';
}

/** Whether a number stands for all: the specification leaves it out, Go programs write -1. */
function isAnyNumber(number: number | undefined): number is undefined {
  return number === undefined || number < 0;
}

function accessBits(rule: OciDeviceRule): number {
  if (rule.access === undefined || rule.access === '') return ALL_ACCESS;
  return [...rule.access].reduce((bits, letter) => bits | (ACCESS_BITS[letter] ?? 0), 0);
}

/** Returns the instructions: read the request, then the exceptions from the last to the first, then the default. */
export function deviceInstructions(rules: readonly OciDeviceRule[]): readonly Instruction[] {
  const { allowByDefault, exceptions } = simplifyRules(rules);
  return [...readRequest(), ...exceptions.toReversed().flatMap(exceptionInstructions), ...answer(allowByDefault)];
}

/**
 * Returns the instructions that read the request. `access_type` holds the access in its upper half and the type of the
 * device in its lower.
 */
function readRequest(): readonly Instruction[] {
  return [
    { ...instruction(LOAD_WORD, TYPE), source: SCRATCH, offset: 0 },
    { ...instruction(MOVE_X, ACCESS), source: TYPE },
    instruction(SHIFT_RIGHT_K, ACCESS, 16),
    instruction(AND_K, TYPE, 0xffff),
    { ...instruction(LOAD_WORD, MAJOR), source: SCRATCH, offset: 4 },
    { ...instruction(LOAD_WORD, MINOR), source: SCRATCH, offset: 8 },
  ];
}

/**
 * Returns the instructions of one rule: tests, each of which jumps to the end of the rule if it fails, then the rule's
 * result.
 */
function exceptionInstructions(rule: OciDeviceRule): readonly Instruction[] {
  const tests = [
    ...(isAnyType(rule) ? [] : [instruction(JUMP_UNEQUAL_K, TYPE, DEVICE_TYPES[rule.type ?? ''] ?? 0)]),
    ...accessTests(rule),
    ...(isAnyNumber(rule.major) ? [] : [instruction(JUMP_UNEQUAL_K, MAJOR, rule.major)]),
    ...(isAnyNumber(rule.minor) ? [] : [instruction(JUMP_UNEQUAL_K, MINOR, rule.minor)]),
  ];
  const all = [...tests, ...answer(rule.allow)];
  return all.map((one, index) => (isJump(one) ? { ...one, offset: all.length - index - 1 } : one));
}

/**
 * Returns the test of the access. A rule that allows must cover all of the requested access; one that denies, any of
 * it.
 */
function accessTests(rule: OciDeviceRule): readonly Instruction[] {
  const bits = accessBits(rule);
  if (bits === ALL_ACCESS) return [];
  return [
    { ...instruction(MOVE_X, SCRATCH), source: ACCESS },
    instruction(AND_K, SCRATCH, bits),
    rule.allow ? { ...instruction(JUMP_UNEQUAL_X, SCRATCH), source: ACCESS } : instruction(JUMP_EQUAL_K, SCRATCH, 0),
  ];
}

function isJump({ opcode }: Instruction): boolean {
  return opcode === JUMP_UNEQUAL_K || opcode === JUMP_UNEQUAL_X || opcode === JUMP_EQUAL_K;
}

function answer(allow: boolean): readonly Instruction[] {
  return [instruction(MOVE_K, RESULT, allow ? 1 : 0), instruction(EXIT, 0)];
}

function instruction(opcode: number, target: number, value = 0): Instruction {
  return { opcode, target, source: 0, offset: 0, value };
}

/**
 * Returns the program as the kernel takes it: 8 bytes for each instruction, in the byte order of all machines that
 * tspod runs on.
 */
export function deviceProgram(rules: readonly OciDeviceRule[]): Uint8Array {
  const instructions = deviceInstructions(rules);
  const program = Buffer.alloc(instructions.length * 8);
  for (const [index, { opcode, target, source, offset, value }] of instructions.entries()) {
    const at = index * 8;
    program.writeUInt8(opcode, at);
    program.writeUInt8(target | (source << 4), at + 1);
    program.writeInt16LE(offset, at + 2);
    program.writeInt32LE(value, at + 4);
  }
  return program;
}
