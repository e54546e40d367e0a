/** Starts a created exec session, with streams attached first where they are wanted. */
import { isTspodError } from '../../errors.js';
import type { AttachOptions } from '../api/container.js';
import type { EngineContext } from '../context.js';
import { compileExec, execTarget, launchExec, type ExecTarget, type StartedExec } from './launch.js';
import { recordExec } from './events.js';
import type { ExecStartOptions } from './api.js';
import { claimStart, writeFailedStart, type FoundSession } from './files.js';
import { failpoint } from '../failpoint.js';
import { withContainer } from '../held.js';
import type { MonitorTalk } from '../monitor/talk.js';
import { Session } from '../streams/session.js';
import { execStdio, type StdioPlan } from '../streams/stdio.js';
import { refusal, requireSession, type SessionName } from './found.js';

interface StartRequest {
  readonly options: ExecStartOptions;
  readonly attach?: AttachOptions;
}

interface StartedSession extends StartedExec {
  readonly session: Session | undefined;
}

/**
 * Starts a session. Only its claim is under the container's lock: the container can hold the command up before that
 * runs, and it must be possible to stop the container meanwhile.
 */
export async function startSession(
  context: EngineContext,
  name: SessionName,
  request: StartRequest,
): Promise<StartedSession> {
  const claimed = await claimSession(context, name, request.options);
  const { session, target } = claimed;
  try {
    const started = await launchSession(context, claimed, request);
    recordExec(context, target, { talk: started.talk, answer: started.answer, session });
    return started;
  } catch (error) {
    writeFailedStart(session.directory, isTspodError(error, 'COMMAND_NOT_FOUND') ? 127 : 126);
    throw error;
  }
}

interface ClaimedSession {
  readonly session: FoundSession;
  readonly target: ExecTarget;
  readonly stdio: StdioPlan;
}

/** Claims the start of a session: from now on nobody else starts it. */
async function claimSession(
  context: EngineContext,
  name: SessionName,
  options: ExecStartOptions,
): Promise<ClaimedSession> {
  const { id, containerId } = name;
  return withContainer(
    context,
    containerId,
    (held) => {
      const session = requireSession(context, name);
      const { config, directory, sight } = session;
      held.require('exec');
      const target = execTarget(context, containerId, config.options);
      const stdio = sessionStdio(session, target, options);
      if (sight.state !== 'created' || !claimStart(directory)) {
        throw refusal(
          `can only start created exec sessions, while container ${containerId} session ${id} state is "${sight.state}"`,
          name,
        );
      }
      failpoint('exec-session-claimed');
      return { session, target, stdio };
    },
    { signal: options.signal },
  );
}

function sessionStdio({ config }: FoundSession, { request }: ExecTarget, options: ExecStartOptions): StdioPlan {
  const { fds, size } = options;
  const planned = execStdio(request, { stdin: request.interactive, fds, size });
  if (request.tty) return planned;
  const { stdio } = planned;
  return {
    ...planned,
    stdio: {
      ...stdio,
      ...(config.attachStdout ? {} : { stdout: 'null' }),
      ...(config.attachStderr ? {} : { stderr: 'null' }),
    },
  };
}

async function launchSession(
  context: EngineContext,
  { session, target, stdio }: ClaimedSession,
  request: StartRequest,
): Promise<StartedSession> {
  let attached: Session | undefined;
  const started = await launchExec(compileExec(context, target, stdio, session.directory), {
    target,
    fds: stdio.fds,
    signal: request.options.signal,
    before: (before) => {
      if (request.attach === undefined) return;
      const connected = connectStreams(before, session, { options: request.attach, launches: true });
      attached = connected;
    },
  });
  return { ...started, session: attached };
}

export function connectStreams(
  talk: MonitorTalk,
  { config }: FoundSession,
  { options, launches }: { readonly options: AttachOptions; readonly launches: boolean },
): Session {
  const { tty = false, interactive = false } = config.options;
  const keys = options.detachKeys ?? config.detachKeys;
  const session = new Session({
    connection: talk.connection,
    options: { ...options, ...(keys === undefined ? {} : { detachKeys: keys }) },
    hasStdin: tty || interactive,
    launches,
  });
  talk.listen((message) => {
    session.take(message);
  });
  return session;
}
