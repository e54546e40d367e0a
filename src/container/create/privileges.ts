/** Containers are root's: said in words before the kernel says EPERM to some step. */
import { TspodError } from '../../errors.js';
import type { HostFacts } from '../../host/facts.js';

/** Throws UNSUPPORTED_HOST without CAP_SYS_ADMIN, which nearly every step of a launch needs. */
export function requirePrivileges({ uid, effectiveCapabilities }: HostFacts): void {
  if (effectiveCapabilities.has('CAP_SYS_ADMIN')) return;
  const lack = uid === 0 ? 'this process lacks CAP_SYS_ADMIN' : `this process runs as user ${String(uid)}`;
  throw new TspodError(
    'UNSUPPORTED_HOST',
    `containers need root, and ${lack}: run it with sudo, or with that capability (rootless containers are not supported yet)`,
  );
}
