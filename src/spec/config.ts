/**
 * A container's configuration: create options after validation, with every default applied. Plain data: the database stores
 * it as JSON, `generateSpec` turns it into an OCI spec, `inspect` prints it.
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
import type { SecretConfig } from './files/secret-options.js';

/** Where the root file system comes from. */
export type RootConfig =
  | {
      readonly kind: 'host';
      /** `host:all`: nothing is hidden. */
      readonly all: boolean;
      readonly hide: readonly string[];
      readonly show: readonly string[];
    }
  | {
      readonly kind: 'directory';
      readonly path: string;
      readonly overlay: boolean;
      /** Absent: shifted unless it is the container's root's already. */
      readonly idmap?: boolean;
    }
  | {
      readonly kind: 'image';
      /** Hexadecimal digits. */
      readonly id: string;
      /** Chain ids, from the lowest up. */
      readonly layers: readonly string[];
    }
  /** An empty directory; what runs over it is tspod's own. */
  | { readonly kind: 'empty' };

/** Namespaces: private, host, `path:PATH`, or `container:ID`, which the engine resolves before the spec is made. */
export interface NamespaceConfig {
  /** Also `none` (as private) and `bridge`: private, with interfaces to networks. */
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

/** How the maps of a user namespace were asked for. */
export interface UsernsConfig {
  readonly size?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly subuidName?: string;
  readonly subgidName?: string;
}

export interface MountConfig {
  readonly type: MountOptions['type'];
  /** Host path of a bind mount, name of a volume or of an image; an anonymous volume gets it when the container is recorded. */
  readonly source?: string;
  readonly target: string;
  /** As given, without those that only the engine reads. */
  readonly options: readonly string[];
  /** A volume of the container's own. @default false */
  readonly anonymous?: boolean;
  /** The image that the name stood for when the container was made. Of an image alone. */
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
  /** RLIMIT_ and the name. */
  readonly type: string;
  readonly soft: RlimitValue;
  readonly hard: RlimitValue;
}

/** Resources with names resolved to numbers where that needs no look at the host. */
export interface ResourceConfig extends Omit<ResourceOptions, 'cpus' | 'pidsLimit'> {
  /** -1: unlimited. */
  readonly pidsLimit: number;
  /** The pids limit is the default one: a host that cannot limit processes is no error. */
  readonly pidsLimitIsDefault: boolean;
  /** memorySwapBytes follows from memoryBytes: a host without swap accounting is no error. */
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
  /** It keeps what the others share. */
  readonly infra: boolean;
  /** Its cgroup lies in the pod's, which has these limits. @default it does not */
  readonly resources?: ResourceConfig;
}

export interface ContainerConfig extends NameConfig, AccountConfig, ImagePart {
  /** Absent: the engine finds one. */
  readonly name?: string;
  readonly root: RootConfig;
  /** For inspect: `host:`, an image's name, or ''. */
  readonly image: string;

  /** The program and its arguments: entrypoint and command in one. */
  readonly args: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** Complete but for HOSTNAME and HOME, which depend on the id and on the user. */
  readonly env: Readonly<Record<string, string>>;
  /** HOSTNAME is added. */
  readonly hostnameEnv: boolean;
  readonly workdir: string;
  readonly user: string;
  readonly groups: readonly string[];
  /** Of 0 to 0o777. */
  readonly umask: number;
  readonly tty: boolean;
  readonly interactive: boolean;
  readonly init: boolean;
  readonly preserveFds: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;

  /** Absent: the beginning of the id, or the host's name with the host's UTS namespace. */
  readonly hostname?: string;
  readonly domainname?: string;
  readonly namespaces: NamespaceConfig;
  readonly networking: NetworkingConfig;
  readonly userns?: UsernsConfig;
  /** Complete once the container is recorded (container/namespaces/userns.ts), but for a namespace that is joined by its path. */
  readonly uidMaps: readonly IdMap[];
  readonly gidMaps: readonly IdMap[];
  readonly timeOffsets: { readonly monotonicSec: number; readonly boottimeSec: number };

  readonly readOnly: boolean;
  readonly readOnlyTmpfs: boolean;
  readonly mounts: readonly MountConfig[];
  /** Containers of which some of the mounts are, as they were named; nothing goes by it. Absent: none. */
  readonly volumesFrom?: readonly string[];
  readonly secrets: readonly SecretConfig[];
  readonly rootPropagation?: PropagationMode;
  readonly shmSizeBytes: number;
  readonly devices: readonly DeviceConfig[];
  readonly deviceCgroupRules: readonly string[];

  readonly privileged: boolean;
  /** Normalized: CAP_NAME, or ALL. */
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly security: SecurityConfig;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly rlimits: readonly RlimitConfig[];
  readonly oomScoreAdj?: number;
  readonly personality?: 'LINUX' | 'LINUX32';
  readonly scheduler?: { readonly policy: string; readonly nice: number; readonly priority: number };
  readonly ioPriority?: { readonly class: string; readonly level: number };
  /** A zone name, or 'local'. */
  readonly timezone?: string;

  readonly resources: ResourceConfig;
  /** A path, or a slice of systemd; '' where the group does not lie below one. */
  readonly cgroupParent: string;
  readonly cgroupManager: CgroupManager;
  readonly cgroups: CgroupsMode;
  readonly log: Required<Pick<LogOptions, 'driver' | 'maxSizeBytes' | 'maxFiles'>> & Pick<LogOptions, 'path' | 'tag'>;
  readonly restart: Required<RestartOptions>;
  /** Absent: nothing is checked. */
  readonly health?: HealthConfig;
  /** Number. */
  readonly stopSignal: number;
  readonly stopTimeoutSec: number;
  readonly timeoutSec: number;
  readonly autoRemove: boolean;
  readonly hooks: OciHooks;
  /** Absent: the built-in one. */
  readonly runtime?: RuntimeConfig;
  /** Containers that must run before it starts: ids, once it is recorded. */
  readonly requires: readonly string[];
  /** Absent: it is in no pod. */
  readonly pod?: PodMembership;
  readonly cidFile?: string;
  readonly pidFile?: string;
  readonly monitorPidFile?: string;
  readonly createCommand: readonly string[];
}
