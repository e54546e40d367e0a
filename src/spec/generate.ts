/** Configuration -> OCI runtime spec. Reads nothing but its arguments. */
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
import { hasOtherIds } from './users/userns.js';
import { numericUser } from './users/users.js';
import { defined } from '../util/defined.js';
import { shortId } from '../util/short-id.js';

/** What is known only when the container is made or started. */
export interface SpecDetails {
  readonly id: string;
  /** The directory that becomes the root, as the OCI state names it. */
  readonly rootPath: string;
  /** Files that the engine wrote. @default none */
  readonly files?: ContainerFiles;
  /** Namespaces of other containers, for modes container:. @default none */
  readonly namespacePaths?: NamespacePaths;
  /** That of the container whose UTS namespace is shared. @default hostnameOf() */
  readonly hostname?: string;
  /** The AppArmor profile where none is named. @default none */
  readonly apparmorProfile?: string | undefined;
  /** The cgroup that is split, with cgroups `split`. @default none */
  readonly splitFrom?: string;
  /** What resolveHostPaths() found. @default nothing was looked for */
  readonly hostPaths?: HostPaths;
  /** What is mounted on the root of a `host:` container (hideList says what). @default none */
  readonly hostCovers?: readonly HostCover[];
  /** Environment variables that are secrets. @default none */
  readonly secretEnv?: Readonly<Record<string, string>>;
  /** What volumes are mounted from. @default their names */
  readonly volumes?: VolumeMounts;
}

/** The complete spec of a container. */
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

/** The name that the container's HOSTNAME and /etc/hostname carry: given, the host's with its UTS or network namespace, or the first 12 characters of the id. */
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
  const env = { ...config.env, ...(config.hostnameEnv ? { HOSTNAME: hostname } : {}), ...secretEnv };
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
  const defaults = [...kernelMounts(config), ...readOnlyRootMounts(config)];
  const own = config.mounts.map((mount) => ociMount(mount, details.volumes));
  const ordered = orderMounts(defaults, files, own);
  const covers = details.hostCovers ?? [];
  // The host's other file systems belong to the root: they come before everything that may lie on them.
  if (covers.length === 0) return ordered;
  const shifted = hasOtherIds(config);
  return [...covers.map((cover) => hostMount(cover, { shifted, readOnly: config.readOnly })), ...ordered];
}

/** Where something is or was mounted in the container, with what the kernel's file systems are. */
export function mountTargets(config: ContainerConfig): readonly string[] {
  const all = { hosts: '/', hostname: '/', resolvConf: '/', containerenv: '/', secrets: '/' };
  const defaults = [...kernelMounts(config), ...readOnlyRootMounts(config)];
  const mounts = [...defaults, ...fileMounts(config, all), ...config.mounts.map((mount) => ociMount(mount))];
  return mounts.map((mount) => mount.destination);
}

/** Owners are shifted as in the layers; where the file system cannot do that, the files are nobody's. */
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

/** The default ones, the host's and the user's: a later one of the same path counts. */
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
