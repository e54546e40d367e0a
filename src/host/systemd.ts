/** Whether systemd runs this machine. */
import { existsSync, readFileSync } from 'node:fs';

/** Sockets of the system's D-Bus, and, for root, of systemd itself. */
export const SYSTEM_BUS = '/run/dbus/system_bus_socket';
export const SYSTEMD_SOCKET = '/run/systemd/private';

/**
 * Whether systemd runs this machine (sd_booted(3)) and can be reached. A container may see the /run of a systemd in
 * another PID namespace, so process 1 has to be that systemd.
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
