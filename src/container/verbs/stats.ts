/** Measures what a container uses, from its cgroups and its network namespace. Takes no lock. */
import { totalmem } from 'node:os';

import { isTspodError, TspodError } from '../../errors.js';
import { readCgroupUsage, type BlockUsage } from '../../host/cgroup-usage.js';
import { parseNetDev } from '../../host/net-dev.js';
import { readIfReadable, readProcessIo } from '../../host/process-files.js';
import { sleep, throwIfAborted } from '../../native/abort.js';
import { realTimeUs } from '../../native/primitives.js';
import type { CgroupPlacement } from '../../plan/context.js';
import { containerPaths } from '../../storage/paths.js';
import { presentCgroups } from '../cgroups/placement.js';
import { readConfig } from '../config.js';
import { whileOpen, type EngineContext } from '../context.js';
import { memberPids } from '../cgroups/member-pids.js';
import { observe, stateOf } from '../observe.js';
import type { ContainerStats, StatsOptions, WatchStatsOptions } from '../api/stats.js';
import { leavable } from '../streams/leavable.js';
import { requireAllowed } from '../transitions.js';
import { storedContainer } from './look-ups.js';

const DEFAULT_INTERVAL_MS = 1000;
const NS_PER_MS = 1e6;

/**
 * Takes one measurement. Throws STATE_INVALID unless the container has a process that runs or is paused, NO_CGROUPS if
 * none was to be made for it.
 */
export function containerStats(context: EngineContext, id: string, { previous }: StatsOptions = {}): ContainerStats {
  const stored = storedContainer(context, id);
  const state = stateOf(stored, observe(stored.state, containerPaths(context.directories, id)));
  requireAllowed('stats', id, state.status);
  const config = readConfig(context, id);
  if (config.cgroups === 'disabled') {
    const message = `cannot tell what container ${id} uses, as it did not create a cgroup: this container does not have a cgroup`;
    throw new TspodError('NO_CGROUPS', message);
  }
  const placement = presentCgroups(context, id, config);
  const usage = readCgroupUsage(placement?.directories ?? []);
  const timeMs = realTimeUs() / 1000;
  const averagePercent = percentOf(usage.cpuNs, timeMs - (state.startedAt?.getTime() ?? timeMs));
  const limitBytes = Math.min(usage.memoryLimitBytes, totalmem());
  return {
    id,
    name: stored.name,
    timeMs,
    cpu: {
      percent:
        previous === undefined
          ? averagePercent
          : percentOf(usage.cpuNs - previous.cpu.totalNs, timeMs - previous.timeMs),
      averagePercent,
      totalNs: usage.cpuNs,
      userNs: usage.cpuUserNs,
      systemNs: usage.cpuSystemNs,
    },
    memory: { usageBytes: usage.memoryBytes, limitBytes, percent: (usage.memoryBytes / limitBytes) * 100 },
    network: networkStats(config.namespaces.network === 'host' ? 0 : state.pid),
    block: usage.block ?? processIo(state.pid, placement),
    pids: usage.pids,
  };
}

/**
 * Measures repeatedly until the container ends. Throws STATE_INVALID if it does not run at the beginning, NO_CGROUPS.
 */
export function watchStats(
  context: EngineContext,
  id: string,
  { intervalMs = DEFAULT_INTERVAL_MS, signal }: WatchStatsOptions = {},
): AsyncIterable<ContainerStats> {
  return leavable(signal, (either) => measure(context, id, { intervalMs, signal: either }));
}

async function* measure(
  context: EngineContext,
  id: string,
  { intervalMs, signal }: { readonly intervalMs: number; readonly signal: AbortSignal },
): AsyncGenerator<ContainerStats, void, undefined> {
  throwIfAborted('stats', signal);
  let latest = containerStats(context, id);
  for (;;) {
    yield latest;
    await whileOpen(context, signal, (either) => sleep(intervalMs, 'stats', either));
    try {
      latest = containerStats(context, id, { previous: latest });
    } catch (error) {
      if (isTspodError(error, 'STATE_INVALID') || isTspodError(error, 'NO_SUCH_CONTAINER')) return;
      throw error;
    }
  }
}

function percentOf(cpuNs: number, ms: number): number {
  return ms > 0 && cpuNs > 0 ? (cpuNs / (ms * NS_PER_MS)) * 100 : 0;
}

function networkStats(pid: number): ContainerStats['network'] {
  const links = pid === 0 ? {} : parseNetDev(readIfReadable(`/proc/${String(pid)}/net/dev`) ?? '');
  const sum = (direction: 'received' | 'sent'): number =>
    Object.values(links).reduce((total, link) => total + link[direction].bytes, 0);
  return { receivedBytes: sum('received'), sentBytes: sum('sent'), links };
}

/** Adds up what the processes have counted, each with the children that it has waited for, where no cgroup counts. */
function processIo(initPid: number, placement: CgroupPlacement | undefined): BlockUsage {
  const counted = memberPids(initPid, placement).map((pid) => readProcessIo(pid));
  return {
    readBytes: counted.reduce((total, io) => total + (io?.readBytes ?? 0), 0),
    writtenBytes: counted.reduce((total, io) => total + (io?.writtenBytes ?? 0), 0),
  };
}
