/** Everything that a plan is made from besides the OCI spec, which has no place for it. */
import type { CgroupHierarchy } from '../host/cgroup-layout.js';
import type { NamespaceType, OciHook } from '../oci/spec.js';
import type { HealthContext } from './health.js';
import type { NetworkContext } from './network/attach.js';
import type { SourcePlace } from './open-source.js';

/** A process, told apart from a later one with the same pid by its start time (/proc/PID/stat, field 22). */
export interface ProcessRef {
  readonly pid: number;
  readonly startTime: bigint;
}

/** A container whose namespaces another container joins: those that the donor has at each launch of the other. */
export interface Donor {
  readonly id: string;
  /** Path of the file `state` in the donor's run directory, which records its first process. */
  readonly state: string;
}

/** Owner of something on the host. */
export interface HostOwner {
  readonly uid: number;
  readonly gid: number;
}

/** Source of the root file system. */
export type RootSource =
  | {
      readonly kind: 'overlay';
      /** Topmost first; none may lie inside another. */
      readonly lowerDirs: readonly string[];
      readonly upperDir: string;
      readonly workDir: string;
      /**
       * Mounts without syncing at unmount: for containers whose layer is thrown away. A layer that was mounted so can
       * be mounted again only after `work/incompat/volatile` is removed.
       * @default false
       */
      readonly volatile?: boolean;
      /** Whether a lower directory holds redirects (which hideLayerPlan writes). @default false */
      readonly redirects?: boolean;
      /**
       * With a user namespace: whether the owners of the files in the lower directories are shifted into it.
       * @default true
       */
      readonly mapped?: boolean;
      /** The lower directories whose files have the user namespace's owners already. @default none */
      readonly ownMapped?: readonly string[];
    }
  | {
      readonly kind: 'directory';
      readonly path: string;
      /** With a user namespace: whether the owners of the files are shifted into it. @default true */
      readonly mapped?: boolean;
    };

/** An image, or a directory of the host, that is mounted in a container with a layer for its writes. */
export interface MountLayers {
  /** Topmost first; at least two if there is no upper directory. */
  readonly lowerDirs: readonly string[];
  /**
   * Whether the lower layer is a directory of the host, which is opened like the source of a bind mount, and not one of
   * the engine's own. @default false
   */
  readonly fromHost?: boolean;
  /** Directory that takes what the container writes. @default none: the mount is read-only */
  readonly upperDir?: string;
  readonly workDir?: string;
  /** With a user namespace: whether the owners of the files are shifted into it. @default true */
  readonly mapped?: boolean;
}

/** One cgroup directory of a container. */
export interface CgroupDirectory {
  readonly hierarchy: CgroupHierarchy;
  /** Absolute path of the container's cgroup. */
  readonly path: string;
  /** Version 2: the group above, if that was given to the container as a whole. */
  readonly frame?: CgroupFrame;
  /**
   * The group that the container may divide, and which its processes are in: the container's, or one below it. Absent:
   * they are in the container's, which is read-only for them.
   */
  readonly delegated?: string;
}

/** An existing group without processes of its own, which contains the container's group and the monitor's. */
export interface CgroupFrame {
  readonly path: string;
  /**
   * The monitor's group: the monitor enters it, so that its use of resources is not counted as the container's
   * (CVE-2019-14891).
   */
  readonly monitor: string;
  /** Pids of processes in the frame, which have to move to the monitor's group as well. */
  readonly others: readonly number[];
  /** The group that the monitor moves to once the container runs. @default it stays in `monitor` */
  readonly home?: string;
}

/** All cgroup directories of a container, made by placeCgroup(). */
export interface CgroupPlacement {
  readonly directories: readonly CgroupDirectory[];
}

/**
 * A standard stream: /dev/null, a pipe through the monitor (logs, attach), or a descriptor that the monitor was spawned
 * with (its number there: 4 and up), given to the command as it is.
 */
