import test from 'ava';

import { decodePlan, encodePlan } from '../../../src/plan/encode.js';
import { OPS, PLAN_MAGIC, PLAN_VERSION, STAGES } from '../../../src/plan/ops.js';
import type { OpName, Plan, Step } from '../../../src/plan/ops.js';
import type { FieldType } from '../../../src/util/wire.js';
import { planOf } from '../../helpers/plans.js';

const SAMPLES: Readonly<Record<FieldType, unknown>> = {
  u32: 4294967295,
  i32: -1,
  u64: 2n ** 64n - 1n,
  i64: -5n,
  str: 'größe',
  bytes: Buffer.from([0, 255]),
  strs: ['a', ''],
  u32s: [1, 2],
};

function fieldsOf(op: OpName): Readonly<Record<string, unknown>> {
  const types = Object.entries(OPS[op].fields as Record<string, FieldType>);
  return Object.fromEntries<unknown>(types.map(([name, type]) => [name, SAMPLES[type]]));
}

/** One step of every kind, all fields filled. */
const EVERYTHING: Plan = {
  steps: (Object.keys(OPS) as OpName[]).map((op, index) => {
    const optional = index % 2 === 0 ? { optional: true } : {};
    return { op, stage: STAGES[index % STAGES.length], ...optional, ...fieldsOf(op) } as unknown as Step;
  }),
};

test('every step comes back as it was', (t) => {
  t.deepEqual(decodePlan(encodePlan(EVERYTHING)), EVERYTHING);
});

test('a real plan comes back as it was', (t) => {
  const plan = planOf({ tty: true });
  const bytes = encodePlan(plan);
  t.deepEqual(encodePlan(decodePlan(bytes)), bytes);
});

test('the layout is what the decoder in C++ reads', (t) => {
  const bytes = Buffer.from(
    encodePlan({
      steps: [
        { op: 'umask', stage: 'init', optional: true, mask: 0o22 },
        { op: 'hostname', stage: 'init', name: 'ab' },
      ],
    }),
  );
  const words: readonly number[] = [
    ...[PLAN_MAGIC, PLAN_VERSION, 2],
    ...[66, STAGES.indexOf('init'), 1, 4, 0o22],
    ...[60, STAGES.indexOf('init'), 0, 4 + 3, 2],
  ];
  t.deepEqual(
    words.map((_, index) => bytes.readUInt32LE(index * 4)),
    words,
  );
  t.is(bytes.subarray(words.length * 4).toString('latin1'), 'ab\0');
});

test('what does not fit its field is refused', (t) => {
  t.throws(() => encodePlan({ steps: [{ op: 'umask', stage: 'init', mask: -1 }] }), { instanceOf: RangeError });
  t.throws(() => encodePlan({ steps: [{ op: 'hostname', stage: 'init', name: 'a\0b' }] }), { instanceOf: RangeError });
  t.throws(() => encodePlan({ steps: [{ op: 'hostname', stage: 'init' } as unknown as Step] }), {
    message: /missing field "name"/,
  });
});

const broken = test.macro<[what: string, change: (bytes: Buffer) => Uint8Array]>({
  exec: (t, _what, change) => {
    t.throws(() => decodePlan(change(Buffer.from(encodePlan(EVERYTHING)))), { instanceOf: RangeError });
  },
  title: (_, what) => `not a plan: ${what}`,
});
test(broken, 'nothing', () => new Uint8Array());
test(broken, 'another magic', (bytes) => bytes.fill(0, 0, 1));
test(broken, 'another version', (bytes) => bytes.fill(9, 4, 5));
test(broken, 'cut', (bytes) => bytes.subarray(0, -1));
test(broken, 'longer', (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]));
test(broken, 'more steps than there are', (bytes) => bytes.fill(255, 8, 12));
test(broken, 'an unknown step', (bytes) => bytes.fill(255, 12, 14));
