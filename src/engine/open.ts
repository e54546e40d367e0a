/**
 * Opens an engine: prepares directories and database, cleans up after a boot or a crash, and binds the API to the
 * store.
 */
import { chmodSync, mkdirSync } from 'node:fs';

import type { RunOptions, SpawnOptions } from '../container/api/container.js';
import { checkedRun, checkedSpawn } from '../container/call-options.js';
import { BridgeKeeper } from '../container/network/bridges.js';
import { tracked, type EngineContext } from '../container/context.js';
import { endUnread } from '../container/files/archive-stream.js';
import { repair } from '../container/settle/repair.js';
import { recordEngineEvent } from '../container/events.js';
import { restoreDirectories } from '../container/files/volumes.js';
import { lackOfPrivileges } from '../container/create/privileges.js';
import { TspodError } from '../errors.js';
import { resolveDirectories, type Directories } from '../host/directories.js';
import type { HostFacts } from '../host/facts.js';
import { readHostFacts } from '../host/read-facts.js';
import { readBootId, refreshAfterBoot } from '../state/boot.js';
import { claimRunRoot } from '../state/run-root.js';
import { Store } from '../state/store.js';
import { storePaths } from '../storage/paths.js';
import { checkedDiff, checkedDiskUsage, checkedPruneAll, checkedReset } from './call-options.js';
import { makeContainers } from './containers/containers.js';
import { findExecSession } from './containers/find-exec.js';
import { diffAny } from './diff.js';
import { diskUsage } from './disk-usage.js';
import { explainCreate, explainExec } from './explain.js';
import { engineEvents } from './events.js';
import { hideListReader } from './hide-lists.js';
import { checkedFetch } from './images/call-options.js';
import { settleImages } from './images/settle.js';
import type { FetchOptions } from './images/types.js';
import { makeImages } from './images/images.js';
import { engineInfo } from './info.js';
import { makeManifests } from './manifests/manifests.js';
import {
  broken,
  missingDatabase,
  refuseLostRecords,
  refuseLostTables,
  removePassing,
} from './store-check/lost-records.js';
import { makeNetworks } from './networks/networks.js';
import { checkOptions, chosenManager, hooksDirectories, networkPlace, openEvents } from './options.js';
import { pruneAll } from './prune-all.js';
import { reset } from './reset.js';
import { runContainer, spawnContainer } from './containers/run.js';
import { cachedSeccompCompiler } from './seccomp-cache.js';
import type { Engine, EngineOptions } from './types.js';
import { engineVersion } from './version.js';
import { repairPods, stopWhenIdle } from '../pod/exit-policy.js';
import { makePods, withNewPod } from './pods/pods.js';
import { makeSecrets } from './secrets/secrets.js';
import { makeVolumes } from './volumes/volumes.js';

/**
 * Opens the store, creating it if it is new, and repairs what a crash or a reboot left behind. Several engines, in one
 * process or in many, may share a store.
 *
 * @throws {TspodError} INVALID_ARGUMENT (relative directory, another run root, unknown cgroup manager), STORE_BROKEN,
 * STORE_NEWER, STORE_BUSY, PERMISSION_DENIED, DISK_FULL, UNSUPPORTED_HOST (better-sqlite3 or the addon is not built)
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  checkOptions(options);
  const directories = resolveDirectories(options, process.geteuid?.() ?? 0);
  const cgroupManager = chosenManager(options);
  const paths = storePaths(directories);
  makeDirectories(directories.root, paths.containers);
  const missing = missingDatabase(paths);
  if (missing !== undefined) throw broken(missing);
  const store = new Store(paths.database, () => refuseLostTables(paths));
  try {
    const bootId = readBootId();
    const { runRoot } = directories;
    if (store.meta('boot_id') !== bootId) await removePassing(store, paths);
    refuseLostRecords(store, paths);
    const isNewBoot = refreshAfterBoot(store, { bootId, runRoot, runDirectories: paths.runDirectories });
    claimRunRoot(store, { bootId, runRoot });
    makeDirectories(runRoot, paths.runDirectories, paths.locks);
    const context = makeContext(directories, {
      paths,
      store,
      cgroupManager,
      events: openEvents(options, directories),
      hooksDirectories: hooksDirectories(options),
      networks: networkPlace(options, directories),
      bridges: (options.keepBridges ?? true) ? new BridgeKeeper(paths.networks) : undefined,
    });
    if (isNewBoot) {
      recordEngineEvent(context, { status: 'refresh' });
      restoreDirectories(context);
    }
    await repair(context);
    await repairPods(context);
    await settleImages(context);
    return makeEngine(context);
  } catch (error) {
    store.close();
    throw error;
  }
}

/**
 * Makes directories with mode 0700, whatever the umask is. If that is not permitted, the error first says which
 * privileges containers need, since the user most likely wants one.
 */
