/** run: what it prints, passes on and ends with. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { once } from 'node:events';

import test, { type ExecutionContext } from 'ava';

import { onBusybox } from '../../helpers/busybox.js';
import { collect, output, run, runWith, start, storeOf } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { fill, mountMemory } from '../../helpers/disks.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

test('host: shows the programs of this machine, and changes stay in the container', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const script = 'id -u; hostname; echo 1 > /usr/tspod-test; cat /usr/tspod-test; ls /proc | grep -c "^[0-9]"';
  const { stdout } = await run(t, 0, 'run', '--rm', '--hostname', 'inside', 'host:', 'sh', '-c', script);
  const [uid, hostname, written, processes] = stdout.split('\n');
  t.deepEqual([uid, hostname, written], ['0', 'inside', '1']);
  t.true(Number(processes) <= 4, `${processes} processes`);
  t.false(existsSync('/usr/tspod-test'));
});

test('host: hides secrets, host:all shows them, --show and --hide adjust', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const count = async (...args: string[]): Promise<number> => {
    const { stdout } = await run(
      t,
      0,
      'run',
      '--rm',
      ...args,
      'sh',
      '-c',
      'test -s /etc/shadow && echo shadow; test -e /etc/os-release && echo os; true',
    );
    return (stdout.includes('shadow') ? 1 : 0) + (stdout.includes('os') ? 2 : 0);
  };
  t.is(await count('host:'), 2);
  t.is(await count('host:all'), 3);
  t.is(await count('--show', '/etc/shadow', 'host:'), 3);
  t.is(await count('--hide', '/etc/os-release', 'host:'), 0);
});

onBusybox('--rootfs DIR is used as it is, DIR:O has a layer above it', async (t, root) => {
  await run(t, 0, 'run', '--rm', '--rootfs', `${root}:O`, 'touch', '/in-layer');
  t.false(existsSync(join(root, 'in-layer')));
  await run(t, 0, 'run', '--rm', '--rootfs', root, 'touch', '/in-place');
  t.true(existsSync(join(root, 'in-place')));
  await run(t, 0, 'run', '--rootfs', '--rm', root, 'test', '-e', '/in-place');
  await runWith(
    t,
    { directory: join(root, '..') },
    0,
    'run',
    '--rm',
    `--rootfs=./${root.split('/').at(-1)}`,
    'test',
    '-e',
    '/in-place',
  );
});

onBusybox('stdout and stderr keep apart, and the status is that of the command', async (t, root) => {
  const result = await run(t, 7, 'run', '--rm', '--rootfs', root, 'sh', '-c', 'echo out; echo err >&2; exit 7');
  t.deepEqual(result, { status: 7, stdout: 'out\n', stderr: 'err\n' });
});

onBusybox('-i passes stdin on to its end; without it stdin is empty', async (t, root) => {
  const input = 'line\n'.repeat(50_000);
  t.is((await runWith(t, { input }, 0, 'run', '-i', '--rm', '--rootfs', root, 'cat')).stdout, input);
  t.is((await runWith(t, { input }, 0, 'run', '--rm', '--rootfs', root, 'cat')).stdout, '');
});

onBusybox('a great deal of output arrives whole', async (t, root) => {
  const { stdout } = await run(t, 0, 'run', '--rm', '--rootfs', root, 'seq', '200000');
  t.is(stdout.length, 1_288_895);
  t.true(stdout.endsWith('199999\n200000\n'));
});

onBusybox('-a chooses the streams that are attached', async (t, root) => {
  const command = ['--rootfs', root, 'sh', '-c', 'echo out; echo err >&2'];
  const out = await run(t, 0, 'run', '--rm', '-a', 'stdout', ...command);
  t.is(out.stdout + out.stderr, 'out\n');
  const err = await run(t, 0, 'run', '--rm', '--attach=stderr', ...command);
  t.is(err.stdout + err.stderr, 'err\n');
});

onBusybox('-d prints the id; the container goes on, and its log has the output', async (t, root) => {
  const id = (
    await output(t, 'run', '-d', '--name', 'bg', '--rootfs', root, 'sh', '-c', 'echo hello; sleep 1000')
  ).trim();
  t.regex(id, /^[0-9a-f]{64}$/);
  t.is(await output(t, 'ps', '-q', '--no-trunc'), `${id}\n`);
  await until('the log has the line', async () => (await output(t, 'logs', 'bg')) === 'hello\n');
});

onBusybox('--rm removes the container when it ends, with or without anyone there', async (t, root) => {
  await run(t, 3, 'run', '--rm', '--rootfs', root, 'sh', '-c', 'exit 3');
  t.is(await output(t, 'ps', '-aq'), '');
  await run(t, 0, 'run', '-d', '--rm', '--rootfs', root, 'true');
  await until('it is gone', async () => (await output(t, 'ps', '-aq')) === '');
});

onBusybox('without --rm it stays, with its status', async (t, root) => {
  await run(t, 5, 'run', '--name', 'done', '--rootfs', root, 'sh', '-c', 'exit 5');
  t.regex(await output(t, 'ps', '-a', '--format', '{{.Names}} {{.Status}}'), /^done Exited \(5\) /);
});

onBusybox('--name, --replace and a name that is in use', async (t, root) => {
  const first = (await output(t, 'create', '--name', 'x', '--rootfs', root, 'true')).trim();
  const { stderr } = await run(t, 125, 'run', '--name', 'x', '--rootfs', root, 'true');
  t.regex(
    stderr,
    new RegExp(
      `^Error: .*the container name "x" is already in use by "?${first}"?.*, or use --replace to instruct tspod to do so\\.\n$`,
    ),
  );
  const second = (await output(t, 'create', '--replace', '--name', 'x', '--rootfs', root, 'true')).trim();
  t.not(first, second);
  t.is(await output(t, 'ps', '-aq', '--no-trunc'), `${second}\n`);
});

onBusybox('--cidfile and --pidfile are written, and an existing id file is refused', async (t, root) => {
  const directory = temporaryDirectory(t);
  const [cid, pid] = [join(directory, 'cid'), join(directory, 'pid')];
  const id = (
    await output(t, 'run', '-d', '--cidfile', cid, '--pidfile', pid, '--rootfs', root, 'sleep', '1000')
  ).trim();
  t.is(readFileSync(cid, 'utf8').trim(), id);
  t.is(readFileSync(pid, 'utf8').trim(), (await output(t, 'inspect', '-f', '{{.State.Pid}}', id)).trim());
  const { stderr } = await run(t, 125, 'run', '--cidfile', cid, '--rootfs', root, 'true');
  t.regex(stderr, /container id file .*exists/i);
  await run(t, 0, 'rm', '-f', '-t', '0', '--cidfile', cid);
  t.is(await output(t, 'ps', '-aq'), '');
});

onBusybox(
  'relative paths of --cidfile, --pidfile, --conmon-pidfile and a log count from the working directory',
  async (t, root) => {
    const directory = temporaryDirectory(t);
    const files = ['--cidfile', 'cid', '--pidfile', 'pid', '--conmon-pidfile', './monitor', '--log-opt', 'path=log.x'];
    await runWith(t, { directory }, 0, 'run', '--name', 'c', ...files, '--rootfs', root, 'echo', 'hi');
    t.deepEqual(readdirSync(directory).sort(), ['cid', 'log.x', 'monitor', 'pid']);
    const fields = '{{.PidFile}} {{.ConmonPidFile}} {{.HostConfig.ContainerIDFile}} {{.HostConfig.LogConfig.Path}}';
    const paths = ['pid', 'monitor', 'cid', 'log.x'].map((name) => join(directory, name));
    t.is(await output(t, 'inspect', '-f', fields, 'c'), `${paths.join(' ')}\n`);
    t.is(await output(t, 'logs', 'c'), 'hi\n');
    await run(t, 0, 'rm', 'c');
    t.false(existsSync(join(directory, 'cid')));
  },
);

onBusybox('--cidfile that cannot be written: neither it nor a container is left', async (t, root) => {
  const disk = mountMemory(t, 'size=4k');
  fill(disk, 'bytes');
  const cid = join(disk, 'cid');
  for (const words of [['create'], ['run'], ['run', '-d']]) {
    const { stderr } = await run(t, 125, ...words, '--cidfile', cid, '--rootfs', root, 'true');
    t.regex(stderr, /^Error: container id file .*: write: no space left on device\n$/);
    t.false(existsSync(cid));
    t.is(await output(t, 'ps', '-aq'), '', words.join(' '));
  }
  await run(t, 0, 'create', '--name', 'x', '--rootfs', root, 'true');
  const refused = join(temporaryDirectory(t), 'cid');
  await run(t, 125, 'create', '--name', 'x', '--cidfile', refused, '--rootfs', root, 'true');
  t.false(existsSync(refused), 'of one that is not recorded');
});

onBusybox('--preserve-fds hands descriptors on', async (t, root) => {
  const path = join(temporaryDirectory(t), 'file');
  writeFileSync(path, 'from outside\n');
  const fd = openSync(path, 'r');
  const { stdout } = await runWith(
    t,
    { fds: [fd] },
    0,
    'run',
    '--rm',
    '--preserve-fds',
    '1',
    '--rootfs',
    root,
    'sh',
    '-c',
    'cat <&3',
  );
  closeSync(fd);
  t.is(stdout, 'from outside\n');
});

const LISTENS = 'readlink /proc/self/fd/3; echo "$LISTEN_FDS $LISTEN_PID $LISTEN_FDNAMES"';

/** A socket that listens, as a service manager has it: its descriptor, what /proc calls it, and how it is told of. */
async function activation(t: ExecutionContext) {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(temporaryDirectory(t), 'socket'), resolve));
  t.teardown(() => server.close());
  const { fd } = (server as unknown as { readonly _handle: { readonly fd: number } })._handle;
  const env = { LISTEN_FDS: '1', LISTEN_PID: String(process.pid), LISTEN_FDNAMES: 'web' };
  return { fds: [fd], env, name: readlinkSync(`/proc/self/fd/${fd}`) };
}

