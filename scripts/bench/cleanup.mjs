/** Ends what a scenario that failed, or was interrupted, has left running, before its files go. */
import { readdirSync } from 'node:fs';

/** How long calls that are under way may take when a run is called off. */
const LAST_CALLS_MS = 10_000;

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

function namesIn(directory) {
  try {
    return readdirSync(directory);
  } catch {
    return []; // it was never used
  }
}