function makeDirectories(...directories: readonly string[]): void {
  for (const directory of directories) {
    try {
      if (mkdirSync(directory, { recursive: true, mode: 0o700 }) !== undefined) chmodSync(directory, 0o700);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const lack = code === 'EACCES' ? lackOfPrivileges(readHostFacts()) : undefined;
      const before = lack === undefined ? '' : `${lack}; `;
      throw new TspodError('PERMISSION_DENIED', `${before}cannot make ${directory}: ${message}`, { cause: error });
    }
  }
}

function makeContext(
  directories: Directories,
  parts: Pick<
    EngineContext,
    'paths' | 'store' | 'events' | 'cgroupManager' | 'hooksDirectories' | 'networks' | 'bridges'
  >,
): EngineContext {
  let known: HostFacts | undefined;
  const facts = () => (known ??= readHostFacts());
  const context: EngineContext = {
    directories,
    ...parts,
    facts,
    hideList: hideListReader(directories),
    compileSeccomp: cachedSeccompCompiler(parts.paths.seccompCache),
    background: new Set(),
    behind: new Set(),
    archives: new Set(),
    closing: new AbortController(),
    onMemberEnd: (pod) => {
      stopWhenIdle(context, pod);
    },
  };
  return context;
}

function makeEngine(context: EngineContext): Engine {
  const { directories, store } = context;
  const settled = async () => {
    while (context.behind.size > 0) await Promise.all(context.behind);
  };
  const close = async () => {
    context.closing.abort();
    endUnread(context.archives);
    while (context.background.size > 0) await Promise.all(context.background);
    await context.bridges?.release();
    context.events?.close();
    store.close();
  };
  return {
    root: directories.root,
    runRoot: directories.runRoot,
    containers: makeContainers(context),
    networks: makeNetworks(context),
    volumes: makeVolumes(context),
    secrets: makeSecrets(context),
    pods: makePods(context),
    images: makeImages(context),
    manifests: makeManifests(context),
    run: (async (options: RunOptions, fetching?: FetchOptions) => {
      const checked = checkedRun(options);
      checkedFetch(fetching);
      return withNewPod(context, checked, (wanted) => runContainer(context, wanted, fetching));
    }) as Engine['run'],
    spawn: (async (options: SpawnOptions, fetching?: FetchOptions) => {
      const checked = checkedSpawn(options);
      checkedFetch(fetching);
      return withNewPod(context, checked, (wanted) => spawnContainer(context, wanted, fetching));
    }) as Engine['spawn'],
    events: (options) => engineEvents(context, options),
    diff: (nameOrId, against, options) =>
      tracked(context, async () => diffAny(context, nameOrId, against, checkedDiff(options))),
    diskUsage: (options) =>
      tracked(context, async () => Promise.resolve(diskUsage(context, checkedDiskUsage(options)))),
    prune: (options) => tracked(context, async () => pruneAll(context, checkedPruneAll(options))),
    reset: (options) => tracked(context, async () => reset(context, checkedReset(options))),
    info: () => engineInfo(context),
    version: () => engineVersion(),
    explain: (options) => explainCreate(context, options),
    findExec: (id) => findExecSession(context, id),
    explainExec: (nameOrId, options) => explainExec(context, nameOrId, options),
    settled,
    close,
    [Symbol.asyncDispose]: close,
  };
}
