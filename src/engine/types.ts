/** The engine and its types, as users of the library see them. */
import type { Readable, Writable } from 'node:stream';

import type {
  CollectedResult,
  Container,
  ContainerProcess,
  ContainerState,
  InputSource,
  OutputTarget,
  RemoveOptions,
  RunOptions,
  SignalOption,
  SpawnOptions,
  StreamFor,
} from '../container/api/container.js';
import type { ContainerSizes, FileChange } from '../container/api/files.js';
import type { CloneOptions } from '../container/verbs/clone.js';
import type { EngineEvent, EventsOptions } from './events.js';
import type { FetchOptions, ImagePruneResult, Images, ImageSummary } from './images/types.js';
import type { EventsBackend } from '../events/event-log.js';
import type { ExecSession } from '../container/exec/api.js';
import type { HealthStatus } from '../container/health/record.js';
import type { PublishedPort } from '../spec/network/container-network.js';
import type { ExposedPort } from '../spec/network/ports.js';
import type { CreateOptions, ExecOptions } from '../spec/create-options.js';
import type { Manifests } from './manifests/types.js';
import type { Networks } from './networks/types.js';
import type { Pods } from './pods/types.js';
import type { Secrets } from './secrets/types.js';
import type { Volumes } from './volumes/types.js';

/** Options of openEngine() and checkStore(). */
export interface EngineOptions {
  /** Directory of everything that lasts: database, layers, logs. @default $TSPOD_ROOT or /var/lib/tspod */
  readonly root?: string;
  /** Directory of everything that a reboot wipes. @default $TSPOD_RUNROOT or /run/tspod */
  readonly runRoot?: string;
  /** Where events are written: to a file in `runRoot`, or nowhere. @default 'file' */
  readonly eventsBackend?: EventsBackend;
  /**
   * Manager of the cgroups of new containers: tspod itself, or systemd, which gives each container a scope.
   * @default $TSPOD_CGROUP_MANAGER; else systemd if it is the init system and only cgroup v2 is in use, else cgroupfs
   */
  readonly cgroupManager?: 'cgroupfs' | 'systemd';
  /**
   * Directories of JSON files, each with an OCI hook and the conditions for it: absolute paths, later ones take
   * precedence. Read when a container is created.
   * @default none
   */
  readonly hooksDirectories?: readonly string[];
  /**
   * Directory of the network configurations, JSON files as netavark has them; an absolute path.
   * @default /etc/containers/networks, Podman's, with the default `root`; else a directory in `root`
   */
  readonly networkConfigDir?: string;
  /**
   * Keeps the bridges of this engine's containers until close(), so that a program that runs one container after the
   * other need not create and remove a bridge each time. Otherwise a bridge is removed with its last container.
   * @default true
   */
  readonly keepBridges?: boolean;
}

/** Summary of a container: one line of `ps`. */
export interface ContainerSummary extends ContainerState {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  /** Image reference; '' for a container with a root directory. */
  readonly image: string;
  /** 64 hexadecimal digits; '' for a container that is not made of an image of the store. */
  readonly imageId: string;
  /** The root directory; '' for a container with an image. */
  readonly rootfs: string;
  /** Entry point and command, as one list of words. */
  readonly command: readonly string[];
  readonly createdAt: Date;
  readonly labels: Readonly<Record<string, string>>;
  /** Targets of mounts and volumes. */
  readonly mounts: readonly string[];
  /** Source of each of `mounts`: the path of a bind mount, the name of a volume, else ''. */
  readonly mountSources: readonly string[];
  /** Names of the networks that the container is on, or its network mode; empty with mode `none`. */
  readonly networks: readonly string[];
  /**
   * Published ports, which can be reached through the host: those of the container whose network namespace it shares,
   * if it does.
   */
  readonly ports: readonly PublishedPort[];
  /** Ports declared by the image or by `expose`; ports that are published without being declared are not included. */
  readonly exposedPorts: readonly ExposedPort[];
  readonly autoRemove: boolean;
  readonly restartPolicy: string;
  /** File to which the container's id was written, or ''. */
  readonly cidFile: string;
  /** Result of the health checks; null without any, and while the container does not run. */
  readonly health: HealthStatus | null;
  /** Where mount() has mounted the container's root; null if it is not mounted. */
  readonly mountPoint: string | null;
  /** Id of the container's pod, or ''. */
  readonly pod: string;
  /** Name of the container's pod, or ''. */
  readonly podName: string;
  /** Whether this is an infra container, which keeps what the containers of its pod share. */
  readonly isInfra: boolean;
  /** Sizes of the container's files; only if ListOptions.size is set. */
  readonly size?: ContainerSizes;
}

