/** Puts a container on a network, or takes it off: at once where it runs, else at its next start. */
import { TspodError } from '../../errors.js';
import { execute } from '../../native/execute.js';
import { attachOne, networkName } from '../../network/attach.js';
import { findNetwork } from '../../network/networks.js';
import { encodePlan } from '../../plan/encode.js';
import { bridgesPlan } from '../../plan/network/detach.js';
import { connectPlan, disconnectPlan, rulesPlan, type LiveNetwork } from '../../plan/network/live.js';
import type { ContainerConfig } from '../../spec/config.js';
import { attachConfig, type AttachConfig } from '../../spec/network-config.js';
import type { NetworkAttachOptions } from '../../spec/network-options.js';
import { parseUpdates } from '../../state/updates.js';
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import { withContainer, type HeldContainer } from '../held.js';
import { tellMembers } from '../network-names.js';
import { presentNetworks, readNetwork, rememberAdded, writeNetwork } from '../networking.js';

/** How it is connected; the name is the network's. */
export type ConnectOptions = Omit<NetworkAttachOptions, 'name' | 'interfaceName'>;

/** One that is connected already stays as it is. Throws INVALID_ARGUMENT (its mode is none that has networks), and as attachNetworks(). */
export async function connectContainer(
  context: EngineContext,
  id: string,
  { network, options }: { readonly network: string; readonly options: ConnectOptions },
): Promise<void> {
  const name = networkName(context.networks, network);
  const attach: AttachConfig = { ...attachConfig({ ...options, name: 'bridge' }), name };
  await withContainer(context, id, async (held) => {
    requireBridge(held.config);
    const { networks } = held.config.networking;
    if (networks.some((known) => known.name === name)) return;
    record(held, [...networks, attach]);
    try {
      await connectLive(held, attach);
    } catch (error) {
      record(held, networks);
      throw error;
    }
    recordContainerEvent(context, { id, name: held.name, status: 'connect', attributes: { network: name } });
  });
}

/** Throws NOT_CONNECTED, INVALID_ARGUMENT. */
export async function disconnectContainer(context: EngineContext, id: string, network: string): Promise<void> {
  const name = networkName(context.networks, network);
  await withContainer(context, id, async (held) => {
    requireBridge(held.config);
    const { networks } = held.config.networking;
    const kept = networks.filter((known) => known.name !== name);
    if (kept.length === networks.length) {
      throw new TspodError('NOT_CONNECTED', `container ${held.name} is not connected to network ${name}`, {
        details: { id, network: name },
      });
    }
    record(held, kept);
    await disconnectLive(held, name);
    recordContainerEvent(context, { id, name: held.name, status: 'disconnect', attributes: { network: name } });
  });
}

/** Makes firewall rules again that somebody has removed. Throws CONTAINER_STOPPED unless it runs. */
export async function reloadNetworks(context: EngineContext, id: string): Promise<void> {
  await withContainer(context, id, async (held) => {
    const live = liveNetwork(held);
    if (held.observation.kind !== 'live')
      throw new TspodError('CONTAINER_STOPPED', `container ${id} is not running: container is stopped`, {
        details: { id },
      });
    if (live === undefined) return;
    const networks = presentNetworks(live.network, held.config);
    await execute(encodePlan(rulesPlan({ ...live, network: { ...live.network, networks } })));
  });
}

function requireBridge({ namespaces: { network } }: ContainerConfig): void {
  if (network === 'bridge') return;
  throw new TspodError(
    'INVALID_ARGUMENT',
    `${JSON.stringify(network.split(':', 1)[0] ?? '')} is not supported: invalid network mode`,
  );
}

/** For this life and those that follow. */
function record(held: HeldContainer, networks: readonly AttachConfig[]): void {
  const networking = { ...held.config.networking, networks };
  held.save({ updates: JSON.stringify({ ...parseUpdates(held.state.updates), networking }) });
}

/** Undefined while it has no process. */
function liveNetwork({ observation, context, id }: HeldContainer): LiveNetwork | undefined {
  if (observation.kind !== 'live' || observation.live.init.pid === 0) return undefined;
  const network = readNetwork(context, id);
  if (network === undefined) return undefined;
  return { id, network, directory: context.paths.networks, pid: observation.live.init.pid };
}

/** What is there to undo is written down first. */
async function connectLive(held: HeldContainer, attach: AttachConfig): Promise<void> {
  const { context, seq, id, name } = held;
  const live = liveNetwork(held);
  if (live === undefined) return;
  const { networks } = live.network;
  const taken = networks.map(({ interfaceName }) => interfaceName);
  const found = findNetwork(context.networks, attach.name);
  try {
    const network = await attachOne(context.networks, context.store, { container: { seq, id, name }, attach, taken });
    rememberAdded(context, id, network);
    writeNetwork(context, id, { ...live.network, networks: [...networks, network] });
    await execute(encodePlan(connectPlan(live, { network, index: networks.length })));
  } catch (error) {
    leave(held, found.id);
    throw error;
  }
  tellMembers(context);
}

function leave({ context: { store }, seq }: HeldContainer, network: string): void {
  store.transaction(() => {
    store.leases.free(seq, network);
    store.members.remove(seq, network);
  });
}

/**
 * The network stays in the list of what there is to undo, so that the others keep their numbers. Ports that led to its address lead to that of another
 * network.
 */
async function disconnectLive(held: HeldContainer, name: string): Promise<void> {
  const { context, id } = held;
  const live = liveNetwork(held);
  const index = live?.network.networks.findLastIndex((network) => network.name === name) ?? -1;
  const network = live?.network.networks[index];
  if (live === undefined || network === undefined) return;
  await execute(encodePlan(disconnectPlan(live, { network, index })));
  leave(held, findNetwork(context.networks, name).id);
  const left = presentNetworks(live.network, held.config);
  if (live.network.ports.length > 0 && left.length > 0)
    await execute(
      encodePlan(rulesPlan({ id, directory: live.directory, network: { ...live.network, networks: left } })),
    );
  if (network.driver === 'bridge') await execute(encodePlan(bridgesPlan([network], live.directory)));
  tellMembers(context);
}
