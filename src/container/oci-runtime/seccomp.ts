/** The seccomp profile in a bundle: as the specification has it, without our extension. */
import type { SeccompConfig } from '../../oci/seccomp.js';

/**
 * Returns a profile without rules for some architectures only, which are our extension. Another runtime would apply
 * them to all, where libseccomp finds that a denial with a condition and the permission of the same call contradict
 * each other (on 32-bit x86 `socket` is also a part of `socketcall`). Such denials only choose an error number: without
 * them the call is denied by the profile's default.
 */
export function bundleSeccomp(profile: SeccompConfig): SeccompConfig {
  const syscalls = profile.syscalls ?? [];
  if (!syscalls.some(({ architectures }) => architectures !== undefined)) return profile;
  return {
    ...profile,
    syscalls: syscalls
      .filter(({ action, args = [] }) => action !== 'SCMP_ACT_ERRNO' || args.length === 0)
      .map(({ architectures: _architectures, ...rule }) => rule),
  };
}
