/** Device rules: the program of cgroup v2 and the files of v1. */
import test from 'ava';

import type { OciDeviceRule } from '../../../src/oci/resources.js';
import { deviceWrites } from '../../../src/plan/device-files.js';
import {
  deviceInstructions,
  deviceProgram,
  simplifyRules,
  type Instruction,
} from '../../../src/plan/device-program.js';
import { deviceRules } from '../../../src/spec/files/devices.js';

const DEFAULTS = deviceRules({ privileged: false, granted: [], rules: [] });

const LOAD = 0x61;
const MOVE_K = 0xb7;
const MOVE_X = 0xbf;
const AND_K = 0x54;
const SHIFT = 0x74;
const JNE_K = 0x55;
const JNE_X = 0x5d;
const JEQ_K = 0x15;
const EXIT = 0x95;

/** What the kernel would answer: runs the program on a request. */
function run(
  program: readonly Instruction[],
  type: string,
  numbers: readonly [number, number],
  access: string,
): boolean {
  const bits = [...access].reduce((sum, letter) => sum | ({ m: 1, r: 2, w: 4 }[letter] ?? 0), 0);
  const context = [(bits << 16) | (type === 'b' ? 1 : 2), ...numbers];
  const registers = new Array<number>(11).fill(0);
  for (let at = 0; at < program.length; at += 1) {
    const { opcode, target, source, offset, value } = program[at] ?? {
      opcode: -1,
      target: 0,
      source: 0,
      offset: 0,
      value: 0,
    };
    const left = registers[target] ?? 0;
    const right = registers[source] ?? 0;
    if (opcode === EXIT) return registers[0] === 1;
    else if (opcode === LOAD) registers[target] = context[offset / 4] ?? 0;
    else if (opcode === MOVE_K) registers[target] = value;
    else if (opcode === MOVE_X) registers[target] = right;
    else if (opcode === AND_K) registers[target] = left & value;
    else if (opcode === SHIFT) registers[target] = left >>> value;
    else if (opcode === JNE_K) at += left !== value ? offset : 0;
    else if (opcode === JNE_X) at += left !== right ? offset : 0;
    else if (opcode === JEQ_K) at += left === value ? offset : 0;
    else throw new Error(`opcode ${opcode}`);
  }
  throw new Error('ran off the end');
}

const request = test.macro<
  [rules: readonly OciDeviceRule[], type: string, numbers: readonly [number, number], access: string, allowed: boolean]
>({
  exec: (t, ...[rules, type, numbers, access, allowed]) => {
    t.is(run(deviceInstructions(rules), type, numbers, access), allowed);
  },
  title: (_, ...[rules, type, numbers, access, allowed]) =>
    `${rules === DEFAULTS ? 'default rules' : JSON.stringify(rules)}: ${type} ${numbers.join(':')} ${access} ${allowed ? 'allowed' : 'denied'}`,
});

test(request, DEFAULTS, 'c', [1, 3], 'rwm', true);
test(request, DEFAULTS, 'c', [1, 9], 'r', true);
test(request, DEFAULTS, 'c', [136, 77], 'rw', true);
test(request, DEFAULTS, 'c', [5, 2], 'rw', true);
test(request, DEFAULTS, 'c', [1, 1], 'r', false);
test(request, DEFAULTS, 'c', [1, 1], 'm', true);
test(request, DEFAULTS, 'b', [1, 3], 'r', false);
test(request, DEFAULTS, 'b', [254, 0], 'm', true);
test(request, DEFAULTS, 'b', [254, 0], 'rm', false);
test(request, DEFAULTS, 'c', [10, 200], 'rwm', true);
test(request, DEFAULTS, 'b', [10, 200], 'rw', false);
test(request, DEFAULTS, 'c', [10, 229], 'rw', false);

const READ_ONLY: readonly OciDeviceRule[] = [{ allow: false }, { allow: true, type: 'b', major: 8, access: 'r' }];
test(request, READ_ONLY, 'b', [8, 1], 'r', true);
test(request, READ_ONLY, 'b', [8, 1], 'rw', false);
test(request, READ_ONLY, 'c', [8, 1], 'r', false);

