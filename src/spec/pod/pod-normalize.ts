/**
 * Turns the options of a pod into its configuration and the options of its infra container. Reads nothing but its
 * arguments.
 */
import { invalid } from '../../errors.js';
import type { HostFacts } from '../../host/facts.js';
import { defined } from '../../util/defined.js';
import { shortId } from '../../util/short-id.js';
import { normalizeCgroups } from '../limits/cgroup-options.js';
import type { ResourceConfig } from '../config.js';
import type { CreateOptions } from '../create-options.js';
import { checkLabels, checkName, isHostname } from '../checks/names.js';
import { normalizeRestart, type EngineDefaults } from '../normalize.js';
import { checkResourceOptions } from '../option-shapes.js';
import {
  DEFAULT_SHARE,
  EXIT_POLICIES,
  POD_NAMESPACES,
  POD_SHAPE,
  type PodConfig,
  type PodCreateOptions,
  type PodNamespace,
} from './pod-options.js';
import { quote } from '../checks/quote.js';
import { checkShape } from '../checks/shape.js';

type Machine = Pick<HostFacts, 'systemd' | 'cgroup' | 'cpuSets'>;

/**
 * Returns the configuration of a pod. Throws TypeError for misuse, INVALID_ARGUMENT for invalid values. Options of the
 * infra container are checked when that is created.
 */
export function normalizePodOptions(
  options: PodCreateOptions,
  machine: Machine,
  { cgroupManager }: EngineDefaults = {},
): PodConfig {
  checkShape('pod options', options, POD_SHAPE);
  if (options.resources !== undefined) checkResourceOptions(options.resources);
  if (options.name !== undefined) checkName(options.name);
  const infra = options.infra ?? true;
  const share = normalizeShare(options, infra);
  if (!infra) refuseWithoutInfra(options);
  const shareParent = options.shareParent ?? true;
  if (shareParent && share.includes('cgroup')) {
    throw invalid(
      "cannot define the pod as the cgroup parent at the same time as joining the infra container's cgroupNS: invalid argument",
    );
  }
  if (!shareParent && options.resources !== undefined)
    throw invalid('resource limits of a pod need its cgroup: they cannot be given with shareParent false');
  const { cgroups: _cgroups, ...cgroup } = normalizeCgroups(cgroupOptions(options), machine, cgroupManager);
  return {
    labels: checkLabels('a label', options.labels ?? {}),
    share,
    infra,
    hostname: options.hostname ?? '',
    exitPolicy: checkExitPolicy(options.exitPolicy ?? 'continue'),
    ...defined({ restart: options.restart === undefined ? undefined : normalizeRestart(options.restart) }),
    shareParent,
    ...cgroup,
    createCommand: options.createCommand ?? [],
  };
}

/**
 * Returns the cgroup options of a pod. The number of processes is not limited by default: each container has its own
 * default limit.
 */
function cgroupOptions({ resources, cgroupParent }: PodCreateOptions): CreateOptions {
  return { resources: { pidsLimit: -1, ...resources }, ...defined({ cgroupParent }) };
}

function checkExitPolicy(policy: string): PodConfig['exitPolicy'] {
  const known = EXIT_POLICIES.find((each) => each === policy);
  if (known === undefined) throw invalid(`invalid pod exit policy: ${quote(policy)}`);
  return known;
}

/** Returns the shared namespaces, each once, in the order of their names. */
function normalizeShare({ share, userns }: PodCreateOptions, infra: boolean): readonly PodNamespace[] {
  const wanted = new Set<PodNamespace>(share ?? (infra ? DEFAULT_SHARE : []));
  for (const name of wanted) {
    if (!Object.hasOwn(POD_NAMESPACES, name))
      throw invalid(`invalid kernel namespace to share: ${name}. Options are: cgroup, ipc, net, pid, uts or none`);
  }
  if (!infra && wanted.size > 0)
    throw invalid(`cannot set share(${[...wanted].join(',')}) namespaces without an infra container`);
  // Shared namespaces belong to the infra container's user namespace, which containers that join them have to be in.
  if (infra && userns !== undefined && userns !== 'host') wanted.add('user');
  return [...wanted].sort();
}

/** Refusals of options that only an infra container can have, in the words of the command line. */
const INFRA_REFUSALS: Readonly<Partial<Record<keyof PodCreateOptions, string>>> = {
  infraName: 'cannot set infra-name without an infra container',
  infraImage: 'cannot set infra-image without an infra container',
  infraCommand: 'cannot set infra-command without an infra container',
  infraMonitorPidFile: 'cannot set infra-conmon-pid without an infra container',
  network: 'NoInfra and network modes cannot be used together',
  networks: 'NoInfra and network modes cannot be used together',
  publish: 'you must have an infra container to publish port bindings to the host',
  publishAll: 'you must have an infra container to publish port bindings to the host',
};

