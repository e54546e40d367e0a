/** Containers of the barest kind with a health check, for tests of what the monitor does with it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHealth, type HealthRecord } from '../../src/container/health/record.js';
import { CODES } from '../../src/plan/codes.js';
import { encodePlan } from '../../src/plan/encode.js';
import { NONE } from '../../src/plan/ops.js';
import type { Operands, Step } from '../../src/plan/ops.js';
import type { Container } from './supervised.js';
import { until } from './until.js';

const OUTPUT_FD = 5;

/** The plan of a check: a shell script on the host, in no namespaces of its own. */
function checkPlan(script: string): Uint8Array {
  const steps: Step[] = [
    { op: 'role', stage: 'settings', kind: CODES.monitorRole.check },
    {
      op: 'stdio',
      stage: 'settings',
      stdin: CODES.streamKind.null,
      stdout: CODES.streamKind.passthrough,
      stderr: CODES.streamKind.passthrough,
      stdinSlot: NONE,
      stdoutSlot: 1,
      stderrSlot: 1,
      terminal: 0,
      keepStdin: 0,
      stdinOnce: 0,
    },
    { op: 'inheritFd', stage: 'prepare', slot: 1, fd: OUTPUT_FD },
    { op: 'clone', stage: 'prepare', flags: 0n, cgroupSlot: NONE },
    { op: 'newSession', stage: 'init' },
    {
      op: 'exec',
      stage: 'init',
      args: script === '' ? ['/nonexistent'] : ['/bin/sh', '-c', script],
      env: [`PATH=${process.env['PATH'] ?? ''}`, 'LC_ALL=C'],
      setHome: 0,
    },
  ];
  return encodePlan({ steps });
}

type CheckOptions = Partial<Omit<Operands<'healthCheck'>, 'kind' | 'plan'>>;

/** `script` '' is a program that does not exist. */
export function check(script: string, options: CheckOptions = {}): Step {
  return {
    op: 'healthCheck',
    stage: 'settings',
    kind: CODES.checkKind.regular,
    plan: checkPlan(script),
    ...CHECK,
    ...options,
  };
}

export function startupCheck(script: string, options: CheckOptions = {}): Step {
  return {
    op: 'healthCheck',
    stage: 'settings',
    kind: CODES.checkKind.startup,
    plan: checkPlan(script),
    ...CHECK,
    ...options,
  };
}

export function health(options: Partial<Operands<'health'>> = {}): Step {
  return { op: 'health', stage: 'settings', ...HEALTH, ...options };
}

const CHECK = { intervalMs: 50n, timeoutMs: 60_000n, failures: 3, successes: 1, graceMs: 0n };
const HEALTH = {
  onFailure: CODES.failureAction.none,
  stopSignal: 15,
  stopTimeoutMs: 60_000n,
  logEntries: 5,
  outputBytes: 500,
  freezer: '',
  thawed: '',
};

export function recordOf({ directory }: Container): HealthRecord {
  return parseHealth(readFileSync(join(directory, 'health'), 'utf8'));
}

/** Looks until the record is as wanted. */
export async function untilHealth(
  container: Container,
  isWanted: (record: HealthRecord) => boolean,
): Promise<HealthRecord> {
  return until('the health that is waited for', () => {
    if (!existsSync(join(container.directory, 'health'))) return undefined;
    const record = recordOf(container);
    return isWanted(record) ? record : undefined;
  });
}
