/** Plans for execute() that change the networks of a running container. All may be repeated. */
import { draftLinkRemoval } from '../../native/netlink/link-drafts.js';
import type { AttachedNetwork } from '../../spec/network/container-network.js';
import { NAME_SERVER_PORT } from '../../util/ip-numbers.js';
import { PlanBuilder } from '../builder.js';
import type { Plan } from '../ops.js';
import { attachNetworks, removePorts, renewRules, type NetworkContext } from './attach.js';
import { hostLinkName } from './names.js';
import { NETLINK_NETFILTER, NETLINK_ROUTE, openNetlink, sendDrafts } from './netlink.js';
import { PROTOCOLS } from './ports.js';

export interface LiveNetwork extends NetworkContext {
  readonly id: string;
  /**
   * Path of the container's network namespace. The caller holds it open while it executes a plan: a process may end,
   * and its pid be reused.
   */
  readonly namespace: string;
}

export interface LiveChange {
  readonly network: AttachedNetwork;
  /** Index in the container's list of networks, by which its link is named. */
  readonly index: number;
}

/** Returns a plan that adds an interface. Published ports lead to it only after rulesPlan(). */
export function connectPlan(
  { id, namespace, directory, network: all }: LiveNetwork,
  { network, index }: LiveChange,
): Plan {
  const builder = new PlanBuilder();
  const namespaceSlot = openNamespace(builder, namespace);
  attachNetworks(builder, {
    id,
    directory,
    namespaceSlot,
    firstIndex: index,
    publishes: all.ports.length > 0,
    network: { networks: [network], ports: [] },
  });
  return preparePlan(builder);
}

/** Returns a plan that removes an interface. Published ports lead nowhere until rulesPlan() has led them elsewhere. */
export function disconnectPlan({ id, namespace, network: all }: LiveNetwork, { network, index }: LiveChange): Plan {
  const builder = new PlanBuilder();
  const isBridge = network.driver === 'bridge';
  const namespaceSlot = isBridge ? undefined : openNamespace(builder, namespace);
  if (isBridge && all.ports.length > 0)
    removePorts(builder, { id, network: all }, openNetlink(builder, 'teardown', { protocol: NETLINK_NETFILTER }));
  const socket = openNetlink(builder, 'prepare', {
    protocol: NETLINK_ROUTE,
    ...(namespaceSlot === undefined ? {} : { namespaceSlot }),
  });
  const name = isBridge ? hostLinkName(id, index) : network.interfaceName;
  sendDrafts(builder, { stage: 'prepare', socket, accepted: ['ENODEV'], drafts: [draftLinkRemoval(name)] });
  return preparePlan(builder);
}

/** Returns a plan that makes missing rules and ports. */
export function rulesPlan({ id, network, directory }: Omit<LiveNetwork, 'namespace'>): Plan {
  const builder = new PlanBuilder();
  renewRules(builder, { id, network, directory });
  return preparePlan(builder);
}

/**
 * Returns a plan that makes the bridges with their addresses, and tries whether a DNS server can listen there:
 * EADDRINUSE.
 */
export function namesPlan({ id, network, directory }: Omit<LiveNetwork, 'namespace'>): Plan {
  const builder = new PlanBuilder();
  renewRules(builder, { id, network, directory });
  const addresses = network.networks.flatMap(({ nameServers = [] }) => nameServers);
  const port = { protocol: PROTOCOLS.udp, port: NAME_SERVER_PORT, targets: [], targetPort: 0 } as const;
  const holds = [...new Set(addresses)].map(
    (address) => ({ op: 'holdPort', stage: 'prepare', address, ...port }) as const,
  );
  return { steps: [...preparePlan(builder).steps, ...holds] };
}

function openNamespace(builder: PlanBuilder, path: string): number {
  const slot = builder.slot();
  builder.add('prepare', 'openPath', { slot, path, flags: 0 });
  return slot;
}

/**
 * Returns the plan with the steps of the stage `network` in `prepare`: no process is launched, so there is no child
 * beside which to do them.
 */
function preparePlan(builder: PlanBuilder): Plan {
  const { steps } = builder.build();
  return { steps: steps.map((step) => (step.stage === 'network' ? { ...step, stage: 'prepare' } : step)) };
}
