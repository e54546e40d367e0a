/** Configuration -> spec -> launch plan: everything that a launch does, decided before anything is done. */
import type { HostFacts } from '../../host/facts.js';
import type { HideList } from '../../host/hide-list.js';
import type { OciSpec } from '../../oci/spec.js';
import { adoptPlan } from '../../plan/adopt.js';
import type { ExtendedFile, LaunchContext, RootSource } from '../../plan/context.js';
import { launchPlan } from '../../plan/launch.js';
import type { Plan } from '../../plan/ops.js';
import { sharedMemoryDirectory } from '../../plan/root.js';
import type { ContainerConfig } from '../../spec/config.js';
import type { ContainerNetwork } from '../../spec/network/container-network.js';
import type { ContainerFiles } from '../../spec/files/file-mounts.js';
import { generateSpec } from '../../spec/generate.js';
import { resolveHostPaths } from '../../spec/files/host-paths.js';
import type { HostPaths } from '../../spec/files/host-paths.js';
import { identityOf } from '../../spec/users/identity.js';
import { optionalResources } from '../../spec/limits/resources.js';
import { rootIds } from '../../spec/users/userns.js';
import type { ContainerPaths } from '../../storage/paths.js';
import { ownProfile } from './apparmor.js';
import { cgroupFor } from '../cgroups/placement.js';
import type { EngineContext } from '../context.js';
import { healthOf } from '../health/checks.js';
import type { Donors } from '../namespaces/donors.js';
import { requireEnforceable } from '../network/egress.js';
import { networkContext } from '../network/record.js';
import { hostnameSeenIn } from '../namespaces/owners.js';
import { shmDonor, withoutMissingShm } from '../namespaces/shm.js';
import { bundleSpec, type BundleRequest } from '../oci-runtime/bundle.js';
import { runtimeCommand } from '../oci-runtime/command.js';
import { layersOfMounts } from './layered-mounts.js';
import { seccompFilter } from './seccomp-filter.js';
import { sourcePlaces, writtenRoot } from './source-places.js';
import type { StdioPlan } from '../streams/stdio.js';
import { volumeMount } from '../files/volumes.js';

export interface CompileRequest {
  readonly id: string;
  readonly config: ContainerConfig;
  readonly paths: ContainerPaths;
  readonly root: RootSource;
  /** What is mounted on the root of a `host:` container. */
  readonly hostCovers: HideList['covers'];
  readonly files: ContainerFiles;
  readonly extended: readonly ExtendedFile[];
  readonly donors: Donors;
  /** undefined: no network but a loopback, or another container's. */
  readonly network: ContainerNetwork | undefined;
  readonly stdio: StdioPlan;
  /** Result of splitFrom(). */
  readonly splitFrom: string;
  /** Wait before the exec until `start`. */
  readonly gate: boolean;
  /** Environment variables that are secrets; explain() leaves them out. @default none */
  readonly secretEnv?: Readonly<Record<string, string>>;
  /** A further time limit of the container, in milliseconds; 0: no limit. */
  readonly timeLimitMs: number;
}

export interface CompiledLaunch {
  readonly spec: OciSpec;
  readonly plan: Plan;
}

/** The link in which programs look for what is mounted. */
const MTAB = [{ path: '/etc/mtab', target: '/proc/mounts' }] as const;

export function compileLaunch(context: EngineContext, request: CompileRequest): CompiledLaunch {
  const facts = context.facts();
  const hostPaths = resolveHostPaths(request.config);
  const spec = specOf(context, { facts, request, hostPaths });
  requireEnforceable(context, request, spec.process ?? {});
  const launchBy = launchContext(context, { request, spec, facts, hostPaths });
  const { runtime } = request.config;
  if (runtime === undefined) return { spec, plan: launchPlan(spec, launchBy) };
  const bundle = bundleSpec(spec, bundleRequest(request, launchBy));
  return { spec: bundle, plan: adoptPlan(bundle, launchBy, runtimeCommand(runtime, request.id, request.paths)) };
}

function bundleRequest(
  { config, root, paths, stdio }: CompileRequest,
  { shmDonor, mountLayers }: LaunchContext,
): BundleRequest {
  const overlay = root.kind === 'overlay';
  return {
    config,
    layers: overlay ? [root.upperDir, ...root.lowerDirs] : [root.path],
    rootPath: overlay ? paths.staging : root.path,
    sharedMemory: shmDonor === undefined ? undefined : sharedMemoryDirectory({ runDirectory: paths.run }),
    mountLayers,
    terminalSize: stdio.stdio.terminalSize,
  };
}

