/** Mounts, each in a mount namespace of the test's own, as /proc/PID/mountinfo shows them. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import {
  bindMount,
  createNamespace,
  isNativeError,
  mountFileSystem,
  runInNamespaces,
  setPropagation,
  unmount,
  withNamespaces,
} from '../../../src/native/index.js';
import type { InsideOperations, NamespaceHandle, Propagation } from '../../../src/native/index.js';
import { held } from '../../helpers/native.js';
import { requires, skip } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';
import { staysUntouched } from '../../helpers/untouched.js';

interface Place {
  readonly mnt: NamespaceHandle;
  /** A directory of the test's own, with a name that mountinfo has to escape. */
  readonly directory: string;
  /** Options, propagation, type and source of what is mounted at a path there; undefined: nothing. */
  readonly mountAt: (path: string) => Promise<string | undefined>;
}

async function place(t: ExecutionContext): Promise<Place> {
  staysUntouched(t);
  const directory = `${temporaryDirectory(t)}/a, b=c\nd`;
  mkdirSync(`${directory}/target`, { recursive: true });
  const mnt = held(t, await createNamespace('mnt'));
  const mountAt = async (path: string) => {
    const table = await withNamespaces({ mnt }, (inside) => inside.readFile('/proc/thread-self/mountinfo'));
    const name = path.replaceAll(' ', '\\040').replaceAll('\n', '\\012');
    const line = table.split('\n').findLast((each) => each.split(' ')[4] === name);
    return line?.split(' ').slice(5).join(' ');
  };
  return { mnt, directory, mountAt };
}

/** Nothing of it is seen outside. */
function hidden(t: ExecutionContext, { directory }: Place): void {
  t.false(readFileSync('/proc/self/mountinfo', 'utf8').includes(directory.replaceAll(/[ \n].*/gs, '')));
}

const ATTRIBUTES = [
  ['readOnly', 'ro'],
  ['noSuid', 'nosuid'],
  ['noDev', 'nodev'],
  ['noExec', 'noexec'],
  ['noAtime', 'noatime'],
  ['noSymlinkFollow', 'nosymfollow'],
] as const;

test.serial('a file system is mounted with its options and attributes, in the namespace only', async (t) => {
  if (!requires(t, 'root')) return;
  const here = await place(t);
  const target = `${here.directory}/target`;
  const inside = { mnt: here.mnt };
  for (const [attribute, word] of ATTRIBUTES) {
    await mountFileSystem({ type: 'tmpfs', target, [attribute]: true, inside });
    t.true((await here.mountAt(target))?.split(' ')[0]?.split(',').includes(word), word);
    await unmount(target, { inside });
  }
  const options = ['size=64k', 'mode=0701', 'uid=7'];
  await mountFileSystem({ type: 'tmpfs', source: 'a "source", with=odd\nletters', target, options, inside });
  t.regex(
    (await here.mountAt(target)) ?? '',
    /^rw,relatime - tmpfs a\\040"source",\\040with=odd\\012letters rw,size=64k,mode=701,uid=7/,
  );
  hidden(t, here);
  await unmount(target, { inside });
  t.is(await here.mountAt(target), undefined);
});

test.serial('what cannot be mounted says why, and nothing is mounted', async (t) => {
  if (!requires(t, 'root')) return;
  const here = await place(t);
  const [target, inside] = [`${here.directory}/target`, { mnt: here.mnt }];
  const tmpfs = { type: 'tmpfs', target, inside };
  await t.throwsAsync(mountFileSystem({ ...tmpfs, type: 'nofs' }), { code: 'ENODEV', name: 'NativeError' });
  await t.throwsAsync(mountFileSystem({ ...tmpfs, target: `${target}/none` }), { code: 'ENOENT' });
  const refused = await t.throwsAsync(mountFileSystem({ ...tmpfs, options: ['nope=1'] }), { code: 'EINVAL' });
  t.regex(refused?.message ?? '', /nope/);
  await t.throwsAsync(mountFileSystem({ ...tmpfs, options: ['size=many'] }), { code: 'EINVAL' });
  symlinkSync('target', `${here.directory}/link`);
  await t.throwsAsync(mountFileSystem({ ...tmpfs, target: `${here.directory}/link` }), { code: 'EINVAL' });
  const misuse = [{ target: 'relative' }, { target: `${target}\0` }, { type: 'tmp\0fs' }, { options: ['a\0'] }];
  const long = { options: [`size=${'1'.repeat(256)}`] };
  const many = { options: Array.from({ length: 1025 }, () => 'size=1') };
  for (const wrong of [...misuse, long, many, { options: 'size=1' }, { source: 7 }, { target: undefined }])
    await t.throwsAsync(mountFileSystem({ ...tmpfs, ...(wrong as object) }), { instanceOf: TypeError });
  t.is(await here.mountAt(target), undefined);
});

