import { availableParallelism } from 'node:os';
import { launchOptions } from '../contestants.mjs';
import { race, timed } from '../measure.mjs';

export const title = '16 containers at once, against 16 one after the other';

const COUNT = 16;

/** Each round is 32 containers, so there are fewer of them. */
export async function run({ engine, rootfs }, { rounds = 20 }) {
  const options = launchOptions(rootfs, ['/bin/true']);
  const results = await race(
    [
      { name: 'sequential', once: () => timed(() => sequential(engine, options)) },
      {
        name: 'parallel',
        once: () => timed(() => Promise.all(Array.from({ length: COUNT }, () => engine.run(options)))),
      },
    ],
    { rounds, warmUp: 2 },
  );
  const ideal = results.sequential.medianMs / availableParallelism();
  return {
    results,
    ratios: [{ name: 'parallel / (sequential / cores)', value: results.parallel.medianMs / ideal, atMost: 1.3 }],
  };
}

async function sequential(engine, options) {
  for (let i = 0; i < COUNT; i++) await engine.run(options);
}
