/** The compiled seccomp filter of a spec. */
import type { SeccompFlag } from '../../oci/seccomp.js';
import type { OciSpec } from '../../oci/spec.js';
import type { SeccompFilter } from '../../plan/context.js';
import type { EngineContext } from '../context.js';

/** Returns the filter; undefined if the spec has no profile. */
export function seccompFilter(context: EngineContext, spec: Pick<OciSpec, 'linux'>): SeccompFilter | undefined {
  const profile = spec.linux?.seccomp;
  if (profile === undefined) return undefined;
  const flags = (profile.flags ?? []).reduce((bits, name) => bits | FLAGS[name], 0);
  return { program: context.compileSeccomp(profile), flags };
}

/** Flags by their names (linux/seccomp.h). */
const FLAGS: Readonly<Record<SeccompFlag, number>> = {
  SECCOMP_FILTER_FLAG_TSYNC: 1,
  SECCOMP_FILTER_FLAG_LOG: 2,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 32,
};
