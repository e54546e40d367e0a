/** What is known of a pod, as templates see it. */
import type { PodInspect } from '../../pod/api.js';
import { fromJson, type JsonShape } from '../format/from-json.js';
import type { GoValue } from '../format/values.js';

/** Fields that are left out where there is nothing to say: a template finds them empty. */
const EMPTY = {
  Labels: {},
  CgroupPath: '',
  InfraContainerID: '',
  InfraConfig: null,
  SharedNamespaces: null,
  Containers: null,
};

const TYPES: Readonly<Record<string, string>> = {
  '': '*define.InspectPodData',
  InfraConfig: '*define.InspectPodInfraConfig',
  Containers: 'define.InspectPodContainerInfo',
};

/** Names of fields in Podman's code, and those that are printed. */
const ALIASES: Readonly<Record<string, string>> = {
  ID: 'Id',
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
};

const SHAPE: JsonShape = {
  maps: new Set(['Labels', 'PortBindings']),
  times: new Set(['Created']),
  typeOf: (parent) => TYPES[parent] ?? `define.InspectPod${parent}`,
  aliasesOf: (names) => Object.fromEntries(Object.entries(ALIASES).filter(([, field]) => names.includes(field))),
};

export function podInspectStruct(pod: PodInspect): GoValue {
  return fromJson({ ...EMPTY, ...pod }, SHAPE);
}
