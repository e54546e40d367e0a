/** The parts of a container's spec that outlive its launch: what an exec and `inspect` need of it. */
import type { OciLinux, OciProcess } from '../../oci/spec.js';
import type { ContainerConfig } from '../../spec/config.js';
import { generateSpec } from '../../spec/generate.js';
import { resolveHostPaths } from '../../spec/files/host-paths.js';
import { donorOf, NAMESPACE_KINDS, type NamespacePaths } from '../../spec/namespaces.js';
import { ownProfile } from './apparmor.js';
import type { EngineContext } from '../context.js';
import { hostnameSeenIn } from '../namespaces/owners.js';

export interface ContainerSpec {
  readonly process: OciProcess;
  readonly linux: OciLinux;
}

/** Specs by configuration, which never changes: an exec should not generate one each time. */
const known = new WeakMap<ContainerConfig, ContainerSpec & { readonly profile: string | undefined }>();

export function containerSpec(context: EngineContext, id: string, config: ContainerConfig): ContainerSpec {
  // The profile may have been loaded meanwhile.
  const profile = ownProfile(context, config);
  const found = known.get(config);
  if (found !== undefined && found.profile === profile) return found;
  const own = processConfig(config);
  const spec = generateSpec(own, context.facts(), {
    id,
    rootPath: '/',
    hostname: hostnameSeenIn(context, id, config),
    hostPaths: resolveHostPaths(own),
    apparmorProfile: profile,
    namespacePaths: placeholderPaths(config),
  });
  if (spec.process === undefined || spec.linux === undefined) throw new TypeError('a generated spec lacks its process');
  const made = { process: spec.process, linux: spec.linux, profile };
  known.set(config, made);
  return made;
}

/** Returns the configuration without what a launch looks up on the host: that may be gone by now. */
function processConfig(config: ContainerConfig): ContainerConfig {
  const { timezone: _timezone, ...rest } = config;
  return {
    ...rest,
    root: { kind: 'host', all: true, hide: [], show: [] },
    mounts: [],
    devices: [],
    deviceCgroupRules: [],
    privileged: config.privileged,
    resources: { pidsLimit: -1, pidsLimitIsDefault: true, memorySwapIsDefault: true },
  };
}

/**
 * Returns a placeholder path for each namespace of a donor: an exec joins the namespaces of the container's process,
 * wherever they came from.
 */
function placeholderPaths(config: ContainerConfig): NamespacePaths {
  return Object.fromEntries(
    NAMESPACE_KINDS.filter(({ key }) => donorOf(config.namespaces[key]) !== undefined).map(({ type }) => [type, '/']),
  );
}