onBusybox('socket activation: run and start hand the sockets on, and nothing of them is recorded', async (t, root) => {
  const { name, ...given } = await activation(t);
  t.regex(name, /^socket:/);
  const all = ['--name', 'web', '--rootfs', root, 'sh', '-c', LISTENS];
  const told = `${name}\n1 1 web\n`;
  t.is((await runWith(t, given, 0, 'run', ...all)).stdout, told);
  t.is((await runWith(t, given, 0, 'start', '-a', 'web')).stdout, told);
  await runWith(t, given, 0, 'start', 'web');
  await run(t, 0, 'wait', 'web');
  t.is(await output(t, 'logs', 'web'), told.repeat(3));
  t.notRegex(await output(t, 'inspect', '-f', '{{.Config.Env}}', 'web'), /LISTEN/);
  const again = [
    '-d',
    '--name',
    'again',
    '--restart',
    'on-failure:1',
    '--rootfs',
    root,
    'sh',
    '-c',
    `${LISTENS}; exit 3`,
  ];
  await runWith(t, given, 0, 'run', ...again);
  await until('it was restarted', async () => (await output(t, 'logs', 'again')) === told.repeat(2));
  t.regex((await run(t, 0, 'start', '-a', 'web')).stdout, /^ *\n$/, 'they are those of one start');
});

