/** Mounts of a container whose root, or a sibling, has prepared the places that they go to. */
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import test from 'ava';

import { isTspodError, type Container, type CreateOptions } from '../../src/index.js';
import { isNativeError } from '../../src/native/index.js';
import {
  attackersRoot,
  hostMountsBelow,
  hostParameters,
  listing,
  runOnPeer,
  runRounds,
  sentinel,
  swapper,
  unlessRefused,
} from '../helpers/attacks.js';
import { testEngine } from '../helpers/engine.js';
import { busyboxLayer, imageOf, layerOf, sourceOf, tarOf } from '../helpers/layers.js';
import { requires } from '../helpers/requires.js';
import { temporaryDirectory } from '../helpers/temp.js';
import { until } from '../helpers/until.js';

for (const peer of ['crun', 'runc'] as const) {
  test(`mounts: devices are not made where a link in place of /dev leads to; by ${peer} of Debian 12 they are (CVE-2026-41579)`, async (t) => {
    if (!requires(t, 'root', 'overlay', 'busybox')) return;
    const { engine, options } = await testEngine(t);
    const host = sentinel(t, ['ptmx']);
    const rootOf = (target: string): string => {
      const root = attackersRoot(t);
      spliceLink(root, 'dev', target);
      return root;
    };
    for (const more of [
      {},
      { tty: true },
      { privileged: true },
      { mounts: [{ type: 'tmpfs', target: '/dev/shm' }] },
    ] as const) {
      await unlessRefused(engine.run(options({ rootfs: rootOf(host.path), command: ['true'], ...more })));
      host.unchanged(JSON.stringify(more));
      t.deepEqual(hostMountsBelow(host.path), []);
    }
    const bait = temporaryDirectory(t);
    if (runOnPeer(t, peer, { root: rootOf(bait), args: ['/bin/true'] }))
      t.not(readdirSync(bait).length, 0, 'the attack is one');
  });
}

function spliceLink(root: string, name: string, target: string): void {
  // an empty directory of busyboxRoot()
  rmdirSync(join(root, name));
  symlinkSync(target, join(root, name));
}

test('mounts: a sibling that swaps the targets for links to the host leads none of them out (CVE-2021-30465, CVE-2024-45310)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox', 'gcc')) return;
  const { engine, options } = await testEngine(t);
  const host = sentinel(t);
  const shared = temporaryDirectory(t, 'tspod-shared-');
  const inner = temporaryDirectory(t, 'tspod-inner-');
  for (const name of ['a', 'b/x']) mkdirSync(join(shared, name), { recursive: true });
  symlinkSync(host.path, join(shared, 'link-a'));
  symlinkSync('/', join(shared, 'link-b'));
  swapper(t, join(shared, 'a'), join(shared, 'link-a'));
  swapper(t, join(shared, 'b'), join(shared, 'link-b'));
  const rootfs = attackersRoot(t);
  const mounts: CreateOptions['mounts'] = [
    { type: 'bind', source: shared, target: '/vol' },
    { type: 'bind', source: inner, target: '/vol/a/mounted' },
    { type: 'tmpfs', target: '/vol/b/x/y' },
    { type: 'bind', source: join(inner), target: `/vol/b/${host.path}/made` },
  ];
  const command = ['sh', '-c', `cat ${host.path}/secret; ls ${host.path}`];
  const all = options({ rootfs, rootfsOverlay: true, mounts, command });
  for (const { stdout } of await runRounds(t, () => engine.run(all))) t.notRegex(stdout, /of the host/);
  host.unchanged();
  t.deepEqual([...hostMountsBelow(host.path), ...hostMountsBelow(inner)], []);
});

