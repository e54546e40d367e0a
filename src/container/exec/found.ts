/** Looks up exec sessions, and refuses what their state does not allow. */
import { TspodError } from '../../errors.js';
import { containerPaths } from '../../storage/paths.js';
import type { EngineContext } from '../context.js';
import { findSession, type FoundSession } from './files.js';
import { exitCodeOf } from '../exit-status.js';
import type { LiveRecord } from '../monitor/run-record.js';

export interface SessionName {
  readonly id: string;
  readonly containerId: string;
}

/** Reads an exec session from its files. Throws NO_SUCH_EXEC_SESSION. */
export function requireSession({ directories, store }: EngineContext, { id, containerId }: SessionName): FoundSession {
  store.requireOpen();
  const session = findSession(containerPaths(directories, containerId).run, id);
  if (session === undefined) throw noSuchSession({ id, containerId });
  return session;
}

function noSuchSession({ id, containerId }: SessionName): TspodError {
  return new TspodError(
    'NO_SUCH_EXEC_SESSION',
    `container ${containerId} has no exec session with ID ${id}: no such exec session`,
    { details: { id, containerId } },
  );
}

export function refusal(words: string, { id, containerId }: SessionName): TspodError {
  return new TspodError('STATE_INVALID', `${words}: exec session state improper`, { details: { id, containerId } });
}

export function exitCode({ sight }: FoundSession): number {
  if (sight.state !== 'stopped') return 0;
  return sight.exit === undefined ? -1 : exitCodeOf(sight.exit.code, sight.exit.timedOut);
}

export function requireRunning(session: FoundSession, name: SessionName, words: (state: string) => string): LiveRecord {
  if (session.sight.state === 'running') return session.sight.live;
  throw refusal(words(session.sight.state), name);
}
