/** Steps that undo what attach.ts does. All may be repeated. */
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
 * Published ports are free, and lead nowhere, when the container has ended; links go later: the kernel takes long for them. No socket of nf_tables is
 * closed here: that waits until the kernel has thrown away what was removed.
 */
export function detachNetworks(
  builder: PlanBuilder,
  id: string,
  { namespaceSlot, ...context }: NetworkContext & { readonly namespaceSlot?: number | undefined },
): void {
  const { network, directory, tellsNames = false } = context;
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
  if (tellsNames) {
    // Whoever writes names looks for the container's file under the same lock: a name that is gone does not come back.
    const lock = `${directory}/${NETWORK_FILES.namesLock}`;
    // What fails is done by the next command.
    builder.try('sweep', 'forgetNames', { directory: `${directory}/${NETWORK_FILES.names}`, lock, id, file });
  }
  builder.add('sweep', 'removeRecord', { path: file });
}

/**
 * What lies above an interface of the host is in the container's namespace alone. Others may stay in that, or the kernel may take its time to destroy it;
 * but the addresses are free now. Where the launch has not come to a namespace there is nothing.
 */
function removeUppers(builder: PlanBuilder, { networks }: NetworkContext['network'], namespaceSlot: number): void {
  const names = networks.filter(({ driver }) => driver !== 'bridge').map(({ interfaceName }) => interfaceName);
  if (names.length === 0) return;
  const socket = openNetlink(builder, 'teardown', { protocol: NETLINK_ROUTE, namespaceSlot, optional: true });
  const request = { stage: 'teardown', socket, accepted: ['ENODEV'], optional: true } as const;
  for (const name of names) sendDrafts(builder, { ...request, drafts: [draftLinkRemoval(name)] });
}

/** Has the program read its files again, or ends it where there are none. */
export function tellNamesPlan(directory: string): Plan {
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
  /** Also those that an engine keeps. @default false */
  readonly evenKept?: boolean;
}

/** Those without a port. What has such a name and is no bridge is somebody else's. */
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

/** Links of a container on the host, and then the bridges that they were on, but for those that others are on. */
export function addedPlan(id: string, added: readonly LiveChange[], directory: string): Plan {
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

/** Removes those that no container is on, and that no engine keeps. */
export function bridgesPlan(
  bridges: readonly RemovableBridge[],
  directory: string,
  { evenKept = false }: Pick<Removal, 'evenKept'> = {},
): Plan {
  const builder = new PlanBuilder();
  const socket = openNetlink(builder, 'teardown', { protocol: NETLINK_ROUTE });
  removeBridges(builder, 'teardown', { bridges, directory, socket, evenKept });
  return builder.build();
}
