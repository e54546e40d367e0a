/** `cp` on the command line: where files land, who owns them, archives through `-`, both ways, of what runs and what does not. */
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';

import { getXattr, setXattr } from '../../../src/native/index.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { output, run, runWith, start, storeOf } from '../../helpers/cli.js';
import { tarOf } from '../../helpers/layers.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

interface Place {
  /** A directory of the machine: `file`, `dir/inner`, `dir/sub/deep`, `link` to `file`, `dirlink` to `dir`. */
  readonly host: string;
  /** Whether what the container has at this path is a file with this content. */
  readonly holds: (path: string, content: string) => Promise<void>;
  readonly lacks: (path: string) => Promise<void>;
}

function makeTree(directory: string): void {
  mkdirSync(join(directory, 'dir/sub'), { recursive: true });
  writeFileSync(join(directory, 'file'), 'file\n');
  writeFileSync(join(directory, 'dir/inner'), 'inner\n');
  writeFileSync(join(directory, 'dir/sub/deep'), 'deep\n');
  symlinkSync('file', join(directory, 'link'));
  symlinkSync('dir', join(directory, 'dirlink'));
}

/** A container `c` with the same tree in /tree, and places to copy to: /tmp, and /tmp/old, a file. */
async function place(t: ExecutionContext<unknown>, runs: boolean, ...flags: string[]): Promise<Place> {
  const rootfs = busyboxRoot(t);
  mkdirSync(join(rootfs, 'tree'));
  makeTree(join(rootfs, 'tree'));
  writeFileSync(join(rootfs, 'tmp/old'), 'old\n');
  const host = temporaryDirectory(t, 'tspod-cp-');
  makeTree(host);
  await run(t, 0, 'create', '--name', 'c', ...flags, '--rootfs', `${rootfs}:O`, 'sleep', '1000');
  if (runs) await run(t, 0, 'start', 'c');
  const point = (await output(t, 'mount', 'c')).trim();
  return {
    host,
    holds: async (path, content) => {
      t.is(readFileSync(join(point, path), 'utf8'), content, path);
      if (runs) t.is(await output(t, 'exec', 'c', 'cat', path), content, `${path}, as the container sees it`);
    },
    lacks: async (path) => {
      t.false(existsSync(join(point, path)), path);
    },
  };
}

/** Source, destination, and what is there then; or the end of the message. */
type Case = readonly [from: string, to: string, result: Readonly<Record<string, string>> | RegExp];

const DIRECTORY = { inner: 'inner\n', 'sub/deep': 'deep\n' };

function below(prefix: string, tree: Readonly<Record<string, string>> = DIRECTORY): Record<string, string> {
  return Object.fromEntries(Object.entries(tree).map(([path, content]) => [`${prefix}/${path}`, content]));
}

/** The same both ways; paths of the source are below its tree, those of the destination below /tmp or a new directory that has a file `old`. */
const CASES: readonly Case[] = [
  ['file', '', { file: 'file\n' }],
  ['file', 'new', { new: 'file\n' }],
  ['file', 'old', { old: 'file\n' }],
  ['file', 'new/', /"[^"]*new\/" could not be found on .*: no such file or directory\n$/],
  ['file', 'no/new', /"[^"]*no\/new" could not be found on .*: no such file or directory\n$/],
  ['file/', 'new', /"[^"]*file\/" (could not be found on the host: no such file or|is not a) directory\n$/],
  ['dir', '', below('dir')],
  ['dir/', '', below('dir')],
  ['dir/.', '', DIRECTORY],
  ['dir', 'new', below('new')],
  ['dir', 'new/', below('new')],
  ['dir/.', 'new', below('new')],
  ['dir', 'old', /destination must be a directory when copying a directory\n$/],
  ['dir/.', 'old', /destination must be a directory when copying a directory\n$/],
  ['link', '', { link: 'file\n' }],
  ['dirlink', 'new', below('new')],
  ['nosuch', '', /"[^"]*nosuch" could not be found on .*: no such file or directory\n$/],
];

