/** The engine as users of the library see it. */
import type {
  CollectedResult,
  Container,
  ContainerProcess,
  ContainerState,
  RemoveOptions,
  RunOptions,
  SignalOption,
  SpawnOptions,
} from '../container/api.js';
import type { CreateOptions, ExecOptions } from '../spec/create-options.js';

export interface EngineOptions {
  /** What lasts: database, layers, logs. @default $TSPOD_ROOT or /var/lib/tspod */
  readonly root?: string;
  /** What a reboot wipes. @default $TSPOD_RUNROOT or /run/tspod */
  readonly runRoot?: string;
}

/** One line of `ps`. */
export interface ContainerSummary extends ContainerState {
  readonly id: string;
  readonly name: string;
  /** Image reference, or '' with a root directory. */
  readonly image: string;
  /** The root directory when there is no image, or ''. */
  readonly rootfs: string;
  readonly command: readonly string[];
  readonly createdAt: Date;
  readonly labels: Readonly<Record<string, string>>;
  /** Targets of the user's mounts. */
  readonly mounts: readonly string[];
  readonly networks: readonly string[];
  readonly autoRemove: boolean;
  readonly restartPolicy: string;
  readonly cidFile: string;
  /** Bytes that the container wrote, and those with its root's; only with `size`. */
  readonly size?: { readonly writable: number; readonly root: number };
}

/**
 * Conditions by name as in `ps --filter`: id, name, label, label!, exited, status, ancestor, before, since, network, restart-policy,
 * command, until, volume, should-start-on-boot. Values of one name are alternatives (labels must all match); names must all match.
 */
export type ContainerFilters = Readonly<Record<string, readonly string[]>>;

export interface ListOptions {
  /** Also those that do not run. @default false, true with a status, exited or id filter or `last` */
  readonly all?: boolean;
  readonly filters?: ContainerFilters;
  /** The last created ones, in any state. */
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
  /** Records it, and makes its directories; runs nothing. */
  create(options: CreateOptions): Promise<Container>;
  /** Throws NO_SUCH_CONTAINER or AMBIGUOUS. */
  get(nameOrId: string): Container;
  exists(nameOrId: string): boolean;
  /** Newest last, as created. Never waits for a lock. */
  list(options?: ListOptions): readonly ContainerSummary[];
  /** The one created last, in any state; throws NO_SUCH_CONTAINER. */
  latest(): Container;
  /** Like `get(...).remove()`, and works for a container whose record cannot be read. */
  remove(nameOrId: string, options?: RemoveOptions): Promise<void>;
  /** Removes all that do not run (created or ended) and match. */
  prune(options?: SignalOption & { readonly filters?: ContainerFilters }): Promise<BatchResult>;
}

export interface EngineVersion {
  readonly version: string;
  readonly planVersion: number;
  readonly node: string;
  readonly os: string;
  readonly arch: string;
  readonly built: string;
}

/** What `tspod info` prints. */
export interface EngineInfo {
  readonly host: {
    readonly arch: string;
    readonly os: string;
    readonly kernel: string;
    readonly hostname: string;
    readonly distribution: { readonly distribution: string; readonly version: string; readonly codename: string };
    readonly cpus: number;
    readonly memTotal: number;
    readonly memFree: number;
    readonly swapTotal: number;
    readonly swapFree: number;
    readonly uptimeSec: number;
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
  readonly problems: readonly { readonly problem: string; readonly remedy: string; readonly fatal: boolean }[];
  readonly version: EngineVersion;
}

export interface Engine extends AsyncDisposable {
  readonly root: string;
  readonly runRoot: string;
  readonly containers: Containers;
  /** Create, start, collect the output, wait, remove. A non-zero exit is a result, a failed launch an error. */
  run(options: RunOptions & { readonly encoding: 'buffer' }): Promise<CollectedResult<Buffer>>;
  run(options: RunOptions): Promise<CollectedResult>;
  /** Like run, with streams: resolves when the process runs. */
  spawn(options: SpawnOptions): Promise<ContainerProcess>;
  info(): Promise<EngineInfo>;
  version(): EngineVersion;
  /** The launch plan of these options as text; changes and runs nothing. */
  explain(options: CreateOptions): string;
  /** The plan of an exec in a container, which must run. */
  explainExec(nameOrId: string, options: ExecOptions): string;
  /**
   * Lets go of the database; containers go on. What is being changed is finished first. A call that only waits (for the end of a
   * container) is not: it rejects with ENGINE_CLOSED when it next needs the engine, as later calls do.
   */
  close(): Promise<void>;
}
