/** What a plan is made from besides the OCI spec: everything that the specification has no place for. */
import type { CgroupHierarchy } from '../host/cgroup-layout.js';
import type { NamespaceType, OciHook } from '../oci/spec.js';
import type { HealthContext } from './health.js';
import type { NetworkContext } from './network/attach.js';
import type { SourcePlace } from './open-source.js';

/** A process that is told from a later one with the same pid by its start time (/proc/PID/stat, field 22). */
export interface ProcessRef {
  readonly pid: number;
  readonly startTime: bigint;
}

/** A container whose namespaces another one joins: those that it has at each launch of that one. */
export interface Donor {
  readonly id: string;
  /** The file `state` of its run directory, which tells its first process. */
  readonly state: string;
}

/** Who owns something on the host. */
export interface HostOwner {
  readonly uid: number;
  readonly gid: number;
}

/** Where the root file system comes from. */
export type RootSource =
  | {
      readonly kind: 'overlay';
      /** Topmost first; none may lie inside another. */
      readonly lowerDirs: readonly string[];
      readonly upperDir: string;
      readonly workDir: string;
      /**
       * No sync when the overlay is unmounted: for containers whose layer is thrown away. A layer that was mounted so
       * can be mounted again only after `work/incompat/volatile` is removed.
       * @default false
       */
      readonly volatile?: boolean;
      /** A lower directory holds redirects (hideLayerPlan writes them). @default false */
      readonly redirects?: boolean;
      /** With a user namespace: the owners of the lower directories' files are shifted into it. @default true */
      readonly mapped?: boolean;
      /** Of the lower directories, those whose files have the namespace's owners already. @default none */
      readonly ownMapped?: readonly string[];
    }
  | {
      readonly kind: 'directory';
      readonly path: string;
      /** As of an overlay. @default true */
      readonly mapped?: boolean;
    };

/** An image that is mounted in a container. */
export interface ImageLayers {
  /** Topmost first: at least two, if there is no upper one. */
  readonly lowerDirs: readonly string[];
  /** What the container writes. @default it is read-only */
  readonly upperDir?: string;
  readonly workDir?: string;
  /** As of the root. @default true */
  readonly mapped?: boolean;
}

/** One cgroup directory of a container. */
export interface CgroupDirectory {
  readonly hierarchy: CgroupHierarchy;
  /** Absolute path of the container's cgroup. */
  readonly path: string;
  /** Version 2: what it lies in, where that was given to the container as a whole. */
  readonly frame?: CgroupFrame;
}

/** A group without processes of its own, which exists: in it lie the container's group and the monitor's. */
export interface CgroupFrame {
  readonly path: string;
  /** The monitor enters it, and is not counted to the container (CVE-2019-14891). */
  readonly monitor: string;
  /** Processes in the frame that have to go to the monitor's group, too. */
  readonly others: readonly number[];
  /** Where the monitor goes when the container runs. @default it stays */
  readonly home?: string;
}

/** All cgroup directories of a container, made by placeCgroup(). */
export interface CgroupPlacement {
  readonly directories: readonly CgroupDirectory[];
}

/**
 * A standard stream: /dev/null, through the monitor (logs, attach), or a descriptor that the monitor was spawned with
 * (its number there: 4 and up), given to the command as it is.
 */
export type StreamTarget = 'null' | 'monitor' | { readonly inheritedFd: number };

export interface StdioContext {
  readonly stdin: StreamTarget;
  readonly stdout: StreamTarget;
  readonly stderr: StreamTarget;
  /** Stdin stays open while no client is attached. */
  readonly keepStdin: boolean;
  /** Stdin is closed when the first client that had it goes. */
  readonly stdinOnce: boolean;
  /** Size of the pty, if there is one. @default 24 rows, 80 columns */
  readonly terminalSize?: { readonly rows: number; readonly columns: number };
}

/** A descriptor that the monitor was spawned with and the number that the command sees it under. */
export interface ExtraFd {
  readonly inheritedFd: number;
  readonly fd: number;
}

/** Who the command runs as, where the spec has only numbers. Without it, `process.user` is taken as it is. */
export interface IdentityContext {
  /** user[:group], names or numbers, looked up in the container's own files; '' is root. */
  readonly user: string;
  /** Further groups, names or numbers. */
  readonly groups: readonly string[];
  /** Capabilities that were asked for by name: what is left to a user that is not root. */
  readonly addedCapabilities: readonly string[];
}

/** A filter that native/ compiled from `linux.seccomp`. */
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

/** A file with lines of the container's own and lines of the engine's (extendFile). */
export interface ExtendedFile {
  /** In the container. */
  readonly path: string;
  /** On the host, empty; it is filled at the launch. */
  readonly file: string;
  readonly first: string;
  readonly last: readonly string[];
  /** The lines are users or groups: one whose id is there already is left out. */
  readonly ids: boolean;
  /** Mount the file over the container's, if it has one. */
  readonly mount: boolean;
  readonly readOnly: boolean;
}

