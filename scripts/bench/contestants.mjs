/** What the scenarios share: one way to do the same work for each engine, in a scratch directory of one run. */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeBundle, removeCgroups } from './bundle.mjs';
import { runProgram } from './measure.mjs';
import { podman, startBareLoop, startPeerHost } from './peers.mjs';
import { makeBusyboxRoot } from './rootfs.mjs';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** On a disk, as a store is: an overlay's upper layer on tmpfs would flatter. */
const SCRATCH_PARENT = '/var/tmp';

/** What a reboot wipes is in memory on most machines; where /run is not, this still is. */
const TMPFS_MAGIC = 0x01021994;
const RUN_PARENT = ['/run', '/dev/shm'].find((path) => statfsSync(path).type === TMPFS_MAGIC) ?? SCRATCH_PARENT;

/** Opens everything; `close` removes all of it. */
export async function openContestants() {
  const { openEngine } = await import(join(repository, 'dist/index.js'));
  const directory = mkdtempSync(join(SCRATCH_PARENT, 'tspod-bench-'));
  const runDirectory = mkdtempSync(join(RUN_PARENT, 'tspod-bench-'));
  const rootfs = makeBusyboxRoot(join(directory, 'rootfs'));
  const store = { root: join(directory, 'tspod/root'), runRoot: join(runDirectory, 'tspod') };
  const engine = await openEngine(store);
  const openStore = async (name) => {
    const place = { root: join(directory, name, 'root'), runRoot: join(runDirectory, name) };
    return { engine: await openEngine(place), cli: (args, options) => runTspod(place, args, options) };
  };
  const host = startPeerHost();
  let lastNumber = 0;
  const fresh = () => `bench-${process.pid}-${++lastNumber}`;
  return {
    directory,
    rootfs,
    engine,
    host,
    fresh,
    openStore,
    tspodCli: (args, options) => runTspod(store, args, options),
    oci: (runtime, args, options) => host.run(runtime, [...ociGlobals(runtime, runDirectory), ...args], options ?? {}),
    bundle: (args) => makeBundle(join(directory, 'bundles', fresh()), { rootfs, args, name: fresh() }),
    podman: podmanRunner(host, { directory: join(directory, 'podman'), runDirectory: join(runDirectory, 'podman') }),
    bareLoop: () => startBareLoop(directory, { rootfs, command: '/bin/true' }),
    async close() {
      await engine.close();
      await host.close();
      removeCgroups();
      for (const path of [directory, runDirectory]) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function runTspod({ root, runRoot }, args, options) {
  return runProgram(join(repository, 'bin/tspod'), ['--root', root, '--runroot', runRoot, ...args], options);
}

/** In a container's own options: the same root, the same six namespaces, the default profile and limits, no log. */
export function launchOptions(rootfs, command) {
  return { rootfs, rootfsOverlay: true, network: 'none', log: { driver: 'none' }, command };
}

function ociGlobals(runtime, runDirectory) {
  const root = ['--root', join(runDirectory, runtime)];
  return runtime === 'crun' ? [...root, '--cgroup-manager', 'cgroupfs'] : root;
}

function podmanRunner(host, directories) {
  const { env, globals } = podman(directories);
  return (args, options = {}) => host.run('podman', [...globals, ...args], { env, ...options });
}
