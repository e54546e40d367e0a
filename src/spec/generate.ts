/** Generates the OCI runtime spec from a configuration. Reads nothing but its arguments. */
import type { HostFacts } from '../host/facts.js';
import type { HostCover } from '../host/hide-list.js';
import { OCI_VERSION } from '../oci/spec.js';
import type { OciDevice, OciLinux, OciMount, OciProcess, OciSpec } from '../oci/spec.js';
import { boundingCapabilities, capabilitySets } from './confinement/capabilities.js';
import { cgroupsPath } from './limits/cgroup-path.js';
import type { ContainerConfig } from './config.js';
import { kernelMounts, orderMounts, readOnlyRootMounts } from './files/default-mounts.js';
import { DEFAULT_DEVICES, deviceRules } from './files/devices.js';
import { environmentItems } from './environment.js';
import { fileMounts, type ContainerFiles } from './files/file-mounts.js';
import { NO_HOST_PATHS } from './files/host-paths.js';
import type { HostPaths } from './files/host-paths.js';
import { pathMasks } from './confinement/masks.js';
import { ociMount, rootPropagation, type VolumeMounts } from './files/mounts.js';
import { isPrivate, ociIdMappings, ociNamespaces } from './namespaces.js';
import type { NamespacePaths } from './namespaces.js';
import { ociResources } from './limits/resources.js';
import { seccompFor } from './confinement/seccomp-choice.js';
import { seLinuxLabel } from './confinement/selinux.js';
import { DEFAULT_NET_SYSCTLS } from './confinement/sysctls.js';
import { systemdEnvironment, systemdMounts } from './systemd-mode.js';
import { hasOtherIds } from './users/userns.js';
import { numericUser } from './users/users.js';
import { defined } from '../util/defined.js';
import { shortId } from '../util/short-id.js';

/** Details that are known only when the container is made or started. */
export interface SpecDetails {
  readonly id: string;
  /** The directory that becomes the root, as the OCI state names it. */
  readonly rootPath: string;
  /** Files that the engine wrote for the container. @default none */
  readonly files?: ContainerFiles;
  /** Paths of other containers' namespaces, for modes container:. @default none */
  readonly namespacePaths?: NamespacePaths;
  /** Host name of the container whose UTS namespace is shared. @default hostnameOf() */
  readonly hostname?: string;
  /** AppArmor profile if the configuration names none. @default none */
  readonly apparmorProfile?: string | undefined;
  /** The cgroup that is split, with cgroups `split`. @default none */
  readonly splitFrom?: string;
  /** Results of resolveHostPaths(). @default nothing was looked up */
  readonly hostPaths?: HostPaths;
  /** Mounts on the root of a `host:` container (see hideList). @default none */
  readonly hostCovers?: readonly HostCover[];
  /** Environment variables that are secrets. @default none */
  readonly secretEnv?: Readonly<Record<string, string>>;
  /** Returns the sources of volumes. @default their names */
  readonly volumes?: VolumeMounts;
}

/** Returns the complete spec of a container. */
export function generateSpec(config: ContainerConfig, facts: HostFacts, details: SpecDetails): OciSpec {
  const hostname = details.hostname ?? hostnameOf(config, facts, details.id);
  return {
    ociVersion: OCI_VERSION,
    root: { path: details.rootPath, readonly: config.readOnly },
    process: ociProcess(config, facts, { ...details, hostname }),
    mounts: allMounts(config, details),
    ...(isPrivate(config.namespaces.uts) ? { hostname, ...defined({ domainname: config.domainname }) } : {}),
    hooks: config.hooks,
    annotations: config.annotations,
    linux: ociLinux(config, facts, details),
  };
}

/**
 * Returns the name for the container's HOSTNAME and /etc/hostname: the one that was given, the host's if the UTS or
 * network namespace is the host's, or the first 12 characters of the id.
 */
export function hostnameOf(config: ContainerConfig, facts: Pick<HostFacts, 'hostname'>, id: string): string {
  if (config.hostname !== undefined) return config.hostname;
  const { uts, network } = config.namespaces;
  return uts === 'host' || network === 'host' ? facts.hostname : shortId(id);
}

interface ProcessNames extends Pick<SpecDetails, 'id' | 'apparmorProfile' | 'secretEnv'> {
  readonly hostname: string;
}

function ociProcess(
  config: ContainerConfig,
  facts: HostFacts,
  { id, hostname, apparmorProfile, secretEnv }: ProcessNames,
): OciProcess {
  const bounding = boundingCapabilities(config, facts);
  const env = {
    ...systemdEnvironment(config, id),
    ...config.env,
    ...(config.hostnameEnv ? { HOSTNAME: hostname } : {}),
    ...secretEnv,
  };
  return {
    terminal: config.tty,
    user: { ...(numericUser(config.user) ?? { uid: 0, gid: 0 }), umask: config.umask },
    args: config.args,
    env: environmentItems(env),
    cwd: config.workdir,
    capabilities: capabilitySets(config, bounding),
    rlimits: config.rlimits,
    noNewPrivileges: config.security.noNewPrivileges,
    ...defined({
      oomScoreAdj: config.oomScoreAdj,
      scheduler: config.scheduler,
      apparmorProfile: namedProfile(config) ?? apparmorProfile,
      selinuxLabel: facts.selinux ? seLinuxLabel(config.security, 'process', id) : undefined,
    }),
    ...(config.ioPriority === undefined
      ? {}
      : { ioPriority: { class: config.ioPriority.class, priority: config.ioPriority.level } }),
  };
}

