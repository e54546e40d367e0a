/** How another OCI runtime is called for a container: its state and its log lie in the run directory, and go with it. */
import { TspodError } from '../../errors.js';
import { findRuntime } from '../../host/oci-runtimes.js';
import type { RuntimeCommand } from '../../plan/context.js';
import type { RuntimeConfig } from '../../spec/oci-runtime.js';
import type { ContainerPaths } from '../../storage/paths.js';

/** A runtime looks for helpers of its own in PATH. */
const ENVIRONMENT = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];

/** Throws UNSUPPORTED_HOST if the runtime is not installed. */
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
