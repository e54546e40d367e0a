import { launchOptions } from '../contestants.mjs';
import { packRoot } from '../image-root.mjs';
import { race, timed } from '../measure.mjs';
import { ratio } from '../ratio.mjs';

export const title = 'run /bin/true in a stored image: the command line, and in process';

const IMAGE = 'localhost/bench:1';

export async function run({ directory, rootfs, engine, tspodCli, podman, oci, bundle, fresh }, { rounds = 50 }) {
  const archive = await packRoot(directory, rootfs);
  await tspodCli(['import', archive, IMAGE]);
  await podman(['import', archive, IMAGE]);
  const args = ['run', '--rm', '--network', 'none', IMAGE, '/bin/true'];
  const { rootfs: none, rootfsOverlay, ...options } = launchOptions(undefined, ['/bin/true']);
  const prepared = bundle(['/bin/true']);
  const results = await race(
    [
      { name: 'tspod cli', once: () => timed(() => tspodCli(args)) },
      { name: 'podman cli', once: async () => (await podman(args)).nanoseconds },
      { name: 'tspod', once: () => timed(() => mustSucceed(engine.run({ ...options, image: IMAGE }))) },
      { name: 'crun', once: async () => (await oci('crun', ['run', '--bundle', prepared, fresh()])).nanoseconds },
    ],
    { rounds, warmUp: 3 },
  );
  const cli = { name: 'tspod run --rm IMAGE / podman run --rm IMAGE', ours: 'tspod cli', peer: 'podman cli' };
  const inProcess = { name: 'engine.run with an image / crun run on a plain directory', ours: 'tspod', peer: 'crun' };
  return { results, ratios: [ratio(results, { ...cli, atMost: 0.6 }), ratio(results, { ...inProcess, atMost: 0.5 })] };
}

async function mustSucceed(promise) {
  const { exitCode, stderr } = await promise;
  if (exitCode !== 0) throw new Error(`the container ended with ${exitCode}: ${stderr}`);
}
