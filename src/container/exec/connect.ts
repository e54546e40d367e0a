/** Talks to the monitor of a running exec session: its streams, and the size of its terminal. */
import { throwIfAborted } from '../../native/abort.js';
import type { AttachOptions, AttachSession, TerminalSize } from '../api/container.js';
import type { EngineContext } from '../context.js';
import { talkTo } from '../monitor/connect.js';
import { refusal, requireRunning, requireSession, type SessionName } from './found.js';
import { connectStreams } from './start.js';

export async function attachToSession(
  context: EngineContext,
  name: SessionName,
  options: AttachOptions,
): Promise<AttachSession> {
  throwIfAborted('attach', options.signal);
  const session = requireSession(context, name);
  const words = (state: string) =>
    `can only attach to running exec sessions, while container ${name.containerId} session ${name.id} state is "${state}"`;
  requireRunning(session, name, words);
  const talk = await talkTo(session.directory);
  if (talk === undefined) throw refusal(words('stopped'), name);
  const attached = connectStreams(talk, session, { options, launches: false });
  await attached.attached;
  throwIfAborted('attach', options.signal); // aborted meanwhile: the session has hung up
  return attached;
}

export async function resizeSession(context: EngineContext, name: SessionName, size: TerminalSize): Promise<void> {
  const session = requireSession(context, name);
  requireRunning(
    session,
    name,
    () => `cannot resize container ${name.containerId} exec session ${name.id} as it is not running`,
  );
  const talk = await talkTo(session.directory);
  if (talk === undefined) return; // the command has just ended
  talk.connection.send('resize', { rows: size.rows, columns: size.columns });
  await talk.connection.drained();
  talk.connection.close();
}