onBusybox(
  'socket activation: of another process, with --preserve-fds, and of sockets that are not there',
  async (t, root) => {
    const { name, fds, env } = await activation(t);
    const all = ['--rm', '--rootfs', root, 'sh', '-c', LISTENS];
    const others = await runWith(t, { fds, env: { ...env, LISTEN_PID: '1' } }, 0, 'run', ...all);
    t.notRegex(others.stdout, /socket:|web/);
    const preserved = await runWith(t, { fds, env }, 0, 'run', '--preserve-fds', '1', ...all);
    t.is(preserved.stdout, `${name}\n  \n`);
    t.regex(preserved.stderr, /Ignoring LISTEN_FDS to preserve custom user-specified FDs/);
    const { stderr } = await runWith(t, { fds, env: { ...env, LISTEN_FDS: '2' } }, 125, 'run', ...all);
    t.regex(stderr, /file descriptor 4 is not available - LISTEN_FDS=2 requires/);
  },
);

onBusybox('--log-driver passthrough gives the container the descriptors themselves', async (t, root) => {
  const path = join(temporaryDirectory(t), 'file');
  const child = start(
    t,
    {},
    'run',
    '--rm',
    '--log-driver',
    'passthrough',
    '--rootfs',
    root,
    'sh',
    '-c',
    'echo direct; echo err >&2; exit 4',
  );
  t.deepEqual(await collect(child), { status: 4, stdout: 'direct\n', stderr: 'err\n' });
  t.false(existsSync(path));
});

