/** kill -9 of `run -d` at moments drawn by lot: after the next command nothing is left that no container has. `npm run test:faults -- --only random-kills --rounds 1000` for many. */
import test from 'ava';

import { listLinks } from '../../../src/native/netlink/links.js';
import { faults } from '../../helpers/faults.js';
import { ownNamespace } from '../../helpers/own-network.js';
import { randomFrom } from '../../helpers/random.js';
import { takesLong } from '../../helpers/pace.js';
import { requires } from '../../helpers/requires.js';

const ROUNDS = Number(process.env['TSPOD_FAULT_ROUNDS'] ?? 10);
const SEED = Number(process.env['TSPOD_FAULT_SEED'] ?? Date.now() % 1_000_000);

for (const network of ['none', 'a bridge and a published port']) {
  test.serial(`kill -9 of run -d at random moments, network: ${network}`, async (t) => {
    if (!requires(t, 'root', 'overlay', 'nsenter')) return;
    takesLong(t);
    t.log(`TSPOD_FAULT_SEED=${String(SEED)} TSPOD_FAULT_ROUNDS=${String(ROUNDS)}`);
    const { net, enter } = await ownNamespace(t);
    const env = await faults(t, enter);
    if (network !== 'none') await env.tspod('network', 'create', '--subnet', '10.50.0.0/24', 'web');
    const flags =
      network === 'none' ? env.flags : ['--network', 'web', '-p', '18080:80', '--cgroup-parent', env.cgroupParent];
    const words = ['run', '-d', '--name', 'subject', '--stop-signal', 'KILL', ...flags, 'host:', 'sleep', '1000'];
    const kept = network === 'none' ? [] : ['networks'];
    const linksBefore = await linkNames();
    let duration = 0;
    // The first one makes caches.
    for (let warm = 0; warm < 2; warm += 1) {
      const begin = performance.now();
      const { status, stderr } = await env.tspod(...words);
      t.is(status, 0, stderr);
      duration = performance.now() - begin;
      await env.removesAll('warm', kept);
    }
    const random = randomFrom(SEED);
    const counts = new Map<string, number>();
    let [most, kills] = [1, 0];
    for (let round = 0; round < ROUNDS; round += 1) {
      const share = random.next() * most;
      const afterMs = share * duration;
      const killed = await env.killedBy({ afterMs }, ...words);
      if (killed) kills += 1;
      // The machine is less busy than when it was timed.
      else if (kills === 0) most = share;
      const what = `killed after ${afterMs.toFixed(1)} ms (seed ${String(SEED)}, round ${String(round)})`;
      const listed = await env.recovers(what);
      t.true(listed.length <= 1, what);
      const found = `${killed ? 'killed' : 'not killed'}: ${listed[0]?.status ?? 'none'}`;
      counts.set(found, (counts.get(found) ?? 0) + 1);
      await env.removesAll(what, kept);
      t.deepEqual(await linkNames(), linksBefore, `${what}: links`);
      // Its name, its address and its port are free at once.
      if (round % 10 === 0) {
        const { status, stderr } = await env.tspod(...words);
        t.is(status, 0, `${what}: ${stderr}`);
        await env.removesAll(what, kept);
      }
    }
    t.log(
      [...counts].map(([found, count]) => `${found}: ${String(count)}`).join(', '),
      '; nothing left in any of them',
    );
    t.true(kills > 0);

    async function linkNames(): Promise<readonly string[]> {
      return (await listLinks({ inside: { net } })).map(({ name }) => name).sort();
    }
  });
}
