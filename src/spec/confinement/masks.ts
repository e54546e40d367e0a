/** Paths of /proc and /sys that reveal the host or change it, and are hidden or read-only. */
import { invalid } from '../../errors.js';
import type { HostFacts } from '../../host/facts.js';
import { cleanPath } from '../../util/paths.js';
import type { ContainerConfig, SecurityConfig } from '../config.js';
import { checkAbsolutePath } from '../checks/names.js';
import { quote } from '../checks/quote.js';

/** Paths that are hidden by default. */
const MASKED: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/dev/block',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
  '/sys/fs/selinux',
];

/** Paths that are read-only by default. */
const READ_ONLY: readonly string[] = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

const ALL = 'ALL';

/** Returns the paths to hide, cleaned. Each item may be a list with colons, as on Podman's command line. */
export function normalizeMask(paths: readonly string[]): readonly string[] {
  return splitPaths(paths).map((path) => cleanPath(checkMaskPath('mask', path)));
}

/** Returns the paths or patterns (`*` and `?` within a name) that are not hidden, and whether ALL is among them. */
export function normalizeUnmask(paths: readonly string[]): Pick<SecurityConfig, 'unmask' | 'unmaskAll'> {
  const all = splitPaths(paths);
  const unmask = all
    .filter((path) => path.toUpperCase() !== ALL)
    .map((path) => cleanPath(checkMaskPath('unmask', path)));
  return { unmask, unmaskAll: unmask.length < all.length };
}

function splitPaths(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => path.split(':')).filter((path) => path !== '');
}

function checkMaskPath(what: string, path: string): string {
  checkAbsolutePath(what, path);
  if (/^[^\p{Cc}]+$/u.test(path)) return path;
  throw invalid(`${what}: ${quote(path)} contains a control character`);
}

export interface PathMasks {
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
}

/** Returns the lists of the spec. With `privileged` they hold only paths that the user asked for. */
export function pathMasks(
  config: Pick<ContainerConfig, 'privileged' | 'security'>,
  facts: Pick<HostFacts, 'thermalThrottle' | 'cpus'>,
): PathMasks {
  const { mask, unmask, unmaskAll } = config.security;
  const none = config.privileged || unmaskAll;
  const patterns = unmask.map(patternOf);
  const stays = (path: string): boolean => !patterns.some((pattern) => pattern.test(path));
  return {
    maskedPaths: [...new Set([...(none ? [] : [...MASKED, ...throttlePaths(facts)].filter(stays)), ...mask])],
    readonlyPaths: none ? [] : READ_ONLY.filter(stays),
  };
}

/** Returns the paths that show how hot the host's CPUs were, which reveals its activity to other tenants. */
function throttlePaths(facts: Pick<HostFacts, 'thermalThrottle' | 'cpus'>): readonly string[] {
  if (!facts.thermalThrottle) return [];
  return Array.from({ length: facts.cpus }, (_, cpu) => `/sys/devices/system/cpu/cpu${cpu}/thermal_throttle`);
}

function patternOf(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  return new RegExp(`^${source}$`);
}
