/** `linux.resources` of the OCI runtime specification: the limits of a cgroup. */

/** A device rule: `a` stands for all types; an absent number for all numbers. */
export interface OciDeviceRule {
  readonly allow: boolean;
  readonly type?: string;
  readonly major?: number;
  readonly minor?: number;
  /** Any of r, w and m. */
  readonly access?: string;
}

export interface OciMemory {
  readonly limit?: number;
  readonly reservation?: number;
  /** Limit of memory and swap together; -1 is unlimited. */
  readonly swap?: number;
  readonly kernel?: number;
  readonly kernelTCP?: number;
  readonly swappiness?: number;
  readonly disableOOMKiller?: boolean;
  readonly useHierarchy?: boolean;
  readonly checkBeforeUpdate?: boolean;
}

export interface OciCpu {
  readonly shares?: number;
  /** Microseconds of CPU time in each period; negative is unlimited. */
  readonly quota?: number;
  readonly burst?: number;
  readonly period?: number;
  readonly realtimeRuntime?: number;
  readonly realtimePeriod?: number;
  readonly cpus?: string;
  readonly mems?: string;
  /** 1 makes the group idle (SCHED_IDLE). */
  readonly idle?: number;
}

export interface OciWeightDevice {
  readonly major: number;
  readonly minor: number;
  readonly weight?: number;
  readonly leafWeight?: number;
}

export interface OciThrottleDevice {
  readonly major: number;
  readonly minor: number;
  readonly rate: number;
}

export interface OciBlockIO {
  readonly weight?: number;
  readonly leafWeight?: number;
  readonly weightDevice?: readonly OciWeightDevice[];
  readonly throttleReadBpsDevice?: readonly OciThrottleDevice[];
  readonly throttleWriteBpsDevice?: readonly OciThrottleDevice[];
  readonly throttleReadIOPSDevice?: readonly OciThrottleDevice[];
  readonly throttleWriteIOPSDevice?: readonly OciThrottleDevice[];
}

export interface OciHugepageLimit {
  /** Size of the pages: 2MB, 1GB and so on. */
  readonly pageSize: string;
  readonly limit: number;
}

export interface LinuxResources {
  readonly devices?: readonly OciDeviceRule[];
  readonly memory?: OciMemory;
  readonly cpu?: OciCpu;
  /** Highest number of processes; 0 or negative is unlimited. */
  readonly pids?: { readonly limit: number };
  readonly blockIO?: OciBlockIO;
  readonly hugepageLimits?: readonly OciHugepageLimit[];
  /** Files of cgroup v2, and the values to write to them. */
  readonly unified?: Readonly<Record<string, string>>;
}
