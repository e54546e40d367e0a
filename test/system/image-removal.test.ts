/** Images that are removed while others are at work. */
import test from 'ava';

import { testEngine } from '../helpers/engine.js';
import { imageOf, layerOf, sourceOf } from '../helpers/layers.js';
import { requires } from '../helpers/requires.js';

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
