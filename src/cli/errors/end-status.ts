/** The exit status of who was attached until the end. Throws MONITOR_DIED, with the status 255, when nobody knows how it ended. */
import type { AttachEnd, Container, ExitStatus } from '../../container/api/container.js';
import { isTspodError, TspodError } from '../../errors.js';
import type { Context } from '../context.js';
import { EXIT_UNKNOWN, endStatus, StatusError } from './exit-status.js';

/** Of a container. One whose monitor has died was ended by whoever waited for it. Warns of output that was not brought. */
export async function statusOfContainer(
  { log }: Pick<Context, 'log'>,
  container: Container,
  end: AttachEnd,
): Promise<number> {
  if (end.reason === 'detached') return 0;
  if (end.reason === 'exited' && !isUnknown(end)) return endStatus(end);
  const exit = await laterExit(container);
  if (!isUnknown(exit)) {
    const why = 'another command ended or removed it, and waits five seconds for who reads slowly';
    await log('warning', `the last output of container ${container.name} is lost: ${why}`);
    return endStatus(exit);
  }
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
