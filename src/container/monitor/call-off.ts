/** Calls off the restarts of a monitor that may not answer. */
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
  /** Id of the container. */
  readonly id: string;
  readonly monitor: ProcessRef;
  /** Path of the file in which the monitor records the state of its container. */
  readonly state: string;
  /** Kill the monitor if nothing else helps, and with it what it was about to make. @default false */
  readonly force?: boolean | undefined;
}

/**
 * Waits for the answer of a monitor that was told to call restarts off. A monitor that does not answer gets SIGTERM,
 * which calls off a start or a restart that is under way, but not while its container runs, which the signal would end.
 * With `force` the monitor is then killed; if it does not even end then, this hangs up and throws STATE_INVALID.
 * Without `force` this waits for as long as a hook takes.
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
