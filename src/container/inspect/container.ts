/** Everything that is known of a container, with Podman's field names. Takes no lock. */
import type { ContainerConfig } from '../../spec/config.js';
import { cgroupsPath } from '../../spec/limits/cgroup-path.js';
import { noSuchContainer } from '../../state/lookup.js';
import type { StoredContainer } from '../../state/records.js';
import { containerPaths, type ContainerPaths } from '../../storage/paths.js';
import { emptyLayer, lowerDirectories } from '../../storage/images/layers.js';
import type { ContainerState } from '../api/container.js';
import { readConfig } from '../config.js';
import { containerSpec, type ContainerSpec } from '../launch/spec.js';
import type { EngineContext } from '../context.js';
import { listSessions } from '../exec/files.js';
import { hostView } from '../launch/host-root.js';
import { inspectConfig, inspectHostConfig, inspectMounts } from './config.js';
import type { ContainerInspect, InspectState } from './types.js';
import { inspectHealth } from './health.js';
import { inspectNetworkSettings, type NetworkSubject } from './network.js';
import { readNetwork } from '../network/record.js';
import { manifestOf } from '../create/find-image.js';
import { hostnameSeenIn, namespaceOwner } from '../namespaces/owners.js';
import { filesOf } from '../launch/prepare.js';
import { observe, stateOf } from '../observe.js';
import { sizedRoot, sizesOver } from '../files/sizes.js';
import { volumeMount } from '../files/volumes.js';
import { OCI_VERSION } from '../../oci/spec.js';
import { BUILT_IN_RUNTIME } from '../../spec/oci-runtime.js';

/** Returns what `inspect` shows. `size` walks the container's files. Throws NO_SUCH_CONTAINER. */
export function inspectContainer(
  context: EngineContext,
  id: string,
  options: { readonly size?: boolean } = {},
): ContainerInspect {
  const stored = context.store.get(id);
  if (stored === undefined) throw noSuchContainer(id);
  const config = readConfig(context, id);
  const paths = containerPaths(context.directories, id);
  const state = stateOf(stored, observe(stored.state, paths));
  const spec = containerSpec(context, id, config);
  return {
    ...identity({ stored, config, paths }),
    ImageDigest: imageDigest(context, config),
    State: { ...inspectState(state, cgroupPathOf(config, stored, state)), ...inspectHealth(config, paths) },
    ...fileFields(context, { id, name: stored.name, config, paths }),
    RestartCount: state.restartCount,
    ...security(config, spec),
    OCIRuntime: config.runtime?.name ?? BUILT_IN_RUNTIME,
    Driver: 'overlay',
    GraphDriver: graphDriver(context, config, paths),
    ...(options.size === true ? sizes(context, id, config) : {}),
    Mounts: inspectMounts(config, (name) => volumeMount(context, name).path),
    Dependencies: context.store.donors(stored.seq),
    NetworkSettings: inspectNetworkSettings(networkSubject(context, { id, config, pid: state.pid })),
    Config: inspectConfig(config, spec, {
      hostname: hostnameSeenIn(context, id, config),
      name: stored.name,
    }),
    HostConfig: inspectHostConfig(config, paths),
    ...(config.root.kind === 'host' ? { HostView: hostView(context, config.root) } : {}),
  };
}

interface Subject {
  readonly stored: StoredContainer;
  readonly config: ContainerConfig;
  readonly paths: ContainerPaths;
}

function identity({ stored, config, paths }: Subject) {
  const [path = '', ...args] = config.args;
  return {
    Id: stored.id,
    Created: rfc3339(new Date(stored.createdUs / 1000)),
    Path: path,
    Args: args,
    Image: config.root.kind === 'image' ? config.root.id : '',
    ImageName: config.image,
    Rootfs: config.root.kind === 'directory' ? config.root.path : '',
    Pod: config.pod?.id ?? '',
    IsInfra: config.pod?.infra ?? false,
    IsService: false,
    StaticDir: paths.directory,
    Name: stored.name,
    ExecIDs: listSessions(paths.run).map((session) => session.id),
  };
}

