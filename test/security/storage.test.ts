/** Files of containers and images: what comes in, what goes out, where it lies, and who can reach it. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import test from 'ava';

import { isTspodError } from '../../src/index.js';
import { getXattr, isNativeError, setXattr } from '../../src/native/index.js';
import { digestOf } from '../../src/oci/digest.js';
import { OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from '../../src/oci/media-types.js';
import { attackersRoot, runRounds, sentinel, unlessRefused } from '../helpers/attacks.js';
import { collect, output, run, runWith, start, storeOf } from '../helpers/cli.js';
import { mountDisk, storeOn } from '../helpers/disks.js';
import { testEngine } from '../helpers/engine.js';
import { busyboxLayer, imageOf, layerOf, sourceOf, tarOf, type Entry, type TestLayer } from '../helpers/layers.js';
import { podmanOf } from '../helpers/podman.js';
import { has, requires } from '../helpers/requires.js';
import { temporaryDirectory } from '../helpers/temp.js';
import { until } from '../helpers/until.js';

/** Where files are made one by one, the kernel's errors come through. */
const isRefusal = (error: unknown): boolean => isTspodError(error) || isNativeError(error);

/** Entries that want to leave the place where an archive is unpacked, by the directory that they want to get to. */
const ESCAPES: Readonly<Record<string, (host: string) => readonly Entry[]>> = {
  dots: (host) => [{ path: `../../../../../../..${host}/new`, content: 'x' }],
  'dots in the middle': (host) => [{ path: `a/../../../../../../../..${host}/new`, content: 'x' }],
  'an absolute path': (host) => [{ path: `${host}/new`, content: 'x' }],
  'a link, and a file through it': (host) => [
    { path: 'l', type: 'symlink', target: host },
    { path: 'l/new', content: 'x' },
  ],
  'a link, and its own name as a directory': (host) => [
    { path: 'l', type: 'symlink', target: host },
    { path: 'l', type: 'directory', mode: 0o777, uid: 4242 },
    { path: 'l/new', content: 'x' },
  ],
  'a link, and its own name as a file with another mode': (host) => [
    { path: 'l', type: 'symlink', target: `${host}/secret` },
    { path: 'l', content: 'x', mode: 0o777, uid: 4242 },
  ],
  'links in a row': (host) => [
    { path: 'd/e', type: 'directory' },
    { path: 'd/e/up', type: 'symlink', target: '../../../../../../..' },
    { path: 'd/down', type: 'symlink', target: `e/up${host}` },
    { path: 'd/down/new', content: 'x' },
  ],
  'a hard link to dots': (host) => [
    { path: 'h', type: 'hardlink', target: `../../../../../../..${host}/secret` },
    { path: 'h', content: 'overwritten' },
  ],
  'a hard link to an absolute path': (host) => [
    { path: 'h', type: 'hardlink', target: `${host}/secret` },
    { path: 'h', content: 'overwritten', mode: 0o777 },
  ],
  'a hard link through a link': (host) => [
    { path: 'l', type: 'symlink', target: host },
    { path: 'h', type: 'hardlink', target: 'l/secret' },
    { path: 'h', content: 'overwritten' },
  ],
  'the top is a link': (host) => [
    { path: '.', type: 'symlink', target: host },
    { path: 'new', content: 'x' },
  ],
  'a whiteout through a link': (host) => [
    { path: 'l', type: 'symlink', target: host },
    { path: 'l/.wh.secret' },
    { path: 'l/.wh..wh..opq' },
  ],
  'a whiteout of nothing and of dots': () => [{ path: 'd/.wh.' }, { path: 'd/.wh..' }, { path: 'd/.wh...' }],
};