/** Options that a pod without an infra container may have. `hostname` has no effect then, as for Podman. */
const KEYS_WITHOUT_INFRA: ReadonlySet<string> = new Set<keyof PodCreateOptions>([
  'name',
  'labels',
  'share',
  'infra',
  'hostname',
  'exitPolicy',
  'restart',
  'resources',
  'cgroupParent',
  'shareParent',
  'createCommand',
]);

function refuseWithoutInfra(options: PodCreateOptions): void {
  for (const [key, value] of Object.entries(options)) {
    if (KEYS_WITHOUT_INFRA.has(key) || value === undefined || value === false) continue;
    if (Array.isArray(value) && value.length === 0) continue;
    throw invalid(INFRA_REFUSALS[key as keyof PodCreateOptions] ?? `cannot set ${key} without an infra container`);
  }
}

const NETWORK_KEYS = [
  'networks',
  'ip',
  'ip6',
  'macAddress',
  'networkAliases',
  'publish',
  'publishAll',
  'expose',
  'egress',
] as const;

/** Options of the pod that the infra container gets unchanged. */
const INFRA_KEYS = [
  ...NETWORK_KEYS,
  'addHosts',
  'hostsFile',
  'noHosts',
  'noHostname',
  'dns',
  'chrootDirs',
  'network',
  'pid',
  'uts',
  'userns',
  'usernsOptions',
  'uidMaps',
  'gidMaps',
  'sysctls',
  'shmSizeBytes',
  'mounts',
  'volumesFrom',
  'devices',
  'cgroupParent',
  'createCommand',
] as const satisfies readonly (keyof PodCreateOptions & keyof CreateOptions)[];

/** Returns the options of the infra container. Unless the network is shared or given, it has network `none`. */
export function infraOptions(
  options: PodCreateOptions,
  { id, name, share }: { readonly id: string; readonly name: string; readonly share: readonly PodNamespace[] },
): CreateOptions {
  const passed = Object.fromEntries(
    INFRA_KEYS.map((key) => [key, options[key]]).filter(([, value]) => value !== undefined),
  ) as Partial<CreateOptions>;
  const isNamed = (options.uts === undefined || options.uts === 'private') && share.includes('uts');
  const own = options.infraImage !== undefined;
  return {
    name: options.infraName ?? `${shortId(id)}-infra`,
    ...(own ? { image: options.infraImage, ...defined({ command: options.infraCommand }) } : BUILT_IN_INFRA),
    ...(isNamed ? { hostname: options.hostname ?? hostnameFrom(name, id) } : {}),
    ...(share.includes('net') || options.network !== undefined || options.networks !== undefined
      ? {}
      : { network: 'none' }),
    labels: options.labels ?? {},
    ...defined({ monitorPidFile: options.infraMonitorPidFile }),
    ...passed,
  };
}

/**
 * Options of an infra container without an image: it only waits and reaps orphaned processes, and needs no rights for
 * that.
 */
const BUILT_IN_INFRA: CreateOptions = {
  capDrop: ['ALL'],
  security: { noNewPrivileges: true },
  log: { driver: 'none' },
};

/** Returns the pod's name if it is a valid host name, which must be shorter, or else the beginning of its id. */
function hostnameFrom(name: string, id: string): string {
  return isHostname(name) ? name : shortId(id);
}

/** Whether any limit was requested. */
export function hasLimits({ pidsLimit, pidsLimitIsDefault, memorySwapIsDefault, ...limits }: ResourceConfig): boolean {
  return pidsLimit > 0 || Object.keys(limits).length > 0;
}

/** Options of a container that go to a pod which is made for it. */
const POD_KEYS = [
  ...NETWORK_KEYS,
  'addHosts',
  'dns',
  'network',
  'userns',
  'usernsOptions',
  'uidMaps',
  'gidMaps',
  'hostname',
  'createCommand',
] as const satisfies readonly (keyof PodCreateOptions & keyof CreateOptions)[];

/** Splits options into those for the pod and those left for the container. */
export function splitPodOptions<Options extends CreateOptions>(
  options: Options,
): { readonly pod: PodCreateOptions; readonly container: Options } {
  const isOfPod = (key: string) => POD_KEYS.some((each) => each === key);
  const entries = Object.entries(options);
  return {
    pod: Object.fromEntries(entries.filter(([key, value]) => isOfPod(key) && value !== undefined)),
    container: Object.fromEntries(
      entries.filter(([key]) => !isOfPod(key) || key === 'createCommand'),
    ) as unknown as Options,
  };
}
