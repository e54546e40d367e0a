/**
 * The power goes while commands make and remove images, volumes and containers. What was on the disk by then is all that is left: what a command had said is done is
 * so, but for containers that were never started; all else is whole or not there. `npm run test:faults -- --only power-cut` has more rounds.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import test, { type ExecutionContext } from 'ava';

import { collect, output, run, start, storeOf } from '../../helpers/cli.js';
import { mountFragileDisk, type Disk } from '../../helpers/disks.js';
import { writeArchive } from '../../helpers/images.js';
import { busyboxLayer, imageOf, layerOf, partsOf } from '../../helpers/layers.js';
import { checkOutcome } from '../../helpers/outcome.js';
import { randomFrom, type Random } from '../../helpers/random.js';
import { forgetBoot, powerOff } from '../../helpers/reboot.js';
import { takesLong } from '../../helpers/pace.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';
import { newCgroupParent, testCgroupManager, type Territory } from '../../helpers/leaks.js';
import { removeCgroups } from '../../helpers/engine.js';

const ROUNDS = Number(process.env['TSPOD_TEST_POWER_CUTS'] ?? 2);
const SEED = Number(process.env['TSPOD_FAULT_SEED'] ?? Date.now() % 1_000_000);
/** From the first command on. */
const MOST_MS = 4000;
const LAYERS = 3;
const FILES = 40;

const IMAGE = 'localhost/base:1';

/** What is known of a thing by what commands have said; undefined: they were cut off. */
type Known = 'there' | 'gone' | undefined;

interface Subject {
  readonly t: ExecutionContext<unknown>;
  readonly disk: Disk;
  readonly territory: Territory;
  readonly random: Random;
  /** By its kind and name. */
  readonly known: Map<string, Known>;
  /** Archives of images, each with a name and with layers of its own. */
  readonly archives: string;
  isCut: boolean;
  count: number;
}

test('power cuts: what was reported is there, the rest is whole or not there', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox', 'mkfs.ext4')) return;
  takesLong(t);
  t.log(`seed ${String(SEED)}`);
  const disk = mountFragileDisk(t, 256);
  const { root, runRoot } = storeOf(t, { root: join(disk.path, 'root') });
  const cgroupManager = testCgroupManager();
  const territory = { root, runRoot, cgroupParent: newCgroupParent(cgroupManager), cgroupManager };
  t.teardown(() => removeCgroups(territory));
  const on: Subject = {
    ...{ t, disk, territory, random: randomFrom(SEED), known: new Map(), archives: temporaryDirectory(t) },
    ...{ isCut: false, count: 0 },
  };
  await load(on, IMAGE);
  for (let round = 1; round <= ROUNDS; round += 1) {
    await cutOff(on);
    await allIsWell(on, `round ${String(round)}`);
  }
  const count = (state: Known) => [...on.known.values()].filter((each) => each === state).length;
  t.log(`${String(ROUNDS)} cuts: ${String(count('there'))} things there, ${String(count('gone'))} gone`);
});

/** Two at a time do what chance says until the power goes. */
async function cutOff(on: Subject): Promise<void> {
  on.isCut = false;
  const work = async () => {
    while (!on.isCut) await on.random.pick(WORKS)(on);
  };
  const works = [work(), work()];
  await delay(300 + on.random.below(MOST_MS));
  on.isCut = true;
  on.disk.cut();
  await Promise.all(works);
  await powerOff(on.territory, { keepsRunRoot: true });
  for (const name of readdirSync(on.territory.runRoot))
    rmSync(join(on.territory.runRoot, name), { recursive: true, force: true });
  on.disk.again();
  forgetBoot(on.territory);
}

type Work = (on: Subject) => Promise<unknown>;

const WORKS: readonly Work[] = [
  (on) => done(on, `volume ${nextName(on, 'v')}`, 'there', (name) => ['volume', 'create', name]),
  (on) => undone(on, 'volume', (name) => ['volume', 'rm', name]),
  (on) =>
    done(on, `container ${nextName(on, 'c')}`, 'there', (name) => [
      ...['run', '--name', name, '--network', 'none', '--cgroup-parent', on.territory.cgroupParent],
      ...[IMAGE, 'sh', '-c', `echo ${name} > /file`],
    ]),
  // A record alone may be lost.
  (on) => command(on, 'create', '--name', nextName(on, 'n'), '--network', 'none', IMAGE, 'true'),
  (on) => command(on, 'run', '--rm', '--network', 'none', '--cgroup-parent', on.territory.cgroupParent, IMAGE, 'true'),
  (on) => undone(on, 'container', (name) => ['rm', name]),
  (on) => load(on, `localhost/${nextName(on, 'i')}:1`),
  (on) => undone(on, 'image', (name) => ['rmi', '--force', name]),
  (on) => {
    const from = pick(on, 'container');
    if (from === undefined) return delay(20);
    return done(on, `image localhost/${nextName(on, 'm')}:1`, 'there', (name) => ['commit', '-q', from, name]);
  },
];

