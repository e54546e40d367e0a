/** Checks of control groups: their version, their controllers, and whether this process may make some. */
import { readdirSync, statfsSync } from 'node:fs';
import { createCgroup, removeCgroup } from '../cgroup-files.js';
import { found, lacking, tried } from './check.js';
import type { PreflightCheck } from './check.js';
import { readSmall } from './proc.js';

const MOUNT_POINT = '/sys/fs/cgroup';
const CGROUP2_MAGIC = 0x63677270;

/** Controllers that options of `run` need; a container without such options needs none. */
const USED_CONTROLLERS = ['cpu', 'cpuset', 'memory', 'pids'] as const;

export async function checkCgroups(): Promise<PreflightCheck[]> {
  const version = cgroupVersion();
  if (version === undefined) {
    const remedy = `mount -t cgroup2 none ${MOUNT_POINT}`;
    return [lacking('cgroups', true, { detail: `no cgroups on ${MOUNT_POINT}`, remedy })];
  }
  const controllers = version === 'v2' ? unifiedControllers() : legacyControllers();
  return [
    found('cgroups', true, `${version}; controllers: ${controllers.join(' ') || 'none'}`),
    await checkWritable(version, controllers),
    ...USED_CONTROLLERS.map((name) => checkController(name, version, controllers)),
  ];
}

function cgroupVersion(): 'v1' | 'v2' | 'hybrid' | undefined {
  try {
    if (statfsSync(MOUNT_POINT).type === CGROUP2_MAGIC) return 'v2';
    const names = readdirSync(MOUNT_POINT);
    if (names.length === 0) return undefined;
    return names.includes('unified') ? 'hybrid' : 'v1';
  } catch {
    return undefined;
  }
}

function unifiedControllers(): string[] {
  return (readSmall(`${MOUNT_POINT}/cgroup.controllers`) ?? '').split(' ').filter((name) => name !== '');
}

/** Returns the controllers of version 1; a directory like `cpu,cpuacct` stands for several. */
function legacyControllers(): string[] {
  const names = readdirSync(MOUNT_POINT).flatMap((name) => name.split(','));
  return [...new Set(names)].filter((name) => name !== 'unified' && name !== 'systemd').sort();
}

async function checkWritable(version: string, controllers: readonly string[]): Promise<PreflightCheck> {
  const group = `${cgroupDirectory(version, controllers)}/tspod-preflight-${process.pid}`;
  const wanted = { name: 'cgroup creation', required: true, detail: 'cgroups can be made' };
  const remedy =
    version === 'v2' && process.geteuid?.() !== 0
      ? 'log in through systemd, which gives each user a cgroup (loginctl enable-linger), or use --cgroups=disabled'
      : `mount ${MOUNT_POINT} writable, or use --cgroups=disabled`;
  return tried(wanted, remedy, async () => {
    await createCgroup(group);
    await removeCgroup(group);
  });
}

/** Returns the group in which this process should be able to make groups: root at the top, others below their own. */
function cgroupDirectory(version: string, controllers: readonly string[]): string {
  if (version !== 'v2') return `${MOUNT_POINT}/${controllers[0] ?? 'unified'}`;
  const own = /^0::(\/.*)$/m.exec(readSmall('/proc/self/cgroup') ?? '')?.[1] ?? '/';
  return process.geteuid?.() === 0 || own === '/' ? MOUNT_POINT : `${MOUNT_POINT}${own}`;
}

function checkController(name: string, version: string, controllers: readonly string[]): PreflightCheck {
  const check = `controller ${name}`;
  if (controllers.includes(name)) return found(check, false, 'there');
  const remedy =
    version === 'v2'
      ? `write +${name} to cgroup.subtree_control of the groups above, or boot without cgroup_disable=${name}`
      : `mount -t cgroup -o ${name} none ${MOUNT_POINT}/${name}`;
  return lacking(check, false, { detail: `${name} cannot be limited without it`, remedy });
}
