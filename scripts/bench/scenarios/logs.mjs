import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { race, stopwatch, summary, timed } from '../measure.mjs';
import { ratio } from '../ratio.mjs';
import { makeBusyboxRoot } from '../rootfs.mjs';

export const title =
  'logs: 256 MiB of 100-byte lines through the supervisor to a k8s-file, read back, and with a reader that follows';

const MEBIBYTES = 256;
const LINE = `${'x'.repeat(99)}\n`;
const COMMAND = ['/bin/cat', '/lines'];

/**
 * The root has the lines in it and is this scenario's alone, since others pack theirs. It is the directory itself: with an overlay, the end of a
 * container also waits for its file system to be synced, log and all. Each round writes a log of its own, which is removed when it has been read:
 * what stays in memory or waits for the disk would be the next one's burden. Podman needs the better part of a minute for a round, and rounds differ little.
 */
export async function run(shared, { rounds = 5 }) {
  const contestants = { ...shared, rootfs: makeBusyboxRoot(join(shared.directory, 'logs')) };
  writeLines(join(contestants.rootfs, 'lines'));
  const samples = { tspod: [], podman: [] };
  const reading = await race([readsTspod(contestants, samples.tspod), readsPodman(contestants, samples.podman)], {
    rounds,
    warmUp: 0,
  });
  const following = await race([followedTspod(contestants), followedPodman(contestants)], { rounds, warmUp: 0 });
  const results = { tspod: summary(samples.tspod), podman: summary(samples.podman), ...reading, ...following };
  return { results, ratios: ratios(results) };
}

const optionsOf = (rootfs) => ({ rootfs, network: 'none', log: { driver: 'k8s-file' }, command: COMMAND });

function readsTspod({ engine, rootfs, tspodCli }, writing) {
  return {
    name: 'tspod logs',
    async once() {
      const container = await engine.containers.create(optionsOf(rootfs));
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

async function createPodman({ podman, rootfs, fresh }) {
  const name = fresh();
  const flags = ['--network', 'none', '--log-driver', 'k8s-file', '--rootfs', rootfs];
  await podman(['create', '--name', name, ...flags, ...COMMAND]);
  return name;
}

function readsPodman(contestants, writing) {
  const { podman } = contestants;
  return {
    name: 'podman logs',
    async once() {
      const name = await createPodman(contestants);
      const start = await podman(['start', name], { output: 'ignore' });
      const wait = await podman(['wait', name]);
      writing.push(start.nanoseconds + wait.nanoseconds);
      const { nanoseconds } = await podman(['logs', name], { output: 'ignore' });
      await podman(['rm', name]);
      return nanoseconds;
    },
  };
}

/** From the start to the end of the container, while somebody reads what it writes. */
function followedTspod({ engine, rootfs, tspodCli }) {
  return {
    name: 'tspod, followed',
    async once() {
      const container = await engine.containers.create(optionsOf(rootfs));
      const elapsed = stopwatch();
      await container.start();
      const follower = tspodCli(['logs', '--follow', container.id], { output: 'count' });
      const [nanoseconds, { bytes }] = await Promise.all([container.wait().then(elapsed), follower]);
      if (bytes !== statSync(join(rootfs, 'lines')).size) throw new Error(`the reader has got only ${bytes} bytes`);
      await container.remove();
      return nanoseconds;
    },
  };
}

/** Podman 4.3's reader ends with the container, whatever it has not read yet, and without events never. */
function followedPodman(contestants) {
  const podman = (args, options) => contestants.podman(['--events-backend', 'file', ...args], options);
  return {
    name: 'podman, followed',
    async once() {
      const name = await createPodman({ ...contestants, podman });
      const start = await podman(['start', name], { output: 'ignore' });
      const follower = podman(['logs', '--follow', name], { output: 'count' });
      const [wait] = await Promise.all([podman(['wait', name]), follower]);
      await podman(['rm', name]);
      return start.nanoseconds + wait.nanoseconds;
    },
  };
}

function ratios(results) {
  const faster = (name, ours, peer, atLeast) => ratio(results, { name, ours, peer, times: true, atLeast });
  return [
    faster('writing: podman / tspod', 'tspod', 'podman', 5),
    faster('reading: podman / tspod', 'tspod logs', 'podman logs', 10),
    faster('writing while a reader follows: podman / tspod', 'tspod, followed', 'podman, followed', 5),
  ];
}

function writeLines(path) {
  const chunk = Buffer.from(LINE.repeat(Math.floor((1024 * 1024) / LINE.length)));
  const file = openSync(path, 'w');
  for (let written = 0; written < MEBIBYTES * 1024 * 1024; written += chunk.length) writeSync(file, chunk);
  closeSync(file);
}