test.serial('a bind mount shows a tree, or a file, a second time', async (t) => {
  if (!requires(t, 'root')) return;
  const here = await place(t);
  const [source, target] = [`${here.directory}/source`, `${here.directory}/target`];
  mkdirSync(`${source}/below`, { recursive: true });
  writeFileSync(`${source}/file`, 'text');
  symlinkSync('source', `${here.directory}/link`);
  await withNamespaces({ mnt: here.mnt }, async (inside) => {
    await inside.mountFileSystem({ type: 'tmpfs', target: `${source}/below` });
    await inside.bindMount({ source, target });
    t.is(await here.mountAt(`${target}/below`), undefined);
    await inside.unmount(target);
    await inside.bindMount({ source: `${here.directory}/link`, target, recursive: true, readOnly: true, noExec: true });
    for (const path of [target, `${target}/below`])
      t.regex((await here.mountAt(path)) ?? '', /^ro,(?:nosuid,)?(?:nodev,)?noexec[ ,]/);
    t.notRegex((await here.mountAt(`${source}/below`)) ?? '', /^ro/);
    await t.throwsAsync(inside.writeFile(`${target}/file`, 'x'), { code: 'EROFS' });
    await t.throwsAsync(inside.bindMount({ source: `${source}/file`, target }), { code: 'EINVAL' });
    await t.throwsAsync(inside.bindMount({ source: `${source}/none`, target }), { code: 'ENOENT' });
    for (const wrong of [
      { source: 'a' },
      { target: 'a' },
      { propagation: 'toString' },
      { idMap: here.mnt },
      { idMap: {} },
    ])
      await t.throwsAsync(inside.bindMount({ source, target, ...(wrong as object) }), { instanceOf: TypeError });
    writeFileSync(`${here.directory}/other`, 'other');
    await inside.bindMount({ source: `${source}/file`, target: `${here.directory}/other` });
    t.is(await inside.readFile(`${here.directory}/other`), 'text');
  });
  t.is(readFileSync(`${here.directory}/other`, 'utf8'), 'other');
  hidden(t, here);
});

test.serial('a bind mount has the attributes that are asked for', async (t) => {
  if (!requires(t, 'root')) return;
  const here = await place(t);
  const target = `${here.directory}/target`;
  const inside = { mnt: here.mnt };
  for (const [attribute, word] of ATTRIBUTES) {
    await bindMount({ source: '/usr', target, [attribute]: true, inside });
    t.true((await here.mountAt(target))?.split(' ')[0]?.split(',').includes(word), word);
    await unmount(target, { inside });
  }
  await bindMount({ source: '/usr', target, recursive: true, noAtime: true, readOnly: true, inside });
  t.regex((await here.mountAt(target)) ?? '', /^ro,noatime /);
});

test.serial('owners appear as an id map says', async (t) => {
  if (!requires(t, 'root', 'userns')) return;
  const here = await place(t);
  const source = `${here.directory}/source`;
  const target = `${here.directory}/target`;
  await withNamespaces({ mnt: here.mnt }, async (inside) => {
    mkdirSync(source);
    await inside.mountFileSystem({ type: 'tmpfs', target: source });
    await runInNamespaces({
      command: ['sh', '-c', 'touch "$0/file" && chown 5:6 "$0/file"', source],
      namespaces: { mnt: here.mnt },
    });
    const map = [{ inside: 0, outside: 100_000, size: 1000 }];
    const idMap = await createNamespace('user', { uidMap: map, gidMap: map });
    const mounted = inside.bindMount({ source, target, idMap });
    idMap.close();
    try {
      await mounted;
    } catch (error) {
      if (!isNativeError(error, 'EINVAL')) throw error;
      skip(t, 'the kernel has no id-mapped tmpfs (Linux 6.3)');
      return;
    }
    const { stdout } = await runInNamespaces({
      command: ['stat', '-c', '%u:%g', `${target}/file`],
      namespaces: { mnt: here.mnt },
    });
    t.is(stdout.toString(), '100005:100006\n');
  });
});

