/** Puts a container on a network, or takes it off: at once where it runs, else at its next start. */
import { TspodError } from '../../errors.js';
import { throwIfAborted } from '../../native/abort.js';
import { execute } from '../../native/execute.js';
import { listLinks } from '../../native/netlink/links.js';
import { attachOne, networkName } from '../../network/attach.js';
import { ensureDefaultNetwork, findNetwork, isDefault, listNetworks } from '../../network/networks.js';
import { encodePlan } from '../../plan/encode.js';
import { bridgesPlan } from '../../plan/network/detach.js';
import { connectPlan, disconnectPlan, rulesPlan, type LiveChange, type LiveNetwork } from '../../plan/network/live.js';
import { loopbackTargets, publishedAddresses } from '../../plan/network/ports.js';
import type { ContainerConfig } from '../../spec/config.js';
import type { AttachedNetwork, PublishedPort } from '../../spec/container-network.js';
import { attachConfig, type AttachConfig } from '../../spec/network-config.js';
import type { NetworkAttachOptions } from '../../spec/network-options.js';
import { parseUpdates } from '../../state/updates.js';
import { attachedResolvText } from '../../storage/files.js';
import { changeInPlace } from '../../storage/hosts-section.js';
import { withoutResolvers, withResolvers } from '../../storage/resolv-file.js';
import type { SignalOption } from '../api/container.js';
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import { failpoint } from '../failpoint.js';
import { withContainer, type HeldContainer } from '../held.js';
import { serveNames } from '../network/name-server.js';
import { resolversOf, tellMembers } from '../network/members.js';
import { presentNetworks, readNetwork, rememberAdded, writeNetwork } from '../network/record.js';
import { talkTo } from '../monitor/connect.js';

/** How it is connected; the name is the network's. The signal ends the wait for the container's lock. */
export interface ConnectOptions extends Omit<NetworkAttachOptions, 'name' | 'interfaceName'>, SignalOption {}

/**
 * One that is connected already stays as it is; where a kill has cut it off it goes on. Throws INVALID_ARGUMENT (its mode is none that has networks),
 * STATE_RUNNING (it was started on no network), and as attachNetworks().
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
    requireBridge(held.config);
    const { networks } = held.config.networking;
    const others = networks.filter((known) => known.name !== name);
    const live = liveNetwork(held);
    if (others.length < networks.length) {
      if (live === undefined) return;
      const present = await presentNetwork(live, name);
      if (present !== undefined) {
        await finishConnect(held, live, present);
        return;
      }
    }
    if (live === undefined) requireNoProcess(held);
    record(held, [...others, attach]);
    failpoint('connect-recorded');
    try {
      if (live !== undefined) await connectLive(held, live, attach);
    } catch (error) {
      record(held, others);
      throw error;
    }
    recordContainerEvent(context, { id, name: held.name, status: 'connect', attributes: { network: name } });
  };
  await withContainer(context, id, connect, { signal });
}

/** May be repeated where it was cut off. Throws NOT_CONNECTED, INVALID_ARGUMENT. */
export async function disconnectContainer(
  context: EngineContext,
  id: string,
  { network, signal }: SignalOption & { readonly network: string },
): Promise<void> {
  throwIfAborted('disconnect', signal);
  const name = networkName(context.networks, network);
  const disconnect = async (held: HeldContainer) => {
    requireBridge(held.config);
    const { networks } = held.config.networking;
    const kept = networks.filter((known) => known.name !== name);
    if (kept.length === networks.length) {
      throw new TspodError('NOT_CONNECTED', `container ${held.name} is not connected to network ${name}`, {
        details: { id, network: name },
      });
    }
    await disconnectLive(held, name);
    failpoint('disconnected');
    record(held, kept);
    recordContainerEvent(context, { id, name: held.name, status: 'disconnect', attributes: { network: name } });
  };
  await withContainer(context, id, disconnect, { signal });
}

