/** Ends what a scenario that failed has left running, before its files go. */
import { readdirSync } from 'node:fs';

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
