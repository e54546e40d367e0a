/** Namespaces that are made, opened, pinned and named by this process. */
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import test from 'ava';
import {
  createNamespace,
  NAMESPACE_KINDS,
  openNamespace,
  pinNamespace,
  readIdMaps,
  runInNamespaces,
  unmount,
  withNamespaces,
} from '../../../src/native/index.js';
import type { NamespaceHandle, NamespaceKind } from '../../../src/native/index.js';
import { held } from '../../helpers/native.js';
import { requires } from '../../helpers/requires.js';
import { withFewDescriptors } from '../../helpers/scarce.js';
import { temporaryDirectory } from '../../helpers/temp.js';
import { namespaceOf, staysUntouched } from '../../helpers/untouched.js';

const MADE = NAMESPACE_KINDS.filter((kind) => kind !== 'pid');

/** What a program sees that is in the namespace. */
async function seenIn(kind: NamespaceKind, source: NamespaceHandle | string, path: string): Promise<string> {
  const { stdout } = await runInNamespaces({ command: ['cat', path], namespaces: { [kind]: source } });
  return stdout.toString().trim().replaceAll(/ +/g, ' ');
}

for (const kind of MADE) {
  test.serial(`a ${kind} namespace is made, joined, and closed`, async (t) => {
    if (!requires(t, 'root', ...(kind === 'time' ? (['timens'] as const) : []))) return;
    staysUntouched(t);
    const made = held(t, await createNamespace(kind));
    t.is(made.kind, kind);
    t.not(`${kind}:[${made.inode}]`, namespaceOf('self', kind));
    const { stdout } = await runInNamespaces({
      command: ['readlink', `/proc/self/ns/${kind}`],
      namespaces: { [kind]: made },
    });
    t.is(stdout.toString().trim(), `${kind}:[${made.inode}]`);
    const second = held(t, openNamespace(kind, made));
    made.close();
    made.close();
    t.throws(() => made.fd, { instanceOf: TypeError });
    t.is(second.inode, made.inode);
    t.throws(() => openNamespace(kind, made), { instanceOf: TypeError });
  });
}

test.serial('a pid namespace cannot be held without a process', async (t) => {
  await t.throwsAsync(createNamespace('pid'), { code: 'NOT_SUPPORTED' });
});

test.serial('a mount namespace begins with mounts that are private', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  const mnt = held(t, await createNamespace('mnt'));
  const mounts = await withNamespaces({ mnt }, (inside) => inside.readFile('/proc/thread-self/mountinfo'));
  t.notRegex(mounts, /shared:|master:/);
});

test.serial('clocks of a time namespace differ by the seconds that were asked for', async (t) => {
  if (!requires(t, 'root', 'timens')) return;
  staysUntouched(t);
  const time = held(
    t,
    await createNamespace('time', { monotonicOffsetSeconds: 86_400, boottimeOffsetSeconds: 3 * 86_400 }),
  );
  t.is(await seenIn('time', time, '/proc/self/timens_offsets'), 'monotonic 86400 0\nboottime 259200 0');
  const here = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  const there = Number((await seenIn('time', time, '/proc/uptime')).split(' ')[0]);
  t.true(Math.abs(there - here - 259_200) < 60);
  const past = held(t, await createNamespace('time', { monotonicOffsetSeconds: -1 }));
  t.regex(await seenIn('time', past, '/proc/self/timens_offsets'), /^monotonic -1 0$/m);
  await t.throwsAsync(createNamespace('time', { boottimeOffsetSeconds: -1e12 }), { code: 'ERANGE' });
  for (const monotonicOffsetSeconds of [0.5, Number.NaN, 1e300])
    await t.throwsAsync(createNamespace('time', { monotonicOffsetSeconds }), { instanceOf: TypeError });
});

test.serial('ids of a user namespace are those of its maps', async (t) => {
  if (!requires(t, 'root', 'userns')) return;
  staysUntouched(t);
  const uidMap = [
    { inside: 0, outside: 1000, size: 1 },
    { inside: 1, outside: 100_000, size: 65_536 },
  ];
  const gidMap = [{ inside: 5, outside: 7, size: 2 }];
  const user = held(t, await createNamespace('user', { uidMap, gidMap }));
  t.deepEqual(await readIdMaps(user), { uidMap, gidMap });
  t.is(await seenIn('user', held(t, await createNamespace('user')), '/proc/self/uid_map'), ' 0 0 1'.trim());
  const unwritten = held(t, await createNamespace('user', { uidMap: [], gidMap: [] }));
  t.deepEqual(await readIdMaps(unwritten), { uidMap: [], gidMap: [] });
  const many = Array.from({ length: 340 }, (_, index) => ({ inside: index * 2, outside: index * 2, size: 1 }));
  const full = held(t, await createNamespace('user', { uidMap: many }));
  t.is((await readIdMaps(full)).uidMap.length, 340);
});

