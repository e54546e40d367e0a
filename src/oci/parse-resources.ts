/** Readers of `linux.resources`. */
import { integerIn, listOf, objectOf, readBoolean, readString, readStringRecord } from './check.js';
import type {
  LinuxResources,
  OciBlockIO,
  OciCpu,
  OciDeviceRule,
  OciHugepageLimit,
  OciMemory,
  OciThrottleDevice,
  OciWeightDevice,
} from './resources.js';

const MAX = Number.MAX_SAFE_INTEGER;
const bytes = integerIn(-1, MAX);
const number = integerIn(-1, 0xfffff);
const devices = 1024;

const readDeviceRule = objectOf<OciDeviceRule>({
  required: { allow: readBoolean },
  optional: { type: readString, major: number, minor: number, access: readString },
});

const readMemory = objectOf<OciMemory>({
  required: {},
  optional: {
    limit: bytes,
    reservation: bytes,
    swap: bytes,
    kernel: bytes,
    kernelTCP: bytes,
    swappiness: integerIn(0, 200),
    disableOOMKiller: readBoolean,
    useHierarchy: readBoolean,
    checkBeforeUpdate: readBoolean,
  },
});

const readCpu = objectOf<OciCpu>({
  required: {},
  optional: {
    shares: integerIn(0, 262144),
    quota: integerIn(-1, MAX),
    burst: integerIn(0, MAX),
    period: integerIn(0, 1000000),
    realtimeRuntime: integerIn(-1, MAX),
    realtimePeriod: integerIn(0, MAX),
    cpus: readString,
    mems: readString,
    idle: integerIn(0, 1),
  },
});

const readWeightDevice = objectOf<OciWeightDevice>({
  required: { major: number, minor: number },
  optional: { weight: integerIn(0, 10000), leafWeight: integerIn(0, 10000) },
});

const readThrottleDevice = objectOf<OciThrottleDevice>({
  required: { major: number, minor: number, rate: integerIn(0, MAX) },
  optional: {},
});

const readBlockIO = objectOf<OciBlockIO>({
  required: {},
  optional: {
    weight: integerIn(0, 10000),
    leafWeight: integerIn(0, 10000),
    weightDevice: listOf(readWeightDevice, devices),
    throttleReadBpsDevice: listOf(readThrottleDevice, devices),
    throttleWriteBpsDevice: listOf(readThrottleDevice, devices),
    throttleReadIOPSDevice: listOf(readThrottleDevice, devices),
    throttleWriteIOPSDevice: listOf(readThrottleDevice, devices),
  },
});

const readHugepageLimit = objectOf<OciHugepageLimit>({
  required: { pageSize: readString, limit: integerIn(0, MAX) },
  optional: {},
});

export const readResources = objectOf<LinuxResources>({
  required: {},
  optional: {
    devices: listOf(readDeviceRule, devices),
    memory: readMemory,
    cpu: readCpu,
    pids: objectOf<{ limit: number }>({ required: { limit: integerIn(-1, MAX) }, optional: {} }),
    blockIO: readBlockIO,
    hugepageLimits: listOf(readHugepageLimit, 64),
    unified: readStringRecord,
  },
});
