import { launchOptions } from '../contestants.mjs';
import { race, timed } from '../measure.mjs';
import { ratio } from '../ratio.mjs';

export const title = 'create, start, wait for and remove a container that runs /bin/true';

/** Sandboxes that make namespaces and mounts, and no cgroup, filter or record: what is left out is in docs/benchmarks.md. */
const SANDBOXES = {
  bwrap: (rootfs) => ['--unshare-all', '--bind', rootfs, '/', '--proc', '/proc', '--dev', '/dev', '/bin/true'],
  unshare: (rootfs) => [...UNSHARED, `--root=${rootfs}`, '/bin/true'],
};
const UNSHARED = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup', '--fork'];

export async function run({ engine, rootfs, oci, bundle, fresh, bareLoop, host }, { rounds = 100 }) {
  const sandboxes = await sandboxesOf(host, rootfs);
  const bare = await bareLoop();
  const options = launchOptions(rootfs, ['/bin/true']);
  const plain = { ...options, rootfsOverlay: false };
  const bundles = { crun: bundle(['/bin/true']), runc: bundle(['/bin/true']) };
  const shellOut = (runtime) => async () =>
    (await oci(runtime, ['run', '--bundle', bundles[runtime], fresh()])).nanoseconds;
  try {
    const results = await race(
      [
        { name: 'tspod', once: () => timed(() => mustSucceed(engine.run(options))) },
        { name: 'tspod, plain root', once: () => timed(() => mustSucceed(engine.run(plain))) },
        { name: 'crun', once: shellOut('crun') },
        { name: 'runc', once: shellOut('runc') },
        { name: 'bare', once: bare.once },
        ...sandboxes,
      ],
      { rounds, warmUp: 10 },
    );
    return { results, ratios: ratios(results) };
  } finally {
    await bare.close();
  }
}

/** Those that are found. */
async function sandboxesOf(host, rootfs) {
  const contestants = [];
  for (const [name, wordsFor] of Object.entries(SANDBOXES)) {
    if (!(await host.has(name))) continue;
    const words = wordsFor(rootfs);
    contestants.push({ name, once: async () => (await host.run(name, words)).nanoseconds });
  }
  return contestants;
}

function ratios(results) {
  const ours = 'tspod';
  return [
    ratio(results, { name: 'tspod / crun run', ours, peer: 'crun', atMost: 0.5 }),
    ratio(results, { name: 'tspod, on the directory itself / crun run', ours: 'tspod, plain root', peer: 'crun' }),
    ratio(results, { name: 'tspod / bare C loop', ours, peer: 'bare', atMost: 2.5 }),
    ratio(results, { name: 'tspod / runc run', ours, peer: 'runc' }),
    ...Object.keys(SANDBOXES)
      .filter((peer) => results[peer] !== undefined)
      .map((peer) => ratio(results, { name: `tspod / ${peer}, which does less`, ours, peer })),
  ];
}

async function mustSucceed(promise) {
  const { exitCode, stderr } = await promise;
  if (exitCode !== 0) throw new Error(`the container ended with ${exitCode}: ${stderr}`);
}
