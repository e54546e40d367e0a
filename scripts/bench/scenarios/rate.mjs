import { launchOptions } from '../contestants.mjs';
import { summary, timed } from '../measure.mjs';
import { ratio } from '../ratio.mjs';

export const title = 'starts per second: containers are created and started until 500 run; then all are removed';

const COMMAND = ['/bin/sleep', '86400'];
const AT_ONCE = 16;

/** Podman has fewer, which it takes long enough for. */
const PODMAN_EVERY = 5;

/** A round is a container of each engine, all of which go on; `rounds` is how many there are in the end. */
export async function run(contestants, { rounds = 500 }) {
  const inTurn = await startInTurn(contestants, rounds);
  const results = { ...inTurn, [`tspod, ${AT_ONCE} at once`]: await startAtOnce(contestants, rounds) };
  const more = (ours, peer) =>
    ratio(results, { name: `starts per second, ${ours} / ${peer}`, ours, peer, times: true });
  return {
    results,
    ratios: [more('tspod', 'crun'), more('tspod', 'podman'), more(`tspod, ${AT_ONCE} at once`, 'tspod')],
  };
}

async function startInTurn({ engine, rootfs, oci, podman, bundle, fresh }, count) {
  const samples = { tspod: [], crun: [], podman: [] };
  const made = { tspod: [], crun: [], podman: [] };
  const options = launchOptions(rootfs, COMMAND);
  const start = {
    tspod: () => timed(() => startTspod(engine, options, made.tspod)),
    async crun() {
      const id = fresh();
      const words = ['run', '--detach', '--bundle', bundle(COMMAND), id];
      made.crun.push(id);
      return (await oci('crun', words, { output: 'ignore' })).nanoseconds;
    },
    async podman() {
      const name = fresh();
      const flags = ['--detach', '--name', name, '--network', 'none', '--log-driver', 'none'];
      made.podman.push(name);
      return (await podman(['run', ...flags, '--rootfs', `${rootfs}:O`, ...COMMAND], { output: 'ignore' })).nanoseconds;
    },
  };
  try {
    for (let number = 0; number < count; number++) {
      for (const name of number % PODMAN_EVERY === 0 ? ['tspod', 'crun', 'podman'] : ['tspod', 'crun']) {
        samples[name].push(await start[name]());
      }
    }
  } finally {
    await removeTspod(made.tspod);
    for (const id of made.crun) await oci('crun', ['delete', '--force', id]).catch(() => undefined);
    const force = ['--force', '--ignore', '--time', '0'];
    if (made.podman.length > 0) await podman(['rm', ...force, ...made.podman], { output: 'ignore' });
  }
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, rateOf(values)]));
}

function rateOf(samples) {
  return { ...summary(samples), perSecond: samples.length / (sum(samples) / 1e9) };
}

/** As a program would that wants them soon: so many starts under way at any time. */
async function startAtOnce({ engine, rootfs }, count) {
  const options = launchOptions(rootfs, COMMAND);
  const containers = [];
  try {
    let missing = count;
    const worker = async () => {
      while (missing-- > 0) await startTspod(engine, options, containers);
    };
    const nanoseconds = await timed(() => Promise.all(Array.from({ length: AT_ONCE }, worker)));
    return { medianMs: nanoseconds / count / 1e6, perSecond: count / (nanoseconds / 1e9) };
  } finally {
    await removeTspod(containers);
  }
}

/** What `crun run --detach` and `podman run --detach` do. */
async function startTspod(engine, options, made) {
  const container = await engine.containers.create(options);
  made.push(container);
  await container.start();
}

async function removeTspod(containers) {
  for (const container of containers) await container.remove({ force: true, timeoutSec: 0 });
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
