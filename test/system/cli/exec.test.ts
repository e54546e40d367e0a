/** exec: what the command sees, and what is left of it. */
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { busyboxRoot } from '../../helpers/busybox.js';
import { collect, output, run, runWith, start } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

/** A container `c` that sleeps. */
function inContainer(title: string, body: (t: ExecutionContext) => Promise<void>, flags: readonly string[] = []): void {
  test(title, async (t) => {
    if (!requires(t, 'root', 'busybox')) return;
    await run(
      t,
      0,
      'run',
      '-d',
      '--name',
      'c',
      '-e',
      'FROM=container',
      ...flags,
      '--rootfs',
      busyboxRoot(t),
      'sleep',
      '1000',
    );
    await body(t);
  });
}

inContainer('exec: passes the streams on, and exits with the status of the command', async (t) => {
  t.deepEqual(await run(t, 5, 'exec', 'c', 'sh', '-c', 'echo out; echo err >&2; exit 5'), {
    status: 5,
    stdout: 'out\n',
    stderr: 'err\n',
  });
  t.is((await runWith(t, { input: 'given\n' }, 0, 'exec', '-i', 'c', 'cat')).stdout, 'given\n');
  t.is((await runWith(t, { input: 'given\n' }, 0, 'exec', 'c', 'cat')).stdout, '');
  t.is((await run(t, 0, 'exec', 'c', 'seq', '200000')).stdout.length, 1_288_895);
  await run(t, 137, 'exec', 'c', 'sh', '-c', 'kill -9 $$');
});

inContainer('exec: failures have the exit status and the message of Podman', async (t) => {
  const cases: readonly [number, string[], RegExp][] = [
    [127, ['c', 'nosuch'], /nosuch.*not found/],
    [127, ['c', '/bin/nosuch'], /\/bin\/nosuch/],
    [126, ['c', '/etc/passwd'], /\/etc\/passwd.*permission denied/],
    [125, ['nosuch', 'true'], /no such container/],
    [125, ['nosuch'], /no such container/],
    [255, ['c'], /non-empty command/],
    [125, ['-d', 'c'], /non-empty command/],
    [127, ['c', ''], /no such file or directory/],
    [255, ['--detach-keys', 'ctrl-a,foo', 'c', 'true'], /^Error: invalid detach keys: Unknown character: 'foo'\n$/],
    [255, ['-t', '--detach-keys', 'foo', 'c', 'true'], /^Error: invalid detach keys: Unknown character: 'foo'\n$/],
    [126, ['-u', 'nobody-here', 'c', 'true'], /nobody-here/],
    [126, ['-w', '/nosuch', 'c', 'true'], /\/nosuch/],
  ];
  for (const [status, args, message] of cases) {
    const { stderr } = await run(t, status, 'exec', ...args);
    t.regex(stderr, message, args.join(' '));
    t.regex(stderr, /^Error: [^\n]*\n$/, args.join(' '));
  }
});

inContainer(
  'exec: environment, user, directory',
  async (t) => {
    t.is(await output(t, 'exec', '-e', 'A=1', 'c', 'sh', '-c', 'echo $A $FROM'), '1 container\n');
    t.is(await output(t, 'exec', '-u', 'alice', 'c', 'id', '-un'), 'alice\n');
    t.is(await output(t, 'exec', '-u', '', 'c', 'id', '-un'), 'root\n');
    t.is(await output(t, 'exec', '-u', '5:7', 'c', 'sh', '-c', 'id -u; id -g'), '5\n7\n');
    t.is(await output(t, 'exec', '-w', '/tmp', 'c', 'pwd'), '/tmp\n');
    t.is(await output(t, 'exec', '-w', '', 'c', 'pwd'), '/etc\n');
    const file = join(temporaryDirectory(t), 'env');
    writeFileSync(file, 'B=2\nA=from-file\n');
    t.is(await output(t, 'exec', '--env-file', file, '-e', 'A=1', 'c', 'sh', '-c', 'echo $A $B'), '1 2\n');
    t.is(await output(t, 'exec', '--latest', 'echo', 'hi'), 'hi\n');
  },
  ['-w', '/etc'],
);

inContainer(
  'exec: the rights are those of the container, or all with --privileged',
  async (t) => {
    t.regex(await output(t, 'exec', 'c', 'grep', 'CapEff', '/proc/self/status'), /0000000000000001/);
    t.regex(
      await output(t, 'exec', '--privileged', 'c', 'grep', 'CapEff', '/proc/self/status'),
      /00000[0-9a-f]*f[0-9a-f]{3,}/,
    );
  },
  ['--cap-drop', 'ALL', '--cap-add', 'CHOWN'],
);

