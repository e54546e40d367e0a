/** What a container can do to those who enter it from the host: executed commands, the first process, and what they bring along. */
import { createHash } from 'node:crypto';
import { chmodSync, closeSync, openSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import type { Container, CreateOptions } from '../../src/index.js';
import { addonPath, monitorPath } from '../../src/native/addon-path.js';
import { attackersRoot, ROUNDS, sentinel } from '../helpers/attacks.js';
import { output, run, runWith, storeOf } from '../helpers/cli.js';
import { testEngine, type TestEngine } from '../helpers/engine.js';
import { busyboxLayer, imageOf, sourceOf } from '../helpers/layers.js';
import { requires } from '../helpers/requires.js';
import { until } from '../helpers/until.js';

const MAPS = [{ containerId: 0, hostId: 100_000, size: 65_536 }];

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** A container whose first process is the attacker; what it has found so far. */
async function hostile(
  t: ExecutionContext<unknown>,
  { engine, options }: TestEngine,
  command: readonly string[],
  more: CreateOptions = {},
): Promise<{ container: Container; told: () => string }> {
  const child = await engine.spawn(
    options({ rootfs: attackersRoot(t), rootfsOverlay: true, command: ['attacker', ...command], ...more }),
  );
  let told = '';
  child.stdout?.on('data', (chunk: Buffer) => (told += chunk.toString()));
  return { container: engine.containers.get(child.id), told: () => told };
}

async function execMany(container: Container, times: number): Promise<number> {
  let succeeded = 0;
  for (let done = 0; done < times; done += 4) {
    const codes = await Promise.all(
      Array.from({ length: 4 }, () => container.exec({ command: ['true'] }).then(({ exitCode }) => exitCode)),
    );
    succeeded += codes.filter((code) => code === 0).length;
  }
  return succeeded;
}

test('exec: a container that waits for the programs that enter it cannot write to them (CVE-2019-5736)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox', 'gcc')) return;
  const env = await testEngine(t);
  const programs = [monitorPath(), addonPath(), process.execPath];
  const before = programs.map(digest);
  const { container, told } = await hostile(t, env, ['overwrite'], { capAdd: ['SYS_PTRACE'] });
  t.true((await execMany(container, ROUNDS * 4)) >= ROUNDS * 4, 'commands run nevertheless');
  const lines = told().split('\n').filter(Boolean);
  t.true(lines.length > 0, 'it has seen those who enter');
  for (const line of lines) t.regex(line, /^exe=(!E\w+|.* write=!(ETXTBSY|EROFS|EACCES|EPERM))$/);
  // Nor does it learn where they lie on the host.
  for (const program of programs) t.notRegex(told(), new RegExp(`exe=${program} `));
  t.deepEqual(programs.map(digest), before);
});

test('start: an entrypoint that is the program that enters is none (CVE-2019-5736)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox')) return;
  const { engine, options } = await testEngine(t);
  const before = digest(monitorPath());
  const rootfs = attackersRoot(t);
  writeFileSync(join(rootfs, 'bin/script'), '#!/proc/self/exe\n', { mode: 0o755 });
  symlinkSync('/proc/self/exe', join(rootfs, 'bin/link'));
  for (const command of ['/bin/script', '/bin/link', '/proc/self/exe']) {
    const result = await engine.run(options({ rootfs, command: [command] })).catch(() => undefined);
    t.not(result?.exitCode, 0, command);
  }
  t.is(digest(monitorPath()), before);
});

/** Links that stand for nothing of the host: streams, the handshake, the container's own. */
const HARMLESS = /^fd=(socket|pipe|anon_inode|\/dev\/null|!E(NOENT|SRCH|ACCES|PERM))$/;

const spies = test.macro<[CreateOptions]>({
  exec: async (t, more) => {
    if (!requires(t, 'root', 'overlay', 'busybox', 'userns', 'gcc')) return;
    const { container, told } = await hostile(t, await testEngine(t), ['spy', 'attach'], more);
    await execMany(container, ROUNDS * 2);
    t.regex(told(), /^seen$/m);
    for (const line of told()
      .split('\n')
      .filter((each) => each.startsWith('fd=')))
      t.regex(line, HARMLESS);
    t.notRegex(told(), /^(attach|mem)=ok$/m);
  },
  title: (title = '') => title,
});
test('exec: who enters cannot be traced by the container, and has nothing of the host open (CVE-2016-9962)', spies, {});
test('exec: nor by root of a user namespace with all rights in it', spies, { uidMaps: MAPS, capAdd: ['ALL'] });

/** Directories that lead out where a descriptor of the host is open. */
const NUMBERS = Array.from({ length: 62 }, (_, index) => index + 3);

