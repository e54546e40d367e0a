/** A disk that turns read-only, as a broken one does: what only reads works, what writes says so in a line, and with a disk that is well again all is. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';

import { busyboxRoot } from '../../helpers/busybox.js';
import { collect, output, run, start, storeOf } from '../../helpers/cli.js';
import { mountDisk, mountMemory } from '../../helpers/disks.js';
import { isAlive } from '../../helpers/processes.js';
import { checkOutcome } from '../../helpers/outcome.js';
import { requires } from '../../helpers/requires.js';

const READS = [['ps', '-a'], ['inspect', 'bystander'], ['logs', 'stopped'], ['images'], ['volume', 'ls']] as const;

for (const where of ['store', 'run directory'] as const) {
  test(`a ${where} that turns read-only`, async (t) => {
    if (!requires(t, 'root', 'overlay', 'busybox', 'mkfs.ext4')) return;
    const disk = where === 'store' ? mountDisk(t, 32) : mountMemory(t, 'size=1m');
    storeOf(t, where === 'store' ? { root: join(disk, 'root') } : { runRoot: join(disk, 'run') });
    const flags = ['--network', 'none', '--stop-signal', 'KILL', '--rootfs', `${busyboxRoot(t)}:O`];
    await run(t, 0, 'run', '-d', '--name', 'bystander', ...flags, 'sleep', '1000');
    await run(t, 0, 'run', '--name', 'stopped', ...flags, 'echo', 'said');
    await run(t, 0, 'volume', 'create', 'data');
    const pid = Number(await output(t, 'inspect', '--format', '{{.State.Pid}}', 'bystander'));
    // What is open for writing keeps a file system from being remounted; a mount of it over itself does not mind.
    execFileSync('mount', ['--bind', disk, disk]);
    execFileSync('mount', ['-o', 'remount,bind,ro', disk]);
    try {
      for (const args of READS) await run(t, 0, ...args);
      const writes = [
        ['create', ...flags, 'true'],
        ['run', '--rm', ...flags, 'true'],
        ['run', '-d', ...flags, 'true'],
        ['exec', 'bystander', 'true'],
        ['exec', '-d', 'bystander', 'true'],
        ['start', 'stopped'],
        ['rename', 'stopped', 'other'],
        ['rm', 'stopped'],
        ['volume', 'create', 'more'],
        ['volume', 'rm', 'data'],
        ['stop', '-t', '0', 'bystander'],
      ];
      for (const args of writes.slice(0, where === 'store' ? undefined : -1)) {
        const result = await collect(start(t, {}, ...args));
        checkOutcome(t, args.join(' '), result);
        if (result.status !== 0) t.regex(result.stderr, /read-?only/i, args.join(' '));
      }
      t.true(isAlive(pid));
    } finally {
      execFileSync('umount', [disk]);
    }
    const states = (await output(t, 'ps', '--format', '{{.Names}} {{.State}}')).trim().split('\n');
    t.true(states.includes('bystander running'), states.join());
    t.is(await output(t, 'run', '--rm', ...flags, 'echo', 'well'), 'well\n');
    t.is((await run(t, 0, 'system', 'check')).stdout, '');
    await run(t, 0, 'stop', '-t', '0', 'bystander');
  });
}
