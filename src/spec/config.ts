/**
 * A container's configuration: the create options after validation, with every default applied. Plain data: the
 * database stores it as JSON, `generateSpec` turns it into an OCI spec, and `inspect` prints it.
 */
import type { OciHooks, RlimitValue } from '../oci/spec.js';
import type { CgroupManager, CgroupsMode } from './limits/cgroup-options.js';
import type {
  DeviceRate,
  DeviceWeight,
  IdMap,
  LogOptions,
  MountOptions,
  PropagationMode,
  ResourceOptions,
  RestartOptions,
} from './create-options.js';
import type { AccountConfig } from './users/account-options.js';
import type { HealthConfig } from './health/health.js';
import type { ImagePart } from './image.js';
import type { NameConfig } from './network/name-options.js';
import type { NetworkingConfig } from './network/network-config.js';
import type { RuntimeConfig } from './oci-runtime.js';
import type { InitKind } from './pod/pod-options.js';
import type { SecretConfig } from './files/secret-options.js';

/** Source of the root file system. */
export type RootConfig =
  | {
      readonly kind: 'host';
      /** Whether nothing is hidden (`host:all`). */
      readonly all: boolean;
      readonly hide: readonly string[];
      readonly show: readonly string[];
    }
  | {
      readonly kind: 'directory';
      readonly path: string;
      readonly overlay: boolean;
      /**
       * Whether owners are shifted into the user namespace. Absent: they are, unless the directory belongs to the
       * container's root already.
       */
      readonly idmap?: boolean;
    }
  | {
      readonly kind: 'image';
      /** Hexadecimal digits. */
      readonly id: string;
      /** Chain ids, from the lowest up. */
      readonly layers: readonly string[];
    }
  /** An empty directory, in which only tspod's own program runs. */
  | { readonly kind: 'empty' };

/**
 * Modes of the namespaces: private, host, `path:PATH`, or `container:ID`, which the engine resolves before the spec is
 * made.
 */
export interface NamespaceConfig {
  /** Also `none` (the same as private), and `bridge`: private, with interfaces to networks. */
  readonly network: string;
  readonly pid: string;
  /** Also `shareable` and `none` (private, without /dev/shm). */
  readonly ipc: string;
  readonly uts: string;
  readonly cgroup: string;
  /** Also `auto` and `keep-id`. */
  readonly user: string;
  readonly time: string;
}

/** The user's request for the maps of a user namespace. */
export interface UsernsConfig {
  readonly size?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly subuidName?: string;
  readonly subgidName?: string;
}

export interface MountConfig {
  readonly type: MountOptions['type'];
  /**
   * Host path of a bind mount, or name of a volume or image. An anonymous volume gets its name when the container is
   * recorded.
   */
  readonly source?: string;
  readonly target: string;
  /** Mount options as given, without those that only the engine reads. */
  readonly options: readonly string[];
  /** Whether the mount is a volume that belongs to the container. @default false */
  readonly anonymous?: boolean;
  /** The image that the name referred to when the container was made. Only for image mounts. */
  readonly image?: MountedImageConfig;
}

export interface MountedImageConfig {
  /** Hexadecimal digits. */
  readonly id: string;
  /** Chain ids, from the lowest up. */
  readonly layers: readonly string[];
}

export interface DeviceConfig {
  readonly source: string;
  readonly target: string;
  readonly access: string;
}

export interface RlimitConfig {
  /** Name of the limit, with RLIMIT_. */
  readonly type: string;
  readonly soft: RlimitValue;
  readonly hard: RlimitValue;
}

/** Resource limits, with names resolved to numbers where that needs no look at the host. */
export interface ResourceConfig extends Omit<ResourceOptions, 'cpus' | 'pidsLimit'> {
  /** Highest number of processes; -1: unlimited. */
  readonly pidsLimit: number;
  /** Whether the pids limit is the default: a host that cannot limit processes is then no error. */
  readonly pidsLimitIsDefault: boolean;
  /** Whether memorySwapBytes was derived from memoryBytes: a host without swap accounting is then no error. */
  readonly memorySwapIsDefault: boolean;
  readonly blkioWeightDevice?: readonly DeviceWeight[];
  readonly deviceReadBps?: readonly DeviceRate[];
  readonly deviceWriteBps?: readonly DeviceRate[];
  readonly deviceReadIops?: readonly DeviceRate[];
  readonly deviceWriteIops?: readonly DeviceRate[];
}

