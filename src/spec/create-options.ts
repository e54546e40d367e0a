/**
 * What a container is made from: the one shape that the CLI fills, the library takes, the database stores and `spec/` reads.
 * Everything is optional but `image` or `rootfs`; defaults are applied in `normalizeCreateOptions` and nowhere else.
 */
import type { HealthOptions } from './health/health-options.js';

import type { AccountOptions } from './users/account-options.js';
import type { NameOptions } from './network/name-options.js';
import type { NetworkOptions } from './network/network-options.js';
import type { PullPolicy } from './pull-policy.js';
import type { SecretOptions } from './files/secret-options.js';

/** Where a namespace comes from. `container:` ids are resolved to `path:` before the plan is made. */
export type NamespaceMode = 'private' | 'host' | `path:${string}` | `container:${string}`;

/**
 * `none` and `private`: a loopback and nothing else; `bridge`: the default network. Any other word is the name of a network, or several with commas
 * between them.
 */
export type NetworkMode =
  'none' | 'private' | 'host' | 'bridge' | `path:${string}` | `container:${string}` | (string & {});

/** `auto` chooses ids of its own; `keep-id` maps all of the caller's to themselves. */
export type UsernsMode = NamespaceMode | 'auto' | 'keep-id';

/** How the maps of a user namespace are chosen, where they are not given. */
export interface UsernsOptions {
  /** `auto`: how many ids. @default those of the root's /etc/passwd and /etc/group and of `user`, at least 1024 */
  readonly size?: number;
  /** `keep-id`: the user that the command runs as, unless `user` says so. @default 0 */
  readonly uid?: number;
  /** `keep-id`. @default 0 */
  readonly gid?: number;
  /** `private`: whose ranges of /etc/subuid are mapped, from 0 on; before uidMaps. @default subgidName */
  readonly subuidName?: string;
  /** `private`: the same of /etc/subgid. @default subuidName */
  readonly subgidName?: string;
}

export type IpcMode = NamespaceMode | 'shareable' | 'none';

/** A range of ids: `size` of them. */
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
  /** What is mounted: a path of the host, a volume, the files of an image, or a new file system of that type. */
  readonly type: 'bind' | 'volume' | 'image' | 'tmpfs' | 'devpts' | 'ramfs';
  /**
   * For `bind` a host path, absolute. For `volume` its name: one that there is not yet is made; without a name it is an anonymous one, which goes with
   * the container if that is removed automatically or with `volumes`. For `image` the name or id of an image of the store, whose files are mounted; it
   * stays for as long as the container.
   */
  readonly source?: string;
  /** Absolute path in the container. */
  readonly target: string;
  /**
   * OCI mount options: ro, rw, nosuid, nodev, noexec, rro, idmap, size=..., mode=..., notmpcopyup and so on. z and Z do nothing, and are refused
   * where SELinux is on; U and O are refused. Of a volume also nocopy: an empty one does not get what the image has there. Of an image only ro or rw: what
   * is written there is the container's own, and goes with it. @default none; of an image ro
   */
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
  /** Host path of a block device. */
  readonly device: string;
  /** Bytes per second, or operations per second. */
  readonly rate: number;
}

export interface DeviceWeight {
  /** Host path of a block device. */
  readonly device: string;
  /** 10 to 1000. */
  readonly weight: number;
}