test('mounts: links of the root, old or in a row, lead to places in it; too many are refused (CVE-2019-18837)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox')) return;
  const { engine, options } = await testEngine(t);
  const host = sentinel(t);
  const rootfs = attackersRoot(t);
  mkdirSync(join(rootfs, 'var'));
  symlinkSync('/run', join(rootfs, 'var/run'));
  symlinkSync('../../../../../..', join(rootfs, 'up'));
  for (let number = 0; number < 45; number += 1)
    symlinkSync(number === 0 ? '/tmp' : `chain${number - 1}`, join(rootfs, `chain${number}`));
  const run = (target: string, command: readonly string[]) =>
    engine.run(
      options({
        rootfs,
        rootfsOverlay: true,
        mounts: [{ type: 'bind', source: host.path, target, options: ['ro'] }],
        command,
      }),
    );
  // The legitimate use: absolute links, as Debian's /var/run, lead to the place that the container's programs find there.
  t.is((await run('/var/run/y', ['cat', '/run/y/secret'])).stdout, 'of the host: secret');
  t.is((await run('/chain30/z', ['cat', '/tmp/z/secret'])).stdout, 'of the host: secret');
  t.is((await run('/up/tmp/u', ['cat', '/tmp/u/secret'])).stdout, 'of the host: secret');
  await t.throwsAsync(run('/chain44/z', ['true']), { message: /symbolic links/ });
  t.is((await engine.run(options({ rootfs, workdir: '/var/run', command: ['pwd'] }))).stdout, '/run\n');
  host.unchanged();
});

test('volumes of an image begin with what lies in it, whatever their paths say (CVE-2022-23648)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox')) return;
  const { engine, options } = await testEngine(t);
  const host = sentinel(t);
  const layer = layerOf([
    { path: 'out', type: 'symlink', target: host.path },
    { path: 'data', type: 'directory' },
    { path: 'data/own', content: 'of the image' },
    { path: 'link', type: 'symlink', target: '/data' },
  ]);
  const volumes = (...paths: string[]) => Object.fromEntries(paths.map((path) => [path, {}]));
  const pull = (name: string, ...paths: string[]) =>
    engine.images.pull(sourceOf(imageOf({ layers: [busyboxLayer(), layer], config: { Volumes: volumes(...paths) } })), {
      name,
    });
  const hostile = ['/out', `/../../../../../..${host.path}`, '/data/../../../../../../etc', '/proc/../out', '/out/sub'];
  for (const [number, path] of hostile.entries()) {
    await pull(`hostile:${number}`, path);
    for (const imageVolume of ['bind', 'tmpfs'] as const) {
      const command = ['sh', '-c', `cat /out/secret /out/inner ${path}/secret; echo x > ${path}/new`];
      const result = await unlessRefused(engine.run(options({ image: `hostile:${number}`, imageVolume, command })));
      t.notRegex(result?.stdout ?? '', /of the host/, path);
    }
  }
  host.unchanged();
  await pull('good:1', '/data', '/link');
  t.is((await engine.run(options({ image: 'good:1', command: ['cat', '/data/own'] }))).stdout, 'of the image');
});

test('terminal: the console is the container’s own while a sibling swaps what it may be made of (CVE-2025-52565)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox', 'gcc')) return;
  const { engine, options } = await testEngine(t);
  const host = sentinel(t);
  const shared = temporaryDirectory(t, 'tspod-shared-');
  for (const name of ['0', 'ptmx', 'console']) {
    writeFileSync(join(shared, name), '');
    symlinkSync(join(host.path, 'secret'), join(shared, `link-${name}`));
    swapper(t, join(shared, name), join(shared, `link-${name}`));
  }
  const rootfs = attackersRoot(t);
  mkdirSync(join(shared, 'pts'));
  const bind = (target: string) => ({ type: 'bind', source: shared, target }) as const;
  // Here the name that a terminal would have is swapped, and the terminal itself is one of the host's: `pts` is where the kernel looks for it.
  const names = temporaryDirectory(t, 'tspod-names-');
  for (const name of ['0', 'ptmx']) writeFileSync(join(names, name), '');
  mkdirSync(join(names, 'pts'));
  symlinkSync(join(host.path, 'secret'), join(names, 'link'));
  swapper(t, join(names, '0'), join(names, 'link'));
  const named = (target: string, source: string) => ({ type: 'bind', source, target }) as const;
  // The last two are refused, since there is no terminal to be had in what is shared.
  const ways = [
    [bind('/dev'), { type: 'devpts', target: '/dev/pts' } as const],
    [named('/dev/pts', names), named('/dev/pts/ptmx', '/dev/pts/ptmx'), named('/dev/pts/pts', '/dev/pts')],
    [bind('/dev/pts')],
    [bind('/dev')],
  ];
  const script = 'stat -c %t /dev/console; read -t 0.1 line < /dev/console; echo "$line"; echo x > /dev/console';
  const command = ['sh', '-c', script];
  const all = options({ rootfs, rootfsOverlay: true, tty: true, command, timeoutSec: 5 });
  const shown = ways.map(() => '');
  await runRounds(t, async (round) => {
    const way = round % ways.length;
    const { stdout } = await engine.run({ ...all, mounts: ways[way] ?? [] });
    return (shown[way] += stdout);
  });
  for (const stdout of shown) t.notRegex(stdout, /of the host/);
  // The legitimate use: 136 is the major number of terminals.
  for (const stdout of shown.slice(0, 2)) t.regex(stdout, /^88\r?$/m);
  host.unchanged();
  t.deepEqual(hostMountsBelow(host.path), []);
  const own = await engine.run(options({ rootfs, tty: true, command: ['stat', '-c', '%t', '/dev/console'] }));
  t.is(own.stdout.trim(), '88');
});

