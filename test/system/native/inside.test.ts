/** Files and host names as namespaces show them, and handles that are closed too early. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import {
  addAddress,
  createBridge,
  createNamespace,
  createVeth,
  getHostname,
  listAddresses,
  listLinks,
  openNamespace,
  readDirectoryInside,
  readFileInside,
  setHostname,
  setLink,
  withNamespaces,
  writeFileInside,
} from '../../../src/native/index.js';
import { held } from '../../helpers/native.js';
import { LOOKS } from '../../helpers/leaks.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';
import { staysUntouched, strayThreads } from '../../helpers/untouched.js';

test.serial('host names belong to their namespaces', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  const own = readFileSync('/proc/sys/kernel/hostname', 'utf8').trim();
  const [a, b] = [held(t, await createNamespace('uts')), held(t, await createNamespace('uts'))];
  await Promise.all([setHostname('a', { inside: { uts: a } }), setHostname('b'.repeat(64), { inside: { uts: b } })]);
  t.deepEqual(
    [await getHostname(), await getHostname({ inside: { uts: a } }), await getHostname({ inside: { uts: b } })],
    [own, 'a', 'b'.repeat(64)],
  );
  await setHostname('', { inside: { uts: a } });
  t.is(await getHostname({ inside: { uts: a } }), '');
  for (const name of ['c'.repeat(65), 'ü'.repeat(33), 'a\0b', 5 as unknown as string])
    await t.throwsAsync(setHostname(name, { inside: { uts: a } }), { instanceOf: TypeError });
});

test.serial('a file has what was written to it, and nothing of before', async (t) => {
  if (!requires(t, 'root')) return;
  const path = `${temporaryDirectory(t)}/file`;
  const mnt = held(t, await createNamespace('mnt'));
  for (const write of [
    (value: string) => writeFileInside(path, value),
    (value: string) => withNamespaces({ mnt }, (inside) => inside.writeFile(path, value)),
  ]) {
    writeFileSync(path, 'a long text');
    await write('short');
    t.is(readFileSync(path, 'utf8'), 'short');
    await write('');
    t.is(readFileSync(path, 'utf8'), '');
  }
});

test.serial('sysctls of a network namespace are written there, with one write', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  const inside = { net: held(t, await createNamespace('net')) };
  const path = '/proc/sys/net/ipv4/ip_default_ttl';
  const own = readFileSync(path, 'utf8');
  await writeFileInside(path, '42', { inside });
  t.is(await readFileInside(path, { inside }), '42\n');
  t.is(readFileSync(path, 'utf8'), own);
  await t.throwsAsync(writeFileInside(path, '4294967296', { inside }), {
    code: 'EINVAL',
    message: `write "${path}": invalid argument`,
  });
  await t.throwsAsync(writeFileInside('/proc/sys/net/none', '1', { inside }), { code: 'ENOENT' });
  t.deepEqual((await readFileInside('/proc/net/dev', { inside })).match(/\w+(?=:)/g)?.includes('lo'), true);
});

test.serial(
  'threads that can go back from a namespace do the next calls, and a few of them wait for those',
  async (t) => {
    if (!requires(t, 'root')) return;
    staysUntouched(t);
    const [net, uts] = [held(t, await createNamespace('net')), held(t, await createNamespace('uts'))];
    const thread = async (inside: object) =>
      (await readFileInside('/proc/thread-self/status', { inside })).match(/Pid:\t(\d+)/)?.[1];
    const [first, second, third] = [await thread({ net }), await thread({ uts, net }), await thread({ net })];
    t.deepEqual([second, third], [first, first]);
    t.not(await thread({ net: '/nonexistent' }).catch(() => thread({ uts })), undefined);
    const threads = () => readdirSync('/proc/self/task').length;
    const before = threads();
    await Promise.all(Array.from({ length: 100 }, () => getHostname({ inside: { uts, net } })));
    for (let look = 0; look < LOOKS && threads() > before + 8; look += 1) await delay(1);
    t.true(threads() <= before + 8, `${threads()} threads, ${before} before`);
  },
);

test.serial('files are read whole or not at all, and nothing holds the reader up', async (t) => {
  staysUntouched(t);
  const directory = temporaryDirectory(t);
  const path = `${directory}/a name, with=odd\n../letters`.replace('/letters', 'letters');
  writeFileSync(path, 'x'.repeat(100_000));
  t.is((await readFileInside(path)).length, 100_000);
  t.is((await readFileInside(path, { maxBytes: 100_000 })).length, 100_000);
  await t.throwsAsync(readFileInside(path, { maxBytes: 99_999 }), { code: 'EFBIG' });
  await t.throwsAsync(readFileInside('/dev/zero'), { code: 'EFBIG' });
  await t.throwsAsync(readFileInside(directory), { code: 'EISDIR' });
  await writeFileInside(path, 'ü\0');
  t.is(readFileSync(path, 'utf8'), 'ü\0');
  execFileSync('mkfifo', [`${directory}/fifo`]);
  t.is(await readFileInside(`${directory}/fifo`), '');
  await t.throwsAsync(writeFileInside(`${directory}/fifo`, 'x'), { code: 'ENXIO' });
  await t.throwsAsync(getHostname({ inside: { uts: `${directory}/fifo` } }), { code: 'EINVAL' });
  for (const maxBytes of [-1, 0.5, Number.NaN, Infinity, 2 ** 32])
    await t.throwsAsync(readFileInside(path, { maxBytes }), { instanceOf: TypeError });
  for (const wrong of ['relative', '', `${path}\0`, undefined as unknown as string]) {
    await t.throwsAsync(readFileInside(wrong), { instanceOf: TypeError });
    await t.throwsAsync(writeFileInside(wrong, ''), { instanceOf: TypeError });
    await t.throwsAsync(readDirectoryInside(wrong), { instanceOf: TypeError });
  }
});

test.serial('directories are listed without their own names', async (t) => {
  staysUntouched(t);
  const directory = temporaryDirectory(t);
  t.deepEqual(await readDirectoryInside(directory), []);
  for (const name of ['a b', '...', 'c\nd']) mkdirSync(`${directory}/${name}`);
  t.deepEqual((await readDirectoryInside(directory)).toSorted(), ['...', 'a b', 'c\nd']);
  await t.throwsAsync(readDirectoryInside(`${directory}/none`), { code: 'ENOENT' });
  await t.throwsAsync(readDirectoryInside('/proc/version'), { code: 'ENOTDIR' });
});

test.serial('what a thread cannot enter is refused before anything is done', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  for (const kind of ['user', 'pid', 'time']) {
    const namespaces = { [kind]: `/proc/self/ns/${kind}` };
    await t.throwsAsync(
      withNamespaces(namespaces, () => Promise.resolve(t.fail())),
      { code: 'NOT_SUPPORTED' },
    );
    await t.throwsAsync(getHostname({ inside: namespaces }), { code: 'NOT_SUPPORTED' });
  }
  const wrong = [{ nope: '/proc/self/ns/net' }, { net: 'relative' }, { net: null }, { net: 5 }, null, 'net'];
  for (const inside of wrong) await t.throwsAsync(listLinks({ inside: inside as object }), { instanceOf: TypeError });
  const uts = held(t, await createNamespace('uts'));
  await t.throwsAsync(listLinks({ inside: { net: uts } }), { instanceOf: TypeError });
  await t.throwsAsync(listLinks({ inside: { net: `/proc/self/fd/${uts.fd}` } }), { code: 'EINVAL' });
  t.true((await listLinks({ inside: { net: undefined } as object })).length > 0);
});

test.serial('a handle that is closed while a call is under way still names its namespace', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  const own = await getHostname();
  const kept = held(t, await createNamespace('uts'));
  for (let round = 0; round < 50; round += 1) {
    const closed = await createNamespace('uts');
    const done = setHostname(`round${round}`, { inside: { uts: closed } });
    closed.close();
    using reused = await createNamespace('uts'); // has the number of the closed one's descriptor
    await done;
    t.deepEqual([await getHostname(), await getHostname({ inside: { uts: reused } })], [own, own]);
  }
  await t.throwsAsync(getHostname({ inside: { uts: (kept.close(), kept) } }), { instanceOf: TypeError });
});

test.serial('so it is in calls that ask the kernel several things', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  const [net, other] = [await createNamespace('net'), await createNamespace('net')];
  const [seen, seenOther] = [
    { net: held(t, openNamespace('net', net)) },
    { net: held(t, openNamespace('net', other)) },
  ];
  await createBridge({ name: 'br0', up: true, inside: { net } });
  const inside = { net };
  const calls = [
    createVeth({ name: 'v0', up: true, inside, peer: { name: 'v1', up: true, namespace: other } }),
    addAddress('br0', '192.0.2.1/24', { inside }),
    setLink('br0', { mtu: 1400, inside }),
  ];
  net.close();
  other.close();
  await Promise.all(calls);
  t.is((await listAddresses({ link: 'br0', inside: seen })).filter(({ scope }) => scope === 'global').length, 1);
  t.like(
    (await listLinks({ inside: seen })).find(({ name }) => name === 'br0'),
    { mtu: 1400 },
  );
  t.true((await listLinks({ inside: seenOther })).some(({ name, up }) => name === 'v1' && up));
});

test.serial('withNamespaces closes what it opened, whatever becomes of the work', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  const uts = held(t, await createNamespace('uts'));
  await t.throwsAsync(
    withNamespaces({ uts, net: { pid: process.pid } }, () => Promise.reject(new RangeError('mine'))),
    { instanceOf: RangeError },
  );
  await t.throwsAsync(
    withNamespaces({ uts, net: '/none' }, () => Promise.resolve()),
    { code: 'ENOENT' },
  );
  let forgotten: Promise<void> | undefined;
  const late = await withNamespaces({ uts }, (inside) => {
    forgotten = inside.setHostname('late');
    return Promise.resolve(inside);
  });
  await forgotten;
  t.is(await getHostname({ inside: { uts } }), 'late');
  await t.throwsAsync(late.hostname(), { instanceOf: TypeError });
  t.is(
    await withNamespaces({ uts }, (inside) => inside.readFile('/proc/version', { maxBytes: 10_000 })),
    readFileSync('/proc/version', 'utf8'),
  );
});

test.serial('the thread of a call in a mount namespace is gone when its promise resolves', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  const mnt = held(t, await createNamespace('mnt'));
  for (let call = 0; call < 300; call += 1) {
    await readFileInside('/proc/version', { inside: { mnt } });
    // The kernel says that a thread has ended a moment before it lets go of its namespaces.
    for (let look = 0; look < LOOKS && strayThreads('mnt').length > 0; look += 1) await delay(1);
    const stray = strayThreads('mnt');
    if (stray.length > 0) t.fail(`call ${call}: ${stray.join(' ')}`);
  }
  t.pass();
});

test.serial('a hundred calls at once each work in their namespaces', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  const made = await Promise.all(Array.from({ length: 20 }, () => createNamespace('uts')));
  for (const handle of made) held(t, handle);
  await Promise.all(made.map((uts, index) => setHostname(`host${index}`, { inside: { uts } })));
  const all = Array.from({ length: 100 }, (_, index) => index % 20);
  const names = await Promise.all(all.map((index) => getHostname({ inside: { uts: made[index]! } })));
  t.deepEqual(
    names,
    all.map((index) => `host${index}`),
  );
});