/** Limits of the container's cgroup; absent is no limit unless a default is named. */
export interface ResourceOptions {
  /** From 4096. */
  readonly memoryBytes?: number;
  /** Kept for it when memory is short; at most memoryBytes. */
  readonly memoryReservationBytes?: number;
  /** Memory plus swap; -1 is unlimited. @default twice memoryBytes when that is set */
  readonly memorySwapBytes?: number;
  /** 0 to 100; cgroup v1 only. */
  readonly memorySwappiness?: number;
  /** Number of CPUs, as a fraction: 1.5. Excludes cpuPeriodUs and cpuQuotaUs. */
  readonly cpus?: number;
  /** Relative weight, up to 262144; the kernel's default is 1024. */
  readonly cpuShares?: number;
  /** Microseconds: 1000 to 1000000. */
  readonly cpuPeriodUs?: number;
  /** Microseconds of CPU time in each period; -1 is unlimited. */
  readonly cpuQuotaUs?: number;
  /** Microseconds; cgroup v1 only. */
  readonly cpuRtPeriodUs?: number;
  /** Microseconds; cgroup v1 only. */
  readonly cpuRtRuntimeUs?: number;
  /** CPU list: 0-2,5. */
  readonly cpusetCpus?: string;
  /** Memory nodes: 0-1. */
  readonly cpusetMems?: string;
  /** -1 or 0 is unlimited. @default 2048 */
  readonly pidsLimit?: number;
  /** 10 to 1000. */
  readonly blkioWeight?: number;
  /** Weights of single devices. @default those of blkioWeight */
  readonly blkioWeightDevice?: readonly DeviceWeight[];
  /** Bytes per second that are read of each of these devices. @default no limit */
  readonly deviceReadBps?: readonly DeviceRate[];
  /** Bytes per second that are written to each of them. @default no limit */
  readonly deviceWriteBps?: readonly DeviceRate[];
  /** Reads per second of each of them. @default no limit */
  readonly deviceReadIops?: readonly DeviceRate[];
  /** Writes per second to each of them. @default no limit */
  readonly deviceWriteIops?: readonly DeviceRate[];
  /** Bytes by page size ("2MB"). */
  readonly hugetlb?: Readonly<Record<string, number>>;
  /** cgroup v2 files and their values, as they are. */
  readonly unified?: Readonly<Record<string, string>>;
  /** cgroup v1 only. @default false */
  readonly oomKillDisable?: boolean;
}

export interface SecurityOptions {
  /** No program gains rights by its set-user-id bit. @default false */
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
  /** @default 'k8s-file'; 'none' for engine.run() and engine.spawn() */
  readonly driver?: 'k8s-file' | 'json-file' | 'none' | 'passthrough';
  /** @default ctr.log in the container's own directory */
  readonly path?: string;
  /** The file is rotated when it would grow above this; 0 is no limit. @default 0 */
  readonly maxSizeBytes?: number;
  /** Number of files kept, the current one included. @default 1 */
  readonly maxFiles?: number;
  /** For inspect. */
  readonly tag?: string;
}

export interface RestartOptions {
  /**
   * Whether it is started again when it has ended by itself: never, after an exit code other than 0, or always. `unless-stopped` differs from `always`
   * for `ps --filter should-start-on-boot` alone, which leaves out what somebody has stopped.
   */
  readonly policy: 'no' | 'on-failure' | 'always' | 'unless-stopped';
  /** For `on-failure`; 0 is no limit. @default 0 */
  readonly maxRetries?: number;
}

export type HookKind = 'prestart' | 'createRuntime' | 'createContainer' | 'startContainer' | 'poststart' | 'poststop';

export interface HookOptions {
  readonly kind: HookKind;
  /** Absolute path of the program. */
  readonly path: string;
  /** As execve(2) takes them: the first is the program's name. @default the path alone */
  readonly args?: readonly string[];
  /** KEY=value items. */
  readonly env?: readonly string[];
  /** Seconds; absent is no limit. */
  readonly timeoutSec?: number;
}

export interface CreateOptions extends NameOptions, AccountOptions, NetworkOptions {
  /** A letter or digit, then also _ . and -; at most 255. @default made up */
  readonly name?: string;
  /** `host:`, `host:all`, or an image's name, digest or id. Excludes `rootfs`. */
  readonly image?: string;
  /** Whether an image is looked for where its name says: always, where it is missing here, never, or where it has changed. @default 'missing' */
  readonly pull?: PullPolicy;
  /** Which image of an index is pulled: OS/ARCH[/VARIANT]. @default the machine's */
  readonly platform?: string;
  /** What becomes of the image's volumes: an anonymous volume each, which begins with what the image has there, a tmpfs, or nothing. @default 'bind' */
  readonly imageVolume?: 'bind' | 'tmpfs' | 'ignore';
  /** A directory that is the root file system; with `rootfsOverlay` changes go to a layer above it. Excludes `image`. */
  readonly rootfs?: string;
  /** @default false */
  readonly rootfsOverlay?: boolean;
  /**
   * With a user namespace: `rootfs` is shown shifted, what is the host's root's as the container's root's. @default true unless the directory
   * already belongs to the container's root
   */
  readonly rootfsIdmap?: boolean;
  /** `host:` only: further paths to hide. @default none */
  readonly hide?: readonly string[];
  /** `host:` only: hidden paths to show. @default none */
  readonly show?: readonly string[];

