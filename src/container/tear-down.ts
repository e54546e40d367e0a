/** The teardown plan, run by the engine: when the monitor died before it could, or left something. */
import { findRuntime } from '../host/oci-runtimes.js';
import { execute } from '../native/execute.js';
import { encodePlan } from '../plan/encode.js';
import type { CgroupPlacement, TeardownContext } from '../plan/context.js';
import { bridgesPlan } from '../plan/network/detach.js';
import { teardownPlan } from '../plan/teardown.js';
import { DEFAULT_CGROUP_PARENT, DEFAULT_SLICE, type CgroupNames } from '../spec/cgroup-path.js';
import type { ContainerConfig } from '../spec/config.js';
import type { RuntimeConfig } from '../spec/oci-runtime.js';
import { presentCgroups } from './cgroup.js';
import { failpoint } from './failpoint.js';
import type { HeldContainer } from './held.js';
import { addedNetworks, forgetAdded, leftNetwork } from './networking.js';
import { runtimeCommand } from './oci-runtime/command.js';

/** Enough of a configuration for what follows an end. */
type EndConfig = CgroupNames & Pick<ContainerConfig, 'hooks' | 'annotations' | 'runtime'>;

/** Where a container with a damaged record can have its cgroups, unless its user chose another place. */
const USUAL_PLACES: readonly CgroupNames[] = [
  { cgroupManager: 'cgroupfs', cgroupParent: DEFAULT_CGROUP_PARENT, cgroups: 'enabled' },
  { cgroupManager: 'systemd', cgroupParent: DEFAULT_SLICE, cgroups: 'enabled' },
];

/** Ends what still runs in its cgroups, removes them, runs poststop hooks. Throws the first failure, after having tried all. */
export async function tearDown(held: HeldContainer): Promise<void> {
  const config = readableConfig(held);
  await execute(
    encodePlan(
      teardownPlan({
        id: held.id,
        cgroup: cgroupsOf(held, config),
        ...(config?.runtime === undefined ? { hooks: config?.hooks.poststop ?? [] } : runtimeOf(held, config.runtime)),
        ...networkOf(held),
        bundle: held.paths.directory,
        annotations: config?.annotations ?? {},
      }),
    ),
  );
  failpoint('torn-down');
  await removeAddedBridges(held);
}

/** Without the runtime, which somebody has removed since, its container still ends with its cgroup. */
function runtimeOf({ id, paths }: HeldContainer, runtime: RuntimeConfig): Pick<TeardownContext, 'runtime'> {
  return findRuntime(runtime.name) === undefined ? {} : { runtime: runtimeCommand(runtime, id, paths) };
}

/** Removes cgroups that are still there after a monitor's teardown: a process that ended slowly can keep one busy. */
export async function tearDownLeftovers(held: HeldContainer): Promise<void> {
  await removeAddedBridges(held);
  const cgroup = cgroupsOf(held, readableConfig(held));
  const network = networkOf(held);
  if (cgroup === undefined && network.network === undefined) return;
  await execute(encodePlan(teardownPlan({ id: held.id, cgroup, ...network })));
}

/** Bridges of networks that it was put on while it ran, if nobody else is on them. */
async function removeAddedBridges({ context, id }: HeldContainer): Promise<void> {
  const added = addedNetworks(context, id);
  if (added.length === 0) return;
  const bridges = added.filter(({ driver }) => driver === 'bridge');
  if (bridges.length > 0) await execute(encodePlan(bridgesPlan(bridges, context.paths.networks)));
  forgetAdded(context, id);
}

/** As its last life was given it. */
function networkOf({ context, id }: HeldContainer): Pick<TeardownContext, 'network'> {
  const network = leftNetwork(context, id);
  return network === undefined ? {} : { network };
}

function cgroupsOf({ context, id }: HeldContainer, config: EndConfig | undefined): CgroupPlacement | undefined {
  if (config !== undefined) return presentCgroups(context, id, config);
  const found = USUAL_PLACES.flatMap((place) => presentCgroups(context, id, place)?.directories ?? []);
  return found.length === 0 ? undefined : { directories: found };
}

function readableConfig(held: HeldContainer): EndConfig | undefined {
  try {
    return held.config;
  } catch {
    return undefined;
  }
}
