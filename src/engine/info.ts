/** `engine.info()`: facts about this machine and the store. */
import { arch, freemem, hostname, platform, release, totalmem, uptime } from 'node:os';

import type { EngineContext } from '../container/context.js';
import { observe, statusOf } from '../container/observe.js';
import { readIfReadable } from '../host/process-files.js';
import { containerPaths } from '../storage/paths.js';
import { defaultCgroupManager } from '../spec/limits/cgroup-options.js';
import { hostProblems } from './problems.js';
import type { EngineInfo } from './types.js';
import { engineVersion } from './version.js';

export async function engineInfo(context: EngineContext): Promise<EngineInfo> {
  const problems = await hostProblems();
  return { host: hostInfo(context), store: storeInfo(context), problems, version: engineVersion() };
}

function hostInfo(context: EngineContext): EngineInfo['host'] {
  const facts = context.facts();
  const swap = swapKilobytes();
  return {
    arch: arch(),
    os: platform(),
    kernel: release(),
    hostname: hostname(),
    distribution: distribution(),
    cpus: facts.cpus,
    memTotal: totalmem(),
    memFree: freemem(),
    swapTotal: swap.total * 1024,
    swapFree: swap.free * 1024,
    uptimeSec: Math.floor(uptime()),
    cgroupManager: context.cgroupManager ?? defaultCgroupManager(facts),
    cgroupVersion: facts.cgroup.mode,
    cgroupControllers: [...new Set(facts.cgroup.hierarchies.flatMap((hierarchy) => hierarchy.controllers))].filter(
      (name) => !name.startsWith('name='),
    ),
    security: {
      rootless: facts.uid !== 0,
      seccompEnabled: facts.seccomp,
      apparmorEnabled: facts.apparmor,
      selinuxEnabled: facts.selinux,
      capabilities: [...facts.effectiveCapabilities],
    },
  };
}

/** Reads os-release(5). */
function distribution(): EngineInfo['host']['distribution'] {
  const values = new Map<string, string>();
  for (const line of (readIfReadable('/etc/os-release') ?? readIfReadable('/usr/lib/os-release') ?? '').split('\n')) {
    const equals = line.indexOf('=');
    if (equals > 0) values.set(line.slice(0, equals), line.slice(equals + 1).replace(/^(["'])(.*)\1$/, '$2'));
  }
  return {
    distribution: values.get('ID') ?? 'unknown',
    version: values.get('VERSION_ID') ?? '',
    codename: values.get('VERSION_CODENAME') ?? '',
  };
}

function swapKilobytes(): { readonly total: number; readonly free: number } {
  const text = readIfReadable('/proc/meminfo') ?? '';
  const value = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
  return { total: value('SwapTotal'), free: value('SwapFree') };
}

/** Counts containers: those recorded as live are observed, the others are counted as recorded. */
function storeInfo({ directories, paths, store }: EngineContext): EngineInfo['store'] {
  const number = [...store.countByStatus().values()].reduce((sum, count) => sum + count, 0);
  const live = store
    .list('live')
    .map(({ id, state }) => statusOf(state, observe(state, containerPaths(directories, id))));
  const running = live.filter((status) => status === 'running' || status === 'stopping').length;
  const paused = live.filter((status) => status === 'paused').length;
  return {
    root: directories.root,
    runRoot: directories.runRoot,
    database: paths.database,
    containers: { number, running, paused, stopped: number - running - paused },
  };
}
