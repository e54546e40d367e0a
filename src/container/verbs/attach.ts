/** Connects to the streams of a running container. */
import { TspodError } from '../../errors.js';
import { throwIfAborted } from '../../native/abort.js';
import { containerPaths } from '../../storage/paths.js';
import type { AttachOptions, AttachSession } from '../api/container.js';
import { removeEnded } from '../settle/auto-remove.js';
import { readConfig } from '../config.js';
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import { observe, statusOf } from '../observe.js';
import { Session } from '../streams/session.js';
import { talkTo } from '../monitor/connect.js';
import { requireAllowed } from '../transitions.js';
import { noSuchContainer } from '../../state/lookup.js';

/** Connects to the container's streams. Takes no lock. Throws STATE_INVALID unless it runs. */
export async function attachToContainer(
  context: EngineContext,
  id: string,
  options: AttachOptions,
): Promise<AttachSession> {
  throwIfAborted('attach', options.signal);
  const stored = context.store.get(id);
  if (stored === undefined) throw noSuchContainer(id);
  const paths = containerPaths(context.directories, id);
  requireAllowed('attach', id, statusOf(stored.state, observe(stored.state, paths)));
  const config = readConfig(context, id);
  const talk = await talkTo(paths.run);
  if (talk === undefined) {
    throw new TspodError('STATE_INVALID', `container ${id} has just ended: container state improper`);
  }
  const session = new Session({
    connection: talk.connection,
    options,
    hasStdin: config.interactive,
    onEnd: (exit) => removeEnded(context, { id }, exit),
  });
  talk.listen((message) => {
    session.take(message);
  });
  await session.attached;
  throwIfAborted('attach', options.signal); // aborted meanwhile: the session has hung up
  recordContainerEvent(context, { id, name: stored.name, status: 'attach' });
  return session;
}