inContainer('exec: the processes and the file system are those of the container', async (t) => {
  t.is(await output(t, 'exec', 'c', 'sh', '-c', 'echo 1 > /tmp/x; cat /proc/1/comm'), 'sleep\n');
  t.is(await output(t, 'exec', 'c', 'cat', '/tmp/x'), '1\n');
});

inContainer('exec -d goes on without the caller', async (t) => {
  await run(t, 0, 'exec', '-d', 'c', 'sh', '-c', 'sleep 0.2; echo done > /tmp/done');
  await until(
    'it is done',
    async () => (await collect(start(t, {}, 'exec', 'c', 'cat', '/tmp/done'))).stdout === 'done\n',
  );
  const { stderr } = await run(t, 125, 'exec', '-d', 'c', 'nosuch');
  t.regex(stderr, /nosuch/);
});

inContainer('exec --preserve-fds', async (t) => {
  const path = join(temporaryDirectory(t), 'file');
  writeFileSync(path, 'from outside\n');
  const fd = openSync(path, 'r');
  t.is(
    (await runWith(t, { fds: [fd] }, 0, 'exec', '--preserve-fds', '1', 'c', 'sh', '-c', 'cat <&3')).stdout,
    'from outside\n',
  );
  closeSync(fd);
});

inContainer('exec --preserve-fd: a descriptor keeps its number', async (t) => {
  const path = join(temporaryDirectory(t), 'file');
  writeFileSync(path, 'from outside\n');
  const fd = openSync(path, 'r');
  const script = 'cat <&5; ls -l /proc/self/fd/4 2>&1 | grep -c No.such';
  const { stdout } = await runWith(t, { fds: [fd, fd, fd] }, 0, 'exec', '--preserve-fd', '5', 'c', 'sh', '-c', script);
  t.is(stdout, 'from outside\n1\n');
  closeSync(fd);
  const { stderr } = await run(t, 125, 'exec', '--preserve-fd', 'x', 'c', 'true');
  t.regex(stderr, /not a file descriptor/);
});

inContainer('exec --preserve-fds and --preserve-fd: only what the caller has handed over', async (t) => {
  const fd = openSync('/etc/hostname', 'r');
  const passed = { fds: [fd, fd] };
  for (const count of ['3', '20']) {
    const { stderr } = await runWith(t, passed, 125, 'exec', '--preserve-fds', count, 'c', 'true');
    t.is(
      stderr,
      `Error: file descriptor 5 is not available - the preserve-fds option requires that file descriptors must be passed\n`,
    );
  }
  await runWith(t, passed, 0, 'exec', '--preserve-fds', '2', '--preserve-fd', '4', 'c', 'true');
  // Those of node come first, and those of the store after them.
  for (let other = 5; other < 24; other += 1) {
    const { status, stdout } = await collect(
      start(t, passed, 'exec', '--preserve-fd', String(other), 'c', 'ls', '-l', '/proc/self/fd'),
    );
    t.true(
      status === 125 || !/tspod|eventpoll|pipe:/.test(stdout.replace(/^.* [012] -> .*$/gm, '')),
      `${other}: ${stdout}`,
    );
  }
  closeSync(fd);
});

inContainer('exec -d prints the id of its session', async (t) => {
  const id = (await output(t, 'exec', '-d', 'c', 'sleep', '1000')).trim();
  t.regex(id, /^[0-9a-f]{64}$/);
  t.is(await output(t, 'inspect', '--format', '{{.ExecIDs}}', 'c'), `[${id}]\n`);
  t.is(await output(t, 'exec', '-d', '--no-session', 'c', 'true'), '');
  await run(t, 125, 'exec', '-d', 'c', 'nosuch');
  t.is(await output(t, 'inspect', '--format', '{{.ExecIDs}}', 'c'), `[${id}]\n`);
});

inContainer('exec -d -t --no-session goes on without the caller, whatever it writes', async (t) => {
  const script = 'sleep 0.2; head -c 1000000 /dev/zero; tty > /tmp/done';
  t.is(await output(t, 'exec', '-d', '-t', '--no-session', 'c', 'sh', '-c', script), '');
  await until('it is done', async () =>
    (await collect(start(t, {}, 'exec', 'c', 'cat', '/tmp/done'))).stdout.startsWith('/dev/pts/'),
  );
});

inContainer('exec: what follows the container belongs to the command', async (t) => {
  t.is(await output(t, 'exec', 'c', 'echo', '-e', '--user', 'x'), '--user x\n');
});

inContainer('exec: the command ends with the container', async (t) => {
  const child = start(t, {}, 'exec', 'c', 'sh', '-c', 'echo started; sleep 1000');
  const ended = collect(child);
  await until(
    'it is in the container',
    async () => (await output(t, 'exec', 'c', 'sh', '-c', 'cat /proc/[0-9]*/comm')).split('sleep').length > 2,
  );
  await run(t, 0, 'kill', 'c');
  t.is((await ended).status, 137);
});
