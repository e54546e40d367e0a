/** Choice of the seccomp filter for a configuration. */
import type { HostFacts } from '../../host/facts.js';
import type { SeccompConfig } from '../../oci/seccomp.js';
import { boundingCapabilities } from './capabilities.js';
import type { ContainerConfig } from '../config.js';
import { profileSeccomp } from './seccomp-profile.js';
import type { SeccompProfile } from './seccomp-profile.js';
import { defaultSeccomp } from './seccomp.js';

/** Default filters by architecture and capabilities. Few of them differ, and each holds four hundred names. */
const defaults = new Map<string, SeccompConfig>();
const MAX_REMEMBERED = 32;

/**
 * Returns the seccomp filter of a container; undefined: none. The same object is returned for the same default filter,
 * so that its digest and its program can be cached by identity.
 */
export function seccompFor(
  config: ContainerConfig,
  facts: Pick<HostFacts, 'boundingCapabilities' | 'architecture' | 'seccomp' | 'kernelRelease'>,
  profile: SeccompProfile | undefined,
): SeccompConfig | undefined {
  if (config.security.seccomp === 'unconfined' || !facts.seccomp) return undefined;
  const capabilities = boundingCapabilities(config, facts);
  if (config.security.seccomp === 'default') return rememberedDefault(capabilities, facts.architecture);
  if (profile === undefined) throw new TypeError(`seccomp profile ${config.security.seccomp} was not loaded`);
  return profileSeccomp(profile, { ...facts, capabilities: new Set(capabilities) });
}

function rememberedDefault(capabilities: readonly string[], architecture: string): SeccompConfig {
  const key = `${architecture} ${capabilities.join(' ')}`;
  const known = defaults.get(key);
  if (known !== undefined) return known;
  const made = defaultSeccomp(new Set(capabilities), architecture);
  if (defaults.size >= MAX_REMEMBERED) defaults.clear();
  defaults.set(key, made);
  return made;
}
