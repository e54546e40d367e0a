/** Checks the privileges that containers need, so that the user reads why instead of an EPERM of some step. */
import { TspodError } from '../../errors.js';
import type { HostFacts } from '../../host/facts.js';

type Rights = Pick<HostFacts, 'uid' | 'effectiveCapabilities'>;

/** Throws UNSUPPORTED_HOST without CAP_SYS_ADMIN, which nearly every step of a launch needs. */
export function requirePrivileges(rights: Rights): void {
  const lack = lackOfPrivileges(rights);
  if (lack !== undefined) throw new TspodError('UNSUPPORTED_HOST', lack);
}

/** Returns why this process cannot make containers, and what helps; undefined if it can. */
export function lackOfPrivileges({ uid, effectiveCapabilities }: Rights): string | undefined {
  if (effectiveCapabilities.has('CAP_SYS_ADMIN')) return undefined;
  return uid === 0
    ? 'containers need root, and this process lacks CAP_SYS_ADMIN: run it with that capability'
    : `containers need root, and this process runs as user ${String(uid)}: run it with sudo (rootless containers are not supported yet)`;
}
