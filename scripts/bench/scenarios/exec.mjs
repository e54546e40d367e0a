import { launchOptions } from '../contestants.mjs';
import { race, timed } from '../measure.mjs';
import { ratio } from '../ratio.mjs';

export const title = 'run /bin/true in a running container';

export async function run({ engine, rootfs, oci, bundle, fresh }, { rounds = 100 }) {
  const container = await engine.containers.create(launchOptions(rootfs, ['/bin/sleep', '86400']));
  const peer = fresh();
  try {
    await container.start();
    await oci('crun', ['run', '--detach', '--bundle', bundle(['/bin/sleep', '86400']), peer], { output: 'ignore' });
    const results = await race(
      [
        { name: 'tspod', once: () => timed(() => mustSucceed(container.exec({ command: ['/bin/true'] }))) },
        { name: 'crun', once: async () => (await oci('crun', ['exec', peer, '/bin/true'])).nanoseconds },
      ],
      { rounds, warmUp: 10 },
    );
    const ours = { name: 'tspod exec / crun exec', ours: 'tspod', peer: 'crun', atMost: 0.5 };
    return { results, ratios: [ratio(results, ours)] };
  } finally {
    await container.remove({ force: true, timeoutSec: 0 });
    await oci('crun', ['delete', '--force', peer]).catch(() => undefined);
  }
}

async function mustSucceed(promise) {
  const { exitCode, stderr } = await promise;
  if (exitCode !== 0) throw new Error(`the command ended with ${exitCode}: ${stderr}`);
}
