/** Images that are removed while others are at work, and what pulls have left that failed. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import test from 'ava';

import { testEngine, type TestEngine } from '../../helpers/engine.js';
import { imageOf, layerOf, sourceOf } from '../../helpers/layers.js';
import { requires } from '../../helpers/requires.js';
import { until } from '../../helpers/until.js';

test('images: one that is given a name meanwhile stays', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine } = await testEngine(t);
  const ids: string[] = [];
  for (const content of ['a', 'b', 'c']) {
    const image = imageOf({ layers: [layerOf([{ path: 'f', content }])] });
    await engine.images.pull(sourceOf(image), { name: 'test:1' });
    ids.push(image.id);
  }
  engine.images.untag('test:1');
  const [first = '', second = '', third = ''] = ids;
  const pruned = engine.images.prune();
  engine.images.tag(second, 'kept:1');
  t.deepEqual(
    (await pruned).removed.map(({ deleted }) => deleted),
    [first, third],
  );
  const removed = engine.images.remove('kept:1');
  engine.images.tag(second, 'kept:2');
  t.deepEqual(await removed, { untagged: ['localhost/kept:1'], deleted: undefined });
  t.deepEqual(engine.images.get(second).names, ['localhost/kept:2']);
});

/** Two layers, of which the second one can be held up until the first is there. */
function twoLayers({ root }: TestEngine) {
  const [first, second] = [1, 2].map((fill) =>
    layerOf([{ path: `file${fill}`, content: Buffer.alloc(10_000, fill) }], 'none'),
  ) as [ReturnType<typeof layerOf>, ReturnType<typeof layerOf>];
  const image = imageOf({ layers: [first, second] });
  /** Half of the second layer, then what comes after the first one is there. */
  const source = (then: () => AsyncIterable<Buffer>) =>
    sourceOf(image, {
      onBlob: (digest, offset) =>
        digest === second.descriptor.digest && offset === 0
          ? Readable.from(
              (async function* () {
                yield second.blob.subarray(0, 5000);
                const layer = join(root, 'layers', first.diff.slice('sha256:'.length));
                await until('the first layer', () => existsSync(layer));
                yield* then();
              })(),
              { objectMode: false },
            )
          : undefined,
    });
  return { image, rest: second.blob.subarray(5000), source };
}

function failing(): AsyncIterable<Buffer> {
  throw new Error('gone');
}

function storedIn({ root }: TestEngine): readonly string[] {
  return ['layers', 'blobs/sha256', 'blobs/partial'].flatMap((directory) => readdirSync(join(root, directory)));
}

test('rmi: an image goes with its files, also if an earlier pull of it had failed', async (t) => {
  if (!requires(t, 'root')) return;
  const tested = await testEngine(t);
  const { image, source } = twoLayers(tested);
  await t.throwsAsync(tested.engine.images.pull(source(failing), { name: 'test:1' }), { message: 'gone' });
  t.not(storedIn(tested).length, 0);
  await tested.engine.images.pull(sourceOf(image), { name: 'test:1' });
  await tested.engine.images.remove('test:1');
  t.deepEqual(storedIn(tested), []);
});

test('prune: what a pull has left that failed goes, unless there is a filter; diskUsage counts it', async (t) => {
  if (!requires(t, 'root')) return;
  const tested = await testEngine(t);
  const { engine } = tested;
  const { source } = twoLayers(tested);
  await t.throwsAsync(engine.images.pull(source(failing), { name: 'test:1' }), { message: 'gone' });
  const { images } = await engine.diskUsage();
  t.true(images.bytes > 25_000, 'a layer as it was sent and unpacked, and half of another one');
  t.is(images.reclaimable, images.bytes);
  t.is((await engine.images.prune({ filters: { label: ['some'] } })).reclaimed, 0);
  t.not(storedIn(tested).length, 0);
  t.is((await engine.prune()).reclaimed, images.bytes);
  t.deepEqual(storedIn(tested), []);
  t.is((await engine.diskUsage()).images.bytes, 0);
});

test('prune and rmi: a pull that is under way loses nothing, whatever one has left that failed', async (t) => {
  if (!requires(t, 'root')) return;
  const tested = await testEngine(t);
  const { engine } = tested;
  const { image, rest, source } = twoLayers(tested);
  await t.throwsAsync(engine.images.pull(source(failing), { name: 'test:1' }), { message: 'gone' });
  await engine.images.prune({ all: true });
  let goOn: (() => void) | undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  let isHeld = false;
  const under = source(async function* () {
    isHeld = true;
    await held;
    yield rest;
  });
  const other = await tested.reopen();
  const pulling = other.images.pull(under, { name: 'test:2' });
  await until('the pull', () => isHeld);
  const base = imageOf({ layers: [layerOf([{ path: 'file1', content: Buffer.alloc(10_000, 1) }], 'none')] });
  await engine.images.pull(sourceOf(base), { name: 'base:1' });
  t.is((await engine.images.prune({ all: true })).removed.length, 1);
  t.is((await engine.diskUsage()).images.bytes, 0, 'what somebody is at work on is no leftover');
  goOn?.();
  t.is((await pulling).id, image.id);
  t.deepEqual(
    under.requests.map(({ offset }) => offset),
    [0, 0, 0],
  );
  t.deepEqual(await engine.images.check(), { problems: [], repaired: true });
});