for (const state of ['stopped', 'running']) {
  test(`cp: names and places of what is copied into a ${state} container`, async (t) => {
    if (!requires(t, 'root', 'busybox')) return;
    const { host, holds, lacks } = await place(t, state === 'running');
    for (const [i, [from, to, result]] of CASES.entries()) {
      // A place of its own for each case.
      const base = `/tmp/${i}`;
      await run(t, 0, 'cp', `${temporaryTo(t)}`, `c:${base}`);
      const args = ['cp', `${host}/${from}`, `c:${base}/${to}`];
      if (result instanceof RegExp) {
        t.regex((await run(t, 125, ...args)).stderr, result);
        await holds(`${base}/old`, 'old\n');
        if (to !== 'old') await lacks(`${base}/${to === '' ? from : to}`);
        continue;
      }
      await run(t, 0, ...args);
      for (const [path, content] of Object.entries(result)) await holds(`${base}/${path}`, content);
    }
  });

  test(`cp: names and places of what is copied out of a ${state} container`, async (t) => {
    if (!requires(t, 'root', 'busybox')) return;
    await place(t, state === 'running');
    for (const [from, to, result] of CASES) {
      const base = temporaryTo(t);
      const args = ['cp', `c:/tree/${from}`, `${base}/${to}`];
      if (result instanceof RegExp) {
        t.regex((await run(t, 125, ...args)).stderr, result);
        t.is(readFileSync(join(base, 'old'), 'utf8'), 'old\n');
        continue;
      }
      await run(t, 0, ...args);
      for (const [path, content] of Object.entries(result)) t.is(readFileSync(join(base, path), 'utf8'), content);
    }
  });

  test(`cp: relative paths of a ${state} container are below its working directory`, async (t) => {
    if (!requires(t, 'root', 'busybox')) return;
    const { host, holds, lacks } = await place(t, state === 'running', '--workdir', '/tree/dir');
    await run(t, 0, 'cp', `${host}/file`, 'c:new');
    await holds('/tree/dir/new', 'file\n');
    await run(t, 0, 'cp', `${host}/file`, 'c:.');
    await holds('/tree/dir/file', 'file\n');
    await run(t, 0, 'cp', `${host}/dir/.`, 'c:sub/');
    await holds('/tree/dir/sub/inner', 'inner\n');
    await lacks('/new');
    const to = temporaryTo(t);
    await run(t, 0, 'cp', 'c:sub/deep', `${to}/new`);
    t.is(readFileSync(join(to, 'new'), 'utf8'), 'deep\n');
    await run(t, 0, 'cp', 'c:..', `${to}/all`);
    t.is(readFileSync(join(to, 'all/file'), 'utf8'), 'file\n');
    t.regex((await run(t, 125, 'cp', 'c:tree/file', to)).stderr, /"tree\/file" could not be found on container c/);
  });

  test(`cp: owners, modes, links, holes and attributes of a ${state} container's files`, async (t) => {
    if (!requires(t, 'root', 'busybox')) return;
    const { host } = await place(t, state === 'running', '--user', 'alice');
    const point = (await output(t, 'mount', 'c')).trim();
    const source = join(host, 'dir');
    spawnSync('chown', ['-R', '55:66', source]);
    spawnSync('chmod', ['4751', join(source, 'inner')]);
    spawnSync('ln', [join(source, 'inner'), join(source, 'second')]);
    spawnSync('truncate', ['-s', '20M', join(source, 'holes')]);
    spawnSync('mkfifo', [join(source, 'fifo')]);
    spawnSync('mknod', [join(source, 'null'), 'c', '1', '3']);
    symlinkSync('../nowhere', join(source, 'dangling'));
    await setXattr(join(source, 'inner'), 'user.key', Buffer.from('value'));
    const look = async (directory: string) => {
      const at = (name: string) => lstatSync(join(directory, name));
      return {
        owner: [at('inner').uid, at('inner').gid, at('sub/deep').uid, at('.').gid],
        mode: at('inner').mode & 0o7777,
        links: [at('inner').nlink, at('inner').ino === at('second').ino],
        target: readlinkSync(join(directory, 'dangling')),
        sparse: [at('holes').size, at('holes').blocks < 1000],
        fifo: at('fifo').isFIFO(),
        xattr: Buffer.from(await getXattr(join(directory, 'inner'), 'user.key')).toString(),
      };
    };
    const original = await look(source);
    t.deepEqual(original.owner, [55, 66, 55, 66]);
    await run(t, 0, 'cp', '--archive=false', source, 'c:/tmp/kept');
    t.deepEqual(await look(join(point, 'tmp/kept')), original);
    t.is(lstatSync(join(point, 'tmp/kept/null')).rdev, (1 << 8) | 3);
    await run(t, 0, 'cp', source, 'c:/tmp/given');
    const given = await look(join(point, 'tmp/given'));
    t.deepEqual(given.owner, [1000, 1000, 1000, 1000], 'those of the user of the container');
    t.deepEqual({ ...given, owner: [] }, { ...original, owner: [] });
    const [back, mine] = [join(host, 'back'), join(host, 'mine')];
    await run(t, 0, 'cp', '-a=false', 'c:/tmp/kept', back);
    t.deepEqual(await look(back), original);
    t.false(existsSync(join(back, 'null')), 'no device comes out of a container');
    await run(t, 0, 'cp', 'c:/tmp/kept', mine);
    t.deepEqual((await look(mine)).owner, [0, 0, 0, 0], 'what comes out belongs to who asked for it');
  });

  test(`cp: archives on stdin and stdout, of a ${state} container`, async (t) => {
    if (!requires(t, 'root', 'busybox')) return;
    const { host, holds } = await place(t, state === 'running');
    const archive = tarOf([
      { path: 'a', content: 'a\n' },
      { path: 'd', type: 'directory' },
      { path: 'd/b', content: 'b\n', uid: 7, gid: 8 },
    ]);
    await runWith(t, { input: archive.toString('latin1') }, 0, 'cp', '-', 'c:/tmp');
    await holds('/tmp/a', 'a\n');
    await holds('/tmp/d/b', 'b\n');
    const into = (path: string) => runWith(t, { input: archive.toString('latin1') }, 125, 'cp', '-', path);
    for (const path of ['c:/tmp/old', 'c:/nosuch'])
      t.regex((await into(path)).stderr, /destination must be a directory when copying from stdin\n$/);
    const damaged = await runWith(t, { input: 'no archive'.repeat(100) }, 125, 'cp', '-', 'c:/tmp');
    t.regex(damaged.stderr, /^Error: .*tar archive/);
    await run(t, 0, 'cp', `${temporaryTo(t)}`, 'c:/tmp/packed');
    writeFileSync(join(host, 'tar'), tarOf([{ path: 'unpacked', content: 'unpacked\n' }]));
    const copied = (line: string) =>
      spawnSync('sh', ['-c', `${line} | ${join(process.cwd(), 'bin/tspod')} cp - c:/tmp/packed`], {
        env: storeOf(t).env,
        encoding: 'utf8',
        cwd: host,
      }).stderr;
    for (const program of ['gzip', 'zstd -q']) {
      t.is(copied(`${program} -c tar`), '', program);
      await holds('/tmp/packed/unpacked', 'unpacked\n');
      await run(t, 0, 'cp', join(host, 'file'), 'c:/tmp/packed/unpacked');
    }
    for (const program of ['xz', 'bzip2']) t.true(copied(`${program} -c tar`).endsWith(notSupported(program)), program);
    t.regex(copied(':'), /source must be a \(compressed\) tar archive when copying from stdin\n$/);
    await holds('/tmp/packed/unpacked', 'file\n');
    t.deepEqual(await packed(t, 'c:/tree/file'), ['file']);
    t.deepEqual(await packed(t, 'c:/tree/dir'), ['dir/', 'dir/inner', 'dir/sub/', 'dir/sub/deep']);
    t.deepEqual(await packed(t, 'c:/tree/dir/.'), ['inner', 'sub/', 'sub/deep']);
    t.regex((await run(t, 125, 'cp', 'c:/nosuch', '-')).stderr, /"\/nosuch" could not be found on container c/);
    t.true(existsSync(host));
  });
}

