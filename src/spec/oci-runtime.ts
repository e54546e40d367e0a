/** Which OCI runtime makes the container: the one that is built in, or another one by its command line. */
import { invalid } from '../errors.js';
import type { ContainerConfig } from './config.js';
import type { CreateOptions } from './create-options.js';
import { checkAbsolutePath } from './checks/names.js';
import { quote } from './checks/quote.js';

/** The name of the built-in one. */
export const BUILT_IN_RUNTIME = 'tspod';

export interface RuntimeConfig {
  /** A name that is looked for in the directories of programs, or an absolute path. */
  readonly name: string;
  /** Put before its command. */
  readonly flags: readonly string[];
}

/** Undefined for the built-in one. Throws INVALID_ARGUMENT. */
export function normalizeRuntime({ runtime, runtimeFlags = [] }: CreateOptions): RuntimeConfig | undefined {
  if (runtime === undefined || runtime === BUILT_IN_RUNTIME) {
    if (runtimeFlags.length > 0) throw invalid('runtimeFlags are for another runtime than the built-in one');
    return undefined;
  }
  if (runtime.includes('/')) checkAbsolutePath('runtime', runtime);
  else if (!/^[a-zA-Z0-9][a-zA-Z0-9_.+-]*$/.test(runtime))
    throw invalid(`runtime must be a name or an absolute path, not ${quote(runtime)}`);
  const bad = runtimeFlags.find((flag) => !/^[a-zA-Z0-9]/.test(flag));
  if (bad !== undefined) throw invalid(`a runtime flag is given without its dashes, not as ${quote(bad)}`);
  return { name: runtime, flags: runtimeFlags.map((flag) => `--${flag}`) };
}

/** What only the built-in runtime does. Throws INVALID_ARGUMENT. */
export function checkRuntimeSupport(config: ContainerConfig): void {
  if (config.runtime === undefined) return;
  const unsupported: readonly (readonly [boolean, string])[] = [
    [config.init, 'init'],
    [config.preserveFds > 0, 'preserveFds'],
    [config.namespaces.user !== 'host', 'a user namespace'],
    [config.hostUsers.length > 0, 'hostUsers'],
    [config.hosts?.base === 'image', 'hostsFile image'],
  ];
  const found = unsupported.find(([asked]) => asked);
  if (found !== undefined)
    throw invalid(`${found[1]} needs the built-in runtime: it cannot be had with ${quote(config.runtime.name)}`);
}
