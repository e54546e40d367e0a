/** Connects a container to a network, or disconnects it: at once if it runs, else at its next start. */
import { TspodError } from '../../errors.js';
import { throwIfAborted } from '../../native/abort.js';
import { networkName } from '../../network/attach.js';
import type { ContainerConfig } from '../../spec/config.js';
import { attachConfig, type AttachConfig } from '../../spec/network/network-config.js';
import type { NetworkAttachOptions } from '../../spec/network/network-options.js';
import { parseUpdates } from '../../state/updates.js';
import type { SignalOption } from '../api/container.js';
import type { EngineContext } from '../context.js';
import { recordEngineEvent } from '../events.js';
import { failpoint } from '../failpoint.js';
import { withContainer, type HeldContainer } from '../held.js';
import { requireNetworks } from '../network/choose.js';
import {
  connectLive,
  disconnectLive,
  liveNetwork,
  presentNetwork,
  reloadLive,
  resumeConnect,
} from '../network/live.js';

/**
 * How a container is connected to a network, whose name is given apart. The signal ends the wait for the container's
 * lock.
 */
export interface ConnectOptions extends Omit<NetworkAttachOptions, 'name' | 'interfaceName'>, SignalOption {}

/**
 * Connects a container to a network. Completes a connect that was killed, and takes back a disconnect that was. Throws
 * ALREADY_CONNECTED, INVALID_ARGUMENT (its network mode has no networks), STATE_INVALID (it waits for its restart),
 * STATE_RUNNING (it was started on no network), CONTAINER_STOPPED (it has just ended), and as attachNetworks().
 */
export async function connectContainer(
  context: EngineContext,
  id: string,
  { network, options }: { readonly network: string; readonly options: ConnectOptions },
): Promise<void> {
  const { signal, ...wanted } = options;
  throwIfAborted('connect', signal);
  const name = networkName(context.networks, network);
  const attach: AttachConfig = { ...attachConfig({ ...wanted, name: 'bridge' }), name };
  const connect = async (held: HeldContainer) => {
    requireNoRelaunch(held);
    requireBridge(held.config);
    const { networks } = held.config.networking;
    const others = networks.filter((known) => known.name !== name);
    using live = liveNetwork(held);
    if (others.length < networks.length) {
      const present = live === undefined ? undefined : await presentNetwork(live, name);
      if (live === undefined || (present !== undefined && present.unfinished !== true))
        throw alreadyConnected(id, name);
      if (present !== undefined) {
        await resumeConnect(held, live, present);
        return;
      }
    }
    if (live === undefined) requireNoProcess(held);
    context.store.transaction(() => {
      requireNetworks(context, [attach]);
      record(held, [...others, attach]);
    });
    failpoint('connect-recorded');
    try {
      if (live !== undefined) await connectLive(held, live, attach);
    } catch (error) {
      record(held, others);
      throw error;
    }
    recordNetworkEvent(held, 'connect', name);
  };
  await withContainer(context, id, connect, { signal });
}

/**
 * Disconnects a container from a network. May be repeated if it was cut off. Throws NOT_CONNECTED, INVALID_ARGUMENT,
 * STATE_INVALID and CONTAINER_STOPPED as connectContainer().
 */
export async function disconnectContainer(
  context: EngineContext,
  id: string,
  { network, signal }: SignalOption & { readonly network: string },
): Promise<void> {
  throwIfAborted('disconnect', signal);
  const disconnect = async (held: HeldContainer) => {
    requireNoRelaunch(held);
    requireBridge(held.config);
    const { networks } = held.config.networking;
    using live = liveNetwork(held);
    // Also a network whose file is gone, or broken: without it the container can start again.
    const isKnown = live === undefined && networks.some((known) => known.name === network);
    const name = isKnown ? network : networkName(context.networks, network);
    const kept = networks.filter((known) => known.name !== name);
    // A connect that failed may have left something.
    const isLeft = live !== undefined && (await presentNetwork(live, name)) !== undefined;
    if (kept.length === networks.length && !isLeft) {
      throw new TspodError('NOT_CONNECTED', `container ${held.name} is not connected to network ${name}`, {
        details: { id, network: name },
      });
    }
    if (live !== undefined) await disconnectLive(held, live, name);
    failpoint('disconnected');
    record(held, kept);
    recordNetworkEvent(held, 'disconnect', name);
  };
  await withContainer(context, id, disconnect, { signal });
}

/**
 * Makes rules, bridges and interfaces again that somebody has removed. Throws CONTAINER_STOPPED unless the container
 * runs.
 */
export async function reloadNetworks(context: EngineContext, id: string, { signal }: SignalOption = {}): Promise<void> {
  throwIfAborted('reload', signal);
  const reload = async (held: HeldContainer) => {
    if (held.observation.kind !== 'live')
      throw new TspodError('CONTAINER_STOPPED', `container ${id} is not running: container is stopped`, {
        details: { id },
      });
    // The restart makes everything.
    if (held.status === 'restarting') return;
    using live = liveNetwork(held);
    if (live !== undefined) await reloadLive(held, live);
  };
  await withContainer(context, id, reload, { signal });
}

function alreadyConnected(id: string, network: string): TspodError {
  const what = `container ${id} is already connected to network ${JSON.stringify(network)}`;
  return new TspodError('ALREADY_CONNECTED', `${what}: network is already connected`, { details: { id, network } });
}

function requireBridge({ namespaces: { network } }: ContainerConfig): void {
  if (network === 'bridge') return;
  throw new TspodError(
    'INVALID_ARGUMENT',
    `${JSON.stringify(network.split(':', 1)[0] ?? '')} is not supported: invalid network mode`,
  );
}

/** Records the networks for this run and those that follow. */
function record(held: HeldContainer, networks: readonly AttachConfig[]): void {
  const networking = { ...held.config.networking, networks };
  held.save({ updates: JSON.stringify({ ...parseUpdates(held.state.updates), networking }) });
}

/** Records an event of the network with the id and name of the container, as Podman does. */
function recordNetworkEvent(
  { context, id, name }: HeldContainer,
  status: 'connect' | 'disconnect',
  network: string,
): void {
  recordEngineEvent(context, { type: 'network', status, id, name, attributes: { network } });
}

/**
 * Throws STATE_INVALID for a container that waits for its restart: it has no process, and then one whose networks are
 * being made.
 */
function requireNoRelaunch({ status, id, name }: HeldContainer): void {
  if (status !== 'restarting') return;
  throw new TspodError(
    'STATE_INVALID',
    `container ${name} is about to be started again by its policy: its networks can be changed once it runs, or is stopped`,
    { details: { id, status } },
  );
}

/**
 * Throws STATE_RUNNING for a container that was started on no network: its namespace lacks the rules that networks
 * need, such as those of an egress list.
 */
function requireNoProcess({ observation, id, name }: HeldContainer): void {
  if (observation.kind !== 'live' || observation.live.init.pid === 0) return;
  throw new TspodError(
    'STATE_RUNNING',
    `container ${name} was started without a network, and can be connected to one only while it is stopped`,
    { details: { id } },
  );
}