/**
 * Filters by name, as in `ps --filter`: id, name, label, label!, exited, status, ancestor, before, since, network,
 * restart-policy, command, until, volume, should-start-on-boot, health, pod. Values of one filter are alternatives
 * (labels must all match); a container must match all filters.
 */
export type ContainerFilters = Readonly<
  Partial<
    Record<
      | 'id'
      | 'name'
      | 'label'
      | 'label!'
      | 'exited'
      | 'status'
      | 'health'
      | 'ancestor'
      | 'before'
      | 'since'
      | 'until'
      | 'pod'
      | 'network'
      | 'volume'
      | 'restart-policy'
      | 'command'
      | 'should-start-on-boot',
      readonly string[]
    >
  >
>;

export interface ListOptions {
  /** Includes containers that do not run. @default false; true with `last` or a status, exited or id filter */
  readonly all?: boolean;
  /** Conditions for containers. @default all containers */
  readonly filters?: ContainerFilters;
  /** Maximum number of containers: those created last, in any state. @default all */
  readonly last?: number;
  /** Fills `size` of each summary, for which the containers' files are walked. @default false */
  readonly size?: boolean;
}

/**
 * Result of a call on many objects: the ids (networks, volumes: names) of those done, and an error for each of the
 * others.
 */
export interface BatchResult {
  readonly done: readonly string[];
  readonly failed: ReadonlyMap<string, Error>;
}

/** The containers of an engine. `nameOrId`: an exact name, a full id or an id prefix. */
export interface Containers {
  /**
   * Creates the record of a container; nothing runs, and its directories are made when it is started. Its image is
   * fetched first if necessary, as `fetching` says. Throws INVALID_ARGUMENT, NAME_IN_USE, NO_SUCH_IMAGE, BAD_IMAGE and
   * errors of registries (REGISTRY_ERROR, REGISTRY_UNREACHABLE, UNAUTHORIZED, DIGEST_MISMATCH), NO_SUCH_CONTAINER
   * (whose namespaces it is to share), UNSUPPORTED_HOST (not root), DISK_FULL, ABORTED; TypeError for unknown options
   * and wrong types.
   */
  create(options: CreateOptions, fetching?: FetchOptions): Promise<Container>;
  /**
   * Creates a container with the configuration of another one, but none of its files. Throws NO_SUCH_CONTAINER,
   * NAME_IN_USE, INVALID_ARGUMENT, and with `destroy` errors of remove() and ABORTED; then there is no clone.
   */
  clone(nameOrId: string, options?: CloneOptions): Promise<Container>;
  /** Returns a container. Throws NO_SUCH_CONTAINER, AMBIGUOUS or EMPTY_ID. */
  get(nameOrId: string): Container;
  /** Whether there is such a container. Throws AMBIGUOUS or EMPTY_ID. */
  exists(nameOrId: string): boolean;
  /**
   * Lists containers in order of creation, newest last, without waiting for a lock. Throws INVALID_ARGUMENT for an
   * unknown filter or a bad value.
   */
  list(options?: ListOptions): readonly ContainerSummary[];
  /** Returns the container created last, in any state. Throws NO_SUCH_CONTAINER. */
  latest(): Container;
  /**
   * Removes a container as `get(...).remove()` does, also one whose record cannot be read. Resolves with the ids of all
   * that were removed: with `depend` the container's dependents first.
   */
  remove(nameOrId: string, options?: RemoveOptions): Promise<readonly string[]>;
  /**
   * Removes the containers that match and do not run (created or ended) and are in no pod; continues after a failure.
   * Throws INVALID_ARGUMENT, ABORTED.
   */
  prune(options?: SignalOption & { readonly filters?: ContainerFilters }): Promise<BatchResult>;
}

/** Disk usage of the objects of one kind, in bytes. */
export interface KindUsage<Item> {
  /** Number of objects. */
  readonly total: number;
  /**
   * Number of objects in use: containers that run; images that containers are made of or that are mounted; volumes that
   * containers have.
   */
  readonly active: number;
  readonly bytes: number;
  /** Bytes of the objects that are not in use. */
  readonly reclaimable: number;
  readonly items: readonly Item[];
}