test('archives: nothing of a layer, an import or a copy lands outside, nor changes a mode there (CVE-2025-11395, CVE-2020-10696, CVE-2021-29136, CVE-2021-32760)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox')) return;
  const { engine, options } = await testEngine(t);
  const host = sentinel(t);
  const rootfs = attackersRoot(t);
  const container = await engine.containers.create(
    options({ rootfs, rootfsOverlay: true, command: ['sleep', '1000'] }),
  );
  await container.start();
  const base = busyboxLayer();
  const tries = (work: Promise<unknown>) => unlessRefused(work, isRefusal);
  for (const [what, entriesFor] of Object.entries(ESCAPES)) {
    const entries = entriesFor(host.path);
    const tar = tarOf(entries);
    const pull = (...layers: readonly TestLayer[]) =>
      engine.images.pull(sourceOf(imageOf({ layers: [base, ...layers] })), { name: 'escape:1' }).then(async () => {
        await engine.run(options({ image: 'escape:1', command: ['true'] }));
        await engine.images.remove('escape:1', { force: true });
      });
    // In one layer, and the link in one and what goes through it in the next.
    await tries(pull(layerOf(entries)));
    await tries(pull(layerOf(entries.slice(0, -1)), layerOf(entries.slice(-1))));
    await tries(engine.images.import(Readable.from([tar]), { name: 'escape:2' }));
    await tries(container.copyIn('/tmp', Readable.from([tar])));
    await tries(container.copyIn('/', Readable.from([tar]), { overwrite: true }));
    host.unchanged(what);
  }
  // The legitimate use: through the absolute link that Debian's /var/run is.
  await container.copyIn(
    '/',
    Readable.from([
      tarOf([
        { path: 'var', type: 'directory' },
        { path: 'var/run', type: 'symlink', target: '/run' },
        { path: 'var/run/x', content: 'here' },
      ]),
    ]),
  );
  t.is((await container.exec({ command: ['cat', '/run/x'] })).stdout, 'here');
});

test('files: copies, exports, diffs and commits while the container swaps directories for links to the host (CVE-2018-15664, CVE-2023-0778, CVE-2026-41568)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox', 'gcc')) return;
  const { engine, options } = await testEngine(t);
  const host = sentinel(t);
  const rootfs = attackersRoot(t);
  const script = `mkdir -p /work/a/sub /work/c; echo inside > /work/a/secret; echo inside > /work/a/sub/inner; cd /work; busybox ln -s ${host.path} b; busybox ln -s / d; attacker swap a b & exec attacker swap c d`;
  const container = await engine.containers.create(
    options({ rootfs, rootfsOverlay: true, command: ['sh', '-c', script] }),
  );
  await container.start();
  const archive = () =>
    Readable.from([
      tarOf([
        { path: 'a/new', content: 'x', mode: 0o777 },
        { path: 'a/sub', type: 'directory', mode: 0o777, uid: 4242 },
        { path: 'c/x', content: 'x' },
      ]),
    ]);
  const works: readonly (() => Promise<string>)[] = [
    async () => (await container.copyIn('/work', archive(), { overwrite: true }), ''),
    async () => (await container.copyIn('/work/a', archive()), ''),
    async () => (await buffer(await container.copyOut('/work/a'))).toString('latin1'),
    async () => (await buffer(await container.copyOut('/work/a/secret'))).toString('latin1'),
    async () => (await buffer(await container.export())).toString('latin1'),
    async () => JSON.stringify(await container.diff()),
  ];
  const reads = await runRounds(t, async (round) => (await works[round % works.length]?.()) ?? '', isRefusal);
  for (const read of reads) t.false(read.includes('of the host'));
  const { id } = await engine.images.commit(container.id, { name: 'swapped:1' });
  t.true(id.length > 0);
  host.unchanged();
  const committed = await engine.run(
    options({ image: 'swapped:1', command: ['sh', '-c', 'cat /work/*/secret /work/*/inner'] }),
  );
  t.notRegex(committed.stdout, /of the host/);
});

test('files: sizes while the container swaps directories for links to the host', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox', 'gcc')) return;
  const { engine, options } = await testEngine(t);
  const host = temporaryDirectory(t, 'tspod-host-');
  mkdirSync(join(host, 'sub'));
  for (const name of ['big', 'sub/big']) writeFileSync(join(host, name), 'x'.repeat(1_000_000));
  const rootfs = attackersRoot(t);
  const script = `mkdir -p /tree/a/sub/sub; cd /tree; for i in 1 2 3 4 5 6 7 8 9; do echo x > a/$i; echo x > a/sub/$i; done; busybox ln -s ${host} b; exec attacker swap a b`;
  const container = await engine.containers.create(
    options({ rootfs, rootfsOverlay: true, command: ['sh', '-c', script] }),
  );
  await container.start();
  await until('the racer runs', async () => container.stat('/tree/b').catch(() => undefined));
  const sizes = await runRounds(t, async () => {
    let largest = 0;
    for (let again = 0; again < 40; again += 1) largest = Math.max(largest, (await container.sizes()).writable);
    return String(largest);
  });
  for (const size of sizes) t.true(Number(size) < 1_000_000, `${size} bytes`);
  t.true(sizes.some((size) => Number(size) > 0));
});

