/** Plans for tests, made as the engine makes them: options -> configuration -> spec -> plan. */
import type { HostFacts } from '../../src/host/facts.js';
import type { OciSpec } from '../../src/oci/spec.js';
import { placeCgroup } from '../../src/plan/cgroup-placement.js';
import type { LaunchContext } from '../../src/plan/context.js';
import { describePlan } from '../../src/plan/describe.js';
import { launchPlan } from '../../src/plan/launch.js';
import type { OpName, Plan, Stage, Step } from '../../src/plan/ops.js';
import type { CreateOptions } from '../../src/spec/create-options.js';
import { generateSpec, type SpecDetails } from '../../src/spec/generate.js';
import { identityOf } from '../../src/spec/users/identity.js';
import { normalizeCreateOptions } from '../../src/spec/normalize.js';
import { optionalResources } from '../../src/spec/limits/resources.js';
import { testFacts } from './facts.js';

export const ID = 'abcdef0123456789'.repeat(4);

/** The shortest options that are complete. */
export const MINIMAL: CreateOptions = { rootfs: '/root-fs', command: ['true'] };

/** What a test changes of the way from options to plan. */
export interface Variation {
  readonly facts?: Partial<HostFacts>;
  readonly details?: Partial<SpecDetails>;
  readonly context?: Partial<LaunchContext>;
}

export function specOf(options: CreateOptions, { facts, details }: Variation = {}): OciSpec {
  const machine = testFacts(facts);
  return generateSpec(normalizeCreateOptions({ ...MINIMAL, ...options }, machine), machine, {
    id: ID,
    rootPath: '/root-fs',
    ...details,
  });
}

export function planOf(options: CreateOptions, variation: Variation = {}): Plan {
  const machine = testFacts(variation.facts);
  const config = normalizeCreateOptions({ ...MINIMAL, ...options }, machine);
  const spec = specOf(options, variation);
  const optional = optionalResources(config.resources);
  const cgroup =
    config.cgroups === 'disabled'
      ? undefined
      : placeCgroup(machine.cgroup, {
          path: spec.linux?.cgroupsPath ?? '',
          resources: spec.linux?.resources ?? {},
          optional,
        });
  return launchPlan(spec, {
    id: ID,
    runDirectory: '/run/c',
    root: { kind: 'directory', path: '/root-fs' },
    cgroup,
    optionalResources: optional,
    identity: identityOf(config, machine),
    stdio: { stdin: 'null', stdout: 'monitor', stderr: 'monitor', keepStdin: false, stdinOnce: false },
    init: config.init,
    gate: false,
    ...variation.context,
  });
}

/** The plan in words, a line each, without numbers and stages. */
export function wordsOf(plan: Plan, stage?: Stage): readonly string[] {
  const lines = describePlan(plan).trimEnd().split('\n');
  return plan.steps.flatMap((step, index) =>
    stage === undefined || step.stage === stage ? [(lines[index] ?? '').replace(/^ *\d+ {2}\w+ +/, '')] : [],
  );
}

/** The steps of one kind. */
export function stepsOf<N extends OpName>(plan: Plan, op: N): readonly Step<N>[] {
  return plan.steps.filter((step) => step.op === op) as unknown as readonly Step<N>[];
}