test.serial('maps that the kernel refuses are EINVAL, and what is no range is misuse', async (t) => {
  if (!requires(t, 'root', 'userns')) return;
  staysUntouched(t);
  const range = { inside: 0, outside: 0, size: 10 };
  const wide = Array.from({ length: 340 }, (_, index) => ({ inside: 1e9 + index, outside: 1e9 + index, size: 1 }));
  for (const uidMap of [[range, { ...range, outside: 100 }], [{ inside: 0, outside: 2 ** 32 - 1, size: 2 }], wide])
    await t.throwsAsync(createNamespace('user', { uidMap }), { code: 'EINVAL', name: 'NativeError' });
  for (const size of [0, -1, 1.5, 2 ** 32])
    await t.throwsAsync(createNamespace('user', { gidMap: [{ ...range, size }] }), { instanceOf: TypeError });
  await t.throwsAsync(createNamespace('user', { uidMap: [...wide, range] }), { instanceOf: TypeError });
  await t.throwsAsync(createNamespace('net', { uidMap: [range] }), { instanceOf: TypeError });
  await t.throwsAsync(createNamespace('uts', { monotonicOffsetSeconds: 1 }), { instanceOf: TypeError });
  await t.throwsAsync(readIdMaps(held(t, openNamespace('user', { pid: process.pid }))), { code: 'EINVAL' });
  await t.throwsAsync(readIdMaps(held(t, await createNamespace('net'))), { instanceOf: TypeError });
});

test.serial('what names a namespace is a path, a process or a handle', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  const directory = temporaryDirectory(t);
  const own = namespaceOf('self', 'net');
  for (const source of ['/proc/self/ns/net', { pid: process.pid }, held(t, openNamespace('net', '/proc/self/ns/net'))])
    t.is(`net:[${held(t, openNamespace('net', source)).inode}]`, own);
  symlinkSync('/proc/self/ns/net', `${directory}/a link`);
  t.is(`net:[${held(t, openNamespace('net', `${directory}/a link`)).inode}]`, own);
  writeFileSync(`${directory}/file`, '');
  execFileSync('mkfifo', [`${directory}/fifo`]);
  for (const path of [`${directory}/file`, `${directory}/fifo`, directory, '/dev/null', '/proc/self/ns/uts'])
    t.throws(() => openNamespace('net', path), { code: 'EINVAL', name: 'NativeError' });
  t.throws(() => openNamespace('net', `${directory}/none`), { code: 'ENOENT' });
  t.throws(() => openNamespace('net', { pid: 0x7ffffffe }), { code: 'ENOENT' });
  const misuse = ['proc/self/ns/net', '', '/proc/self/ns/net\0', { pid: 0 }, { pid: Number.NaN }, null, undefined, 7];
  for (const source of misuse) t.throws(() => openNamespace('net', source as string), { instanceOf: TypeError });
  t.throws(() => openNamespace('toString' as 'net', '/proc/self/ns/net'), { instanceOf: TypeError });
  t.throws(() => openNamespace('uts', held(t, openNamespace('net', { pid: process.pid }))), { instanceOf: TypeError });
});

test.serial('a pinned namespace is there without a process, until it is unmounted', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  const path = `${temporaryDirectory(t)}/a name, with=odd\nletters`;
  const made = await createNamespace('uts');
  await pinNamespace(made, path);
  await t.throwsAsync(pinNamespace(made, path), { code: 'EEXIST' });
  await t.throwsAsync(pinNamespace(made, `${path}/none`), { code: 'ENOTDIR' });
  await t.throwsAsync(pinNamespace(made, 'relative'), { instanceOf: TypeError });
  made.close();
  await t.throwsAsync(pinNamespace(made, `${path}2`), { instanceOf: TypeError });
  const { stdout } = await runInNamespaces({ command: ['readlink', '/proc/self/ns/uts'], namespaces: { uts: path } });
  t.is(stdout.toString().trim(), `uts:[${made.inode}]`);
  await unmount(path);
  t.is(statSync(path).mode & 0o777, 0o400);
  t.throws(() => openNamespace('uts', path), { code: 'EINVAL' });
  await rm(path);
});

test.serial('a mount namespace cannot be pinned in itself, and then no file stays', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  const path = `${temporaryDirectory(t)}/own`;
  await t.throwsAsync(pinNamespace(held(t, openNamespace('mnt', { pid: process.pid })), path), { code: 'ELOOP' });
  t.false(existsSync(path));
});

test.serial('a mount namespace that cannot be made private leaves no descriptor', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  await t.notThrowsAsync(withFewDescriptors(8, () => createNamespace('mnt')));
});

test.serial('a hundred at once are a hundred', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  const kinds = Array.from(
    { length: 100 },
    (_, index) => (['uts', 'ipc', 'mnt', 'cgroup'] as const)[index % 4] ?? 'uts',
  );
  const made = await Promise.all(kinds.map((kind) => createNamespace(kind)));
  for (const handle of made) held(t, handle);
  t.is(new Set(made.map(({ inode }) => inode)).size, 100);
});
