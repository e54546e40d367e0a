/** Ends what a scenario that failed, or was interrupted, has left running, before its files go. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long calls that are under way may take when a run is called off. */
const LAST_CALLS_MS = 10_000;

/** How long conmon may take to clean up after its container, and how often it is looked for. */
const LAST_PROCESSES_MS = 10_000;
const LOOK_EVERY_MS = 20;

/** Calls of scenarios: when it is closed there are no new ones, and those under way have ended, or were given up. */
export function openGate() {
  const underWay = new Set();
  let closed = false;
  return {
    through(call) {
      return async (...args) => {
        if (closed) throw new Error('called off');
        const promise = call(...args);
        underWay.add(promise);
        return promise.finally(() => underWay.delete(promise));
      };
    },
    async close() {
      closed = true;
      const patience = new Promise((resolve) => setTimeout(resolve, LAST_CALLS_MS).unref());
      await Promise.race([Promise.allSettled(underWay), patience]);
    },
  };
}

/** Of a store of tspod: `cli` calls its command line. */
export async function endContainers(cli) {
  const { stdout } = await cli(['ps', '--all', '--quiet', '--no-trunc', '--filter', 'status=running']);
  const ids = stdout.split('\n').filter((line) => line !== '');
  if (ids.length > 0) await cli(['rm', '--force', '--time', '0', ...ids]);
}

/** Of an OCI runtime, whose state has a directory for each container. */
export async function endOciContainers(call, stateDirectory) {
  for (const id of namesIn(stateDirectory)) await call(['delete', '--force', id]);
}

/**
 * Waits for processes that have the path in their command line. After a container that is removed by force conmon still starts
 * `podman container cleanup`, which would make a store anew that has been removed meanwhile.
 */
export async function endOfProcesses(path) {
  const deadline = performance.now() + LAST_PROCESSES_MS;
  while (namesIn('/proc').some((pid) => commandLineOf(pid).includes(path))) {
    if (performance.now() > deadline) throw new Error(`processes go on with files in ${path}`);
    await sleep(LOOK_EVERY_MS);
  }
}

function commandLineOf(pid) {
  try {
    return /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
  } catch {
    return ''; // it has ended meanwhile
  }
}

function namesIn(directory) {
  try {
    return readdirSync(directory);
  } catch {
    return []; // it was never used
  }
}
