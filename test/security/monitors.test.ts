/** What a monitor does to others on behalf of a container. */
import { existsSync } from 'node:fs';
import test from 'ava';

import { attackersRoot } from '../helpers/attacks.js';
import { output, storeOf } from '../helpers/cli.js';
import { attackerPath } from '../helpers/probe.js';
import { requires, skip } from '../helpers/requires.js';

/** Enough that to look at all of them takes a while. */
const CHILDREN = 1500;

/** In a pid namespace that stands for the host: "$@" makes the container; its check is run while new processes of the host get the numbers of the check's children. */
const ON_THE_HOST = `"$@" > /dev/null || exit
"$1" healthcheck run checked > /dev/null &
"$0" take ${CHILDREN} 100
wait
"$1" inspect checked --format '{{json .State.Health.Log}}'
"$1" rm -f -t 0 checked > /dev/null`;

test('health: a check that reaps its children while it is ended has no process of the host signalled in their place', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox', 'gcc', 'unshare')) return;
  if (!existsSync('/proc/sys/kernel/ns_last_pid')) return skip(t, 'numbers of processes cannot be chosen');
  storeOf(t).prefix = [
    'unshare',
    '--pid',
    '--fork',
    '--mount-proc',
    '--kill-child',
    'sh',
    '-c',
    ON_THE_HOST,
    attackerPath(),
  ];
  const health = [
    '--health-cmd',
    `attacker renew ${CHILDREN}`,
    '--health-interval',
    'disable',
    '--health-timeout',
    '5s',
  ];
  const said = await output(
    t,
    'run',
    '-d',
    '--name',
    'checked',
    ...health,
    '--rootfs',
    attackersRoot(t),
    'sleep',
    '1000',
  );
  storeOf(t).prefix = [];
  const [, taken = '', hit = ''] = /^taken=(\d+) hit=(\d+)$/m.exec(said) ?? [];
  t.true(Number(taken) > 0, said);
  t.is(hit, '0');
  // It was ended by its time limit.
  t.regex(said, /"ExitCode":[1-9-]/);
});
