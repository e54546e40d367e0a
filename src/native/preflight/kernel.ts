/** Checks of kernel features: mounts, overlays, filters, pidfds. They are tried in namespaces of their own. */
import { compileSeccomp } from '../seccomp.js';
import { bindMount, mountFileSystem } from '../mounts.js';
import { createNamespace } from '../namespace-create.js';
import type { ThreadNamespaces } from '../inside.js';
import { spawnMonitor } from '../monitor-spawn.js';
import { openProcess } from '../process-handle.js';
import { found, lacking, tried } from './check.js';
import type { PreflightCheck } from './check.js';
import { readSmall } from './proc.js';

/** Directories that every system has. Mounts on them are made in a mount namespace that ends with the check. */
const A_DIRECTORY = '/usr';
const ANOTHER_DIRECTORY = '/etc';

/** Remedy for missing mount calls. Linux 5.12 has mount_setattr(2), the newest call that is needed. */
const NEW_KERNEL = 'use Linux 5.12 or newer; in a container, one whose seccomp profile allows the new mount calls';

export async function checkKernel(privileged: boolean): Promise<PreflightCheck[]> {
  const checks = [...(await checkMonitor()), checkSeccompKernel(), await checkLibseccomp(), await checkPidfd()];
  // A user other than root can mount only in a user namespace, which a thread cannot enter: there the engine finds out
  // itself.
  return privileged ? [...checks, ...(await checkMounts())] : checks;
}

async function checkMounts(): Promise<PreflightCheck[]> {
  const overlay = { type: 'overlay', target: A_DIRECTORY, options: [`lowerdir=${A_DIRECTORY}:${ANOTHER_DIRECTORY}`] };
  const bind = { source: ANOTHER_DIRECTORY, target: A_DIRECTORY, readOnly: true, recursive: true };
  return [
    await tried(
      { name: 'mount calls', required: true, detail: 'fsopen, fsmount and move_mount work' },
      NEW_KERNEL,
      () => withOwnMounts((inside) => mountFileSystem({ type: 'tmpfs', target: A_DIRECTORY, inside })),
    ),
    await tried(
      { name: 'mount attributes', required: true, detail: 'open_tree and mount_setattr work' },
      NEW_KERNEL,
      () => withOwnMounts((inside) => bindMount({ ...bind, inside })),
    ),
    await tried(
      { name: 'overlay', required: true, detail: 'overlays can be mounted' },
      'modprobe overlay, or use a kernel with CONFIG_OVERLAY_FS; without it only --rootfs DIR works',
      () => withOwnMounts((inside) => mountFileSystem({ ...overlay, inside })),
    ),
    await tried(
      { name: 'id-mapped mounts', required: false, detail: `${ANOTHER_DIRECTORY} can be mounted with other owners` },
      'only the option idmap needs it: use Linux 5.12 or newer and a file system that supports it (ext4, xfs, btrfs, tmpfs)',
      () => withOwnMounts(mountIdMapped),
    ),
  ];
}

/** Does work in a new mount namespace. Its mounts end with the namespace, and are never visible outside. */
async function withOwnMounts(work: (inside: ThreadNamespaces) => Promise<void>): Promise<void> {
  using mnt = await createNamespace('mnt');
  await work({ mnt });
}

async function mountIdMapped(inside: ThreadNamespaces): Promise<void> {
  const map = [{ inside: 0, outside: 100_000, size: 65_536 }];
  using idMap = await createNamespace('user', { uidMap: map, gidMap: map });
  await bindMount({ source: ANOTHER_DIRECTORY, target: A_DIRECTORY, idMap, inside });
}

/** Starts a monitor and closes its connection, at which it ends: shows that the monitor exists and may be executed. */
async function checkMonitor(): Promise<PreflightCheck[]> {
  const wanted = { name: 'monitor', required: true, detail: 'starts' };
  const remedy = 'see the message; npm rebuild tspod builds it again';
  const check = await tried(wanted, remedy, async () => {
    const monitor = spawnMonitor();
    monitor.close();
    await monitor.ended();
  });
  return [check];
}

function checkSeccompKernel(): PreflightCheck {
  const name = 'seccomp';
  const actions = readSmall('/proc/sys/kernel/seccomp/actions_avail');
  if (actions !== undefined) return found(name, true, `actions: ${actions}`);
  const remedy = 'use a kernel with CONFIG_SECCOMP_FILTER, or --security-opt seccomp=unconfined';
  return lacking(name, true, { detail: 'the kernel has no seccomp filters', remedy });
}

async function checkLibseccomp(): Promise<PreflightCheck> {
  const wanted = { name: 'libseccomp', required: true, detail: 'compiles filters' };
  const remedy = 'install it (Debian, Ubuntu: libseccomp2; Fedora, Alpine: libseccomp)';
  return tried(wanted, remedy, () =>
    compileSeccomp({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['reboot'], action: 'SCMP_ACT_ERRNO' }] }),
  );
}

async function checkPidfd(): Promise<PreflightCheck> {
  const wanted = { name: 'pidfd', required: true, detail: 'processes can be held by descriptors' };
  return tried(wanted, 'use Linux 5.3 or newer; in a container, one whose seccomp profile allows pidfd_open', () => {
    openProcess(process.pid)?.close();
  });
}
