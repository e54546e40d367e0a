import { launchOptions } from '../contestants.mjs';
import { race, timed } from '../measure.mjs';

export const title = 'create, start, wait for and remove a container that runs /bin/true';

export async function run({ engine, rootfs, oci, bundle, fresh, bareLoop }, { rounds = 100 }) {
  const bare = await bareLoop();
  const options = launchOptions(rootfs, ['/bin/true']);
  const bundles = { crun: bundle(['/bin/true']), runc: bundle(['/bin/true']) };
  const shellOut = (runtime) => async () =>
    (await oci(runtime, ['run', '--bundle', bundles[runtime], fresh()])).nanoseconds;
  try {
    const results = await race(
      [
        { name: 'tspod', once: () => timed(() => mustSucceed(engine.run(options))) },
        { name: 'crun', once: shellOut('crun') },
        { name: 'runc', once: shellOut('runc') },
        { name: 'bare', once: bare.once },
      ],
      { rounds, warmUp: 10 },
    );
    return { results, ratios: ratios(results) };
  } finally {
    bare.close();
  }
}

function ratios({ tspod, crun, runc, bare }) {
  return [
    { name: 'tspod / crun run', value: tspod.medianMs / crun.medianMs, atMost: 0.5 },
    { name: 'tspod / bare C loop', value: tspod.medianMs / bare.medianMs, atMost: 2.5 },
    { name: 'tspod / runc run', value: tspod.medianMs / runc.medianMs },
  ];
}

async function mustSucceed(promise) {
  const { exitCode, stderr } = await promise;
  if (exitCode !== 0) throw new Error(`the container ended with ${exitCode}: ${stderr}`);
}
