/**
 * Options that a container is made from: the one shape that the CLI fills, the library takes and `spec/` reads. All are
 * optional except `image` or `rootfs`; defaults are applied in `normalizeCreateOptions` and nowhere else.
 */
import type { HealthOptions } from './health/health-options.js';

import type { AccountOptions } from './users/account-options.js';
import type { NameOptions } from './network/name-options.js';
import type { NetworkOptions } from './network/network-options.js';
import type { InitKind } from './pod/pod-options.js';
import type { PullPolicy } from './pull-policy.js';
import type { SecretOptions } from './files/secret-options.js';

/** Origin of a namespace. `container:` ids are resolved to `path:` before the plan is made. */
export type NamespaceMode = 'private' | 'host' | `path:${string}` | `container:${string}`;

/**
 * `none` and `private`: only a loopback; `bridge`: the default network. Any other word is the name of a network, or
 * several names separated by commas.
 */
export type NetworkMode =
  'none' | 'private' | 'host' | 'bridge' | `path:${string}` | `container:${string}` | (string & {});

/** `auto` chooses ids that no other container has; `keep-id` maps all ids of the caller to themselves. */
export type UsernsMode = NamespaceMode | 'auto' | 'keep-id';

/** How the maps of a user namespace are chosen if they are not given. */
export interface UsernsOptions {
  /** `auto`: number of ids. @default those of the root's /etc/passwd and /etc/group and of `user`, at least 1024 */
  readonly size?: number;
  /** `keep-id`: user id that the command runs as, unless `user` is given. @default 0 */
  readonly uid?: number;
  /** `keep-id`: group id that the command runs as, unless `user` is given. @default 0 */
  readonly gid?: number;
  /**
   * `private`: name whose ranges in /etc/subuid are mapped, from container id 0 on, before uidMaps.
   * @default subgidName
   */
  readonly subuidName?: string;
  /** `private`: name whose ranges in /etc/subgid are mapped. @default subuidName */
  readonly subgidName?: string;
}

export type IpcMode = NamespaceMode | 'shareable' | 'none';

/** A map of `size` ids. */
export interface IdMap {
  /** First id inside the user namespace. */
  readonly containerId: number;
  /** First id outside the user namespace. */
  readonly hostId: number;
  readonly size: number;
}

export type PropagationMode =
  'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave' | 'unbindable' | 'runbindable';

/** A mount that the user asks for, in Podman's terms. */
export interface MountOptions {
  /** Kind of mount: a path of the host, a volume, the files of an image, or a new file system of this type. */
  readonly type: 'bind' | 'volume' | 'image' | 'tmpfs' | 'devpts' | 'ramfs';
  /**
   * For `bind` an absolute host path. For `volume` its name; a volume that does not exist is made. Without a name it is
   * an anonymous volume, which is removed with the container if that is removed automatically or with `volumes`. For
   * `image` the name or id of an image in the store, whose files are mounted; the image stays for as long as the
   * container.
   */
  readonly source?: string;
  /** Absolute path in the container. */
  readonly target: string;
  /**
   * OCI mount options: ro, rw, nosuid, nodev, noexec, rro, idmap, size=..., mode=..., notmpcopyup and so on. z and Z do
   * nothing, and are refused where SELinux is on. U gives the source, with all files in it, to the container's user at
   * each start. For a volume also nocopy: an empty volume does not get
   * what the image has at its place. For a directory of the host or a volume also O: the source stays as it is, and
   * what the container writes there is gone when it starts again. For an image only ro or rw: what is written there
   * belongs to the container, and is removed with it.
   * @default none; for an image ro
   */
  readonly options?: readonly string[];
}

export interface DeviceOptions {
  /** Host path of a device node, or a directory of them. */
  readonly source: string;
  /** Path in the container. @default source */
  readonly target?: string;
  /** Access that is allowed: any of r, w, m. @default 'rwm' */
  readonly access?: string;
}

export interface UlimitOptions {
  /** Name without RLIMIT_, lower case: nofile, nproc, core, ... */
  readonly name: string;
  /** Soft limit; -1 is unlimited. */
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
  /** Weight, 10 to 1000. */
  readonly weight: number;
}