/** Programs that an engine might look for after it has entered a root. */
const TRAPS = [
  'tar',
  'gzip',
  'unpigz',
  'xz',
  'zstd',
  'nsenter',
  'ps',
  'id',
  'getent',
  'ldconfig',
  'mount',
  'umount',
  'cp',
  'ls',
  'cat',
  'find',
  'true',
  'sh',
  'node',
];

test('files: no program or library of the container is used outside of it (CVE-2019-14271, CVE-2022-1227, CVE-2026-41567)', async (t) => {
  if (!requires(t, 'root', 'busybox', 'strace', 'overlay')) return;
  const rootfs = attackersRoot(t);
  for (const directory of ['bin', 'usr/bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(join(rootfs, directory), { recursive: true });
    for (const name of TRAPS)
      if (directory !== 'bin')
        writeFileSync(join(rootfs, directory, name), '#!/bin/busybox sh\necho > /trapped\n', { mode: 0o755 });
  }
  for (const library of ['libnss_files.so.2', 'libc.so.6', 'ld-linux-x86-64.so.2'])
    writeFileSync(join(rootfs, 'lib', library), 'no library');
  await run(t, 0, 'run', '-d', '--name', 'traps', '--rootfs', `${rootfs}:O`, '/bin/busybox', 'sleep', '1000');
  const trace = join(temporaryDirectory(t), 'trace');
  const source = temporaryDirectory(t);
  writeFileSync(join(source, 'file'), 'x');
  const store = storeOf(t);
  const image = join(source, 'image.tar');
  for (const words of [
    ['cp', `${source}/file`, 'traps:/tmp/file'],
    ['cp', 'traps:/etc/passwd', join(source, 'out')],
    ['export', '-o', join(source, 'export.tar'), 'traps'],
    ['diff', 'traps'],
    ['top', 'traps'],
    ['commit', '-q', 'traps', 'trapped:1'],
    ['save', '-o', image, 'trapped:1'],
    ['load', '-i', image],
  ]) {
    store.prefix = ['strace', '-f', '-qq', '-e', 'trace=execve,execveat', '-o', trace];
    await run(t, 0, ...words);
    delete store.prefix;
    const programs = readFileSync(trace, 'utf8')
      .split('\n')
      .filter((line) => line.includes(' = 0'));
    t.true(programs.length > 0);
    // The command line, its node, and nothing that was looked for later.
    const others = programs.filter((line) => !/execve\("[^"]*\/(bin\/tspod|env|node)"/.test(line));
    t.deepEqual(others, [], words.join(' '));
  }
  t.is((await run(t, 1, 'exec', 'traps', '/bin/busybox', 'ls', '/trapped')).stdout, '');
});

test('store: it is closed to others whatever the umask, set-uid programs of layers too (CVE-2021-41091, CVE-2024-25621)', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay')) return;
  const store = storeOf(t);
  const tops = { TSPOD_ROOT: join(store.root, 'new'), TSPOD_RUNROOT: join(store.runRoot, 'new') };
  Object.assign(store.env, tops);
  for (const umask of [0o000, 0o077, 0o022]) {
    // The engine makes them anew.
    for (const top of Object.values(tops)) rmSync(top, { recursive: true, force: true });
    store.prefix = ['sh', '-c', `umask ${umask.toString(8)}; exec "$@"`, 'sh'];
    const rootfs = attackersRoot(t);
    const script = 'busybox cp /bin/busybox /bin/own; chmod 4755 /bin/own; echo done; exec sleep 1000';
    await run(t, 0, 'run', '-d', '--name', 'idle', '--rootfs', `${rootfs}:O`, 'sh', '-c', script);
    await until('it is made', async () => (await output(t, 'logs', 'idle')) === 'done\n');
    await run(t, 0, 'commit', '-q', 'idle', 'own:1');
    const open = Object.values(tops).flatMap((top) => openedTo(top));
    t.deepEqual(open, [], `umask ${umask.toString(8)}`);
    // Those above them are the test's own.
    for (const top of [store.root, store.runRoot]) chmodSync(top, 0o755);
    const reached = spawnSync(
      'setpriv',
      ['--reuid', '65534', '--clear-groups', 'find', ...Object.values(tops), '-name', 'own'],
      { encoding: 'utf8' },
    );
    t.is(reached.stdout, '');
    t.regex(reached.stderr, /Permission denied/);
    // Files that programs of the container read are as the umask of the engine would not have them.
    t.regex(await output(t, 'exec', '--user', '1000', 'idle', 'cat', '/etc/hosts'), /localhost/);
    delete store.prefix;
    await run(t, 0, 'rm', '-f', '-t', '0', 'idle');
    await run(t, 0, 'rmi', 'own:1');
  }
});

/** Why others could enter it. */
function openedTo(top: string): readonly string[] {
  const { mode, uid } = statSync(top);
  if (uid !== 0) return [`${top} belongs to ${uid}`];
  return (mode & 0o077) === 0 ? [] : [`${top} has the mode ${(mode & 0o7777).toString(8)}`];
}

/** Names that are paths, flags, lines, or too long. */
const BAD_NAMES = [
  '..',
  '.',
  '../x',
  'a/b',
  '/etc',
  '-x',
  'a\nb',
  'a b',
  'ü',
  'a\u001b[2J',
  'x'.repeat(300),
  '',
  'a:b',
  '%2e%2e',
];

test('names: what is no plain name is refused before anything is made of it (CVE-2021-20206)', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const rootfs = attackersRoot(t);
  for (const name of BAD_NAMES) {
    for (const words of [
      ['create', `--name=${name}`, '--rootfs', rootfs, 'true'],
      ['network', 'create', '--', name],
      ['network', 'rm', '--', name],
      ['rm', '--', name],
      ['rmi', '--', name],
    ]) {
      if (words.includes('create') && name === '') continue; // it gets one
      const { status, stderr } = await collect(start(t, {}, ...words));
      t.not(status, 0, `${words.join(' ')}`);
      t.regex(stderr, /^(Error|Usage|untagged)/m, `${words.join(' ')}: ${stderr}`);
      t.notRegex(stderr, / at .*\.js:|ENOENT|ENAMETOOLONG/, `${words.join(' ')}`);
    }
  }
  const ids = (await output(t, 'ps', '-aq')).split('\n').filter(Boolean);
  t.deepEqual(ids, []);
  const file = join(temporaryDirectory(t), 'cid');
  symlinkSync('/nowhere/there', file);
  const { stderr } = await runWith(t, {}, 125, 'create', '--cidfile', file, '--rootfs', rootfs, 'true');
  t.regex(stderr, /Error: /);
});