export type StreamTarget = 'null' | 'monitor' | { readonly inheritedFd: number };

export interface StdioContext {
  readonly stdin: StreamTarget;
  readonly stdout: StreamTarget;
  readonly stderr: StreamTarget;
  /** Whether stdin stays open while no client is attached. */
  readonly keepStdin: boolean;
  /** Whether stdin is closed when the first client that had it detaches. */
  readonly stdinOnce: boolean;
  /** Size of the pty, if there is one. @default 24 rows, 80 columns */
  readonly terminalSize?: { readonly rows: number; readonly columns: number };
}

/** A descriptor that the monitor was spawned with, and the number under which the command gets it. */
export interface ExtraFd {
  readonly inheritedFd: number;
  readonly fd: number;
}

/**
 * The user that the command runs as, by name: the spec has only numbers. Without it, `process.user` is taken as it is.
 */
export interface IdentityContext {
  /** `user[:group]`, names or numbers, looked up in the container's own files; '' is root. */
  readonly user: string;
  /** Supplementary groups, names or numbers. */
  readonly groups: readonly string[];
  /** Capabilities that were requested by name: the only ones left to a user that is not root. */
  readonly addedCapabilities: readonly string[];
}

/** A seccomp filter that native/ compiled from `linux.seccomp`. */
export interface SeccompFilter {
  readonly program: Uint8Array;
  /** SECCOMP_FILTER_FLAG_* bits. */
  readonly flags: number;
}

export interface LogContext {
  readonly driver: 'k8s-file' | 'json-file' | 'none';
  readonly path: string;
  /** 0: no limit. */
  readonly maxSizeBytes: number;
  readonly maxFiles: number;
}

export interface RestartContext {
  readonly policy: 'no' | 'on-failure' | 'always' | 'unless-stopped';
  /** 0: no limit. */
  readonly maxRetries: number;
}

/** A file of the container that the engine adds lines to (step extendFile). */
export interface ExtendedFile {
  /** Path in the container. */
  readonly path: string;
  /** Path of an empty file on the host, which is filled at the launch. */
  readonly file: string;
  readonly first: string;
  readonly last: readonly string[];
  /** Whether the lines are users or groups: then a line whose id exists already is left out. */
  readonly ids: boolean;
  /** Whether the file is mounted over the container's, if it has one. */
  readonly mount: boolean;
  readonly readOnly: boolean;
}