  /** What runs, or the arguments of the entrypoint. @default the image's, unless `entrypoint` is given; /bin/sh with `host:` */
  readonly command?: readonly string[];
  /** Put before the command; [] is none. @default the image's */
  readonly entrypoint?: readonly string[];
  /** Added to PATH, container, HOSTNAME, HOME, TERM with a tty, and the image's. What is undefined is left out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Added when all others are known: ${NAME} and $NAME in them stand for these. @default none */
  readonly envMerge?: Readonly<Record<string, string>>;
  /** Default variables not to have; never what `env` sets. */
  readonly unsetEnv?: readonly string[];
  /** Have none of them but HOSTNAME. @default false */
  readonly unsetEnvAll?: boolean;
  /** Pass the caller's proxy variables (http_proxy and so on). @default true on the command line, false in the library */
  readonly httpProxy?: boolean;
  /** Absolute path; it must exist. @default the image's, which is made where it is missing, or '/' */
  readonly workdir?: string;
  /** user[:group], names or numbers. @default the image's, or root */
  readonly user?: string;
  /** Further groups: names or numbers. @default none */
  readonly groups?: readonly string[];
  /** Octal: '0022'. @default '0022' */
  readonly umask?: string;
  /** Allocate a pty. @default false */
  readonly tty?: boolean;
  /** Keep stdin open. @default false */
  readonly interactive?: boolean;
  /** Run a tiny init as PID 1. @default false */
  readonly init?: boolean;
  /** Number of extra descriptors (3 and up) passed to the first process, at most 256. @default 0 */
  readonly preserveFds?: number;
  /** For filters and inspect; they are added to the image's. @default the image's */
  readonly labels?: Readonly<Record<string, string>>;
  /** Of the OCI spec, for OCI hooks and other runtimes; they are added to the image's. @default the image's */
  readonly annotations?: Readonly<Record<string, string>>;

  /** 1 to 64 letters, digits, dots, dashes or underscores. @default the first 12 characters of the id */
  readonly hostname?: string;
  /** @default none */
  readonly domainname?: string;
  /** @default 'private'; 'bridge' with `networks` */
  readonly network?: NetworkMode;
  /** @default 'private' */
  readonly pid?: NamespaceMode;
  /** `none` has no /dev/shm. @default 'shareable' */
  readonly ipc?: IpcMode;
  /** @default 'private' */
  readonly uts?: NamespaceMode;
  /** @default 'private' */
  readonly cgroupns?: NamespaceMode;
  /** 'private' needs maps. @default 'host', 'private' with maps */
  readonly userns?: UsernsMode;
  /** How the maps of `userns` are chosen. @default as each of them says */
  readonly usernsOptions?: UsernsOptions;
  /** With `auto`: maps that have to be there beside those that are chosen. @default gidMaps; none with `auto` */
  readonly uidMaps?: readonly IdMap[];
  /** @default uidMaps; none with `auto` */
  readonly gidMaps?: readonly IdMap[];
  /** Not from a container. @default 'host', 'private' with timeOffsets */
  readonly timens?: NamespaceMode;
  /** Seconds to add to the monotonic and the boot clock in a private time namespace. */
  readonly timeOffsets?: { readonly monotonicSec?: number; readonly boottimeSec?: number };

  /** The root file system cannot be written to. @default false */
  readonly readOnly?: boolean;
  /** With `readOnly`: writable tmpfs on /dev/shm, /run, /tmp, /var/tmp. @default true */
  readonly readOnlyTmpfs?: boolean;
  /** Mounts beside /proc, /dev and the like, which every container has. @default none */
  readonly mounts?: readonly MountOptions[];
  /** Containers whose bind mounts and volumes it has, too: NAME, or NAME:ro, NAME:rw. They are looked up at the creation. @default none */
  readonly volumesFrom?: readonly string[];
  /** What it gets of secrets (engine.secrets). @default none */
  readonly secrets?: readonly SecretOptions[];
  /** @default what the mounts need */
  readonly rootPropagation?: PropagationMode;
  /** Size of /dev/shm. @default 64 MiB */
  readonly shmSizeBytes?: number;
  /** Devices of the host beside /dev/null and the like, which every container has. @default none */
  readonly devices?: readonly DeviceOptions[];
  /** Rules like 'c 1:3 rwm'. */
  readonly deviceCgroupRules?: readonly string[];

