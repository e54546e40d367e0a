/** Shapes of the options: their keys and the kind of each value. The compiler keeps them complete. */
import type {
  CreateOptions,
  DeviceOptions,
  DeviceRate,
  DeviceWeight,
  ExecOptions,
  HookOptions,
  IdMap,
  LogOptions,
  MountOptions,
  ResourceOptions,
  RestartOptions,
  SecurityOptions,
  UlimitOptions,
  UsernsOptions,
} from './create-options.js';
import { ACCOUNT_SHAPE } from './users/account-options.js';
import { DNS_SHAPE, NAME_SHAPE } from './network/name-options.js';
import { ATTACH_SHAPE, EGRESS_SHAPE, NETWORK_SHAPE } from './network/network-options.js';
import { SECRET_SHAPE } from './files/secret-options.js';
import { checkShape } from './checks/shape.js';
import type { UpdateOptions } from './update.js';
import type { ShapeOf } from './checks/shape.js';

export const CREATE_SHAPE: ShapeOf<CreateOptions> = {
  ...NAME_SHAPE,
  ...ACCOUNT_SHAPE,
  ...NETWORK_SHAPE,
  name: 'string',
  image: 'string',
  pull: 'string',
  platform: 'string',
  imageVolume: 'string',
  rootfs: 'string',
  rootfsOverlay: 'boolean',
  rootfsIdmap: 'boolean',
  hide: 'strings',
  show: 'strings',
  command: 'strings',
  entrypoint: 'strings',
  env: 'environment',
  envMerge: 'record',
  unsetEnv: 'strings',
  unsetEnvAll: 'boolean',
  httpProxy: 'boolean',
  workdir: 'string',
  user: 'string',
  groups: 'strings',
  umask: 'string',
  tty: 'boolean',
  interactive: 'boolean',
  init: 'boolean',
  systemd: 'string',
  preserveFds: 'number',
  labels: 'record',
  annotations: 'record',
  hostname: 'string',
  domainname: 'string',
  network: 'string',
  pid: 'string',
  ipc: 'string',
  uts: 'string',
  cgroupns: 'string',
  userns: 'string',
  usernsOptions: 'object',
  uidMaps: 'objects',
  gidMaps: 'objects',
  timens: 'string',
  timeOffsets: 'numbers',
  readOnly: 'boolean',
  readOnlyTmpfs: 'boolean',
  mounts: 'objects',
  volumesFrom: 'strings',
  secrets: 'objects',
  rootPropagation: 'string',
  shmSizeBytes: 'number',
  devices: 'objects',
  deviceCgroupRules: 'strings',
  privileged: 'boolean',
  capAdd: 'strings',
  capDrop: 'strings',
  security: 'object',
  sysctls: 'record',
  ulimits: 'objects',
  oomScoreAdj: 'number',
  personality: 'string',
  scheduler: 'object',
  ioPriority: 'object',
  timezone: 'string',
  resources: 'object',
  cgroupParent: 'string',
  cgroups: 'string',
  log: 'object',
  restart: 'object',
  health: 'object',
  stopSignal: 'string',
  stopTimeoutSec: 'number',
  timeoutSec: 'number',
  autoRemove: 'boolean',
  hooks: 'objects',
  runtime: 'string',
  runtimeFlags: 'strings',
  requires: 'strings',
  pod: 'string',
  initContainer: 'string',
  cidFile: 'string',
  pidFile: 'string',
  monitorPidFile: 'string',
  createCommand: 'strings',
};

const RESOURCES: ShapeOf<ResourceOptions> = {
  memoryBytes: 'number',
  memoryReservationBytes: 'number',
  memorySwapBytes: 'number',
  memorySwappiness: 'number',
  cpus: 'number',
  cpuShares: 'number',
  cpuPeriodUs: 'number',
  cpuQuotaUs: 'number',
  cpuRtPeriodUs: 'number',
  cpuRtRuntimeUs: 'number',
  cpusetCpus: 'string',
  cpusetMems: 'string',
  pidsLimit: 'number',
  blkioWeight: 'number',
  blkioWeightDevice: 'objects',
  deviceReadBps: 'objects',
  deviceWriteBps: 'objects',
  deviceReadIops: 'objects',
  deviceWriteIops: 'objects',
  hugetlb: 'numbers',
  unified: 'record',
  oomKillDisable: 'boolean',
};

const SECURITY: ShapeOf<SecurityOptions> = {
  noNewPrivileges: 'boolean',
  seccompProfile: 'string',
  apparmorProfile: 'string',
  labels: 'strings',
  mask: 'strings',
  unmask: 'strings',
  procOptions: 'strings',
};