/** Layers whose bytes are not what they say they are. */
const DAMAGED: Readonly<Record<string, Buffer>> = {
  'the beginning of gzip': Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]),
  'half of gzip': gzipSync(tarOf([{ path: 'x', content: Buffer.alloc(100_000, 'y') }])).subarray(0, 60),
  'the beginning of zstd': Buffer.from([
    0x28, 0xb5, 0x2f, 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
  ]),
  'a zstd window of 2 GiB': Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00]),
  'the beginning of xz': Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4, 9, 9, 9]),
  'the beginning of bzip2': Buffer.from('BZh91AY&SYxxxxxxxx'),
  'random bytes': Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 251)),
};

test('layers: damaged ones are refused at once, and keep nobody else (CVE-2021-20291)', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, assertNothingLeft } = await testEngine(t);
  for (const [what, blob] of Object.entries(DAMAGED)) {
    for (const mediaType of [OCI_LAYER_GZIP, OCI_LAYER_ZSTD]) {
      const layer: TestLayer = {
        tar: blob,
        blob,
        descriptor: { mediaType, digest: digestOf(blob), size: blob.length },
        diff: digestOf(blob),
      };
      const pulling = engine.images.pull(sourceOf(imageOf({ layers: [layer] })), { name: 'damaged:1' });
      engine.images.list();
      const error = await t.throwsAsync(pulling, undefined, `${what} as ${mediaType}`);
      t.true(isTspodError(error, 'BAD_IMAGE'), `${what}: ${String(error)}`);
    }
  }
  t.deepEqual(engine.images.list(), []);
  await assertNothingLeft();
});

test('layers: one that grows beyond the disk is refused, and the disk is as it was (decompression bombs)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'mkfs.ext4')) return;
  const base = temporaryDirectory(t);
  const mounted = mountDisk(t, 48);
  const free = () =>
    Number(/\d+$/.exec(spawnSync('stat', ['-f', '-c', '%a', mounted], { encoding: 'utf8' }).stdout.trim())?.[0]);
  const bomb = join(base, 'bomb.tar');
  const zeros = Buffer.alloc(256 * 1024 ** 2);
  const layer = tarOf([{ path: 'zeros', content: zeros }]);
  writeFileSync(`${bomb}.gz`, gzipSync(layer, { level: 1 }));
  storeOn(t, mounted);
  await run(t, 0, 'ps');
  const before = free();
  const { stderr } = await run(t, 125, 'import', `${bomb}.gz`, 'bomb:1');
  t.regex(stderr, /no space|ENOSPC/i);
  t.true(Math.abs(free() - before) * 4096 < 4 * 1024 ** 2, `${before} and ${free()} blocks are free`);
  await run(t, 0, 'system', 'check');
  t.is((await output(t, 'images', '-q')).trim(), '');
});