export interface ImageUsage {
  readonly image: ImageSummary;
  /** Bytes of the files in layers that other images have as well. */
  readonly shared: number;
  /** Bytes of the files in layers of this image alone. */
  readonly unique: number;
}

export interface DiskUsage {
  /** Unpacked layers and compressed blobs, each once; includes leftovers of failed pulls. */
  readonly images: KindUsage<ImageUsage>;
  /** Files that containers have written; each item has its `size`. */
  readonly containers: KindUsage<ContainerSummary>;
  /** Files in volumes. */
  readonly volumes: KindUsage<VolumeUsage>;
}

export interface VolumeUsage {
  readonly name: string;
  /** Number of containers that have the volume, running or not. */
  readonly links: number;
  readonly bytes: number;
}

export interface PruneOptions extends SignalOption {
  /** Removes unused images with names as well. @default false */
  readonly all?: boolean;
  /** Removes unused volumes as well, named or not. @default false */
  readonly volumes?: boolean;
  /** Filters, applied to all kinds of objects. @default all objects */
  readonly filters?: Pick<ContainerFilters, 'label' | 'label!' | 'until'>;
}

export interface PruneResult {
  /** Pods that did not run any more, removed with their containers. */
  readonly pods: BatchResult;
  readonly containers: BatchResult;
  readonly networks: BatchResult;
  readonly images: ImagePruneResult;
  readonly volumes: BatchResult;
  /** Bytes that were freed. */
  readonly reclaimed: number;
}

/** What reset() has removed: ids, but names of networks and volumes. */
export interface ResetResult {
  readonly pods: BatchResult;
  readonly containers: BatchResult;
  readonly networks: BatchResult;
  readonly images: BatchResult;
  readonly manifestLists: BatchResult;
  readonly volumes: BatchResult;
  readonly secrets: BatchResult;
}

/** Versions, as in `tspod version`, but with Node's names for OS and architecture (`x64` where that has `amd64`). */
export interface EngineVersion {
  /** Version of tspod. */
  readonly version: string;
  /** Version of the plans that the monitor and the addon accept. */
  readonly planVersion: number;
  readonly node: string;
  readonly os: string;
  readonly arch: string;
}

/**
 * Facts about the machine, the store and this program, from which `tspod info` is made; that uses Podman's names for
 * them.
 */
export interface EngineInfo {
  readonly host: {
    readonly arch: string;
    readonly os: string;
    readonly kernel: string;
    readonly hostname: string;
    readonly distribution: { readonly distribution: string; readonly version: string; readonly codename: string };
    readonly cpus: number;
    /** Bytes, as in the following three fields. */
    readonly memTotal: number;
    readonly memFree: number;
    readonly swapTotal: number;
    readonly swapFree: number;
    readonly uptimeSec: number;
    /** Manager of the cgroups of new containers. */
    readonly cgroupManager: 'cgroupfs' | 'systemd';
    readonly cgroupVersion: 'v1' | 'v2' | 'hybrid' | 'none';
    readonly cgroupControllers: readonly string[];
    readonly security: {
      readonly rootless: boolean;
      readonly seccompEnabled: boolean;
      readonly apparmorEnabled: boolean;
      readonly selinuxEnabled: boolean;
      readonly capabilities: readonly string[];
    };
  };
  readonly store: {
    readonly root: string;
    readonly runRoot: string;
    readonly database: string;
    readonly containers: {
      readonly number: number;
      readonly running: number;
      readonly paused: number;
      readonly stopped: number;
    };
  };
  /** What the machine lacks, each with its remedy; empty if nothing is missing. */
  readonly problems: readonly {
    readonly problem: string;
    readonly remedy: string;
    /** Whether no container runs without it; otherwise it affects only containers that ask for it. */
    readonly fatal: boolean;
  }[];
  readonly version: EngineVersion;
}