export interface LaunchContext {
  readonly id: string;
  /** RUNROOT/c/ID; its `root` directory is the staging place of the root mount. */
  readonly runDirectory: string;
  readonly root: RootSource;
  /** Layers of the spec's mounts of type overlay, by destination in the container. @default none */
  readonly mountLayers?: ReadonlyMap<string, MountLayers>;
  /** Sources of mounts that lie in a directory which the container may write, by path. @default none */
  readonly sourcePlaces?: ReadonlyMap<string, SourcePlace>;
  /** Destinations of bind mounts that become empty directories if the source is gone at the launch. @default none */
  readonly vanishingBinds?: ReadonlySet<string>;
  /** @default none */
  readonly extendedFiles?: readonly ExtendedFile[];
  /** Symbolic links that are made in the root where nothing has their name. @default none */
  readonly links?: readonly { readonly path: string; readonly target: string }[];
  /** The container's cgroups. Undefined: none of its own. */
  readonly cgroup: CgroupPlacement | undefined;
  /** Limits that are defaults, not requests: a host that cannot set them is no error. */
  readonly optionalResources?: readonly OptionalResource[];
  readonly identity?: IdentityContext;
  /**
   * Containers whose namespaces are joined; for these the spec has a path below the /proc directory of their process.
   */
  readonly donors?: { readonly [T in NamespaceType]?: Donor };
  /** Container from whose mount namespace /dev/shm is mounted instead of a new one (shared IPC namespace). */
  readonly shmDonor?: Donor;
  /** With a user namespace: the host's ids for the container's root. */
  readonly rootIds?: HostOwner;
  /** Paths on the host of device nodes, by their paths in the container, where the two differ. */
  readonly deviceSources?: ReadonlyMap<string, string>;
  readonly stdio: StdioContext;
  readonly extraFds?: readonly ExtraFd[];
  /** Log of the container's output. Undefined: nothing is logged. */
  readonly log?: LogContext;
  readonly restart?: RestartContext;
  /** Health checks. Undefined: none. */
  readonly health?: HealthContext;
  /** Time after which the container gets SIGKILL, in ms; 0: no limit. */
  readonly timeLimitMs?: number;
  /** Whether the program waits for the start command (create and init, then start). */
  readonly gate: boolean;
  /** Seccomp filter. Undefined: none. */
  readonly seccomp?: SeccompFilter;
  /** Whether a tiny init is PID 1. @default false */
  readonly init?: boolean;
  /** Whether nothing is executed: the first process stays as it is. @default false */
  readonly pause?: boolean;
  /** Whether the working directory is made if it is missing. @default false */
  readonly createWorkdir?: boolean;
  /** Whether the container gets a new session keyring of its own. @default true */
  readonly keyring?: boolean;
  readonly pidFile?: string;
  readonly monitorPidFile?: string;
  /**
   * The networks of a container with a network namespace of its own. Absent: only a loopback, or the network namespace
   * of another container or the host.
   */
  readonly network?: NetworkContext;
  readonly teardown?: Omit<TeardownContext, 'id' | 'cgroup'>;
}

/**
 * Limits that may be set without being requested: the default pids limit; the swap limit that follows from a memory
 * limit.
 */
export type OptionalResource = 'pids' | 'swap';

/** Command line by which another OCI runtime is called for one container. */
export interface RuntimeCommand {
  readonly path: string;
  /** The program's name, and the flags that come before the command. */
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly id: string;
  readonly bundle: string;
  readonly pidFile: string;
}

export interface ExecContext {
  /** Id of the container. */
  readonly id: string;
  /** The container's first process, or a pidfd of it that the monitor is spawned with. */
  readonly target: ProcessRef | { readonly inheritedFd: number };
  /**
   * Whether this is a health check: it ends with the process that started it, and its process group with it.
   * @default false
   */
  readonly isCheck?: boolean;
  /** Namespaces of the target that differ from the host's, and are joined. */
  readonly namespaces: readonly NamespaceType[];
  readonly cgroup: CgroupPlacement | undefined;
  readonly identity?: IdentityContext;
  /** If `namespaces` has a user namespace: the host's ids for its root. */
  readonly rootIds?: HostOwner;
  readonly stdio: StdioContext;
  readonly extraFds?: readonly ExtraFd[];
  readonly timeLimitMs?: number;
  readonly seccomp?: SeccompFilter;
  readonly pidFile?: string;
  /** Directory where the monitor keeps its records and listens; absent: nothing is written. */
  readonly sessionDirectory?: string;
}

export interface TeardownContext {
  readonly id: string;
  readonly cgroup: CgroupPlacement | undefined;
  /** The poststop hooks, which read a state made from the id, `bundle` and `annotations`. */
  readonly hooks?: readonly OciHook[];
  readonly bundle?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Mount points of the engine on the host, in the order of unmounting. */
  readonly unmounts?: readonly string[];
  /** Directory trees on the host to remove: those of a container that is removed automatically. */
  readonly removeTrees?: readonly string[];
  readonly removeFiles?: readonly string[];
  /** The container's networks. */
  readonly network?: NetworkContext;
  /** In the plan of a launch: the slot of the container's network namespace. */
  readonly namespaceSlot?: number;
  /** The OCI runtime that made the container, which runs the poststop hooks itself. */
  readonly runtime?: RuntimeCommand;
}
