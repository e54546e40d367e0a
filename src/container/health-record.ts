/** The file by which a monitor tells how well its container is (docs/state.md). */
import { copyFileSync, readFileSync, rmSync } from 'node:fs';

import type { ContainerPaths } from '../storage/paths.js';

export type HealthStatus = 'starting' | 'healthy' | 'unhealthy';

/** What one check came to. */
export interface HealthLogEntry {
  readonly startedNs: bigint;
  readonly endedNs: bigint;
  /** 128 + n after signal n; -1 for one that took too long; 127 and 126 for a command that could not be started. */
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

/** Of a container that has a check. What the last life of one that has ended left is answered, too. */
export function readHealth(paths: Pick<ContainerPaths, 'health' | 'lastHealth'>): HealthRecord {
  const text = readIfThere(paths.health) ?? readIfThere(paths.lastHealth);
  return text === undefined ? NOTHING_YET : parseHealth(text);
}

/** Keeps the record when the run directory goes. */
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

/** As a shell says it of a command that is not there, or cannot be executed. */
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

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
