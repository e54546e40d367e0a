/**
 * Turns create options into the configuration: the only place where options are checked and defaults applied. Reads
 * nothing but its arguments.
 */
import { invalid } from '../errors.js';
import type { HostFacts } from '../host/facts.js';
import { propagationOf } from '../oci/mount-options.js';
import { defined } from '../util/defined.js';
import { cleanPath } from '../util/paths.js';
import { parseSignal } from '../util/signals.js';
import { normalizeAccounts } from './users/account-options.js';
import { checkAddedCapabilities, checkCapabilityConflict, normalizeCapabilities } from './confinement/capabilities.js';
import { normalizeCgroups, type CgroupManager } from './limits/cgroup-options.js';
import type { ContainerConfig, PodMembership, SecurityConfig } from './config.js';
import { checkInitContainer } from './pod/init-container.js';
import type { CreateOptions, LogOptions, RestartOptions, SecurityOptions } from './create-options.js';
import { checkDeviceRule, normalizeDevices } from './files/devices.js';
import { normalizeEnvironment } from './environment.js';
import { normalizeHealth } from './health/health.js';
import { normalizeHooks } from './hooks.js';
import { imageEnvironment, imagePart, withImage, type ContainerImage } from './image.js';
import { LOG_DRIVERS } from './log-drivers.js';
import { normalizeMask, normalizeUnmask } from './confinement/masks.js';
import { checkRelabelling, normalizeMounts } from './files/mounts.js';
import { normalizeNames } from './network/name-config.js';
import { checkAbsolutePath, checkHostname, checkLabels, checkName } from './checks/names.js';
import { checkNamespaceSupport, normalizeNamespaces } from './namespaces.js';
import { normalizeNetworking } from './network/network-config.js';
import { checkInteger, MAX_BYTES } from './checks/numbers.js';
import { checkRuntimeSupport, normalizeRuntime } from './oci-runtime.js';
import { checkCreateOptions } from './option-shapes.js';
import { quote } from './checks/quote.js';
import { normalizeRlimits } from './limits/rlimits.js';
import { normalizeCommand, normalizeRoot } from './files/root.js';
import { normalizeIoPriority, normalizePersonality, normalizeScheduler } from './limits/scheduling.js';
import { normalizeSecrets } from './files/secret-options.js';
import { checkSysctls } from './confinement/sysctls.js';
import { isSystemdMode, SYSTEMD_STOP_SIGNAL } from './systemd-mode.js';
import { keptUser, normalizeUserns } from './users/userns.js';
import { checkGroups, checkUser, parseUmask } from './users/users.js';

/** Podman's defaults. */
const DEFAULT_SHM_BYTES = 65536 * 1024;
export const DEFAULT_STOP_TIMEOUT_SEC = 10;
export const DEFAULT_STOP_SIGNAL = 15;
const DEFAULT_UMASK = 0o022;

/** Highest time limit in seconds: more than a century. */
const MAX_SECONDS = 2 ** 32 - 1;

/** Highest number of descriptors that are passed on. */
export const MAX_PRESERVED_FDS = 256;

/** Options of an engine that apply to its containers. */
export interface EngineDefaults {
  /** Manager of cgroups. @default chosen by the machine (defaultCgroupManager) */
  readonly cgroupManager?: CgroupManager | undefined;
}

export interface NormalizeDetails extends EngineDefaults {
  /** The image of `options.image`, unless that is the host. */
  readonly image?: ContainerImage | undefined;
  /** The container's place in a pod. An infra container without an image has an empty root. @default none */
  readonly pod?: PodMembership | undefined;
}

/**
 * Returns the configuration of a container with these options on this machine. Throws TypeError for misuse (unknown
 * keys, wrong types), TspodError INVALID_ARGUMENT for invalid values, NO_SUCH_IMAGE for an unknown image; each names
 * what is wrong.
 */