/** Makes firewall rules again that somebody has removed. Throws CONTAINER_STOPPED unless it runs. */
export async function reloadNetworks(context: EngineContext, id: string, { signal }: SignalOption = {}): Promise<void> {
  throwIfAborted('reload', signal);
  const reload = async (held: HeldContainer) => {
    const live = liveNetwork(held);
    if (held.observation.kind !== 'live')
      throw new TspodError('CONTAINER_STOPPED', `container ${id} is not running: container is stopped`, {
        details: { id },
      });
    if (live === undefined) return;
    const networks = presentNetworks(live.network, held.config);
    await execute(encodePlan(rulesPlan({ ...live, network: { ...live.network, networks } })));
    if (live.network.ports.length > 0) await leadLoopback(held, networks);
  };
  await withContainer(context, id, reload, { signal });
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

/** Its namespace has no rules that networks need, among them an egress list. */
function requireNoProcess({ observation, id, name }: HeldContainer): void {
  if (observation.kind !== 'live' || observation.live.init.pid === 0) return;
  throw new TspodError(
    'STATE_RUNNING',
    `container ${name} was started on no network, and can be connected to one only while it is stopped`,
    { details: { id } },
  );
}

/** Undefined where a process was killed before it had made its interface. */
async function presentNetwork({ network, pid }: LiveNetwork, name: string): Promise<AttachedNetwork | undefined> {
  const found = network.networks.findLast((each) => each.name === name);
  if (found === undefined) return undefined;
  const links = await listLinks({ inside: { net: `/proc/${pid}/ns/net` } });
  return links.some((link) => link.name === found.interfaceName) ? found : undefined;
}

/** The networks that it is on, but for one. */
function otherNetworks(held: HeldContainer, live: LiveNetwork, name: string): readonly AttachedNetwork[] {
  return presentNetworks(live.network, held.config).filter((network) => network.name !== name);
}

function withPorts(live: LiveNetwork, ports: readonly PublishedPort[]): LiveNetwork {
  return { ...live, network: { ...live.network, ports } };
}

/** What is there to undo is written down first. */
async function connectLive(held: HeldContainer, live: LiveNetwork, attach: AttachConfig): Promise<void> {
  const { context, seq, id, name } = held;
  const { networks } = live.network;
  const taken = networks.map(({ interfaceName }) => interfaceName);
  const others = otherNetworks(held, live, attach.name);
  if (isDefault(attach.name)) await ensureDefaultNetwork(context.networks);
  const found = findNetwork(context.networks, attach.name);
  // What an attempt has taken that was killed.
  leave(held, found.id);
  let change: LiveChange | undefined;
  try {
    const network = await attachOne(context.networks, context.store, { container: { seq, id, name }, attach, taken });
    rememberAdded(context, id, network);
    change = { network, index: networks.length };
    writeNetwork(context, id, { ...live.network, networks: [...networks, network] });
    failpoint('connect-written');
    await execute(encodePlan(connectPlan(live, change)));
    failpoint('connect-made');
    await finishConnect(held, live, network);
  } catch (error) {
    // An interface that cannot be removed keeps its addresses.
    if (change === undefined) leave(held, found.id);
    else await detachLive(held, ledBy(live, others), { ...change, others }).catch(() => undefined);
    tellMembers(context);
    throw error;
  }
  tellMembers(context);
}

/** What follows the interface. May be repeated. */
async function finishConnect(held: HeldContainer, live: LiveNetwork, network: AttachedNetwork): Promise<void> {
  const others = otherNetworks(held, live, network.name);
  await serveNames(held.context, held.id, [network]);
  await leadPorts(held, ledBy(live, others), [...others, network]);
  changeResolvers(held, live, (text) => withResolvers(text, resolversOf([network])));
}

/** Ports that lead to one of these networks stay as they are. */
function ledBy(live: LiveNetwork, networks: readonly AttachedNetwork[]): LiveNetwork {
  return publishedAddresses({ networks, ports: [] }).length === 0 ? live : withPorts(live, []);
}

/** Published ports lead to one of these networks from now on. */
async function leadPorts(held: HeldContainer, live: LiveNetwork, networks: readonly AttachedNetwork[]): Promise<void> {
  await leadRules(live, networks);
  if (live.network.ports.length > 0) await leadLoopback(held, networks);
}

/** Ports that the firewall leads. */
async function leadRules({ network, ...live }: LiveNetwork, networks: readonly AttachedNetwork[]): Promise<void> {
  if (network.ports.length === 0 || networks.length === 0) return;
  await execute(encodePlan(rulesPlan({ ...live, network: { ...network, networks } })));
}

/** Ports on ::1, which the monitor hands on. One that has gone leads nowhere. */
async function leadLoopback(held: HeldContainer, networks: readonly AttachedNetwork[]): Promise<void> {
  const talk = await talkTo(held.paths.run);
  if (talk === undefined) return;
  try {
    await talk.lead(loopbackTargets({ networks }));
  } finally {
    talk.connection.close();
  }
}

/** Its own file, unless an egress list says what may be asked. */
function changeResolvers(held: HeldContainer, { network }: LiveNetwork, change: (text: string) => string): void {
  if (network.egress !== undefined || held.config.dns === 'none') return;
  changeInPlace(`${held.paths.run}/resolv.conf`, change);
}

function leave({ context: { store }, seq }: HeldContainer, network: string): void {
  store.transaction(() => {
    store.leases.free(seq, network);
    store.members.remove(seq, network);
  });
}

/** The network stays in the list of what there is to undo, so that the others keep their numbers. */
async function disconnectLive(held: HeldContainer, name: string): Promise<void> {
  const live = liveNetwork(held);
  const index = live?.network.networks.findLastIndex((network) => network.name === name) ?? -1;
  const network = live?.network.networks[index];
  if (live === undefined || network === undefined) return;
  const others = otherNetworks(held, live, name);
  await detachLive(held, live, { network, index, others });
  const kept = new Set(resolversOf(others));
  const gone = resolversOf([network]).filter((server) => !kept.has(server));
  changeResolvers(held, live, (text) => withoutResolvers(text, gone, () => startResolvers(held, others)));
  tellMembers(held.context);
}

/** What the file of a container says that starts on networks without names. */
function startResolvers({ config: { dns }, context }: HeldContainer, networks: readonly AttachedNetwork[]): string {
  if (dns === 'none') return '';
  const names = new Set(networks.map(({ name }) => name));
  const found = listNetworks(context.networks).filter(({ name }) => names.has(name));
  return attachedResolvText(dns, { servers: found.flatMap((network) => network.network_dns_servers ?? []) });
}

/** Ports that led to its address lead to that of another network. */
async function detachLive(
  held: HeldContainer,
  live: LiveNetwork,
  { others, ...change }: LiveChange & { readonly others: readonly AttachedNetwork[] },
): Promise<void> {
  const { network } = change;
  // Before its address may be another's.
  if (live.network.ports.length > 0) await leadLoopback(held, others);
  await execute(encodePlan(disconnectPlan(live, change)));
  leave(held, findNetwork(held.context.networks, network.name).id);
  await leadRules(live, others);
  if (network.driver === 'bridge') await execute(encodePlan(bridgesPlan([network], live.directory)));
}