/** Limits of the container's cgroup. An absent limit is none, unless a default is named. */
export interface ResourceOptions {
  /** Limit of memory, 4096 bytes or more. */
  readonly memoryBytes?: number;
  /** Memory that the kernel tries to leave to the container when memory is short; at most memoryBytes. */
  readonly memoryReservationBytes?: number;
  /** Limit of memory plus swap; -1 is unlimited. @default twice memoryBytes when that is set */
  readonly memorySwapBytes?: number;
  /** Swappiness, 0 to 100; cgroup v1 only. */
  readonly memorySwappiness?: number;
  /** Number of CPUs, as a fraction: 1.5. Excludes cpuPeriodUs and cpuQuotaUs. */
  readonly cpus?: number;
  /** Relative weight, up to 262144; the kernel's default is 1024. */
  readonly cpuShares?: number;
  /** Period of the CPU quota in microseconds: 1000 to 1000000. */
  readonly cpuPeriodUs?: number;
  /** Microseconds of CPU time in each period; -1 is unlimited. */
  readonly cpuQuotaUs?: number;
  /** Period of real-time scheduling in microseconds; cgroup v1 only. */
  readonly cpuRtPeriodUs?: number;
  /** Microseconds of real-time CPU time in each period; cgroup v1 only. */
  readonly cpuRtRuntimeUs?: number;
  /** List of the CPUs that may be used: 0-2,5. */
  readonly cpusetCpus?: string;
  /** List of the memory nodes that may be used: 0-1. */
  readonly cpusetMems?: string;
  /** Highest number of processes; -1 or 0 is unlimited. @default 2048 */
  readonly pidsLimit?: number;
  /** Relative weight of block I/O, 10 to 1000. */
  readonly blkioWeight?: number;
  /** Weights for single devices. @default blkioWeight */
  readonly blkioWeightDevice?: readonly DeviceWeight[];
  /** Limits of bytes read per second from devices. @default no limit */
  readonly deviceReadBps?: readonly DeviceRate[];
  /** Limits of bytes written per second to devices. @default no limit */
  readonly deviceWriteBps?: readonly DeviceRate[];
  /** Limits of reads per second from devices. @default no limit */
  readonly deviceReadIops?: readonly DeviceRate[];
  /** Limits of writes per second to devices. @default no limit */
  readonly deviceWriteIops?: readonly DeviceRate[];
  /** Limits of huge pages: bytes by page size ("2MB"). */
  readonly hugetlb?: Readonly<Record<string, number>>;
  /** Files of cgroup v2 and the values to write to them. */
  readonly unified?: Readonly<Record<string, string>>;
  /** Whether the OOM killer is disabled for the container; cgroup v1 only. @default false */
  readonly oomKillDisable?: boolean;
}

export interface SecurityOptions {
  /** Whether no program may gain rights, such as by its set-user-ID bit. @default false */
  readonly noNewPrivileges?: boolean;
  /** 'unconfined', or the path of a profile in the JSON form of Podman and Docker. @default the built-in profile */
  readonly seccompProfile?: string;
  /** Name of an AppArmor profile, or 'unconfined'. */
  readonly apparmorProfile?: string;
  /** SELinux label options: 'disable', or user:, role:, type:, level: and so on, each with a value. */
  readonly labels?: readonly string[];
  /** Additional paths to hide. */
  readonly mask?: readonly string[];
  /** Default paths that are not hidden; 'ALL': none is. */
  readonly unmask?: readonly string[];
  /** Additional options for the mount of /proc: hidepid=2 and so on. */
  readonly procOptions?: readonly string[];
}

export interface LogOptions {
  /** Log driver. @default 'k8s-file'; 'none' for engine.run() and engine.spawn() */
  readonly driver?: 'k8s-file' | 'json-file' | 'none' | 'passthrough';
  /** Path of the log file. @default ctr.log in the container's own directory */
  readonly path?: string;
  /** Size above which the file is rotated, in bytes; 0 is no limit. @default 0 */
  readonly maxSizeBytes?: number;
  /** Number of files kept, the current one included. @default 1 */
  readonly maxFiles?: number;
  /** Tag of the log, which only inspect shows. */
  readonly tag?: string;
}

export interface RestartOptions {
  /**
   * When a container that has ended by itself is started again: never, after an exit code other than 0, or always.
   * `unless-stopped` differs from `always` only for `ps --filter should-start-on-boot`, which leaves out containers
   * that a user has stopped.
   */
  readonly policy: 'no' | 'on-failure' | 'always' | 'unless-stopped';
  /** Highest number of restarts for `on-failure`; 0 is no limit. @default 0 */
  readonly maxRetries?: number;
}

