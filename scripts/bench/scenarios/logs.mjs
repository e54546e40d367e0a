import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { race, summary, timed } from '../measure.mjs';

export const title = 'logs: 256 MiB of 100-byte lines through the supervisor to a k8s-file, and read back';

const MEBIBYTES = 256;
const LINE = `${'x'.repeat(99)}\n`;
const COMMAND = ['/bin/cat', '/lines'];

/**
 * The root is the directory itself: with an overlay, the end of a container also waits for its file system to be synced, log and all.
 * Each round writes a log of its own, which is removed when it has been read: what stays in memory or waits for the disk would be
 * the next one's burden. Podman needs the better part of a minute for a round, and rounds differ little.
 */
export async function run(contestants, { rounds = 5 }) {
  writeLines(join(contestants.rootfs, 'lines'));
  const samples = { tspod: [], podman: [] };
  const reading = await race([readsTspod(contestants, samples.tspod), readsPodman(contestants, samples.podman)], {
    rounds,
    warmUp: 0,
  });
  const writing = { tspod: summary(samples.tspod), podman: summary(samples.podman) };
  return { results: { ...writing, ...reading }, ratios: ratios(writing, reading) };
}

function readsTspod({ engine, rootfs, tspodCli }, writing) {
  const options = { rootfs, network: 'none', log: { driver: 'k8s-file' }, command: COMMAND };
  return {
    name: 'tspod logs',
    async once() {
      const container = await engine.containers.create(options);
      writing.push(await timed(() => startAndWait(container)));
      const nanoseconds = await timed(() => tspodCli(['logs', container.id], { output: 'ignore' }));
      await container.remove();
      return nanoseconds;
    },
  };
}

async function startAndWait(container) {
  await container.start();
  const code = await container.wait();
  if (code !== 0) throw new Error(`cat ended with ${code}`);
}

function readsPodman({ rootfs, podman, fresh }, writing) {
  return {
    name: 'podman logs',
    async once() {
      const name = fresh();
      const flags = ['--network', 'none', '--log-driver', 'k8s-file', '--rootfs', rootfs];
      await podman(['create', '--name', name, ...flags, ...COMMAND]);
      const start = await podman(['start', name], { output: 'ignore' });
      const wait = await podman(['wait', name]);
      writing.push(start.nanoseconds + wait.nanoseconds);
      const { nanoseconds } = await podman(['logs', name], { output: 'ignore' });
      await podman(['rm', name]);
      return nanoseconds;
    },
  };
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

function writeLines(path) {
  const chunk = Buffer.from(LINE.repeat(Math.floor((1024 * 1024) / LINE.length)));
  const file = openSync(path, 'w');
  for (let written = 0; written < MEBIBYTES * 1024 * 1024; written += chunk.length) writeSync(file, chunk);
  closeSync(file);
}
