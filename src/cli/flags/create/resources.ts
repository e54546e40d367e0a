/** Flags of create and run: limits of the cgroup. */
import { invalid } from '../../errors/cli-error.js';
import { parsePairs } from '../../parse/key-values.js';
import { parseDeviceOperations, parseDeviceRate, parseDeviceWeight } from '../../parse/limits.js';
import { parseNamedSize, parseSizeOrUnlimited } from '../../parse/size.js';
import { setResources, type CreateFlag } from './draft.js';

const RESOURCES = 'Resources';

export const resourceFlags: readonly CreateFlag[] = [
  {
    name: 'memory',
    short: 'm',
    kind: 'text',
    value: 'size',
    group: RESOURCES,
    help: 'Maximum memory, with a unit b, k, m or g',
    set: (draft, value) => {
      setResources(draft, { memoryBytes: parseNamedSize('memory', value) });
    },
  },
  {
    name: 'memory-reservation',
    kind: 'text',
    value: 'size',
    group: RESOURCES,
    help: 'Soft limit that the container is brought back to when memory is short',
    set: (draft, value) => {
      setResources(draft, { memoryReservationBytes: parseNamedSize('memory-reservation', value) });
    },
  },
  {
    name: 'memory-swap',
    kind: 'text',
    value: 'size',
    group: RESOURCES,
    help: 'Maximum memory and swap together; -1 is unlimited swap',
    set: (draft, value) => {
      setResources(draft, { memorySwapBytes: parseSizeOrUnlimited('memory-swap', value) });
    },
  },
  {
    name: 'memory-swappiness',
    kind: 'int',
    value: 'percent',
    group: RESOURCES,
    help: 'Tune swapping: 0 to 100, or -1 for the default; cgroup v1 only',
    set: (draft, value) => {
      if (value !== -1) setResources(draft, { memorySwappiness: value });
    },
  },
  {
    name: 'oom-kill-disable',
    kind: 'bool',
    group: RESOURCES,
    help: 'Disable the OOM killer, so that processes wait for memory; cgroup v1 only',
    set: (draft, value) => {
      setResources(draft, { oomKillDisable: value });
    },
  },
  {
    name: 'cpus',
    kind: 'float',
    value: 'number',
    group: RESOURCES,
    help: 'Number of CPUs, as a fraction: 1.5',
    set: (draft, value) => {
      setResources(draft, { cpus: value });
    },
  },
  {
    name: 'cpu-shares',
    short: 'c',
    kind: 'uint',
    value: 'weight',
    group: RESOURCES,
    help: 'Share of the CPU against other containers',
    set: (draft, value) => {
      setResources(draft, { cpuShares: value });
    },
  },
  {
    name: 'cpu-period',
    kind: 'uint',
    value: 'µs',
    group: RESOURCES,
    help: 'Period of the CPU quota',
    set: (draft, value) => {
      setResources(draft, { cpuPeriodUs: value });
    },
  },
  {
    name: 'cpu-quota',
    kind: 'int',
    value: 'µs',
    group: RESOURCES,
    help: 'CPU time in each period',
    set: (draft, value) => {
      setResources(draft, { cpuQuotaUs: value });
    },
  },
  {
    name: 'cpu-rt-period',
    kind: 'uint',
    value: 'µs',
    group: RESOURCES,
    help: 'Period of the real-time quota; cgroup v1 only',
    set: (draft, value) => {
      setResources(draft, { cpuRtPeriodUs: value });
    },
  },
  {
    name: 'cpu-rt-runtime',
    kind: 'int',
    value: 'µs',
    group: RESOURCES,
    help: 'Real-time CPU time in each period; cgroup v1 only',
    set: (draft, value) => {
      setResources(draft, { cpuRtRuntimeUs: value });
    },
  },
  {
    name: 'cpuset-cpus',
    kind: 'text',
    value: 'list',
    group: RESOURCES,
    help: 'CPUs that may be used: 0-3, 0,1',
    set: (draft, value) => {
      setResources(draft, { cpusetCpus: value });
    },
  },
  {
    name: 'cpuset-mems',
    kind: 'text',
    value: 'list',
    group: RESOURCES,
    help: 'Memory nodes that may be used',
    set: (draft, value) => {
      setResources(draft, { cpusetMems: value });
    },
  },
  {
    name: 'pids-limit',
    kind: 'int',
    value: 'number',
    default: '2048',
    group: RESOURCES,
    help: 'Maximum number of processes and threads; -1 is unlimited',
    set: (draft, value) => {
      setResources(draft, { pidsLimit: value });
    },
  },
  {
    name: 'blkio-weight',
    kind: 'uint',
    value: 'weight',
    group: RESOURCES,
    help: 'Share of block I/O: 10 to 1000',
    set: (draft, value) => {
      setResources(draft, { blkioWeight: value });
    },
  },
  {
    name: 'blkio-weight-device',
    kind: 'list',
    value: 'device:weight',
    group: RESOURCES,
    help: 'Share of the I/O of one device',
    set: (draft, items) => {
      setResources(draft, { blkioWeightDevice: items.map(parseDeviceWeight).filter(({ weight }) => weight !== 0) });
    },
  },
  {
    name: 'device-read-bps',
    kind: 'list',
    value: 'device:rate',
    group: RESOURCES,
    help: 'Bytes read from a device per second: /dev/sda:1mb',
    set: (draft, items) => {
      setResources(draft, { deviceReadBps: items.map(parseDeviceRate) });
    },
  },
  {
    name: 'device-write-bps',
    kind: 'list',
    value: 'device:rate',
    group: RESOURCES,
    help: 'Bytes written to a device per second',
    set: (draft, items) => {
      setResources(draft, { deviceWriteBps: items.map(parseDeviceRate) });
    },
  },
  {
    name: 'device-read-iops',
    kind: 'list',
    value: 'device:rate',
    group: RESOURCES,
    help: 'Reads from a device per second',
    set: (draft, items) => {
      setResources(draft, { deviceReadIops: items.map(parseDeviceOperations) });
    },
  },
  {
    name: 'device-write-iops',
    kind: 'list',
    value: 'device:rate',
    group: RESOURCES,
    help: 'Writes to a device per second',
    set: (draft, items) => {
      setResources(draft, { deviceWriteIops: items.map(parseDeviceOperations) });
    },
  },
  {
    name: 'cgroup-conf',
    kind: 'list',
    value: 'file=value',
    group: RESOURCES,
    help: 'Write a file of the cgroup; cgroup v2 only',
    set: (draft, items) => {
      setResources(draft, { unified: parsePairs(items, () => '--cgroup-conf must be formatted KEY=VALUE') });
    },
  },
  {
    name: 'cgroup-parent',
    kind: 'text',
    value: 'path',
    group: RESOURCES,
    help: "Parent cgroup, or systemd slice, of the container's cgroup",
    set: (draft, value) => {
      if (value !== '') draft.cgroupParent = fromTheTop(value);
    },
  },
  {
    name: 'cgroups',
    kind: 'text',
    value: 'mode',
    default: 'enabled',
    completion: ['enabled', 'disabled', 'no-conmon', 'split'],
    group: RESOURCES,
    help: 'Which cgroups are created: enabled, disabled, no-conmon, split',
    set: (draft, value) => {
      draft.cgroups = cgroupsMode(value);
    },
  },
];

const MODES = ['enabled', 'disabled', 'no-conmon', 'split'] as const;

function cgroupsMode(text: string): (typeof MODES)[number] {
  const mode = MODES.find((known) => known === text);
  if (mode !== undefined) return mode;
  throw invalid(`running container create option: invalid cgroup mode ${JSON.stringify(text)}: invalid argument`);
}

/** Makes a cgroup path absolute: a relative path counts from the cgroup of process 1. Names of slices are kept. */
function fromTheTop(parent: string): string {
  return parent.startsWith('/') || parent.endsWith('.slice') ? parent : `/${parent}`;
}
