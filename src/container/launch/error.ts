/** Turns a failed step of a plan into an error that tells the user what went wrong. */
import { TspodError, type ErrorCode } from '../../errors.js';
import { MOUNT_ATTR } from '../../oci/mount-options.js';
import { describeStep } from '../../plan/describe.js';
import { PROTOCOLS } from '../../plan/network/ports.js';
import type { Plan, Step } from '../../plan/ops.js';
import { errnoName, errnoText, NO_SPACE } from '../../util/errno.js';

export interface FailedStep {
  /** Index in the plan; 0xffffffff: none. */
  readonly step: number;
  readonly errno: number;
  readonly detail: string;
}

const NOT_FOUND: ReadonlySet<string> = new Set(['ENOENT']);

/**
 * Returns an error of code COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, NO_SUCH_USER, PORT_IN_USE, DISK_FULL or
 * LAUNCH_FAILED; `details` has op, step, steps, errno and errnoCode. The message ends with which step of how many
 * failed.
 */
export function launchError(plan: Plan, failed: FailedStep): TspodError {
  const step = plan.steps[failed.step];
  const errnoCode = failed.errno === 0 ? '' : errnoName(failed.errno);
  const details = { op: step?.op ?? '', step: failed.step, steps: plan.steps.length, errno: failed.errno, errnoCode };
  return new TspodError(codeOf(step, errnoCode), messageOf(plan, failed, step), { details });
}

function codeOf(step: Step | undefined, errnoCode: string): ErrorCode {
  if (step?.op === 'exec') return NOT_FOUND.has(errnoCode) ? 'COMMAND_NOT_FOUND' : 'COMMAND_NOT_EXECUTABLE';
  if (step?.op === 'lookUpUser') return 'NO_SUCH_USER';
  if (step?.op === 'holdPort' && errnoCode === 'EADDRINUSE') return 'PORT_IN_USE';
  return NO_SPACE.has(errnoCode) ? 'DISK_FULL' : 'LAUNCH_FAILED';
}

function messageOf(plan: Plan, failed: FailedStep, step: Step | undefined): string {
  const why = [failed.detail, failed.errno === 0 ? '' : errnoText(failed.errno)]
    .filter((text) => text !== '')
    .join(': ');
  if (step === undefined && failed.detail.startsWith(EARLY_END)) return earlyEndWords(plan, failed.detail);
  if (step === undefined) return why === '' ? 'the monitor failed' : `the monitor failed: ${why}`;
  const place = `(step ${String(failed.step + 1)} of ${String(plan.steps.length)})`;
  if (step.op === 'exec') return `${execWords(step, failed)}: ${errnoText(failed.errno)} ${place}`;
  if (step.op === 'holdPort') return heldPortWords(step, failed);
  // The detail says which message of the step failed.
  if (step.op === 'netlink') return `${failed.detail.replace(/^netlink /, '')}: ${errnoText(failed.errno)} ${place}`;
  if (step.op === 'lookUpUser' && errnoName(failed.errno) === 'ENOENT')
    return `${missingUserWords(failed.detail)} ${place}`;
  if (step.op === 'mountAttributes' && (step.set & MOUNT_ATTR.IDMAP) !== 0n && errnoName(failed.errno) === 'EINVAL')
    return `${unshiftableWords(plan, failed, step)}: ${why} ${place}`;
  return `${describeStep(step, { plan, index: failed.step })}: ${why} ${place}`;
}

/** Beginning of the monitor's detail about a process that did not get as far as its command. */
const EARLY_END = 'ended before exec: ';

/**
 * Describes a process that ended before its command. One that is larger than its cgroup may be is killed by signal 9.
 */
function earlyEndWords(plan: Plan, detail: string): string {
  const how = detail.slice(EARLY_END.length);
  const limit = plan.steps.find((step) => step.op === 'writeFileAt' && MEMORY_LIMITS.has(step.name));
  const hint =
    how === 'killed by signal 9' && limit?.op === 'writeFileAt' && /^\d+$/.test(limit.value)
      ? `; its memory limit is ${limit.value} bytes, which may be too low`
      : '';
  return `the process ended before its command could be run: ${how}${hint}`;
}

const MEMORY_LIMITS: ReadonlySet<string> = new Set(['memory.max', 'memory.limit_in_bytes']);

/** Describes a port that cannot be had, in Podman's words. */
function heldPortWords({ protocol, address, port }: Step<'holdPort'>, failed: FailedStep): string {
  const name = protocol === PROTOCOLS.udp ? 'udp' : 'tcp';
  const shown = address === '0.0.0.0' || address === '::' ? '' : address.includes(':') ? `[${address}]` : address;
  const family = address.includes(':') ? '6' : '4';
  return `cannot listen on the ${name.toUpperCase()} port: listen ${name}${family} ${shown}:${port}: ${failed.detail}: ${errnoText(failed.errno)}`;
}

/** Describes a user or group that does not exist. `detail` is "user NAME" or "group NAME". */
function missingUserWords(detail: string): string {
  return `unable to find ${detail}: no matching entries in ${detail.startsWith('group') ? 'group' : 'passwd'} file`;
}

/** Describes a file system without identity-mapped mounts: only the attempt shows which those are. */
function unshiftableWords(plan: Plan, failed: FailedStep, { slot }: Step<'mountAttributes'>): string {
  const opened = plan.steps
    .slice(0, failed.step)
    .filter((step) => step.op === 'openTree' || step.op === 'openTreeInRoot')
    .findLast((step) => step.slot === slot);
  const path = opened?.path ?? 'a mount';
  return `the file system of ${path} cannot be shifted into a user namespace: it does not support id-mapped mounts`;
}

function execWords(step: Step<'exec'>, failed: FailedStep): string {
  const command = step.args[0] ?? '';
  if (NOT_FOUND.has(errnoName(failed.errno)) && !command.includes('/')) {
    return `executable file "${command}" not found in $PATH`;
  }
  return `exec "${command}"`;
}