test.serial('unmount: what is in use, what is none, and what lies below', async (t) => {
  if (!requires(t, 'root')) return;
  const here = await place(t);
  const target = `${here.directory}/target`;
  await withNamespaces({ mnt: here.mnt }, async (inside) => {
    await t.throwsAsync(inside.unmount(target), { code: 'EINVAL' });
    await t.throwsAsync(inside.unmount(`${target}/none`), { code: 'ENOENT' });
    await inside.mountFileSystem({ type: 'tmpfs', target, source: 'first' });
    await inside.mountFileSystem({ type: 'tmpfs', target, source: 'second' });
    t.regex((await here.mountAt(target)) ?? '', / tmpfs second /);
    await inside.unmount(target, { force: true });
    t.regex((await here.mountAt(target)) ?? '', / tmpfs first /);
    await inspectBusy(t, here, inside, target);
    symlinkSync('target', `${here.directory}/link`);
    await inside.mountFileSystem({ type: 'tmpfs', target });
    await t.throwsAsync(inside.unmount(`${here.directory}/link`), { code: 'EINVAL' });
    for (const path of ['target', '', `${target}\0x`])
      await t.throwsAsync(inside.unmount(path), { instanceOf: TypeError });
    t.truthy(await here.mountAt(target));
  });
});

/** A program in the mount keeps it busy. */
async function inspectBusy(t: ExecutionContext, { mnt }: Place, inside: InsideOperations, target: string) {
  const aborter = new AbortController();
  const running = runInNamespaces({
    command: ['sh', '-c', 'echo > ready; exec sleep 60'],
    cwd: target,
    namespaces: { mnt },
    signal: aborter.signal,
  });
  while (!(await inside.readDirectory(target)).includes('ready')) await new Promise((next) => setTimeout(next, 5));
  await t.throwsAsync(inside.unmount(target), { code: 'EBUSY' });
  await inside.unmount(target, { detach: true });
  t.deepEqual(await inside.readDirectory(target), []);
  aborter.abort();
  await t.throwsAsync(running, { code: 'ABORTED' });
}

test.serial('propagation is that of one mount, or of all below', async (t) => {
  if (!requires(t, 'root')) return;
  const here = await place(t);
  const [target, inside] = [`${here.directory}/target`, { mnt: here.mnt }];
  const words: readonly [Propagation, RegExp][] = [
    ['shared', /shared:\d+ -/],
    ['slave', /master:\d+ -|relatime -/],
    ['private', /relatime -/],
    ['unbindable', /unbindable -/],
  ];
  await t.throwsAsync(setPropagation(target, 'shared', { inside }), { code: 'EINVAL' });
  await mountFileSystem({ type: 'tmpfs', target, inside });
  await withNamespaces(inside, async (there) => {
    await runInNamespaces({ command: ['mkdir', `${target}/below`], namespaces: inside });
    await there.mountFileSystem({ type: 'tmpfs', target: `${target}/below` });
  });
  for (const [type, expected] of words) {
    await setPropagation(target, type, { inside });
    t.regex((await here.mountAt(target)) ?? '', expected);
  }
  t.notRegex((await here.mountAt(`${target}/below`)) ?? '', /unbindable/);
  await setPropagation(target, 'shared', { recursive: true, inside });
  t.regex((await here.mountAt(`${target}/below`)) ?? '', /shared:/);
  await t.throwsAsync(setPropagation(`${target}/none`, 'shared', { inside }), { code: 'ENOENT' });
  await t.throwsAsync(setPropagation(target, 'constructor' as 'shared', { inside }), { instanceOf: TypeError });
  await t.throwsAsync(setPropagation('target', 'shared', { inside }), { instanceOf: TypeError });
  mkdirSync(`${here.directory}/second`);
  await bindMount({ source: target, target: `${here.directory}/second`, propagation: 'slave', inside });
  t.regex((await here.mountAt(`${here.directory}/second`)) ?? '', /master:\d+ -/);
});

test.serial('a hundred mounts at once, one above the other, and their end one by one', async (t) => {
  if (!requires(t, 'root')) return;
  const here = await place(t);
  const target = `${here.directory}/target`;
  await withNamespaces({ mnt: here.mnt }, async (inside) => {
    const all = Array.from({ length: 100 });
    await Promise.all(all.map(() => inside.mountFileSystem({ type: 'tmpfs', target })));
    // Two at once may find the same one, which is busy for the second.
    for (let count = 0; count < all.length; count += 1) await inside.unmount(target);
    t.is(await here.mountAt(target), undefined);
  });
});
