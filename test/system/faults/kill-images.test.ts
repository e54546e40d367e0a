/**
 * kill -9 of commands about images, at their failpoints and at moments drawn by lot: the store is whole after the next command, and the same
 * command then succeeds. `npm run test:faults` has more of the moments.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { IMAGE_FAILPOINTS, type ImageFailpoint } from '../../../src/container/failpoint.js';
import { openDestination } from '../../../src/image/open.js';
import { NO_REGISTRIES } from '../../../src/image/registries/config.js';
import { faults, type Faults } from '../../helpers/faults.js';
import { writeImage } from '../../helpers/images.js';
import { busyboxLayer, imageOf, layerOf, partsOf, type TestImage } from '../../helpers/layers.js';
import { randomFrom } from '../../helpers/random.js';
import { startRegistry } from '../../helpers/registry.js';
import { takesLong } from '../../helpers/pace.js';
import { requires } from '../../helpers/requires.js';
import { callsOf, killedBefore, sampled, told } from '../../helpers/sweep.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const ROUNDS = Number(process.env['TSPOD_IMAGE_FAULT_ROUNDS'] ?? 8);
/** Every one: 1. */
const STRIDE = Number(process.env['TSPOD_FAULT_STRIDE'] ?? 64);
const SEED = Number(process.env['TSPOD_FAULT_SEED'] ?? Date.now() % 1_000_000);

const PLAIN = '--tls-verify=false';

interface Subject {
  readonly env: Faults;
  readonly name: string;
  readonly image: TestImage;
  /** An archive of the image. */
  readonly archive: string;
}

async function subject(t: ExecutionContext<unknown>): Promise<Subject> {
  const { host } = await startRegistry(t);
  const many = Array.from({ length: 300 }, (_, index) => ({ path: `many/${index}`, content: String(index) }));
  const image = imageOf({ layers: [busyboxLayer(), layerOf(many), layerOf([{ path: 'last', content: 'x' }])] });
  const name = `${host}/subject:1`;
  const directory = temporaryDirectory(t);
  await using destination = await openDestination(`docker://${name}`, {
    environment: {},
    uid: 0,
    registries: NO_REGISTRIES,
    temporaryDirectory: directory,
    tlsVerify: false,
  });
  await writeImage(destination, partsOf(image));
  const env = await faults(t);
  const archive = join(directory, 'subject.tar');
  await succeeds(t, env, 'pull', '-q', PLAIN, name);
  await succeeds(t, env, 'save', '-q', '--format', 'oci-archive', '-o', archive, name);
  await succeeds(t, env, 'rmi', name);
  return { env, name, image, archive };
}

async function succeeds(t: ExecutionContext<unknown>, env: Faults, ...args: readonly string[]): Promise<void> {
  const { status, stderr } = await env.tspod(...args);
  t.is(status, 0, `tspod ${args.join(' ')}: ${stderr}`);
}

/** A command that is killed, and what it has done when it has done all. */
interface Command {
  readonly args: (on: Subject) => readonly string[];
  /** Whether the image is there before. */
  readonly onImage: boolean;
  readonly layers: number;
  /** Blobs of the store besides those of the image, or none at all. */
  readonly more: number | undefined;
  /** The image that runs then. */
  readonly makes?: (on: Subject) => string;
}

const COMMITTED = 'localhost/committed:1';
const SOURCE = 'source';

const COMMANDS = {
  pull: {
    args: ({ name }) => ['pull', '-q', PLAIN, name],
    onImage: false,
    layers: 3,
    more: 0,
    makes: ({ name }) => name,
  },
  load: {
    args: ({ archive }) => ['load', '-q', '-i', archive],
    onImage: false,
    layers: 3,
    more: 0,
    makes: ({ name }) => name,
  },
  commit: {
    args: () => ['commit', '-q', SOURCE, COMMITTED],
    onImage: true,
    layers: 4,
    more: 3,
    makes: () => COMMITTED,
  },
  rmi: { args: ({ name }) => ['rmi', '--ignore', name], onImage: true, layers: 0, more: undefined },
} satisfies Record<string, Command>;

type Name = keyof typeof COMMANDS;

/** What the command works on is there, and nothing else. */
async function prepare(t: ExecutionContext<unknown>, on: Subject, command: Name): Promise<void> {
  const { env, name } = on;
  await succeeds(t, env, 'rm', '--force', '--all', '--time', '0');
  await succeeds(t, env, 'rmi', '--all');
  await succeeds(t, env, 'system', 'check', '--repair');
  if (COMMANDS[command].onImage) await succeeds(t, env, ...COMMANDS.pull.args(on));
  if (command !== 'commit') return;
  const change = 'rm -r /many/1; echo changed > /last';
  await succeeds(t, env, 'run', '--name', SOURCE, '--pull', 'never', ...env.flags, name, 'sh', '-c', change);
}

