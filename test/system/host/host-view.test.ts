/** What a host: container sees of this machine, with secrets that the tests leave where a host has them. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import type { CreateOptions } from '../../../src/index.js';
import { rejectsWith, testEngine } from '../../helpers/engine.js';
import { output, run, runWith, storeOf } from '../../helpers/cli.js';
import { requires, skip } from '../../helpers/requires.js';
import { until } from '../../helpers/until.js';

/** A file of the test's own on the host, with a secret in it; it is gone after the test, with the directories made for it. */
function plant(t: ExecutionContext, path: string, mode = 0o644): string {
  const made = mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, 'tspod test secret');
  chmodSync(path, mode);
  t.teardown(() => {
    rmSync(made ?? path, { recursive: true, force: true });
  });
  return path;
}

const unique = (): string => `tspod-test-${randomBytes(6).toString('hex')}`;

const seen = test.macro<[path: (name: string) => string, mode: number, visible: boolean]>({
  exec: async (t, ...[path, mode, visible]) => {
    if (!requires(t, 'root', 'overlay')) return;
    const file = plant(t, path(unique()), mode);
    const { engine, options } = await testEngine(t);
    const { exitCode } = await engine.run(options({ command: ['grep', '-q', 'secret', file] }));
    t.is(exitCode, visible ? 0 : 2);
  },
  title: (_, ...[path, mode, visible]) => `${mode.toString(8)} ${path('NAME')} is ${visible ? 'seen' : 'not seen'}`,
});

test(seen, (name) => `/root/${name}`, 0o644, false);
test(seen, (name) => `/home/${name}/.ssh/id`, 0o644, false);
test(seen, (name) => `/tmp/${name}`, 0o644, false);
test(seen, (name) => `/var/tmp/${name}`, 0o644, false);
test(seen, (name) => `/run/${name}`, 0o644, false);
test(seen, (name) => `/srv/${name}`, 0o644, false);
test(seen, (name) => `/${name}`, 0o644, false);
test(seen, (name) => `/${name}/x`, 0o644, false);
test(seen, (name) => `/etc/${name}`, 0o600, false);
test(seen, (name) => `/etc/${name}/x`, 0o640, false);
test(seen, (name) => `/etc/ssl/private/${name}`, 0o644, false);
test(seen, (name) => `/etc/wireguard/${name}`, 0o644, false);
test(seen, (name) => `/etc/${name}.keytab`, 0o644, false);
test(seen, (name) => `/var/lib/${name}/data`, 0o644, false);
test(seen, (name) => `/var/cache/${name}/data`, 0o644, false);
test(seen, (name) => `/var/log/${name}`, 0o644, false);
test(seen, (name) => `/var/spool/${name}/x`, 0o644, false);
test(seen, (name) => `/var/backups/${name}`, 0o644, false);
test(seen, (name) => `/var/${name}/x`, 0o644, false);
test(seen, (name) => `/etc/${name}.conf`, 0o644, true);
test(seen, (name) => `/usr/share/${name}`, 0o644, true);
test(seen, (name) => `/opt/${name}/x`, 0o644, true);

test('emptied directories keep their owner and mode, and can be used', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const directories = ['/root', '/home', '/tmp', '/var/tmp', '/run'];
  const script = `stat -c '%a %u %g' ${directories.join(' ')}; touch /root/a /tmp/b /var/lib/c && echo writable`;
  const { stdout } = await engine.run(options({ command: ['sh', '-c', script] }));
  const expected = directories.map((path) => {
    const { mode, uid, gid } = statSync(path);
    return `${(mode & 0o7777).toString(8)} ${uid} ${gid}`;
  });
  t.deepEqual(stdout.trim().split('\n'), [...expected, 'writable']);
  t.false(existsSync('/var/lib/c'));
});

test('the state of package managers is there, and can be changed without the host noticing', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  if (!existsSync('/var/lib/dpkg/status')) return skip(t, 'this machine has no dpkg');
  const { engine, options } = await testEngine(t);
  const script =
    'grep -c ^Package: /var/lib/dpkg/status; rm -rf /var/lib/dpkg; mkdir /var/lib/dpkg; ls -A /var/lib/dpkg | wc -l';
  const { stdout } = await engine.run(options({ command: ['sh', '-c', script] }));
  const packages = readFileSync('/var/lib/dpkg/status', 'utf8').match(/^Package:/gm)?.length;
  t.is(stdout, `${packages}\n0\n`);
});

