import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { race, runProgram } from '../measure.mjs';
import { ratio } from '../ratio.mjs';
import { makeBusyboxRoot } from '../rootfs.mjs';

export const title = 'iperf3 between the host and a container on a bridge: one gibibyte at the rate of one second';
export const needs = { iperf3: 'iperf3', iptables: 'iptables' };

const GIBIBYTE_BITS = 8 * 2 ** 30;

export async function run({ directory, tspodCli, podman, fresh }, { rounds = 20 }) {
  const root = serverRoot(join(directory, 'iperf3'));
  const name = fresh();
  const start = ['run', '-d', '--name', name, '--rootfs', `${root}:O`, '/usr/bin/iperf3', '-s'];
  const engines = { tspod: (args) => tspodCli(args), podman: async (args) => (await podman(args)).result };
  try {
    const addresses = {};
    for (const [engine, call] of Object.entries(engines)) {
      await call(start);
      addresses[engine] = await addressOf(call, name);
    }
    return await measure(addresses, rounds);
  } finally {
    for (const call of Object.values(engines)) await call(['rm', '-f', '-t', '0', name]).catch(() => undefined);
  }
}

async function measure(addresses, rounds) {
  const contestants = Object.entries(addresses).flatMap(([engine, address]) => [
    { name: `${engine} out`, once: () => gibibyte(address, ['-R']) },
    { name: `${engine} in`, once: () => gibibyte(address, []) },
  ]);
  const results = await race(contestants, { rounds, warmUp: 1 });
  const rate = (way, name) =>
    ratio(results, { name, ours: `tspod ${way}`, peer: `podman ${way}`, times: true, atLeast: 0.95 });
  return {
    results,
    ratios: [rate('out', "rate container to host, of Podman's"), rate('in', 'rate host to container')],
  };
}

/** The program and its libraries. */
function serverRoot(path) {
  const root = makeBusyboxRoot(path);
  const libraries = execFileSync('ldd', ['/usr/bin/iperf3'], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
  for (const file of ['/usr/bin/iperf3', ...libraries]) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    copyFileSync(file, join(root, file));
  }
  return root;
}

async function addressOf(call, name) {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
  const own = (await call(['inspect', '--format', format, name])).stdout.trim();
  return own === '' ? (await call(['inspect', '--format', '{{.NetworkSettings.IPAddress}}', name])).stdout.trim() : own;
}

/** Nanoseconds that a gibibyte takes, at the rate at which it came in. */
async function gibibyte(address, flags) {
  const { stdout } = await runProgram('iperf3', ['-c', address, '-t', '1', '-J', ...flags]);
  return (GIBIBYTE_BITS / JSON.parse(stdout).end.sum_received.bits_per_second) * 1e9;
}
