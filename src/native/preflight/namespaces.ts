/** Checks which kinds of namespaces can be made, by making one of each. */
import { existsSync } from 'node:fs';
import { binding } from '../binding.js';
import { createNamespace } from '../namespace-create.js';
import { CLONE_FLAGS, NAMESPACE_KINDS } from '../namespace-kinds.js';
import type { NamespaceKind } from '../namespace-kinds.js';
import { isNativeError, unwrap } from '../native-error.js';
import { lacking, tried } from './check.js';
import type { PreflightCheck } from './check.js';
import { readNumber, readSmall } from './proc.js';

/** Configuration option of each kind, for kernels that are built without it. */
const CONFIGURED_BY: Readonly<Record<NamespaceKind, string>> = {
  cgroup: 'CONFIG_CGROUPS',
  ipc: 'CONFIG_IPC_NS',
  mnt: 'CONFIG_NAMESPACES',
  net: 'CONFIG_NET_NS',
  pid: 'CONFIG_PID_NS',
  time: 'CONFIG_TIME_NS',
  user: 'CONFIG_USER_NS',
  uts: 'CONFIG_UTS_NS',
};

/**
 * Whether a container with default options needs the kind. One of root's has no user and no time namespace by default;
 * one of another user is in a user namespace.
 */
function isRequired(kind: NamespaceKind, privileged: boolean): boolean {
  if (kind === 'time') return false;
  return kind === 'user' ? !privileged : true;
}

export async function checkNamespaces(privileged: boolean): Promise<PreflightCheck[]> {
  return Promise.all(NAMESPACE_KINDS.map((kind) => checkNamespace(kind, privileged)));
}

async function checkNamespace(kind: NamespaceKind, privileged: boolean): Promise<PreflightCheck> {
  const name = `namespace ${kind}`;
  const required = isRequired(kind, privileged);
  if (!existsSync(`/proc/self/ns/${kind}`)) {
    const remedy = `use a kernel with ${CONFIGURED_BY[kind]}`;
    return lacking(name, required, { detail: 'the kernel has no such namespaces', remedy });
  }
  const wanted = { name, required, detail: 'can be made' };
  return tried(
    wanted,
    (error) => remedyFor(kind, error, privileged),
    () => make(kind, privileged),
  );
}

async function make(kind: NamespaceKind, privileged: boolean): Promise<void> {
  if (kind === 'time') {
    // clone(2) has no flag for it. Without privilege it can only be made inside a user namespace, which a thread cannot
    // make.
    if (privileged) (await createNamespace('time')).close();
    return;
  }
  const flags = privileged ? CLONE_FLAGS[kind] : CLONE_FLAGS[kind] | CLONE_FLAGS.user;
  unwrap(await binding().probeNamespaces(flags));
}

function remedyFor(kind: NamespaceKind, error: Error, privileged: boolean): string {
  const limits = privileged ? [kind] : [kind, 'user' as const];
  for (const limited of limits) {
    const sysctl = `user.max_${limited}_namespaces`;
    if (readNumber(`/proc/sys/${sysctl.replace('.', '/')}`) === 0) return `sysctl -w ${sysctl}=15000`;
  }
  if (isNativeError(error, 'ENOSPC'))
    return `raise the sysctl user.max_${kind}_namespaces, or remove namespaces that are pinned`;
  if (!privileged || kind === 'user') return userNamespaceRemedy();
  return 'run as root with CAP_SYS_ADMIN (in a container: start it with --privileged)';
}

/** Returns the remedy for the restrictions that distributions put on unprivileged user namespaces. */
function userNamespaceRemedy(): string {
  if (readSmall('/proc/sys/kernel/unprivileged_userns_clone') === '0')
    return 'sysctl -w kernel.unprivileged_userns_clone=1';
  if (readSmall('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return 'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for node with "userns,"';
  }
  return 'run as root, or allow user namespaces (a seccomp profile or a security module refuses them)';
}