  /** All capabilities and devices, no seccomp filter, nothing masked. @default false */
  readonly privileged?: boolean;
  /** Names with or without CAP_, or ALL. @default none */
  readonly capAdd?: readonly string[];
  /** Names with or without CAP_, or ALL. @default none */
  readonly capDrop?: readonly string[];
  /** System calls, profiles of AppArmor and SELinux, and what of /proc and /sys is hidden. @default as each of them says */
  readonly security?: SecurityOptions;
  /** Parameters of its own namespaces: net.ipv4.ip_forward and so on. @default none */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** @default nofile 1048576 and nproc 4194304, or as much as is allowed */
  readonly ulimits?: readonly UlimitOptions[];
  /** -1000 to 1000. @default this process's */
  readonly oomScoreAdj?: number;
  /** 'LINUX' or 'LINUX32'. */
  readonly personality?: string;
  /** 'SCHED_BATCH' and so on. @default this process's */
  readonly scheduler?: { readonly policy: string; readonly nice?: number; readonly priority?: number };
  /** 'IOPRIO_CLASS_BE' and so on; level 0 to 7. @default this process's */
  readonly ioPriority?: { readonly class: string; readonly level: number };
  /** Europe/Paris, or local for the host's. @default none */
  readonly timezone?: string;

  /** Limits of memory, CPU, processes and block I/O. @default 2048 processes, and no other limit */
  readonly resources?: ResourceOptions;
  /** cgroupfs: absolute, from the top of each hierarchy; systemd: a slice. @default '/tspod', or 'machine.slice' */
  readonly cgroupParent?: string;
  /**
   * no-conmon: the monitor stays in its caller's cgroup; split: the caller's cgroup is divided between container and monitor.
   * @default 'enabled'
   */
  readonly cgroups?: 'enabled' | 'disabled' | 'no-conmon' | 'split';
  /** Where its output is kept. @default a file `k8s-file` of any size; not kept for engine.run() and engine.spawn() */
  readonly log?: LogOptions;
  /** Whether it is started again after its end. @default { policy: 'no' } */
  readonly restart?: RestartOptions;
  /** @default the image's; what is set here beside a test changes that one */
  readonly health?: HealthOptions;
  /** Signal name or number. @default the image's, or 'SIGTERM' */
  readonly stopSignal?: string;
  /** Seconds that stop waits before SIGKILL. @default 10 */
  readonly stopTimeoutSec?: number;
  /** Longest run time in seconds; 0 is no limit. @default 0 */
  readonly timeoutSec?: number;
  /** Remove the container when it ends. @default false; true for engine.run() and engine.spawn() */
  readonly autoRemove?: boolean;
  /** Programs that run at points of its life, as the OCI spec has them. @default none, but those of `hooksDirectories` */
  readonly hooks?: readonly HookOptions[];
  /** Another OCI runtime whose command line makes the container: `crun`, `runc`, an absolute path. @default 'tspod', the built-in one */
  readonly runtime?: string;
  /** For another runtime: flags of its own without their dashes, put before its command. @default none */
  readonly runtimeFlags?: readonly string[];
  /** Names or ids of containers that must run before it starts. @default [] */
  readonly requires?: readonly string[];
  /**
   * Name or id of the pod that it is to be in, whose namespaces it shares; `new:NAME` makes one, to which the options about networks, names and user
   * namespaces go. @default none
   */
  readonly pod?: string;
  /** A file that must not exist, and gets the id. */
  readonly cidFile?: string;
  /** A file that gets the host pid of the first process. */
  readonly pidFile?: string;
  /** A file that gets the pid of the monitor. */
  readonly monitorPidFile?: string;
  /** The command line that made the container, for inspect. */
  readonly createCommand?: readonly string[];
}

/** What an exec in a running container takes; what is absent is the container's own. */
export interface ExecOptions {
  readonly command: readonly string[];
  /** Added to the container's. What is undefined is left out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** user[:group]. Another one than the container's does not hold the capabilities that were added to it (`capAdd`), unless it is root. */
  readonly user?: string;
  /** Absolute path. */
  readonly workdir?: string;
  /** A terminal of its own. @default false */
  readonly tty?: boolean;
  /** It takes input (execAttached). @default false */
  readonly interactive?: boolean;
  /** All capabilities, for root; another user holds those of the container that are its own. @default false */
  readonly privileged?: boolean;
  /** Number of extra descriptors (3 and up), at most 256. @default 0 */
  readonly preserveFds?: number;
  /** Descriptors of this process, from 3 on, that the command gets under the same numbers. @default [] */
  readonly preserveFd?: readonly number[];
  /** Milliseconds, then SIGKILL for this exec's processes; TIMED_OUT if the command does not run by then. 0 is no limit. @default 0 */
  readonly timeoutMs?: number;
}
