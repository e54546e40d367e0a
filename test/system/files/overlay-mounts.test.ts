/** Mounts with the option O: a directory of the host, or a volume, below a layer that takes what the container writes. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import type { CreateOptions, MountOptions } from '../../../src/index.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { output, run } from '../../helpers/cli.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'busybox', 'overlay');

/** A directory with a file. */
function sourceOf(t: ExecutionContext<unknown>, prefix = 'tspod-source-'): string {
  const source = temporaryDirectory(t, prefix);
  writeFileSync(join(source, 'f'), 'host');
  return source;
}

const over = (source: string, ...options: readonly string[]): { readonly mounts: readonly MountOptions[] } => ({
  mounts: [{ type: 'bind', source, target: '/x', options: ['O', ...options] }],
});

async function printed({ engine, options }: TestEngine, given: CreateOptions, script: string): Promise<string> {
  const { stdout, stderr } = await engine.run(options({ command: ['sh', '-c', script], ...given }));
  return stdout + stderr;
}

const MAPS = {
  uidMaps: [{ containerId: 0, hostId: 100000, size: 65536 }],
  gidMaps: [{ containerId: 0, hostId: 100000, size: 65536 }],
};

test('what a container writes to an overlaid directory is not in the directory, and is gone at the next start', async (t) => {
  if (!ready(t)) return;
  const env = await testEngine(t);
  const source = sourceOf(t);
  const script = 'cat /x/f; echo; rm /x/f; echo new > /x/new; ls /x; grep -c " /x .* - overlay " /proc/self/mountinfo';
  const container = await env.engine.containers.create(
    env.options({ rootfs: busyboxRoot(t), command: ['sh', '-c', script], ...over(source) }),
  );
  for (let start = 1; start <= 2; start += 1) {
    await container.start();
    await container.wait();
    let text = '';
    for await (const { data } of container.logs()) text += data.toString();
    t.is(text, 'host\nnew\n1\n'.repeat(start));
  }
  t.deepEqual(readdirSync(source), ['f']);
  t.is(readFileSync(join(source, 'f'), 'utf8'), 'host');
  t.like(container.inspect().Mounts[0], { Type: 'bind', Source: source, Destination: '/x', RW: true });
  await container.remove();
  t.deepEqual(readdirSync(join(env.root, 'containers')), []);
});

test('an overlaid volume keeps what it has, and is nosuid and nodev as ever', async (t) => {
  if (!ready(t)) return;
  const env = await testEngine(t);
  const rootfs = busyboxRoot(t);
  const volume = (...options: readonly string[]): CreateOptions => ({
    rootfs,
    mounts: [{ type: 'volume', source: 'v', target: '/x', options }],
  });
  await printed(env, volume(), 'echo -n kept > /x/f');
  const script = 'echo changed > /x/f; sed -n "s/.* \\/x \\(rw,[a-z,]*\\) .*/\\1/p" /proc/self/mountinfo';
  t.is(await printed(env, volume('O'), script), 'rw,nosuid,nodev,relatime\n');
  t.regex(await printed(env, volume('O', 'ro'), 'cat /x/f; touch /x/new'), /^kepttouch: .*Read-only file system\n$/);
});

test('an overlaid directory has the owners of the host in a user namespace, and its top is the root’s there', async (t) => {
  if (!ready(t) || !requires(t, 'userns')) return;
  const env = await testEngine(t);
  const script =
    'stat -c %u /x/f; stat -c %u /x; echo new > /x/new && cat /x/new; (echo 2 > /x/f) 2>/dev/null || cat /x/f';
  const given = { rootfs: busyboxRoot(t), rootfsOverlay: true, ...MAPS, ...over(sourceOf(t)) };
  t.is(await printed(env, given, script), '65534\n0\nnew\nhost');
});