test('--show: a directory below a hidden one is a layer like the rest, a file is read-only', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const name = unique();
  const inDirectory = plant(t, `/home/${name}/project/file`);
  const beside = plant(t, `/home/${name}/key`);
  const file = plant(t, `/root/${name}`);
  const { engine, options } = await testEngine(t);
  const script = [
    `cat ${inDirectory}; echo`,
    `echo changed > ${inDirectory}; cat ${inDirectory}`,
    `cat ${beside} 2>/dev/null || echo no ${name}`,
    `cat ${file}; echo`,
    `echo changed 2>/dev/null > ${file} || echo read-only`,
    `ls -A /root`,
  ].join('\n');
  const { stdout } = await engine.run(options({ show: [dirname(inDirectory), file], command: ['sh', '-c', script] }));
  t.deepEqual(stdout.trim().split('\n'), [
    'tspod test secret',
    'changed',
    `no ${name}`,
    'tspod test secret',
    'read-only',
    name,
  ]);
  t.is(readFileSync(inDirectory, 'utf8'), 'tspod test secret');
});

test('--hide: further files and directories, and host:all', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const name = unique();
  const file = plant(t, `/opt/${name}/a/file`);
  const other = plant(t, `/opt/${name}/b/file`);
  const { engine, options } = await testEngine(t);
  const command = ['sh', '-c', `ls -A /opt/${name} /opt/${name}/a /opt/${name}/b`];
  const hidden = await engine.run(options({ hide: [dirname(file), other], command }));
  t.deepEqual(hidden.stdout.split('\n').filter(Boolean), [
    `/opt/${name}:`,
    'a',
    'b',
    `/opt/${name}/a:`,
    `/opt/${name}/b:`,
  ]);
  const all = await engine.run(
    options({
      image: 'host:all',
      hide: [other],
      command: [...command.slice(0, 2), `cat /etc/shadow | wc -l; ls /opt/${name}/b`],
    }),
  );
  t.is(all.stdout, `${readFileSync('/etc/shadow', 'utf8').split('\n').length - 1}\n`);
});

test.serial(
  "host:all shows the host's other mounts as they are at the start, and never another engine's layers",
  async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const { engine, options } = await testEngine(t);
    const point = `/srv/${unique()}`;
    const layers = `/srv/${unique()}`;
    const mount = (source: string, target: string) => {
      mkdirSync(target);
      t.is(spawnSync('mount', ['-t', 'tmpfs', source, target]).status, 0);
      writeFileSync(`${target}/file`, '');
      t.teardown(() => {
        spawnSync('umount', [target]);
        rmSync(target, { recursive: true, force: true });
      });
    };
    const files = async () => {
      const command = ['sh', '-c', `ls -A ${point} ${layers} | grep -v :`];
      return (await engine.run(options({ image: 'host:all', command }))).stdout.trim();
    };
    mount('tspod-hide', layers);
    t.is(await files(), '');
    mount('any', point);
    t.is(await files(), 'file');
    t.is(spawnSync('umount', [point]).status, 0);
    rmSync(point, { recursive: true });
    t.is((await engine.run(options({ image: 'host:all', command: ['true'] }))).exitCode, 0);
  },
);

const restarted = test.macro<[ids: Partial<CreateOptions>]>({
  exec: async (t, ids) => {
    if (!requires(t, 'root', 'overlay')) return;
    const { engine, options } = await testEngine(t);
    const point = `/srv/${unique()}`;
    mkdirSync(point);
    t.teardown(() => {
      spawnSync('umount', ['-l', point]);
      rmSync(point, { recursive: true, force: true });
    });
    t.is(spawnSync('mount', ['-t', 'tmpfs', 'any', point]).status, 0);
    writeFileSync(`${point}/file`, '');
    const container = await engine.containers.create(
      options({ ...ids, image: 'host:all', restart: { policy: 'always' }, command: ['sleep', '1000'] }),
    );
    await container.start();
    const pid = () => container.inspect().State.Pid;
    const seen = (process: number) => readdirSync(`/proc/${process}/root${point}`);
    const first = pid();
    t.deepEqual(seen(first), ['file']);
    t.is(spawnSync('umount', ['-l', point]).status, 0);
    rmSync(point, { recursive: true });
    process.kill(first, 'SIGKILL');
    const second = await until('a restart', () => {
      const now = pid();
      return now !== 0 && now !== first && existsSync(`/proc/${now}/root${point}`) && now;
    });
    t.deepEqual(seen(second), []);
    t.throws(() => writeFileSync(`/proc/${second}/root${point}/new`, ''), { code: 'EROFS' });
  },
  title: (name) => `host:all: a restart finds an empty directory where a mount of the host was${name ?? ''}`,
});

const IDS = [{ containerId: 0, hostId: 100_000, size: 65_536 }];
test.serial(restarted, {});
test.serial(', with a user namespace', restarted, { uidMaps: IDS });