const DENY_LIST: readonly OciDeviceRule[] = [
  { allow: true },
  { allow: false, type: 'c', major: 1, minor: 1, access: 'w' },
];
test(request, DENY_LIST, 'c', [1, 1], 'r', true);
test(request, DENY_LIST, 'c', [1, 1], 'rw', false);
test(request, DENY_LIST, 'c', [1, 2], 'rw', true);

const LATER_COUNTS: readonly OciDeviceRule[] = [
  { allow: false, type: 'a' },
  { allow: true, major: 9 },
  { allow: false, type: 'b', major: 9 },
];
test(request, LATER_COUNTS, 'c', [9, 0], 'r', true);
test(request, LATER_COUNTS, 'b', [9, 0], 'r', false);
test(request, [], 'c', [1, 3], 'r', false);
test(request, [{ allow: true, type: 'a', major: -1, minor: -1, access: 'rwm' }], 'b', [1, 3], 'rwm', true);

test('every jump lands on an instruction after it, and the end is not reached', (t) => {
  for (const rules of [DEFAULTS, READ_ONLY, DENY_LIST, LATER_COUNTS, []]) {
    const program = deviceInstructions(rules);
    for (const [index, { opcode, offset }] of program.entries()) {
      if (opcode !== JNE_K && opcode !== JNE_X && opcode !== JEQ_K) continue;
      t.true(offset > 0 && index + 1 + offset < program.length);
      t.is(program[index + offset]?.opcode, EXIT, 'over the answer of this rule, to the next');
    }
    t.is(program.at(-1)?.opcode, EXIT);
  }
});

test('registers are written before they are read', (t) => {
  const written = new Set([1, 10]);
  for (const { opcode, target, source } of deviceInstructions(DEFAULTS)) {
    if ([LOAD, MOVE_X, JNE_X].includes(opcode)) t.true(written.has(source));
    if ([AND_K, SHIFT, JNE_K, JNE_X, JEQ_K].includes(opcode)) t.true(written.has(target));
    if (opcode === EXIT) t.true(written.has(0));
    written.add(target);
  }
});

test('instructions are eight bytes, little endian', (t) => {
  const program = deviceProgram([{ allow: false }, { allow: true, type: 'c', major: 300, access: 'rwm' }]);
  t.is(program.length % 8, 0);
  t.deepEqual([...program.subarray(0, 8)], [0x61, 0x12, 0, 0, 0, 0, 0, 0]);
  t.deepEqual([...program.subarray(7 * 8, 8 * 8)], [0x55, 0x04, 2, 0, 0x2c, 1, 0, 0]);
  t.deepEqual([...program.subarray(-16)], [0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]);
});

test('what comes before a rule for everything does not count', (t) => {
  t.deepEqual(simplifyRules([{ allow: true, type: 'c' }, { allow: false }, { allow: true, type: 'b' }]), {
    allowByDefault: false,
    exceptions: [{ allow: true, type: 'b' }],
  });
  t.false(simplifyRules([]).allowByDefault);
});

test('version 1: a line for each rule', (t) => {
  t.deepEqual(
    deviceWrites([
      { allow: false },
      { allow: true, type: 'u', major: 1, minor: 3, access: 'rw' },
      { allow: true, type: 'a', major: 5 },
    ]).map(({ file, value }) => `${file} ${value}`),
    ['devices.deny a', 'devices.allow c 1:3 rw', 'devices.allow b 5:* rwm', 'devices.allow c 5:* rwm'],
  );
});

test('a privileged container may open everything', (t) => {
  const rules = deviceRules({ privileged: true, granted: [], rules: [] });
  t.true(run(deviceInstructions(rules), 'b', [8, 0], 'rwm'));
  t.deepEqual(deviceWrites(rules), [{ file: 'devices.allow', value: 'a' }]);
});
