/** A conversation with the monitor of a container that is there already. */
import { connectMonitor } from '../../native/monitor-spawn.js';
import { requireGone } from '../../util/gone.js';
import { MonitorTalk } from './talk.js';
import { readLiveRecord } from './run-record.js';
import { wakeMonitor } from './wake.js';

/** Undefined if the monitor has gone. */
export async function talkTo(runDirectory: string): Promise<MonitorTalk | undefined> {
  const live = readLiveRecord(`${runDirectory}/state`);
  if (live !== undefined) wakeMonitor(live.monitor);
  try {
    return new MonitorTalk(await connectMonitor(runDirectory));
  } catch (error) {
    requireGone(error);
    return undefined;
  }
}
