/** What the scenarios share: one way to do the same work for each engine, in a scratch directory of one run. */
import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeBundle, rememberCgroups } from './bundle.mjs';
import { endContainers, endOciContainers, endOfProcesses, openGate } from './cleanup.mjs';
import { echoLines } from './echo.mjs';
import { runProgram } from './measure.mjs';
import { podman, startBareLoop, startPeerHost } from './peers.mjs';
import { makeBusyboxRoot } from './rootfs.mjs';

export const repository = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

const PROGRAM = join(repository, 'bin/tspod');
const RUNTIMES = ['crun', 'runc'];

/** On a disk, as a store is: an overlay's upper layer on tmpfs would flatter. */
const SCRATCH_PARENT = '/var/tmp';

/** What a reboot wipes is in memory on most machines; where /run is not, this still is. */
const TMPFS_MAGIC = 0x01021994;
const RUN_PARENT = ['/run', '/dev/shm'].find((path) => statfsSync(path).type === TMPFS_MAGIC) ?? SCRATCH_PARENT;

/** Opens everything; `close` ends and removes all of it. `peerRoot` is a Debian tree that the peers run in. */
export async function openContestants({ peerRoot } = {}) {
  const removeCgroups = rememberCgroups();
  const { openEngine } = await import(join(repository, 'dist/index.js'));
  const directory = mkdtempSync(join(SCRATCH_PARENT, 'tspod-bench-'));
  const runDirectory = mkdtempSync(join(RUN_PARENT, 'tspod-bench-'));
  const rootfs = makeBusyboxRoot(join(directory, 'rootfs'));
  const gate = openGate();
  const places = [];
  const lastActions = [];
  const atEnd = (action) => void lastActions.push(action);
  const openStore = async (name) => {
    const place = { root: join(directory, name, 'root'), runRoot: join(runDirectory, name) };
    places.push(place);
    return { engine: await openEngine(place), cli: gate.through((args, options) => runTspod(place, args, options)) };
  };
  const { engine, cli: tspodCli } = await openStore('tspod');
  const host = startPeerHost({ root: peerRoot, shared: [SCRATCH_PARENT, runDirectory] });
  const peers = peersOf(host, { directory, runDirectory });
  let lastNumber = 0;
  const fresh = () => `bench-${process.pid}-${++lastNumber}`;
  return {
    directory,
    rootfs,
    engine,
    host,
    fresh,
    openStore,
    /** Something that `close` does as well: a scenario that is interrupted has no turn to clean up. Done twice, it must do nothing. */
    atEnd,
    tspodCli,
    tspodEcho: gate.through((args, options) => echoLines(PROGRAM, [...globalsOf(places[0]), ...args], options)),
    oci: gate.through(peers.oci),
    podman: gate.through(peers.podman),
    podmanEcho: gate.through(peers.podmanEcho),
    bundle: (args) => makeBundle(join(directory, 'bundles', fresh()), { rootfs, args, name: fresh(), peerRoot }),
    async bareLoop() {
      const loop = await startBareLoop(directory, { rootfs, command: '/bin/true' });
      atEnd(loop.close);
      return loop;
    },
    async close() {
      await gate.close();
      for (const action of lastActions) await tolerate(action());
      await engine.close();
      for (const place of places) await tolerate(endContainers((args) => runTspod(place, args)));
      await tolerate(peers.end());
      await host.close();
      removeCgroups();
      for (const path of [directory, runDirectory]) rmSync(path, { recursive: true, force: true, maxRetries: 20 });
    },
  };
}

/** In a container's own options: the same root, the same six namespaces, the default profile and limits, no log. */
export function launchOptions(rootfs, command) {
  return { rootfs, rootfsOverlay: true, network: 'none', log: { driver: 'none' }, command };
}

function runTspod(place, args, options) {
  return runProgram(PROGRAM, [...globalsOf(place), ...args], options);
}

function globalsOf({ root, runRoot }) {
  return ['--root', root, '--runroot', runRoot];
}

function peersOf(host, { directory, runDirectory }) {
  const stateOf = (runtime) => join(runDirectory, runtime);
  const oci = (runtime, args, options) =>
    host.run(runtime, [...ociGlobals(runtime, stateOf(runtime)), ...args], options);
  const store = join(directory, 'podman');
  const runStore = join(runDirectory, 'podman');
  const { env, globals } = podman({ directory: store, runDirectory: runStore });
  const runPodman = (args, options = {}) => host.run('podman', [...globals, ...args], { env, ...options });
  return {
    oci,
    podman: runPodman,
    podmanEcho: (args, options) => host.echo('podman', [...globals, ...args], { env, ...options }),
    async end() {
      for (const runtime of RUNTIMES) {
        await tolerate(endOciContainers((args) => oci(runtime, args), stateOf(runtime)));
      }
      if (existsSync(join(store, 'root'))) await tolerate(runPodman(['rm', '--all', '--force', '--time', '0']));
      await endOfProcesses(runStore);
    },
  };
}

function ociGlobals(runtime, state) {
  const root = ['--root', state];
  return runtime === 'crun' ? [...root, '--cgroup-manager', 'cgroupfs'] : root;
}

/** What comes after it is cleaned up all the same. */
async function tolerate(promise) {
  await promise.catch((error) => console.error(`cleaning up: ${error.message}`));
}
