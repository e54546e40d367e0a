/** Reads the two files in which a monitor records what became of its container (docs/state.md). */

import { readIfThere } from '../../native/if-there.js';
import type { ProcessRef } from '../../plan/context.js';
import type { HealthStatus } from '../health/record.js';

/** `state`: replaced at each launch. */
export interface LiveRecord {
  readonly monitor: ProcessRef;
  readonly init: ProcessRef;
  /** `waiting`: for the delay before a restart by policy. */
  readonly status: 'created' | 'running' | 'waiting';
  readonly startedUs: number;
  readonly restarts: number;
  /** Inode of the network namespace that the monitor holds; undefined for a container without networks of its own. */
  readonly networkNamespace: bigint | undefined;
}

/** `exit`: written once, after the last end. */
export interface ExitRecord {
  readonly code: number;
  readonly signal: number;
  readonly oomKilled: boolean;
  readonly timedOut: boolean;
  readonly startedUs: number;
  readonly finishedUs: number;
  readonly restarts: number;
  /** Result of the last health check, if the run ended because of that. */
  readonly health?: EndHealth;
  readonly error: string;
}

export interface EndHealth {
  readonly status: HealthStatus;
  /** When the check started. */
  readonly startedNs: bigint;
  readonly endedNs: bigint;
}

/** Reads a live record. Returns undefined if there is none, or none that is whole. */
export function readLiveRecord(path: string): LiveRecord | undefined {
  const text = readIfThere(path);
  return text === undefined ? undefined : parseLiveRecord(text);
}

export function readExitRecord(path: string): ExitRecord | undefined {
  const text = readIfThere(path);
  return text === undefined ? undefined : parseExitRecord(text);
}

function parseLiveRecord(text: string): LiveRecord | undefined {
  const values = parseLines(text);
  const monitor = parseProcess(values.get('monitor'));
  const init = parseProcess(values.get('init'));
  const status = values.get('status');
  if (monitor === undefined || init === undefined) return undefined;
  if (status !== 'created' && status !== 'running' && status !== 'waiting') return undefined;
  return {
    monitor,
    init,
    status,
    startedUs: microseconds(values.get('started')),
    restarts: integer(values.get('restarts')),
    networkNamespace: inode(values.get('network')),
  };
}

function parseExitRecord(text: string): ExitRecord | undefined {
  const values = parseLines(text);
  const code = values.get('code');
  if (code === undefined || !/^-?\d+$/.test(code)) return undefined;
  return {
    code: Number(code),
    signal: integer(values.get('signal')),
    oomKilled: values.get('oom') === '1',
    timedOut: values.get('timedout') === '1',
    startedUs: microseconds(values.get('started')),
    finishedUs: microseconds(values.get('finished')),
    restarts: integer(values.get('restarts')),
    ...parseHealth(values.get('health')),
    error: values.get('error') ?? '',
  };
}

function parseHealth(value = ''): Pick<ExitRecord, 'health'> {
  const [, status, started = '0', ended = '0'] = /^(starting|healthy|unhealthy) (\d+) (\d+)$/.exec(value) ?? [];
  if (status === undefined) return {};
  return { health: { status: status as HealthStatus, startedNs: BigInt(started), endedNs: BigInt(ended) } };
}

function parseLines(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ');
    if (space > 0) values.set(line.slice(0, space), line.slice(space + 1));
  }
  return values;
}

function parseProcess(value: string | undefined): ProcessRef | undefined {
  const match = /^(\d+) (\d+)$/.exec(value ?? '');
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { pid: Number(match[1]), startTime: BigInt(match[2]) };
}

function integer(value: string | undefined): number {
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : 0;
}

function inode(value: string | undefined): bigint | undefined {
  return value !== undefined && /^\d+$/.test(value) ? BigInt(value) : undefined;
}

/** Nanoseconds since 1970 exceed what a number holds exactly. */
function microseconds(value: string | undefined): number {
  return value !== undefined && /^\d+$/.test(value) ? Number(BigInt(value) / 1000n) : 0;
}
