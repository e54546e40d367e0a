/** SELinux labels that are made from label options. */
import type { SecurityConfig } from '../config.js';

/** Default parts of a label, which container-selinux's policy defines. */
const DEFAULTS = { user: 'system_u', role: 'system_r', process: 'container_t', mount: 'container_file_t' };

/**
 * Returns the label of the process or of its files; undefined if labels are disabled. Unless a level is given, the
 * label has two categories that are derived from the id, so that containers are separated from each other as well.
 */
export function seLinuxLabel(
  security: Pick<SecurityConfig, 'labels' | 'labelsDisabled'>,
  of: 'process' | 'mount',
  id: string,
): string | undefined {
  if (security.labelsDisabled) return undefined;
  const part = (name: string): string | undefined => {
    const given = security.labels.findLast((label) => label.startsWith(`${name}:`));
    return given?.slice(name.length + 1);
  };
  const role = of === 'process' ? (part('role') ?? DEFAULTS.role) : 'object_r';
  const type = of === 'process' ? (part('type') ?? DEFAULTS.process) : (part('filetype') ?? DEFAULTS.mount);
  return [part('user') ?? DEFAULTS.user, role, type, part('level') ?? `s0:${categories(id)}`].join(':');
}

/** Returns two different categories of the 1024 that policies have, the lower first: half a million pairs. */
function categories(id: string): string {
  const first = Number.parseInt(id.slice(0, 8), 16) % 1024;
  const second = (first + 1 + (Number.parseInt(id.slice(8, 16), 16) % 1023)) % 1024;
  return `c${Math.min(first, second)},c${Math.max(first, second)}`;
}