onBusybox('signals are passed on to the container', async (t, root) => {
  const script = 'trap "echo usr1" USR1; trap "echo term; exit 9" TERM; echo ready; while :; do sleep 0.05; done';
  const child = start(t, {}, 'run', '--rm', '--rootfs', root, 'sh', '-c', script);
  const ended = collect(child);
  await once(child.stdout!, 'data');
  child.kill('SIGUSR1');
  await once(child.stdout!, 'data');
  child.kill('SIGTERM');
  t.deepEqual(await ended, { status: 9, stdout: 'ready\nusr1\nterm\n', stderr: '' });
});

onBusybox('signals that stop a process from a terminal do not stop the command of --init', async (t, root) => {
  const script = 'trap "exit 9" WINCH; echo ready; while :; do sleep 0.05; done';
  const child = start(t, {}, 'run', '--name', 'c', '--init', '--rootfs', root, 'sh', '-c', script);
  const ended = collect(child);
  await once(child.stdout!, 'data');
  // PID 1 takes pending signals in the order of their numbers, so these three come before SIGWINCH
  for (const signal of ['TSTP', 'TTIN', 'TTOU', 'WINCH']) await run(t, 0, 'kill', '-s', signal, 'c');
  t.deepEqual(await ended, { status: 9, stdout: 'ready\n', stderr: '' });
});

onBusybox('when the container has ended, a signal ends who still holds its output', async (t, root) => {
  await run(t, 0, 'run', '-d', '--name', 'noisy', '--log-driver', 'none', '--rootfs', root, 'yes');
  const child = start(t, {}, 'attach', '--no-stdin', 'noisy');
  await once(child.stdout!, 'readable'); // nothing is read
  await run(t, 0, 'kill', 'noisy');
  await until(
    'it has ended',
    async () => (await output(t, 'inspect', '-f', '{{.State.Status}}', 'noisy')) === 'exited\n',
  );
  t.is(child.exitCode, null);
  child.kill('SIGTERM');
  t.deepEqual(await once(child, 'exit'), [null, 'SIGTERM']);
});

onBusybox('--sig-proxy=false: the signal ends the command line, not the container', async (t, root) => {
  const child = start(
    t,
    {},
    'run',
    '--name',
    'alone',
    '--sig-proxy=false',
    '--rootfs',
    root,
    'sh',
    '-c',
    'echo ready; exec sleep 1000',
  );
  const ended = collect(child);
  await once(child.stdout!, 'data');
  child.kill('SIGTERM');
  t.not((await ended).status, 0);
  t.is(await output(t, 'inspect', '-f', '{{.State.Status}}', 'alone'), 'running\n');
});

onBusybox('a reader that goes away ends it without a word', async (t, root) => {
  const child = start(t, {}, 'run', '--name', 'noisy', '--log-driver', 'none', '--rootfs', root, 'yes');
  let stderr = '';
  child.stderr?.on('data', (data: Buffer) => (stderr += data.toString()));
  await once(child.stdout!, 'data');
  child.stdout?.destroy();
  const [status] = (await once(child, 'close')) as [number];
  t.is(status, 141);
  t.is(stderr, '');
});

onBusybox(
  '--rm: a container whose reader goes away is stopped and removed, one without --rm runs on',
  async (t, root) => {
    const script = `trap "echo told > /$0; exit 0" TERM; while :; do echo line; echo line >&2; sleep 0.05; done`;
    const leave = async (name: string, stream: 'stdout' | 'stderr', ...flags: string[]): Promise<void> => {
      const child = start(t, {}, 'run', '--name', name, ...flags, '--rootfs', root, 'sh', '-c', script, name);
      const other = collectText(child[stream === 'stdout' ? 'stderr' : 'stdout']);
      await once(child[stream]!, 'data');
      child[stream]?.destroy();
      t.deepEqual(await once(child, 'close'), [141, null]);
      t.regex(other(), /^(line\n)*$/);
    };
    await leave('out', 'stdout', '--rm');
    await leave('err', 'stderr', '--rm');
    await leave('stays', 'stdout');
    t.deepEqual(
      ['out', 'err', 'stays'].map((name) => existsSync(join(root, name))),
      [true, true, false],
    );
    t.is(await output(t, 'ps', '-a', '--format', '{{.Names}} {{.State}}'), 'stays running\n');
  },
);

