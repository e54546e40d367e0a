/** Plans as text: one line for each step, in the words that also name the step in an error. */
import { STAGES } from './ops.js';
import type { OpName, Plan, Step } from './ops.js';
import { DESCRIBERS } from './step-words.js';
import type { StepNames } from './step-words.js';

/** Returns all steps with their numbers and stages; an optional step is marked with `?`. */
export function describePlan(plan: Plan): string {
  const names = nameSlots(plan);
  const numberWidth = String(plan.steps.length).length;
  const stageWidth = Math.max(...STAGES.map((stage) => stage.length));
  return plan.steps
    .map((step, index) => {
      const number = String(index + 1).padStart(numberWidth);
      const mark = step.optional === true ? '? ' : '';
      return `${number}  ${step.stage.padEnd(stageWidth)}  ${mark}${inWords(step, names[index] ?? UNNAMED)}\n`;
    })
    .join('');
}

/**
 * Describes one step, such as `mount proc on /proc nosuid,noexec,nodev`. With its plan (and its index there) the
 * contents of its slots are named as well.
 */
export function describeStep(step: Step, within?: { readonly plan: Plan; readonly index: number }): string {
  const names = within === undefined ? undefined : nameSlots(within.plan)[within.index];
  return inWords(step, names ?? UNNAMED);
}

const UNNAMED: StepNames = { slot: (slot) => `slot ${slot}`, target: undefined };

function inWords(step: Step, names: StepNames): string {
  const describe = DESCRIBERS[step.op] as (step: Step, names: StepNames) => string;
  return describe(step, names);
}

/** Returns, for each step, what its slots hold at that moment, and where the mount that it makes is attached later. */
function nameSlots(plan: Plan): readonly StepNames[] {
  const targets = mountTargets(plan);
  const labels = lastingLabels(plan);
  return plan.steps.map((step, index) => {
    const target = targets[index];
    const before = new Map(labels);
    const label = labelOf(step, target);
    if (label !== undefined) labels.set(label.slot, label.text);
    return { slot: (slot) => before.get(slot) ?? `slot ${slot}`, target };
  });
}

/** Returns the contents of slots that are filled only once: settings name them before the step that fills them. */
function lastingLabels(plan: Plan): Map<number, string> {
  const all = plan.steps.map((step) => labelOf(step, undefined)).filter((label) => label !== undefined);
  const filledTwice = new Set(
    all.filter(({ slot }, index) => all.findIndex((other) => other.slot === slot) !== index).map(({ slot }) => slot),
  );
  return new Map(all.filter(({ slot }) => !filledTwice.has(slot)).map(({ slot, text }) => [slot, text]));
}

/**
 * Returns, for each step that makes a mount, the path to which that mount is attached later. Looks back from each
 * attachment.
 */
function mountTargets(plan: Plan): readonly (string | undefined)[] {
  const pending = new Map<number, string>();
  return plan.steps
    .map((step) => step)
    .reverse()
    .map((step) => {
      if (step.op === 'attachInRoot') pending.set(step.slot, step.target);
      else if (step.op === 'attachMount') pending.set(step.slot, step.path);
      else if (MAKES_MOUNT.has(step.op) && 'slot' in step) return takeFrom(pending, step.slot);
      return undefined;
    })
    .reverse();
}

const MAKES_MOUNT = new Set<OpName>(['mountFs', 'mountLayers', 'openTree', 'openTreeInRoot']);

function takeFrom(pending: Map<number, string>, slot: number): string | undefined {
  const target = pending.get(slot);
  pending.delete(slot);
  return target;
}

/** Returns what a slot holds after a step, in words that fit after "of" or "in". */
function labelOf(step: Step, target: string | undefined): { readonly slot: number; readonly text: string } | undefined {
  switch (step.op) {
    case 'openPath':
    case 'cgroupCreate':
      return { slot: step.slot, text: step.path };
    case 'openProcess':
      return { slot: step.slot, text: `process ${step.pid}` };
    case 'openDonor':
      return { slot: step.slot, text: `container ${step.id}` };
    case 'inheritFd':
      return { slot: step.slot, text: `inherited descriptor ${step.fd}` };
    case 'openChildNamespace':
      return { slot: step.slot, text: `the child's ${step.kind} namespace` };
    case 'networkNamespace':
      return { slot: step.slot, text: "the container's network" };
    case 'netlinkSocket':
      return { slot: step.slot, text: 'netlink' };
    case 'lockFile':
      return { slot: step.slot, text: `the lock ${step.path}` };
    case 'mountFs':
      return { slot: step.slot, text: target ?? step.type };
    case 'mountLayers':
      return { slot: step.slot, text: target ?? 'overlay' };
    case 'openTree':
    case 'openTreeInRoot':
      return { slot: step.slot, text: target ?? step.path };
    default:
      return undefined;
  }
}
