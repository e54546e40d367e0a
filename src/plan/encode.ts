/** A plan as the bytes that the monitor and the addon take; the framing is written down in ops.ts. */
import { WireWriter } from '../util/wire-writer.js';
import { OPS, PLAN_MAGIC, PLAN_VERSION, STAGES, type Plan, type Stage, type Step } from './ops.js';

const OPTIONAL = 1;
const STAGE_CODES = Object.fromEntries(STAGES.map((stage, code) => [stage, code])) as Readonly<Record<Stage, number>>;

/** Throws a TypeError for a missing operand and a RangeError for one that its field cannot hold. */
export function encodePlan(plan: Plan): Uint8Array {
  const writer = new WireWriter();
  writer.u32(PLAN_MAGIC);
  writer.u32(PLAN_VERSION);
  writer.u32(plan.steps.length);
  for (const step of plan.steps) encodeStep(writer, step);
  return writer.finish();
}

function encodeStep(writer: WireWriter, step: Step): void {
  const shape = OPS[step.op];
  const flags = step.optional === true ? OPTIONAL : 0;
  writer.u32(shape.code + STAGE_CODES[step.stage] * 0x1_0000 + flags * 0x100_0000);
  const lengthAt = writer.length;
  writer.u32(0);
  writer.fields(shape, step);
  writer.u32At(lengthAt, writer.length - lengthAt - 4);
}
