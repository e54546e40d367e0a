/** The parts of `inspect` about health checks. */
import type { ContainerConfig } from '../../spec/config.js';
import type { CheckConfig } from '../../spec/health/health.js';
import type { ContainerPaths } from '../../storage/paths.js';
import { readHealth, type HealthLogEntry } from '../health/record.js';

export interface InspectHealth {
  /** `starting`, `healthy` or `unhealthy`; after the container's end, the last status. */
  readonly Status: string;
  /** Failures in a row. */
  readonly FailingStreak: number;
  /** Oldest first; null before the first check. */
  readonly Log:
    | readonly { readonly Start: string; readonly End: string; readonly ExitCode: number; readonly Output: string }[]
    | null;
}

/** Durations are nanoseconds, as Podman has them. */
export interface InspectCheck {
  readonly Test: readonly string[];
  readonly StartPeriod?: number;
  readonly Interval?: number;
  readonly Timeout: number;
  readonly Retries: number;
}

export interface InspectStartupCheck extends InspectCheck {
  readonly Successes: number;
}

/** Only of a container with a health check. */
export interface InspectHealthConfig {
  readonly Healthcheck?: InspectCheck;
  readonly StartupHealthCheck?: InspectStartupCheck;
  readonly HealthcheckOnFailureAction?: string;
  readonly HealthMaxLogCount?: number;
  readonly HealthMaxLogSize?: number;
  readonly HealthLogDestination?: string;
}

export function inspectHealth(config: ContainerConfig, paths: ContainerPaths): { readonly Health?: InspectHealth } {
  if (config.health === undefined) return {};
  const { status, failingStreak, log } = readHealth(paths);
  return {
    Health: { Status: status, FailingStreak: failingStreak, Log: log.length === 0 ? null : log.map(inspectEntry) },
  };
}

function inspectEntry({ startedNs, endedNs, exitCode, output }: HealthLogEntry) {
  return { Start: rfc3339(startedNs), End: rfc3339(endedNs), ExitCode: exitCode, Output: output };
}

const NS_PER_MS = 1_000_000n;
const NS_PER_SEC = 1_000_000_000n;

/** Formats a time with nine decimals of a second. */
function rfc3339(ns: bigint): string {
  const seconds = new Date(Number(ns / NS_PER_MS)).toISOString().slice(0, 19);
  return `${seconds}.${String(ns % NS_PER_SEC).padStart(9, '0')}Z`;
}

export function inspectHealthConfig({ health }: ContainerConfig): InspectHealthConfig {
  if (health === undefined) return {};
  const { startup } = health;
  return {
    Healthcheck: inspectCheck(health, health.startPeriodMs),
    ...(startup === undefined
      ? {}
      : { StartupHealthCheck: { ...inspectCheck(startup, 0), Successes: startup.successes } }),
    HealthcheckOnFailureAction: health.onFailure,
    HealthMaxLogCount: health.maxLogCount,
    HealthMaxLogSize: health.maxLogBytes,
    HealthLogDestination: 'local',
  };
}

function inspectCheck({ test, intervalMs, timeoutMs, retries }: CheckConfig, startPeriodMs: number): InspectCheck {
  return {
    Test: test,
    ...(startPeriodMs === 0 ? {} : { StartPeriod: startPeriodMs * 1e6 }),
    ...(intervalMs === 0 ? {} : { Interval: intervalMs * 1e6 }),
    Timeout: timeoutMs * 1e6,
    Retries: retries,
  };
}
