/** The OCI runtime that makes a container: the built-in one, or another one through its command line. */
import { invalid } from '../errors.js';
import type { ContainerConfig } from './config.js';
import type { CreateOptions } from './create-options.js';
import { checkAbsolutePath } from './checks/names.js';
import { quote } from './checks/quote.js';

/** Name of the built-in runtime. */
export const BUILT_IN_RUNTIME = 'tspod';

export interface RuntimeConfig {
  /** A name that is looked for in the directories of programs (PATH), or an absolute path. */
  readonly name: string;
  /** Flags that are put before the runtime's command. */
  readonly flags: readonly string[];
}

/** Returns the configuration of another runtime; undefined for the built-in one. Throws INVALID_ARGUMENT. */
export function normalizeRuntime({ runtime, runtimeFlags = [] }: CreateOptions): RuntimeConfig | undefined {
  if (runtime === undefined || runtime === BUILT_IN_RUNTIME) {
    if (runtimeFlags.length > 0) throw invalid('runtimeFlags need a runtime other than the built-in one');
    return undefined;
  }
  if (runtime.includes('/')) checkAbsolutePath('runtime', runtime);
  else if (!/^[a-zA-Z0-9][a-zA-Z0-9_.+-]*$/.test(runtime))
    throw invalid(`runtime must be a name or an absolute path, not ${quote(runtime)}`);
  const bad = runtimeFlags.find((flag) => !/^[a-zA-Z0-9]/.test(flag));
  if (bad !== undefined) throw invalid(`runtime flag ${quote(bad)} must be given without its dashes`);
  return { name: runtime, flags: runtimeFlags.map((flag) => `--${flag}`) };
}

/** Refuses options that only the built-in runtime supports. Throws INVALID_ARGUMENT. */
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
    throw invalid(`${found[1]} needs the built-in runtime: it is not supported with ${quote(config.runtime.name)}`);
}
