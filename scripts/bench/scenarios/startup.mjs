import { race, runProgram, timed } from '../measure.mjs';

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
  const value = results['tspod version'].medianMs / results['node -e 0'].medianMs;
  return { results, ratios: [{ name: 'tspod version / node -e 0', value }] };
}
