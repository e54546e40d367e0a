/**
 * kill -9 of commands about images, at their failpoints and at moments drawn by lot: the store is whole after the next command, and the same
 * command then succeeds. `npm run test:faults` has more of the moments.
 */
import { readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { IMAGE_FAILPOINTS, type ImageFailpoint } from '../../src/container/failpoint.js';
import { openDestination } from '../../src/image/open.js';
import { NO_REGISTRIES } from '../../src/image/registries/config.js';
import { faults, type Faults } from '../helpers/faults.js';
import { writeImage } from '../helpers/images.js';
import { busyboxLayer, imageOf, layerOf, partsOf, type TestImage } from '../helpers/layers.js';
import { randomFrom } from '../helpers/random.js';
import { startRegistry } from '../helpers/registry.js';
import { requires } from '../helpers/requires.js';
import { temporaryDirectory } from '../helpers/temp.js';

const ROUNDS = Number(process.env['TSPOD_IMAGE_FAULT_ROUNDS'] ?? 8);
const SEED = Number(process.env['TSPOD_FAULT_SEED'] ?? Date.now() % 1_000_000);

const PLAIN = '--tls-verify=false';

interface Subject {
  readonly env: Faults;
  readonly name: string;
  readonly image: TestImage;
}

async function subject(t: ExecutionContext<unknown>): Promise<Subject> {
  const { host } = await startRegistry(t);
  const many = Array.from({ length: 300 }, (_, index) => ({ path: `many/${index}`, content: String(index) }));
  const image = imageOf({ layers: [busyboxLayer(), layerOf(many), layerOf([{ path: 'last', content: 'x' }])] });
  const name = `${host}/subject:1`;
  await using destination = await openDestination(`docker://${name}`, {
    environment: {},
    uid: 0,
    registries: NO_REGISTRIES,
    temporaryDirectory: temporaryDirectory(t),
    tlsVerify: false,
  });
  await writeImage(destination, partsOf(image));
  return { env: await faults(t), name, image };
}

const COMMANDS = {
  pull: ['pull', '-q', PLAIN],
  rmi: ['rmi', '--ignore'],
} as const;

type Name = keyof typeof COMMANDS;

/** What the command works on is there, or not. */
async function prepare({ env, name }: Subject, command: Name): Promise<void> {
  await env.tspod(...COMMANDS[command === 'pull' ? 'rmi' : 'pull'], name);
  if (command === 'pull') await env.tspod('system', 'check', '--repair');
}

/**
 * The store is whole; the command succeeds, and has the whole effect: after a pull the image runs, after its removal nothing is left.
 */
async function recovers(t: ExecutionContext<unknown>, on: Subject, command: Name, what: string): Promise<void> {
  const { env, name, image } = on;
  // What a pull has fetched so far stays for the next one. Nothing that an image needs is missing.
  const between = await env.tspod('system', 'check', '--repair');
  t.is(between.status, 0, `${what}: ${between.stdout}${between.stderr}`);
  t.false(/missing|damaged/.test(between.stdout), `${what}: ${between.stdout}`);
  const clean = await env.tspod('system', 'check');
  t.is(`${clean.status} ${clean.stdout}${clean.stderr}`, '0 ', what);
  const again = await env.tspod(...COMMANDS[command], name);
  t.is(again.status, 0, `${what}: again: ${again.stderr}`);
  if (command === 'pull') {
    const run = ['run', '--rm', '--pull', 'never', ...env.flags, name];
    const { stdout, stderr } = await env.tspod(...run, 'sh', '-c', 'cat /many/299 /last; ls /many | wc -l');
    t.is(stdout, '299x300\n', `${what}: ${stderr}`);
    t.deepEqual(filesOf(env, 'layers').length, 3, what);
    t.deepEqual(filesOf(env, 'blobs/sha256').sort(), blobNames(image), what);
  } else {
    t.deepEqual(filesOf(env, 'layers'), [], what);
    t.deepEqual(filesOf(env, 'blobs/sha256'), [], what);
  }
  t.deepEqual(filesOf(env, 'blobs/partial'), [], what);
  const whole = await env.tspod('system', 'check');
  t.is(`${whole.status} ${whole.stdout}${whole.stderr}`, '0 ', what);
}

function filesOf({ root }: Faults, directory: string): string[] {
  const path = join(root, directory);
  return existsSync(path) ? readdirSync(path).filter((name) => name !== 'empty') : [];
}

function blobNames({ manifest, blobs }: TestImage): readonly string[] {
  return [manifest.digest, ...blobs.keys()].map((digest) => digest.replace('sha256:', '')).sort();
}

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'busybox', 'overlay', 'docker-registry');

const POINTS: Readonly<Record<ImageFailpoint, Name>> = {
  'lease-made': 'pull',
  'layer-unpacked': 'pull',
  'layers-made': 'pull',
  'image-recorded': 'pull',
  'image-removed': 'rmi',
};

test('kill -9 at the failpoints of images', async (t) => {
  if (!ready(t)) return;
  t.timeout(600_000);
  const on = await subject(t);
  for (const point of IMAGE_FAILPOINTS) {
    const command = POINTS[point];
    await prepare(on, command);
    await on.env.killedAt(point, ...COMMANDS[command], on.name);
    await recovers(t, on, command, `${command} at ${point}`);
  }
});

test('kill -9 of a pull and a removal at random moments', async (t) => {
  if (!ready(t)) return;
  t.timeout(3_600_000);
  t.log(`TSPOD_FAULT_SEED=${SEED} TSPOD_IMAGE_FAULT_ROUNDS=${ROUNDS}`);
  const on = await subject(t);
  const random = randomFrom(SEED);
  const durations = new Map<Name, number>();
  let killed = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const command: Name = round % 3 === 2 ? 'rmi' : 'pull';
    const duration = durations.get(command) ?? (await durationOf(on, command));
    durations.set(command, duration);
    await prepare(on, command);
    const afterMs = random.next() * duration;
    if (await on.env.killedBy({ afterMs }, ...COMMANDS[command], on.name)) killed += 1;
    await recovers(t, on, command, `${command}, killed after ${afterMs.toFixed(1)} ms (seed ${SEED}, round ${round})`);
  }
  t.log(`killed ${killed} of ${ROUNDS}`);
  t.true(killed > 0);
});

async function durationOf(on: Subject, command: Name): Promise<number> {
  await prepare(on, command);
  const begin = performance.now();
  await on.env.tspod(...COMMANDS[command], on.name);
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
