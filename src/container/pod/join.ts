/** Creates containers in a pod: which of their options follow from the pod, and which belong to it. */
import { invalid, TspodError } from '../../errors.js';
import { podParent } from '../../spec/limits/cgroup-path.js';
import type { ContainerConfig, PodMembership } from '../../spec/config.js';
import type { CreateOptions } from '../../spec/create-options.js';
import { NO_NETWORKING } from '../../spec/network/network-config.js';
import { POD_NAMESPACES, type PodConfig, type PodNamespace } from '../../spec/pod/pod-options.js';
import { noSuchPod } from '../../state/lookup.js';
import type { StoredPod } from '../../state/pods.js';
import type { StoredContainer } from '../../state/records.js';
import { readConfig } from '../config.js';
import type { EngineContext } from '../context.js';
import { defined } from '../../util/defined.js';

export interface Joined {
  readonly options: CreateOptions;
  readonly pod: PodMembership;
}

/**
 * Returns the options with what follows from the pod; undefined if the container is in no pod. Throws NO_SUCH_POD,
 * AMBIGUOUS, INVALID_ARGUMENT for an option that belongs to the pod.
 */
export function joinPod(context: EngineContext, options: CreateOptions): Joined | undefined {
  if (options.pod === undefined || options.pod === '') return undefined;
  const pod = context.store.pods.find(options.pod);
  if (pod.removing) throw noSuchPod(options.pod);
  const { config, infraId } = pod;
  if (options.userns !== undefined) throw invalid('userns and pod cannot be set together');
  const namespaces = sharedNamespaces(pod, options);
  refuseNetworkOptions(options, namespaces);
  if (options.hostname !== undefined && namespaces.uts !== undefined)
    throw invalid('cannot set hostname when joining the pod UTS namespace: invalid configuration');
  const { mounts = [], devices = [] } = infraId === '' ? {} : readConfig(context, infraId);
  const own = options.devices ?? [];
  const isReplaced = (target: string) => own.some((device) => (device.target ?? device.source) === target);
  return {
    options: {
      ...options,
      ...namespaces,
      ...cgroupPlace(pod, options),
      ...(takesPolicy(options) ? defined({ restart: config.restart }) : {}),
      ...(infraId === '' ? {} : { requires: [infraId, ...(options.requires ?? [])] }),
      ...(devices.length === 0 ? {} : { devices: [...devices.filter(({ target }) => !isReplaced(target)), ...own] }),
      ...(mounts.length === 0 ? {} : { volumesFrom: [infraId, ...(options.volumesFrom ?? [])] }),
    },
    pod: membershipOf(pod, options),
  };
}

/** Whether the restart policy of the pod applies to a container. */
function takesPolicy({ restart, autoRemove, initContainer }: CreateOptions): boolean {
  return restart === undefined && autoRemove !== true && initContainer === undefined;
}

/** Returns what the record of a container says of its pod. */
export function membershipOf(
  { id, config }: { readonly id: string; readonly config: PodConfig },
  options: CreateOptions = {},
): PodMembership {
  const isBelow = config.shareParent && options.cgroupParent === undefined && hasGroup(options);
  return {
    id,
    infra: false,
    ...defined({ init: options.initContainer }),
    ...(isBelow ? { resources: config.resources } : {}),
  };
}

function hasGroup({ cgroups }: CreateOptions): boolean {
  return cgroups !== 'disabled' && cgroups !== 'split';
}

function cgroupPlace({ id, config }: StoredPod, options: CreateOptions): Pick<CreateOptions, 'cgroupParent'> {
  if (!config.shareParent || options.cgroupParent !== undefined || !hasGroup(options)) return {};
  return { cgroupParent: podParent(config, id) };
}

type Shared = Pick<CreateOptions, 'network' | 'pid' | 'ipc' | 'uts' | 'cgroupns' | 'userns'>;

