/** What a container uses, and its processes. */
import type { SignalOption } from './container.js';

/** One measurement. Values that this machine does not count are 0. */
export interface ContainerStats {
  readonly id: string;
  readonly name: string;
  /** Time of the measurement: milliseconds since 1970, with fractions. */
  readonly timeMs: number;
  readonly cpu: {
    /** Percent of one CPU, since `previous` or, without one, since the start: 200 is two CPUs at full load. */
    readonly percent: number;
    /** Percent of one CPU since the start. */
    readonly averagePercent: number;
    readonly totalNs: number;
    readonly userNs: number;
    readonly systemNs: number;
  };
  readonly memory: {
    /** Without files that the kernel has cached and could drop at once. */
    readonly usageBytes: number;
    /** The container's limit, or the machine's memory where that is less. */
    readonly limitBytes: number;
    readonly percent: number;
  };
  /** All 0 with the host's network, which is not the container's alone. */
  readonly network: {
    readonly receivedBytes: number;
    readonly sentBytes: number;
    /** By interface name, without the loopback. */
    readonly links: Readonly<Record<string, NetworkLinkStats>>;
  };
  /** Bytes that disks have read and written for the container. */
  readonly block: { readonly readBytes: number; readonly writtenBytes: number };
  /** Processes and threads. */
  readonly pids: number;
}

export interface NetworkLinkStats {
  readonly received: NetworkCounters;
  readonly sent: NetworkCounters;
}

export interface NetworkCounters {
  readonly bytes: number;
  readonly packets: number;
  readonly errors: number;
  readonly dropped: number;
}

export interface StatsOptions {
  /** An earlier measurement of the same container: `cpu.percent` counts from there on. */
  readonly previous?: ContainerStats;
}

export interface WatchStatsOptions extends SignalOption {
  /** Milliseconds between measurements. @default 1000 */
  readonly intervalMs?: number;
}

/**
 * A process of a container. Names of users and groups come from the container's files, those in `host` from the
 * machine's.
 */
export interface ContainerProcessInfo {
  /** In the container's pid namespace. */
  readonly pid: number;
  /** 0: the parent is outside the container. */
  readonly parentPid: number;
  readonly processGroup: number;
  readonly uid: number;
  /** Effective user, as a name, or as a number if that has no name; likewise the group. */
  readonly user: string;
  readonly group: string;
  readonly realUser: string;
  readonly realGroup: string;
  readonly groups: readonly string[];
  readonly host: {
    readonly pid: number;
    readonly uid: number;
    readonly user: string;
    readonly group: string;
    readonly groups: readonly string[];
  };
  /** Name of the program, at most 15 bytes. */
  readonly name: string;
  /** The command line; empty for a zombie. */
  readonly args: readonly string[];
  /** One letter as in proc_pid_stat(5): R, S, D, Z, T ... */
  readonly state: string;
  readonly nice: number;
  /** `pts/0`, or null. */
  readonly terminal: string | null;
  readonly startedAt: Date;
  readonly elapsedMs: number;
  readonly cpuMs: number;
  /** Percent of one CPU since the process started. */
  readonly cpuPercent: number;
  readonly virtualBytes: number;
  readonly residentBytes: number;
  readonly seccomp: 'disabled' | 'strict' | 'filter';
  /** Label of AppArmor or SELinux, or null. */
  readonly label: string | null;
  /** Names that begin with CAP_. */
  readonly capabilities: {
    readonly effective: readonly string[];
    readonly permitted: readonly string[];
    readonly inheritable: readonly string[];
    readonly bounding: readonly string[];
    readonly ambient: readonly string[];
  };
}
