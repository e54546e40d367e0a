/** Replaces names of library options in error messages by the flags that a user of the command line knows. */

/** Options whose flags have other names, and whose names do not occur as ordinary words. */
const FLAGS: Readonly<Record<string, string>> = {
  memoryBytes: '--memory',
  memoryReservationBytes: '--memory-reservation',
  memorySwapBytes: '--memory-swap',
  memorySwappiness: '--memory-swappiness',
  cpuShares: '--cpu-shares',
  cpuPeriodUs: '--cpu-period',
  cpuQuotaUs: '--cpu-quota',
  cpuRtPeriodUs: '--cpu-rt-period',
  cpuRtRuntimeUs: '--cpu-rt-runtime',
  cpusetCpus: '--cpuset-cpus',
  cpusetMems: '--cpuset-mems',
  pidsLimit: '--pids-limit',
  blkioWeight: '--blkio-weight',
  blkioWeightDevice: '--blkio-weight-device',
  deviceReadBps: '--device-read-bps',
  deviceWriteBps: '--device-write-bps',
  deviceReadIops: '--device-read-iops',
  deviceWriteIops: '--device-write-iops',
  oomScoreAdj: '--oom-score-adj',
  oomKillDisable: '--oom-kill-disable',
  shmSizeBytes: '--shm-size',
  cgroupParent: '--cgroup-parent',
  stopTimeoutSec: '--stop-timeout',
  timeoutSec: '--timeout',
};

/** Options whose names are ordinary words as well: replaced only at the beginning of a message. */
const FIRST_WORDS: Readonly<Record<string, string>> = {
  cpus: '--cpus',
  umask: '--umask',
  hostname: '--hostname',
  workdir: '--workdir',
  personality: '--personality',
};

const ANYWHERE = new RegExp(`\\b(${Object.keys(FLAGS).join('|')})\\b(?![^"]*"(?:[^"]*"[^"]*")*[^"]*$)`, 'g');
const FIRST = new RegExp(`^(${Object.keys(FIRST_WORDS).join('|')})(?= must be )`);

/** Replaces options by flags in a message; quoted text comes from the user and is kept. */
export function withFlags(message: string): string {
  return message.replace(ANYWHERE, (name) => FLAGS[name] ?? name).replace(FIRST, (name) => FIRST_WORDS[name] ?? name);
}
