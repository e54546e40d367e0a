/** Reads processes from /proc (proc_pid_status(5)), for display. Processes that have ended meanwhile are left out. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

import { parseProcessStat } from '../native/process-stat.js';

export interface ProcessStatus {
  readonly name: string;
  readonly parentPid: number;
  /** Pid in each nested pid namespace, the reader's first. */
  readonly pids: readonly number[];
  /** Real, effective, saved and file system id. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  readonly groups: readonly number[];
  readonly residentBytes: number;
  /** Seccomp mode: 0 disabled, 1 strict, 2 filter. */
  readonly seccomp: number;
  /** Capability sets by their names in the file: CapEff and so on. */
  readonly capabilities: Readonly<Record<string, bigint>>;
}

export function parseStatus(text: string): ProcessStatus {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) values.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const numbers = (key: string): readonly number[] => (values.get(key) ?? '').split(/\s+/).filter(Boolean).map(Number);
  const names = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'];
  return {
    name: values.get('Name') ?? '',
    parentPid: numbers('PPid')[0] ?? 0,
    pids: numbers('NSpid'),
    uids: numbers('Uid'),
    gids: numbers('Gid'),
    groups: numbers('Groups'),
    residentBytes: (Number.parseInt(values.get('VmRSS') ?? '0', 10) || 0) * 1024,
    seccomp: numbers('Seccomp')[0] ?? 0,
    capabilities: Object.fromEntries(names.map((name) => [name, BigInt(`0x${values.get(name) ?? '0'}`)])),
  };
}

/**
 * Returns the bytes that a process, and those of its children that it has waited for, have read from and written to
 * disks; undefined if it has ended.
 */
export function readProcessIo(pid: number): { readonly readBytes: number; readonly writtenBytes: number } | undefined {
  const text = readIfReadable(`/proc/${String(pid)}/io`);
  if (text === undefined) return undefined;
  const value = (key: string): number => Number(new RegExp(`^${key}: (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return {
    readBytes: value('read_bytes'),
    writtenBytes: Math.max(0, value('write_bytes') - value('cancelled_write_bytes')),
  };
}

/** Returns the pids in a cgroup and in those below it. */
export function pidsInCgroup(directory: string): readonly number[] {
  const own = readIfReadable(`${directory}/cgroup.procs`) ?? '';
  let below: readonly string[];
  try {
    below = readdirSync(directory, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? entry.name : []));
  } catch {
    below = [];
  }
  const pids = own.split('\n').filter(Boolean).map(Number);
  return [...pids, ...below.flatMap((name) => pidsInCgroup(`${directory}/${name}`))];
}

/** Returns all processes of a pid namespace that this process sees. */
export function pidsInNamespace(path: string): readonly number[] {
  const wanted = linkOf(path);
  if (wanted === undefined) return [];
  return allPids().filter((pid) => linkOf(`/proc/${String(pid)}/ns/pid`) === wanted);
}

/** Returns the pids of a process and its descendants. */
export function pidsBelow(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const one of allPids()) {
    const text = readIfReadable(`/proc/${String(one)}/stat`);
    if (text === undefined) continue;
    const { parent } = parseProcessStat(text);
    children.set(parent, [...(children.get(parent) ?? []), one]);
  }
  const below = (one: number): number[] => [one, ...(children.get(one) ?? []).flatMap(below)];
  return below(pid);
}

export function sameNamespace(one: string, other: string): boolean {
  const link = linkOf(one);
  return link !== undefined && link === linkOf(other);
}

/** Returns the milliseconds since boot. */
export function uptimeMs(): number {
  return Number((readIfReadable('/proc/uptime') ?? '0').split(' ')[0]) * 1000;
}

/**
 * Returns the text of a file; undefined if the file, or the process that it is about, is gone, or if it cannot be read:
 * files of the kernel have many ways to refuse.
 */
export function readIfReadable(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function allPids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Returns the target of a link; undefined when it is gone or cannot be read. */
export function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
