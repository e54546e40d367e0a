/** Conversations with monitors. */
import { connectMonitor, spawnMonitor, type SpawnMonitorOptions } from '../../native/monitor-spawn.js';
import { requireGone } from '../../util/gone.js';
import { processRef } from '../observe.js';
import { MonitorTalk } from './talk.js';
import { readLiveRecord } from './run-record.js';
import { keepAwake, wakeMonitor } from './wake.js';

/** With one that is made for it. */
export function talkToNew(options: SpawnMonitorOptions): MonitorTalk {
  const connection = spawnMonitor(options);
  // Its number is nobody else's while we are connected.
  keepAwake(connection, () => processRef(connection.pid ?? 0));
  return new MonitorTalk(connection);
}

/** With that of a container, or of a command, that is there already. Undefined if the monitor has gone. */
export async function talkTo(runDirectory: string): Promise<MonitorTalk | undefined> {
  const live = readLiveRecord(`${runDirectory}/state`);
  if (live !== undefined) wakeMonitor(live.monitor);
  try {
    const connection = await connectMonitor(runDirectory);
    keepAwake(connection, () => live?.monitor);
    return new MonitorTalk(connection);
  } catch (error) {
    requireGone(error);
    return undefined;
  }
}