export function normalizeCreateOptions(
  given: CreateOptions,
  facts: HostFacts,
  { cgroupManager, image, pod }: NormalizeDetails = {},
): ContainerConfig {
  checkCreateOptions(given);
  const options = image === undefined ? given : withImage(given, image);
  const own = identity(options, image, pod);
  const systemd = isSystemdMode({ ...options, args: own.args });
  const config: ContainerConfig = {
    ...own,
    ...(systemd ? { systemd } : {}),
    ...processPart(options, facts, image),
    ...(image === undefined ? {} : imagePart(given)),
    ...isolation(options),
    ...fileSystem(options),
    ...security(options, facts),
    ...lifeCycle(options, systemd ? SYSTEMD_STOP_SIGNAL : DEFAULT_STOP_SIGNAL),
    ...normalizeCgroups(options, facts, cgroupManager),
  };
  checkCombinations(options, config);
  checkHost(config, facts);
  return config;
}

function identity(options: CreateOptions, found: ContainerImage | undefined, pod: PodMembership | undefined) {
  const isEmpty = pod?.infra === true && options.image === undefined;
  // The monitor and later calls have other working directories.
  const file = (name: 'cidFile' | 'pidFile' | 'monitorPidFile') =>
    options[name] === undefined ? undefined : checkAbsolutePath(name, options[name]);
  const root = isEmpty ? ({ kind: 'empty' } as const) : normalizeRoot(options, found);
  return {
    ...defined({ pod }),
    ...defined({ name: options.name === undefined ? undefined : checkName(options.name) }),
    root,
    image: found?.name ?? options.image ?? '',
    ...(isEmpty ? { args: [], entrypoint: [], command: [] } : normalizeCommand(options, root)),
    labels: checkLabels('a label', options.labels ?? {}),
    annotations: checkLabels('an annotation', options.annotations ?? {}),
    ...defined({ cidFile: file('cidFile'), pidFile: file('pidFile'), monitorPidFile: file('monitorPidFile') }),
    requires: options.requires ?? [],
    createCommand: options.createCommand ?? [],
  };
}

function processPart(options: CreateOptions, facts: HostFacts, image: ContainerImage | undefined) {
  return {
    ...normalizeEnvironment(options, facts, image === undefined ? {} : imageEnvironment(image.config)),
    ...normalizeAccounts(options),
    workdir: cleanPath(checkAbsolutePath('workdir', options.workdir ?? '/')),
    user: options.user === undefined ? keptUser(options) : checkUser(options.user),
    groups: checkGroups(options.groups ?? []),
    umask: options.umask === undefined ? DEFAULT_UMASK : parseUmask(options.umask),
    tty: options.tty ?? false,
    interactive: options.interactive ?? false,
    init: options.init ?? false,
    preserveFds: checkInteger('preserveFds', options.preserveFds ?? 0, { min: 0, max: MAX_PRESERVED_FDS }),
    rlimits: normalizeRlimits(options.ulimits ?? [], facts),
    ...defined({
      oomScoreAdj: options.oomScoreAdj === undefined ? undefined : checkOomScoreAdj(options.oomScoreAdj, facts),
      personality: options.personality === undefined ? undefined : normalizePersonality(options.personality),
      scheduler: options.scheduler === undefined ? undefined : normalizeScheduler(options.scheduler),
      ioPriority: options.ioPriority === undefined ? undefined : normalizeIoPriority(options.ioPriority),
      timezone: options.timezone === undefined ? undefined : checkTimezone(options.timezone),
    }),
  };
}

function checkOomScoreAdj(value: number, facts: HostFacts): number {
  checkInteger('oomScoreAdj', value, { min: -1000, max: 1000 });
  if (value >= facts.lowestOomScoreAdj) return value;
  throw invalid(
    `oomScoreAdj ${value} is below ${facts.lowestOomScoreAdj}, the lowest possible without CAP_SYS_RESOURCE`,
  );
}

function checkTimezone(zone: string): string {
  const clean = zone.length <= 255 && /^[A-Za-z0-9_+-]+(?:\/[A-Za-z0-9_+-]+)*$/.test(zone);
  if (!clean) throw invalid(`timezone must be a name such as Europe/Paris, or local, not ${quote(zone)}`);
  return zone;
}

