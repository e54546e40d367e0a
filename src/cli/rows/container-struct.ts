/** Details of a container as templates see them. */
import type { ContainerInspect } from '../../container/inspect/types.js';
import { fromJson, type JsonShape } from '../format/from-json.js';
import { NIL_LIST, nilMap, struct, type GoValue } from '../format/values.js';

/** Names of types as in Podman, since users search for its error messages. */
const TYPES: Readonly<Record<string, string>> = {
  '': '*define.InspectContainerData',
  State: '*define.InspectContainerState',
  Config: '*define.InspectContainerConfig',
  HostConfig: '*define.InspectContainerHostConfig',
  NetworkSettings: '*define.InspectNetworkSettings',
  Mounts: 'define.InspectMount',
  'Networks[]': '*define.InspectAdditionalNetwork',
  'Ports[]': 'define.InspectHostPort',
  'PortBindings[]': 'define.InspectHostPort',
};

/** Names of fields in Podman's code, with the names that are printed. */
const ALIASES: Readonly<Record<string, string>> = {
  ID: 'Id',
  DomainName: 'Domainname',
  Healthcheck: 'Health',
  HostIP: 'HostIp',
  UIDMap: 'UidMap',
  GIDMap: 'GidMap',
};

const NEVER: GoValue = { kind: 'time', text: '0001-01-01T00:00:00Z' };

const ADDRESSES: Readonly<Record<string, GoValue>> = {
  SecondaryIPAddresses: NIL_LIST,
  SecondaryIPv6Addresses: NIL_LIST,
  AdditionalMacAddresses: NIL_LIST,
};

/**
 * Fields of Podman's structs that templates may always access: fields that JSON omits if they are empty, fields that
 * tspod does not support, and fields that may be null.
 */
const OPTIONAL: Readonly<Record<string, Readonly<Record<string, GoValue>>>> = {
  '': { Namespace: '', OCIConfigPath: '', SizeRw: null, SizeRootFs: 0 },
  State: {
    Health: null,
    Checkpointed: false,
    CheckpointedAt: NEVER,
    CheckpointLog: '',
    CheckpointPath: '',
    Restored: false,
    RestoredAt: NEVER,
    RestoreLog: '',
  },
  Health: { Log: NIL_LIST },
  Mounts: { Name: '' },
  Config: {
    ChrootDirs: NIL_LIST,
    Entrypoint: NIL_LIST,
    Healthcheck: null,
    HealthcheckOnFailureAction: 'none',
    HealthLogDestination: '',
    HealthMaxLogCount: 0,
    HealthMaxLogSize: 0,
    OnBuild: null,
    Secrets: NIL_LIST,
    StartupHealthCheck: null,
    SystemdMode: false,
    Timezone: '',
    Volumes: nilMap(struct('struct {}', {})),
  },
  HostConfig: {
    CgroupConf: nilMap(),
    ConsoleSize: [0, 0],
    CpuCount: 0,
    CpuPercent: 0,
    DiskQuota: 0,
    IDMappings: null,
    Init: false,
    IOMaximumBandwidth: 0,
    IOMaximumIOps: 0,
    Isolation: '',
    KernelMemory: 0,
    Links: NIL_LIST,
    VolumeDriver: '',
    VolumesFrom: NIL_LIST,
  },
  LogConfig: { Config: nilMap() },
  NetworkSettings: { ...ADDRESSES, Networks: nilMap(null) },
  'Networks[]': { ...ADDRESSES, DriverOpts: nilMap(), IPAMConfig: nilMap(), Links: NIL_LIST },
};

const MAPS = ['Labels', 'Annotations', 'Tmpfs', 'Ports', 'PortBindings', 'Data', 'CgroupConf', 'Networks', 'Sysctl'];

const SHAPE: JsonShape = {
  maps: new Set(MAPS),
  zeros: { Ports: NIL_LIST, PortBindings: NIL_LIST, Networks: null },
  times: new Set(['Created', 'StartedAt', 'FinishedAt']),
  typeOf: (parent) => TYPES[parent] ?? `define.Inspect${parent}`,
  aliasesOf: () => ALIASES,
  optionalOf: (parent) => (Object.hasOwn(OPTIONAL, parent) ? OPTIONAL[parent] : undefined),
};

export function containerStruct(container: ContainerInspect): GoValue {
  return fromJson(container, SHAPE);
}
