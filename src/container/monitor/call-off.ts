/** Telling a monitor that there are to be no more restarts. */
import { openProcess } from '../../native/process-handle.js';
import type { ProcessRef } from '../../plan/context.js';
import { ANSWER_MS } from './answer.js';
import { KILL_GRACE_MS, stuck } from './end.js';
import { readLiveRecord } from './run-record.js';
import { signalProcess } from './signal-process.js';
import type { MonitorTalk } from './talk.js';
import { wakeProcess } from './wake.js';
import { comesWithin } from '../../util/within.js';

export interface CallOff {
  /** Of the container. */
  readonly id: string;
  readonly monitor: ProcessRef;
  /** Where it tells of its container. */
  readonly state: string;
  /** It is killed if nothing else helps, and with it dies what it was about to make. @default false */
  readonly force?: boolean | undefined;
}

/**
 * Waits for the answer of a monitor that has been told so. In the middle of a start or a restart SIGTERM calls that off; of a container that runs it would be the
 * end. With `force` it is killed if nothing else helps, and it throws STATE_INVALID, and hangs up, if the monitor does not even end then; without, it waits as long as a hook
 * takes.
 */
export async function untilCalledOff(talk: MonitorTalk, answer: Promise<boolean>, how: CallOff): Promise<void> {
  if (await comesWithin(answer, ANSWER_MS)) return;
  using monitor = openProcess(how.monitor.pid, how.monitor.startTime);
  if (monitor !== undefined) {
    wakeProcess(monitor);
    if (readLiveRecord(how.state)?.status !== 'running') signalProcess(monitor, 'SIGTERM');
    if (how.force === true && !(await comesWithin(answer, ANSWER_MS))) {
      signalProcess(monitor, 'SIGKILL');
      if (!(await comesWithin(answer, KILL_GRACE_MS))) {
        talk.connection.close();
        throw stuck(how.id);
      }
    }
  }
  await answer;
}
