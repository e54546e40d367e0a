import { join } from 'node:path';
import { race, timed } from '../measure.mjs';
import { ratio } from '../ratio.mjs';

export const title = 'ps, ps -a, inspect and start, whole process, with 10, 100, 1,000 and 5,000 stopped containers';

const SIZES = [10, 100, 1000, 5000];
const TARGETS = { 1000: { atMost: 1.5 } };

/** What the text of a command is about: the container in the middle. */
const middle = (size) => `stopped-${size >> 1}`;

const COMMANDS = {
  ps: ({ cli }) => timed(() => cli(['ps'])),
  'ps -a': ({ cli }) => timed(() => cli(['ps', '-a'])),
  inspect: ({ cli, size }) => timed(() => cli(['inspect', middle(size)])),
  /** One that has ended is started again. */
  start: async ({ cli, size }) => {
    const nanoseconds = await timed(() => cli(['start', middle(size)], { output: 'ignore' }));
    await cli(['wait', middle(size)]);
    return nanoseconds;
  },
};

export async function run({ openStore, rootfs }, { rounds = 50 }) {
  const stores = [];
  for (const size of SIZES) stores.push({ size, cli: await filledStore({ openStore, rootfs, size }) });
  const contestants = Object.entries(COMMANDS).flatMap(([name, call]) =>
    stores.map((store) => ({ name: `${name} of ${store.size}`, once: () => call(store) })),
  );
  const results = await race(contestants, { rounds, warmUp: 3 });
  return { results, ratios: Object.keys(COMMANDS).flatMap((name) => ratiosOf(name, results)) };
}

function ratiosOf(name, results) {
  const [smallest, ...larger] = SIZES;
  return larger.map((size) =>
    ratio(results, {
      name: `${name} of ${size} / of ${smallest}`,
      ours: `${name} of ${size}`,
      peer: `${name} of ${smallest}`,
      ...TARGETS[size],
    }),
  );
}

/** A store whose containers have all run and ended. Answers how its command line is called. */
async function filledStore({ openStore, rootfs, size }) {
  const { engine, cli } = await openStore(join('list', String(size)));
  for (let number = 0; number < size; number++) {
    const container = await engine.containers.create({
      name: `stopped-${number}`,
      rootfs,
      rootfsOverlay: true,
      network: 'none',
      log: { driver: 'none' },
      command: ['/bin/true'],
    });
    await container.start();
    await container.wait();
  }
  await engine.close();
  return cli;
}