/** Takes addresses and ports from the container that owns the network namespace, which may be another one. */
function networkSubject(
  context: EngineContext,
  { id, config, pid }: Pick<NetworkSubject, 'id' | 'config' | 'pid'>,
): NetworkSubject {
  const owner = namespaceOwner(context, config, 'network');
  if (owner === undefined) return { id, config, pid, network: pid === 0 ? undefined : readNetwork(context, id) };
  const stored = context.store.get(owner.id);
  const paths = containerPaths(context.directories, owner.id);
  const runs = stored !== undefined && stateOf(stored, observe(stored.state, paths)).pid !== 0;
  return { ...owner, pid, network: runs ? readNetwork(context, owner.id) : undefined };
}

/** Returns the digest of the manifest that the image's name stands for; '' without an image. */
function imageDigest({ store }: EngineContext, { root, image: name }: ContainerConfig): string {
  const [image] = root.kind === 'image' ? store.images.byIdPrefix(root.id) : [];
  return image === undefined ? '' : manifestOf(store, image, name);
}

const NEVER = '0001-01-01T00:00:00Z';

function cgroupPathOf(config: ContainerConfig, stored: StoredContainer, state: ContainerState): string {
  if (config.cgroups === 'disabled' || state.pid === 0) return '';
  return cgroupsPath(config, stored.id, stored.state.splitFrom);
}

function inspectState(state: ContainerState, cgroupPath: string): InspectState {
  return {
    OciVersion: OCI_VERSION,
    Status: state.status,
    Running: state.status === 'running',
    Paused: state.status === 'paused',
    Restarting: state.status === 'restarting',
    OOMKilled: state.oomKilled,
    Dead: false,
    Pid: state.pid,
    ConmonPid: state.monitorPid,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: state.startedAt === null ? NEVER : rfc3339(state.startedAt),
    FinishedAt: state.finishedAt === null ? NEVER : rfc3339(state.finishedAt),
    CgroupPath: cgroupPath,
    StoppedByUser: state.stoppedByUser,
  };
}

function rfc3339(date: Date): string {
  return date.toISOString();
}

function fileFields(context: EngineContext, subject: Parameters<typeof filesOf>[1]) {
  const { hosts = '', hostname = '', resolvConf = '' } = filesOf(context, subject);
  const { config } = subject;
  return {
    ResolvConfPath: resolvConf,
    HostnamePath: hostname,
    HostsPath: hosts,
    PidFile: config.pidFile ?? '',
    ConmonPidFile: config.monitorPidFile ?? '',
  };
}

function security(config: ContainerConfig, { process, linux }: ContainerSpec) {
  return {
    MountLabel: linux.mountLabel ?? '',
    ProcessLabel: process.selinuxLabel ?? '',
    AppArmorProfile: config.security.apparmorProfile ?? process.apparmorProfile ?? '',
    EffectiveCaps: process.capabilities?.effective ?? [],
    BoundingCaps: process.capabilities?.bounding ?? [],
  };
}

function graphDriver(
  context: EngineContext,
  config: ContainerConfig,
  paths: ContainerPaths,
): ContainerInspect['GraphDriver'] {
  if (config.root.kind === 'directory' && !config.root.overlay) return { Name: 'rootfs', Data: {} };
  const lower = lowerOf(context, config.root);
  return { Name: 'overlay', Data: { LowerDir: lower, UpperDir: paths.upper, WorkDir: paths.work } };
}

function lowerOf({ paths }: EngineContext, root: ContainerConfig['root']): string {
  if (root.kind === 'empty') return emptyLayer(paths.images);
  if (root.kind === 'image') return lowerDirectories(paths.images, root.layers).join(':');
  return root.kind === 'directory' ? root.path : '/';
}

function sizes(context: EngineContext, id: string, config: ContainerConfig) {
  const { writable, root } = sizesOver(context, id, sizedRoot(config.root));
  return { SizeRw: writable, SizeRootFs: root };
}
