/** Report of `info`, with Podman's field names, and own names for what only tspod reports. */
import type { EngineInfo } from '../../engine/types.js';
import { diskSpace } from '../../host/disk-space.js';
import { monitorPath } from '../../native/addon-path.js';
import { NETWORK_DRIVERS } from '../../network/network-file.js';
import { DEFAULT_CAPABILITIES } from '../../spec/confinement/capabilities.js';
import { LOG_DRIVERS } from '../../spec/log-drivers.js';
import { storePaths } from '../../storage/paths.js';
import { BUILT_IN_RUNTIME } from '../../spec/oci-runtime.js';
import type { Globals } from '../context.js';
import { fromJson, type JsonShape } from '../format/from-json.js';
import { NIL_LIST, type GoValue } from '../format/values.js';
import { readVersion } from '../version.js';

export interface InfoSubject {
  readonly info: EngineInfo;
  readonly globals: Pick<Globals, 'eventsBackend' | 'runtime'>;
  readonly images: number;
  /** Registries that are searched for short names. */
  readonly searched: readonly string[];
}

export function infoReport({ info, globals, images, searched }: InfoSubject) {
  return {
    host: hostReport(info.host, globals),
    store: storeReport(info.store, images),
    registries: searched.length === 0 ? {} : { search: searched },
    plugins: { volume: ['local'], network: NETWORK_DRIVERS, log: LOG_DRIVERS, authorization: null },
    version: readVersion(),
    problems: info.problems,
  };
}

export type InfoReport = ReturnType<typeof infoReport>;

function hostReport(host: EngineInfo['host'], { eventsBackend, runtime }: InfoSubject['globals']) {
  const { security } = host;
  const version = readVersion();
  return {
    arch: version.OsArch.slice(version.Os.length + 1),
    cgroupManager: host.cgroupManager,
    // Podman only distinguishes whether the unified hierarchy is the only one.
    cgroupVersion: host.cgroupVersion === 'hybrid' ? 'v1' : host.cgroupVersion,
    cgroupControllers: host.cgroupControllers,
    cpus: host.cpus,
    distribution: host.distribution,
    eventLogger: eventsBackend,
    hostname: host.hostname,
    idMappings: { gidmap: null, uidmap: null },
    kernel: host.kernel,
    logDriver: LOG_DRIVERS[0],
    memFree: host.memFree,
    memTotal: host.memTotal,
    networkBackend: BUILT_IN_RUNTIME,
    ociRuntime: runtimeReport(runtime ?? BUILT_IN_RUNTIME, version.Version),
    os: host.os,
    remoteSocket: { path: '', exists: false },
    serviceIsRemote: false,
    security: {
      apparmorEnabled: security.apparmorEnabled,
      capabilities: DEFAULT_CAPABILITIES.join(','),
      rootless: security.rootless,
      seccompEnabled: security.seccompEnabled,
      seccompProfilePath: '',
      selinuxEnabled: security.selinuxEnabled,
    },
    swapFree: host.swapFree,
    swapTotal: host.swapTotal,
    uptime: uptimeText(host.uptimeSec),
    uptimeSec: host.uptimeSec,
  };
}

/**
 * Describes the OCI runtime; the built-in one is the monitor. Of another runtime nothing more is known before it is
 * run.
 */
function runtimeReport(name: string, version: string) {
  if (name !== BUILT_IN_RUNTIME) return { name, package: '', path: name.startsWith('/') ? name : '', version: '' };
  return { name, package: '', path: monitorPath(), version: `tspod version ${version}` };
}

/** Formats the uptime as Podman does. */
function uptimeText(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const text = `${hours}h ${Math.floor((seconds % 3600) / 60)}m ${(seconds % 60).toFixed(2)}s`;
  return hours === 0 ? text : `${text} (Approximately ${(hours / 24).toFixed(2)} days)`;
}

function storeReport({ root, runRoot, database, containers }: EngineInfo['store'], images: number) {
  const { totalBytes, usedBytes } = diskSpace(root);
  return {
    containerStore: containers,
    database,
    graphDriverName: 'overlay',
    graphOptions: {},
    graphRoot: root,
    graphRootAllocated: totalBytes,
    graphRootUsed: usedBytes,
    imageStore: { number: images },
    runRoot,
    volumePath: storePaths({ root, runRoot }).volumes,
  };
}

const TYPES: Readonly<Record<string, string>> = {
  '': '*define.Info',
  host: '*define.HostInfo',
  store: '*define.StoreInfo',
  plugins: 'define.Plugins',
  version: 'define.Version',
  security: 'define.SecurityInfo',
  ociRuntime: '*define.OCIRuntimeInfo',
  remoteSocket: '*define.RemoteSocket',
};

/**
 * Names in Podman's code that differ from the printed names by more than a capital letter, and names that engine.info()
 * uses.
 */
const ALIASES: Readonly<Record<string, string>> = {
  AppArmorEnabled: 'apparmorEnabled',
  CgroupsVersion: 'cgroupVersion',
  Containers: 'containerStore',
  CPUs: 'cpus',
  DefaultCapabilities: 'capabilities',
  GIDMap: 'gidmap',
  IDMappings: 'idMappings',
  Node: 'NodeVersion',
  OCIRuntime: 'ociRuntime',
  OS: 'os',
  Root: 'graphRoot',
  SECCOMPEnabled: 'seccompEnabled',
  SECCOMPProfilePath: 'seccompProfilePath',
  SELinuxEnabled: 'selinuxEnabled',
  UIDMap: 'uidmap',
};

const OPTIONAL: Readonly<Record<string, Readonly<Record<string, GoValue>>>> = {
  idMappings: { gidmap: NIL_LIST, uidmap: NIL_LIST },
  plugins: { authorization: NIL_LIST },
};

const SHAPE: JsonShape = {
  maps: new Set(['graphOptions', 'registries']),
  zeros: { graphOptions: null, registries: null },
  times: new Set(),
  typeOf: (parent) => TYPES[parent] ?? `define.${capitalized(parent)}`,
  aliasesOf: (names) => ({ ...ALIASES, ...Object.fromEntries(names.map((name) => [capitalized(name), name])) }),
  optionalOf: (parent) => OPTIONAL[parent],
};

function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

export function infoStruct(report: InfoReport): GoValue {
  return fromJson(report, SHAPE);
}
