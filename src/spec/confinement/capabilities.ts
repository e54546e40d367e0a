/** Capabilities that a container's processes hold. */
import { invalid } from '../../errors.js';
import type { HostFacts } from '../../host/facts.js';
import type { OciCapabilities } from '../../oci/spec.js';
import { CAPABILITIES, parseCapability } from '../../util/capabilities.js';
import { nearestWord } from '../../util/nearest.js';
import type { ContainerConfig } from '../config.js';
import { quote } from '../checks/quote.js';
import { isRootUser } from '../users/users.js';

/** Capabilities that every container has unless they are dropped: Podman's list. */
export const DEFAULT_CAPABILITIES: readonly string[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_NET_BIND_SERVICE',
  'CAP_SETFCAP',
  'CAP_SETGID',
  'CAP_SETPCAP',
  'CAP_SETUID',
  'CAP_SYS_CHROOT',
];

const ALL = 'ALL';

/**
 * Returns capability names normalized, each once. Names may be in any case, with or without CAP_, or ALL. Throws
 * INVALID_ARGUMENT for an unknown name.
 */
export function normalizeCapabilities(names: readonly string[]): readonly string[] {
  return [...new Set(names.map(normalizeCapability))];
}

function normalizeCapability(name: string): string {
  if (name.toUpperCase() === ALL) return ALL;
  const capability = parseCapability(name);
  if (capability !== undefined) return capability;
  const nearest = nearestWord(
    name.replace(/^cap_/i, ''),
    CAPABILITIES.map((known) => known.slice(4)),
  );
  throw invalid(`unknown capability ${quote(name)}${nearest === undefined ? '' : `: did you mean "CAP_${nearest}"?`}`);
}

/** Throws INVALID_ARGUMENT for a capability that is both added and dropped by name; ALL on one side is no conflict. */
export function checkCapabilityConflict(added: readonly string[], dropped: readonly string[]): void {
  const both = added.find((name) => dropped.includes(name));
  if (both === undefined) return;
  throw invalid(
    both === ALL
      ? 'capabilities cannot both be added and dropped: ALL'
      : `capability ${both} cannot be dropped and added`,
  );
}

/**
 * Returns the bounding set: the defaults, or with `privileged` all, plus the added and minus the dropped capabilities.
 */
export function boundingCapabilities(
  config: Pick<ContainerConfig, 'privileged' | 'capAdd' | 'capDrop'>,
  facts: Pick<HostFacts, 'boundingCapabilities'>,
): readonly string[] {
  const given = facts.boundingCapabilities as ReadonlySet<string>;
  const all = CAPABILITIES.filter((name) => given.has(name));
  if (config.privileged) return all.filter((name) => !config.capDrop.includes(name));
  const base = config.capAdd.includes(ALL) ? all : DEFAULT_CAPABILITIES.filter((name) => given.has(name));
  const kept = config.capDrop.includes(ALL) && !config.capAdd.includes(ALL) ? [] : base;
  const wanted = new Set<string>([...kept, ...config.capAdd.filter((name) => name !== ALL)]);
  for (const name of config.capDrop) wanted.delete(name);
  return CAPABILITIES.filter((name) => wanted.has(name));
}

/**
 * Throws INVALID_ARGUMENT for an added capability that this process may not give away (under a restricted service or in
 * a container): an explicit request that cannot be met is refused, while defaults adapt silently.
 */
export function checkAddedCapabilities(added: readonly string[], facts: Pick<HostFacts, 'boundingCapabilities'>): void {
  const given = facts.boundingCapabilities as ReadonlySet<string>;
  const missing = added.find((name) => name !== ALL && !given.has(name));
  if (missing !== undefined) throw invalid(`cannot add ${missing}: it is not in the bounding set of this process`);
}

/**
 * Returns the capabilities that were added by name and are in the bounding set: all that a user other than root holds.
 */
export function addedCapabilities(capAdd: readonly string[], bounding: readonly string[]): readonly string[] {
  if (capAdd.includes(ALL)) return bounding;
  return bounding.filter((name) => capAdd.includes(name));
}

/**
 * Returns the five sets. Root holds its bounding set; another user only what was added by name, as ambient
 * capabilities, so that a program without file capabilities has them. Inheritable is empty otherwise (CVE-2022-29162
 * and its kin).
 */
export function capabilitySets(
  config: Pick<ContainerConfig, 'user' | 'capAdd'>,
  bounding: readonly string[],
): OciCapabilities {
  if (isRootUser(config.user)) {
    return { bounding, effective: bounding, permitted: bounding, inheritable: [], ambient: [] };
  }
  const added = addedCapabilities(config.capAdd, bounding);
  return { bounding, effective: added, permitted: added, inheritable: added, ambient: added };
}
