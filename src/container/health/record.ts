/** Reads the file in which a monitor records the health of its container (docs/state.md). */
import { copyFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';

import { readIfThere } from '../../native/if-there.js';
import type { ContainerPaths } from '../../storage/paths.js';

export type HealthStatus = 'starting' | 'healthy' | 'unhealthy';

/** Result of one check. */
export interface HealthLogEntry {
  readonly startedNs: bigint;
  readonly endedNs: bigint;
  /** 128 + n after signal n; -1 for a check that took too long; 127 and 126 for a command that could not be started. */
  readonly exitCode: number;
  readonly output: string;
}

export interface HealthRecord {
  readonly status: HealthStatus;
  /** Failures in a row. */
  readonly failingStreak: number;
  /** Oldest first. */
  readonly log: readonly HealthLogEntry[];
}

const NOTHING_YET: HealthRecord = { status: 'starting', failingStreak: 0, log: [] };

/** Reads the health of a container that has a check; with `lastHealth`, after its end, what the last run left. */
export function readHealth({
  health,
  lastHealth,
}: Pick<ContainerPaths, 'health'> & Partial<Pick<ContainerPaths, 'lastHealth'>>): HealthRecord {
  const text = readIfThere(health) ?? (lastHealth === undefined ? undefined : readIfThere(lastHealth));
  return text === undefined ? NOTHING_YET : parseHealth(text);
}

/**
 * The last check whose result was recorded as an event: when it began, and the status. `starting`: nothing is recorded
 * yet.
 */
export interface RecordedHealth {
  readonly startedNs: bigint;
  readonly status: HealthStatus;
}

export function readRecordedHealth({ health }: Pick<ContainerPaths, 'health'>): RecordedHealth {
  const [, started = '0', status] =
    /^(\d+) (starting|healthy|unhealthy)\n$/.exec(readIfThere(toldPath(health)) ?? '') ?? [];
  return { startedNs: BigInt(started), status: (status as HealthStatus | undefined) ?? 'starting' };
}

/** Whether the health status differs from the one recorded as an event. */
export function hasUnrecordedHealth({ health }: Pick<ContainerPaths, 'health'>): boolean {
  return existsSync(health) && readHealth({ health }).status !== readRecordedHealth({ health }).status;
}

export function writeRecordedHealth(
  { health }: Pick<ContainerPaths, 'health'>,
  { startedNs, status }: RecordedHealth,
): void {
  try {
    writeFileSync(toldPath(health), `${String(startedNs)} ${status}\n`, { mode: 0o600 });
  } catch (error) {
    // The run directory is gone: the run is over.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function toldPath(health: string): string {
  return `${health}.told`;
}

/** Copies the health record to a place where it stays when the run directory goes. */
export function keepHealth(paths: Pick<ContainerPaths, 'health' | 'lastHealth'>): void {
  try {
    copyFileSync(paths.health, paths.lastHealth);
  } catch {
    // The monitor never wrote one, or the disk is full: then nothing is known of this life.
    rmSync(paths.lastHealth, { force: true });
  }
}

export function parseHealth(text: string): HealthRecord {
  let record: HealthRecord = NOTHING_YET;
  const log: HealthLogEntry[] = [];
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ');
    const value = line.slice(space + 1);
    switch (line.slice(0, Math.max(space, 0))) {
      case 'status':
        record = { ...record, status: value === 'healthy' || value === 'unhealthy' ? value : 'starting' };
        break;
      case 'streak':
        record = { ...record, failingStreak: Number(value) };
        break;
      case 'check': {
        const entry = parseEntry(value);
        if (entry !== undefined) log.push(entry);
        break;
      }
      default:
    }
  }
  return { ...record, log };
}

function parseEntry(value: string): HealthLogEntry | undefined {
  const match = /^(\d+) (\d+) (-?\d+) (\d+) (.*)$/s.exec(value);
  if (match === null) return undefined;
  const [, began = '0', ended = '0', code = '-1', errno = '0', output = ''] = match;
  return {
    startedNs: BigInt(began),
    endedNs: BigInt(ended),
    exitCode: errno === '0' ? Number(code) : codeOf(Number(errno)),
    output: unescape(output),
  };
}

const ENOENT = 2;
const EACCES = 13;

/** Returns the exit code by which a shell reports a command that is not there, or cannot be executed. */
function codeOf(errno: number): number {
  if (errno === ENOENT) return 127;
  return errno === EACCES ? 126 : -1;
}

function unescape(text: string): string {
  return text.replace(/\\(\\|n|x([0-9a-f]{2}))/g, (_, what: string, hex: string | undefined) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return what === 'n' ? '\n' : '\\';
  });
}
