/**
 * What a container is made from: the one shape that the CLI fills, the library takes, the database stores and `spec/` reads.
 * Everything is optional but `image` or `rootfs`; defaults are applied in `normalizeCreateOptions` and nowhere else.
 */

/** Where a namespace comes from. `container:` ids are resolved to `path:` before the plan is made. */
export type NamespaceMode = 'private' | 'host' | `path:${string}` | `container:${string}`;

/** Network modes of this release: no bridge yet. */
export type NetworkMode = 'none' | 'private' | 'host' | `path:${string}` | `container:${string}`;

export type IpcMode = NamespaceMode | 'shareable' | 'none';

export interface IdMap {
  /** First id inside the user namespace. */
  readonly containerId: number;
  /** First id outside. */
  readonly hostId: number;
  readonly size: number;
}

export type PropagationMode =
  'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave' | 'unbindable' | 'runbindable';

/** A mount of the user's, in Podman's terms. */
export interface MountOptions {
  readonly type: 'bind' | 'tmpfs' | 'devpts' | 'ramfs';
  /** Host path, for `bind`: absolute. */
  readonly source?: string;
  /** Absolute path in the container. */
  readonly target: string;
  /** OCI mount options: ro, rw, nosuid, nodev, noexec, rro, idmap, size=..., mode=..., notmpcopyup, U, z, Z and so on. */
  readonly options?: readonly string[];
}

export interface DeviceOptions {
  /** Host path of a device node, or a directory of them. */
  readonly source: string;
  /** @default source */
  readonly target?: string;
  /** Any of r, w, m. @default 'rwm' */
  readonly access?: string;
}

export interface UlimitOptions {
  /** Name without RLIMIT_, lower case: nofile, nproc, core, ... */
  readonly name: string;
  /** -1 is unlimited. */
  readonly soft: number;
  readonly hard: number;
}

export interface DeviceRate {
  readonly device: string;
  /** Bytes per second, or operations per second. */
  readonly rate: number;
}

export interface DeviceWeight {
  readonly device: string;
  readonly weight: number;
}

/** Limits of the container's cgroup; absent is no limit unless a default is named. */
export interface ResourceOptions {
  readonly memoryBytes?: number;
  readonly memoryReservationBytes?: number;
  /** Memory plus swap; -1 is unlimited. @default twice memoryBytes when that is set */
  readonly memorySwapBytes?: number;
  /** 0 to 100; cgroup v1 only. */
  readonly memorySwappiness?: number;
  /** Number of CPUs, as a fraction: 1.5. Excludes cpuPeriodUs and cpuQuotaUs. */
  readonly cpus?: number;
  readonly cpuShares?: number;
  readonly cpuPeriodUs?: number;
  readonly cpuQuotaUs?: number;
  readonly cpuRtPeriodUs?: number;
  readonly cpuRtRuntimeUs?: number;
  /** CPU list: 0-2,5. */
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  /** -1 or 0 is unlimited. @default 2048 */
  readonly pidsLimit?: number;
  /** 10 to 1000. */
  readonly blkioWeight?: number;
  readonly blkioWeightDevice?: readonly DeviceWeight[];
  readonly deviceReadBps?: readonly DeviceRate[];
  readonly deviceWriteBps?: readonly DeviceRate[];
  readonly deviceReadIops?: readonly DeviceRate[];
  readonly deviceWriteIops?: readonly DeviceRate[];
  /** Bytes by page size ("2MB"). */
  readonly hugetlb?: Readonly<Record<string, number>>;
  /** cgroup v2 files and their values, as they are. */
  readonly unified?: Readonly<Record<string, string>>;
  readonly oomKillDisable?: boolean;
}

export interface SecurityOptions {
  readonly noNewPrivileges?: boolean;
  /** 'unconfined', or the path of a profile in the JSON form of Podman and Docker. @default the built-in profile */
  readonly seccompProfile?: string;
  /** Profile name or 'unconfined'. */
  readonly apparmorProfile?: string;
  /** SELinux: 'disable', or user:, role:, type:, level: and so on. */
  readonly labels?: readonly string[];
  /** Further paths to hide. */
  readonly mask?: readonly string[];
  /** Paths not to hide; 'ALL' for none hidden. */
  readonly unmask?: readonly string[];
  /** Further options of the mount of /proc: hidepid=2 and so on. */
  readonly procOptions?: readonly string[];
}

export interface LogOptions {
  /** @default 'k8s-file' for create and run on the command line; 'none' for engine.run() */
  readonly driver?: 'k8s-file' | 'json-file' | 'none' | 'passthrough';
  /** @default ctr.log in the container's own directory */
  readonly path?: string;
  /** The file is rotated when it would grow above this; 0 is no limit. @default 0 */
  readonly maxSizeBytes?: number;
  /** Number of files kept, the current one included. @default 1 */
  readonly maxFiles?: number;
  readonly tag?: string;
}

