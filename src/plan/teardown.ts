/**
 * Steps that undo what was made for a container when it has ended. Every step may be repeated: what is already gone is
 * success.
 */
import { PlanBuilder } from './builder.js';
import type { RuntimeCommand, TeardownContext } from './context.js';
import { tryHooks } from './hooks.js';
import { detachNetworks } from './network/detach.js';
import type { Plan, Stage } from './ops.js';

/** Returns the plan that the addon runs if the monitor died before it could run its own teardown. */
export function teardownPlan(context: TeardownContext): Plan {
  const builder = new PlanBuilder();
  addTeardown(builder, context);
  return builder.build();
}

/**
 * Adds the steps of the teardown. Removing the cgroups comes first, which ends what still runs, so that poststop hooks
 * see a container that is stopped but whose files remain.
 */
export function addTeardown(builder: PlanBuilder, context: TeardownContext): void {
  const { id, bundle = '', annotations = {} } = context;
  if (context.runtime !== undefined) runtimeSteps(builder, 'teardown', context.runtime);
  for (const { path } of context.cgroup?.directories ?? []) builder.add('teardown', 'cgroupRemove', { path });
  const { network, namespaceSlot } = context;
  if (network !== undefined) detachNetworks(builder, id, { ...network, namespaceSlot });
  tryHooks(builder, context.hooks, { stage: 'teardown', status: 'stopped', state: { id, bundle, annotations } });
  for (const path of context.unmounts ?? []) builder.add('teardown', 'unmount', { path });
  for (const path of context.removeFiles ?? []) builder.add('teardown', 'removeFile', { path });
  for (const path of context.removeTrees ?? []) builder.add('teardown', 'removeTree', { path });
}

/** Time limit for a runtime to end and forget a container, in milliseconds. */
const DELETE_TIMEOUT_MS = 20_000;

/**
 * Adds a step in which the runtime ends and forgets the container. Optional: to a runtime that does not know the
 * container (any more), this may be an error.
 */
export function runtimeSteps(builder: PlanBuilder, stage: Stage, { path, args, env, id }: RuntimeCommand): void {
  builder.try(stage, 'runProgram', {
    path,
    args: [...args, 'delete', '--force', id],
    env,
    timeoutMs: DELETE_TIMEOUT_MS,
  });
}
