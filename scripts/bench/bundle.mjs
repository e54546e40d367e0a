/** The configuration that Podman would hand to an OCI runtime for the same container. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
].map((name) => `CAP_${name}`);

const CGROUPS = '/sys/fs/cgroup';
const CGROUP_PARENT = '/tspod-bench';

/** Of the OCI runtimes and of Podman; what is in another comes first. */
const CGROUP_PARENTS = [CGROUP_PARENT, '/libpod_parent/conmon', '/libpod_parent'];

export const SECCOMP_PROFILE = '/usr/share/containers/seccomp.json';

/** Writes config.json; `name` becomes the cgroup's name as well, the profile is that of `peerRoot`. Returns the bundle's directory. */
export function makeBundle(directory, { rootfs, args, name, peerRoot = '/' }) {
  mkdirSync(directory, { recursive: true });
  const profile = join(peerRoot, SECCOMP_PROFILE);
  writeFileSync(join(directory, 'config.json'), JSON.stringify(config({ rootfs, args, name, profile })));
  return directory;
}

/** The runtimes remove the cgroups of their containers, and leave what these were in. Answers a function that removes what was not there before. */
export function rememberCgroups() {
  const before = new Set(parents().filter((path) => existsSync(path)));
  return () => {
    for (const path of parents()) {
      if (before.has(path)) continue;
      try {
        rmdirSync(path);
      } catch {
        // No container needed it, or others are in it.
      }
    }
  };
}

function parents() {
  const hierarchies = [CGROUPS, ...readdirSync(CGROUPS).map((name) => join(CGROUPS, name))];
  return hierarchies.flatMap((hierarchy) => CGROUP_PARENTS.map((name) => join(hierarchy, name)));
}

function config({ rootfs, args, name, profile }) {
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args,
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'container=podman'],
      cwd: '/',
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
      rlimits: [{ type: 'RLIMIT_NOFILE', hard: 1024, soft: 1024 }],
    },
    root: { path: rootfs, readonly: false },
    hostname: 'bench',
    mounts: [
      mount('proc', '/proc', 'proc', ['nosuid', 'noexec', 'nodev']),
      mount('tmpfs', '/dev', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
      mount('devpts', '/dev/pts', 'devpts', ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']),
      mount('mqueue', '/dev/mqueue', 'mqueue', ['nosuid', 'noexec', 'nodev']),
      mount('sysfs', '/sys', 'sysfs', ['nosuid', 'noexec', 'nodev', 'ro']),
      mount('cgroup', '/sys/fs/cgroup', 'cgroup', ['rprivate', 'nosuid', 'noexec', 'nodev', 'relatime', 'ro']),
      mount('shm', '/dev/shm', 'tmpfs', ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k']),
    ],
    linux: {
      cgroupsPath: `${CGROUP_PARENT}/${name}`,
      namespaces: ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'].map((type) => ({ type })),
      resources: { devices: [{ allow: false, access: 'rwm' }], pids: { limit: 2048 } },
      seccomp: seccomp(profile),
      maskedPaths: [
        '/proc/acpi',
        '/proc/kcore',
        '/proc/keys',
        '/proc/latency_stats',
        '/proc/sched_debug',
        '/proc/scsi',
        '/proc/timer_list',
        '/proc/timer_stats',
        '/sys/dev/block',
        '/sys/firmware',
        '/sys/fs/selinux',
      ],
      readonlyPaths: ['/proc/asound', '/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}

function mount(source, destination, type, options) {
  return { source, destination, type, options };
}

/** Podman's profile, with its conditions resolved for these capabilities. */
function seccomp(path) {
  const profile = JSON.parse(readFileSync(path, 'utf8'));
  const applies = ({ includes = {}, excludes = {} }) =>
    (includes.arches ?? ['amd64']).includes('amd64') &&
    (includes.caps ?? []).every((name) => CAPABILITIES.includes(name)) &&
    !(excludes.arches ?? []).includes('amd64') &&
    !(excludes.caps ?? []).some((name) => CAPABILITIES.includes(name));
  return {
    defaultAction: profile.defaultAction,
    defaultErrnoRet: profile.defaultErrnoRet,
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    syscalls: profile.syscalls.filter(applies).map(({ names, action, args, errnoRet }) => ({
      names,
      action,
      ...(args?.length > 0 && { args }),
      ...(errnoRet !== undefined && { errnoRet }),
    })),
  };
}
