/**
 * Creates exec sessions, which are created, started and removed by separate calls; a plain exec is all of that in one
 * call, and leaves nothing.
 */
import type { EngineContext } from '../context.js';
import { parseDetachKeys } from '../streams/detach-keys.js';
import { execTarget } from './launch.js';
import type { ExecCreateOptions, ExecSession, ExecStartOptions } from './api.js';
import { ownProcess, pruneSessions, writeSession } from './files.js';
import { failpoint } from '../failpoint.js';
import { withContainer } from '../held.js';
import { newId } from '../ids.js';
import { execSessionHandle } from './handle.js';

const DEFAULTS = { attachStdout: true, attachStderr: true };

/** Records an exec session. Throws STATE_INVALID unless the container runs, INVALID_ARGUMENT for the options. */
export async function createExecSession(
  context: EngineContext,
  containerId: string,
  options: ExecCreateOptions,
): Promise<ExecSession> {
  return record(context, containerId, { options, oneCall: false });
}

/** Creates and starts a session in one call: if the call is cut off in between, the session counts as never created. */
export async function startNewExecSession(
  context: EngineContext,
  containerId: string,
  options: ExecCreateOptions & ExecStartOptions,
): Promise<ExecSession> {
  const { fds, size, signal, ...createOptions } = options;
  const session = await record(context, containerId, { options: createOptions, oneCall: true });
  try {
    await session.start({
      ...(fds === undefined ? {} : { fds }),
      ...(size === undefined ? {} : { size }),
      ...(signal === undefined ? {} : { signal }),
    });
    return session;
  } catch (error) {
    await session.remove({ force: true, timeoutSec: 0 }).catch(() => undefined);
    throw error;
  }
}

interface Recording {
  readonly options: ExecCreateOptions;
  readonly oneCall: boolean;
}

async function record(
  context: EngineContext,
  containerId: string,
  { options, oneCall }: Recording,
): Promise<ExecSession> {
  const { attachStdout, attachStderr, detachKeys, ...execOptions } = { ...DEFAULTS, ...options };
  if (detachKeys !== undefined) parseDetachKeys(detachKeys);
  return withContainer(context, containerId, async (held) => {
    held.require('exec');
    // Options with which the command cannot run are refused now.
    execTarget(context, containerId, execOptions);
    await pruneSessions(held.paths.run);
    const id = newId();
    writeSession(held.paths.run, id, {
      createdMs: Date.now(),
      options: execOptions,
      attachStdout,
      attachStderr,
      ...(detachKeys === undefined ? {} : { detachKeys }),
      ...(oneCall ? { creator: creatorOf(ownProcess()) } : {}),
    });
    failpoint('exec-session-recorded');
    return execSessionHandle(context, { id, containerId });
  });
}

function creatorOf({ pid, startTime }: { readonly pid: number; readonly startTime: bigint }) {
  return { pid, startTime: String(startTime) };
}
