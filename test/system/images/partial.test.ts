/** What an attempt to pull has left of a blob: gone on with while it may be right, and in nobody's way when it is not. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';

import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import {
  busyboxLayer,
  imageOf,
  layerOf,
  layerOfTar,
  sourceOf,
  type TestImage,
  type TestLayer,
} from '../../helpers/layers.js';
import { requires } from '../../helpers/requires.js';

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'overlay');

/** The image from a source that sends this, in place of a layer. */
function sends(image: TestImage, { descriptor }: TestLayer, answer: () => Readable): ReturnType<typeof sourceOf> {
  return sourceOf(image, { onBlob: (digest) => (digest === descriptor.digest ? answer() : undefined) });
}

function whole(...chunks: readonly Buffer[]): Readable {
  return Readable.from(chunks, { objectMode: false });
}

/** Breaks off after these bytes. */
function broken(bytes: Buffer): Readable {
  return Readable.from(
    (function* () {
      yield bytes;
      throw new Error('gone');
    })(),
    { objectMode: false },
  );
}

function partialsIn({ root }: TestEngine): readonly string[] {
  return readdirSync(join(root, 'blobs/partial'));
}

/** Offsets from which the layer was asked for. */
function offsets({ requests }: ReturnType<typeof sourceOf>, { descriptor }: TestLayer): readonly number[] {
  return requests.flatMap(({ digest, offset }) => (digest === descriptor.digest ? [offset] : []));
}

const PORTAL = Buffer.from('<html>please log in</html>');

for (const [what, answer] of Object.entries({
  'is shorter': () => whole(PORTAL),
  'is no archive': () => whole(Buffer.alloc(100_000, PORTAL)),
  'is compressed, and damaged': () => whole(Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.alloc(50_000, 7)])),
  // It would be waited for as long as the connection lasts.
  'is no archive, and does not end': () => {
    const stream = new Readable({ read: () => undefined });
    stream.push(Buffer.alloc(100_000, PORTAL));
    return stream;
  },
})) {
  test(`pull: nothing is kept of an answer that ${what}, and the next source is asked for all`, async (t) => {
    if (!ready(t)) return;
    const tested = await testEngine(t);
    const layer = busyboxLayer();
    const image = imageOf({ layers: [layer] });
    await rejectsWith(t, tested.engine.images.pull(sends(image, layer, answer), { name: 'test' }), 'BAD_IMAGE');
    t.deepEqual(partialsIn(tested), []);
    const next = sourceOf(image);
    await tested.engine.images.pull(next, { name: 'test' });
    t.deepEqual(offsets(next, layer), [0]);
  });
}

for (const [what, left] of Object.entries({
  'as an archive': PORTAL,
  'by its digest': layerOf([{ path: 'other', content: Buffer.alloc(600) }], 'none').blob,
})) {
  test(`pull: what an earlier attempt left and is wrong ${what} is fetched anew`, async (t) => {
    if (!ready(t)) return;
    const tested = await testEngine(t);
    const layer = layerOf([{ path: 'file', content: Buffer.alloc(3000, 1) }], 'none');
    const image = imageOf({ layers: [layer] });
    const first = sends(image, layer, () => broken(left.subarray(0, 1000)));
    await t.throwsAsync(tested.engine.images.pull(first, { name: 'test' }), { message: 'gone' });
    t.is(partialsIn(tested).length, 1);
    const next = sourceOf(image);
    await tested.engine.images.pull(next, { name: 'test' });
    t.deepEqual(offsets(next, layer), [Math.min(left.length, 1000), 0]);
    t.deepEqual(partialsIn(tested), []);
    t.deepEqual(await tested.engine.images.check(), { problems: [], repaired: true });
  });
}

test('pull: a config of which something else was left is fetched anew', async (t) => {
  if (!ready(t)) return;
  const tested = await testEngine(t);
  const image = imageOf({ layers: [layerOf([{ path: 'file', content: 'x' }])] });
  const config = `sha256:${image.id}`;
  const first = sourceOf(image, { onBlob: (digest) => (digest === config ? broken(PORTAL) : undefined) });
  await t.throwsAsync(tested.engine.images.pull(first, { name: 'test' }), { message: 'gone' });
  const next = sourceOf(image);
  await tested.engine.images.pull(next, { name: 'test' });
  t.deepEqual(next.requests.slice(0, 2), [
    { digest: config, offset: PORTAL.length },
    { digest: config, offset: 0 },
  ]);
});

test('pull: a blob that is right and no archive is not fetched twice', async (t) => {
  if (!ready(t)) return;
  const tested = await testEngine(t);
  const layer = layerOfTar(Buffer.alloc(1000, 'no archive'), 'none');
  const image = imageOf({ layers: [{ ...layer, tar: layer.blob }] });
  const source = sourceOf(image);
  await rejectsWith(t, tested.engine.images.pull(source, { name: 'test' }), 'BAD_IMAGE');
  t.deepEqual(offsets(source, layer), [0]);
  t.deepEqual(partialsIn(tested), []);
});
