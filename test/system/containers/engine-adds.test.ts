/** What the engine adds to a container: hooks from directories, mounts of other containers; and variables made of others. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';

import { openEngine } from '../../../src/index.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { output, run } from '../../helpers/cli.js';
import { rejectsWith, testEngine } from '../../helpers/engine.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

test('hooks of an engine’s directories run for the containers that they are meant for, also after a restart', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const [store, root, directory] = [await testEngine(t), busyboxRoot(t), temporaryDirectory(t)];
  const script = join(directory, 'hook');
  writeFileSync(script, `#!/bin/sh\necho "$1" >> ${directory}/ran\n`, { mode: 0o755 });
  const hook = (stage: string, when: object) =>
    JSON.stringify({ version: '1.0.0', hook: { path: script, args: ['hook', stage] }, when, stages: [stage] });
  writeFileSync(join(directory, '1.json'), hook('createRuntime', { commands: ['/sh$|^sh$'] }));
  writeFileSync(join(directory, '2.json'), hook('poststop', { hasBindMounts: true }));
  const engine = await openEngine({ root: store.root, runRoot: store.runRoot, hooksDirectories: [directory] });
  t.teardown(() => engine.close());
  const ran = () => readFileSync(join(directory, 'ran'), 'utf8');
  const mounts = [{ type: 'bind', source: root, target: '/mnt' }] as const;
  await engine.run(store.options({ rootfs: root, command: ['sh', '-c', 'exit 0'], mounts }));
  t.is(ran(), 'createRuntime\npoststop\n');
  const container = await engine.containers.create(store.options({ rootfs: root, command: ['sh', '-c', 'exit 0'] }));
  // By an engine that has no such directory: the container keeps its hooks.
  await store.engine.containers.get(container.id).start();
  await container.wait();
  t.is(ran(), 'createRuntime\npoststop\ncreateRuntime\n');
  const volumes = [{ type: 'volume', source: 'v', target: '/mnt' }] as const;
  await engine.run(store.options({ rootfs: root, command: ['sh', '-c', 'exit 0'], mounts: volumes }));
  t.is(ran(), 'createRuntime\npoststop\ncreateRuntime\ncreateRuntime\npoststop\n', 'a volume is mounted as well');
  writeFileSync(join(directory, '3.json'), '{');
  const message = await rejectsWith(
    t,
    engine.containers.create(store.options({ rootfs: root, command: ['true'] })),
    'INVALID_ARGUMENT',
  );
  t.regex(message, /^parsing hook ".*\/3\.json": /);
  t.is(engine.containers.list({ all: true }).length, 1);
});

test('volumesFrom: bind mounts of another container, read-only where asked for, its own first', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const [store, root, shared] = [await testEngine(t), busyboxRoot(t), temporaryDirectory(t)];
  mkdirSync(join(shared, 'a'));
  const mounts = ['/a', '/b'].map((target) => ({ type: 'bind' as const, source: join(shared, 'a'), target }));
  const donor = await store.engine.containers.create(
    store.options({ rootfs: root, name: 'donor', mounts, command: ['true'] }),
  );
  const inside = async (volumesFrom: readonly string[], script: string) => {
    const own = [{ type: 'tmpfs' as const, target: '/b' }];
    const options = { rootfs: root, volumesFrom, mounts: own, command: ['sh', '-c', script] };
    return (await store.engine.run(store.options(options))).stdout;
  };
  await inside(['donor'], 'echo written > /a/file; echo hidden > /b/other');
  t.is(
    await inside([`${donor.id}:ro`], 'cat /a/file; ls /a; touch /a/x 2>/dev/null || echo refused'),
    'written\nfile\nrefused\n',
  );
  await rejectsWith(t, inside(['nobody'], 'true'), 'NO_SUCH_CONTAINER');
  await rejectsWith(t, inside(['donor:bad'], 'true'), 'INVALID_ARGUMENT');
});

test('command line: --volumes-from and --env-merge', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const [root, shared] = [busyboxRoot(t), temporaryDirectory(t)];
  writeFileSync(join(shared, 'file'), 'of the donor\n');
  await run(t, 0, 'create', '--name', 'donor', '-v', `${shared}:/a`, '--rootfs', root, 'true');
  const merged = ['-e', 'WHO=me', '--env-merge', 'PATH=${PATH}:/more', '--env-merge', 'HELLO=hello $WHO$NOBODY'];
  const script = 'cat /a/file; echo $PATH; echo $HELLO';
  const found = await output(
    t,
    'run',
    '--rm',
    '--volumes-from',
    'donor',
    ...merged,
    '--rootfs',
    root,
    'sh',
    '-c',
    script,
  );
  await run(t, 0, 'create', '--name', 'c', '--volumes-from', 'donor:ro', '--init', '--rootfs', root, 'true');
  const fields = '{{.HostConfig.VolumesFrom}} {{.HostConfig.Init}}';
  t.is(await output(t, 'inspect', '-f', fields, 'c', 'donor'), '[donor:ro] true\n[] false\n');
  t.is(found, 'of the donor\n/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/more\nhello me\n');
});
