/**
 * Systemd mode: what a container gets whose command is systemd, as with Podman. Its cgroup is one that it may divide
 * (plan/cgroup-delegation.ts).
 */
import { invalid } from '../errors.js';
import type { OciMount } from '../oci/spec.js';
import { baseName } from '../util/paths.js';
import { SIGRTMIN } from '../util/signals.js';
import type { ContainerConfig } from './config.js';
import type { CreateOptions } from './create-options.js';
import { quote } from './checks/quote.js';
import { isPrivate } from './namespaces.js';

/** The signal upon which systemd stops all services and ends (systemd(1)); SIGTERM would have it start again. */
export const SYSTEMD_STOP_SIGNAL = SIGRTMIN + 3;

export const SYSTEMD_VALUES = ['true', 'false', 'always'] as const;

/** Programs that are taken for systemd, besides any whose name is that. */
const INIT_PROGRAMS: readonly string[] = ['/sbin/init', '/usr/sbin/init', '/usr/local/sbin/init'];

const TMPFS = ['/run', '/run/lock', '/tmp', '/var/log/journal'];

type Decision = Pick<CreateOptions, 'systemd' | 'init'> & { readonly args: readonly string[] };

/** Whether a container with these arguments is in systemd mode. Throws INVALID_ARGUMENT. */
export function isSystemdMode({ systemd = 'true', init = false, args }: Decision): boolean {
  if (!SYSTEMD_VALUES.includes(systemd))
    throw invalid(`systemd must be one of ${SYSTEMD_VALUES.join(', ')}, not ${quote(systemd)}`);
  if (systemd === 'always' && init) throw invalid('cannot use container-init binary with systemd=always');
  if (systemd !== 'true') return systemd === 'always';
  // The program behind a shell: images that are built from `CMD systemd` run it so.
  const isBehindShell = args.length > 2 && args[0] === '/bin/sh' && args[1] === '-c';
  const program = args[isBehindShell ? 2 : 0] ?? '';
  return !init && (INIT_PROGRAMS.includes(program) || baseName(program.replace(/\/+$/, '')) === 'systemd');
}

/** Returns the environment variable that tells systemd its machine's id, from the container's. */
export function systemdEnvironment({ systemd }: ContainerConfig, id: string): Readonly<Record<string, string>> {
  return systemd === true ? { container_uuid: id.slice(0, 32) } : {};
}

/**
 * Returns the tmpfs mounts that systemd expects. Each begins with what the image has at its place, but with none of the
 * host's runtime files and journal.
 */
export function systemdMounts({ systemd, root }: ContainerConfig): readonly OciMount[] {
  if (systemd !== true) return [];
  const copies = root.kind === 'host' ? [] : ['tmpcopyup'];
  return TMPFS.map((destination) => ({
    destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['rw', 'rprivate', 'nosuid', 'nodev', ...copies],
  }));
}

type Cgroups = Pick<ContainerConfig, 'systemd' | 'cgroups' | 'namespaces' | 'runtime'>;

/**
 * Whether the container may make cgroups in its own. Not if it does not see its own: with another's cgroup namespace,
 * or in a user namespace that does not own its view of them. Other runtimes put it right into the group with its limits.
 */
export function mayDivideCgroup({ systemd, cgroups, namespaces: { cgroup, user }, runtime }: Cgroups): boolean {
  if (systemd !== true || cgroups === 'disabled' || runtime !== undefined) return false;
  return isPrivate(cgroup) || (cgroup === 'host' && user === 'host');
}
