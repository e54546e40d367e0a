/**
 * The container's systemd scope, where systemd manages cgroups: made for each launch, gone when the container and its
 * monitor have ended.
 */
import { abortedError } from '../../native/abort.js';
import { scopeName } from '../../spec/limits/cgroup-path.js';
import { failpoint } from '../failpoint.js';
import type { HeldContainer } from '../held.js';
import type { MonitorTalk } from '../monitor/talk.js';

/**
 * Puts the monitor, which waits for its plan, into a new scope. Throws LAUNCH_FAILED with systemd's message,
 * UNSUPPORTED_HOST, ABORTED; after an error the monitor is gone, and with it the scope if there is one.
 */
export async function enterScope(
  held: HeldContainer,
  talk: MonitorTalk,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { id, config } = held;
  try {
    // Loaded only here: most machines and many commands have no use for D-Bus.
    const { startScope } = await import('../../systemd/scope.js');
    await startScope({
      name: scopeName(id),
      description: `tspod container ${held.name}`,
      slice: config.cgroupParent,
      pid: talk.connection.pid ?? 0,
      signal,
    });
    failpoint('scope-made');
  } catch (error) {
    talk.connection.close();
    await talk.connection.ended().catch(() => undefined);
    if (signal?.aborted === true) throw abortedError('start', signal);
    throw error;
  }
}
