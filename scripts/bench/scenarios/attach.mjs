import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { roundTrips } from '../echo.mjs';
import { race, timed } from '../measure.mjs';
import { ratio } from '../ratio.mjs';

export const title = 'attached: 256 MiB into cat and back through the command line, and a line into cat and back';

const MEBIBYTES = 256;
const LINES = 50;

/** Each round of the second part is a container whose cat answers some lines, of which the median counts. */
export async function run(contestants, { rounds = 20 }) {
  const input = join(contestants.directory, 'input');
  writeFile(input);
  const bytes = await race(throughput(contestants, input), { rounds, warmUp: 1 });
  const lines = await race(latency(contestants), { rounds, warmUp: 1 });
  const results = { ...bytes, ...lines };
  const faster = (name, ours, peer) => ratio(results, { name, ours, peer, times: true });
  return {
    results,
    ratios: [
      faster('bytes: podman / tspod', 'tspod, 256 MiB', 'podman, 256 MiB'),
      faster('line and back: podman / tspod', 'tspod, a line', 'podman, a line'),
      faster('line and back: podman / startAttached', 'startAttached, a line', 'podman, a line'),
    ],
  };
}

/** Neither keeps a log: all that is between are the pipes and who copies. */
function words(rootfs) {
  const flags = ['--rm', '--interactive', '--network', 'none', '--log-driver', 'none'];
  return ['run', ...flags, '--rootfs', `${rootfs}:O`, '/bin/cat'];
}

function throughput({ rootfs, tspodCli, podman }, input) {
  const expected = statSync(input).size;
  const check = ({ bytes }) => {
    if (bytes !== expected) throw new Error(`${bytes} bytes came back of ${expected}`);
  };
  const options = { input, output: 'count' };
  return [
    { name: 'tspod, 256 MiB', once: () => timed(async () => check(await tspodCli(words(rootfs), options))) },
    {
      name: 'podman, 256 MiB',
      async once() {
        const { nanoseconds, result } = await podman(words(rootfs), options);
        check(result);
        return nanoseconds;
      },
    },
  ];
}

function latency({ engine, rootfs, tspodEcho, podmanEcho }) {
  return [
    { name: 'tspod, a line', once: async () => median(await tspodEcho(words(rootfs), { lines: LINES })) },
    { name: 'podman, a line', once: async () => median((await podmanEcho(words(rootfs), { lines: LINES })).result) },
    { name: 'startAttached, a line', once: async () => median(await echoInProcess(engine, rootfs)) },
  ];
}

async function echoInProcess(engine, rootfs) {
  const container = await engine.containers.create({
    rootfs,
    rootfsOverlay: true,
    network: 'none',
    log: { driver: 'none' },
    interactive: true,
    command: ['/bin/cat'],
  });
  try {
    const [stdin, stdout] = [new PassThrough(), new PassThrough()];
    const session = await container.startAttached({ stdin, stdout });
    const samples = await roundTrips(stdin, stdout, LINES);
    stdin.end();
    await session.ended;
    return samples;
  } finally {
    await container.remove({ force: true, timeoutSec: 0 });
  }
}

function median(samples) {
  return samples.toSorted((a, b) => a - b)[samples.length >> 1];
}

function writeFile(path) {
  const chunk = Buffer.alloc(1024 * 1024, 'tspod ');
  const file = openSync(path, 'w');
  for (let number = 0; number < MEBIBYTES; number++) writeSync(file, chunk);
  closeSync(file);
}
