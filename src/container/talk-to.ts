/** A conversation with the monitor of a container that is there already. */
import { connectMonitor } from '../native/monitor-spawn.js';
import { MonitorTalk } from './monitor-talk.js';
import { requireGone } from '../util/gone.js';

/** Undefined if the monitor has gone. */
export async function talkTo(runDirectory: string): Promise<MonitorTalk | undefined> {
  try {
    return new MonitorTalk(await connectMonitor(runDirectory));
  } catch (error) {
    requireGone(error);
    return undefined;
  }
}