test("nobody sees the engine's own directories", async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options, root, runRoot } = await testEngine(t);
  for (const image of ['host:', 'host:all']) {
    const { stdout } = await engine.run(
      options({ image, command: ['sh', '-c', `ls -A ${root} ${runRoot} 2>/dev/null | grep -v :`] }),
    );
    t.is(stdout.trim(), '', image);
  }
  const { stdout } = await engine.run(
    options({ image: 'host:all', show: [dirname(root)], command: ['ls', '-A', root] }),
  );
  t.is(stdout, '');
  await rejectsWith(t, engine.run(options({ show: [root], command: ['true'] })), 'INVALID_ARGUMENT');
});

/** As on a machine of systemd, and one with a partition for /opt. That systemd itself runs is told by what it has in /run. */
const OTHER_FILE_SYSTEMS =
  'export TSPOD_CGROUP_MANAGER=cgroupfs; mount -t tmpfs -o mode=755 x /run; mount -t tmpfs x /opt; mkdir -p /run/one /opt/a/b /opt/c; echo key > /opt/a/key; echo key > /opt/key; exec "$@"';

function onOtherFileSystems(title: string, body: (t: ExecutionContext) => Promise<void>): void {
  test(title, async (t) => {
    if (!requires(t, 'root', 'overlay', 'unshare')) return;
    storeOf(t).prefix = ['unshare', '--mount', 'sh', '-c', OTHER_FILE_SYSTEMS, 'sh'];
    await body(t);
  });
}

onOtherFileSystems('what is hidden is hidden on other file systems, too', async (t) => {
  const script = 'find /opt | sort; cat /opt/key; touch /opt/a/mine; touch /opt/c/mine 2>&-';
  for (const image of ['host:', 'host:all']) {
    const flags = ['--hide', '/opt/a', '--hide', '/opt/key', '--show', '/opt/a/b'];
    const { stdout } = await run(t, 1, 'run', '--rm', ...flags, image, 'sh', '-c', script);
    t.is(stdout, '/opt\n/opt/a\n/opt/a/b\n/opt/c\n/opt/key\n', image);
    const { stdout: own } = await runWith(
      t,
      { env: { TSPOD_ROOT: '/opt/store' } },
      0,
      ...['run', '--rm', image, 'ls', '-A', '/opt/store'],
    );
    t.is(own, '', image);
  }
});

onOtherFileSystems('with --read-only what covers a hidden directory is read-only, too', async (t) => {
  const source = plant(t, `/opt-${unique()}/file`);
  const script = 'touch /opt/a/mine; echo more >/opt/a/b/mine; cat /opt/a/d/file; ls -A /opt/a';
  const flags = ['--read-only', '--hide', '/opt/a', '--show', '/opt/a/b', '-v', `${dirname(source)}:/opt/a/d:ro`];
  const { stdout, stderr } = await run(t, 0, 'run', '--rm', ...flags, 'host:', 'sh', '-c', script);
  t.is(stdout, 'tspod test secretb\nd\n');
  t.regex(stderr, /\/opt\/a\/mine.*Read-only file system/);
});

onOtherFileSystems('a /run of its own is empty, with host:all, too, but for what is shown', async (t) => {
  for (const image of ['host:', 'host:all']) {
    const find = ['find', '/run', '!', '-type', 'd', '-o', '-name', 'one'];
    t.is(await output(t, 'run', '--rm', image, ...find), '/run/.containerenv\n', image);
    const some = await output(t, 'run', '--rm', '--show', '/run/one', image, ...find);
    t.deepEqual(some.trim().split('\n').sort(), ['/run/.containerenv', '/run/one'], image);
  }
  const { stderr } = await run(t, 126, 'run', '--rm', '--show', '/run', 'host:', 'true');
  t.is(stderr, 'Error: show: /run is a separate file system: show paths in it instead\n');
});

test('two containers do not see what the other one writes', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const command = ['sh', '-c', 'ls -A /tmp; touch /tmp/mine; ls -A /tmp'];
  const results = await Promise.all([1, 2, 3].map(() => engine.run(options({ command }))));
  for (const { stdout } of results) t.is(stdout, 'mine\n');
});

test('what appears on the host while the engine is open is hidden, too', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const command = (path: string) => ['grep', '-q', 'secret', path];
  t.is((await engine.run(options({ command: ['true'] }))).exitCode, 0);
  const late = plant(t, `/etc/${unique()}`, 0o600);
  t.is((await engine.run(options({ command: command(late) }))).exitCode, 2);
});

test('a path that does not exist cannot be hidden or shown', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  for (const change of [{ hide: ['/no/such/path'] }, { show: ['/no/such/path'] }]) {
    t.regex(
      await rejectsWith(t, engine.run(options({ ...change, command: ['true'] })), 'INVALID_ARGUMENT'),
      /\/no\/such\/path/,
    );
  }
});
