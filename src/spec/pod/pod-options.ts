/**
 * Options and configuration of pods: what their containers share, and what belongs to the infra container, which the
 * others share it with.
 */
import type { CreateOptions, RestartOptions, ResourceOptions } from '../create-options.js';
import { NAME_SHAPE, type NameOptions } from '../network/name-options.js';
import { NETWORK_SHAPE, type NetworkOptions } from '../network/network-options.js';
import type { ShapeOf } from '../checks/shape.js';
import type { CgroupManager } from '../limits/cgroup-options.js';
import type { NamespaceConfig, ResourceConfig } from '../config.js';

/** Namespaces that the containers of a pod can share, with their keys in a container's configuration. */
export const POD_NAMESPACES = {
  cgroup: 'cgroup',
  ipc: 'ipc',
  net: 'network',
  pid: 'pid',
  user: 'user',
  uts: 'uts',
} as const satisfies Readonly<Record<string, keyof NamespaceConfig>>;

export type PodNamespace = keyof typeof POD_NAMESPACES;

/** Namespaces that are shared by default. */
export const DEFAULT_SHARE: readonly PodNamespace[] = ['ipc', 'net', 'uts'];

/** What happens to the pod when the last of its containers other than the infra container has ended. */
export const EXIT_POLICIES = ['continue', 'stop'] as const;
export type PodExitPolicy = (typeof EXIT_POLICIES)[number];

/** When an init container of a pod runs: at each start of the pod, or until it has succeeded once. */
export const INIT_KINDS = ['always', 'once'] as const;
export type InitKind = (typeof INIT_KINDS)[number];

/**
 * Options of a pod. Those about networks, names, user namespaces and /dev/shm are the options of a container: they
 * belong to the infra container, which gives the others its namespaces.
 */
export interface PodCreateOptions
  extends
    NetworkOptions,
    NameOptions,
    Pick<
      CreateOptions,
      | 'network'
      | 'pid'
      | 'uts'
      | 'userns'
      | 'usernsOptions'
      | 'uidMaps'
      | 'gidMaps'
      | 'sysctls'
      | 'shmSizeBytes'
      | 'mounts'
      | 'volumesFrom'
      | 'devices'
    > {
  /** Name, in the form of a container's name; pods have names of their own. @default a random name */
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Namespaces that the pod's containers share; [] for none. @default ipc, net and uts; none without `infra` */
  readonly share?: readonly PodNamespace[];
  /** Whether a container that does nothing else keeps the shared namespaces. @default true */
  readonly infra?: boolean;
  /** Name of the infra container. @default the first 12 characters of the pod's id and `-infra` */
  readonly infraName?: string;
  /** Image whose command the infra container runs. @default none: it runs tspod's own program, in an empty directory */
  readonly infraImage?: string;
  /** With `infraImage`: command of the infra container. @default the image's */
  readonly infraCommand?: readonly string[];
  /** Absolute path of a file to which the pid of the infra container's monitor is written. */
  readonly infraMonitorPidFile?: string;
  /** Host name: 1 to 64 letters, digits, dots, dashes or underscores; with `share` uts. @default the pod's name */
  readonly hostname?: string;
  /** What happens to the pod when its last container has ended. @default 'continue' */
  readonly exitPolicy?: PodExitPolicy;
  /** Restart policy of the containers that have none of their own. @default none */
  readonly restart?: RestartOptions;
  /** Limits for all containers of the pod together. @default none */
  readonly resources?: ResourceOptions;
  /** Parent of the pod's cgroup, like that of a container. */
  readonly cgroupParent?: string;
  /** Whether the containers' cgroups lie in the pod's. @default true */
  readonly shareParent?: boolean;
  /** The command line that made the pod, for inspect. */
  readonly createCommand?: readonly string[];
}

/**
 * A pod as it is recorded: its options after validation. Those of the infra container are in that container's record.
 */
export interface PodConfig {
  readonly labels: Readonly<Record<string, string>>;
  readonly share: readonly PodNamespace[];
  readonly infra: boolean;
  /** Host name as it was requested, or ''. */
  readonly hostname: string;
  readonly exitPolicy: PodExitPolicy;
  readonly restart?: Required<RestartOptions>;
  /** Parent of the pod's cgroup: a path, or a slice of systemd. */
  readonly cgroupParent: string;
  readonly cgroupManager: CgroupManager;
  /** Whether the containers' cgroups lie in the pod's; if not, the pod has no cgroup. */
  readonly shareParent: boolean;
  /** Limits of the pod's cgroup. The number of processes is unlimited unless a limit was requested. */
  readonly resources: ResourceConfig;
  readonly createCommand: readonly string[];
}

export const POD_SHAPE: ShapeOf<PodCreateOptions> = {
  ...NAME_SHAPE,
  ...NETWORK_SHAPE,
  name: 'string',
  labels: 'record',
  share: 'strings',
  infra: 'boolean',
  infraName: 'string',
  infraImage: 'string',
  infraCommand: 'strings',
  infraMonitorPidFile: 'string',
  hostname: 'string',
  exitPolicy: 'string',
  restart: 'object',
  resources: 'object',
  cgroupParent: 'string',
  shareParent: 'boolean',
  createCommand: 'strings',
  network: 'string',
  pid: 'string',
  uts: 'string',
  userns: 'string',
  usernsOptions: 'object',
  uidMaps: 'objects',
  gidMaps: 'objects',
  sysctls: 'record',
  shmSizeBytes: 'number',
  mounts: 'objects',
  volumesFrom: 'strings',
  devices: 'objects',
};
