/**
 * The plan of a container that another OCI runtime makes, through that runtime's command line: `create` in place of our
 * clone, then `start`, and at the end `delete`. The monitor supervises it like any other container.
 */
import type { OciSpec } from '../oci/spec.js';
import { PlanBuilder } from './builder.js';
import { countOomKills, createCgroups } from './cgroups.js';
import type { LaunchContext, RuntimeCommand } from './context.js';
import { CLONE_FLAGS } from './clone-flags.js';
import { addHealth } from './health.js';
import { attachNetworks, holdNetwork } from './network/attach.js';
import { takeFromDonor } from './namespaces.js';
import { NONE } from './ops.js';
import type { Plan } from './ops.js';
import {
  enterPrivateMounts,
  mountOverlay,
  mountSharedMemory,
  sharedMemoryDirectory,
  stagingDirectory,
} from './root.js';
import { addContainerSettings } from './settings.js';
import { addTeardown, runtimeSteps } from './teardown.js';

/** Time limit for a runtime's `start`, in milliseconds: the command only lets the container go on. */
const START_TIMEOUT_MS = 60_000;

/** Name of the socket in the run directory to which the runtime sends the terminal's master. */
const CONSOLE_SOCKET = 'console';

/** Returns the plan. `spec` is the spec that the runtime finds in the bundle. */
export function adoptPlan(spec: OciSpec, context: LaunchContext, runtime: RuntimeCommand): Plan {
  const builder = new PlanBuilder();
  const terminal = spec.process?.terminal === true;
  addContainerSettings(builder, context, terminal);
  if (context.health !== undefined) addHealth(builder, context.health);
  // The runtime sets the limits. The groups are made here for their count of OOM kills.
  const nothing = { resources: {}, optional: [] };
  countOomKills(builder, context.cgroup === undefined ? [] : createCgroups(builder, context.cgroup, nothing));
  const { network } = context;
  const namespaceSlot = network === undefined ? NONE : builder.slot();
  if (network !== undefined) holdNetwork(builder, context.id, network);
  // Removes what the runtime still has of an earlier run, after which the restart policy starts the container again.
  runtimeSteps(builder, 'prepare', runtime);
  addCreate(builder, { spec, context, runtime, terminal });
  // The first process waits in its new network namespace.
  if (network !== undefined) {
    builder.add('network', 'openChildNamespace', { slot: namespaceSlot, kind: 'net' });
    attachNetworks(builder, { ...network, id: context.id, namespaceSlot });
  }
  builder.add('afterClone', 'runProgram', {
    path: runtime.path,
    args: [...runtime.args, 'start', runtime.id],
    env: runtime.env,
    timeoutMs: START_TIMEOUT_MS,
  });
  addTeardown(builder, {
    id: context.id,
    cgroup: context.cgroup,
    ...context.teardown,
    hooks: [],
    runtime,
    ...(network === undefined ? {} : { network, namespaceSlot }),
  });
  return builder.build();
}

interface Creation {
  readonly spec: OciSpec;
  readonly context: LaunchContext;
  readonly runtime: RuntimeCommand;
  readonly terminal: boolean;
}

/**
 * Adds the `create` of the runtime. The root is mounted in a private mount namespace, which the runtime inherits: its
 * mounts are copies of these, and these end with the launch.
 */
function addCreate(builder: PlanBuilder, { spec, context, runtime, terminal }: Creation): void {
  const { root, shmDonor } = context;
  const sharesMemory = spec.mounts?.some(({ source }) => source === sharedMemoryDirectory(context)) === true;
  const console = terminal ? ['--console-socket', `${context.runDirectory}/${CONSOLE_SOCKET}`] : [];
  const create = () => {
    builder.add('prepare', 'adopt', {
      path: runtime.path,
      args: [
        ...runtime.args,
        'create',
        '--bundle',
        runtime.bundle,
        '--pid-file',
        runtime.pidFile,
        ...console,
        runtime.id,
      ],
      env: runtime.env,
      pidFile: runtime.pidFile,
      console: terminal ? CONSOLE_SOCKET : '',
      gate: context.gate ? 1 : 0,
    });
  };
  if (root.kind === 'directory' && !sharesMemory) return create();
  const { hostMounts } = enterPrivateMounts(builder);
  if (root.kind === 'overlay') {
    const mountLabel = spec.linux?.mountLabel;
    mountOverlay(builder, { root, slot: builder.slot(), staging: stagingDirectory(context), mountLabel });
  }
  // The mount itself is taken: a path into the donor would be resolved on the host, where its links lead elsewhere.
  if (sharesMemory && shmDonor !== undefined) {
    const slot = takeFromDonor(builder, { donor: shmDonor, opened: new Map() }, '/dev/shm');
    mountSharedMemory(builder, slot, context);
  }
  create();
  builder.add('prepare', 'joinNamespaces', { slot: hostMounts, flags: CLONE_FLAGS.mount });
}
