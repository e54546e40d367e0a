/**
 * Reads the host facts from a dozen small files of /proc and /sys, in well under half a millisecond. A fact whose file
 * is missing is "no".
 */
import { existsSync } from 'node:fs';
import { availableParallelism, hostname, release } from 'node:os';

import { cgroupLayout } from './cgroup-layout.js';
import { readCpuSets } from './cpusets.js';
import type { HostFacts } from './facts.js';
import { parseMountInfo } from './mountinfo.js';
import { hasSeccompLine, isInitialUserNamespace, parseLimits, statusCapabilities } from './proc-self.js';
import { namesIn, readText } from './readable.js';
import { systemdRuns } from './systemd.js';

const PROXY_VARIABLES = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy', 'all_proxy'];

/** Returns what the kernel has and what this process may do. The caller keeps the result, which rarely changes. */
export function readHostFacts(): HostFacts {
  const status = readText('/proc/self/status');
  const mounts = parseMountInfo(readText('/proc/self/mountinfo'));
  const effectiveCapabilities = statusCapabilities(status, 'CapEff');
  const initialUserNamespace = isInitialUserNamespace(readText('/proc/self/uid_map'));
  const canRaiseLimits = initialUserNamespace && effectiveCapabilities.has('CAP_SYS_RESOURCE');
  const cgroup = cgroupLayout(mounts, readText('/proc/self/cgroup'), readText);
  return {
    uid: process.geteuid?.() ?? 0,
    effectiveCapabilities,
    boundingCapabilities: statusCapabilities(status, 'CapBnd'),
    initialUserNamespace,
    limits: parseLimits(readText('/proc/self/limits')),
    canRaiseLimits,
    highestOpenFiles: Number(readText('/proc/sys/fs/nr_open')) || 1048576,
    lowestOomScoreAdj: canRaiseLimits ? -1000 : Number(readText('/proc/self/oom_score_adj')),
    cgroup,
    cpuSets: () => readCpuSets(cgroup, readText),
    systemd: systemdRuns(),
    mounts,
    apparmor: hasAppArmor(),
    selinux: mounts.some((mount) => mount.type === 'selinuxfs'),
    seccomp: hasSeccompLine(status),
    namespaces: new Set(namesIn('/proc/self/ns')),
    thermalThrottle: existsSync('/sys/devices/system/cpu/cpu0/thermal_throttle'),
    bootId: readText('/proc/sys/kernel/random/boot_id').trim(),
    kernelRelease: release(),
    architecture: process.arch,
    cpus: availableParallelism(),
    hostname: hostname(),
    proxyVariables: readProxyVariables(process.env),
  };
}

function hasAppArmor(): boolean {
  const file = '/sys/module/apparmor/parameters/enabled';
  return existsSync(file) && readText(file).startsWith('Y');
}

function readProxyVariables(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of PROXY_VARIABLES.flatMap((lower) => [lower, lower.toUpperCase()])) {
    const value = env[name];
    if (value !== undefined && value !== '') found[name] = value;
  }
  return found;
}
