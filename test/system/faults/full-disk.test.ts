/**
 * No byte or no inode left under the store, or under the run directory. What looks, ends or removes works as ever; what makes something works, or says in a line that
 * there is no room; what runs goes on, and its end is recorded; and with room again all is well.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';

import { busyboxRoot } from '../../helpers/busybox.js';
import { collect, output, run, start, storeOf } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { fill, mountDisk, mountMemory } from '../../helpers/disks.js';
import { isAlive } from '../../helpers/processes.js';
import { writeArchive } from '../../helpers/images.js';
import { busyboxLayer, imageOf, layerOf, partsOf } from '../../helpers/layers.js';
import { checkOutcome } from '../../helpers/outcome.js';
import { takesLong } from '../../helpers/pace.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

/** What must not need room. */
const WORKS = [
  ['ps', '-a'],
  ['inspect', 'bystander'],
  ['logs', '--tail', '1', 'bystander'],
  ['exec', 'bystander', 'true'],
  ['images'],
  ['volume', 'ls'],
  ['volume', 'rm', 'data'],
  ['stop', '-t', '0', 'first'],
  ['kill', 'second'],
  ['pause', 'third'],
  ['unpause', 'third'],
  ['rm', '--force', '-t', '0', 'third'],
  ['rm', 'stopped'],
  ['rm', 'created'],
  ['rm', 'first'],
  ['rmi', 'localhost/free:1'],
] as const;

/** What may find none. */
const MAKES = (flags: readonly string[], archive: string) => [
  ['create', '--name', 'new', ...flags, 'true'],
  ['run', ...flags, 'true'],
  ['run', '--rm', ...flags, 'true'],
  ['run', '-d', ...flags, '--stop-signal', 'KILL', 'sleep', '1000'],
  ['run', '--rm', '--network', 'none', 'localhost/subject:1', 'true'],
  ['exec', '-d', 'bystander', 'true'],
  ['cp', '/etc/hostname', 'again:/tmp/name'],
  ['start', 'again'],
  ['restart', '-t', '0', 'fourth'],
  ['rename', 'again', 'once-more'],
  ['update', '--memory', '100m', 'bystander'],
  ['volume', 'create', 'more'],
  ['network', 'create', 'more'],
  ['secret', 'create', 'more', '/etc/hostname'],
  ['load', '-q', '-i', archive],
  ['pull', '-q', `oci-archive:${archive}`],
  ['commit', '-q', 'fromimage', 'localhost/committed:1'],
  ['tag', 'localhost/subject:1', 'localhost/other:1'],
];

interface Place {
  readonly root?: string;
  readonly runRoot?: string;
  readonly disk: string;
}

const PLACES: Readonly<Record<string, (t: ExecutionContext<unknown>, what: 'bytes' | 'inodes') => Place>> = {
  // With smaller blocks than pages of memory the index of SQLite's log may find no room in the middle of a page, and the kernel ends the command.
  'the store': (t, what) => {
    const disk = mountDisk(t, 40, { format: ['-b', '4096', ...(what === 'inodes' ? ['-N', '400'] : [])] });
    return { disk, root: join(disk, 'root') };
  },
  'the run directory': (t) => {
    const disk = mountMemory(t, 'size=512k,nr_inodes=300');
    return { disk, runRoot: join(disk, 'run') };
  },
};

for (const [where, place] of Object.entries(PLACES)) {
  for (const what of ['bytes', 'inodes'] as const) {
    test(`full disk: no ${what} left under ${where}`, async (t) => {
      if (!requires(t, 'root', 'overlay', 'busybox', 'mkfs.ext4')) return;
      takesLong(t);
      const { disk, ...places } = place(t, what);
      const { root, runRoot } = storeOf(t, places);
      const on = await subject(t);
      const giveBack = fill(disk, what);
      for (const args of MAKES(on.flags, on.other)) {
        const { status, stderr } = await outcome(t, args);
        // An overlay that finds no room for itself is mounted read-only.
        if (status !== 0) t.regex(stderr, /no space left|disk is full|read-only/i, args.join(' '));
      }
      for (const args of WORKS) {
        const { status, stderr } = await outcome(t, args);
        t.is(status, 0, `${args.join(' ')}: ${stderr}`);
      }
      await ends(t, on);
      const before = writtenBy(on.pid);
      writeFileSync(join(on.told, 'talk'), '');
      await until('it writes', () => writtenBy(on.pid) > before + 200);
      await delay(500);
      t.true(isAlive(on.pid), 'what runs goes on');
      giveBack();
      await allIsWell(t, on, { root, runRoot });
    });
  }
}

/** Bytes, to its log among others. */
function writtenBy(pid: number): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}

interface Subject {
  readonly flags: readonly string[];
  /** An archive of another image. */
  readonly other: string;
  /** Is shared with the container `ends`, which does when there is a file `end` in it, and with the bystander, which begins to write to its log at `talk`. */
  readonly told: string;
  /** Of the bystander. */
  readonly pid: number;
}

