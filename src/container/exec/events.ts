/**
 * Records the events of commands in a container. The end of a command is recorded by the process that started it, the
 * end of a session by whoever finds it first.
 */
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import { exitCodeOf } from '../exit-status.js';
import { isEndRecorded, lastMonitors, listSessions, markEndRecorded, type FoundSession } from './files.js';
import type { HeldContainer } from '../held.js';
import type { StartedExec } from './launch.js';
import { wakeProcess } from '../monitor/wake.js';
import { openProcess } from '../../native/process-handle.js';

interface Named {
  readonly id: string;
  readonly name: string;
}

interface Begun extends StartedExec {
  /** The session of the command, if it has one. */
  readonly session?: FoundSession;
}

export function recordExec(context: EngineContext, { id, name }: Named, { talk, answer, session }: Begun): void {
  if (context.events === undefined) return;
  // The time is the monitor's: a short command may have ended by now, and somebody may have recorded that.
  recordContainerEvent(context, { id, name, status: 'exec', timeUs: answer.startedUs });
  void talk
    .exited()
    .then(() => {
      if (talk.exit === undefined) return;
      recordContainerEvent(context, {
        id,
        name,
        status: 'exec_died',
        attributes: { containerExitCode: String(talk.exit.exitCode) },
        ...(session === undefined ? {} : { key: session.id }),
      });
      if (session !== undefined) markEndRecorded(session.directory);
    })
    // For example, the disk is full: whoever looks next records the end.
    .catch(() => undefined);
}

/** How long a monitor may take to record an end, in ms. */
const PATIENCE_MS = 5000;

/** Records the ends of commands after the container's end, before their sessions go with the run directory. */
export async function recordLastExecEnds(held: HeldContainer): Promise<void> {
  for (const { pid, startTime } of lastMonitors(held.paths.run)) {
    using monitor = openProcess(pid, startTime);
    if (monitor !== undefined) wakeProcess(monitor);
    // The monitor takes that long if an attached client does not read.
    await monitor?.wait({ signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => undefined);
  }
  recordExecEnds(held);
}

/**
 * Records the ends of sessions that nobody has recorded yet, such as those whose starter is gone. Costs one look for a
 * container without sessions.
 */
export function recordExecEnds({ context, id, name, paths }: HeldContainer): void {
  for (const { id: session, directory, sight } of unrecordedEnds(paths.run)) {
    // Without an exit record the monitor was killed: nobody knows how the command ended.
    const { exit } = sight;
    recordContainerEvent(context, {
      id,
      name,
      status: 'exec_died',
      attributes: { containerExitCode: String(exit === undefined ? -1 : exitCodeOf(exit.code, exit.timedOut)) },
      ...(exit === undefined ? {} : { timeUs: exit.finishedUs }),
      key: session,
    });
    markEndRecorded(directory);
  }
}

type EndedSession = FoundSession & { readonly sight: Extract<FoundSession['sight'], { readonly state: 'stopped' }> };

/** Returns the sessions whose end is not recorded as an event yet. A command that never ran has no such end. */
export function unrecordedEnds(run: string): readonly EndedSession[] {
  return listSessions(run).filter(
    (session): session is EndedSession =>
      session.sight.state === 'stopped' && session.sight.exit?.startedUs !== 0 && !isEndRecorded(session.directory),
  );
}
