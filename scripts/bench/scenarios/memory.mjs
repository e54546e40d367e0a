import { readFileSync, readdirSync } from 'node:fs';
import { launchOptions } from '../contestants.mjs';
import { ratio } from '../ratio.mjs';

export const title = 'memory of the supervisor: proportional set size per container with 100 running';

const COUNT = 100;

export async function run(contestants) {
  const tspod = await tspodKilobytes(contestants);
  const conmon = await conmonKilobytes(contestants);
  const results = { tspod: { kilobytesEach: tspod }, conmon: { kilobytesEach: conmon } };
  const ours = { name: 'monitor / conmon', ours: 'tspod', peer: 'conmon', atMost: 0.3 };
  return { results, ratios: [ratio(results, ours)] };
}

async function tspodKilobytes({ engine, rootfs }) {
  const containers = [];
  try {
    for (let i = 0; i < COUNT; i++) {
      const container = await engine.containers.create(launchOptions(rootfs, ['/bin/sleep', '86400']));
      containers.push(container);
      await container.start();
    }
    return meanKilobytes(containers.map((container) => container.state().monitorPid));
  } finally {
    for (const container of containers) await container.remove({ force: true, timeoutSec: 0 });
  }
}

async function conmonKilobytes({ podman, rootfs }) {
  const before = new Set(pidsOf('conmon'));
  const args = ['run', '--detach', '--network', 'none', '--rootfs', `${rootfs}:O`, '/bin/sleep', '86400'];
  try {
    for (let i = 0; i < COUNT; i++) await podman(args, { output: 'ignore' });
    return meanKilobytes(pidsOf('conmon').filter((pid) => !before.has(pid)));
  } finally {
    await podman(['rm', '--all', '--force', '--time', '0'], { output: 'ignore' });
  }
}

function pidsOf(name) {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && readOr(`/proc/${entry}/comm`) === `${name}\n`)
    .map(Number);
}

function meanKilobytes(pids) {
  if (pids.length !== COUNT) throw new Error(`${pids.length} supervisors run, not ${COUNT}`);
  const sizes = pids.map((pid) =>
    Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]),
  );
  return sizes.reduce((sum, size) => sum + size, 0) / pids.length;
}

function readOr(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it ended meanwhile
  }
}
