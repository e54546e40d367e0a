/** Checks of what containers need from this machine, made by trying. */
import { checkCgroups } from './cgroups.js';
import type { PreflightCheck } from './check.js';
import { checkKernel } from './kernel.js';
import { checkNamespaces } from './namespaces.js';
import { checkCapabilities, checkLimits } from './rights.js';

export interface PreflightReport {
  /** Whether all required checks are ok. */
  readonly ok: boolean;
  /** The checks, in the order in which they were made. */
  readonly checks: readonly PreflightCheck[];
}

/**
 * Tries everything that containers need, one by one, and reports for each what was found and what to do. Leaves nothing
 * behind: namespaces and mounts are made only for the check. Takes some tens of milliseconds. Throws only if there is
 * no native part at all (TspodError UNSUPPORTED_HOST).
 */
export async function preflight(): Promise<PreflightReport> {
  const privileged = process.geteuid?.() === 0;
  const checks = [
    ...(await checkNamespaces(privileged)),
    ...(await checkKernel(privileged)),
    ...(await checkCgroups()),
    ...checkCapabilities(privileged),
    ...checkLimits(),
  ];
  return { ok: checks.every(({ ok, required }) => ok || !required), checks };
}