onBusybox('--rm: a reader that goes away leaves the container its stop timeout', async (t, root) => {
  const script = 'trap "" TERM; while :; do echo line; sleep 0.05; done';
  const flags = ['--rm', '--stop-timeout', '1'];
  const child = start(t, {}, 'run', ...flags, '--rootfs', root, 'sh', '-c', script);
  const stderr = collectText(child.stderr);
  await once(child.stdout!, 'data');
  const from = Date.now();
  child.stdout?.destroy();
  t.deepEqual(await once(child, 'close'), [141, null]);
  t.true(Date.now() - from >= 1000);
  t.is(stderr(), '');
  t.is(await output(t, 'ps', '-aq'), '');
});

onBusybox('the end by a signal is 128 and its number', async (t, root) => {
  await run(t, 137, 'run', '--rm', '--init', '--rootfs', root, 'sh', '-c', 'kill -9 $$');
  await run(t, 143, 'run', '--rm', '--init', '--rootfs', root, 'sh', '-c', 'kill -15 $$');
});

onBusybox('--timeout ends it with 255', async (t, root) => {
  await run(t, 255, 'run', '--rm', '--timeout', '1', '--rootfs', root, 'sleep', '1000');
});

onBusybox('a failed start says why, with 126 or 127, and leaves nothing with --rm', async (t, root) => {
  const cases: readonly [number, string[], RegExp][] = [
    [127, ['nosuch'], /^Error: .*"?nosuch"?.*not found/],
    [127, ['/bin/nosuch'], /^Error: .*\/bin\/nosuch/],
    [126, ['/etc/passwd'], /^Error: .*\/etc\/passwd.*permission denied/],
    [126, ['/etc'], /^Error: .*\/etc/],
    [127, [''], /^Error: .*no such file or directory/],
  ];
  for (const [status, command, message] of cases) {
    const { stderr } = await run(t, status, 'run', '--rm', '--rootfs', root, ...command);
    t.regex(stderr, message);
    t.is(stderr.split('\n').length, 2, 'one line');
  }
  const flags: readonly [string[], RegExp][] = [
    [['-w', '/nosuch'], /\/nosuch/],
    [['-u', 'nobody-here'], /nobody-here/],
    [['--detach-keys', 'foo'], /^Error: invalid detach keys: Unknown character: 'foo'\n$/],
  ];
  for (const [flag, message] of flags) {
    const { stderr } = await run(t, 126, 'run', '--rm', ...flag, '--rootfs', root, 'true');
    t.regex(stderr, message);
  }
  t.is(await output(t, 'ps', '-aq'), '');
});

onBusybox('an empty command is none: that is found out at the start', async (t, root) => {
  await run(t, 0, 'create', '--name', 'c', '--rootfs', root, '');
  const { stderr } = await run(t, 125, 'start', 'c');
  t.regex(stderr, /no such file or directory/);
});

onBusybox('an empty value is none, and 0 is no limit', async (t, root) => {
  const flags = ['user', 'workdir', 'hostname', 'umask', 'stop-signal', 'cidfile', 'memory'].map(
    (name) => `--${name}=`,
  );
  const limits = ['memory', 'memory-reservation', 'cpus', 'cpu-period', 'cpu-rt-period', 'blkio-weight'];
  const zeros = [...limits.map((name) => `--${name}=0`), '--blkio-weight-device=/dev/nosuch:0'];
  await run(t, 0, 'run', '--name', 'c', ...flags, ...zeros, '--rootfs', root, 'true');
  const shown = [
    'inspect',
    '-f',
    '{{.HostConfig.Memory}} {{.HostConfig.MemoryReservation}} {{.HostConfig.NanoCpus}} {{.HostConfig.BlkioWeight}} {{.Config.User}}',
    'c',
  ] as const;
  t.is(await output(t, ...shown), '0 0 0 0 \n');
  await run(t, 0, 'update', '--memory', '64m', '--blkio-weight', '100', 'c');
  await run(t, 0, 'update', ...zeros, 'c');
  t.is(await output(t, ...shown), '67108864 0 0 100 \n');
});