const OPTION_OF = {
  cgroup: 'cgroupns',
  ipc: 'ipc',
  net: 'network',
  pid: 'pid',
  user: 'userns',
  uts: 'uts',
} as const satisfies Readonly<Record<PodNamespace, keyof Shared>>;

/**
 * Returns the pod's namespaces that the container shares. A namespace that the options name takes the place of the
 * pod's.
 */
function sharedNamespaces({ config, infraId }: StoredPod, options: CreateOptions): Shared {
  const shared = config.share.filter((name) => options[OPTION_OF[name]] === undefined);
  return Object.fromEntries(shared.map((name) => [OPTION_OF[name], `container:${infraId}`]));
}

const NETWORK_SHARED = 'network cannot be configured when it is shared with a pod';

function refuseNetworkOptions(options: CreateOptions, { network }: Shared): void {
  if (network === undefined) return;
  if ((options.publish?.length ?? 0) > 0 || options.publishAll === true)
    throw invalid(`published or exposed ports must be defined when the pod is created: ${NETWORK_SHARED}`);
  if ((options.addHosts?.length ?? 0) > 0)
    throw invalid(`extra host entries must be specified on the pod: ${NETWORK_SHARED}`);
  const { ip, ip6, macAddress, networks, networkAliases, egress } = options;
  if ([ip, ip6, macAddress, networks?.[0], networkAliases?.[0], egress].some((given) => given !== undefined))
    throw invalid(`networks must be defined when the pod is created: ${NETWORK_SHARED}`);
}

/** Returns the configuration of a container that is moved into the pod. Throws NO_SUCH_POD, AMBIGUOUS. */
export function movedToPod(context: EngineContext, config: ContainerConfig, nameOrId: string): ContainerConfig {
  const pod = context.store.pods.find(nameOrId);
  if (pod.removing) throw noSuchPod(nameOrId);
  const { hostname, domainname, ...rest } = config;
  const { share } = pod.config;
  const namespaces = Object.fromEntries(share.map((name) => [POD_NAMESPACES[name], `container:${pod.infraId}`]));
  const place = cgroupPlace(pod, { cgroups: config.cgroups });
  const others = config.requires.filter((id) => context.store.pods.podOf(context.store.get(id)?.seq ?? 0) === pod.id);
  return {
    ...rest,
    ...(share.includes('uts') ? {} : defined({ hostname, domainname })),
    ...(share.includes('net') ? { networking: NO_NETWORKING } : {}),
    ...(share.includes('user') ? { uidMaps: [], gidMaps: [] } : {}),
    namespaces: { ...config.namespaces, ...namespaces },
    ...place,
    ...(place.cgroupParent === undefined ? {} : { cgroupManager: pod.config.cgroupManager }),
    requires: [...new Set([...(pod.infraId === '' ? [] : [pod.infraId]), ...others])],
    pod: membershipOf(pod, { cgroups: config.cgroups, ...defined({ initContainer: config.pod?.init }) }),
  };
}

/**
 * Checks that members of a pod depend on each other alone, and that nobody else depends on them. Throws
 * INVALID_ARGUMENT.
 */
export function requireSamePod(
  { store }: EngineContext,
  id: string,
  { pod, donors }: { readonly pod: PodMembership | undefined; readonly donors: readonly StoredContainer[] },
): void {
  for (const donor of donors) {
    const other = store.pods.podOf(donor.seq);
    if (other === pod?.id) continue;
    throw new TspodError(
      'INVALID_ARGUMENT',
      `container ${id} depends on container ${donor.id} which is ${wherePodIs(pod?.id, other)}: invalid argument`,
      { details: { id, dependency: donor.id } },
    );
  }
}

function wherePodIs(own: string | undefined, other: string | undefined): string {
  if (own === undefined) return 'in a pod - containers not in pods cannot depend on containers in pods';
  return other === undefined ? `not in pod ${own}` : `in a different pod (${other})`;
}