test('masks: what hides is not of the container, also while a sibling swaps it (CVE-2025-31133, CVE-2025-52881)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox', 'gcc')) return;
  const { engine, options } = await testEngine(t);
  const before = hostParameters();
  const shared = temporaryDirectory(t, 'tspod-shared-');
  const rootfs = attackersRoot(t);
  writeFileSync(join(shared, 'null'), '');
  symlinkSync('/proc/sys/kernel/core_pattern', join(shared, 'link'));
  swapper(t, join(shared, 'null'), join(shared, 'link'));
  const script =
    'wc -c < /proc/timer_list; ls -A /proc/acpi /sys/firmware 2>/dev/null; for file in kernel/core_pattern kernel/sysrq; do (echo "|/x" > /proc/sys/$file) 2>/dev/null && echo written; done; cat /proc/sys/kernel/shm_rmid_forced';
  const mounts = [{ type: 'bind', source: shared, target: '/dev' }] as const;
  const sysctls = { 'kernel.shm_rmid_forced': '1' };
  const all = options({ rootfs, rootfsOverlay: true, mounts, sysctls, command: ['sh', '-c', script] });
  for (const { stdout } of await runRounds(t, () => engine.run(all))) t.regex(stdout, /^0\n(\/\S+:\n*)*1\n$/);
  t.deepEqual(hostParameters(), before);
});

test('mounts: what lies in /proc and /sys of a root does not become theirs (CVE-2019-19921, CVE-2023-27561)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox')) return;
  const { engine, options } = await testEngine(t);
  const before = hostParameters();
  for (const name of ['proc', 'sys']) {
    const host = sentinel(t);
    for (const target of [host.path, '/bad', `../../../../../..${host.path}`, '.']) {
      const rootfs = attackersRoot(t);
      spliceLink(rootfs, name, target);
      mkdirSync(join(rootfs, 'bad/sys/kernel'), { recursive: true });
      const inside = listing(join(rootfs, 'bad'));
      const script = `stat -f -c %T /${name}; echo x > /proc/sys/kernel/core_pattern; mount | grep -c " /${name} "`;
      const sysctls = { 'kernel.shm_rmid_forced': '1' };
      const result = await unlessRefused(
        engine.run(options({ rootfs, rootfsOverlay: true, command: ['sh', '-c', script], sysctls })),
      );
      // Refused, or on a directory of the container.
      if (result !== undefined) t.notRegex(result.stdout, /of the host/);
      host.unchanged(`${name} ${target}`);
      t.deepEqual(hostMountsBelow(host.path), []);
      t.deepEqual(listing(join(rootfs, 'bad')), inside);
    }
  }
  t.deepEqual(hostParameters(), before);
});

const IDS = [{ containerId: 0, hostId: 100_000, size: 65_536 }];

/** Ways in which a mount is made: by init, by the monitor for another user's init, or in the host's namespace; options of the container and of its mounts. */
const MADE: Readonly<Record<string, readonly [CreateOptions, readonly string[]]>> = {
  plain: [{}, []],
  'in a user namespace': [{ uidMaps: IDS, gidMaps: IDS }, []],
  'with ids of a user namespace': [{ uidMaps: IDS, gidMaps: IDS }, ['idmap']],
  'as a slave of the host': [{}, ['rslave']],
};

