/** The handle of an exec session: it binds each verb to an id. */
import { noSuchContainer } from '../../state/lookup.js';
import { containerPaths } from '../../storage/paths.js';
import type { EngineContext } from '../context.js';
import {
  checkedAttach,
  checkedSessionRemove,
  checkedSessionStart,
  checkedSessionStartAttached,
  checkedSessionStop,
  checkedSessionWait,
  checkedSize,
} from '../call-options.js';
import type { ExecSession } from './api.js';
import { listSessions } from './files.js';
import { attachToSession, resizeSession } from './connect.js';
import { removeExecSession, stopSession, waitForSession } from './end.js';
import { requireSession, type SessionName } from './found.js';
import { inspectSession } from './inspect.js';
import { startSession } from './start.js';

export function execSessionHandle(context: EngineContext, name: SessionName): ExecSession {
  return {
    ...name,
    state: () => requireSession(context, name).sight.state,
    inspect: () => inspectSession(context, name),
    start: async (options) => {
      const { talk } = await startSession(context, name, { options: checkedSessionStart(options) });
      // This process records the end as an event if it still lives then, but it does not stay for that.
      talk.connection.unref();
    },
    startAttached: async (given) => {
      const options = checkedSessionStartAttached(given);
      const { session } = await startSession(context, name, { options, attach: options });
      if (session === undefined) throw new TypeError('an attached exec gave no session');
      return session;
    },
    attach: async (options) => attachToSession(context, name, checkedAttach(options)),
    resize: async (size) => resizeSession(context, name, checkedSize(size)),
    stop: async (options) => stopSession(context, name, checkedSessionStop(options)),
    wait: async (options) => waitForSession(context, name, checkedSessionWait(options)),
    remove: async (options) => removeExecSession(context, name, checkedSessionRemove(options)),
  };
}

/** All sessions of a container's present run, oldest first. */
export function execSessions(context: EngineContext, containerId: string): readonly ExecSession[] {
  if (context.store.get(containerId) === undefined) throw noSuchContainer(containerId);
  return listSessions(containerPaths(context.directories, containerId).run).map(({ id }) =>
    execSessionHandle(context, { id, containerId }),
  );
}
