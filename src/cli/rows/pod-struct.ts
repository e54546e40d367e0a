/** Details of a pod as templates see them. */
import type { PodInspect } from '../../pod/api.js';
import { fromJson, type JsonShape } from '../format/from-json.js';
import { NIL_LIST, nilMap, type GoValue } from '../format/values.js';

/** Values of limits that were not set. */
const LIMITS: Readonly<Record<string, GoValue>> = {
  cpu_period: 0,
  cpu_quota: 0,
  cpuset_cpus: '',
};

/** Fields that templates see as empty if they are omitted or null. */
const OPTIONAL: Readonly<Record<string, Readonly<Record<string, GoValue>>>> = {
  '': {
    ...LIMITS,
    CgroupPath: '',
    Containers: NIL_LIST,
    InfraConfig: null,
    InfraContainerID: '',
    Labels: nilMap(),
    Namespace: '',
    SharedNamespaces: NIL_LIST,
    blkio_weight: 0,
    blkio_weight_device: NIL_LIST,
    cpu_shares: 0,
    cpuset_mems: '',
    device_read_bps: NIL_LIST,
    device_write_bps: NIL_LIST,
    devices: NIL_LIST,
    memory_limit: 0,
    memory_swap: 0,
    mounts: NIL_LIST,
    security_opt: NIL_LIST,
    volumes_from: NIL_LIST,
  },
  InfraConfig: {
    ...LIMITS,
    DNSOption: NIL_LIST,
    DNSSearch: NIL_LIST,
    DNSServer: NIL_LIST,
    HostAdd: NIL_LIST,
    NetworkOptions: nilMap(NIL_LIST),
    Networks: NIL_LIST,
  },
};

const TYPES: Readonly<Record<string, string>> = {
  '': '*define.InspectPodData',
  InfraConfig: '*define.InspectPodInfraConfig',
  Containers: 'define.InspectPodContainerInfo',
};

/** Names of fields in Podman's code, with the names that are printed. */
const ALIASES: Readonly<Record<string, string>> = {
  ID: 'Id',
  HostIP: 'HostIp',
  PidNS: 'pid_ns',
  UserNS: 'userns',
  UtsNS: 'uts_ns',
  CPUPeriod: 'cpu_period',
  CPUQuota: 'cpu_quota',
  CPUShares: 'cpu_shares',
  CPUSetCPUs: 'cpuset_cpus',
  CPUSetMems: 'cpuset_mems',
  MemoryLimit: 'memory_limit',
  MemorySwap: 'memory_swap',
  BlkioWeight: 'blkio_weight',
  BlkioWeightDevice: 'blkio_weight_device',
  BlkioDeviceReadBps: 'device_read_bps',
  BlkioDeviceWriteBps: 'device_write_bps',
  Mounts: 'mounts',
  Devices: 'devices',
  SecurityOpts: 'security_opt',
  VolumesFrom: 'volumes_from',
};

const SHAPE: JsonShape = {
  maps: new Set(['Labels', 'PortBindings']),
  zeros: { PortBindings: NIL_LIST },
  times: new Set(['Created']),
  typeOf: (parent) => TYPES[parent] ?? `define.InspectPod${parent}`,
  aliasesOf: () => ALIASES,
  optionalOf: (parent) => OPTIONAL[parent],
};

export function podInspectStruct(pod: PodInspect): GoValue {
  return fromJson(pod, SHAPE);
}