function notSupported(program: string): string {
  return `the archive is compressed with ${program}, which is not supported: decompress it first, as with "${program} -dc"\n`;
}

/** A new directory with a file `old`. */
function temporaryTo(t: ExecutionContext<unknown>): string {
  const directory = temporaryDirectory(t, 'tspod-to-');
  writeFileSync(join(directory, 'old'), 'old\n');
  return directory;
}

/** The names in the archive that `cp PATH -` writes, as GNU tar lists them. */
async function packed(t: ExecutionContext<unknown>, path: string): Promise<readonly string[]> {
  const child = start(t, {}, 'cp', path, '-');
  const bytes = child.stdout === null ? Buffer.alloc(0) : await buffer(child.stdout);
  const listed = spawnSync('tar', ['-t'], { input: bytes });
  t.is(listed.status, 0, listed.stderr.toString());
  return listed.stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '' && line !== './')
    .map((line) => line.replace(/^\.\//, ''))
    .sort();
}

test('cp: from one container to another, and within one', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const { holds } = await place(t, true);
  await run(t, 0, 'create', '--name', 'd', '--rootfs', `${busyboxRoot(t)}:O`, 'sleep', '1000');
  await run(t, 0, 'cp', 'c:/tree/dir', 'd:/tmp');
  await run(t, 0, 'cp', 'c:tree/file', 'd:etc/new');
  const point = (await output(t, 'mount', 'd')).trim();
  t.is(readFileSync(join(point, 'tmp/dir/sub/deep'), 'utf8'), 'deep\n');
  t.is(readFileSync(join(point, 'etc/new'), 'utf8'), 'file\n', 'paths are below the root, also without a slash');
  await run(t, 0, 'cp', 'd:/tmp/dir/.', 'c:/tmp/again');
  await holds('/tmp/again/sub/deep', 'deep\n');
  await run(t, 0, 'cp', 'c:/tree/dir', 'c:/tmp/within');
  await holds('/tmp/within/inner', 'inner\n');
});

