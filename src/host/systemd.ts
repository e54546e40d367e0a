/** Whether systemd runs this machine. */
import { existsSync, readFileSync } from 'node:fs';

/** Where the system's D-Bus listens, and systemd itself, for root. */
export const SYSTEM_BUS = '/run/dbus/system_bus_socket';
export const SYSTEMD_SOCKET = '/run/systemd/private';

/**
 * As sd_booted(3), and one can talk to it: a container may see the /run of a systemd that counts processes otherwise, so process 1
 * has to be that systemd.
 */
export function systemdRuns(): boolean {
  if (!existsSync('/run/systemd/system')) return false;
  if (!existsSync(SYSTEM_BUS) && !existsSync(SYSTEMD_SOCKET)) return false;
  try {
    return readFileSync('/proc/1/comm', 'utf8') === 'systemd\n';
  } catch {
    return false;
  }
}
