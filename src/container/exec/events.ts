/** The events of a command in a container. Its end is recorded by who started it, and that of a session by whoever finds it first. */
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import { exitCodeOf } from '../exit-status.js';
import { isTold, lastMonitors, listSessions, tell, type FoundSession } from './files.js';
import type { HeldContainer } from '../held.js';
import type { StartedExec } from './launch.js';
import { wakeProcess } from '../monitor/wake.js';
import { openProcess } from '../../native/process-handle.js';

interface Named {
  readonly id: string;
  readonly name: string;
}

interface Begun extends StartedExec {
  /** Where its record is, if it has one. */
  readonly session?: FoundSession;
}

export function recordExec(context: EngineContext, { id, name }: Named, { talk, answer, session }: Begun): void {
  if (context.events === undefined) return;
  // A short command may have ended by now, and been told by who looked.
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
      if (session !== undefined) tell(session.directory);
    })
    // A disk that is full, say: whoever looks next tells it.
    .catch(() => undefined);
}

/** How long a monitor may take to write down an end. */
const PATIENCE_MS = 5000;

/** After the container's end, before its sessions go with the run directory. */
export async function recordLastExecEnds(held: HeldContainer): Promise<void> {
  for (const { pid, startTime } of lastMonitors(held.paths.run)) {
    using monitor = openProcess(pid, startTime);
    if (monitor !== undefined) wakeProcess(monitor);
    // One that somebody is attached to and does not read from takes as long as that.
    await monitor?.wait({ signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => undefined);
  }
  recordExecEnds(held);
}

/** Records the ends of sessions whose starter is gone. Costs one look for a container that has none. */
export function recordExecEnds({ context, id, name, paths }: HeldContainer): void {
  for (const { id: session, directory, sight } of untoldEnds(paths.run)) {
    // Its monitor was killed: nobody knows how it ended.
    const { exit } = sight;
    recordContainerEvent(context, {
      id,
      name,
      status: 'exec_died',
      attributes: { containerExitCode: String(exit === undefined ? -1 : exitCodeOf(exit.code, exit.timedOut)) },
      ...(exit === undefined ? {} : { timeUs: exit.finishedUs }),
      key: session,
    });
    tell(directory);
  }
}

type EndedSession = FoundSession & { readonly sight: Extract<FoundSession['sight'], { readonly state: 'stopped' }> };

/** What never ran has not died. */
export function untoldEnds(run: string): readonly EndedSession[] {
  return listSessions(run).filter(
    (session): session is EndedSession =>
      session.sight.state === 'stopped' && session.sight.exit?.startedUs !== 0 && !isTold(session.directory),
  );
}
