/** The handle that users of the library hold: it binds each verb to an id. No verb's code is here. */
import type { Container, ExecSpawnOptions } from './api/container.js';
import { batchContainer, syncContainer } from './batch.js';
import {
  checkedAttach,
  checkedBatch,
  checkedCleanup,
  checkedCreateExec,
  checkedDependents,
  checkedExec,
  checkedExecAttached,
  checkedHealthcheck,
  checkedInspect,
  checkedLogs,
  checkedRemove,
  checkedRestart,
  checkedSpawnExec,
  checkedStart,
  checkedStartAttached,
  checkedStartExec,
  checkedStats,
  checkedStop,
  checkedSync,
  checkedWait,
  checkedWatchStats,
} from './call-options.js';
import { tracked, type EngineContext } from './context.js';
import { inspectContainer } from './inspect/container.js';
import { observe, stateOf } from './observe.js';
import { noSuchContainer } from '../state/lookup.js';
import { containerPaths } from '../storage/paths.js';
import { snapshot } from '../util/snapshot.js';
import { fileVerbs } from './files/verbs.js';
import { attachToContainer } from './verbs/attach.js';
import { createExecSession, startNewExecSession } from './exec/create.js';
import { execSessions } from './exec/handle.js';
import { execAttached, execCollected, spawnExec } from './verbs/exec.js';
import { cleanUpContainer } from './verbs/cleanup.js';
import { runHealthcheck } from './verbs/healthcheck.js';
import { killContainer } from './verbs/kill.js';
import { containerLogs, reopenContainerLog } from './verbs/logs.js';
import { containerAddresses, containerRoutes, egressCounters } from './verbs/network-state.js';
import { pauseContainer, unpauseContainer } from './verbs/pause.js';
import {
  cgroupPath,
  containerBindMounts,
  containerDependencies,
  containerDependents,
  containerHostname,
  namespacePath,
} from './verbs/look-ups.js';
import { removeContainer } from './verbs/remove.js';
import { renameContainer } from './verbs/rename.js';
import { restartContainer } from './verbs/restart.js';
import { initContainer, startAttached, startContainer } from './verbs/start.js';
import { containerStats, watchStats } from './verbs/stats.js';
import { stopContainer } from './verbs/stop.js';
import { containerProcesses } from './verbs/top.js';
import { updateContainer } from './verbs/update.js';
import { waitForContainer } from './verbs/wait.js';

export function containerHandle(
  context: EngineContext,
  { id, name }: { readonly id: string; readonly name: string },
): Container {
  let lastName = name;
  const exec = async (options: Parameters<Container['exec']>[0]) => execCollected(context, id, checkedExec(options));
  const spawn = async (options: ExecSpawnOptions) => spawnExec(context, id, checkedSpawnExec(options));
  return {
    id,
    get name() {
      return (lastName = context.store.get(id)?.name ?? lastName);
    },
    state() {
      const stored = context.store.get(id);
      if (stored === undefined) throw noSuchContainer(id);
      return stateOf(stored, observe(stored.state, containerPaths(context.directories, id)));
    },
    inspect: (options) => inspectContainer(context, id, checkedInspect(options)),
    init: async (options) => initContainer(context, id, checkedStart(options)),
    start: async (options) => startContainer(context, id, checkedStart(options)),
    startAttached: async (options) => startAttached(context, id, checkedStartAttached(options)),
    attach: async (options) => attachToContainer(context, id, checkedAttach(options)),
    stop: async (options) => tracked(context, async () => stopContainer(context, id, checkedStop(options))),
    restart: async (options) => restartContainer(context, id, checkedRestart(options)),
    kill: (signal) => killContainer(context, id, signal),
    pause: () => pauseContainer(context, id),
    unpause: () => unpauseContainer(context, id),
    wait: async (options) => waitForContainer(context, id, checkedWait(options)),
    healthcheck: async (options) => runHealthcheck(context, id, checkedHealthcheck(options)),
    exec: exec as Container['exec'],
    spawnExec: spawn as Container['spawnExec'],
    execAttached: async (options) => execAttached(context, id, checkedExecAttached(options)),
    createExec: async (options) => createExecSession(context, id, checkedCreateExec(options)),
    startExec: async (options) => startNewExecSession(context, id, checkedStartExec(options)),
    execSessions: () => execSessions(context, id),
    logs: (options) => containerLogs(context, id, checkedLogs(options)),
    reopenLog: () => reopenContainerLog(context, id),
    rename: async (newName) => {
      await renameContainer(context, id, newName);
      lastName = context.store.get(id)?.name ?? lastName;
    },
    update: (options) => updateContainer(context, id, snapshot(options)),
    stats: (options) => containerStats(context, id, checkedStats(options)),
    watchStats: (options) => watchStats(context, id, checkedWatchStats(options)),
    top: () => containerProcesses(context, id),
    namespacePath: (kind) => namespacePath(context, id, kind),
    cgroupPath: () => cgroupPath(context, id),
    addresses: () => containerAddresses(context, id),
    routes: () => containerRoutes(context, id),
    egress: () => egressCounters(context, id),
    hostname: () => containerHostname(context, id),
    bindMounts: () => containerBindMounts(context, id),
    dependencies: () => containerDependencies(context, id),
    dependents: (options) => containerDependents(context, id, checkedDependents(options)),
    cleanup: async (options) => cleanUpContainer(context, id, checkedCleanup(options)),
    sync: async (options) => syncContainer(context, id, checkedSync(options)),
    batch: async (callback, options) =>
      batchContainer(context, id, { ...checkedBatch(options), callback, makeHandle: containerHandle }),
    remove: async (options) =>
      void (await tracked(context, async () => removeContainer(context, id, checkedRemove(options)))),
    ...fileVerbs(context, id),
  };
}