export interface LaunchContext {
  readonly id: string;
  /** RUNROOT/c/ID; its `root` directory is the staging place of the root mount. */
  readonly runDirectory: string;
  readonly root: RootSource;
  /** Images that the spec's mounts of type overlay stand for, by their places in the container. @default none */
  readonly imageLayers?: ReadonlyMap<string, ImageLayers>;
  /** Sources of bind mounts that lie where the container may write, by their paths. @default none */
  readonly sourcePlaces?: ReadonlyMap<string, SourcePlace>;
  /** Bind mounts by their places in the container: empty directories where the source is gone by then. @default none */
  readonly passingBinds?: ReadonlySet<string>;
  /** @default none */
  readonly extendedFiles?: readonly ExtendedFile[];
  /** Symbolic links that the root gets where nothing has their name. @default none */
  readonly links?: readonly { readonly path: string; readonly target: string }[];
  /** Undefined: no cgroup of its own. */
  readonly cgroup: CgroupPlacement | undefined;
  /** Limits that were not asked for (defaults): a host that cannot set them is no error. */
  readonly optionalResources?: readonly OptionalResource[];
  readonly identity?: IdentityContext;
  /** Containers whose namespaces are joined where the spec gives a path below the /proc directory of their processes. */
  readonly donors?: { readonly [T in NamespaceType]?: Donor };
  /** Mount /dev/shm from this container's mount namespace instead of an own one (shared IPC namespace). */
  readonly shmDonor?: Donor;
  /** With a user namespace: the host's ids of the container's root. */
  readonly rootIds?: HostOwner;
  /** Where the host has the nodes of devices, by their paths in the container: those that have another path there. */
  readonly deviceSources?: ReadonlyMap<string, string>;
  readonly stdio: StdioContext;
  readonly extraFds?: readonly ExtraFd[];
  /** Undefined: nothing is logged. */
  readonly log?: LogContext;
  readonly restart?: RestartContext;
  /** Undefined: nothing is checked. */
  readonly health?: HealthContext;
  /** SIGKILL after this time; 0: no limit. */
  readonly timeLimitMs?: number;
  /** Wait for the start command before the program runs (create and init, then start). */
  readonly gate: boolean;
  /** Undefined: no filter. */
  readonly seccomp?: SeccompFilter;
  /** A tiny init is PID 1. @default false */
  readonly init?: boolean;
  /** Nothing is executed: the first process stays as it is. @default false */
  readonly pause?: boolean;
  /** Make the working directory if it is missing. @default false */
  readonly createWorkdir?: boolean;
  /** A new session keyring of the container's own. @default true */
  readonly keyring?: boolean;
  readonly pidFile?: string;
  readonly monitorPidFile?: string;
  /** The networks of a container with a network namespace of its own. Absent: a loopback alone, or somebody else's namespace. */
  readonly network?: NetworkContext;
  readonly teardown?: Omit<TeardownContext, 'id' | 'cgroup'>;
}

/** The default pids limit; the swap limit that follows from a memory limit. */
export type OptionalResource = 'pids' | 'swap';

/** How another OCI runtime is called for one container. */
export interface RuntimeCommand {
  readonly path: string;
  /** The program's name and the flags before the command. */
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly id: string;
  readonly bundle: string;
  readonly pidFile: string;
}

export interface ExecContext {
  /** Of the container. */
  readonly id: string;
  /** The container's first process, or a pidfd of it that the monitor is spawned with. */
  readonly target: ProcessRef | { readonly inheritedFd: number };
  /** A health check: ends with who started it, and takes its process group along. @default false */
  readonly isCheck?: boolean;
  /** Namespaces of the target that differ from the host's. */
  readonly namespaces: readonly NamespaceType[];
  readonly cgroup: CgroupPlacement | undefined;
  readonly identity?: IdentityContext;
  /** If `namespaces` has a user namespace: the host's ids of its root. */
  readonly rootIds?: HostOwner;
  readonly stdio: StdioContext;
  readonly extraFds?: readonly ExtraFd[];
  readonly timeLimitMs?: number;
  readonly seccomp?: SeccompFilter;
  readonly pidFile?: string;
  /** Where the monitor keeps its records and listens; absent: nothing is written. */
  readonly sessionDirectory?: string;
}

export interface TeardownContext {
  readonly id: string;
  readonly cgroup: CgroupPlacement | undefined;
  /** poststop hooks, and the state they read up to and after the pid. */
  readonly hooks?: readonly OciHook[];
  readonly bundle?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Mount points of the engine on the host, in the order of unmounting. */
  readonly unmounts?: readonly string[];
  /** Trees to remove on the host: an automatically removed container's own. */
  readonly removeTrees?: readonly string[];
  readonly removeFiles?: readonly string[];
  /** Its networks. */
  readonly network?: NetworkContext;
  /** In the plan of its launch: where its network namespace is. */
  readonly namespaceSlot?: number;
  /** Made by this runtime, which runs the poststop hooks itself. */
  readonly runtime?: RuntimeCommand;
}
