/** The engine names what is wrong by the options of the library; who typed a command line knows its flags. */

/** Those that are called otherwise than `--name`, and whose names are no words of other sentences. */
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

/** Names at the beginning of a sentence that are words as well: only there they are an option. */
const FIRST_WORDS: Readonly<Record<string, string>> = {
  cpus: '--cpus',
  umask: '--umask',
  hostname: '--hostname',
  workdir: '--workdir',
  personality: '--personality',
};

const ANYWHERE = new RegExp(`\\b(${Object.keys(FLAGS).join('|')})\\b(?![^"]*"(?:[^"]*"[^"]*")*[^"]*$)`, 'g');
const FIRST = new RegExp(`^(${Object.keys(FIRST_WORDS).join('|')})(?= must be )`);

/** The message with flags in the place of options; what is quoted is the user's and stays. */
export function withFlags(message: string): string {
  return message.replace(ANYWHERE, (name) => FLAGS[name] ?? name).replace(FIRST, (name) => FIRST_WORDS[name] ?? name);
}