export type HookKind = 'prestart' | 'createRuntime' | 'createContainer' | 'startContainer' | 'poststart' | 'poststop';

export interface HookOptions {
  readonly kind: HookKind;
  /** Absolute path of the program. */
  readonly path: string;
  /** Arguments as execve(2) takes them: the first is the program's name. @default the path alone */
  readonly args?: readonly string[];
  /** Environment: KEY=value items. */
  readonly env?: readonly string[];
  /** Time limit in seconds; absent is no limit. */
  readonly timeoutSec?: number;
}

export interface CreateOptions extends NameOptions, AccountOptions, NetworkOptions {
  /** Name: a letter or digit, followed by letters, digits, _ . and -; at most 255 characters. @default a random name */
  readonly name?: string;
  /** `host:`, `host:all`, or an image's name, digest or id. Excludes `rootfs`. */
  readonly image?: string;
  /** Whether the image is pulled: always, if it is missing here, never, or if it has changed. @default 'missing' */
  readonly pull?: PullPolicy;
  /** Platform of the image that is pulled from an index: OS/ARCH[/VARIANT]. @default the machine's */
  readonly platform?: string;
  /**
   * What the image's volumes become: an anonymous volume each, which begins with the image's files at that place; a
   * tmpfs each; or nothing.
   * @default 'bind'
   */
  readonly imageVolume?: 'bind' | 'tmpfs' | 'ignore';
  /**
   * A directory that is the root file system. With `rootfsOverlay` changes go to a layer above it. Excludes `image`.
   */
  readonly rootfs?: string;
  /** Whether changes go to a layer above `rootfs`. @default false */
  readonly rootfsOverlay?: boolean;
  /**
   * With a user namespace: whether the owners of files in `rootfs` are shifted into it, so that files of the host's
   * root appear as those of the container's root.
   * @default true unless the directory already belongs to the container's root
   */
  readonly rootfsIdmap?: boolean;
  /** `host:` only: additional paths to hide. @default none */
  readonly hide?: readonly string[];
  /** `host:` only: hidden paths to show. @default none */
  readonly show?: readonly string[];

  /**
   * Command, or the arguments of the entrypoint.
   * @default the image's, unless `entrypoint` is given; /bin/sh with `host:`
   */
  readonly command?: readonly string[];
  /** Program and arguments that are put before the command; [] is none. @default the image's */
  readonly entrypoint?: readonly string[];
  /**
   * Environment variables in addition to PATH, container, HOSTNAME, HOME, TERM with a tty, and the image's. A variable
   * whose value is undefined is left out.
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Variables that are added once all others are known, whose values ${NAME} and $NAME stand for. @default none */
  readonly envMerge?: Readonly<Record<string, string>>;
  /** Default variables that are left out; never those that `env` sets. */
  readonly unsetEnv?: readonly string[];
  /** Whether all default variables except HOSTNAME are left out. @default false */
  readonly unsetEnvAll?: boolean;
  /**
   * Whether the caller's proxy variables (http_proxy and so on) are passed on.
   * @default true on the command line, false in the library
   */
  readonly httpProxy?: boolean;
  /**
   * Working directory, an absolute path that must exist.
   * @default the image's, which is made if it is missing, or '/'
   */
  readonly workdir?: string;
  /** User that the command runs as: `user[:group]`, names or numbers. @default the image's, or root */
  readonly user?: string;
  /** Supplementary groups: names or numbers. @default none */
  readonly groups?: readonly string[];
  /** Umask, in octal. @default '0022' */
  readonly umask?: string;
  /** Whether the command gets a pty. @default false */
  readonly tty?: boolean;
  /** Whether stdin is kept open. @default false */
  readonly interactive?: boolean;
  /** Whether a tiny init runs as PID 1. @default false */
  readonly init?: boolean;
  /**
   * Whether the container is in systemd mode: it gets what systemd expects as its first process, and may make cgroups
   * in its own. `true`: if the program is systemd, /sbin/init, /usr/sbin/init or /usr/local/sbin/init, also behind
   * /bin/sh -c.
   * @default 'true'
   */
  readonly systemd?: 'true' | 'false' | 'always';
  /** Number of additional descriptors (3 and up) that are passed to the first process, at most 256. @default 0 */
  readonly preserveFds?: number;
  /** Labels, for filters and inspect; added to the image's. @default the image's */
  readonly labels?: Readonly<Record<string, string>>;
  /** Annotations of the OCI spec, for OCI hooks and other runtimes; added to the image's. @default the image's */
  readonly annotations?: Readonly<Record<string, string>>;