for (const [how, [more, mountOptions]] of Object.entries(MADE)) {
  test(`mounts: a source in a directory that the container writes is not what it has linked there, when it is launched again, ${how}`, async (t) => {
    if (!requires(t, 'root', 'overlay', 'busybox', 'userns')) return;
    const { engine, options } = await testEngine(t);
    const rootfs = attackersRoot(t);
    const targets = [(host: string) => host, (host: string) => `../../../../../..${host}`];
    for (const [number, targetOf] of targets.entries()) {
      const host = sentinel(t);
      const data = temporaryDirectory(t, 'tspod-shared-');
      chmodSync(data, 0o777);
      mkdirSync(join(data, 'sub'), { mode: 0o755 });
      const given = `${data}-link`;
      symlinkSync(data, given);
      t.teardown(() => rmSync(given));
      const target = targetOf(host.path);
      const script = `grep ' /sub ' /proc/self/mountinfo; cat /sub/secret; echo x > /sub/new; test -e /data/old && exit 0; mv /data/sub /data/old; busybox ln -s ${target} /data/sub; exit 1`;
      const container = await engine.containers.create(
        options({
          rootfs,
          rootfsOverlay: true,
          mounts: [
            { type: 'bind', source: data, target: '/data', options: mountOptions },
            // By the path that the user gave, and by a link of the user's.
            { type: 'bind', source: join(number === 0 ? data : given, 'sub'), target: '/sub', options: mountOptions },
          ],
          restart: { policy: 'on-failure', maxRetries: 2 },
          command: ['sh', '-c', script],
          ...more,
        }),
      );
      await container.start();
      await container.wait();
      t.is(readlinkSync(join(data, 'sub')), target, 'the attack was tried');
      host.unchanged(`the policy, ${how}`);
      await t.throwsAsync(container.start(), { message: /bind sub in \S+ on \/sub: .*no such file or directory/ });
      host.unchanged(`start, ${how}`);
      const copied = await unlessRefused(container.copyOut('/sub').then(buffer));
      t.false(copied?.includes('of the host') ?? false);
      await unlessRefused(
        container.copyIn('/sub', Readable.from([tarOf([{ path: 'new', content: 'x' }])])),
        (error) => isNativeError(error) || isTspodError(error, 'PERMISSION_DENIED'),
      );
      host.unchanged(`cp, ${how}`);
      const log = await logOf(container);
      t.regex(log, /tspod-shared-/, 'the source was mounted');
      t.notRegex(log, /of the host|tspod-sentinel-/);
      await container.remove();
    }
  });

  test(`mounts: sources in other mounts and through links of the user are found again at each launch, ${how}`, async (t) => {
    if (!requires(t, 'root', 'overlay', 'busybox', 'userns')) return;
    const { engine, options } = await testEngine(t);
    const top = temporaryDirectory(t, 'tspod-shared-');
    chmodSync(top, 0o755);
    const one = join(top, 'one');
    for (const name of ['one', 'two']) {
      mkdirSync(join(top, name, 'data/releases/1'), { recursive: true });
      writeFileSync(join(top, name, 'data/releases/1/file'), `release of ${name}\n`);
      writeFileSync(join(top, name, 'file'), `${name}\n`);
      symlinkSync('releases/1', join(top, name, 'data/current'));
    }
    // Of the user: an absolute one to a directory, to a part of the volume, and to the volume itself.
    symlinkSync(one, join(top, 'absolute'));
    symlinkSync(join(one, 'data/releases'), join(top, 'releases'));
    symlinkSync('one/data', join(top, 'volume'));
    const bind = (source: string, target: string) =>
      ({ type: 'bind', source: join(top, source), target, options: mountOptions }) as const;
    const container = await engine.containers.create(
      options({
        rootfs: attackersRoot(t),
        rootfsOverlay: true,
        mounts: [
          bind('volume', '/data'),
          bind('absolute/file', '/file'),
          bind('one/data/releases/1', '/plain'),
          bind('volume/current', '/current'),
          bind('releases/1/file', '/one'),
        ],
        restart: { policy: 'on-failure', maxRetries: 1 },
        command: ['sh', '-c', 'cat /file /plain/file /current/file /one; exit 1'],
        ...more,
      }),
    );
    await container.start();
    await container.wait();
    const once = `one\n${'release of one\n'.repeat(3)}`;
    t.is(await logOf(container), once.repeat(2));
    t.true((await buffer(await container.copyOut('/current/file'))).includes('release of one'));
    // What the user changes counts at the next launch.
    for (const name of ['absolute', 'volume']) rmSync(join(top, name));
    symlinkSync(join(top, 'two'), join(top, 'absolute'));
    symlinkSync('two/data', join(top, 'volume'));
    await container.start();
    await container.wait();
    const changed = 'two\nrelease of one\nrelease of two\nrelease of one\n';
    t.is((await logOf(container)).slice(2 * once.length), changed.repeat(2));
  });
}

