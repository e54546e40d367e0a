/** The AppArmor profile of a container: the one that it names, or tspod's own. */
import { invalid } from '../../errors.js';
import { defaultProfile, loadDefaultProfile, loadedProfiles } from '../../host/apparmor.js';
import type { ContainerConfig } from '../../spec/config.js';
import { quote } from '../../spec/checks/quote.js';
import type { EngineContext } from '../context.js';

/**
 * Names of profiles of another policy namespace, and of stacked profiles. Whether these exist is left to the kernel,
 * which is asked at the start.
 */
const OF_SEVERAL_PARTS = /^:|\/\/&/;

/**
 * Checks the profile that a container names. Throws INVALID_ARGUMENT if the kernel does not know it, where the kernel
 * can be asked.
 */
export function requireProfile({ security: { apparmorProfile } }: ContainerConfig): void {
  if (apparmorProfile === undefined || apparmorProfile === 'unconfined' || OF_SEVERAL_PARTS.test(apparmorProfile))
    return;
  if (loadedProfiles()?.has(apparmorProfile) === false)
    throw invalid(`AppArmor profile ${quote(apparmorProfile)} specified but not loaded`);
}

/**
 * Returns tspod's own profile for a spec, if it is loaded; undefined if the container is unconfined or names a profile,
 * or AppArmor is off.
 */
export function ownProfile(context: EngineContext, config: ContainerConfig): string | undefined {
  return wantsOwn(config) ? defaultProfile(context.facts()) : undefined;
}

/** Checks the named profile before a launch, or loads tspod's own. Throws INVALID_ARGUMENT, LAUNCH_FAILED. */
export async function prepareProfile(context: EngineContext, config: ContainerConfig): Promise<void> {
  requireProfile(config);
  if (context.facts().apparmor && wantsOwn(config)) await loadDefaultProfile(context.facts());
}

function wantsOwn({ privileged, security }: ContainerConfig): boolean {
  return !privileged && security.apparmorProfile === undefined;
}