/** An open store; disposing the engine closes it. */
export interface Engine extends AsyncDisposable {
  /** The directories in use, as in EngineOptions. */
  readonly root: string;
  readonly runRoot: string;
  /** Creates, finds and lists the containers of the store. */
  readonly containers: Containers;
  /** Creates, finds and lists networks. */
  readonly networks: Networks;
  /** Creates, finds and lists volumes. */
  readonly volumes: Volumes;
  /** Creates, finds and lists secrets. */
  readonly secrets: Secrets;
  /** Creates, finds and lists pods, which are groups of containers. */
  readonly pods: Pods;
  /** Manages images, and transfers them from and to registries and archives. */
  readonly images: Images;
  /** Manages lists of images for several platforms. */
  readonly manifests: Manifests;
  /**
   * Creates and starts a container, collects its output until it ends, and removes it. Its image is fetched first if
   * necessary, as `fetching` says. A non-zero exit code is a result. A failed launch is an error that leaves nothing
   * behind. Throws the errors of `containers.create` and `Container.start`, OUTPUT_TOO_LARGE, ABORTED.
   */
  run(options: RunOptions & { readonly encoding: 'buffer' }, fetching?: FetchOptions): Promise<CollectedResult<Buffer>>;
  run(options: RunOptions & { readonly encoding?: BufferEncoding }, fetching?: FetchOptions): Promise<CollectedResult>;
  run(options: RunOptions, fetching?: FetchOptions): Promise<CollectedResult<string | Buffer>>;
  /** Like run(), but with streams: resolves when the process runs. Throws as run() does. */
  spawn<
    In extends InputSource | undefined = undefined,
    Out extends OutputTarget | undefined = undefined,
    Err extends OutputTarget | undefined = undefined,
    Tty extends boolean = false,
    Interactive extends boolean = false,
  >(
    options: SpawnOptions & {
      readonly stdin?: In;
      readonly stdout?: Out;
      readonly stderr?: Err;
      readonly tty?: Tty;
      readonly interactive?: Interactive;
    },
    fetching?: FetchOptions,
  ): Promise<
    ContainerProcess<
      StreamFor<Writable, In, Interactive extends true ? 'pipe' : 'ignore'>,
      StreamFor<Readable, Out, 'pipe'>,
      Tty extends true ? null : StreamFor<Readable, Err, 'pipe'>
    >
  >;
  /**
   * Returns past events, ordered by time; with `follow`, new events as they happen, and past ones only if `since` or
   * `until` is given. Throws INVALID_ARGUMENT for an unknown filter or a bad value, NOT_SUPPORTED with `eventsBackend:
   * 'none'`, ABORTED.
   */
  events(options?: EventsOptions): AsyncIterable<EngineEvent>;
  /**
   * Returns what a container, or else an image, has changed, compared with the layers below it or with `against`,
   * another container or image. Throws NO_SUCH_IMAGE for a name that is neither, AMBIGUOUS, NOT_SUPPORTED (a root
   * directory that is used as it is), ABORTED.
   */
  diff(nameOrId: string, against?: string, options?: SignalOption): Promise<readonly FileChange[]>;
  /**
   * Returns the disk usage of images, containers and volumes; walks the files of containers and volumes. Throws
   * ABORTED.
   */
  diskUsage(options?: SignalOption): Promise<DiskUsage>;
  /**
   * Removes unused objects: pods that do not run any more, containers that do not run, networks of this store without
   * containers, images without a name that no container is made of, and if asked to, volumes that no container has.
   * Continues after a failure. Throws INVALID_ARGUMENT for an unknown filter before anything is removed; ABORTED.
   */
  prune(options?: PruneOptions): Promise<PruneResult>;
  /**
   * Ends and removes everything in the store, used or not: pods, containers (with SIGKILL), networks except the default
   * one, images, manifest lists, volumes and secrets. Recorded events are kept. Continues after a failure. Throws
   * ABORTED.
   */
  reset(options?: SignalOption): Promise<ResetResult>;
  /** Returns facts about the machine and the store, and what the machine lacks. Takes some tens of milliseconds. */
  info(): Promise<EngineInfo>;
  /** Returns the versions of tspod and Node, and the platform. */
  version(): EngineVersion;
  /**
   * Returns the launch plan for the options as text, with the addresses and host ports that a container would get now;
   * changes and runs nothing. Throws as `containers.create` and `start` do.
   */
  explain(options: CreateOptions): Promise<string>;
  /** Returns the exec session with this id, in whatever container. Throws NO_SUCH_EXEC_SESSION. */
  findExec(id: string): ExecSession;
  /** Returns the plan of an exec in a running container as text. Throws STATE_INVALID if the container does not run. */
  explainExec(nameOrId: string, options: ExecOptions): string;
  /**
   * Resolves when the background work of finished calls is done, such as stopping a pod whose last container has ended;
   * at once if there is none.
   */
  settled(): Promise<void>;
  /**
   * Closes the database; containers keep running. Changes in progress are finished first, but a call that only waits
   * (for the end of a container) rejects with ENGINE_CLOSED, as later calls do.
   */
  close(): Promise<void>;
}
