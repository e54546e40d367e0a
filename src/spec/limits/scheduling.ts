/** Scheduler, I/O priority and personality of the container's processes. */
import { invalid } from '../../errors.js';
import { nearestWord } from '../../util/nearest.js';
import type { ContainerConfig } from '../config.js';
import type { CreateOptions } from '../create-options.js';
import { checkInteger } from '../checks/numbers.js';
import { quote } from '../checks/quote.js';

/** Scheduling policies of sched(7), with their numbers. */
export const SCHEDULER_POLICIES: Readonly<Record<string, number>> = {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_ISO: 4,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
};

/** Policies that an option may name. The kernel has no SCHED_ISO, and SCHED_DEADLINE is only for whole OCI specs. */
const OPTION_POLICIES = ['SCHED_OTHER', 'SCHED_FIFO', 'SCHED_RR', 'SCHED_BATCH', 'SCHED_IDLE'];

/** I/O priority classes of ioprio_set(2), with their numbers. */
export const IO_PRIORITY_CLASSES: Readonly<Record<string, number>> = {
  IOPRIO_CLASS_RT: 1,
  IOPRIO_CLASS_BE: 2,
  IOPRIO_CLASS_IDLE: 3,
};

type SchedulerOptions = NonNullable<CreateOptions['scheduler']>;
type IoPriorityOptions = NonNullable<CreateOptions['ioPriority']>;

/**
 * Returns the scheduler options, checked. `policy` is with or without SCHED_, in any case; `nice` is for the fair
 * policies, `priority` 1 to 99 for the real-time ones.
 */
export function normalizeScheduler(options: SchedulerOptions): NonNullable<ContainerConfig['scheduler']> {
  const policy = constantOf('scheduler policy', options.policy, 'SCHED_', OPTION_POLICIES);
  const realTime = policy === 'SCHED_FIFO' || policy === 'SCHED_RR';
  const nice = checkInteger('scheduler nice', options.nice ?? 0, { min: -20, max: 19 });
  const priority = checkInteger('scheduler priority', options.priority ?? (realTime ? 1 : 0), {
    min: realTime ? 1 : 0,
    max: realTime ? 99 : 0,
  });
  return { policy, nice, priority };
}

/**
 * Returns the I/O priority, checked. `class` is rt, best-effort (be) or idle, or the constant of ioprio_set(2); `level`
 * is 0 (highest) to 7.
 */
export function normalizeIoPriority(options: IoPriorityOptions): NonNullable<ContainerConfig['ioPriority']> {
  const given = options.class.toLowerCase() === 'best-effort' ? 'be' : options.class;
  return {
    class: constantOf('I/O priority class', given, 'IOPRIO_CLASS_', Object.keys(IO_PRIORITY_CLASSES)),
    level: checkInteger('I/O priority level', options.level, { min: 0, max: 7 }),
  };
}

/** Returns the personality: LINUX or LINUX32, given in any case. */
export function normalizePersonality(text: string): 'LINUX' | 'LINUX32' {
  const upper = text.toUpperCase();
  if (upper === 'LINUX' || upper === 'LINUX32') return upper;
  throw invalid(`personality must be LINUX or LINUX32, not ${quote(text)}`);
}

function constantOf(what: string, given: string, prefix: string, known: readonly string[]): string {
  const upper = given.toUpperCase();
  const constant = upper.startsWith(prefix) ? upper : prefix + upper;
  if (known.includes(constant)) return constant;
  const nearest = nearestWord(constant, known);
  throw invalid(
    `${what} must be one of ${known.join(', ')}, not ${quote(given)}${nearest === undefined ? '' : `: did you mean ${nearest}?`}`,
  );
}