function nextName(on: Subject, kind: string): string {
  on.count += 1;
  return `${kind}${String(on.count)}`;
}

async function load(on: Subject, name: string): Promise<void> {
  const archive = join(on.archives, name.replaceAll(/[/:]/g, '-'));
  const layers = Array.from({ length: LAYERS }, (_, layer) =>
    layerOf(
      Array.from({ length: FILES }, (_, file) => ({
        path: `files/${String(layer)}-${String(file)}`,
        content: `${name} ${String(layer)} ${String(file)}`.repeat(50),
      })),
    ),
  );
  const content = `${name.replace(/^.*\/(.*):1$/, '$1')}\n`;
  const image = imageOf({ layers: [busyboxLayer(), ...layers, layerOf([{ path: 'file', content }])] });
  await writeArchive(on.t, `${archive}:${name}`, partsOf(image));
  await done(on, `image ${name}`, 'there', () => ['load', '-q', '-i', archive]);
}

/** Is so from the moment on in which the command has said it. */
async function done(
  on: Subject,
  thing: string,
  state: Known,
  words: (name: string) => readonly string[],
): Promise<void> {
  on.known.set(thing, undefined);
  const isDone = await command(on, ...words(thing.slice(thing.indexOf(' ') + 1)));
  if (isDone) on.known.set(thing, state);
}

function undone(on: Subject, kind: string, words: (name: string) => readonly string[]): Promise<unknown> {
  const name = pick(on, kind);
  return name === undefined ? delay(20) : done(on, `${kind} ${name}`, 'gone', words);
}

/** Of those that are there; the one that all are made of stays. */
function pick(on: Subject, kind: string): string | undefined {
  const names = [...on.known]
    .filter(([thing, state]) => state === 'there' && thing.startsWith(`${kind} `) && !thing.endsWith(IMAGE))
    .map(([thing]) => thing.slice(kind.length + 1));
  return names.length === 0 ? undefined : on.random.pick(names);
}

/** Whether it has succeeded before the cut. */
async function command(on: Subject, ...args: readonly string[]): Promise<boolean> {
  const result = await collect(start(on.t, {}, ...args));
  if (!on.isCut) checkOutcome(on.t, args.join(' '), result);
  return result.status === 0 && !on.isCut;
}

async function allIsWell(on: Subject, what: string): Promise<void> {
  const { t, territory, known } = on;
  const lines = async (...args: readonly string[]) => (await output(t, ...args)).split('\n').filter(Boolean);
  const ids = await lines('ps', '-aq', '--no-trunc');
  t.is(new Set(ids).size, ids.length, what);
  const database = new Database(join(territory.root, 'tspod.db'), { readonly: true });
  t.is(database.pragma('integrity_check', { simple: true }), 'ok', what);
  database.close();
  t.is((await run(t, 0, 'system', 'check')).stdout, '', what);
  t.deepEqual(
    readdirSync(join(territory.root, 'containers')).filter((id) => !ids.includes(id)),
    [],
    what,
  );
  const there = {
    container: await lines('ps', '-a', '--format', '{{.Names}}'),
    volume: await lines('volume', 'ls', '-q'),
    image: (await lines('images', '--format', '{{.Repository}}:{{.Tag}}')).filter((name) => !name.includes('<none>')),
  };
  for (const [thing, state] of known) {
    const [kind = '', name = ''] = thing.split(' ');
    const isThere = there[kind as keyof typeof there].includes(name);
    if (state !== undefined) t.is(isThere ? 'there' : 'gone', state, `${what}: ${thing}`);
    // What was not reported may be either.
    known.set(thing, isThere ? 'there' : 'gone');
  }
  for (const name of there.image) await imageIsWhole(on, name, what);
  const started = (await lines('ps', '-a', '--filter', 'status=exited', '--format', '{{.Names}}')).at(-1);
  if (started !== undefined) await run(t, 0, 'start', started);
  for (const name of there.volume.slice(-3))
    await run(t, 0, 'run', '--rm', '--network', 'none', '-v', `${name}:/data`, IMAGE, 'touch', '/data/file');
}

/** All of its files are as they were packed. */
async function imageIsWhole(on: Subject, name: string, what: string): Promise<void> {
  const short = name.replace(/^.*\/(.*):1$/, '$1');
  const script = `cat /file; n=0; for f in /files/*; do test -s $f && n=$((n+1)); done; echo $n`;
  const flags = ['--rm', '--network', 'none', '--cgroup-parent', on.territory.cgroupParent];
  const said = await output(on.t, 'run', ...flags, name, 'sh', '-c', script);
  const [content = '', count = ''] = said.split('\n');
  on.t.is(count, String(LAYERS * FILES), `${what}: ${name}`);
  // A committed one has the name of the container that it is made of.
  on.t.regex(content, short.startsWith('m') ? /^c\d+$/ : new RegExp(`^${short}$`), `${what}: ${name}`);
}
