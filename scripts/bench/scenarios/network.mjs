import { launchOptions } from '../contestants.mjs';
import { race, timed } from '../measure.mjs';
import { ratio } from '../ratio.mjs';

export const title = 'a bridge and a published port: in process beside no network, and the command line beside Podman';
export const needs = { iptables: 'iptables' };

const PORT = '18080:80';

export async function run({ engine, rootfs, tspodCli, podman }, { rounds = 30 }) {
  const none = launchOptions(rootfs, ['/bin/true']);
  const bridge = { ...none, network: 'bridge', publish: [PORT] };
  const words = ['run', '--rm', '-p', PORT, '--rootfs', `${rootfs}:O`, '/bin/true'];
  const results = await race(
    [
      { name: 'none', once: () => timed(() => mustSucceed(engine.run(none))) },
      { name: 'bridge', once: () => timed(() => mustSucceed(engine.run(bridge))) },
      { name: 'tspod run -p', once: () => timed(() => tspodCli(words)) },
      { name: 'podman run -p', once: async () => (await podman(words)).nanoseconds },
    ],
    { rounds, warmUp: 3 },
  );
  return { results, ratios: ratios(results) };
}

function ratios(results) {
  const more = results.bridge.medianMs - results.none.medianMs;
  const inProcess = { name: 'bridge and port, milliseconds more than none', ours: 'bridge', peer: 'none', value: more };
  const cli = { name: 'tspod run -p / podman run -p', ours: 'tspod run -p', peer: 'podman run -p' };
  return [ratio(results, { ...inProcess, atMost: 8 }), ratio(results, { ...cli, atMost: 0.4 })];
}

async function mustSucceed(promise) {
  const { exitCode, stderr } = await promise;
  if (exitCode !== 0) throw new Error(`the container ended with ${exitCode}: ${stderr}`);
}