test('load: a layout in an archive whose files are links to the host is refused (CVE-2025-11395)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox')) return;
  const base = temporaryDirectory(t);
  const host = sentinel(t);
  await run(t, 0, 'import', writeTar(base, [{ path: 'etc', type: 'directory' }]), 'good:1');
  const layout = join(base, 'layout');
  await run(t, 0, 'save', '--format', 'oci-dir', '-o', layout, 'good:1');
  const index = readFileSync(join(layout, 'index.json'));
  writeFileSync(join(host.path, 'index.json'), index);
  const blobs = readdirSync(join(layout, 'blobs/sha256')).map((name): Entry => ({
    path: `blobs/sha256/${name}`,
    content: readFileSync(join(layout, 'blobs/sha256', name)),
  }));
  const archiveOf = (first: Entry): string => {
    const path = join(base, 'archive.tar');
    writeFileSync(
      path,
      tarOf([first, { path: 'oci-layout', content: readFileSync(join(layout, 'oci-layout')) }, ...blobs]),
    );
    return path;
  };
  const inHost = join(host.path, 'index.json');
  for (const first of [
    { path: 'index.json', type: 'symlink', target: inHost },
    { path: 'index.json', type: 'symlink', target: `../../../../../..${inHost}` },
    { path: 'index.json', type: 'hardlink', target: inHost },
  ] as const) {
    const archive = archiveOf(first);
    await run(t, 125, 'load', '-i', archive);
    // Podman 4.3 reads the file of the host: the attack is one.
    if (first.target === inHost && first.type === 'symlink' && has('podman') && has('runc'))
      podmanOf(t)('load', '-i', archive);
  }
  // The legitimate use.
  await run(t, 0, 'load', '-i', archiveOf({ path: 'index.json', content: index }));
});

/** cap_setuid=ep (revision 2 of struct vfs_cap_data). */
const CAP_SETUID = Buffer.from('0100000280000000000000000000000000000000', 'hex');

test('copy: what comes out of a container has no rights of who asked for it', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox')) return;
  const host = temporaryDirectory(t);
  const rootfs = attackersRoot(t);
  const script =
    'mkdir /d /d/open; cp /bin/busybox /d/user; cp /bin/busybox /d/root; cp /bin/busybox /d/able; chown 1000 /d/user; chmod 6755 /d/user /d/root; chmod 3777 /d/open; sleep 1000';
  await run(t, 0, 'run', '-d', '--name', 'giver', '--rootfs', `${rootfs}:O`, 'sh', '-c', script);
  const merged = (await output(t, 'mount', 'giver')).trim();
  const done = join(merged, 'd/open');
  await until('the script has run', () => existsSync(done) && modeOf(done) === 0o3777);
  await setXattr(join(merged, 'd/able'), 'security.capability', CAP_SETUID);
  for (const state of ['running', 'exited']) {
    const [mine, kept] = [join(host, `mine-${state}`), join(host, `kept-${state}`)];
    await run(t, 0, 'cp', 'giver:/d', mine);
    await run(t, 0, 'cp', 'giver:/d/user', `${mine}/user2`);
    for (const name of ['user', 'user2', 'root', 'able'])
      t.deepEqual([statSync(join(mine, name)).uid, modeOf(join(mine, name))], [0, 0o755], `${name}, ${state}`);
    t.is(modeOf(join(mine, 'open')), 0o1777);
    await t.throwsAsync(getXattr(join(mine, 'able'), 'security.capability'), { code: 'ENODATA' });
    // The legitimate use: programs with the owner that they had.
    await run(t, 0, 'cp', '-a=false', 'giver:/d', kept);
    t.deepEqual([statSync(join(kept, 'user')).uid, modeOf(join(kept, 'user'))], [1000, 0o6755]);
    t.deepEqual(Buffer.from(await getXattr(join(kept, 'able'), 'security.capability')), CAP_SETUID);
    await run(t, 0, 'stop', '-t', '0', 'giver');
  }
});

function modeOf(path: string): number {
  return statSync(path).mode & 0o7777;
}

function writeTar(directory: string, entries: readonly Entry[]): string {
  const path = join(directory, 'import.tar');
  writeFileSync(path, tarOf(entries));
  return path;
}
