/** Options about pods -> configuration: what its containers share, and what belongs to the container that they share it with. */
import type { CreateOptions, RestartOptions, ResourceOptions } from '../create-options.js';
import { NAME_SHAPE, type NameOptions } from '../network/name-options.js';
import { NETWORK_SHAPE, type NetworkOptions } from '../network/network-options.js';
import type { ShapeOf } from '../checks/shape.js';
import type { CgroupManager } from '../limits/cgroup-options.js';
import type { NamespaceConfig, ResourceConfig } from '../config.js';

/** Namespaces that the containers of a pod can share, and where a container's configuration has each. */
export const POD_NAMESPACES = {
  cgroup: 'cgroup',
  ipc: 'ipc',
  net: 'network',
  pid: 'pid',
  user: 'user',
  uts: 'uts',
} as const satisfies Readonly<Record<string, keyof NamespaceConfig>>;

export type PodNamespace = keyof typeof POD_NAMESPACES;

/** What is shared unless something else is asked for. */
export const DEFAULT_SHARE: readonly PodNamespace[] = ['ipc', 'net', 'uts'];

/** What becomes of the pod when the last of its containers beside the infra container has ended. */
export const EXIT_POLICIES = ['continue', 'stop'] as const;
export type PodExitPolicy = (typeof EXIT_POLICIES)[number];

/**
 * What a pod is made from. The options about networks, names, user namespaces and /dev/shm are those of a container: they belong to the infra
 * container, from which the others have their namespaces.
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
  /** As of a container; pods have names of their own. @default made up */
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Namespaces that its containers share; [] for none. @default ipc, net and uts; none without `infra` */
  readonly share?: readonly PodNamespace[];
  /** Keep the shared namespaces by a container that does nothing else. @default true */
  readonly infra?: boolean;
  /** Name of that container. @default the first 12 characters of the pod's id and `-infra` */
  readonly infraName?: string;
  /** An image whose command it runs. @default none: it runs tspod's own, over an empty directory */
  readonly infraImage?: string;
  /** With `infraImage`: what it runs. @default the image's */
  readonly infraCommand?: readonly string[];
  /** A file that gets the pid of its monitor. */
  readonly infraMonitorPidFile?: string;
  /** 1 to 64 letters, digits, dots, dashes or underscores; with `share` uts. @default the pod's name */
  readonly hostname?: string;
  /** @default 'continue' */
  readonly exitPolicy?: PodExitPolicy;
  /** Restart policy of the containers that have none of their own. @default none */
  readonly restart?: RestartOptions;
  /** Limits for all containers of the pod together. @default none */
  readonly resources?: ResourceOptions;
  /** Where the pod's cgroup lies, as of a container. */
  readonly cgroupParent?: string;
  /** The containers' cgroups lie in the pod's. @default true */
  readonly shareParent?: boolean;
  /** The command line that made it, for inspect. */
  readonly createCommand?: readonly string[];
}

/** A pod as it is recorded: options after validation. What the infra container has is in that one's record. */
export interface PodConfig {
  readonly labels: Readonly<Record<string, string>>;
  readonly share: readonly PodNamespace[];
  readonly infra: boolean;
  /** As it was asked for, or ''. */
  readonly hostname: string;
  readonly exitPolicy: PodExitPolicy;
  readonly restart?: Required<RestartOptions>;
  /** A path, or a slice of systemd, in which the pod's cgroup lies. */
  readonly cgroupParent: string;
  readonly cgroupManager: CgroupManager;
  /** Its containers' cgroups lie in its own; without, it has none. */
  readonly shareParent: boolean;
  /** Limits of its cgroup; the number of processes has none unless it was asked for. */
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
