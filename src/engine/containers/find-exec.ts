/** Finds an exec session by its id alone. */
import { readdirSync } from 'node:fs';

import type { EngineContext } from '../../container/context.js';
import type { ExecSession } from '../../container/exec/api.js';
import { findSession } from '../../container/exec/files.js';
import { execSessionHandle } from '../../container/exec/handle.js';
import { TspodError } from '../../errors.js';
import { requireString } from '../../util/require-string.js';

/**
 * Finds an exec session in whatever container. Looks into each run directory: only containers that run, or ran a moment
 * ago, have one. Throws NO_SUCH_EXEC_SESSION.
 */
export function findExecSession(context: EngineContext, id: string): ExecSession {
  const { paths, store } = context;
  store.requireOpen();
  requireString('the ID of an exec session', id);
  for (const containerId of readdirSync(paths.runDirectories)) {
    if (findSession(`${paths.runDirectories}/${containerId}`, id) === undefined) continue;
    return execSessionHandle(context, { id, containerId });
  }
  throw new TspodError('NO_SUCH_EXEC_SESSION', `no exec session with ID ${id} found: no such exec session`, {
    details: { id },
  });
}