  /** Host name: 1 to 64 letters, digits, dots, dashes or underscores. @default the first 12 characters of the id */
  readonly hostname?: string;
  /** Domain name of the UTS namespace. @default none */
  readonly domainname?: string;
  /** Network namespace, or networks by name. @default 'private'; 'bridge' with `networks` */
  readonly network?: NetworkMode;
  /** PID namespace. @default 'private' */
  readonly pid?: NamespaceMode;
  /** IPC namespace. `none` has no /dev/shm. @default 'shareable' */
  readonly ipc?: IpcMode;
  /** UTS namespace. @default 'private' */
  readonly uts?: NamespaceMode;
  /** Cgroup namespace. @default 'private' */
  readonly cgroupns?: NamespaceMode;
  /** User namespace; 'private' needs maps. @default 'host', 'private' with maps */
  readonly userns?: UsernsMode;
  /** How the maps of `userns` are chosen. @default see each option */
  readonly usernsOptions?: UsernsOptions;
  /**
   * Maps of user ids. With `auto`: maps that are made in addition to those that are chosen.
   * @default gidMaps; none with `auto`
   */
  readonly uidMaps?: readonly IdMap[];
  /** Maps of group ids. @default uidMaps; none with `auto` */
  readonly gidMaps?: readonly IdMap[];
  /** Time namespace; it cannot be that of a container. @default 'host', 'private' with timeOffsets */
  readonly timens?: NamespaceMode;
  /** Seconds that are added to the monotonic and the boot clock in a private time namespace. */
  readonly timeOffsets?: { readonly monotonicSec?: number; readonly boottimeSec?: number };

  /** Whether the root file system is read-only. @default false */
  readonly readOnly?: boolean;
  /** With `readOnly`: whether /dev/shm, /run, /tmp and /var/tmp are writable tmpfs. @default true */
  readonly readOnlyTmpfs?: boolean;
  /** Mounts in addition to /proc, /dev and the like, which every container has. @default none */
  readonly mounts?: readonly MountOptions[];
  /**
   * Containers whose bind mounts and volumes are mounted as well: NAME, NAME:ro or NAME:rw. They are looked up when the
   * container is created.
   * @default none
   */
  readonly volumesFrom?: readonly string[];
  /** Secrets that the container gets (engine.secrets). @default none */
  readonly secrets?: readonly SecretOptions[];
  /** Propagation of the root mount. @default what the mounts need */
  readonly rootPropagation?: PropagationMode;
  /** Size of /dev/shm in bytes. @default 64 MiB */
  readonly shmSizeBytes?: number;
  /** Devices of the host in addition to /dev/null and the like, which every container has. @default none */
  readonly devices?: readonly DeviceOptions[];
  /** Device rules that allow access in addition to the defaults, like 'c 1:3 rwm'. */
  readonly deviceCgroupRules?: readonly string[];

  /** Whether the container gets all capabilities and devices, and no seccomp filter or hidden paths. @default false */
  readonly privileged?: boolean;
  /** Capabilities to add: names with or without CAP_, or ALL. @default none */
  readonly capAdd?: readonly string[];
  /** Capabilities to drop: names with or without CAP_, or ALL. @default none */
  readonly capDrop?: readonly string[];
  /** System calls, AppArmor, SELinux, and the hidden paths of /proc and /sys. @default see each option */
  readonly security?: SecurityOptions;
  /** Kernel parameters of the container's own namespaces: net.ipv4.ip_forward and so on. @default none */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Resource limits of processes. @default nofile 1048576 and nproc 4194304, or as much as this process may give */
  readonly ulimits?: readonly UlimitOptions[];
  /** OOM score adjustment, -1000 to 1000. @default this process's */
  readonly oomScoreAdj?: number;
  /** Execution domain: 'LINUX' or 'LINUX32'. */
  readonly personality?: string;
  /** Scheduling policy, 'SCHED_BATCH' and so on, with its nice value or priority. @default this process's */
  readonly scheduler?: { readonly policy: string; readonly nice?: number; readonly priority?: number };
  /** I/O priority: class 'IOPRIO_CLASS_BE' and so on; level 0 to 7. @default this process's */
  readonly ioPriority?: { readonly class: string; readonly level: number };
  /** Time zone, such as Europe/Paris; 'local' is the host's. @default none: the container's own */
  readonly timezone?: string;