export interface SecurityConfig {
  readonly noNewPrivileges: boolean;
  /** 'default', 'unconfined', or the absolute path of a profile. */
  readonly seccomp: string;
  readonly apparmorProfile?: string;
  readonly labels: readonly string[];
  readonly labelsDisabled: boolean;
  readonly mask: readonly string[];
  readonly unmask: readonly string[];
  readonly unmaskAll: boolean;
  readonly procOptions: readonly string[];
}

/** A container's place in a pod. */
export interface PodMembership {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** Whether this is the infra container, which keeps the namespaces that the others share. */
  readonly infra: boolean;
  /** The container is an init container; `once`: it is removed when it has succeeded. @default it is none */
  readonly init?: InitKind;
  /** Limits of the pod's cgroup, if the container's cgroup lies in it. @default it does not */
  readonly resources?: ResourceConfig;
}

export interface ContainerConfig extends NameConfig, AccountConfig, ImagePart {
  /** Name of the container. Absent: the engine chooses one. */
  readonly name?: string;
  readonly root: RootConfig;
  /** Name that inspect prints: `host:`, an image's name, or ''. */
  readonly image: string;

  /** The program and its arguments: entrypoint and command in one. */
  readonly args: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** Complete environment, except HOSTNAME and HOME, which depend on the id and on the user. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether HOSTNAME is added. */
  readonly hostnameEnv: boolean;
  readonly workdir: string;
  readonly user: string;
  readonly groups: readonly string[];
  /** Umask of the first process, 0 to 0o777. */
  readonly umask: number;
  readonly tty: boolean;
  readonly interactive: boolean;
  readonly init: boolean;
  /** Whether the container is in systemd mode. Absent: no. */
  readonly systemd?: boolean;
  readonly preserveFds: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;

  /** Host name. Absent: the beginning of the id, or the host's name if the UTS namespace is the host's. */
  readonly hostname?: string;
  readonly domainname?: string;
  readonly namespaces: NamespaceConfig;
  readonly networking: NetworkingConfig;
  readonly userns?: UsernsConfig;
  /**
   * Map of user ids. Complete once the container is recorded (container/namespaces/userns.ts), except for a namespace
   * that is joined by its path.
   */
  readonly uidMaps: readonly IdMap[];
  readonly gidMaps: readonly IdMap[];
  readonly timeOffsets: { readonly monotonicSec: number; readonly boottimeSec: number };

  readonly readOnly: boolean;
  readonly readOnlyTmpfs: boolean;
  readonly mounts: readonly MountConfig[];
  /** Containers that some of the mounts come from, as they were named; informational. Absent: none. */
  readonly volumesFrom?: readonly string[];
  readonly secrets: readonly SecretConfig[];
  readonly rootPropagation?: PropagationMode;
  readonly shmSizeBytes: number;
  readonly devices: readonly DeviceConfig[];
  readonly deviceCgroupRules: readonly string[];

  readonly privileged: boolean;
  /** Added capabilities, normalized: CAP_NAME, or ALL. */
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly security: SecurityConfig;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly rlimits: readonly RlimitConfig[];
  readonly oomScoreAdj?: number;
  readonly personality?: 'LINUX' | 'LINUX32';
  readonly scheduler?: { readonly policy: string; readonly nice: number; readonly priority: number };
  readonly ioPriority?: { readonly class: string; readonly level: number };
  /** Time zone: a zone name, or 'local'. */
  readonly timezone?: string;

  readonly resources: ResourceConfig;
  /** A path, or a slice of systemd; '' if the group does not lie below either. */
  readonly cgroupParent: string;
  readonly cgroupManager: CgroupManager;
  readonly cgroups: CgroupsMode;
  readonly log: Required<Pick<LogOptions, 'driver' | 'maxSizeBytes' | 'maxFiles'>> & Pick<LogOptions, 'path' | 'tag'>;
  readonly restart: Required<RestartOptions>;
  /** Health check. Absent: none. */
  readonly health?: HealthConfig;
  /** Number of the signal. */
  readonly stopSignal: number;
  readonly stopTimeoutSec: number;
  readonly timeoutSec: number;
  readonly autoRemove: boolean;
  readonly hooks: OciHooks;
  /** OCI runtime that makes the container. Absent: the built-in one. */
  readonly runtime?: RuntimeConfig;
  /** Containers that must run before this one starts: ids, once it is recorded. */
  readonly requires: readonly string[];
  /** The container's place in a pod. Absent: it is in none. */
  readonly pod?: PodMembership;
  readonly cidFile?: string;
  readonly pidFile?: string;
  readonly monitorPidFile?: string;
  readonly createCommand: readonly string[];
}
