/** Usage counters of a container's cgroups, in version 1 and 2. A missing file counts as 0. */
import type { CgroupHierarchy } from './cgroup-layout.js';
import { readIfReadable } from './process-files.js';

export interface MeasuredCgroup {
  readonly hierarchy: Pick<CgroupHierarchy, 'version' | 'controllers'>;
  readonly path: string;
}

export interface CgroupUsage {
  readonly cpuNs: number;
  readonly cpuUserNs: number;
  readonly cpuSystemNs: number;
  /** Memory in use, without cached file data that the kernel could release at once. */
  readonly memoryBytes: number;
  /** Memory limit; Infinity without one. */
  readonly memoryLimitBytes: number;
  readonly pids: number;
  /** Block I/O; undefined if the cgroup does not count it. */
  readonly block: BlockUsage | undefined;
}

export interface BlockUsage {
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** Reads a file; '' if it does not exist. */
export type ReadFile = (path: string) => string;

const NS_PER_US = 1000;

export function readCgroupUsage(
  cgroups: readonly MeasuredCgroup[],
  read: ReadFile = (path) => readIfReadable(path) ?? '',
): CgroupUsage {
  return { ...cpuUsage(cgroups, read), ...memoryUsage(cgroups, read), ...counts(cgroups, read) };
}

/** Reads the CPU time, which version 2 counts in every group, whatever its controllers. */
function cpuUsage(cgroups: readonly MeasuredCgroup[], read: ReadFile) {
  const v1 = v1Group(cgroups, 'cpuacct');
  if (v1 !== undefined) {
    return {
      cpuNs: number(read(`${v1}/cpuacct.usage`)),
      cpuUserNs: number(read(`${v1}/cpuacct.usage_user`)),
      cpuSystemNs: number(read(`${v1}/cpuacct.usage_sys`)),
    };
  }
  const stat = flatKeys(read(`${v2Group(cgroups) ?? ''}/cpu.stat`));
  const ns = (key: string): number => (stat.get(key) ?? 0) * NS_PER_US;
  return { cpuNs: ns('usage_usec'), cpuUserNs: ns('user_usec'), cpuSystemNs: ns('system_usec') };
}

function memoryUsage(cgroups: readonly MeasuredCgroup[], read: ReadFile) {
  const v1 = v1Group(cgroups, 'memory');
  const directory = v1 ?? v2Group(cgroups) ?? '';
  const [used, limit, cached] =
    v1 === undefined
      ? (['memory.current', 'memory.max', 'inactive_file'] as const)
      : (['memory.usage_in_bytes', 'memory.limit_in_bytes', 'total_inactive_file'] as const);
  const stat = flatKeys(read(`${directory}/memory.stat`));
  const max = read(`${directory}/${limit}`).trim();
  return {
    memoryBytes: Math.max(0, number(read(`${directory}/${used}`)) - (stat.get(cached) ?? 0)),
    memoryLimitBytes: max === 'max' || max === '' ? Infinity : Number(max),
  };
}

function counts(cgroups: readonly MeasuredCgroup[], read: ReadFile) {
  const pids = v1Group(cgroups, 'pids') ?? v2Group(cgroups) ?? '';
  return { pids: number(read(`${pids}/pids.current`)), block: blockUsage(cgroups, read) };
}

/**
 * Reads the block I/O. In version 1 it is counted at the throttle, which all requests pass, whether the scheduler
 * counts or not.
 */
function blockUsage(cgroups: readonly MeasuredCgroup[], read: ReadFile): BlockUsage | undefined {
  const v1 = v1Group(cgroups, 'blkio');
  if (v1 !== undefined) return v1Block(read(`${v1}/blkio.throttle.io_service_bytes_recursive`));
  const v2 = v2Group(cgroups);
  const text = v2 === undefined ? '' : read(`${v2}/io.stat`);
  return text === '' ? undefined : v2Block(text);
}

/** Parses lines like `8:0 Read 4096`, followed by a sum. */
function v1Block(text: string): BlockUsage {
  const sum = (operation: string): number =>
    text
      .split('\n')
      .map((line) => line.split(' '))
      .filter((words) => words.length === 3 && words[1] === operation)
      .reduce((total, words) => total + Number(words[2]), 0);
  return { readBytes: sum('Read'), writtenBytes: sum('Write') };
}

/** Parses lines like `8:0 rbytes=4096 wbytes=0 ...`. */
function v2Block(text: string): BlockUsage {
  const sum = (key: string): number =>
    [...text.matchAll(new RegExp(` ${key}=(\\d+)`, 'g'))].reduce((total, match) => total + Number(match[1]), 0);
  return { readBytes: sum('rbytes'), writtenBytes: sum('wbytes') };
}

function v1Group(cgroups: readonly MeasuredCgroup[], controller: string): string | undefined {
  return cgroups.find(({ hierarchy }) => hierarchy.version === 1 && hierarchy.controllers.includes(controller))?.path;
}

function v2Group(cgroups: readonly MeasuredCgroup[]): string | undefined {
  return cgroups.find(({ hierarchy }) => hierarchy.version === 2)?.path;
}

function number(text: string): number {
  return Number(text.trim() || 0);
}

/** Parses lines of a key, a space and a number. */
function flatKeys(text: string): ReadonlyMap<string, number> {
  return new Map(
    text.split('\n').flatMap((line): [string, number][] => {
      const space = line.indexOf(' ');
      return space === -1 ? [] : [[line.slice(0, space), Number(line.slice(space + 1))]];
    }),
  );
}