function namedProfile({ security: { apparmorProfile } }: ContainerConfig): string | undefined {
  return apparmorProfile === 'unconfined' ? undefined : apparmorProfile;
}

function allMounts(config: ContainerConfig, details: SpecDetails): readonly OciMount[] {
  const files = fileMounts(config, { ...details.files, ...defined({ localtime: details.hostPaths?.localtime }) });
  const own = config.mounts.map((mount) => ociMount(mount, details.volumes));
  const ordered = orderMounts(defaultMounts(config), files, own);
  const covers = details.hostCovers ?? [];
  // The host's other file systems belong to the root, so they come before all mounts that may lie on them.
  if (covers.length === 0) return ordered;
  const shifted = hasOtherIds(config);
  return [...covers.map((cover) => hostMount(cover, { shifted, readOnly: config.readOnly })), ...ordered];
}

/** Returns the mounts that tspod makes by itself. Of a read-only root's and systemd's, one is enough at a place. */
function defaultMounts(config: ContainerConfig): readonly OciMount[] {
  const memory = [...readOnlyRootMounts(config), ...systemdMounts(config)];
  const byPlace = new Map(memory.map((mount) => [mount.destination, mount]));
  return [...kernelMounts(config), ...byPlace.values()];
}

/** Returns the paths in the container where something is or was mounted, including the kernel's file systems. */
export function mountTargets(config: ContainerConfig): readonly string[] {
  const all = { hosts: '/', hostname: '/', resolvConf: '/', containerenv: '/', secrets: '/' };
  const mounts = [
    ...defaultMounts(config),
    ...fileMounts(config, all),
    ...config.mounts.map((mount) => ociMount(mount)),
  ];
  return mounts.map((mount) => mount.destination);
}

/**
 * Returns a mount on the root of a `host:` container. Owners are shifted as in the layers; if the file system does not
 * support that, the files belong to nobody.
 */
function hostMount(
  cover: HostCover,
  { shifted, readOnly }: { readonly shifted: boolean; readonly readOnly: boolean },
): OciMount {
  const { kind, path: destination } = cover;
  if (kind === 'directory') {
    const options = ['nosuid', 'nodev', 'noexec', `mode=${cover.mode.toString(8)}`, ...(readOnly ? ['ro'] : [])];
    return { destination, type: 'tmpfs', source: 'tmpfs', options };
  }
  if (kind === 'file')
    return { destination, type: 'bind', source: '/dev/null', options: ['bind', 'rprivate', 'ro', 'nosuid', 'noexec'] };
  const options = ['bind', 'rprivate', 'ro', 'nodev', ...(shifted ? ['tryidmap'] : [])];
  return { destination, type: 'bind', source: destination, options };
}

function ociLinux(config: ContainerConfig, facts: HostFacts, details: SpecDetails): OciLinux {
  const hostPaths = details.hostPaths ?? NO_HOST_PATHS;
  const { privileged, deviceCgroupRules: rules } = config;
  return {
    namespaces: ociNamespaces(config.namespaces, details.namespacePaths),
    uidMappings: ociIdMappings(config.uidMaps),
    gidMappings: ociIdMappings(config.gidMaps),
    ...timeOffsets(config),
    devices: allDevices(hostPaths),
    ...(config.cgroups === 'disabled' ? {} : { cgroupsPath: cgroupsPath(config, details.id, details.splitFrom) }),
    resources: ociResources(
      config.resources,
      deviceRules({ privileged, granted: hostPaths.devices, rules }),
      hostPaths.numbersOf,
    ),
    ...defined({
      rootfsPropagation: rootPropagation(config),
      seccomp: seccompFor(config, facts, hostPaths.seccompProfile),
      mountLabel: facts.selinux ? seLinuxLabel(config.security, 'mount', details.id) : undefined,
      personality: config.personality === undefined ? undefined : { domain: config.personality },
    }),
    sysctl: sysctls(config),
    ...pathMasks(config, facts),
  };
}

/** Returns the default devices, the host's and the user's. Of several with one path the last counts. */
function allDevices(hostPaths: HostPaths): readonly OciDevice[] {
  const granted = [...hostPaths.privilegedDevices, ...hostPaths.devices.map(({ device }) => device)];
  if (granted.length === 0) return DEFAULT_DEVICES;
  return [...new Map([...DEFAULT_DEVICES, ...granted].map((device) => [device.path, device])).values()];
}

function timeOffsets(config: ContainerConfig): Pick<OciLinux, 'timeOffsets'> {
  if (config.namespaces.time !== 'private') return {};
  return {
    timeOffsets: {
      monotonic: { secs: config.timeOffsets.monotonicSec },
      boottime: { secs: config.timeOffsets.boottimeSec },
    },
  };
}

function sysctls(config: ContainerConfig): Readonly<Record<string, string>> {
  return isPrivate(config.namespaces.network) ? { ...DEFAULT_NET_SYSCTLS, ...config.sysctls } : config.sysctls;
}
