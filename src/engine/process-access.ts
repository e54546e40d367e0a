/** What this process brings to talk to registries. */
import type { RegistryAccessOptions } from '../image/open-registry.js';

export function processAccess(): Pick<RegistryAccessOptions, 'environment' | 'uid'> {
  return { environment: process.env, uid: process.geteuid?.() ?? 0 };
}
