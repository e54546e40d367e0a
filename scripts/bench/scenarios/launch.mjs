import { launchOptions } from '../contestants.mjs';
import { race, timed } from '../measure.mjs';

export const title = 'create, start, wait for and remove a container that runs /bin/true';

/** @default rounds 100 */
export async function run({ engine, rootfs, oci, bundle, fresh, bareLoop }, { rounds = 100 }) {
  using bare = await bareLoop();
  const options = launchOptions(rootfs, ['/bin/true']);
  const bundles = { crun: bundle(['/bin/true']), runc: bundle(['/bin/true']) };
  const shellOut = (runtime) => async () =>
    (await oci(runtime, ['run', '--bundle', bundles[runtime], fresh()])).nanoseconds;
  const results = await race(
    [
      { name: 'tspod', once: () => timed(() => mustSucceed(engine.run(options))) },
      { name: 'crun', once: shellOut('crun') },
      { name: 'runc', once: shellOut('runc') },
      { name: 'bare', once: bare.once },
    ],
    { rounds, warmUp: 10 },
  );
  return {
    results,
    ratios: [
      { name: 'tspod / crun run', value: results.tspod.medianMs / results.crun.medianMs, atMost: 0.5 },
      { name: 'tspod / bare C loop', value: results.tspod.medianMs / results.bare.medianMs, atMost: 2.5 },
      { name: 'tspod / runc run', value: results.tspod.medianMs / results.runc.medianMs },
    ],
  };
}

async function mustSucceed(promise) {
  const { exitCode, stderr } = await promise;
  if (exitCode !== 0) throw new Error(`the container ended with ${exitCode}: ${stderr}`);
}
