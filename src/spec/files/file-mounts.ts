/** Files of the engine's that are bound into a container, and what of the user's takes their place. */
import type { OciMount } from '../../oci/spec.js';
import { isWithin } from '../../util/paths.js';
import type { ContainerConfig, MountConfig } from '../config.js';
import { secretFiles } from './secret-options.js';

/** Files that the engine writes for a container, by path on the host; absent: the container's root has its own. */
export interface ContainerFiles {
  readonly hosts?: string;
  readonly hostname?: string;
  readonly resolvConf?: string;
  readonly containerenv?: string;
  /** The directory of its secrets: a file for each, by its position. */
  readonly secrets?: string;
  /** The host's own time zone. @default /etc/localtime */
  readonly localtime?: string;
}

export const LOCALTIME = '/etc/localtime';

/** The engine's files, bound over the container's, and over those in the directories that its programs change their root to. */
export function fileMounts(config: ContainerConfig, files: ContainerFiles): readonly OciMount[] {
  const places: readonly (readonly [string, string | undefined])[] = [
    ['/etc/hosts', files.hosts],
    ['/etc/hostname', files.hostname],
    ['/etc/resolv.conf', files.resolvConf],
    ['/run/.containerenv', files.containerenv],
  ];
  const options = ['bind', 'rprivate', ...(config.readOnly ? ['ro', 'nosuid', 'noexec', 'nodev'] : [])];
  const roots = ['', ...config.chrootDirs];
  const own = places.flatMap(([path, source]) =>
    source === undefined ? [] : roots.map((root) => ({ destination: root + path, type: 'bind', source, options })),
  );
  return [
    ...[...own, ...timezoneMounts(config.timezone, files.localtime)].filter(({ destination }) =>
      isFree(config, destination),
    ),
    ...(files.secrets === undefined ? [] : secretMounts(config, files.secrets)),
  ];
}

/**
 * No mount of the user's is there, nor one of a directory that is the user's, not to be written to. A tmpfs and a volume take the file, for which an
 * empty one may have to be made in them.
 */
function isFree({ mounts }: ContainerConfig, place: string): boolean {
  return !mounts.some(
    ({ target, type, options }) =>
      isWithin(place, target) && (place === target || !TAKES_FILES.has(type) || options.includes('ro')),
  );
}

const TAKES_FILES: ReadonlySet<MountConfig['type']> = new Set(['tmpfs', 'ramfs', 'volume']);

/** They were asked for: a mount below which one lies takes it, whatever it is of. */
function secretMounts({ secrets, mounts }: ContainerConfig, directory: string): readonly OciMount[] {
  const options = ['bind', 'rprivate', 'ro', 'nosuid', 'noexec', 'nodev'];
  return secretFiles(secrets, directory)
    .filter(({ secret }) => !mounts.some(({ target }) => target === secret.target))
    .map(({ secret, path }) => ({ destination: secret.target, type: 'bind', source: path, options }));
}

/** The zone's data over the container's: `local` is the host's own. */
function timezoneMounts(timezone: string | undefined, localtime = LOCALTIME): readonly OciMount[] {
  if (timezone === undefined) return [];
  const source = timezone === 'local' ? localtime : `/usr/share/zoneinfo/${timezone}`;
  return [
    {
      destination: LOCALTIME,
      type: 'bind',
      source,
      options: ['bind', 'rprivate', 'ro', 'nosuid', 'noexec', 'nodev'],
    },
  ];
}