function specOf(context: EngineContext, { facts, request, hostPaths }: Omit<Parts, 'spec'>): OciSpec {
  const { config, root } = request;
  const spec = generateSpec(config, facts, {
    id: request.id,
    rootPath: root.kind === 'overlay' ? request.paths.upper : root.path,
    files: request.files,
    hostname: hostnameSeenIn(context, request.id, config),
    namespacePaths: request.donors.paths,
    hostPaths,
    hostCovers: request.hostCovers,
    volumes: (name) => volumeMount(context, name),
    ...(request.secretEnv === undefined ? {} : { secretEnv: request.secretEnv }),
    splitFrom: request.splitFrom,
    apparmorProfile: ownProfile(context, config),
  });
  return {
    ...spec,
    ...withVariables(spec.process, request.stdio.env ?? {}),
    mounts: withoutMissingShm(context, config, spec.mounts ?? []),
  };
}

/** Returns the process with variables added, in place of those of the same names. */
function withVariables(
  process: OciSpec['process'],
  variables: Readonly<Record<string, string>>,
): Pick<OciSpec, 'process'> {
  if (process === undefined || Object.keys(variables).length === 0) return {};
  const others = (process.env ?? []).filter((entry) => !Object.hasOwn(variables, entry.slice(0, entry.indexOf('='))));
  return {
    process: { ...process, env: [...others, ...Object.entries(variables).map(([key, value]) => `${key}=${value}`)] },
  };
}

interface Parts {
  readonly request: CompileRequest;
  readonly spec: OciSpec;
  readonly facts: HostFacts;
  readonly hostPaths: HostPaths;
}

function launchContext(context: EngineContext, { request, spec, facts, hostPaths }: Parts): LaunchContext {
  const { id, config, paths, donors, stdio } = request;
  // Another runtime compiles its own filter.
  const seccomp = config.runtime === undefined ? seccompFilter(context, spec) : undefined;
  const resources = spec.linux?.resources ?? {};
  const cgroup = cgroupFor(context, id, { config, resources, splitFrom: request.splitFrom });
  return {
    id,
    runDirectory: paths.run,
    root: request.root,
    mountLayers: layersOfMounts(context, request),
    sourcePlaces: sourcePlaces(spec.mounts ?? [], writtenRoot(config)),
    vanishingBinds: vanishingBinds(request.hostCovers, config),
    extendedFiles: request.extended,
    links: MTAB,
    cgroup,
    optionalResources: optionalResources(config.resources),
    identity: identityOf(config, facts),
    donors: donors.containers,
    ...(config.namespaces.user === 'host' ? {} : { rootIds: rootIds(config) }),
    deviceSources: new Map(hostPaths.devices.map(({ device, source }) => [device.path, source])),
    ...shmDonor(context, config, donors),
    ...(request.network === undefined ? {} : { network: networkContext(context, request.network) }),
    stdio: stdio.stdio,
    extraFds: stdio.extraFds,
    ...logOf(config, paths),
    restart: config.restart,
    ...(config.health === undefined ? {} : healthOf(context, { id, config, spec, cgroup })),
    timeLimitMs: shorter(config.timeoutSec * 1000, request.timeLimitMs),
    gate: request.gate,
    ...(seccomp === undefined ? {} : { seccomp }),
    init: config.init,
    pause: config.root.kind === 'empty',
    createWorkdir: config.createWorkdir ?? false,
    ...(config.pidFile === undefined ? {} : { pidFile: config.pidFile }),
    ...(config.monitorPidFile === undefined ? {} : { monitorPidFile: config.monitorPidFile }),
    teardown: {
      hooks: config.hooks.poststop ?? [],
      bundle: paths.directory,
      annotations: config.annotations,
      // The monitor removes them at the end: no engine has to be there for it.
      removeTrees: config.autoRemove ? [paths.directory] : [],
    },
  };
}

/**
 * Returns the places of bind mounts whose source may be gone by the launch, without those where the user mounts
 * something, since that has to be there.
 */
function vanishingBinds(covers: HideList['covers'], { mounts }: ContainerConfig): ReadonlySet<string> {
  const vanishing = covers.filter((cover) => cover.kind === 'host' && cover.mayVanish === true);
  const named = new Set(mounts.map(({ target }) => target));
  return new Set(vanishing.map(({ path }) => path).filter((path) => !named.has(path)));
}

function logOf(config: ContainerConfig, paths: ContainerPaths): Pick<LaunchContext, 'log'> {
  const { driver, path, maxSizeBytes, maxFiles } = config.log;
  if (driver === 'none' || driver === 'passthrough') return {};
  return { log: { driver, path: path ?? paths.log, maxSizeBytes, maxFiles } };
}

/** Returns the shorter of two time limits, of which 0 is none. */
function shorter(one: number, other: number): number {
  if (one === 0 || other === 0) return Math.max(one, other);
  return Math.min(one, other);
}
