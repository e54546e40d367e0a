/** `copyIn`, `copyOut`, `stat`: into running and stopped containers, and never out of their roots. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';

import type { Container, CreateOptions } from '../../../src/index.js';
import { encodeHeader, paxRecord, ARCHIVE_END } from '../../../src/tar/encode.js';
import { checksum, paddingOf, type TarHeader } from '../../../src/tar/header.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { endsWithTest } from '../../helpers/processes.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

/** A container whose root is a few directories and busybox; its lower directory and its own layer are looked at from outside. */
async function containerOf(
  t: ExecutionContext<unknown>,
  { engine, options }: TestEngine,
  more: CreateOptions = {},
): Promise<{ container: Container; rootfs: string }> {
  const rootfs = busyboxRoot(t);
  for (const directory of ['etc', 'run', 'var', 'tmp', 'data']) mkdirSync(join(rootfs, directory), { recursive: true });
  symlinkSync('/run', join(rootfs, 'var/run'));
  writeFileSync(join(rootfs, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\nweb:x:55:66::/:/bin/sh\n');
  const container = await engine.containers.create(
    options({ rootfs, rootfsOverlay: true, command: ['sleep', 'inf'], ...more }),
  );
  return { container, rootfs };
}

function header(path: string, more: Partial<TarHeader> = {}): Buffer {
  return encodeHeader({
    path,
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: 0,
    mtimeSec: 1_700_000_000,
    mtimeNsec: 0,
    target: '',
    major: 0,
    minor: 0,
    xattrs: new Map(),
    ...more,
  });
}

function file(path: string, content: string, more: Partial<TarHeader> = {}): Buffer {
  const size = Buffer.byteLength(content);
  return Buffer.concat([header(path, { size, ...more }), Buffer.from(content), Buffer.alloc(paddingOf(size))]);
}

async function* archive(...parts: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield part;
  yield ARCHIVE_END;
}

/** The content of a path, as GNU tar finds it in the archive. */
async function contentOf(container: Container, path: string): Promise<string> {
  const bytes = await buffer(await container.copyOut(path));
  return execFileSync('tar', ['-x', '-O'], { input: bytes, encoding: 'utf8' });
}

for (const runs of [true, false]) {
  const state = runs ? 'running' : 'stopped';

  test(`copy: a file comes back from a ${state} container as it was, through an absolute link, with the user's ids`, async (t) => {
    if (!requires(t, 'root', 'busybox')) return;
    const env = await testEngine(t);
    const { container, rootfs } = await containerOf(t, env, { user: 'web' });
    if (runs) await container.start();
    await container.copyIn('/var/run', archive(file('sub/a.txt', 'hello', { mode: 0o640, mtimeNsec: 5 })));
    t.is(await contentOf(container, '/var/run/sub/a.txt'), 'hello');
    const { path, uid, gid, mode, size, type } = await container.stat('/var/run/sub/a.txt');
    t.deepEqual(
      { path, uid, gid, mode, size, type },
      {
        path: '/var/run/sub/a.txt',
        uid: 55,
        gid: 66,
        mode: 0o100640,
        size: 5,
        type: 'file',
      },
    );
    t.is((await container.stat('/var/run')).path, '/run');
    t.is((await container.stat('/var/run', { follow: false })).linkTarget, '/run');
    t.false(existsSync(join(rootfs, 'run/sub')), 'the lower directory is as it was');
    if (!runs) return;
    t.is((await container.exec({ command: ['cat', '/run/sub/a.txt'] })).stdout, 'hello');
  });

  test(`copy: no link leads out of a ${state} container, neither by name nor by archive`, async (t) => {
    if (!requires(t, 'root', 'busybox')) return;
    const env = await testEngine(t);
    const outside = temporaryDirectory(t, 'tspod-outside-');
    writeFileSync(join(outside, 'secret'), 'secret');
    const { container, rootfs } = await containerOf(t, env);
    symlinkSync(outside, join(rootfs, 'absolute'));
    symlinkSync(`../../../../../../..${outside}`, join(rootfs, 'relative'));
    symlinkSync('/proc/1/root', join(rootfs, 'magic'));
    if (runs) await container.start();
    for (const link of ['absolute', 'relative']) {
      // Read to its end: what comes out holds the container.
      await rejectsWith(t, contentOf(container, `/${link}/secret`), 'NO_SUCH_FILE');
      await rejectsWith(t, container.copyIn(`/${link}`, archive(file('x', 'x'))), 'NO_SUCH_FILE');
      await t.throwsAsync(container.copyIn('/', archive(file(`${link}/x`, 'x'))));
    }
    await t.throwsAsync(contentOf(container, '/magic/etc/hostname'));
    await rejectsWith(t, container.copyIn('/tmp', archive(file('../../x', 'x'))), 'BAD_ARCHIVE');
    await rejectsWith(
      t,
      container.copyIn('/tmp', archive(header('up', { type: 'hardlink', target: '../../../etc/passwd' }))),
      'BAD_ARCHIVE',
    );
    // A link that the archive itself brings leads to a place in the container.
    await container.copyIn(
      '/tmp',
      archive(
        header('out', { type: 'symlink', target: outside }),
        header('etc-link', { type: 'symlink', target: '/etc' }),
        file('etc-link/new', 'x'),
      ),
    );
    t.is((await container.stat('/etc/new')).size, 1);
    t.deepEqual(readdirSync(outside), ['secret']);
  });
}

test('copy: a racer that swaps directories for links to the host leads nothing out', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const env = await testEngine(t);
  const shared = temporaryDirectory(t, 'tspod-shared-');
  const outside = temporaryDirectory(t, 'tspod-outside-');
  writeFileSync(join(outside, 'secret'), 'secret');
  mkdirSync(join(shared, 'place'));
  writeFileSync(join(shared, 'place/secret'), 'inside');
  symlinkSync(outside, join(shared, 'link'));
  const { container } = await containerOf(t, env, { mounts: [{ type: 'bind', source: shared, target: '/data' }] });
  await container.start();
  const racer = spawn('python3', [
    '-c',
    `import ctypes
libc = ctypes.CDLL(None)
while True: libc.renameat2(-100, b"${shared}/place", -100, b"${shared}/link", 2)`,
  ]);
  endsWithTest(t, racer);
  for (let round = 0; round < 25; round += 1) {
    await container.copyIn('/data/place', archive(file('new', 'x'))).catch(() => undefined);
    await container
      .copyIn('/data', archive(file('place/other', 'x'), header('place/d', { type: 'directory' })))
      .catch(() => undefined);
    const read = await contentOf(container, '/data/place/secret').catch(() => 'nothing');
    t.true(read === 'inside' || read === 'nothing', read);
  }
  t.deepEqual(readdirSync(outside), ['secret']);
  t.is(readFileSync(join(outside, 'secret'), 'utf8'), 'secret');
});

test('copy: what is copied to a mount of a running container lands there, and a tmpfs ends with it', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const env = await testEngine(t);
  const bound = temporaryDirectory(t, 'tspod-bound-');
  const { container } = await containerOf(t, env, {
    mounts: [
      { type: 'bind', source: bound, target: '/data' },
      { type: 'tmpfs', target: '/tmp' },
    ],
  });
  await container.start();
  await container.copyIn('/data', archive(file('a', 'bound')));
  await container.copyIn('/tmp', archive(file('b', 'in memory')));
  t.is(readFileSync(join(bound, 'a'), 'utf8'), 'bound');
  t.is(await contentOf(container, '/tmp/b'), 'in memory');
  t.is((await container.exec({ command: ['cat', '/tmp/b'] })).stdout, 'in memory');
  await container.copyIn('/etc', archive(file('hosts', '127.0.0.1 here\n')));
  t.is((await container.exec({ command: ['cat', '/etc/hosts'] })).stdout, '127.0.0.1 here\n');
  await container.stop({ timeoutSec: 0 });
  await rejectsWith(t, container.copyOut('/tmp/b'), 'NO_SUCH_FILE');
});

