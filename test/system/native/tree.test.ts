/** Deleting trees that are deep, hostile, or in use. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { binding } from '../../../src/native/binding.js';
import {
  directoryEntries,
  directoryNames,
  isDirectory,
  isSymlink,
  openDirectory,
} from '../../../src/native/directory-entries.js';
import { mountFileSystem, removeTree, removeTreeSync, setXattr, unmount } from '../../../src/native/index.js';
import { swapper } from '../../helpers/attacks.js';
import { openDescriptors } from '../../helpers/native.js';
import { requires } from '../../helpers/requires.js';
import { memoryDirectory, temporaryDirectory } from '../../helpers/temp.js';

const EINVAL = 22;

test('a tree with files, links and special files is deleted, and nothing beside it', async (t) => {
  const directory = temporaryDirectory(t);
  const tree = join(directory, 'tree');
  const outside = join(directory, 'outside');
  mkdirSync(join(tree, 'a', 'b', 'c'), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(outside, 'precious'), 'x');
  for (let index = 0; index < 300; index += 1) writeFileSync(join(tree, 'a', `file-${index}`), '');
  symlinkSync(outside, join(tree, 'link'));
  symlinkSync('/', join(tree, 'a', 'root'));
  symlinkSync('nowhere', join(tree, 'dangling'));
  spawnSync('mkfifo', [join(tree, 'fifo')]);
  chmodSync(join(tree, 'a'), 0);
  await removeTree(tree);
  t.false(existsSync(tree));
  t.deepEqual(readdirSync(outside), ['precious']);
});

test('a link at the path itself is deleted, not what it points to', async (t) => {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, 'real', 'inner'), { recursive: true });
  symlinkSync('real', join(directory, 'link'));
  await removeTree(join(directory, 'link'));
  t.deepEqual(readdirSync(directory), ['real']);
  removeTreeSync(join(directory, 'real'));
  t.deepEqual(readdirSync(directory), []);
});

test('a directory that was removed while it is open has no names', async (t) => {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, 'gone'));
  using open = openDirectory(join(directory, 'gone'));
  rmdirSync(join(directory, 'gone'));
  t.deepEqual(await directoryNames(open.fd), []);
});

test('an entry is of one thing, whatever takes its place while it is read', async (t) => {
  if (!requires(t, 'root')) return;
  const directory = temporaryDirectory(t);
  const [one, other] = [join(directory, 'one'), join(directory, 'other')];
  symlinkSync('target', one);
  mkdirSync(other);
  await setXattr(one, 'trusted.of', Buffer.from('link'));
  await setXattr(other, 'trusted.of', Buffer.from('directory'));
  using open = openDirectory(directory);
  const names = Array<string>(500).fill('one');
  swapper(t, one, other);
  const seen = new Set<string>();
  const wanted = ['directory  directory', 'link target link'];
  const end = Date.now() + 60_000;
  for (let round = 0; (round < 40 || seen.size < wanted.length) && Date.now() < end; round += 1)
    for (const entry of await directoryEntries(open.fd, names)) {
      if (entry === undefined) continue;
      const kind = isSymlink(entry) ? 'link' : isDirectory(entry) ? 'directory' : 'else';
      seen.add(`${kind} ${entry.target} ${entry.xattrs.get('trusted.of')?.toString()}`);
    }
  t.deepEqual([...seen].sort(), wanted);
});

test('what is gone is success', async (t) => {
  const directory = temporaryDirectory(t);
  await removeTree(join(directory, 'none'));
  await removeTree(join(directory, 'none', 'below'));
  removeTreeSync(join(directory, 'none'));
  t.pass();
});

test('only absolute paths with a name at their end are taken', async (t) => {
  for (const path of ['relative', '', '/', '/tmp/', '/tmp/a\0b']) {
    await t.throwsAsync(removeTree(path), { instanceOf: TypeError });
    t.throws(() => removeTreeSync(path), { instanceOf: TypeError });
  }
  t.throws(() => removeTreeSync('/proc/self'), { name: 'NativeError' });
});

test('a path that ends with "." or ".." is refused before anything is deleted', async (t) => {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, 'x', 'inner'), { recursive: true });
  writeFileSync(join(directory, 'keep'), '');
  for (const end of ['.', '..']) {
    const path = `${directory}/x/${end}`;
    await t.throwsAsync(removeTree(path), { instanceOf: TypeError });
    t.throws(() => removeTreeSync(path), { instanceOf: TypeError });
    t.like(await binding().removeTree(path).done, { errno: EINVAL });
    t.like(binding().removeTreeNow(path), { errno: EINVAL });
  }
  t.deepEqual(readdirSync(directory).toSorted(), ['keep', 'x']);
  t.deepEqual(readdirSync(join(directory, 'x')), ['inner']);
  mkdirSync(join(directory, '...'));
  await removeTree(join(directory, '...'));
  await removeTree(`${directory}/x/../keep`);
  t.deepEqual(readdirSync(directory), ['x']);
});

test.serial('a tree that is a hundred thousand directories deep is deleted', async (t) => {
  const directory = memoryDirectory(t);
  // From the inside out, since no path is long enough to make the last one by its name.
  mkdirSync(join(directory, '0'));
  for (let depth = 1; depth < 100_000; depth += 1) {
    mkdirSync(join(directory, `${depth}`));
    renameSync(join(directory, `${depth - 1}`), join(directory, `${depth}`, 'd'));
  }
  const descriptors = openDescriptors().size;
  await removeTree(join(directory, '99999'));
  t.deepEqual(readdirSync(directory), []);
  t.is(openDescriptors().size, descriptors);
});

/** Before and after the deep ones, and many of those: whatever order a file system lists them in, names are taken when the first one is moved up. */
for (const taken of ['files', 'directories', 'links'] as const) {
  test(`a deep tree is deleted whose top has ${taken} of the names that deep directories get meanwhile`, async (t) => {
    const directory = temporaryDirectory(t);
    const tree = join(directory, 'tree');
    const take = (index: number) => {
      const name = join(tree, `.tspod-removing-${index}`);
      if (taken === 'files') writeFileSync(name, '');
      else if (taken === 'links') symlinkSync(directory, name);
      else mkdirSync(join(name, 'full'), { recursive: true });
    };
    mkdirSync(tree);
    writeFileSync(join(directory, 'precious'), 'x');
    for (let index = 0; index < 200; index += 2) take(index);
    for (let index = 0; index < 30; index += 1)
      mkdirSync(join(tree, `${index}`, 'd/'.repeat(110)), { recursive: true });
    for (let index = 1; index < 200; index += 2) take(index);
    await removeTree(tree);
    t.deepEqual(readdirSync(directory), ['precious']);
  });
}

