/** The exit status of who was attached until the end. Throws MONITOR_DIED, with the status 255, when nobody knows how it ended. */
import type { AttachEnd, Container, ExitStatus } from '../../container/api/container.js';
import { isTspodError, TspodError } from '../../errors.js';
import { EXIT_UNKNOWN, endStatus, StatusError } from './exit-status.js';

/** Of a container. One whose monitor has died was ended by whoever waited for it. */
export async function statusOfContainer(container: Container, end: AttachEnd): Promise<number> {
  if (end.reason === 'detached') return 0;
  const exit = end.reason === 'exited' ? end : await laterExit(container);
  if (!isUnknown(exit)) return endStatus(exit);
  const after = isRemoved(container) ? 'ended and removed' : 'ended';
  throw died(`container ${container.name} died: the container was ${after}, its exit code is not known`);
}

/** Of a command in a container, which goes on without its monitor. */
export function statusOfCommand(container: Container, exit: ExitStatus | undefined): number {
  if (exit !== undefined && !isUnknown(exit)) return endStatus(exit);
  const where = `a command in container ${container.name}`;
  throw died(`${where} died: how the command ended is not known`);
}

function died(what: string): StatusError {
  return new StatusError(new TspodError('MONITOR_DIED', `the monitor of ${what}`), EXIT_UNKNOWN);
}

function isUnknown(exit: Pick<ExitStatus, 'exitCode' | 'timedOut'>): boolean {
  return exit.exitCode < 0 && !exit.timedOut;
}

/** Somebody else may have recorded it. */
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