test('copy: directories and other files replace each other only with overwrite', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const env = await testEngine(t);
  const { container } = await containerOf(t, env);
  await container.copyIn('/tmp', archive(file('x/deep/er', '1'), file('y', '2')));
  await rejectsWith(t, container.copyIn('/tmp', archive(file('x', 'file'))), 'INVALID_ARGUMENT');
  await rejectsWith(t, container.copyIn('/tmp', archive(header('y', { type: 'directory' }))), 'INVALID_ARGUMENT');
  await container.copyIn('/tmp', archive(file('x', 'file'), header('y', { type: 'directory', mode: 0o711 })), {
    overwrite: true,
  });
  t.is(await contentOf(container, '/tmp/x'), 'file');
  const { type, mode } = await container.stat('/tmp/y');
  t.deepEqual({ type, mode }, { type: 'directory', mode: 0o040711 });
});

test('copy: a sparse file of a gigabyte takes neither memory nor disk', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const env = await testEngine(t);
  const { container, rootfs } = await containerOf(t, env);
  writeFileSync(join(rootfs, 'data/big'), 'begin');
  truncateSync(join(rootfs, 'data/big'), 1024 ** 3);
  const before = process.memoryUsage.rss();
  const another = await containerOf(t, env);
  await another.container.copyIn('/tmp', await container.copyOut('/data/big'));
  t.is((await another.container.stat('/tmp/big')).size, 1024 ** 3);
  t.true(process.memoryUsage.rss() - before < 256 * 1024 ** 2, 'memory is bounded');
  const upper = join(env.root, 'containers', another.container.id, 'upper/tmp/big');
  t.true(statSync(upper).blocks * 512 < 1024 ** 2, 'holes stay holes');
});

/** Takes a lease of a file, and gives it back a moment after it was asked for that. */
const LEASE = `import fcntl, os, signal, sys, time
def give_back(*_):
    time.sleep(0.3)
    os._exit(0)
signal.signal(signal.SIGIO, give_back)
file = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print("held", flush=True)
while True: signal.pause()`;

