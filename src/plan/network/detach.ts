/** Steps that undo what the steps of attach.ts do. All may be repeated. */
import {
  BRIDGE_KIND,
  draftLinkQuestion,
  draftLinkRemoval,
  draftPortsQuestion,
} from '../../native/netlink/link-drafts.js';
import { PlanBuilder } from '../builder.js';
import type { Plan, Stage } from '../ops.js';
import { attachedBridges, removePorts, type NetworkContext } from './attach.js';
import { bridgeRulesRemoval, type RemovableBridge } from './firewall.js';
import type { LiveChange } from './live.js';
import { hostLinkName, NETWORK_FILES } from './names.js';
import { NETLINK_NETFILTER, NETLINK_ROUTE, openNetlink, sendBatch, sendDrafts } from './netlink.js';

/**
 * Adds the steps that undo a container's networks. Published ports are free, and lead nowhere, once the container has
 * ended; links are removed later, in the sweep, because the kernel takes long for them. No socket of nf_tables is
 * closed here: closing one waits until the kernel has freed what was removed.
 */
export function detachNetworks(
  builder: PlanBuilder,
  id: string,
  { namespaceSlot, ...context }: NetworkContext & { readonly namespaceSlot?: number | undefined },
): void {
  const { network, directory, hasNameServer = false } = context;
  if (namespaceSlot !== undefined) removeUppers(builder, network, namespaceSlot);
  if (network.ports.length > 0) {
    removePorts(builder, { id, network }, openNetlink(builder, 'teardown', { protocol: NETLINK_NETFILTER }));
  }
  const links = network.networks.flatMap(({ driver }, index) => (driver === 'bridge' ? [hostLinkName(id, index)] : []));
  const bridges = attachedBridges(network);
  if (bridges.length > 0) {
    const socket = openNetlink(builder, 'sweep', { protocol: NETLINK_ROUTE });
    for (const name of links)
      sendDrafts(builder, { stage: 'sweep', socket, accepted: ['ENODEV'], drafts: [draftLinkRemoval(name)] });
    removeBridges(builder, 'sweep', { bridges, directory, socket });
  }
  const file = `${directory}/${NETWORK_FILES.container(id)}`;
  if (hasNameServer) {
    // The engine looks for the container's file under this lock when it writes names, so a name that was removed does
    // not come back.
    const lock = `${directory}/${NETWORK_FILES.namesLock}`;
    // Optional: the next command does what fails here.
    builder.try('sweep', 'forgetNames', { directory: `${directory}/${NETWORK_FILES.names}`, lock, id, file });
  }
  builder.add('sweep', 'removeRecord', { path: file });
}

/**
 * Adds steps that remove the container's macvlan and ipvlan interfaces, which exist in its namespace alone. Other
 * processes may stay in that namespace, or the kernel may take its time to destroy it, but the addresses must be free
 * now. Optional: a launch that failed early has no namespace in the slot.
 */
function removeUppers(builder: PlanBuilder, { networks }: NetworkContext['network'], namespaceSlot: number): void {
  const names = networks.filter(({ driver }) => driver !== 'bridge').map(({ interfaceName }) => interfaceName);
  if (names.length === 0) return;
  const socket = openNetlink(builder, 'teardown', { protocol: NETLINK_ROUTE, namespaceSlot, optional: true });
  const request = { stage: 'teardown', socket, accepted: ['ENODEV'], optional: true } as const;
  for (const name of names) sendDrafts(builder, { ...request, drafts: [draftLinkRemoval(name)] });
}

/** Returns a plan that has aardvark-dns read its files again, or ends it if there are none. */
export function reloadNamesPlan(directory: string): Plan {
  const builder = new PlanBuilder();
  builder.add('prepare', 'forgetNames', {
    directory: `${directory}/${NETWORK_FILES.names}`,
    lock: '',
    id: '',
    file: '',
  });
  return builder.build();
}

interface Removal {
  readonly bridges: readonly RemovableBridge[];
  readonly directory: string;
  readonly socket: number;
  /** Whether bridges that an engine keeps are removed as well. @default false */
  readonly evenKept?: boolean;
}

/**
 * Adds steps that remove the bridges that have no port. A link of the name that is no bridge belongs to somebody else,
 * and stays.
 */
function removeBridges(builder: PlanBuilder, stage: Stage, removal: Removal): void {
  const { bridges, directory, socket, evenKept = false } = removal;
  const lock = builder.slot();
  builder.add(stage, 'lockFile', { slot: lock, path: `${directory}/${NETWORK_FILES.lock}` });
  const firewall = openNetlink(builder, stage, { protocol: NETLINK_NETFILTER });
  for (const bridge of bridges) {
    const name = bridge.hostInterface;
    sendDrafts(builder, {
      stage,
      socket,
      accepted: ['ENODEV'],
      probe: { alone: [draftLinkQuestion(name), draftPortsQuestion(name)], containing: BRIDGE_KIND },
      ...(evenKept ? {} : { unlessLocked: `${directory}/${NETWORK_FILES.bridge(name)}` }),
      drafts: [draftLinkRemoval(name)],
    });
    sendBatch(builder, {
      stage,
      socket: firewall,
      accepted: ['ENOENT'],
      probe: { unless: draftLinkQuestion(name), containing: BRIDGE_KIND },
      probeSocket: socket,
      drafts: bridgeRulesRemoval(bridge),
    });
  }
  builder.add(stage, 'closeSlot', { slot: lock });
}

/**
 * Returns a plan that removes the host's links of a container, for networks that it was connected to while it ran, and
 * then their bridges, except those that other containers are on.
 */
export function removeAddedLinksPlan(id: string, added: readonly LiveChange[], directory: string): Plan {
  const builder = new PlanBuilder();
  const bridges = added.filter(({ network }) => network.driver === 'bridge');
  if (bridges.length === 0) return builder.build();
  const socket = openNetlink(builder, 'teardown', { protocol: NETLINK_ROUTE });
  for (const { index } of bridges) {
    const drafts = [draftLinkRemoval(hostLinkName(id, index))];
    sendDrafts(builder, { stage: 'teardown', socket, accepted: ['ENODEV'], drafts });
  }
  const networks = bridges.map(({ network }) => network);
  removeBridges(builder, 'teardown', { bridges: attachedBridges({ networks, ports: [] }), directory, socket });
  return builder.build();
}

/** Returns a plan that removes the bridges that no container is on and that no engine keeps. */
export function removeBridgesPlan(
  bridges: readonly RemovableBridge[],
  directory: string,
  { evenKept = false }: Pick<Removal, 'evenKept'> = {},
): Plan {
  const builder = new PlanBuilder();
  const socket = openNetlink(builder, 'teardown', { protocol: NETLINK_ROUTE });
  removeBridges(builder, 'teardown', { bridges, directory, socket, evenKept });
  return builder.build();
}
