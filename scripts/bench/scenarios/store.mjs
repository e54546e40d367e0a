import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packRoot } from '../image-root.mjs';
import { race, timed } from '../measure.mjs';
import { ratio } from '../ratio.mjs';

export const title = 'images, run --rm IMAGE and rmi, whole process, in a store of 10 and of 1,000 images of one layer';

const SIZES = [10, 1000];

export async function run({ directory, rootfs, openStore }, { rounds = 50 }) {
  const stores = [];
  for (const size of SIZES) stores.push({ size, ...(await filledStore({ directory, rootfs, openStore, size })) });
  const contestants = Object.keys(COMMANDS).flatMap((name) =>
    stores.map((store) => ({ name: `${name} in ${store.size}`, once: () => COMMANDS[name](store) })),
  );
  const results = await race(contestants, { rounds, warmUp: 3 });
  const [small, large] = SIZES;
  return {
    results,
    ratios: Object.keys(COMMANDS).map((name) =>
      ratio(results, {
        name: `${name} in ${large} / in ${small}`,
        ours: `${name} in ${large}`,
        peer: `${name} in ${small}`,
        atMost: 1.5,
      }),
    ),
  };
}

const COMMANDS = {
  images: ({ cli }) => timed(() => cli(['images'])),
  run: ({ cli }) => timed(() => cli(['run', '--rm', '--network', 'none', 'localhost/image:5', '/bin/true'])),
  rmi: async ({ cli, another }) => {
    await cli(['import', '--quiet', another, 'localhost/another']);
    return timed(() => cli(['rmi', 'localhost/another']));
  },
};

/** A store of images that differ in one file. */
async function filledStore({ directory, rootfs, openStore, size }) {
  const { engine, cli } = await openStore(join('images', String(size)));
  for (let number = 0; number < size; number++) {
    const archive = await numberedRoot({ directory, rootfs, number });
    await engine.images.import(archive, { name: `localhost/image:${number}` });
    rmSync(dirname(archive), { recursive: true });
  }
  await engine.close();
  return { cli, another: await numberedRoot({ directory, rootfs, number: -1 }) };
}

async function numberedRoot({ directory, rootfs, number }) {
  writeFileSync(join(rootfs, 'etc/number'), String(number));
  return packRoot(directory, rootfs);
}
