/**
 * The command line of another OCI runtime for a container. The runtime's state and log lie in the run directory, and go
 * with it.
 */
import { TspodError } from '../../errors.js';
import { findRuntime } from '../../host/oci-runtimes.js';
import type { RuntimeCommand } from '../../plan/context.js';
import type { RuntimeConfig } from '../../spec/oci-runtime.js';
import type { ContainerPaths } from '../../storage/paths.js';

/** Environment of a runtime, which looks for its helpers in PATH. */
const ENVIRONMENT = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];

/** Returns the path of the runtime. Throws UNSUPPORTED_HOST if it is not installed. */
export function requireRuntime({ name }: RuntimeConfig): string {
  const path = findRuntime(name);
  if (path !== undefined) return path;
  throw new TspodError('UNSUPPORTED_HOST', `OCI runtime "${name}" not found: install it, or leave --runtime out`, {
    details: { runtime: name },
  });
}

export function runtimeCommand(
  runtime: RuntimeConfig,
  id: string,
  { run }: Pick<ContainerPaths, 'run'>,
): RuntimeCommand {
  const path = requireRuntime(runtime);
  return {
    path,
    args: [
      path,
      ...['--root', `${run}/runtime`],
      ...['--log', runtimeLog({ run })],
      ...['--log-format', 'json'],
      ...runtime.flags,
    ],
    env: ENVIRONMENT,
    id,
    bundle: bundleDirectory({ run }),
    pidFile: `${run}/runtime.pid`,
  };
}

export function bundleDirectory({ run }: Pick<ContainerPaths, 'run'>): string {
  return `${run}/bundle`;
}

export function runtimeLog({ run }: Pick<ContainerPaths, 'run'>): string {
  return `${run}/runtime.log`;
}