/** The store is whole; the command succeeds, and has the whole effect: what it makes runs, and what it removes has left nothing. */
async function recovers(t: ExecutionContext<unknown>, on: Subject, command: Name, what: string): Promise<void> {
  const { env, image } = on;
  const { args, layers, more, makes }: Command = COMMANDS[command];
  // What a pull has fetched so far stays for the next one. Nothing that an image needs is missing.
  const between = await env.tspod('system', 'check', '--repair');
  t.is(between.status, 0, `${what}: ${between.stdout}${between.stderr}`);
  t.false(/missing|damaged/.test(between.stdout), `${what}: ${between.stdout}`);
  const clean = await env.tspod('system', 'check');
  t.is(`${clean.status} ${clean.stdout}${clean.stderr}`, '0 ', what);
  await succeeds(t, env, ...args(on));
  // One that was killed at its very end has made an image as well, whose name this one has taken.
  await succeeds(t, env, 'image', 'prune', '--force');
  const made = makes?.(on);
  if (made !== undefined) {
    const run = ['run', '--rm', '--pull', 'never', ...env.flags, made];
    const { stdout, stderr } = await env.tspod(...run, 'sh', '-c', 'cat /many/299 /last; ls /many | wc -l');
    t.is(stdout, command === 'commit' ? '299changed\n299\n' : '299x300\n', `${what}: ${stderr}`);
  }
  t.is(filesOf(env, 'layers').length, layers, what);
  const blobs = filesOf(env, 'blobs/sha256');
  t.is(blobs.length, more === undefined ? 0 : blobNames(image).length + more, what);
  if (more !== undefined)
    t.deepEqual(
      blobNames(image).filter((blob) => !blobs.includes(blob)),
      [],
      what,
    );
  t.deepEqual(filesOf(env, 'blobs/partial'), [], what);
  const whole = await env.tspod('system', 'check');
  t.is(`${whole.status} ${whole.stdout}${whole.stderr}`, '0 ', what);
}

function filesOf({ root }: Faults, directory: string): string[] {
  const path = join(root, directory);
  return existsSync(path) ? readdirSync(path).filter((name) => name !== 'empty') : [];
}

function blobNames({ manifest, blobs }: TestImage): readonly string[] {
  return [manifest.digest, ...blobs.keys()].map((digest) => digest.replace('sha256:', ''));
}

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'busybox', 'overlay', 'docker-registry');

const POINTS: Readonly<Record<ImageFailpoint, readonly Name[]>> = {
  'lease-made': ['pull', 'load', 'commit'],
  'layer-unpacked': ['pull', 'load', 'commit'],
  'layers-made': ['pull', 'load', 'commit'],
  'image-recorded': ['pull', 'load', 'commit'],
  'image-removed': ['rmi'],
};

test('kill -9 at the failpoints of images', async (t) => {
  if (!ready(t)) return;
  takesLong(t);
  const on = await subject(t);
  for (const point of IMAGE_FAILPOINTS) {
    for (const command of POINTS[point]) {
      await prepare(t, on, command);
      await on.env.killedAt(point, ...COMMANDS[command].args(on));
      await recovers(t, on, command, `${command} at ${point}`);
    }
  }
});

test('kill -9 of a pull, a load, a commit and a removal at random moments', async (t) => {
  if (!ready(t)) return;
  takesLong(t);
  t.log(`TSPOD_FAULT_SEED=${SEED} TSPOD_IMAGE_FAULT_ROUNDS=${ROUNDS}`);
  const on = await subject(t);
  const random = randomFrom(SEED);
  const names = Object.keys(COMMANDS) as readonly Name[];
  const durations = new Map<Name, number>();
  let [most, killed] = [1, 0];
  for (let round = 0; round < ROUNDS; round += 1) {
    const command = names[round % names.length] ?? 'pull';
    const duration = durations.get(command) ?? (await durationOf(t, on, command));
    durations.set(command, duration);
    await prepare(t, on, command);
    const share = random.next() * most;
    const afterMs = share * duration;
    if (await on.env.killedBy({ afterMs }, ...COMMANDS[command].args(on))) killed += 1;
    // The machine is less busy than when it was timed.
    else if (killed === 0) most = share;
    await recovers(t, on, command, `${command}, killed after ${afterMs.toFixed(1)} ms (seed ${SEED}, round ${round})`);
  }
  t.log(`killed ${killed} of ${ROUNDS}`);
  t.true(killed > 0);
});