  /** Limits of memory, CPU, processes and block I/O. @default 2048 processes, and no other limit */
  readonly resources?: ResourceOptions;
  /**
   * Parent of the container's cgroup. cgroupfs: an absolute path from the top of each hierarchy; systemd: a slice.
   * @default '/tspod', or 'machine.slice'
   */
  readonly cgroupParent?: string;
  /**
   * Cgroup of the container. enabled: one of its own; disabled: none; no-conmon: one of its own, while the monitor
   * stays in its caller's cgroup; split: the caller's cgroup is divided between container and monitor.
   * @default 'enabled'
   */
  readonly cgroups?: 'enabled' | 'disabled' | 'no-conmon' | 'split';
  /** How the output is kept. @default a file `k8s-file` of any size; not kept for engine.run() and engine.spawn() */
  readonly log?: LogOptions;
  /** When the container is started again after it has ended. @default { policy: 'no' } */
  readonly restart?: RestartOptions;
  /** Health check. Without a test of its own it changes the settings of the image's. @default the image's */
  readonly health?: HealthOptions;
  /**
   * Signal that stops the container: name or number.
   * @default the image's; or 'SIGTERM', in systemd mode 'SIGRTMIN+3'
   */
  readonly stopSignal?: string;
  /** Seconds that stop waits before SIGKILL. @default 10 */
  readonly stopTimeoutSec?: number;
  /** Longest run time in seconds; 0 is no limit. @default 0 */
  readonly timeoutSec?: number;
  /** Whether the container is removed when it ends. @default false; true for engine.run() and engine.spawn() */
  readonly autoRemove?: boolean;
  /**
   * OCI hooks: programs that run at points of the container's life.
   * @default none, except those of `hooksDirectories`
   */
  readonly hooks?: readonly HookOptions[];
  /** OCI runtime that makes the container: `crun`, `runc`, or an absolute path. @default 'tspod', the built-in one */
  readonly runtime?: string;
  /** Flags of another runtime, without their dashes, which are put before its command. @default none */
  readonly runtimeFlags?: readonly string[];
  /** Names or ids of containers that must run before this one starts. @default [] */
  readonly requires?: readonly string[];
  /**
   * Name or id of the pod that the container joins and whose namespaces it shares. `new:NAME` makes a pod, which takes
   * the options about networks, names and user namespaces.
   * @default none
   */
  readonly pod?: string;
  /**
   * Makes an init container of the pod: the start of the pod runs it to its end before it starts the others, and fails
   * if its exit code is not 0. `once`: it is removed after that. The pod must not be running.
   * @default it is none
   */
  readonly initContainer?: InitKind;
  /** Absolute path of a file that must not exist, to which the id is written. */
  readonly cidFile?: string;
  /** Absolute path of a file to which the host pid of the first process is written. */
  readonly pidFile?: string;
  /** Absolute path of a file to which the pid of the monitor is written. */
  readonly monitorPidFile?: string;
  /** The command line that made the container, for inspect. */
  readonly createCommand?: readonly string[];
}

/** Options of an exec in a running container; where one is absent, the container's own setting applies. */
export interface ExecOptions {
  readonly command: readonly string[];
  /** Variables in addition to the container's. A variable whose value is undefined is left out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * User: `user[:group]`. A user other than the container's does not hold the capabilities that were added to the
   * container (`capAdd`), unless it is root.
   */
  readonly user?: string;
  /** Working directory, an absolute path. */
  readonly workdir?: string;
  /** Whether the command gets a terminal of its own. @default false */
  readonly tty?: boolean;
  /** Whether the command takes input (execAttached). @default false */
  readonly interactive?: boolean;
  /** Whether root gets all capabilities; another user gets no more than without this option. @default false */
  readonly privileged?: boolean;
  /** Number of additional descriptors (3 and up), at most 256. @default 0 */
  readonly preserveFds?: number;
  /** Descriptors of this process, 3 and up, that the command gets under the same numbers. @default [] */
  readonly preserveFd?: readonly number[];
  /**
   * Milliseconds after which the exec's processes get SIGKILL. TIMED_OUT if the command does not run by then. 0 is no
   * limit.
   * @default 0
   */
  readonly timeoutMs?: number;
}
