import { race, runProgram, timed } from '../measure.mjs';
import { ratio } from '../ratio.mjs';

export const title = 'start of the command line: version';

export async function run({ tspodCli, podman }, { rounds = 100 }) {
  const results = await race(
    [
      { name: 'tspod version', once: () => timed(() => tspodCli(['version'])) },
      { name: 'node -e 0', once: () => timed(() => runProgram(process.execPath, ['-e', '0'])) },
      { name: 'podman version', once: async () => (await podman(['version'])).nanoseconds },
    ],
    { rounds, warmUp: 3 },
  );
  const ours = { name: 'tspod version / node -e 0', ours: 'tspod version', peer: 'node -e 0' };
  return { results, ratios: [ratio(results, ours)] };
}
