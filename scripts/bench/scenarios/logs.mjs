import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { race, timed } from '../measure.mjs';

export const title = 'logs: 256 MiB of 100-byte lines through the supervisor to a k8s-file, and read back';

const MEBIBYTES = 256;
const LINE = `${'x'.repeat(99)}\n`;

/** A round takes podman the better part of a minute, and differs little from the next. */
export async function run(contestants, { rounds = 3 }) {
  const { engine, rootfs, tspodCli, podman, fresh } = contestants;
  writeLines(join(rootfs, 'lines'));
  const names = { tspod: fresh(), podman: fresh() };
  const log = { driver: 'k8s-file' };
  await engine.containers.create({
    name: names.tspod,
    rootfs,
    rootfsOverlay: true,
    network: 'none',
    log,
    command: ['/bin/cat', '/lines'],
  });
  await podman([
    'create',
    '--name',
    names.podman,
    '--network',
    'none',
    '--log-driver',
    'k8s-file',
    '--rootfs',
    `${rootfs}:O`,
    '/bin/cat',
    '/lines',
  ]);
  try {
    const writing = await race(
      [
        { name: 'tspod', once: () => timed(() => startAndWait(engine.containers.get(names.tspod))) },
        {
          name: 'podman',
          once: async () => (await podman(['start', '--attach', names.podman], { output: 'ignore' })).nanoseconds,
        },
      ],
      { rounds, warmUp: 0 },
    );
    const reading = await race(
      [
        { name: 'tspod logs', once: () => timed(() => tspodCli(['logs', names.tspod], { output: 'ignore' })) },
        {
          name: 'podman logs',
          once: async () => (await podman(['logs', names.podman], { output: 'ignore' })).nanoseconds,
        },
      ],
      { rounds, warmUp: 0 },
    );
    return { results: { ...writing, ...reading }, ratios: ratios(writing, reading) };
  } finally {
    await engine.containers.remove(names.tspod, { force: true });
    await podman(['rm', '--force', names.podman]);
  }
}

function ratios(writing, reading) {
  return [
    { name: 'writing: podman / tspod', value: writing.podman.medianMs / writing.tspod.medianMs, atLeast: 5 },
    {
      name: 'reading: podman / tspod',
      value: reading['podman logs'].medianMs / reading['tspod logs'].medianMs,
      atLeast: 10,
    },
  ];
}

async function startAndWait(container) {
  await container.start();
  const code = await container.wait();
  if (code !== 0) throw new Error(`cat ended with ${code}`);
}

function writeLines(path) {
  const chunk = Buffer.from(LINE.repeat((1024 * 1024) / LINE.length + 1)).subarray(
    0,
    Math.floor((1024 * 1024) / LINE.length) * LINE.length,
  );
  const file = openSync(path, 'w');
  for (let written = 0; written < MEBIBYTES * 1024 * 1024; written += chunk.length) writeSync(file, chunk);
  closeSync(file);
}
