/** Calls a launch off. */
import { watch } from 'node:fs';

import { openProcess } from '../../native/process-handle.js';
import type { ContainerPaths } from '../../storage/paths.js';
import type { MonitorTalk } from '../monitor/talk.js';
import { readLiveRecord } from '../monitor/run-record.js';
import { signalProcess } from '../monitor/signal-process.js';
import { talkTo } from '../monitor/connect.js';

/**
 * Gives a launch up; resolves when the monitor is gone. The closed connection makes a monitor give up that has not yet
 * started its container, or brought it to the gate. One that has is told to stop, and its container is killed, as soon
 * as the monitor's record names a process.
 */
export async function giveUp(talk: MonitorTalk, paths: ContainerPaths): Promise<void> {
  talk.connection.close();
  const look = () => {
    // Whoever looks at the container next puts right what fails here.
    void endRunning(paths).catch(() => undefined);
  };
  const watcher = watchDirectory(paths.run, look);
  look();
  await talk.connection.ended().catch(() => undefined);
  watcher?.close();
}

async function endRunning(paths: ContainerPaths): Promise<void> {
  if (readLiveRecord(paths.state) === undefined) return;
  const talk = await talkTo(paths.run);
  await talk?.stop();
  talk?.connection.close();
  // No policy starts the container again now, so this is its last process.
  const live = readLiveRecord(paths.state);
  if (live === undefined || live.init.pid === 0) return;
  using process = openProcess(live.init.pid, live.init.startTime);
  signalProcess(process, 'SIGKILL');
}

/** Watches a directory. Returns undefined if it is gone already, with the monitor. */
function watchDirectory(path: string, onChange: () => void) {
  try {
    return watch(path, onChange).on('error', () => undefined);
  } catch {
    return undefined;
  }
}