function isolation(options: CreateOptions) {
  const namespaces = normalizeNamespaces(options);
  const offset = { min: -(2 ** 40), max: 2 ** 40 };
  return {
    ...defined({
      hostname: options.hostname === undefined ? undefined : checkHostname('hostname', options.hostname),
      domainname: options.domainname === undefined ? undefined : checkHostname('domainname', options.domainname),
    }),
    namespaces,
    networking: normalizeNetworking(options),
    ...normalizeNames(options, namespaces),
    ...normalizeUserns(options),
    timeOffsets: {
      monotonicSec: checkInteger('timeOffsets.monotonicSec', options.timeOffsets?.monotonicSec ?? 0, offset),
      boottimeSec: checkInteger('timeOffsets.boottimeSec', options.timeOffsets?.boottimeSec ?? 0, offset),
    },
    sysctls: checkSysctls(options.sysctls ?? {}, namespaces),
  };
}

function fileSystem(options: CreateOptions) {
  const { rootPropagation } = options;
  if (rootPropagation !== undefined && propagationOf(rootPropagation) === undefined) {
    throw invalid(
      `rootPropagation must be private, shared, slave or unbindable, or r and one of them, not ${quote(rootPropagation)}`,
    );
  }
  return {
    readOnly: options.readOnly ?? false,
    readOnlyTmpfs: options.readOnlyTmpfs ?? true,
    mounts: normalizeMounts(options.mounts ?? []),
    secrets: normalizeSecrets(options.secrets),
    ...defined({ rootPropagation }),
    shmSizeBytes: checkInteger('shmSizeBytes', options.shmSizeBytes ?? DEFAULT_SHM_BYTES, { min: 0, max: MAX_BYTES }),
    devices: normalizeDevices(options.devices ?? []),
    deviceCgroupRules: (options.deviceCgroupRules ?? []).map(checkDeviceRule),
  };
}

function security(options: CreateOptions, facts: HostFacts) {
  const capAdd = normalizeCapabilities(options.capAdd ?? []);
  const capDrop = normalizeCapabilities(options.capDrop ?? []);
  checkCapabilityConflict(capAdd, capDrop);
  checkAddedCapabilities(capAdd, facts);
  const privileged = options.privileged ?? false;
  return { privileged, capAdd, capDrop, security: securityConfig(options.security ?? {}, privileged) };
}

/** A part of an SELinux label, or `nested`. */
const LABEL_PARTS = /^(user|role|type|level|filetype):\S+$|^nested$/;

function securityConfig(options: SecurityOptions, privileged: boolean): SecurityConfig {
  const labels = options.labels ?? [];
  const parts = labels.filter((label) => label !== 'disable');
  const bad = parts.find((label) => !LABEL_PARTS.test(label));
  if (bad !== undefined)
    throw invalid(`label must be disable, or user:, role:, type:, level: and a value, not ${quote(bad)}`);
  const seccomp = options.seccompProfile ?? (privileged ? 'unconfined' : 'default');
  if (seccomp !== 'default' && seccomp !== 'unconfined') checkAbsolutePath('seccompProfile', seccomp);
  for (const option of options.procOptions ?? []) {
    if (!/^[a-z]+(=[a-z0-9]+)?$/.test(option)) throw invalid(`invalid option of /proc: ${quote(option)}`);
  }
  return {
    noNewPrivileges: options.noNewPrivileges ?? false,
    seccomp,
    ...defined({ apparmorProfile: options.apparmorProfile }),
    labels: parts,
    labelsDisabled: privileged || parts.length < labels.length,
    mask: normalizeMask(options.mask ?? []),
    ...normalizeUnmask(options.unmask ?? []),
    procOptions: options.procOptions ?? [],
  };
}

function lifeCycle(options: CreateOptions, defaultSignal: number) {
  return {
    log: normalizeLog(options.log ?? {}),
    restart: normalizeRestart(options.restart ?? { policy: 'no' }),
    ...defined({ health: options.health === undefined ? undefined : normalizeHealth(options.health) }),
    stopSignal: options.stopSignal === undefined ? defaultSignal : signalNumber(options.stopSignal),
    stopTimeoutSec: seconds('stopTimeoutSec', options.stopTimeoutSec ?? DEFAULT_STOP_TIMEOUT_SEC),
    timeoutSec: seconds('timeoutSec', options.timeoutSec ?? 0),
    autoRemove: options.autoRemove ?? false,
    hooks: normalizeHooks(options.hooks ?? []),
    ...defined({ runtime: normalizeRuntime(options) }),
  };
}