async function logOf(container: Container): Promise<string> {
  let all = '';
  for await (const { data } of container.logs()) all += data.toString();
  return all;
}

test('mounts: more of all than anybody needs is taken as it is or refused, never cut short (CVE-2021-43784)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox', 'userns')) return;
  const { engine, options } = await testEngine(t);
  const rootfs = attackersRoot(t);
  const source = temporaryDirectory(t);
  const maps = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ containerId: index * 2, hostId: 1000 + index * 2, size: 1 }));
  const tries = async (more: CreateOptions, command: readonly string[]) =>
    engine.run(options({ rootfs, rootfsOverlay: true, command, ...more })).then(
      ({ stdout }) => stdout.trim(),
      (error: unknown) => (error instanceof Error && 'code' in error ? 'refused' : String(error)),
    );
  // The kernel takes 340 lines, and a page.
  t.is(await tries({ uidMaps: maps(340) }, ['wc', '-l', '/proc/self/uid_map']), '340 /proc/self/uid_map');
  t.is(await tries({ uidMaps: maps(2000) }, ['wc', '-l', '/proc/self/uid_map']), 'refused');
  t.is(await tries({ hostname: 'a'.repeat(100_000) }, ['hostname']), 'refused');
  t.is(await tries({ env: { LONG: 'x'.repeat(100_000) } }, ['sh', '-c', 'echo ${#LONG}']), '100000');
  t.is(await tries({ env: { LONG: 'x'.repeat(10 * 1024 ** 2) } }, ['sh', '-c', 'echo ${#LONG}']), 'refused');
  const many = Array.from({ length: 1000 }, (_, index) => ({ type: 'bind', source, target: `/m/${index}` }) as const);
  t.is(await tries({ mounts: many }, ['grep', '-c', ' /m/', '/proc/mounts']), '1000');
});

/** Puts a link to a place of the host where others are to find its shared memory. */
const LINK_SHM = (to: string) => [
  'sh',
  '-c',
  `umount /dev/shm && rm -r /dev/shm && ln -s ${to} /dev/shm && echo linked; sleep 1000`,
];

test('mounts: with another runtime the shared memory of a container is what it has, and no place that its link names', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox', 'runc')) return;
  const { engine, options } = await testEngine(t);
  const rootfs = attackersRoot(t);
  const before = sentinel(t);
  const inRoot = { rootfs, rootfsOverlay: true };
  const donor = async (more: object) => {
    const container = await engine.containers.create(options({ ...inRoot, ipc: 'shareable', ...more }));
    await container.start();
    return container;
  };
  const join = async (id: string, rootfsOverlay = true) =>
    engine.run(
      options({
        rootfs,
        rootfsOverlay,
        runtime: 'runc',
        ipc: `container:${id}`,
        command: ['sh', '-c', 'ls /dev/shm; echo written > /dev/shm/joiner'],
      }),
    );
  const hostile = await donor({
    capAdd: ['SYS_ADMIN'],
    security: { seccompProfile: 'unconfined', apparmorProfile: 'unconfined' },
    command: LINK_SHM(before.path),
  });
  for await (const { data } of hostile.logs({ follow: true })) if (data.includes('linked')) break;
  const joined = await unlessRefused(join(hostile.id));
  t.notRegex(joined?.stdout ?? '', /secret/);
  before.unchanged();
  // The legitimate use.
  const friendly = await donor({ command: ['sh', '-c', 'echo x > /dev/shm/donor; sleep 1000'] });
  await until(
    'the donor has written',
    async () => (await friendly.exec({ command: ['ls', '/dev/shm'] })).stdout !== '',
  );
  t.is((await join(friendly.id)).stdout, 'donor\n');
  t.is((await join(friendly.id, false)).stdout, 'donor\njoiner\n');
  t.is((await friendly.exec({ command: ['cat', '/dev/shm/joiner'] })).stdout, 'written\n');
});
