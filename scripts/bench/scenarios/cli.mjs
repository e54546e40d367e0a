import { race, timed } from '../measure.mjs';
import { ratio } from '../ratio.mjs';

export const title = 'the command line: run --rm --network none --rootfs DIR:O /bin/true';

export async function run({ rootfs, tspodCli, podman }, { rounds = 100 }) {
  const args = ['run', '--rm', '--network', 'none', '--rootfs', `${rootfs}:O`, '/bin/true'];
  const results = await race(
    [
      { name: 'tspod', once: () => timed(() => tspodCli(args)) },
      { name: 'podman', once: async () => (await podman(args)).nanoseconds },
    ],
    { rounds, warmUp: 3 },
  );
  const ours = { name: 'tspod run / podman run', ours: 'tspod', peer: 'podman', atMost: 0.6 };
  return { results, ratios: [ratio(results, ours)] };
}
