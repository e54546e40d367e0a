/** Stops exec sessions, waits for their ends, and removes them. */
import { setTimeout as delay } from 'node:timers/promises';

import { throwIfAborted, whenAborted } from '../../native/abort.js';
import { monotonicMs } from '../../native/primitives.js';
import { openProcess } from '../../native/process-handle.js';
import type { SignalOption } from '../api/container.js';
import { readConfig } from '../config.js';
import { tracked, whileOpen, type EngineContext } from '../context.js';
import type { ExecRemoveOptions, ExecStopOptions } from './api.js';
import { isClaimed, lookAtSession, recordsOf, removeSession, type FoundSession } from './files.js';
import { withContainer } from '../held.js';
import type { LiveRecord } from '../monitor/run-record.js';
import { talkTo } from '../monitor/connect.js';
import { checkStopTime, stopProcess, type Stopping } from '../verbs/stop.js';
import { exitCode, refusal, requireRunning, requireSession, type SessionName } from './found.js';

export async function stopSession(
  context: EngineContext,
  name: SessionName,
  options: ExecStopOptions = {},
): Promise<void> {
  const session = requireSession(context, name);
  const live = requireRunning(
    session,
    name,
    (state) => `container ${name.containerId} exec session ${name.id} is "${state}", can only stop running sessions`,
  );
  await tracked(context, () => endCommand(context, name.containerId, { live, options, paths: recordsOf(session) }));
}

interface Ending {
  readonly live: LiveRecord;
  readonly options: ExecStopOptions;
  readonly paths: Stopping['paths'];
}

/** Ends the command with the stop signal and the time of the container. */
async function endCommand(
  context: EngineContext,
  containerId: string,
  { live, options, paths }: Ending,
): Promise<void> {
  throwIfAborted('stop an exec session', options.signal);
  checkStopTime(options);
  const config = readConfig(context, containerId);
  using process = openProcess(live.init.pid, live.init.startTime);
  using monitor = openProcess(live.monitor.pid, live.monitor.startTime);
  await stopProcess(
    {
      id: containerId,
      name: containerId,
      process,
      talk: undefined,
      monitor,
      paths,
      signal: config.stopSignal,
      timeoutSec: options.timeoutSec ?? config.stopTimeoutSec,
    },
    options.signal === undefined ? {} : { signal: options.signal },
  );
}

export async function waitForSession(
  context: EngineContext,
  name: SessionName,
  options: SignalOption = {},
): Promise<number> {
  const session = requireSession(context, name);
  const { sight } = session;
  if (sight.state === 'created') {
    throw refusal(`container ${name.containerId} exec session ${name.id} was not started`, name);
  }
  if (sight.state === 'stopped') return exitCode(session);
  return whileOpen(context, options.signal, (signal) => endOfSession(session, sight.live, signal));
}

async function endOfSession(session: FoundSession, live: LiveRecord, signal: AbortSignal): Promise<number> {
  const { directory } = session;
  const talk = await talkTo(directory);
  if (talk !== undefined) {
    // The monitor reports the end without being asked.
    const forget = whenAborted(signal, () => {
      talk.connection.close();
    });
    await talk.closed();
    forget();
    if (talk.exit !== undefined) return talk.exit.exitCode;
  }
  throwIfAborted('wait', signal);
  // The monitor has ended, was killed, or has too many clients.
  using monitor = openProcess(live.monitor.pid, live.monitor.startTime);
  await monitor?.wait({ signal });
  using process = openProcess(live.init.pid, live.init.startTime);
  await process?.wait({ signal });
  const after = lookAtSession(directory);
  return exitCode({ ...session, sight: after.state === 'stopped' ? after : { state: 'stopped', exit: undefined } });
}

/** Time between two looks at a session that another call starts, in ms. */
const LOOK_EVERY_MS = 20;

/** How long such a start may take until there is a process, in ms. */
const START_PATIENCE_MS = 5000;

export async function removeExecSession(
  context: EngineContext,
  name: SessionName,
  options: ExecRemoveOptions = {},
): Promise<void> {
  const deadline = monotonicMs() + START_PATIENCE_MS;
  while (!(await removedOnce(context, name, { options, deadline }))) await delay(LOOK_EVERY_MS);
}

interface Removal {
  readonly options: ExecRemoveOptions;
  readonly deadline: number;
}

/** Removes the session, with `force` after ending its command. Returns false if another call is starting it. */
async function removedOnce(
  context: EngineContext,
  name: SessionName,
  { options, deadline }: Removal,
): Promise<boolean> {
  const session = requireSession(context, name);
  if (session.sight.state === 'running') {
    if (options.force !== true) {
      throw refusal(`container ${name.containerId} exec session ${name.id} is still running, cannot remove`, name);
    }
    const { live } = session.sight;
    const paths = recordsOf(session);
    await tracked(context, () => endCommand(context, name.containerId, { live, options, paths }));
  }
  const remove = async () => {
    const { state } = lookAtSession(session.directory);
    if (state === 'running') return false;
    if (state === 'created' && isClaimed(session.directory)) {
      if (monotonicMs() < deadline) return false;
      throw refusal(`container ${name.containerId} exec session ${name.id} is being started, cannot remove`, name);
    }
    await removeSession(session.directory);
    return true;
  };
  return withContainer(context, name.containerId, remove, { signal: options.signal });
}
