/** The root of a `host:` container: the host's file system below a layer of the container's own. */
import { TspodError } from '../errors.js';
import type { ContainerConfig } from '../spec/config.js';
import type { ContainerPaths } from '../storage/paths.js';
import type { EngineContext } from './context.js';
import type { InspectHostView } from './inspect-types.js';
import { overlayOver, type PreparedRoot } from './prepare.js';

type HostConfig = Extract<ContainerConfig['root'], { kind: 'host' }>;

interface Subject {
  readonly config: ContainerConfig;
  readonly paths: ContainerPaths;
}

export function hostRoot(_context: EngineContext, host: HostConfig, subject: Subject): PreparedRoot {
  if (!host.all) throw new TspodError('NOT_SUPPORTED', 'host: is being built');
  return { root: overlayOver(['/'], subject), hostBinds: [] };
}

export function prepareHostRoot(context: EngineContext, host: HostConfig, subject: Subject): Promise<PreparedRoot> {
  return Promise.resolve(hostRoot(context, host, subject));
}

export function hostView(_context: EngineContext, host: HostConfig): InspectHostView {
  return { Image: host.all ? 'host:all' : 'host:', Hidden: [], Shown: host.show };
}
