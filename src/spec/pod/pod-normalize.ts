/** Options of a pod -> its configuration, and the options of its infra container. Reads nothing but its arguments. */
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

/** Throws TypeError for misuse, INVALID_ARGUMENT. What belongs to the infra container is checked with that. */
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

/** The default limit of the number of processes is each container's own. */
function cgroupOptions({ resources, cgroupParent }: PodCreateOptions): CreateOptions {
  return { resources: { pidsLimit: -1, ...resources }, ...defined({ cgroupParent }) };
}

function checkExitPolicy(policy: string): PodConfig['exitPolicy'] {
  const known = EXIT_POLICIES.find((each) => each === policy);
  if (known === undefined) throw invalid(`invalid pod exit policy: ${quote(policy)}`);
  return known;
}

/** Each once, in the order of their names. */
function normalizeShare({ share, userns }: PodCreateOptions, infra: boolean): readonly PodNamespace[] {
  const wanted = new Set<PodNamespace>(share ?? (infra ? DEFAULT_SHARE : []));
  for (const name of wanted) {
    if (!Object.hasOwn(POD_NAMESPACES, name))
      throw invalid(`invalid kernel namespace to share: ${name}. Options are: cgroup, ipc, net, pid, uts or none`);
  }
  if (!infra && wanted.size > 0)
    throw invalid(`cannot set share(${[...wanted].join(',')}) namespaces without an infra container`);
  // Namespaces that are shared belong to a user namespace, which who joins them has to be in.
  if (infra && userns !== undefined && userns !== 'host') wanted.add('user');
  return [...wanted].sort();
}

/** Options that the infra container has, in the words of the command line. */
const OF_INFRA: Readonly<Partial<Record<keyof PodCreateOptions, string>>> = {
  infraName: 'cannot set infra-name without an infra container',
  infraImage: 'cannot set infra-image without an infra container',
  infraCommand: 'cannot set infra-command without an infra container',
  infraMonitorPidFile: 'cannot set infra-conmon-pid without an infra container',
  network: 'NoInfra and network modes cannot be used together',
  networks: 'NoInfra and network modes cannot be used together',
  publish: 'you must have an infra container to publish port bindings to the host',
  publishAll: 'you must have an infra container to publish port bindings to the host',
};

/** `hostname` says nothing then, as for Podman. */
const HARMLESS: ReadonlySet<string> = new Set<keyof PodCreateOptions>([
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
    if (HARMLESS.has(key) || value === undefined || value === false) continue;
    if (Array.isArray(value) && value.length === 0) continue;
    throw invalid(OF_INFRA[key as keyof PodCreateOptions] ?? `cannot set ${key} without an infra container`);
  }
}

const OF_NETWORKS = [
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

/** What the infra container takes of the pod's options as they are. */
const PASSED = [
  ...OF_NETWORKS,
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

/** As it is for the infra container; a network of its own that leads somewhere is what a pod is for. */
export function infraOptions(
  options: PodCreateOptions,
  { id, name, share }: { readonly id: string; readonly name: string; readonly share: readonly PodNamespace[] },
): CreateOptions {
  const passed = Object.fromEntries(
    PASSED.map((key) => [key, options[key]]).filter(([, value]) => value !== undefined),
  ) as Partial<CreateOptions>;
  const isNamed = (options.uts === undefined || options.uts === 'private') && share.includes('uts');
  const own = options.infraImage !== undefined;
  return {
    name: options.infraName ?? `${shortId(id)}-infra`,
    ...(own ? { image: options.infraImage, ...defined({ command: options.infraCommand }) } : GUARDED),
    ...(isNamed ? { hostname: options.hostname ?? hostnameFrom(name, id) } : {}),
    ...(share.includes('net') || options.network !== undefined || options.networks !== undefined
      ? {}
      : { network: 'none' }),
    labels: options.labels ?? {},
    ...defined({ monitorPidFile: options.infraMonitorPidFile }),
    ...passed,
  };
}

/** It waits, and reaps what is left to it: for that it needs no rights. */
const GUARDED: CreateOptions = {
  capDrop: ['ALL'],
  security: { noNewPrivileges: true },
  log: { driver: 'none' },
};

/** A name of a pod may be longer than one of a host. */
function hostnameFrom(name: string, id: string): string {
  return isHostname(name) ? name : shortId(id);
}

/** The limits that somebody asked for. */
export function hasLimits({ pidsLimit, pidsLimitIsDefault, memorySwapIsDefault, ...limits }: ResourceConfig): boolean {
  return pidsLimit > 0 || Object.keys(limits).length > 0;
}

/** Options of a container that are those of a pod which is made for it. */
const OF_POD = [
  ...OF_NETWORKS,
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

/** Which options go to the pod, and what is left for the container. */
export function podOptionsOf<Options extends CreateOptions>(
  options: Options,
): { readonly pod: PodCreateOptions; readonly container: Options } {
  const isOfPod = (key: string) => OF_POD.some((each) => each === key);
  const entries = Object.entries(options);
  return {
    pod: Object.fromEntries(entries.filter(([key, value]) => isOfPod(key) && value !== undefined)),
    container: Object.fromEntries(
      entries.filter(([key]) => !isOfPod(key) || key === 'createCommand'),
    ) as unknown as Options,
  };
}
