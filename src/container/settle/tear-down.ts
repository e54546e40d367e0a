/** The teardown plan, run by the engine: when the monitor died before it could, or left something. */
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

/** Ends what still runs in its cgroups, removes them, runs poststop hooks. Throws the first failure, after having tried all. */
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

/** Without the runtime, which somebody has removed since, its container still ends with its cgroup. */
function runtimeOf({ id, paths }: HeldContainer, runtime: RuntimeConfig): Pick<TeardownContext, 'runtime'> {
  return findRuntime(runtime.name) === undefined ? {} : { runtime: runtimeCommand(runtime, id, paths) };
}

/** Removes cgroups that are still there after a monitor's teardown: a process that ended slowly can keep one busy. */
export async function tearDownLeftovers(held: HeldContainer): Promise<void> {
  await removeAdded(held.context, held.id);
  const cgroup = heldCgroups(held);
  const network = networkOf(held);
  if (cgroup === undefined && network.network === undefined) return;
  await execute(encodePlan(teardownPlan({ id: held.id, cgroup, ...network })));
}

/** The end of a run is recorded before the last of it is torn down; until that is done its directory is there. */
export async function tearDownLastRun(held: HeldContainer): Promise<void> {
  if (existsSync(held.paths.run)) await tearDownLeftovers(held);
}

/** As its last life was given it. */
function networkOf({ context, id }: HeldContainer): Pick<TeardownContext, 'network'> {
  const network = leftNetwork(context, id);
  return network === undefined ? {} : { network };
}