test.serial('a mount in the tree is an error, and what is mounted stays whole', async (t) => {
  if (!requires(t, 'root')) return;
  const directory = temporaryDirectory(t);
  const target = join(directory, 'tree', 'mount');
  mkdirSync(target, { recursive: true });
  await mountFileSystem({ type: 'tmpfs', target });
  try {
    writeFileSync(join(target, 'precious'), 'x');
    const error = await t.throwsAsync(removeTree(join(directory, 'tree')), { name: 'NativeError' });
    t.true(['EBUSY', 'EXDEV'].includes((error as NodeJS.ErrnoException).code ?? ''));
    await t.throwsAsync(removeTree(target), { name: 'NativeError' });
    t.deepEqual(readdirSync(target), ['precious']);
  } finally {
    await unmount(target);
  }
  await removeTree(join(directory, 'tree'));
  t.false(existsSync(join(directory, 'tree')));
});

test.serial('a directory that is swapped for a link meanwhile leads nowhere', async (t) => {
  const directory = memoryDirectory(t);
  const sentinel = join(directory, 'sentinel');
  mkdirSync(join(sentinel, 'inner'), { recursive: true });
  for (let index = 0; index < 20; index += 1) writeFileSync(join(sentinel, 'inner', `f${index}`), '');
  // The racer makes directories into links to the sentinel and back, as fast as it can.
  const racer = new Worker(
    `const fs = require('node:fs');
     const { tree, sentinel, flag } = require('node:worker_threads').workerData;
     while (flag[0] === 0) {
       for (let i = 0; i < 20; i++) {
         try { fs.renameSync(tree + '/d' + i, tree + '/x'); fs.symlinkSync(sentinel, tree + '/d' + i); } catch {}
         try { fs.unlinkSync(tree + '/d' + i); fs.renameSync(tree + '/x', tree + '/d' + i); } catch {}
       }
     }`,
    {
      eval: true,
      workerData: { tree: join(directory, 'tree'), sentinel, flag: new Int32Array(new SharedArrayBuffer(4)) },
    },
  );
  try {
    for (let round = 0; round < 100; round += 1) {
      const staging = join(directory, 'staging');
      for (let index = 0; index < 20; index += 1)
        mkdirSync(join(staging, `d${index}`, 'inner', 'e'), { recursive: true });
      renameSync(staging, join(directory, 'tree'));
      // What the racer puts in after it was listed is left: ENOTEMPTY. What counts is outside.
      await removeTree(join(directory, 'tree')).catch(() => {});
      await removeTree(join(directory, 'tree')).catch(() => {});
      if (existsSync(join(directory, 'tree'))) renameSync(join(directory, 'tree'), join(directory, `left-${round}`));
      t.is(readdirSync(join(sentinel, 'inner')).length, 20);
    }
  } finally {
    await racer.terminate();
  }
});

test.serial('a removal can be called off', async (t) => {
  const directory = memoryDirectory(t);
  const tree = join(directory, 'tree');
  for (let index = 0; index < 100; index += 1) {
    mkdirSync(join(tree, `d${index}`), { recursive: true });
    for (let file = 0; file < 100; file += 1) writeFileSync(join(tree, `d${index}`, `f${file}`), '');
  }
  const controller = new AbortController();
  const removal = removeTree(tree, { signal: controller.signal });
  controller.abort();
  await t.throwsAsync(removal, { code: 'ABORTED' });
  t.true(existsSync(tree));
  await t.throwsAsync(removeTree(tree, { signal: AbortSignal.abort() }), { code: 'ABORTED' });
  await removeTree(tree);
  t.false(existsSync(tree));
});
