/** Containers and volumes whose directories are nested deeper than any path can say. */
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import type { Container } from '../../../src/index.js';
import { removeTree } from '../../../src/native/index.js';
import { treeSize } from '../../../src/storage/size.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { makeDeepTree } from '../../helpers/deep-tree.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { openDescriptors } from '../../helpers/native.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const BYTES = 1024 ** 2;
/** Of a path of directories with names of 20 letters the kernel takes 195. */
const DEEP = 300;
/** More than JavaScript’s stack has room for. */
const DEEPER = 1500;

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'busybox', 'overlay');

/** A container whose root has so many directories in each other, and a file in the last. */
async function nested({ engine, options }: TestEngine, rootfs: string, depth: number): Promise<Container> {
  const container = await engine.containers.create(options({ rootfs, rootfsOverlay: true, command: ['true'] }));
  makeDeepTree(await container.mount(), depth, BYTES);
  await container.unmount();
  return container;
}

test('sizes: files are counted however deep they lie', async (t) => {
  if (!ready(t)) return;
  const env = await testEngine(t);
  const container = await nested(env, busyboxRoot(t), DEEP);
  t.is((await container.sizes()).writable, BYTES);
  const { mountpoint, name } = await env.engine.volumes.create({});
  makeDeepTree(mountpoint, DEEPER, BYTES);
  const { volumes, containers } = await env.engine.diskUsage();
  t.deepEqual([volumes.bytes, containers.bytes], [BYTES, BYTES]);
  await env.engine.volumes.remove(name);
  await container.remove();
  await env.assertNothingLeft();
});

test('treeSize: what is beside deep directories counts once, and no descriptor stays open', async (t) => {
  const top = temporaryDirectory(t);
  const [first, inner] = [join(top, 'd'.repeat(20)), join(top, ...Array<string>(70).fill('d'.repeat(20)))];
  t.teardown(() => removeTree(first));
  t.is(treeSize(first), 0, 'what is missing takes nothing');
  makeDeepTree(top, DEEP, BYTES);
  for (const directory of [top, first, inner, join(inner, 'd'.repeat(20))]) makeDeepTree(directory, 0, BYTES);
  const before = openDescriptors();
  t.is(treeSize(top), 5 * BYTES);
  t.deepEqual(openDescriptors(), before);
});

test('diff and commit: of trees that are too deep they say so', async (t) => {
  if (!ready(t)) return;
  const env = await testEngine(t);
  const { engine } = env;
  const rootfs = busyboxRoot(t);
  const [deep, deeper] = [await nested(env, rootfs, DEEP), await nested(env, rootfs, DEEPER)];
  t.is((await deep.diff()).length, DEEP + 1);
  t.is((await engine.diff(deep.id, deeper.id)).length, DEEP + 2);
  for (const tried of [
    () => deeper.diff(),
    () => engine.diff(deeper.id, deep.id),
    () => engine.images.commit(deeper.id, { name: 'deep:1' }),
  ]) {
    const message = await rejectsWith(t, tried(), 'NOT_SUPPORTED');
    t.regex(message, /^directories nested deeper than 400 cannot be (compared|archived)$/);
  }
  for (const container of [deep, deeper]) await container.remove();
});
