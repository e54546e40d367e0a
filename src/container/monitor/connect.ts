/** Connects to monitors. */
import { connectMonitor, spawnMonitor, type SpawnMonitorOptions } from '../../native/monitor-spawn.js';
import { requireGone } from '../../util/gone.js';
import { processRef } from '../observe.js';
import { MonitorTalk } from './talk.js';
import { readLiveRecord } from './run-record.js';
import { keepAwake, wakeMonitor } from './wake.js';

/** Spawns a monitor, and connects to it. */
export function talkToNew(options: SpawnMonitorOptions): MonitorTalk {
  const connection = spawnMonitor(options);
  // Nobody else has this pid while we are connected.
  keepAwake(connection, () => processRef(connection.pid ?? 0));
  return new MonitorTalk(connection);
}

/** Connects to the monitor of a container or a command that exists. Returns undefined if the monitor is gone. */
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