function seconds(what: string, value: number): number {
  return checkInteger(what, value, { min: 0, max: MAX_SECONDS });
}

function signalNumber(text: string): number {
  const number = parseSignal(text);
  if (number === undefined) throw invalid(`unknown signal ${quote(text)}`);
  return number;
}

function normalizeLog(options: LogOptions): ContainerConfig['log'] {
  const driver = options.driver ?? LOG_DRIVERS[0];
  if (!LOG_DRIVERS.includes(driver))
    throw invalid(`log driver must be one of ${LOG_DRIVERS.join(', ')}, not ${quote(driver)}`);
  if (options.path !== undefined) checkAbsolutePath('log path', options.path);
  return {
    driver,
    maxSizeBytes: checkInteger('log maxSizeBytes', options.maxSizeBytes ?? 0, { min: 0, max: MAX_BYTES }),
    maxFiles: checkInteger('log maxFiles', options.maxFiles ?? 1, { min: 1, max: 1000 }),
    ...defined({ path: options.path, tag: options.tag }),
  };
}

const RESTART_POLICIES = ['no', 'on-failure', 'always', 'unless-stopped'];

export function normalizeRestart(options: RestartOptions): ContainerConfig['restart'] {
  const { policy } = options;
  if (!RESTART_POLICIES.includes(policy))
    throw invalid(`restart policy must be one of ${RESTART_POLICIES.join(', ')}, not ${quote(policy)}`);
  const maxRetries = checkInteger('restart maxRetries', options.maxRetries ?? 0, { min: 0, max: 2 ** 31 - 1 });
  if (maxRetries > 0 && policy !== 'on-failure') throw invalid('restart maxRetries is for the policy on-failure only');
  return { policy, maxRetries };
}

/** Refuses combinations of options that exclude each other. */
function checkCombinations(options: CreateOptions, config: ContainerConfig): void {
  const { namespaces } = config;
  checkRuntimeSupport(config);
  checkInitContainer(options, config);
  if (config.autoRemove && config.restart.policy !== 'no') throw invalid('autoRemove conflicts with a restart policy');
  if (config.tty && config.log.driver === 'passthrough')
    throw invalid('log driver passthrough cannot be used with a tty');
  if (config.init && namespaces.pid !== 'private') throw invalid("init needs a PID namespace of the container's own");
  for (const option of ['hostname', 'domainname'] as const) {
    if (config[option] !== undefined && namespaces.uts !== 'private')
      throw invalid(
        `cannot set ${option} with ${namespaces.uts === 'host' ? "the host's" : "another's"} UTS namespace`,
      );
  }
  if (options.shmSizeBytes !== undefined && namespaces.ipc !== 'shareable' && namespaces.ipc !== 'private') {
    throw invalid(`cannot set shmSizeBytes with ipc ${namespaces.ipc}`);
  }
  const idmapped = config.mounts.find((mount) => mount.options.includes('idmap') || mount.options.includes('ridmap'));
  if (idmapped !== undefined && namespaces.user === 'host')
    throw invalid(`${idmapped.target}: option idmap needs a user namespace`);
  if (options.rootfsIdmap === true && namespaces.user === 'host') throw invalid('rootfsIdmap needs a user namespace');
}

/** Refuses options that this machine does not support. */
function checkHost(config: ContainerConfig, facts: HostFacts): void {
  checkNamespaceSupport(config, facts);
  checkRelabelling(config.mounts, facts.selinux);
  const { apparmorProfile, seccomp, labels } = config.security;
  if (apparmorProfile !== undefined && apparmorProfile !== 'unconfined' && !facts.apparmor) {
    throw invalid('an AppArmor profile was given, but AppArmor is not enabled in the kernel');
  }
  if (labels.length > 0 && !facts.selinux) throw invalid('SELinux labels were given, but SELinux is not enabled');
  if (seccomp !== 'default' && seccomp !== 'unconfined' && !facts.seccomp) {
    throw invalid('a seccomp profile was given, but the kernel has no seccomp');
  }
}
