/** The mounts that every container has, as Podman users rely on them. */
import type { OciMount } from '../../oci/spec.js';
import type { ContainerConfig } from '../config.js';
import { donorOf, isPrivate } from '../namespaces.js';

/** Kernel file systems, /dev and below. */
export function kernelMounts(config: ContainerConfig): readonly OciMount[] {
  return [procMount(config), devMount(config), ...sysMounts(config), ...devSubmounts(config)];
}

/** A new procfs shows who mounts it his own PID namespace, and only its owner may mount one: with a user namespace the host's is bound. */
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

/** With a read-only root that has no writable tmpfs, /dev and /dev/shm are read-only, too. */
function readOnlyTmpfs(config: ContainerConfig): readonly string[] {
  return config.readOnly && !config.readOnlyTmpfs ? ['ro'] : [];
}

/**
 * A new sysfs shows the devices of the network namespace of who mounts it, and only the owner of that namespace may mount one: with a
 * user namespace and someone else's network the host's is bound.
 */
function sysMounts(config: ContainerConfig): readonly OciMount[] {
  const access = config.privileged ? 'rw' : 'ro';
  const options = ['nosuid', 'noexec', 'nodev', access];
  // Cgroups that a user namespace does not own are nothing for it to write to, whoever their files belong to (CVE-2023-25809).
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
      // Group 5 is tty on every distribution; where a user namespace does not map it, the option would fail the mount.
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

/** A user namespace may mount the message queues of an IPC namespace of its own; those of another container are taken from there. */
function ownsIpc({ namespaces: { user, ipc } }: ContainerConfig): boolean {
  return user === 'host' || isPrivate(ipc) || donorOf(ipc) !== undefined;
}

function mapsGroup(config: ContainerConfig, group: number): boolean {
  const maps = config.gidMaps;
  return maps.length === 0 || maps.some((map) => group >= map.containerId && group < map.containerId + map.size);
}

/** Shared memory belongs to the IPC namespace: none without one of its own, the host's with the host's. */
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

/** Places that programs expect to be able to write to, where the root is read-only. */
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
 * All mounts in the order in which they are made: what lies below another after it. A user's mount takes the place of a default one; a user's
 * /dev of all that is below it.
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
