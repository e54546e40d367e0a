/** The mounts that every container has, as Podman users rely on them. */
import type { OciMount } from '../../oci/spec.js';
import type { ContainerConfig } from '../config.js';
import { donorOf, isPrivate } from '../namespaces.js';

/** Returns the mounts of the kernel's file systems, of /dev and below it. */
export function kernelMounts(config: ContainerConfig): readonly OciMount[] {
  return [procMount(config), devMount(config), ...sysMounts(config), ...devSubmounts(config)];
}

/**
 * Returns the mount of /proc. A new procfs shows the PID namespace of the process that mounts it, and only the
 * namespace's owner may mount one: with a user namespace and the host's PID namespace the host's /proc is bound.
 */
function procMount(config: ContainerConfig): OciMount {
  const { user, pid } = config.namespaces;
  if (user !== 'host' && pid === 'host') {
    const options = ['rbind', 'rprivate', 'nosuid', 'noexec', 'nodev'];
    return { destination: '/proc', type: 'bind', source: '/proc', options };
  }
  const options = ['nosuid', 'noexec', 'nodev', ...config.security.procOptions];
  return { destination: '/proc', type: 'proc', source: 'proc', options };
}

function devMount(config: ContainerConfig): OciMount {
  const options = ['nosuid', 'noexec', 'strictatime', 'mode=755', 'size=65536k', ...readOnlyTmpfs(config)];
  return { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options };
}

/** Returns the option that makes /dev and /dev/shm read-only if the root is read-only and has no writable tmpfs. */
function readOnlyTmpfs(config: ContainerConfig): readonly string[] {
  return config.readOnly && !config.readOnlyTmpfs ? ['ro'] : [];
}

/**
 * Returns the mounts of /sys. A new sysfs shows the devices of the network namespace of the process that mounts it, and
 * only the namespace's owner may mount one: with a user namespace and a network namespace that is not the container's
 * own, the host's /sys is bound.
 */
function sysMounts(config: ContainerConfig): readonly OciMount[] {
  const access = config.privileged ? 'rw' : 'ro';
  const options = ['nosuid', 'noexec', 'nodev', access];
  // Read-only for a user namespace that does not own the cgroups, whoever owns their files (CVE-2023-25809).
  const ownsCgroups = config.namespaces.user === 'host' || isPrivate(config.namespaces.cgroup);
  const bound = config.namespaces.user !== 'host' && !isPrivate(config.namespaces.network);
  const sys: OciMount = bound
    ? {
        destination: '/sys',
        type: 'bind',
        source: '/sys',
        options: ['rbind', 'rprivate', 'nosuid', 'noexec', 'nodev', `r${access}`],
      }
    : { destination: '/sys', type: 'sysfs', source: 'sysfs', options };
  return [
    sys,
    {
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      source: 'cgroup',
      options: ['rprivate', 'nosuid', 'noexec', 'nodev', 'relatime', ownsCgroups ? access : 'ro'],
    },
  ];
}

function devSubmounts(config: ContainerConfig): readonly OciMount[] {
  const mounts: OciMount[] = [
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      // Group 5 is tty on every distribution. If a user namespace does not map it, the option would fail the mount.
      options: [
        'nosuid',
        'noexec',
        'newinstance',
        'ptmxmode=0666',
        'mode=0620',
        ...(mapsGroup(config, 5) ? ['gid=5'] : []),
      ],
    },
  ];
  if (ownsIpc(config)) {
    const options = ['nosuid', 'noexec', 'nodev'];
    mounts.push({ destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options });
  }
  const shm = shmMount(config);
  return shm === undefined ? mounts : [...mounts, shm];
}

/**
 * Whether the container gets /dev/mqueue. With a user namespace it may mount the message queues of an IPC namespace of
 * its own; those of another container are taken from there.
 */
function ownsIpc({ namespaces: { user, ipc } }: ContainerConfig): boolean {
  return user === 'host' || isPrivate(ipc) || donorOf(ipc) !== undefined;
}

function mapsGroup(config: ContainerConfig, group: number): boolean {
  const maps = config.gidMaps;
  return maps.length === 0 || maps.some((map) => group >= map.containerId && group < map.containerId + map.size);
}

/**
 * Returns the mount of /dev/shm, which belongs to the IPC namespace: none for `none`, the host's for the host's
 * namespace.
 */
function shmMount(config: ContainerConfig): OciMount | undefined {
  const { ipc } = config.namespaces;
  const destination = '/dev/shm';
  if (ipc === 'none') return undefined;
  if (ipc === 'host') {
    return {
      destination,
      type: 'bind',
      source: '/dev/shm',
      options: ['bind', 'rprivate', 'nosuid', 'noexec', 'nodev'],
    };
  }
  const options = ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${config.shmSizeBytes}`, ...readOnlyTmpfs(config)];
  return { destination, type: 'tmpfs', source: 'shm', options };
}

/** Returns tmpfs mounts on directories that programs expect to be writable, if the root is read-only. */
export function readOnlyRootMounts(config: ContainerConfig): readonly OciMount[] {
  if (!config.readOnly || !config.readOnlyTmpfs) return [];
  return ['/run', '/tmp', '/var/tmp'].map((destination) => ({
    destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['rw', 'rprivate', 'nosuid', 'nodev', 'tmpcopyup'],
  }));
}

/**
 * Returns all mounts in the order in which they are made: a mount that lies below another comes after it. A user's
 * mount replaces a default one; a user's /dev replaces all defaults below it as well.
 */
export function orderMounts(
  defaults: readonly OciMount[],
  files: readonly OciMount[],
  users: readonly OciMount[],
): readonly OciMount[] {
  const taken = new Set(users.map((mount) => mount.destination));
  const kept = defaults.filter(
    ({ destination }) => !taken.has(destination) && !(taken.has('/dev') && destination.startsWith('/dev/')),
  );
  const all = [...kept, ...files, ...users];
  if (users.length === 0) return all;
  const depth = (mount: OciMount): number => mount.destination.split('/').length;
  return all.toSorted((a, b) => depth(a) - depth(b));
}
