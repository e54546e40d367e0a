/** Settings of health checks. Each check is a whole plan, which the monitor runs in a process of its own. */
import type { OciProcess } from '../oci/spec.js';
import type { PlanBuilder } from './builder.js';
import { CODES } from './codes.js';
import type { ExecContext } from './context.js';
import { encodePlan } from './encode.js';
import { execPlan } from './exec.js';
import { thawedFile } from './update.js';

/** Descriptors that the monitor gives to a check (native/monitor/check_process.cc). */
const CONTAINER_FD = 4;
const OUTPUT_FD = 5;

export interface CheckContext {
  /** The process that the check runs. */
  readonly process: OciProcess;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Failures in a row that make the container unhealthy, or, of a start-up check, restart it (0: never). */
  readonly failures: number;
  readonly successes: number;
  readonly graceMs: number;
}

export interface HealthContext {
  readonly regular: CheckContext;
  readonly startup?: CheckContext;
  readonly onFailure: keyof typeof CODES.failureAction;
  readonly stopSignal: number;
  readonly stopTimeoutMs: number;
  readonly logEntries: number;
  readonly outputBytes: number;
  /** The parts of an exec's context that checks need to join the container. */
  readonly join: Pick<ExecContext, 'id' | 'namespaces' | 'cgroup' | 'identity' | 'seccomp'>;
}

export function addHealth(builder: PlanBuilder, health: HealthContext): void {
  addCheck(builder, 'regular', health.regular, health);
  if (health.startup !== undefined) addCheck(builder, 'startup', health.startup, health);
  builder.add('settings', 'health', {
    onFailure: CODES.failureAction[health.onFailure],
    stopSignal: health.stopSignal,
    stopTimeoutMs: BigInt(health.stopTimeoutMs),
    logEntries: health.logEntries,
    outputBytes: health.outputBytes,
    ...thawedFile(health.join.cgroup),
  });
}

function addCheck(
  builder: PlanBuilder,
  kind: keyof typeof CODES.checkKind,
  check: CheckContext,
  { join }: HealthContext,
): void {
  const plan = execPlan(check.process, {
    ...join,
    target: { inheritedFd: CONTAINER_FD },
    isCheck: true,
    stdio: {
      stdin: 'null',
      stdout: { inheritedFd: OUTPUT_FD },
      stderr: { inheritedFd: OUTPUT_FD },
      keepStdin: false,
      stdinOnce: false,
    },
  });
  builder.add('settings', 'healthCheck', {
    kind: CODES.checkKind[kind],
    plan: encodePlan(plan),
    intervalMs: BigInt(check.intervalMs),
    timeoutMs: BigInt(check.timeoutMs),
    failures: check.failures,
    successes: check.successes,
    graceMs: BigInt(check.graceMs),
  });
}
