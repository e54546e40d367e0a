/**
 * A plan as bytes, for the monitor and the addon:
 *
 *     u32 magic   u32 version   u32 steps
 *     each step:  u32 code   u32 stage   u32 flags   u32 length   the fields, `length` bytes
 *
 * all little endian. `stage` is an index of STAGES; bit 0 of `flags` says that the step is optional.
 */
import { WireReader } from '../util/wire-decode.js';
import { WireWriter } from '../util/wire-encode.js';
import type { RecordShape } from '../util/wire.js';
import { OPS, PLAN_MAGIC, PLAN_VERSION, STAGES } from './ops.js';
import type { OpName, Plan, Stage, Step } from './ops.js';

/** Bit of a step's flags: its failure is ignored. */
const STEP_OPTIONAL = 1;

/** Highest number of steps of one plan. */
const MAX_STEPS = 65536;

const STAGE_INDEX = new Map<Stage, number>(STAGES.map((stage, index) => [stage, index]));

const OP_BY_CODE = new Map<number, OpName>((Object.keys(OPS) as OpName[]).map((name) => [OPS[name].code, name]));

/** Encodes a plan. Throws RangeError for an operand that its field cannot hold. */
export function encodePlan(plan: Plan): Uint8Array {
  if (plan.steps.length > MAX_STEPS) throw new RangeError(`plan of ${plan.steps.length} steps, at most ${MAX_STEPS}`);
  const writer = new WireWriter(16384);
  writer.u32(PLAN_MAGIC);
  writer.u32(PLAN_VERSION);
  writer.u32(plan.steps.length);
  for (const step of plan.steps) writeStep(writer, step);
  return writer.finish();
}

function writeStep(writer: WireWriter, step: Step): void {
  const shape: RecordShape = OPS[step.op];
  writer.u32(shape.code);
  writer.u32(STAGE_INDEX.get(step.stage) ?? STAGES.length);
  writer.u32(step.optional === true ? STEP_OPTIONAL : 0);
  const lengthAt = writer.length;
  writer.u32(0);
  writer.fields(shape, step as unknown as Parameters<typeof writer.fields>[1]);
  writer.patchU32(lengthAt, writer.length - lengthAt - 4);
}

/**
 * Decodes what encodePlan() made, for tests and debugging. Throws RangeError for bytes that are no plan of this
 * version.
 */
export function decodePlan(bytes: Uint8Array): Plan {
  const reader = new WireReader(bytes);
  if (reader.u32() !== PLAN_MAGIC) throw new RangeError('not a plan');
  const version = reader.u32();
  if (version !== PLAN_VERSION) throw new RangeError(`plan of version ${version}, not ${PLAN_VERSION}`);
  const count = reader.u32();
  if (count > MAX_STEPS) throw new RangeError(`plan of ${count} steps, at most ${MAX_STEPS}`);
  const steps: Step[] = [];
  for (let index = 0; index < count; index += 1) steps.push(readStep(reader));
  if (reader.remaining > 0) throw new RangeError(`${reader.remaining} bytes after the plan`);
  return { steps };
}

function readStep(reader: WireReader): Step {
  const code = reader.u32();
  const op = OP_BY_CODE.get(code);
  const stage = STAGES[reader.u32()];
  if (op === undefined || stage === undefined) throw new RangeError(`unknown step code ${code} or stage`);
  const flags = reader.u32();
  const length = reader.u32();
  const start = reader.offset;
  const fields = reader.fields(OPS[op]);
  if (reader.offset - start !== length) throw new RangeError(`step ${op}: ${length} bytes, fields take another number`);
  const optional = (flags & STEP_OPTIONAL) !== 0 ? { optional: true } : {};
  return { op, stage, ...optional, ...fields } as unknown as Step;
}