test('copy: a file that somebody has a lease of is waited for, in both directions', async (t) => {
  if (!requires(t, 'root', 'busybox', 'python3')) return;
  const env = await testEngine(t);
  const bound = temporaryDirectory(t, 'tspod-bound-');
  writeFileSync(join(bound, 'file'), 'leased');
  const { container } = await containerOf(t, env, {
    mounts: [
      { type: 'bind', source: bound, target: '/data' },
      { type: 'bind', source: join(bound, 'file'), target: '/etc/single' },
    ],
  });
  await container.start();
  const leased = async (): Promise<void> => {
    const holder = spawn('python3', ['-c', LEASE, join(bound, 'file')], { stdio: ['ignore', 'pipe', 'inherit'] });
    endsWithTest(t, holder);
    await once(holder.stdout, 'data');
  };
  await leased();
  t.is(await contentOf(container, '/data'), 'leased');
  await leased();
  await container.copyIn('/etc', archive(file('single', 'new')));
  t.is(readFileSync(join(bound, 'file'), 'utf8'), 'new');
});

test('copy: damaged and truncated archives are refused', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const env = await testEngine(t);
  const { container } = await containerOf(t, env);
  const whole = file('a', 'x'.repeat(2000));
  const spoiled = Buffer.from(whole);
  spoiled[0] = 0x62;
  async function* only(bytes: Buffer): AsyncGenerator<Buffer> {
    yield bytes;
  }
  await rejectsWith(t, container.copyIn('/tmp', only(spoiled)), 'BAD_ARCHIVE');
  await rejectsWith(t, container.copyIn('/tmp', only(whole.subarray(0, 1500))), 'BAD_ARCHIVE');
  await rejectsWith(t, container.copyIn('/tmp', only(Buffer.from('no archive at all'))), 'BAD_ARCHIVE');
});

test('copy: within one stopped container, and an archive of GNU tar with holes, long names and links', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const env = await testEngine(t);
  const { container } = await containerOf(t, env);
  const source = temporaryDirectory(t, 'tspod-source-');
  const long = join(source, 'd'.repeat(120), 'f'.repeat(120));
  mkdirSync(join(source, 'd'.repeat(120)));
  writeFileSync(long, 'long');
  writeFileSync(join(source, 'holes'), 'begin');
  truncateSync(join(source, 'holes'), 10_000_000);
  writeFileSync(join(source, 'holes'), 'end', { flag: 'a' });
  for (const format of [['--format=gnu'], ['--format=pax'], ['--format=pax', '--sparse-version=0.1']]) {
    const tar = spawnSync('tar', ['-c', '-S', ...format, '-C', source, '.'], { maxBuffer: 64 * 1024 ** 2 });
    await container.copyIn('/data', archive(tar.stdout));
    await container.copyIn('/tmp', await container.copyOut('/data'));
    const { size } = await container.stat('/tmp/data/holes');
    t.is(size, 10_000_003);
    t.is(await contentOf(container, `/tmp/data/${'d'.repeat(120)}/${'f'.repeat(120)}`), 'long');
    const content = await buffer(await container.copyOut('/tmp/data/holes'));
    const holes = execFileSync('tar', ['-x', '-O'], { input: content, maxBuffer: 64 * 1024 ** 2 });
    t.true(holes.equals(readFileSync(join(source, 'holes'))));
  }
  t.is(lstatSync(source).isDirectory(), true);
});

test('copy: of a directory that an archive has twice the last entry counts', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const { container } = await containerOf(t, await testEngine(t));
  const entry = (mode: number) => header('d', { type: 'directory', mode });
  await container.copyIn('/tmp', archive(entry(0o700), file('d/f', 'x'), entry(0o711)));
  t.is((await container.stat('/tmp/d')).mode & 0o777, 0o711);
});

test('copy: of directories what their headers say beside is not held until the end', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const { container } = await containerOf(t, await testEngine(t));
  const said = Buffer.concat([
    paxRecord('SCHILY.xattr.user.note', Buffer.from('x')),
    paxRecord('comment', Buffer.alloc(1024 ** 2)),
  ]);
  const pax = header('pax', { size: said.length });
  pax.write('x', 156);
  pax.write(`${checksum(pax).toString(8).padStart(6, '0')}\0 `, 148);
  const before = process.memoryUsage().arrayBuffers;
  let grown = 0;
  async function* directories(): AsyncGenerator<Buffer> {
    for (let i = 0; i < 400; i += 1)
      yield Buffer.concat([pax, said, Buffer.alloc(paddingOf(said.length)), header(`d${i}`, { type: 'directory' })]);
    grown = process.memoryUsage().arrayBuffers - before;
    yield ARCHIVE_END;
  }
  await container.copyIn('/tmp', directories());
  t.true(grown < 200 * 1024 ** 2, `${grown} bytes`);
});
