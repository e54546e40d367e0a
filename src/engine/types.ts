/** The engine as users of the library see it. */
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

export interface EngineOptions {
  /** What lasts: database, layers, logs. @default $TSPOD_ROOT or /var/lib/tspod */
  readonly root?: string;
  /** What a reboot wipes. @default $TSPOD_RUNROOT or /run/tspod */
  readonly runRoot?: string;
  /** Where it is written what happens to containers: a file below `runRoot`, or nowhere. @default 'file' */
  readonly eventsBackend?: EventsBackend;
  /**
   * Who makes the cgroups of new containers: tspod, or systemd, which gives each a scope.
   * @default $TSPOD_CGROUP_MANAGER, or systemd where it runs the machine and cgroup v2 is alone, else cgroupfs
   */
  readonly cgroupManager?: 'cgroupfs' | 'systemd';
  /** Directories of JSON files, each with an OCI hook and when it applies: absolute, later ones win. Read when a container is created. @default none */
  readonly hooksDirectories?: readonly string[];
  /**
   * Where the configurations of networks are: netavark's JSON files, an absolute path.
   * @default /etc/containers/networks, Podman's, with the default `root`; else a directory in `root`
   */
  readonly networkConfigDir?: string;
  /**
   * Bridges that containers of this engine were on stay until close(): a program that runs one container after the other need not make and remove them
   * each time. Without, the last container takes its bridge along.
   * @default true
   */
  readonly keepBridges?: boolean;
}

/** One line of `ps`. */
export interface ContainerSummary extends ContainerState {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  /** Image reference, or '' with a root directory. */
  readonly image: string;
  /** 64 hexadecimal digits, or '' without an image of the store. */
  readonly imageId: string;
  /** The root directory when there is no image, or ''. */
  readonly rootfs: string;
  /** Entrypoint and command. */
  readonly command: readonly string[];
  readonly createdAt: Date;
  readonly labels: Readonly<Record<string, string>>;
  /** Targets of the user's mounts, and of volumes. */
  readonly mounts: readonly string[];
  /** Of each of them: the path of a bind mount, the name of a volume, else ''. */
  readonly mountSources: readonly string[];
  /** The networks that it is on, or its network mode; none with `none`. */
  readonly networks: readonly string[];
  /** Ports that are reached through the host. */
  readonly ports: readonly PublishedPort[];
  /** Ports that it was said to listen on, by its image or by `expose`; those that are published without that are not among them. */
  readonly exposedPorts: readonly ExposedPort[];
  readonly autoRemove: boolean;
  readonly restartPolicy: string;
  /** The file that got its id, or ''. */
  readonly cidFile: string;
  /** What its health checks say; null without any, and while it does not run. */
  readonly health: HealthStatus | null;
  /** Where mount() has put its root; null when it is not mounted. */
  readonly mountPoint: string | null;
  /** Id of the pod that it is in, or ''. */
  readonly pod: string;
  readonly podName: string;
  /** It keeps what the others of its pod share. */
  readonly isInfra: boolean;
  /** Only with `size`. */
  readonly size?: ContainerSizes;
}

/**
 * Conditions by name as in `ps --filter`: id, name, label, label!, exited, status, ancestor, before, since, network, restart-policy,
 * command, until, volume, should-start-on-boot, health, pod. Values of one name are alternatives (labels must all match); names must all match.
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
  /** Also those that do not run. @default false, true with a status, exited or id filter or `last` */
  readonly all?: boolean;
  /** @default all */
  readonly filters?: ContainerFilters;
  /** Only so many, those created last, in any state. @default all */
  readonly last?: number;
  /** Fills `size`; walks their files. @default false */
  readonly size?: boolean;
}

/** What became of many: ids done, and an error for each of the others. */
export interface BatchResult {
  readonly done: readonly string[];
  readonly failed: ReadonlyMap<string, Error>;
}

