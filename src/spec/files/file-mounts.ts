/** Files of the engine that are bound into a container, unless a mount of the user takes their place. */
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
  /** Directory of the container's secrets: a file for each, named by its index. */
  readonly secrets?: string;
  /** File of the host's own time zone. @default /etc/localtime */
  readonly localtime?: string;
}

export const LOCALTIME = '/etc/localtime';

/**
 * Returns the mounts that bind the engine's files over the container's, also in the directories that its programs
 * change their root to.
 */
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
 * Whether the user's mounts leave this place to the engine: none is mounted at the place itself, and none above it is a
 * bind mount, an image or read-only. In a tmpfs or a volume the file can be mounted, for which an empty file may have
 * to be made there.
 */
function isFree({ mounts }: ContainerConfig, place: string): boolean {
  return !mounts.some(
    ({ target, type, options }) =>
      isWithin(place, target) && (place === target || !TAKES_FILES.has(type) || options.includes('ro')),
  );
}

const TAKES_FILES: ReadonlySet<MountConfig['type']> = new Set(['tmpfs', 'ramfs', 'volume']);

/**
 * Returns the mounts of secrets. The user asked for them, so they are mounted below any mount of the user, whatever its
 * type.
 */
function secretMounts({ secrets, mounts }: ContainerConfig, directory: string): readonly OciMount[] {
  const options = ['bind', 'rprivate', 'ro', 'nosuid', 'noexec', 'nodev'];
  return secretFiles(secrets, directory)
    .filter(({ secret }) => !mounts.some(({ target }) => target === secret.target))
    .map(({ secret, path }) => ({ destination: secret.target, type: 'bind', source: path, options }));
}

/** Returns the mount of the time zone's data over the container's; `local` is the host's zone. */
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
