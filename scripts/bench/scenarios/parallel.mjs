import { availableParallelism } from 'node:os';
import { launchOptions } from '../contestants.mjs';
import { race, timed } from '../measure.mjs';
import { ratio } from '../ratio.mjs';

export const title = '1, 4, 16 and 64 containers at once, against perfect scaling over the cores, and against crun';

const COUNTS = [1, 4, 16, 64];
const TARGETS = { 16: { atMost: 1.3 }, 64: { atMost: 1.3 } };

/** What crun is measured with. */
const PEER_COUNT = 16;

/** So many in turn tell what one costs. */
const IN_TURN = 16;

/** Each round is more than a hundred containers, so there are fewer of them. */
export async function run({ engine, rootfs, oci, bundle, fresh }, { rounds = 20 }) {
  const options = launchOptions(rootfs, ['/bin/true']);
  // One each: a bundle names the cgroup.
  const bundles = Array.from({ length: PEER_COUNT }, () => bundle(['/bin/true']));
  const runPeer = (__, index) => oci('crun', ['run', '--bundle', bundles[index], fresh()]);
  const one = () => mustSucceed(engine.run(options));
  const measured = await race(
    [
      { name: 'in turn, each', once: async () => (await timed(() => inTurn(one))) / IN_TURN },
      ...COUNTS.map((count) => ({ name: `${count} at once`, once: () => timed(() => atOnce(count, one)) })),
      {
        name: `crun, ${PEER_COUNT} at once`,
        once: () => timed(() => atOnce(PEER_COUNT, runPeer)),
      },
    ],
    { rounds, warmUp: 2 },
  );
  const results = { ...measured, ...perfect(measured['in turn, each'].medianMs) };
  return { results, ratios: ratios(results) };
}

/** What so many would take if each core had its share of them, and they did not get into each other's way. */
function perfect(eachMs) {
  return Object.fromEntries(
    COUNTS.map((count) => [
      `${count}, perfectly scaled`,
      { medianMs: (eachMs * count) / Math.min(count, availableParallelism()) },
    ]),
  );
}

function ratios(results) {
  return [
    ...COUNTS.map((count) =>
      ratio(results, {
        name: `${count} at once / perfect scaling`,
        ours: `${count} at once`,
        peer: `${count}, perfectly scaled`,
        ...TARGETS[count],
      }),
    ),
    ratio(results, {
      name: `${PEER_COUNT} at once / crun run`,
      ours: `${PEER_COUNT} at once`,
      peer: `crun, ${PEER_COUNT} at once`,
    }),
  ];
}

function atOnce(count, start) {
  return Promise.all(Array.from({ length: count }, start));
}

async function inTurn(start) {
  for (let number = 0; number < IN_TURN; number++) await start();
}

async function mustSucceed(promise) {
  const { exitCode, stderr } = await promise;
  if (exitCode !== 0) throw new Error(`the container ended with ${exitCode}: ${stderr}`);
}
