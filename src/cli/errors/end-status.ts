/** Exit statuses of attached commands. If nobody knows how the process ended, throws MONITOR_DIED with status 255. */
import type { AttachEnd, Container, ExitStatus } from '../../container/api/container.js';
import { isTspodError, TspodError } from '../../errors.js';
import type { Context } from '../context.js';
import { EXIT_UNKNOWN, endStatus, StatusError } from './exit-status.js';

/**
 * Returns the exit status for a container. If the attachment ended without an exit code, takes the one that another
 * process has recorded and warns that output was lost.
 */
export async function statusOfContainer(
  { log }: Pick<Context, 'log'>,
  container: Container,
  end: AttachEnd,
): Promise<number> {
  if (end.reason === 'detached') return 0;
  if (end.reason === 'exited' && !isUnknown(end)) return endStatus(end);
  const exit = await laterExit(container);
  if (!isUnknown(exit)) {
    const why = 'another command stopped or removed it, and slow readers are given five seconds';
    await log('warning', `the last output of container ${container.name} is lost: ${why}`);
    return endStatus(exit);
  }
  const after = isRemoved(container) ? 'stopped and removed' : 'stopped';
  throw died(`container ${container.name} died: the container was ${after}, and its exit code is unknown`);
}

/** Returns the exit status for a command in a container; the command keeps running if its monitor dies. */
export function statusOfCommand(container: Container, exit: ExitStatus | undefined): number {
  if (exit !== undefined && !isUnknown(exit)) return endStatus(exit);
  const where = `a command in container ${container.name}`;
  throw died(`${where} died: how the command ended is unknown`);
}

function died(what: string): StatusError {
  return new StatusError(new TspodError('MONITOR_DIED', `the monitor of ${what}`), EXIT_UNKNOWN);
}

function isUnknown(exit: Pick<ExitStatus, 'exitCode' | 'timedOut'>): boolean {
  return exit.exitCode < 0 && !exit.timedOut;
}

/** Waits for an exit that another process may have recorded. */
async function laterExit(container: Container): Promise<Pick<ExitStatus, 'exitCode' | 'timedOut'>> {
  return { exitCode: await container.wait(), timedOut: false };
}

function isRemoved(container: Container): boolean {
  try {
    container.state();
    return false;
  } catch (error) {
    if (isTspodError(error, 'NO_SUCH_CONTAINER')) return true;
    throw error;
  }
}