export interface RestartOptions {
  readonly policy: 'no' | 'on-failure' | 'always' | 'unless-stopped';
  /** 0 is no limit. @default 0 */
  readonly maxRetries?: number;
}

export type HookKind = 'prestart' | 'createRuntime' | 'createContainer' | 'startContainer' | 'poststart' | 'poststop';

export interface HookOptions {
  readonly kind: HookKind;
  /** Absolute path of the program. */
  readonly path: string;
  readonly args?: readonly string[];
  /** KEY=value items. */
  readonly env?: readonly string[];
  /** Seconds; absent is no limit. */
  readonly timeoutSec?: number;
}

export interface CreateOptions {
  readonly name?: string;
  /** `host:` or `host:all`; other images come with image support. Excludes `rootfs`. */
  readonly image?: string;
  /** A directory that is the root file system; with `rootfsOverlay` changes go to a layer above it. Excludes `image`. */
  readonly rootfs?: string;
  readonly rootfsOverlay?: boolean;
  /** `host:` only: further paths to hide, and hidden paths to show. */
  readonly hide?: readonly string[];
  readonly show?: readonly string[];

  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly unsetEnv?: readonly string[];
  readonly unsetEnvAll?: boolean;
  /** Pass the caller's proxy variables (http_proxy and so on). @default true on the command line, false in the library */
  readonly httpProxy?: boolean;
  /** Absolute path. @default '/' */
  readonly workdir?: string;
  /** user[:group], names or numbers. @default root */
  readonly user?: string;
  readonly groups?: readonly string[];
  /** Octal: '0022'. @default '0022' */
  readonly umask?: string;
  /** Allocate a pty. @default false */
  readonly tty?: boolean;
  /** Keep stdin open. @default false */
  readonly interactive?: boolean;
  /** Run a tiny init as PID 1. @default false */
  readonly init?: boolean;
  /** Extra descriptors (3 and up) passed to the first process. @default 0 */
  readonly preserveFds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;

  readonly hostname?: string;
  readonly domainname?: string;
  readonly network?: NetworkMode;
  readonly pid?: NamespaceMode;
  readonly ipc?: IpcMode;
  readonly uts?: NamespaceMode;
  readonly cgroupns?: NamespaceMode;
  /** 'host' or 'private' with maps. @default 'host' */
  readonly userns?: NamespaceMode;
  readonly uidMaps?: readonly IdMap[];
  readonly gidMaps?: readonly IdMap[];
  readonly timens?: NamespaceMode;
  /** Seconds to add to the monotonic and the boot clock in a private time namespace. */
  readonly timeOffsets?: { readonly monotonicSec?: number; readonly boottimeSec?: number };

  readonly readOnly?: boolean;
  /** With `readOnly`: writable tmpfs on /dev/shm, /run, /tmp, /var/tmp. @default true */
  readonly readOnlyTmpfs?: boolean;
  readonly mounts?: readonly MountOptions[];
  readonly rootPropagation?: PropagationMode;
  readonly shmSizeBytes?: number;
  readonly devices?: readonly DeviceOptions[];
  /** Rules like 'c 1:3 rwm'. */
  readonly deviceCgroupRules?: readonly string[];

  readonly privileged?: boolean;
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly security?: SecurityOptions;
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly ulimits?: readonly UlimitOptions[];
  readonly oomScoreAdj?: number;
  /** 'LINUX' or 'LINUX32'. */
  readonly personality?: string;
  readonly scheduler?: { readonly policy: string; readonly nice?: number; readonly priority?: number };
  readonly ioPriority?: { readonly class: string; readonly level: number };
  readonly timezone?: string;

  readonly resources?: ResourceOptions;
  readonly cgroupParent?: string;
  /** @default 'enabled' */
  readonly cgroups?: 'enabled' | 'disabled';
  readonly log?: LogOptions;
  readonly restart?: RestartOptions;
  /** Signal name or number. @default 'SIGTERM' */
  readonly stopSignal?: string;
  /** @default 10 */
  readonly stopTimeoutSec?: number;
  /** Longest run time; 0 is no limit. @default 0 */
  readonly timeoutSec?: number;
  /** Remove the container when it ends. @default false */
  readonly autoRemove?: boolean;
  readonly hooks?: readonly HookOptions[];
  readonly cidFile?: string;
  readonly pidFile?: string;
  readonly monitorPidFile?: string;
  /** The command line that made the container, for inspect. */
  readonly createCommand?: readonly string[];
}

/** What an exec in a running container takes; what is absent is the container's own. */
export interface ExecOptions {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly workdir?: string;
  readonly tty?: boolean;
  readonly interactive?: boolean;
  readonly privileged?: boolean;
  readonly preserveFds?: number;
  /** SIGKILL for this exec's processes after this time; 0 is no limit. @default 0 */
  readonly timeoutMs?: number;
}
