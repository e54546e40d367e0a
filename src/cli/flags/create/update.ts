/** Flags of update: those of create that can be changed later. */
import { createFlags } from './all.js';
import type { CreateFlag } from './draft.js';

const NAMES: ReadonlySet<string> = new Set([
  'blkio-weight',
  'blkio-weight-device',
  'cpu-period',
  'cpu-quota',
  'cpu-rt-period',
  'cpu-rt-runtime',
  'cpu-shares',
  'cpus',
  'cpuset-cpus',
  'cpuset-mems',
  'device-read-bps',
  'device-read-iops',
  'device-write-bps',
  'device-write-iops',
  'env',
  'health-cmd',
  'health-interval',
  'health-on-failure',
  'health-retries',
  'health-start-period',
  'health-timeout',
  'memory',
  'memory-reservation',
  'memory-swap',
  'memory-swappiness',
  'no-healthcheck',
  'pids-limit',
  'restart',
  'ulimit',
  'unsetenv',
]);

const HELP: Readonly<Record<string, string>> = {
  env: "Set an environment variable for later commands and starts; without a value, or with KEY*, take the caller's",
  unsetenv: 'Unset an environment variable for later commands and starts',
  ulimit: 'Set a resource limit for later starts; -1 is unlimited',
};

export const updateFlags: readonly CreateFlag[] = createFlags
  .filter(({ name }) => NAMES.has(name))
  .map(({ default: _default, group: _group, ...flag }): CreateFlag => ({
    ...flag,
    help: HELP[flag.name] ?? flag.help,
  }));