const ID_MAP: ShapeOf<IdMap> = { containerId: 'number', hostId: 'number', size: 'number' };
const USERNS: ShapeOf<UsernsOptions> = {
  size: 'number',
  uid: 'number',
  gid: 'number',
  subuidName: 'string',
  subgidName: 'string',
};
const TIME_OFFSETS: ShapeOf<NonNullable<CreateOptions['timeOffsets']>> = {
  monotonicSec: 'number',
  boottimeSec: 'number',
};
const MOUNT: ShapeOf<MountOptions> = { type: 'string', source: 'string', target: 'string', options: 'strings' };
const DEVICE: ShapeOf<DeviceOptions> = { source: 'string', target: 'string', access: 'string' };
const ULIMIT: ShapeOf<UlimitOptions> = { name: 'string', soft: 'number', hard: 'number' };
const RATE: ShapeOf<DeviceRate> = { device: 'string', rate: 'number' };
const WEIGHT: ShapeOf<DeviceWeight> = { device: 'string', weight: 'number' };
const LOG: ShapeOf<LogOptions> = {
  driver: 'string',
  path: 'string',
  maxSizeBytes: 'number',
  maxFiles: 'number',
  tag: 'string',
};
const RESTART: ShapeOf<RestartOptions> = { policy: 'string', maxRetries: 'number' };
const HOOK: ShapeOf<HookOptions> = {
  kind: 'string',
  path: 'string',
  args: 'strings',
  env: 'strings',
  timeoutSec: 'number',
};
const SCHEDULER: ShapeOf<NonNullable<CreateOptions['scheduler']>> = {
  policy: 'string',
  nice: 'number',
  priority: 'number',
};
const IO_PRIORITY: ShapeOf<NonNullable<CreateOptions['ioPriority']>> = { class: 'string', level: 'number' };

export const EXEC_SHAPE: ShapeOf<ExecOptions> = {
  command: 'strings',
  env: 'environment',
  user: 'string',
  workdir: 'string',
  tty: 'boolean',
  interactive: 'boolean',
  privileged: 'boolean',
  preserveFds: 'number',
  preserveFd: 'integers',
  timeoutMs: 'number',
};

const UPDATE: ShapeOf<UpdateOptions> = {
  resources: 'object',
  restart: 'object',
  env: 'environment',
  unsetEnv: 'strings',
  ulimits: 'objects',
};

/** Required fields of options and of items of lists. */
const REQUIRED = {
  idMap: ['containerId', 'hostId', 'size'],
  mount: ['type', 'target'],
  device: ['source'],
  ulimit: ['name', 'soft', 'hard'],
  rate: ['device', 'rate'],
  weight: ['device', 'weight'],
  hook: ['kind', 'path'],
  network: ['name'],
  secret: ['source'],
  scheduler: ['policy'],
  ioPriority: ['class', 'level'],
  restart: ['policy'],
} as const;

/**
 * Checks the shape of create options. Throws TypeError for an unknown key or a value of the wrong kind, at any depth.
 */
export function checkCreateOptions(options: CreateOptions): void {
  checkShape('create options', options, CREATE_SHAPE);
  each('uidMaps', options.uidMaps, ID_MAP, REQUIRED.idMap);
  each('gidMaps', options.gidMaps, ID_MAP, REQUIRED.idMap);
  each('mounts', options.mounts, MOUNT, REQUIRED.mount);
  each('devices', options.devices, DEVICE, REQUIRED.device);
  each('ulimits', options.ulimits, ULIMIT, REQUIRED.ulimit);
  each('hooks', options.hooks, HOOK, REQUIRED.hook);
  each('networks', options.networks, ATTACH_SHAPE, REQUIRED.network);
  each('secrets', options.secrets, SECRET_SHAPE, REQUIRED.secret);
  one('egress', options.egress, EGRESS_SHAPE);
  one('usernsOptions', options.usernsOptions, USERNS);
  one('timeOffsets', options.timeOffsets, TIME_OFFSETS);
  one('security', options.security, SECURITY);
  one('dns', options.dns, DNS_SHAPE);
  one('log', options.log, LOG);
  one('restart', options.restart, RESTART, REQUIRED.restart);
  one('scheduler', options.scheduler, SCHEDULER, REQUIRED.scheduler);
  one('ioPriority', options.ioPriority, IO_PRIORITY, REQUIRED.ioPriority);
  if (options.resources !== undefined) checkResourceOptions(options.resources);
}

/** Checks the options of an update like checkCreateOptions(). */
export function checkUpdateOptions(options: UpdateOptions): void {
  checkShape('update options', options, UPDATE);
  each('ulimits', options.ulimits, ULIMIT, REQUIRED.ulimit);
  one('restart', options.restart, RESTART, REQUIRED.restart);
  if (options.resources !== undefined) checkResourceOptions(options.resources);
}

export function checkResourceOptions(resources: ResourceOptions): void {
  one('resources', resources, RESOURCES);
  for (const name of ['deviceReadBps', 'deviceWriteBps', 'deviceReadIops', 'deviceWriteIops'] as const) {
    each(`resources.${name}`, resources[name], RATE, REQUIRED.rate);
  }
  each('resources.blkioWeightDevice', resources.blkioWeightDevice, WEIGHT, REQUIRED.weight);
}

/** Checks the options of an exec like checkCreateOptions(). */
export function checkExecOptions(options: ExecOptions): void {
  one('exec options', options, EXEC_SHAPE, ['command']);
}

function each<T extends object>(
  what: string,
  items: readonly T[] | undefined,
  shape: ShapeOf<T>,
  required: readonly (keyof T & string)[],
): void {
  if (items === undefined) return;
  for (const [index, item] of items.entries()) one(`${what}[${index}]`, item, shape, required);
}

function one<T extends object>(
  what: string,
  item: T | undefined,
  shape: ShapeOf<T>,
  required: readonly (keyof T & string)[] = [],
): void {
  if (item === undefined) return;
  checkShape(what, item, shape);
  const missing = required.find((key) => item[key] === undefined);
  if (missing !== undefined) throw new TypeError(`${what} must have "${missing}"`);
}
