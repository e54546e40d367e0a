import test from 'ava';

import { CODES } from '../../../src/plan/codes.js';
import { describePlan, describeStep } from '../../../src/plan/describe.js';
import { OPS, STAGES } from '../../../src/plan/ops.js';
import type { OpName, Step } from '../../../src/plan/ops.js';
import type { FieldType } from '../../../src/util/wire.js';
import { planOf } from '../../helpers/plans.js';

const SAMPLES: Readonly<Record<FieldType, unknown>> = {
  u32: 1,
  i32: -1,
  u64: 1n,
  i64: 1n,
  str: 'text',
  bytes: new Uint8Array(8),
  strs: ['word'],
  u32s: [1],
};

/** The words of a step with a sample in each field that is not given. */
function describe(op: OpName, given: Readonly<Record<string, unknown>> = {}): string {
  const types = Object.entries(OPS[op].fields as Record<string, FieldType>);
  const fields: Readonly<Record<string, unknown>> = Object.fromEntries<unknown>(
    types.map(([name, type]) => [name, SAMPLES[type]]),
  );
  return describeStep({ op, stage: 'init', ...fields, ...given } as unknown as Step);
}

test('every step has words, on one line, and none is like another', (t) => {
  const lines = (Object.keys(OPS) as OpName[]).map((op) => describe(op));
  for (const line of lines) t.regex(line, /^[a-z][^\n]+$/i);
  // Two pairs do the same, before and after the root has become "/".
  t.is(new Set(lines).size, lines.length - 2);
});

/** A step with this number in the field that the table is for. What is made where a target is missing has no words. */
const STEPS_WITH: Readonly<Record<Exclude<keyof typeof CODES, 'create'>, (code: number) => string>> = {
  monitorRole: (kind) => describe('role', { kind }),
  streamKind: (stdin) => describe('stdio', { terminal: 0, stdin }),
  logDriver: (driver) => describe('log', { driver }),
  restartPolicy: (policy) => describe('restart', { policy }),
  pidFileOwner: (which) => describe('pidFile', { which }),
  checkKind: (kind) => describe('healthCheck', { kind }),
  failureAction: (onFailure) => describe('health', { onFailure }),
  applies: (applies) => describe('capabilities', { applies }),
  netlinkCondition: (condition) => describe('netlink', { condition }),
};

test('each number that has a name has words of its own', (t) => {
  for (const [table, withCode] of Object.entries(STEPS_WITH)) {
    const codes = Object.values(CODES[table as keyof typeof CODES]);
    t.is(new Set(codes.map(withCode)).size, codes.length, table);
  }
});

test('a step with a number that nothing has is described all the same', (t) => {
  t.is(describe('role', { kind: 9 }), 'be the monitor of something unknown');
  t.regex(describe('log', { driver: 9 }), /^log as unknown /);
  t.regex(describe('restart', { policy: 9 }), /^restart unknown/);
  t.regex(describe('health', { onFailure: 9 }), /^do something at bad health/);
  t.regex(describe('stdio', { terminal: 0, stdin: 9 }), /^streams: unknown, /);
});

test('a step of a plan names what it is about', (t) => {
  const plan = planOf({});
  const index = plan.steps.findIndex((step) => step.op === 'mountFs' && step.type === 'proc');
  const step = plan.steps[index];
  if (step === undefined) return t.fail();
  t.is(describeStep(step, { plan, index }), 'mount proc on /proc nosuid,noexec,nodev source=proc');
  t.is(describeStep(step), 'mount proc nosuid,noexec,nodev source=proc');
});

test('a plan has a line for each step: number, stage, words', (t) => {
  const plan = planOf({});
  const lines = describePlan(plan).trimEnd().split('\n');
  t.is(lines.length, plan.steps.length);
  for (const [index, line] of lines.entries()) {
    const match = /^ *(\d+) {2}(\w+) +\S/.exec(line);
    t.is(Number(match?.[1]), index + 1);
    t.true(STAGES.includes(match?.[2] as (typeof STAGES)[number]));
  }
});

test('what a user gave cannot write lines of its own', (t) => {
  const line = describeStep({ op: 'exec', stage: 'init', args: ['a\n1 b', '\x1b[31m'], env: [], setHome: 1 });
  t.is(line, "exec 'a\\n1 b' '\\u001b[31m'");
});