test('paths of any length and with any characters can be overlaid', async (t) => {
  if (!ready(t)) return;
  const env = await testEngine(t);
  const source = join(temporaryDirectory(t), 'a:b,c\\d ü', ...Array<string>(4).fill('l'.repeat(100)));
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, 'f'), 'far');
  t.is(await printed(env, { rootfs: busyboxRoot(t), ...over(source) }, 'cat /x/f; echo 2 > /x/f'), 'far');
  t.is(readFileSync(join(source, 'f'), 'utf8'), 'far');
});

test('a link that the container puts in place of an overlaid directory leads nowhere else', async (t) => {
  if (!ready(t)) return;
  const env = await testEngine(t);
  const rootfs = busyboxRoot(t);
  const secret = sourceOf(t, 'tspod-secret-');
  for (const maps of [{}, MAPS]) {
    mkdirSync(join(rootfs, 'mine'));
    const given = { rootfs, ...maps, ...over(join(rootfs, 'mine')) };
    t.is(await printed(env, given, 'ls /x'), '', JSON.stringify(maps));
    rmSync(join(rootfs, 'mine'), { recursive: true });
    symlinkSync(secret, join(rootfs, 'mine'));
    await env.engine.run(env.options({ command: ['ls', '/x'], ...given })).then(
      ({ stdout }) => t.false(stdout.includes('f'), JSON.stringify(maps)),
      (error: unknown) => t.regex(String(error), /no such file/),
    );
    rmSync(join(rootfs, 'mine'));
  }
});

test('what cannot be overlaid is refused, and nothing is left', async (t) => {
  if (!ready(t)) return;
  const env = await testEngine(t);
  const rootfs = busyboxRoot(t);
  const source = sourceOf(t);
  const create = (given: CreateOptions) => env.engine.containers.create(env.options({ rootfs, ...given }));
  await rejectsWith(t, create(over(join(source, 'none'))), 'INVALID_ARGUMENT');
  await rejectsWith(t, create(over(join(source, 'f'))), 'INVALID_ARGUMENT');
  for (const other of ['idmap', 'rbind', 'shared', 'rro', 'U'])
    await rejectsWith(t, create(over(source, other)), 'INVALID_ARGUMENT');
  const container = await create({ command: ['true'], ...over(source) });
  rmSync(source, { recursive: true });
  await rejectsWith(t, container.start(), 'INVALID_ARGUMENT');
  await container.remove();
  t.deepEqual(readdirSync(join(env.root, 'containers')), []);
});

test('cp: an overlaid directory of a container that does not run, and of one that does', async (t) => {
  if (!ready(t)) return;
  const rootfs = busyboxRoot(t);
  const [source, out] = [sourceOf(t), temporaryDirectory(t)];
  writeFileSync(join(out, 'in'), 'copied');
  await run(t, 0, 'create', '--name', 'c', '-v', `${source}:/x:O`, '--rootfs', rootfs, 'sleep', '1000');
  await run(t, 0, 'cp', 'c:/x/f', join(out, 'f'));
  t.is(readFileSync(join(out, 'f'), 'utf8'), 'host');
  await run(t, 0, 'start', 'c');
  await run(t, 0, 'cp', join(out, 'in'), 'c:/x/in');
  t.is(await output(t, 'exec', 'c', 'cat', '/x/in'), 'copied');
  t.false(existsSync(join(source, 'in')));
  await run(t, 0, 'rm', '--force', '--time', '0', 'c');
  t.deepEqual(readdirSync(source), ['f']);
});

test('other OCI runtimes overlay a directory as well', async (t) => {
  if (!ready(t) || !requires(t, 'runc')) return;
  const source = sourceOf(t);
  const given = { rootfs: busyboxRoot(t), runtime: 'runc', ...over(source) };
  t.is(await printed(await testEngine(t), given, 'cat /x/f; echo new > /x/f; cat /x/f'), 'hostnew\n');
  t.is(readFileSync(join(source, 'f'), 'utf8'), 'host');
});