async function subject(t: ExecutionContext<unknown>): Promise<Subject> {
  const directory = temporaryDirectory(t);
  const [told, image, other] = ['told', 'image.tar', 'other.tar'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(told);
  const layers = [busyboxLayer()];
  await writeArchive(t, `${image}:localhost/subject:1`, partsOf(imageOf({ layers })));
  const more = layerOf([{ path: 'more', content: 'x'.repeat(5000) }]);
  await writeArchive(t, `${other}:localhost/other:2`, partsOf(imageOf({ layers: [...layers, more] })));
  await run(t, 0, 'load', '-q', '-i', image);
  await run(t, 0, 'tag', 'localhost/subject:1', 'localhost/free:1');
  const flags = ['--network', 'none', '--rootfs', `${busyboxRoot(t)}:O`];
  const detached = ['run', '-d', '--stop-signal', 'KILL', ...flags.slice(0, 2)];
  const rootfs = flags.slice(2);
  // It is silent while commands work: what it writes may take the room that SQLite's index gives back between two of them.
  const count =
    'echo 0; until test -e /told/talk; do sleep 0.05; done; i=1; while :; do echo $i; i=$((i+1)); sleep 0.01; done';
  await run(t, 0, ...detached, '--name', 'bystander', '-v', `${told}:/told`, ...rootfs, 'sh', '-c', count);
  for (const name of ['first', 'second', 'third', 'fourth'])
    await run(t, 0, ...detached, '--name', name, ...rootfs, 'sleep', '1000');
  const wait = 'while ! test -e /told/end; do sleep 0.05; done; exit 7';
  await run(t, 0, ...detached, '--name', 'ends', '-v', `${told}:/told`, ...rootfs, 'sh', '-c', wait);
  for (const name of ['stopped', 'again']) await run(t, 0, 'run', '--name', name, ...flags, 'true');
  await run(t, 0, 'run', '--name', 'fromimage', '--network', 'none', 'localhost/subject:1', 'touch', '/file');
  await run(t, 0, 'create', '--name', 'created', ...flags, 'true');
  await run(t, 0, 'volume', 'create', 'data');
  const pid = Number(await output(t, 'inspect', '--format', '{{.State.Pid}}', 'bystander'));
  return { flags, other, told, pid };
}

async function outcome(t: ExecutionContext<unknown>, args: readonly string[]) {
  const result = await collect(start(t, {}, ...args));
  checkOutcome(t, args.join(' '), result);
  return result;
}

/** It is seen, and its code is the one. */
async function ends(t: ExecutionContext<unknown>, { told }: Subject): Promise<void> {
  writeFileSync(join(told, 'end'), '');
  const { status, stdout, stderr } = await outcome(t, ['wait', 'ends']);
  t.is(`${String(status)} ${stdout}${stderr}`, '0 7\n');
  t.is(await output(t, 'inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', 'ends'), 'exited 7\n');
}

/** The next command finds everything in order; all can be used, and nothing is there that is not listed. */
async function allIsWell(
  t: ExecutionContext<unknown>,
  { flags, pid }: Subject,
  { root, runRoot }: { readonly root: string; readonly runRoot: string },
): Promise<void> {
  const listed = (await output(t, 'ps', '-a', '--no-trunc', '--format', '{{.ID}}')).trim().split('\n');
  t.is(new Set(listed).size, listed.length, 'each is listed once');
  for (const directory of [join(root, 'containers'), join(runRoot, 'c')])
    t.deepEqual(
      readdirSync(directory).filter((id) => !listed.includes(id)),
      [],
      directory,
    );
  t.is((await run(t, 0, 'system', 'check')).stdout, '');
  t.is(await output(t, 'run', '--rm', ...flags, 'echo', 'well'), 'well\n');
  await run(t, 0, 'restart', '-t', '0', 'fourth');
  t.true(isAlive(pid));
  await logGoesOn(t);
  for (const name of ['blobs/sha256', 'layers'])
    if (existsSync(join(root, name)))
      t.deepEqual(
        readdirSync(join(root, name)).filter((entry) => entry.includes('.')),
        [],
        name,
      );
}

/** What was not written is counted in the log, and nothing else is missing. */
async function logGoesOn(t: ExecutionContext<unknown>): Promise<void> {
  const read = async () => {
    const { stdout, stderr } = await run(t, 0, 'logs', 'bystander');
    return { numbers: stdout.trim().split('\n').map(Number), remarks: stderr };
  };
  const before = await read();
  await until('the log goes on', async () => (await read()).numbers.length > before.numbers.length + 3);
  const { numbers, remarks } = await read();
  t.deepEqual(
    numbers,
    numbers.toSorted((one, other) => one - other),
  );
  const lost = [...remarks.matchAll(/^\[tspod\] (\d+) log records .* lost: No space left on device$/gm)];
  const missing = (numbers.at(-1) ?? 0) + 1 - numbers.length;
  t.is(
    missing,
    lost.reduce((sum, [, count]) => sum + Number(count), 0),
    remarks,
  );
}