test('cp: what comes out of a container replaces no device, fifo, or link to a pipe', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  await place(t, false);
  const base = temporaryTo(t);
  const at = (name: string) => join(base, name);
  spawnSync('mkfifo', [at('fifo')]);
  spawnSync('mknod', [at('null'), 'c', '1', '3']);
  symlinkSync('fifo', at('to-fifo'));
  symlinkSync('/proc/self/fd/1', at('out'));
  for (const [to, real] of [
    ['fifo', 'fifo'],
    ['null', 'null'],
    ['to-fifo', 'fifo'],
    ['out', 'out'],
  ] as const) {
    for (const args of [['c:/tree/file'], ['c:/tree/dir'], ['--overwrite', 'c:/tree/dir']]) {
      const message = `Error: invalid destination: "${at(real)}" must be a directory or a regular file\n`;
      t.is((await run(t, 125, 'cp', ...args, at(to))).stderr, message);
    }
  }
  t.true(lstatSync(at('fifo')).isFIFO());
  t.is(lstatSync(at('null')).rdev, (1 << 8) | 3);
  t.is(readlinkSync(at('to-fifo')), 'fifo');
  t.is(readlinkSync(at('out')), '/proc/self/fd/1');
  symlinkSync('nowhere', at('dangling'));
  await run(t, 0, 'cp', 'c:/tree/file', at('dangling'));
  t.is(readFileSync(at('dangling'), 'utf8'), 'file\n', 'a link that leads nowhere is replaced');
});

test('cp: a device of a container is not copied to the host', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const { host } = await place(t, true);
  writeFileSync(join(host, 'old'), 'old');
  for (const to of ['null', 'old', '.']) {
    const { stderr } = await run(t, 125, 'cp', 'c:/dev/null', join(host, to));
    t.is(stderr, 'Error: "/dev/null" in container c is a device: devices are not copied to the host\n');
  }
  t.is(readFileSync(join(host, 'old'), 'utf8'), 'old');
  t.false(existsSync(join(host, 'null')));
});

test('cp: --overwrite lets files and directories replace each other, both ways', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const { host, holds } = await place(t, false);
  mkdirSync(join(host, 'two/file'), { recursive: true });
  await run(t, 125, 'cp', join(host, 'two/file'), 'c:/tree');
  await holds('/tree/file', 'file\n');
  await run(t, 0, 'cp', '--overwrite', join(host, 'two/file'), 'c:/tree');
  await run(t, 125, 'cp', join(host, 'file'), 'c:/tree/dir/sub/deep/x');
  await run(t, 0, 'cp', '--overwrite', join(host, 'dir'), 'c:/tmp/old');
  await holds('/tmp/old/inner', 'inner\n');
  await run(t, 125, 'cp', 'c:/tmp/old', join(host, 'file'));
  await run(t, 0, 'cp', '--overwrite', 'c:/tmp/old', join(host, 'file'));
  t.is(readFileSync(join(host, 'file/inner'), 'utf8'), 'inner\n');
});

test('cp: what is wrong with the arguments', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const { host } = await place(t, false);
  for (const [args, message] of [
    [['c:/tree'], /accepts 2 arg\(s\), received 1\n$/],
    [['/a', '/b'], /invalid arguments "\/a", "\/b": you must specify at least one container\n$/],
    [['c:', host], /invalid arguments "c:", ".*": you must specify paths\n$/],
    [['nosuch:/a', host], /container "nosuch" does not exist\n$/],
  ] as const)
    t.regex((await run(t, 125, 'cp', ...args)).stderr, message);
  writeFileSync(join(host, 'a:b'), 'colon\n');
  await runWith(t, { directory: host }, 0, 'cp', './a:b', 'c:/tmp');
  await run(t, 0, 'cp', 'c:/tmp/a:b', join(host, 'copied'));
  t.is(readFileSync(join(host, 'copied'), 'utf8'), 'colon\n', 'a name with a colon');
});