onBusybox('with -d nobody types: --detach-keys is not read', async (t, root) => {
  await run(t, 0, 'run', '-d', '--detach-keys', 'foo', '--rootfs', root, 'true');
});

onBusybox('bad input is refused with 125 before anything exists', async (t, root) => {
  const cases: readonly [string[], RegExp][] = [
    [['-v', '/nosuch:/x'], /\/nosuch/],
    [['-v', '/tmp:rel'], /invalid container path "rel", must be an absolute path/],
    [['--cap-add', 'foo'], /foo/i],
    [['--sysctl', 'foo=bar'], /sysctl .*foo/],
    [['--name', 'a/b'], /a\/b|names must match/],
    [['--ulimit', 'nofile=10:5'], /soft limit must be less than or equal to hard limit/],
    [['--device', '/dev/nosuch'], /\/dev\/nosuch/],
    [['--memory', '1k', '--memory-swap', '1'], /memory/],
    [['--umask', '99'], /umask/],
    [['--tz', 'Nowhere/Land'], /Nowhere/],
    [['--stop-signal', 'FOO'], /FOO/],
    [['--network', 'container:nosuch'], /nosuch/],
    [['--network', 'ns:/nosuch'], /cannot find specified network namespace path: stat \/nosuch: no such file/],
    [['--pid', 'ns:/nosuch'], /cannot find specified PID namespace path: stat \/nosuch: no such file/],
    [['--security-opt', 'seccomp=/nosuch'], /\/nosuch/],
    [['--workdir', 'rel'], /rel/],
  ];
  for (const [flags, message] of cases) {
    const { stderr } = await run(t, 125, 'run', '--rm', ...flags, '--rootfs', root, 'true');
    t.regex(stderr, message, flags.join(' '));
    t.regex(stderr, /^Error: [^\n]*\n$/, flags.join(' '));
  }
  t.is(await output(t, 'ps', '-aq'), '');
});

test('run: an image that cannot be used is refused, and the message says why', async (t) => {
  if (!requires(t, 'root')) return;
  const { stderr } = await run(t, 125, 'run', '--rm', '--pull', 'never', 'localhost/alpine', 'true');
  t.regex(stderr, /^Error: .*alpine[^\n]*\n$/);
});

onBusybox('--interactive passes stdin on, whatever --attach names', async (t, root) => {
  const { stdout } = await runWith(
    t,
    { input: 'hi\n' },
    0,
    'run',
    '--rm',
    '-i',
    '-a',
    'stdout',
    '--rootfs',
    root,
    'cat',
  );
  t.is(stdout, 'hi\n');
});

onBusybox('explain takes the flags that the explained command takes', async (t, root) => {
  const elsewhere = temporaryDirectory(t);
  t.regex(await output(t, 'explain', 'run', '--help'), /^Usage:\n {2}tspod run /m);
  const { stderr } = await run(t, 125, 'explain', 'run', '--cgroup-manager', 'foo', '--rootfs', root, 'true');
  t.regex(stderr, /cgroup manager must be one of/);
  const text = await output(t, 'explain', 'run', '--root', elsewhere, '--rootfs', root, 'true');
  t.true(text.includes(elsewhere));
  await run(t, 0, 'run', '-d', '--name', 'c', '--rootfs', root, 'sleep', '1000');
  const plan = await output(t, 'explain', 'exec', 'c', 'ps', 'ax');
  t.is(await output(t, 'explain', 'exec', '--latest', 'ps', 'ax'), plan);
  t.is(await output(t, 'explain', 'exec', '/c', 'ps', 'ax'), plan);
});

onBusybox('explain prints the plan and does nothing', async (t, root) => {
  const { stdout } = await run(t, 0, 'explain', 'run', '--name', 'x', '--hostname', 'inside', '--rootfs', root, 'true');
  t.regex(stdout, /hostname.*inside|inside.*hostname/);
  t.true(stdout.split('\n').length > 20);
  t.is(await output(t, 'ps', '-aq'), '');
  t.deepEqual(existsSync(join(storeOf(t).root, 'containers')) ? readFileSync('/dev/null', 'utf8') : '', '');
});

function collectText(stream: Readable | null): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (more: string) => (text += more));
  return () => text;
}
