/** Runs the teardown plan in the engine, when the monitor died before it could, or left something. */
import { existsSync } from 'node:fs';

import { findRuntime } from '../../host/oci-runtimes.js';
import { execute } from '../../native/execute.js';
import { encodePlan } from '../../plan/encode.js';
import type { TeardownContext } from '../../plan/context.js';
import { teardownPlan } from '../../plan/teardown.js';
import type { RuntimeConfig } from '../../spec/oci-runtime.js';
import { failpoint } from '../failpoint.js';
import { heldCgroups } from '../cgroups/held.js';
import type { HeldContainer } from '../held.js';
import { removeAdded } from '../network/added.js';
import { leftNetwork } from '../network/record.js';
import { runtimeCommand } from '../oci-runtime/command.js';
import { readableConfig } from './readable-config.js';

/**
 * Ends what still runs in the container's cgroups, removes them, runs poststop hooks. Throws the first failure, after
 * having tried all.
 */
export async function tearDown(held: HeldContainer): Promise<void> {
  const config = readableConfig(held);
  await execute(
    encodePlan(
      teardownPlan({
        id: held.id,
        cgroup: heldCgroups(held),
        ...(config?.runtime === undefined ? { hooks: config?.hooks.poststop ?? [] } : runtimeOf(held, config.runtime)),
        ...networkOf(held),
        bundle: held.paths.directory,
        annotations: config?.annotations ?? {},
      }),
    ),
  );
  failpoint('torn-down');
  await removeAdded(held.context, held.id);
}

/**
 * Returns how the container's OCI runtime is called. If the runtime has been uninstalled since, the container still
 * ends with its cgroup.
 */
function runtimeOf({ id, paths }: HeldContainer, runtime: RuntimeConfig): Pick<TeardownContext, 'runtime'> {
  return findRuntime(runtime.name) === undefined ? {} : { runtime: runtimeCommand(runtime, id, paths) };
}

/**
 * Removes cgroups and networks that are still there after a monitor's teardown: a process that ended slowly can keep a
 * cgroup busy.
 */
export async function tearDownLeftovers(held: HeldContainer): Promise<void> {
  await removeAdded(held.context, held.id);
  const cgroup = heldCgroups(held);
  const network = networkOf(held);
  if (cgroup === undefined && network.network === undefined) return;
  await execute(encodePlan(teardownPlan({ id: held.id, cgroup, ...network })));
}

/**
 * Tears down what is left of the last run. Its end is recorded before that, and its directory stays until it is done.
 */
export async function tearDownLastRun(held: HeldContainer): Promise<void> {
  if (existsSync(held.paths.run)) await tearDownLeftovers(held);
}

/** Returns the networks of the last run that are still to be undone. */
function networkOf({ context, id }: HeldContainer): Pick<TeardownContext, 'network'> {
  const network = leftNetwork(context, id);
  return network === undefined ? {} : { network };
}
