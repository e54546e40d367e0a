/** Files that the engine opens and a container may change: /etc/hosts, and logs and pid files that the user puts there. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

import { attackersRoot } from '../helpers/attacks.js';
import { output, run } from '../helpers/cli.js';
import { ownNetwork } from '../helpers/own-network.js';
import { requires } from '../helpers/requires.js';
import { soon } from '../helpers/soon.js';
import { temporaryDirectory } from '../helpers/temp.js';
import { until } from '../helpers/until.js';

test('names: a container that holds a lease on its /etc/hosts keeps nobody waiting', async (t) => {
  if (!requires(t, 'root', 'ip', 'gcc', 'overlay')) return;
  await ownNetwork(t);
  const rootfs = attackersRoot(t);
  const start = (name: string, ...command: readonly string[]) =>
    run(t, 0, 'run', '-d', '--name', name, '--network', 'n', '--rootfs', `${rootfs}:O`, ...command);
  await run(t, 0, 'network', 'create', 'n');
  await start('holder', 'attacker', 'lease', '/etc/hosts');
  await until('it holds a lease', async () => (await output(t, 'logs', 'holder')) !== '');
  // Who waits for the file, waits until the kernel takes the lease away: 45 seconds.
  await soon(start('other', 'sleep', '1000'));
  await soon(run(t, 0, 'rm', '-f', '-t', '0', 'other'));
  // Others are told as ever.
  await start('one', 'sleep', '1000');
  await start('two', 'sleep', '1000');
  t.regex(await output(t, 'exec', 'one', 'cat', '/etc/hosts'), /\ttwo /);
});

for (const [what, replacement, error] of [
  ['a fifo', 'mkfifo', /no such device or address/i],
  ['a link', 'ln -s /etc/hostname', /too many (levels of )?symbolic links/i],
] as const)
  test(`pidfile: where the container has made ${what} of it, the start is refused and nobody waits`, async (t) => {
    if (!requires(t, 'root', 'busybox', 'gcc', 'overlay')) return;
    const shared = temporaryDirectory(t);
    const pidFile = join(shared, 'pid');
    await run(
      t,
      0,
      ...['create', '--name', 'c', '--pidfile', pidFile, '-v', `${shared}:/shared`],
      ...[
        '--rootfs',
        `${attackersRoot(t)}:O`,
        'sh',
        '-c',
        `cat /shared/pid && rm /shared/pid; ${replacement} /shared/pid`,
      ],
    );
    const first = await run(t, 0, 'start', '-a', 'c');
    t.regex(first.stdout, /^\d+\n$/);
    const { stderr } = await soon(run(t, 125, 'start', 'c'));
    t.regex(stderr, error);
    await soon(run(t, 0, 'rm', 'c'));
  });

test('logs: where the container has made a fifo of its log, it is not waited for', async (t) => {
  if (!requires(t, 'root', 'busybox', 'gcc', 'overlay')) return;
  const shared = temporaryDirectory(t);
  const log = join(shared, 'log');
  mkdirSync(join(shared, 'd'));
  await run(
    t,
    0,
    ...['run', '--name', 'c', '--log-opt', `path=${log}`, '-v', `${shared}:/shared`],
    ...['--rootfs', `${attackersRoot(t)}:O`, 'sh', '-c', 'echo logged; rm /shared/log; mkfifo /shared/log'],
  );
  for (const words of [['logs'], ['logs', '-f']]) {
    const { stderr } = await soon(run(t, 125, ...words, 'c'));
    t.true(stderr.includes(`log "${log}" is not a regular file`), stderr);
  }
});