/** All containers of the engine. `nameOrId`: an exact name, a full id or the beginning of one. */
export interface Containers {
  /**
   * Records it; runs nothing, its directories are made when it is started. Its image is fetched first if it has to be, as `fetching` says. INVALID_ARGUMENT,
   * NAME_IN_USE, NO_SUCH_IMAGE, BAD_IMAGE and errors of registries (REGISTRY_ERROR, REGISTRY_UNREACHABLE, UNAUTHORIZED, DIGEST_MISMATCH), NO_SUCH_CONTAINER
   * (whose namespaces it is to share), UNSUPPORTED_HOST (not root), DISK_FULL, ABORTED; TypeError for unknown options and wrong types.
   */
  create(options: CreateOptions, fetching?: FetchOptions): Promise<Container>;
  /**
   * Records a container like another one, with none of its files. NO_SUCH_CONTAINER, NAME_IN_USE, INVALID_ARGUMENT, and with `destroy` those of remove() and
   * ABORTED; then there is no clone.
   */
  clone(nameOrId: string, options?: CloneOptions): Promise<Container>;
  /** Throws NO_SUCH_CONTAINER, AMBIGUOUS or EMPTY_ID. */
  get(nameOrId: string): Container;
  /** Throws AMBIGUOUS or EMPTY_ID. */
  exists(nameOrId: string): boolean;
  /** Newest last, as created. Never waits for a lock. Throws INVALID_ARGUMENT for a filter that is none. */
  list(options?: ListOptions): readonly ContainerSummary[];
  /** The one created last, in any state; throws NO_SUCH_CONTAINER. */
  latest(): Container;
  /** Like `get(...).remove()`, and works for a container whose record cannot be read. */
  remove(nameOrId: string, options?: RemoveOptions): Promise<void>;
  /** Removes all that do not run (created or ended) and match; a failure does not end it. */
  prune(options?: SignalOption & { readonly filters?: ContainerFilters }): Promise<BatchResult>;
}

/** What things of one kind take on the disk, in bytes. */
export interface KindUsage<Item> {
  readonly total: number;
  /** Containers that run; images that containers are made of, or that are mounted; volumes that containers have. */
  readonly active: number;
  readonly bytes: number;
  /** Of those that are not active. */
  readonly reclaimable: number;
  readonly items: readonly Item[];
}

export interface ImageUsage {
  readonly image: ImageSummary;
  /** Bytes of the files in layers that other images have, too. */
  readonly shared: number;
  /** And of the others. */
  readonly unique: number;
}

export interface DiskUsage {
  /** Layers as they are unpacked and blobs as they were pulled, each once; also those that a pull has left that failed. */
  readonly images: KindUsage<ImageUsage>;
  /** What containers wrote; each has its `size`. */
  readonly containers: KindUsage<ContainerSummary>;
  /** What is in volumes. Active are those that a container has. */
  readonly volumes: KindUsage<VolumeUsage>;
}

export interface VolumeUsage {
  readonly name: string;
  /** Containers that have it, running or not. */
  readonly links: number;
  readonly bytes: number;
}

export interface PruneOptions extends SignalOption {
  /** Also images with names that no container is made of. @default false */
  readonly all?: boolean;
  /** Also volumes that no container has, whether they have names or not. @default false */
  readonly volumes?: boolean;
  /** For all kinds. @default all */
  readonly filters?: Pick<ContainerFilters, 'label' | 'label!' | 'until'>;
}

export interface PruneResult {
  /** Pods none of whose containers ran, with these. */
  readonly pods: BatchResult;
  readonly containers: BatchResult;
  readonly networks: BatchResult;
  readonly images: ImagePruneResult;
  readonly volumes: BatchResult;
  /** Bytes. */
  readonly reclaimed: number;
}

/** Of each kind ids, of networks and volumes names. */
export interface ResetResult {
  readonly pods: BatchResult;
  readonly containers: BatchResult;
  readonly networks: BatchResult;
  readonly images: BatchResult;
  readonly manifestLists: BatchResult;
  readonly volumes: BatchResult;
  readonly secrets: BatchResult;
}

/** What this is: what `tspod version` has, in Node's words for the machine (`x64` is `amd64` there). */
export interface EngineVersion {
  /** Of tspod. */
  readonly version: string;
  /** Of the plans that monitor and addon take. */
  readonly planVersion: number;
  readonly node: string;
  readonly os: string;
  readonly arch: string;
}

