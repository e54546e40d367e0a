/** The AppArmor profile of a container: the one that it names, or tspod's own. */
import { invalid } from '../../errors.js';
import { defaultProfile, loadDefaultProfile, loadedProfiles } from '../../host/apparmor.js';
import type { ContainerConfig } from '../../spec/config.js';
import { quote } from '../../spec/checks/quote.js';
import type { EngineContext } from '../context.js';

/** One of another policy namespace, or made of several, is left to the kernel, which is asked at the start. */
const OF_SEVERAL_PARTS = /^:|\/\/&/;

/** Throws INVALID_ARGUMENT for a name that the kernel does not know, where it can be asked. */
export function requireProfile({ security: { apparmorProfile } }: ContainerConfig): void {
  if (apparmorProfile === undefined || apparmorProfile === 'unconfined' || OF_SEVERAL_PARTS.test(apparmorProfile))
    return;
  if (loadedProfiles()?.has(apparmorProfile) === false)
    throw invalid(`AppArmor profile ${quote(apparmorProfile)} specified but not loaded`);
}

/** For a spec: tspod's own profile if it is loaded; undefined: unconfined, or the profile is named, or AppArmor is off. */
export function ownProfile(context: EngineContext, config: ContainerConfig): string | undefined {
  return wantsOwn(config) ? defaultProfile(context.facts()) : undefined;
}

/** Before a launch. Throws INVALID_ARGUMENT, LAUNCH_FAILED. */
export async function prepareProfile(context: EngineContext, config: ContainerConfig): Promise<void> {
  requireProfile(config);
  if (context.facts().apparmor && wantsOwn(config)) await loadDefaultProfile(context.facts());
}

function wantsOwn({ privileged, security }: ContainerConfig): boolean {
  return !privileged && security.apparmorProfile === undefined;
}
