/** Who a command is, for `run` and for `exec`, with an /etc/passwd that wants to lead astray: one table for both. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

import type { CreateOptions } from '../../../src/index.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { rejectsWith, testEngine } from '../../helpers/engine.js';
import { requires } from '../../helpers/requires.js';

/** Names that look like numbers, for those who take a number for a name or let it overflow (CVE-2016-3697, CVE-2024-40635, CVE-2026-30892). */
const TRAPS = [
  '1000',
  '1',
  '-1',
  '0x0',
  '01',
  '2147483648',
  '4294967295',
  '4294967296',
  '10000000000000000000',
  '5000',
];

const MAPS = { uidMaps: [{ containerId: 0, hostId: 100_000, size: 65_536 }] };

/** What `-u` says, and who that is: uid:gid and all groups. */
const USERS: readonly (readonly [user: string, ids: string])[] = [
  ['0', '0:0 0'],
  ['root', '0:0 0'],
  ['1000', '1000:1000 6,1000'],
  ['alice', '1000:1000 6,1000'],
  ['alice:audio', '1000:29 29'],
  ['alice:7', '1000:7 7'],
  ['1', '1:0 0'],
  ['1:1', '1:1 1'],
  ['5000:audio', '5000:29 29'],
  ['2147483647:2147483647', '2147483647:2147483647 2147483647'],
  [':audio', '0:29 29'],
];

/** Never root, never anybody: refused before anything runs. */
const REFUSED = [
  '',
  '2147483648',
  '4294967295',
  '4294967296',
  '10000000000000000000',
  '-1',
  '0x0',
  '01',
  '1:99999999999',
  '1:-1',
  '1:4294967295',
  ':',
  '1:',
  '1:2:3',
  ' 1',
  '1 ',
  '+1',
  '1e3',
];

const SCRIPT =
  'echo "$(id -u):$(id -g) $(grep ^Groups: /proc/self/status | cut -f2)"; grep -E "^Cap(Inh|Prm|Eff|Amb)" /proc/self/status';

const NONE = '0000000000000000';

interface Seen {
  readonly ids: string;
  readonly caps: Readonly<Record<string, string>>;
}

function parse(stdout: string): Seen {
  const [first = '', ...lines] = stdout.trim().split('\n');
  const [ids = '', ...groups] = first.trim().split(/\s+/);
  return {
    ids: `${ids} ${groups
      .map(Number)
      .toSorted((a, b) => a - b)
      .join(',')}`,
    caps: Object.fromEntries(lines.map((line) => line.split(':\t') as [string, string])),
  };
}

const asks = test.macro<[CreateOptions]>({
  exec: async (t, change) => {
    if (!requires(t, 'root', 'busybox', 'userns')) return;
    const { engine, options } = await testEngine(t);
    const rootfs = busyboxRoot(t);
    appendFileSync(join(rootfs, 'etc/passwd'), TRAPS.map((name) => `${name}:x:0:0::/:/bin/sh\n`).join(''));
    appendFileSync(join(rootfs, 'etc/group'), TRAPS.map((name) => `${name}:x:0:${name}\n`).join(''));
    const all = options({ rootfs, ...change });
    const container = await engine.containers.create({ ...all, command: ['sleep', '1000'] });
    await container.start();
    const command = ['sh', '-c', SCRIPT];
    const mapped = change.uidMaps === undefined ? USERS : USERS.filter(([user]) => !user.startsWith('2147483647'));
    for (const [user, ids] of mapped) {
      const ways = {
        run: await engine.run({ ...all, user, command }),
        exec: await container.exec({ user, command }),
      };
      for (const [way, { stdout }] of Object.entries(ways)) {
        const seen = parse(stdout);
        t.is(seen.ids, ids, `${way} ${user}`);
        t.is(seen.caps['CapInh'], NONE, `${way} ${user}`);
        t.is(seen.caps['CapAmb'], NONE, `${way} ${user}`);
        const isRoot = ids.startsWith('0:');
        t.is(seen.caps['CapEff'] === NONE, !isRoot, `${way} ${user}`);
        t.is(seen.caps['CapPrm'], seen.caps['CapEff'], `${way} ${user}`);
      }
    }
    for (const user of REFUSED) {
      t.truthy(await rejectsWith(t, engine.run({ ...all, user, command }), 'INVALID_ARGUMENT'), user);
      t.truthy(await rejectsWith(t, container.exec({ user, command }), 'INVALID_ARGUMENT'), user);
    }
  },
  title: (_, change) =>
    `run and exec: users, groups and capabilities${change.uidMaps === undefined ? '' : ', in a user namespace'}`,
});
test(asks, {});
test(asks, MAPS);

test('a capability that was added by name is ambient for a user, never inheritable for root', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const { engine, options } = await testEngine(t);
  const all = options({ rootfs: busyboxRoot(t), capAdd: ['NET_ADMIN'] });
  const command = ['sh', '-c', SCRIPT];
  for (const user of ['root', 'alice']) {
    const container = await engine.containers.create({ ...all, user, command: ['sleep', '1000'] });
    await container.start();
    const seen = [
      await engine.run({ ...all, user, command }),
      await container.exec({ command }),
      await container.exec({ user, command }),
    ].map(({ stdout }) => parse(stdout).caps);
    for (const caps of seen) {
      if (user === 'root') t.deepEqual([caps['CapInh'], caps['CapAmb']], [NONE, NONE]);
      else t.deepEqual([caps['CapEff'], caps['CapAmb']], ['0000000000001000', '0000000000001000']);
    }
  }
});

test('exec: a capability that was added by name is not for users other than the container’s own', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const { engine, options } = await testEngine(t);
  const command = ['sh', '-c', SCRIPT];
  for (const [own, others] of [
    ['root', ['alice', '1000', '1:1']],
    ['alice', ['1', '5000:audio', 'alice:audio']],
  ] as const) {
    const all = options({ rootfs: busyboxRoot(t), user: own, capDrop: ['ALL'], capAdd: ['NET_ADMIN'] });
    const container = await engine.containers.create({ ...all, command: ['sleep', '1000'] });
    await container.start();
    for (const user of others) {
      const { caps } = parse((await container.exec({ user, command })).stdout);
      t.deepEqual([caps['CapEff'], caps['CapPrm'], caps['CapInh'], caps['CapAmb']], [NONE, NONE, NONE, NONE], user);
    }
    for (const user of ['root', own]) {
      const { caps } = parse((await container.exec({ user, command })).stdout);
      t.is(caps['CapEff'], '0000000000001000', `${user} in a container of ${own}`);
    }
  }
});