/** The machine, the store and this program: what `tspod info` is made of, which has Podman's names for it. */
export interface EngineInfo {
  readonly host: {
    readonly arch: string;
    readonly os: string;
    readonly kernel: string;
    readonly hostname: string;
    readonly distribution: { readonly distribution: string; readonly version: string; readonly codename: string };
    readonly cpus: number;
    /** Memory and swap are in bytes. */
    readonly memTotal: number;
    readonly memFree: number;
    readonly swapTotal: number;
    readonly swapFree: number;
    readonly uptimeSec: number;
    /** Of new containers. */
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
  /** What this machine lacks, each with its remedy; empty when all is there. */
  readonly problems: readonly {
    readonly problem: string;
    readonly remedy: string;
    /** No container runs without it; what else is lacking, only those need that ask for it. */
    readonly fatal: boolean;
  }[];
  readonly version: EngineVersion;
}

/** An open store. Disposing closes it. */
export interface Engine extends AsyncDisposable {
  /** As EngineOptions have them. */
  readonly root: string;
  readonly runRoot: string;
  /** All containers of the store: makes, finds and lists them. */
  readonly containers: Containers;
  /** All networks. */
  readonly networks: Networks;
  /** All volumes. */
  readonly volumes: Volumes;
  /** All secrets. */
  readonly secrets: Secrets;
  /** All pods, which are groups of containers. */
  readonly pods: Pods;
  /** All images, and the registries and archives that they come from and go to. */
  readonly images: Images;
  /** All lists of images for several platforms. */
  readonly manifests: Manifests;
  /**
   * Create, start, collect the output, wait, remove; its image is fetched first if it has to be, as `fetching` says. A non-zero exit is a result, a failed launch an error, of which nothing is left: those of
   * `containers.create` and `Container.start`, OUTPUT_TOO_LARGE, ABORTED.
   */
  run(options: RunOptions & { readonly encoding: 'buffer' }, fetching?: FetchOptions): Promise<CollectedResult<Buffer>>;
  run(options: RunOptions & { readonly encoding?: BufferEncoding }, fetching?: FetchOptions): Promise<CollectedResult>;
  run(options: RunOptions, fetching?: FetchOptions): Promise<CollectedResult<string | Buffer>>;
  /** Like run, with streams: resolves when the process runs. Errors as of run(). */
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
   * What has happened to containers, in the order of time, and with `follow` what happens, as it comes. INVALID_ARGUMENT for a filter that is none,
   * NOT_SUPPORTED with `eventsBackend: 'none'`, ABORTED.
   */
  events(options?: EventsOptions): AsyncIterable<EngineEvent>;
  /**
   * What a container, or else an image, has changed: since what lies below it, or against another container or image. NO_SUCH_IMAGE for what is neither,
   * AMBIGUOUS, NOT_SUPPORTED (a root directory that is used as it is), ABORTED.
   */
  diff(nameOrId: string, against?: string, options?: SignalOption): Promise<readonly FileChange[]>;
  /** What images, containers and volumes take on the disk. Walks the files of containers and volumes. ABORTED. */
  diskUsage(options?: SignalOption): Promise<DiskUsage>;
  /**
   * Removes what nobody uses: pods whose containers do not run, containers that do not run, networks without containers, images without a name that no container is made of, and if they are asked
   * for volumes that no container has. A failure does not end it. INVALID_ARGUMENT for a filter that is none, before anything is removed; ABORTED.
   */
  prune(options?: PruneOptions): Promise<PruneResult>;
  /**
   * Ends and removes all that the store has: pods, containers (with SIGKILL), networks but the default one, images, volumes and secrets, used or not. Records of events
   * stay. A failure does not end it. ABORTED.
   */
  reset(options?: SignalOption): Promise<ResetResult>;
  /** The machine, the store, and what the machine lacks. Takes some tens of milliseconds. */
  info(): Promise<EngineInfo>;
  version(): EngineVersion;
  /**
   * The launch plan of these options as text, with the addresses and ports of the host that it would be given now; changes and runs nothing. Throws as
   * `containers.create` and `start` do.
   */
  explain(options: CreateOptions): Promise<string>;
  /** The exec session of this id, in whatever container. Throws NO_SUCH_EXEC_SESSION. */
  findExec(id: string): ExecSession;
  /** The plan of an exec in a container, which must run: STATE_INVALID otherwise. */
  explainExec(nameOrId: string, options: ExecOptions): string;
  /** Resolves when what finished calls have set off is done, such as the stop of a pod whose last container has ended; at once where there is nothing. */
  settled(): Promise<void>;
  /**
   * Lets go of the database; containers go on. What is being changed is finished first. A call that only waits (for the end of a
   * container) is not: it rejects with ENGINE_CLOSED, as later calls do.
   */
  close(): Promise<void>;
}