for (const command of Object.keys(COMMANDS) as readonly Name[]) {
  test(`kill -9 before the system calls of ${command}`, async (t) => {
    if (!ready(t) || !requires(t, 'strace')) return;
    takesLong(t);
    const on = await subject(t);
    const args = COMMANDS[command].args(on);
    await prepare(t, on, command);
    const calls = await callsOf(on.env, args);
    t.true(calls.length > 20, `${calls.length} calls`);
    let killed = 0;
    for (const call of sampled(calls, STRIDE)) {
      await prepare(t, on, command);
      if (await killedBefore(on.env, call, args)) killed += 1;
      await recovers(t, on, command, `${command}, killed before ${told(call)}`);
    }
    t.log(`${calls.length} calls, killed at ${killed}`);
    t.true(killed > 0);
  });
}

async function durationOf(t: ExecutionContext<unknown>, on: Subject, command: Name): Promise<number> {
  await prepare(t, on, command);
  const begin = performance.now();
  await on.env.tspod(...COMMANDS[command].args(on));
  return performance.now() - begin;
}

test('two processes that pull the same image at the same moment ask for each blob once', async (t) => {
  if (!ready(t)) return;
  const { env, name, image } = await subject(t);
  const both = await Promise.all([env.tspod('pull', PLAIN, name), env.tspod('pull', PLAIN, name)]);
  for (const { status, stdout, stderr } of both) t.is(`${status} ${stdout}`, `0 ${image.id}\n`, stderr);
  for (const { descriptor } of partsOf(image).blobs.slice(1)) {
    const copying = both.filter(({ stderr }) => new RegExp(`^Copying blob ${descriptor.digest}$`, 'm').test(stderr));
    t.is(copying.length, 1, descriptor.digest);
  }
});

test('the lock file of a lease that was not recorded when its process was killed goes with the next check', async (t) => {
  if (!ready(t)) return;
  const env = await faults(t);
  const locks = join(env.runRoot, 'image-locks');
  mkdirSync(locks, { recursive: true });
  writeFileSync(join(locks, `lease-${'0'.repeat(32)}`), '');
  await succeeds(t, env, 'system', 'check');
  t.deepEqual(readdirSync(locks), []);
});

test('kill -9 of a save, when the archive is written: nothing lies beside it, and one that was there is as it was', async (t) => {
  if (!ready(t) || !requires(t, 'strace')) return;
  const on = await subject(t);
  const { env, name } = on;
  await succeeds(t, env, ...COMMANDS.pull.args(on));
  const directory = temporaryDirectory(t);
  const wrapper = ['strace', '-qq', '-f', '-o', '/dev/null', '-e', 'trace=fsync', '-e', 'inject=fsync:signal=KILL'];
  const path = join(directory, 'saved.tar');
  for (const format of ['docker-archive', 'oci-archive']) {
    for (const before of [undefined, 'what was there']) {
      if (before !== undefined) writeFileSync(path, before);
      const what = `${format}, ${before ?? 'nothing'} before`;
      t.true(await env.killedBy({ wrapper }, 'save', '-q', '--format', format, '-o', path, name), what);
      t.deepEqual(readdirSync(directory), before === undefined ? [] : ['saved.tar'], what);
      if (before !== undefined) t.is(readFileSync(path, 'utf8'), before, what);
    }
    await succeeds(t, env, 'save', '-q', '--format', format, '-o', path, name);
    t.deepEqual(readdirSync(directory), ['saved.tar']);
    await succeeds(t, env, 'rmi', name);
    await succeeds(t, env, 'load', '-q', '-i', path);
    rmSync(path);
  }
});

test('save: where the file system has no files without a name, the archive lies beside its place until it is whole', async (t) => {
  if (!ready(t) || !requires(t, 'strace')) return;
  const on = await subject(t);
  const { env, name } = on;
  await succeeds(t, env, ...COMMANDS.pull.args(on));
  const directory = temporaryDirectory(t);
  const path = join(directory, 'saved.tar');
  const trace = join(temporaryDirectory(t), 'trace');
  // Of the calls on the directory itself: open(2) with O_TMPFILE.
  const refused = ['-P', directory, '-e', 'inject=openat:error=EOPNOTSUPP'];
  const strace = ['-qq', '-f', '-o', trace, '-e', 'trace=openat', ...refused];
  for (const content of [undefined, 'what was there']) {
    if (content !== undefined) writeFileSync(path, content);
    const { status, stderr } = await env.underStrace(strace, 'save', '-q', '-o', path, name);
    t.is(`${status} ${stderr}`, '0 ');
    t.regex(readFileSync(trace, 'utf8'), /O_TMPFILE.*EOPNOTSUPP.*INJECTED/);
    t.deepEqual(readdirSync(directory), ['saved.tar']);
    await succeeds(t, env, 'load', '-q', '-i', path);
  }
});
