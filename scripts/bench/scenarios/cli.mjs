import { race, timed } from '../measure.mjs';

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
  const value = results.tspod.medianMs / results.podman.medianMs;
  return { results, ratios: [{ name: 'tspod run / podman run', value, atMost: 0.6 }] };
}
