/** PlanBuilder, which collects the steps of a plan stage by stage and allocates slots. */
import { TspodError } from '../errors.js';
import { MAX_SLOTS, STAGES } from './ops.js';
import type { OpName, Operands, Plan, Stage, Step } from './ops.js';

/** A plan in the making: steps of one stage keep the order in which they are added. */
export class PlanBuilder {
  readonly #stages = new Map<Stage, Step[]>(STAGES.map((stage) => [stage, []]));
  #slots = 0;

  /** Allocates a slot that nothing else in this plan uses. */
  slot(): number {
    if (this.#slots >= MAX_SLOTS) {
      throw new TspodError(
        'INVALID_ARGUMENT',
        `the container needs more than ${MAX_SLOTS} descriptors at once: it has too many mounts`,
      );
    }
    this.#slots += 1;
    return this.#slots - 1;
  }

  /** Adds a step at the end of its stage. */
  add<N extends OpName>(stage: Stage, op: N, operands: Operands<N>): void {
    this.#stages.get(stage)?.push({ op, stage, ...operands } as unknown as Step);
  }

  /** Adds a step whose failure is ignored. */
  try<N extends OpName>(stage: Stage, op: N, operands: Operands<N>): void {
    this.#stages.get(stage)?.push({ op, stage, optional: true, ...operands } as unknown as Step);
  }

  /** Whether a stage has any steps. */
  has(stage: Stage): boolean {
    return (this.#stages.get(stage)?.length ?? 0) > 0;
  }

  /** Returns the plan: all steps, in the order of the stages. */
  build(): Plan {
    return { steps: STAGES.flatMap((stage) => this.#stages.get(stage) ?? []) };
  }
}

/** The number by which an awaitStage step names a stage. */
export function stageIndex(stage: Stage): number {
  return STAGES.indexOf(stage);
}