test('workdir: no descriptor of the host is a way out, by flag, image or exec (CVE-2024-21626)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox')) return;
  const { engine, options } = await testEngine(t);
  const rootfs = attackersRoot(t);
  const before = sentinel(t);
  // Directories of the host that are open here, as a careless caller has them.
  const open = Array.from({ length: 50 }, () => openSync('/', 'r'));
  const container = await engine.containers.create(
    options({ rootfs, rootfsOverlay: true, command: ['sleep', '1000'] }),
  );
  await container.start();
  const found: string[] = [];
  for (const [at, number] of NUMBERS.entries()) {
    const path = `/proc/self/fd/${number}`;
    const link = `/link${number}`;
    symlinkSync(path, join(rootfs, link));
    // Each number with one of the ways: all of them take the same road.
    const workdir = at % 2 === 0 ? path : `${link}/../..`;
    const command = ['sh', '-c', `pwd; readlink /proc/self/cwd; ls ${before.path}`];
    const running =
      at % 3 === 0
        ? container.exec({ workdir, command })
        : engine.run(options({ rootfs, rootfsOverlay: true, workdir, command }));
    const result = await running.catch((error: unknown) => String(error));
    if (typeof result === 'string') continue;
    found.push(result.stdout);
  }
  for (const fd of open) closeSync(fd);
  for (const stdout of found) t.notRegex(stdout, /unreachable|secret/);
  t.deepEqual(
    found.filter((stdout) => !/^\/\S*\n\//.test(stdout)),
    [],
  );
});

test('workdir: that of an image is not a way out either; one by an absolute link is found', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox')) return;
  const { engine, options } = await testEngine(t);
  const layer = busyboxLayer();
  const command = ['sh', '-c', 'readlink /proc/self/cwd'];
  for (const [name, workdir] of [
    '/proc/self/fd/8',
    '/proc/self/fd/9/../..',
    '/proc/self/cwd',
    '/proc/1/root',
  ].entries()) {
    await engine.images.pull(sourceOf(imageOf({ layers: [layer], config: { WorkingDir: workdir } })), {
      name: `out:${name}`,
    });
    const result = await engine.run(options({ image: `out:${name}`, command })).catch(() => undefined);
    t.true(result === undefined || /^\/\S*\n$/.test(result.stdout), workdir);
    t.notRegex(result?.stdout ?? '', /unreachable/);
  }
  await engine.images.pull(sourceOf(imageOf({ layers: [layer], config: { WorkingDir: '/etc' } })), { name: 'in:1' });
  t.is((await engine.run(options({ image: 'in:1', command }))).stdout, '/etc\n');
});

test('descriptors of a careless caller reach neither a container nor a command in it', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const rootfs = attackersRoot(t);
  const fds = Array.from({ length: 50 }, () => openSync('/', 'r'));
  const list = [
    'sh',
    '-c',
    'for fd in /proc/self/fd/*; do readlink $fd; done | grep -vE "^(pipe|socket|/dev/null)" || echo none',
  ];
  const result = await runWith(t, { fds }, 0, 'run', '--rm', '--rootfs', rootfs, ...list);
  t.is(result.stdout, 'none\n');
  await run(t, 0, 'run', '-d', '--name', 'idle', '--rootfs', rootfs, 'sleep', '1000');
  t.is((await runWith(t, { fds }, 0, 'exec', 'idle', ...list)).stdout, 'none\n');
  // The legitimate use: those that are asked for.
  const kept = await runWith(
    t,
    { fds },
    0,
    'run',
    '--rm',
    '--preserve-fds',
    '2',
    '--rootfs',
    rootfs,
    'ls',
    '/proc/self/fd',
  );
  t.deepEqual(
    kept.stdout
      .trim()
      .split(/\s+/)
      .map(Number)
      .toSorted((a, b) => a - b)
      .slice(0, 5),
    [0, 1, 2, 3, 4],
  );
  for (const fd of fds) closeSync(fd);
});

test('descriptors: a command in a container that has removed its null device does not change the host’s', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const { mode } = statSync('/dev/null');
  t.teardown(() => {
    chmodSync('/dev/null', mode);
  });
  const first = ['sh', '-c', 'rm /dev/null; sleep 1000'];
  await run(t, 0, 'run', '-d', '--name', 'idle', '--rootfs', attackersRoot(t), ...first);
  const devices = () => output(t, 'exec', 'idle', 'ls', '/dev');
  await until('it is removed', async () => !(await devices()).split('\n').includes('null'));
  const change = 'chmod 600 /proc/self/fd/0 2>&1; echo x >&0 && echo can be written to';
  const told = await output(t, 'exec', 'idle', 'sh', '-c', change);
  t.is(told, 'chmod: /proc/self/fd/0: Read-only file system\ncan be written to\n');
  t.is(statSync('/dev/null').mode, mode);
});

test('nothing is made under a name that can be guessed (CVE-2019-12439)', async (t) => {
  if (!requires(t, 'root', 'busybox', 'strace')) return;
  const rootfs = attackersRoot(t);
  const planted = sentinel(t);
  chmodSync(planted.path, 0o777);
  const store = storeOf(t);
  store.prefix = [
    'strace',
    '-f',
    '-qq',
    '-e',
    'trace=open,openat,openat2,mkdir,mkdirat,mknodat,symlinkat,linkat,mount',
    '-o',
    join(rootfs, 'trace'),
  ];
  await runWith(t, { env: { TMPDIR: planted.path } }, 0, 'run', '--rm', '--rootfs', rootfs, 'true');
  delete store.prefix;
  const trace = readFileSync(join(rootfs, 'trace'), 'utf8');
  t.true(trace.includes(store.root), 'the trace has what was opened');
  t.false(trace.includes(planted.path), 'the directory for temporary files is not used');
  // The program may lie in such a directory itself.
  const lines = trace.split('\n').filter((line) => !line.includes(`"${process.cwd()}/`));
  t.deepEqual(
    lines.filter((line) => /"\/(tmp|var\/tmp|dev\/shm)\/(?!tspod-(cli|rootfs))/.test(line)),
    [],
  );
});
