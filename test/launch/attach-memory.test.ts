/** What a monitor costs while its container idles: the price of not having a daemon. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { until } from '../helpers/until.js';
import { requires } from '../helpers/requires.js';
import { startContainer } from '../helpers/supervised.js';

const CONTAINERS = 100;
const MOST_KB = 100;

/** A sum of /proc/PID/smaps_rollup, in kB. */
function kilobytes(pid: number, key: string): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1]);
}

async function startMany(t: ExecutionContext): Promise<number[]> {
  const pids: number[] = [];
  for (let i = 0; i < CONTAINERS; i += 1) {
    const container = await startContainer(t, { command: ['sleep', '1000'], log: {} });
    await container.engine.vanish();
    pids.push(container.monitorPid);
  }
  return pids;
}

test.serial(`memory: each of ${CONTAINERS} idle monitors takes at most ${MOST_KB} kB`, async (t) => {
  if (!requires(t, 'root', 'plainMonitor')) return;
  const pids = await startMany(t);
  const pss = pids.map((pid) => kilobytes(pid, 'Pss')).toSorted((a, b) => a - b);
  t.log(`median ${pss[CONTAINERS / 2]} kB, most ${pss.at(-1)} kB`);
  t.true((pss[CONTAINERS / 2] ?? Infinity) <= MOST_KB);
});

test.serial('memory: what much output took is given back when the container is quiet', async (t) => {
  if (!requires(t, 'root', 'plainMonitor')) return;
  const command =
    'read go; yes "a line of some length, as programs write them" | head -c 20000000; echo done; exec sleep 100';
  const container = await startContainer(t, { command, log: {}, attach: { stdin: true, stdout: true } });
  const before = kilobytes(container.monitorPid, 'Private_Dirty');
  container.engine.type('go\n');
  await container.engine.untilOutput((peer) => peer.stdout.length > 20_000_000);
  await until(`${before} kB of memory`, () => kilobytes(container.monitorPid, 'Private_Dirty') <= before + 16);
  t.pass();
});
