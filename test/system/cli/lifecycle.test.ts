/** The life of a container by the command line: states, messages, statuses, lists. */
import { readlinkSync } from 'node:fs';

import { once } from 'node:events';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { onBusybox } from '../../helpers/busybox.js';
import { collect, output, run, runWith, start } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const SLEEP = ['sh', '-c', 'trap "exit 0" TERM; echo up; while :; do sleep 0.05; done'];

async function status(t: ExecutionContext, name: string): Promise<string> {
  return (await output(t, 'inspect', '-f', '{{.State.Status}}', name)).trim();
}

onBusybox('from create to rm, with the name on each line', async (t, root) => {
  const id = (await output(t, 'create', '--name', 'c', '--rootfs', root, ...SLEEP)).trim();
  t.regex(id, /^[0-9a-f]{64}$/);
  t.is(await status(t, 'c'), 'created');
  t.is(await output(t, 'init', 'c'), 'c\n');
  t.is(await status(t, 'c'), 'initialized');
  t.is(await output(t, 'start', 'c'), 'c\n');
  t.is(await status(t, 'c'), 'running');
  t.is(await output(t, 'start', 'c'), 'c\n', 'one that runs is started');
  const log = () => output(t, 'logs', 'c');
  await until('it listens to signals', async () => (await log()) === 'up\n');
  t.is(await output(t, 'pause', 'c'), 'c\n');
  t.is(await status(t, 'c'), 'paused');
  t.is(await output(t, 'unpause', id.slice(0, 12)), `${id.slice(0, 12)}\n`);
  t.is(await output(t, 'restart', '-t', '5', 'c'), 'c\n');
  t.is(await status(t, 'c'), 'running');
  await until('it listens again', async () => (await log()) === 'up\nup\n');
  t.is(await output(t, 'stop', 'c'), 'c\n');
  t.is(await status(t, 'c'), 'exited');
  t.is(await output(t, 'stop', 'c'), 'c\n', 'one that has ended is stopped');
  t.is(await output(t, 'wait', 'c'), '0\n');
  await run(t, 0, 'rename', 'c', 'old');
  await run(t, 0, 'rename', 'old', 'd');
  await run(t, 0, 'container', 'exists', 'd');
  await run(t, 1, 'container', 'exists', 'old');
  t.is(await output(t, 'container', 'rm', '/d'), '/d\n', "Docker's slash");
  t.is(await output(t, 'ps', '-aq'), '');
});

onBusybox('what a state does not allow', async (t, root) => {
  const id = (await output(t, 'create', '--name', 'c', '--rootfs', root, ...SLEEP)).trim();
  const refused = async (code: number, message: RegExp, ...args: string[]): Promise<void> => {
    const { stderr, stdout } = await run(t, code, ...args);
    t.regex(stderr, message, args.join(' '));
    t.regex(stderr, /^Error: [^\n]*\n$/, 'one line');
    t.is(stdout, '');
  };
  await refused(
    125,
    /can only kill running containers\. [0-9a-f]+ is in state created: container state improper/,
    'kill',
    'c',
  );
  await refused(125, /created.*: container state improper|pause.*: container state improper/, 'pause', 'c');
  await refused(125, /paused?.*: container state improper/, 'unpause', 'c');
  await refused(
    255,
    /can only create exec sessions on running containers: container state improper/,
    'exec',
    'c',
    'true',
  );
  await refused(125, /you can only attach to running containers/, 'attach', 'c');
  t.is(await output(t, 'stop', 'c'), 'c\n');
  await run(t, 0, 'start', 'c');
  await refused(255, /must provide a non-empty command to start an exec session: invalid argument/, 'exec', 'c');
  await refused(
    2,
    new RegExp(
      `cannot remove container ${id} as it is running - running or paused containers cannot be removed without force: container state improper`,
    ),
    'rm',
    'c',
  );
  await run(t, 0, 'pause', 'c');
  await refused(2, /cannot remove container [0-9a-f]+ as it is paused/, 'rm', 'c');
  await refused(255, /container state improper/, 'exec', 'c', 'true');
  await run(t, 0, 'unpause', 'c');
  await refused(1, /no container with name or ID "nosuch" found: no such container/, 'rm', 'nosuch');
  const both = await run(t, 1, 'rm', 'nosuch', 'c');
  t.is(both.stderr, 'Error: no container with name or ID "nosuch" found: no such container\n', 'c was not looked at');
  t.is(await output(t, 'rm', '-f', '-t', '0', 'c'), 'c\n');
});

onBusybox('kill: signals by name, with and without SIG, and by number', async (t, root) => {
  const script = 'trap "echo one" USR1; trap "echo two" USR2; echo up; while :; do sleep 0.05; done';
  await run(t, 0, 'run', '-d', '--name', 'k', '--rootfs', root, 'sh', '-c', script);
  let said = 'up\n';
  await until('it listens to signals', async () => (await output(t, 'logs', 'k')) === said);
  for (const [signal, word] of [
    ['USR1', 'one'],
    ['SIGUSR2', 'two'],
    ['sigusr1', 'one'],
    ['12', 'two'],
  ] as const) {
    t.is(await output(t, 'kill', '-s', signal, 'k'), 'k\n');
    said += `${word}\n`;
    await until(`${signal} has come`, async () => (await output(t, 'logs', 'k')) === said);
  }
  t.is(await output(t, 'kill', 'k'), 'k\n');
  t.is(await output(t, 'wait', 'k'), '137\n');
});

onBusybox('several at once, --all, --latest and --filter', async (t, root) => {
  for (const name of ['a', 'b', 'c']) {
    await run(t, 0, 'create', '--name', name, '-l', `group=${name === 'c' ? '2' : '1'}`, '--rootfs', root, ...SLEEP);
  }
  t.is(await output(t, 'start', 'a', 'b'), 'a\nb\n');
  for (const [status, ...words] of [
    [125, 'start'],
    [125, 'pause'],
    [125, 'stop'],
    [125, 'kill'],
    [1, 'rm'],
  ] as const) {
    for (const names of [
      ['c', 'a', 'nosuch'],
      ['nosuch', 'c', 'a', 'nosuch2'],
    ]) {
      const { stdout, stderr } = await run(t, status, ...words, ...names);
      t.is(stdout, '');
      t.is(stderr, 'Error: no container with name or ID "nosuch" found: no such container\n');
    }
  }
  t.is(
    await output(t, 'ps', '-a', '--sort', 'names', '--format', '{{.Names}} {{.State}}'),
    'a running\nb running\nc created\n',
  );
  t.is(await output(t, 'start', 'c'), 'c\n');
  const ids = (await output(t, 'ps', '-q', '--no-trunc')).split('\n').filter(Boolean).sort();
  t.is(ids.length, 3);
  t.deepEqual((await output(t, 'stop', '--filter', 'label=group=1')).split('\n').filter(Boolean).length, 2);
  t.is((await output(t, 'ps', '-q')).split('\n').filter(Boolean).length, 1);
  t.is(
    (await output(t, 'kill', '--all')).trim(),
    (await output(t, 'ps', '-aq', '--no-trunc', '--filter', 'name=c')).trim(),
  );
  await until('it has ended', async () => (await output(t, 'ps', '-q')) === '');
  t.is((await output(t, 'start', '--all')).split('\n').filter(Boolean).length, 3);
  t.is((await output(t, 'restart', '--running', '-t', '1')).split('\n').filter(Boolean).length, 3);
  t.is((await output(t, 'pause', '--all')).split('\n').filter(Boolean).length, 3);
  t.is((await output(t, 'unpause', '--all')).split('\n').filter(Boolean).length, 3);
  const latest = (await output(t, 'ps', '-lq', '--no-trunc')).trim();
  t.is(await output(t, 'stop', '-t', '1', '--latest'), `${latest}\n`);
  t.is((await output(t, 'stop', '-t', '1', '--all')).split('\n').filter(Boolean).length, 3);
  t.is((await output(t, 'rm', '--filter', 'label=group=2')).split('\n').filter(Boolean).length, 1);
  t.deepEqual((await output(t, 'rm', '--all')).split('\n').filter(Boolean).length, 2);
});

onBusybox('restart: a container comes after those that it depends on', async (t, root) => {
  const start = (name: string, network: string) =>
    run(t, 0, 'run', '-d', '--name', name, '--network', network, '--rootfs', root, ...SLEEP);
  await start('db', 'none');
  await start('web', 'container:db');
  await start('above', 'container:web');
  for (const words of [['web', 'db', 'above'], ['above', 'db'], ['--all'], ['--running']]) {
    await run(t, 0, 'restart', '-t', '0', ...words);
    t.is((await output(t, 'ps', '-q')).split('\n').filter(Boolean).length, 3, words.join(' '));
  }
  const pids = (await output(t, 'inspect', '-f', '{{.State.Pid}}', 'db', 'web', 'above')).trim().split('\n');
  t.is(new Set(pids.map((pid) => readlinkSync(`/proc/${pid}/ns/net`))).size, 1);
});

onBusybox('prune asks, and removes what does not run', async (t, root) => {
  await run(t, 0, 'run', '-d', '--name', 'up', '--rootfs', root, ...SLEEP);
  const id = (await output(t, 'create', '--name', 'down', '--rootfs', root, 'true')).trim();
  const refused = await runWith(t, { input: 'n\n' }, 0, 'container', 'prune');
  t.is(
    refused.stdout,
    'WARNING! This will remove all non running containers.\nAre you sure you want to continue? [y/N] ',
  );
  await runWith(t, { input: '' }, 125, 'container', 'prune');
  t.is((await output(t, 'ps', '-aq')).split('\n').filter(Boolean).length, 2);
  t.true((await runWith(t, { input: 'y\n' }, 0, 'container', 'prune')).stdout.endsWith(`[y/N] ${id}\n`));
  t.is(await output(t, 'ps', '-a', '--format', '{{.Names}}'), 'up\n');
});

onBusybox('wait for an end, a state, and one that is not there', async (t, root) => {
  await run(
    t,
    0,
    'run',
    '-d',
    '--name',
    'w',
    '--rootfs',
    root,
    'sh',
    '-c',
    'trap "exit 6" USR1; echo up; while :; do sleep 0.05; done',
  );
  await until('it listens to signals', async () => (await output(t, 'logs', 'w')) === 'up\n');
  const waiting = collect(start(t, {}, 'wait', 'w'));
  t.is(await output(t, 'wait', '--condition', 'running', 'w'), '-1\n', 'there is no code yet');
  await run(t, 0, 'kill', '-s', 'USR1', 'w');
  t.deepEqual(await waiting, { status: 0, stdout: '6\n', stderr: '' });
  t.is(await output(t, 'wait', 'w', '--ignore', 'nosuch'), '6\n-1\n');
  await run(t, 0, 'create', '--name', 'never', '--rootfs', root, 'true');
  t.is(await output(t, 'wait', 'never'), '0\n');
});

onBusybox('start --attach shows the output and ends with the status', async (t, root) => {
  await run(t, 0, 'create', '--name', 'c', '-i', '--rootfs', root, 'sh', '-c', 'read line; echo "got $line"; exit 3');
  t.is((await runWith(t, { input: 'this\n' }, 3, 'start', '-ai', 'c')).stdout, 'got this\n');
  t.is((await runWith(t, { input: 'that\n' }, 3, 'start', '-ai', 'c')).stdout, 'got that\n', 'and again');
});

onBusybox('start --interactive attaches as --attach does, to one', async (t, root) => {
  const words = ['--rootfs', root, 'sh', '-c', 'read line; echo "got $line"; exit 3'];
  await run(t, 0, 'create', '--name', 'c', '-i', ...words);
  t.is((await runWith(t, { input: 'this\n' }, 3, 'start', '-i', 'c')).stdout, 'got this\n');
  await run(t, 0, 'create', '--name', 'd', '-i', ...words);
  const { stderr } = await run(t, 125, 'start', '-i', '--all');
  t.is(stderr, 'Error: you cannot start and attach multiple containers at once\n');
  t.deepEqual([await status(t, 'c'), await status(t, 'd')], ['exited', 'created']);
});

onBusybox('rm --depend prints the ids of all that it has removed, dependents first', async (t, root) => {
  const made = async (...flags: string[]): Promise<string> =>
    (await output(t, 'run', '-d', ...flags, '--rootfs', root, ...SLEEP)).trim();
  const base = await made('--name', 'base');
  const middle = await made('--ipc', 'container:base');
  const top = await made('--requires', middle);
  const other = await made('--name', 'other');
  t.is(await output(t, 'rm', '-f', '--depend', '-t', '0', 'base'), `${top}\n${middle}\n${base}\n`);
  t.is(await output(t, 'rm', '-f', '--depend', '-t', '0', 'other'), `${other}\n`);
  await made('--name', 'plain');
  t.is(await output(t, 'rm', '-f', '-t', '0', 'plain'), 'plain\n');
});

onBusybox('rm --filter with --cidfile: those that are meant by both', async (t, root) => {
  const files = temporaryDirectory(t);
  for (const name of ['a', 'b', 'c']) {
    const label = name === 'c' ? 'l=other' : 'l=it';
    await run(
      t,
      0,
      'create',
      '--name',
      name,
      '--label',
      label,
      '--cidfile',
      join(files, name),
      '--rootfs',
      root,
      'true',
    );
  }
  const cids = ['--cidfile', join(files, 'a'), '--cidfile', join(files, 'c')];
  await run(t, 0, 'rm', '--filter', 'label=l=it', ...cids);
  t.is(await output(t, 'ps', '-a', '--sort', 'names', '--format', '{{.Names}}'), 'b\nc\n');
});

onBusybox('a closed stderr ends no command in its middle', async (t, root) => {
  const deaf = ['--rootfs', root, 'sh', '-c', 'trap "" TERM; while :; do sleep 0.05; done'];
  for (const name of ['a', 'b']) await run(t, 0, 'run', '-d', '--name', name, ...deaf);
  const stop = start(t, {}, 'stop', '--time', '1', 'a', 'b');
  stop.stderr?.destroy();
  t.is((await once(stop, 'exit'))[0], 0);
  t.deepEqual([await status(t, 'a'), await status(t, 'b')], ['exited', 'exited']);
});

onBusybox('attach shows what comes from now on, for several at once', async (t, root) => {
  await run(
    t,
    0,
    'run',
    '-d',
    '-i',
    '--name',
    'c',
    '--rootfs',
    root,
    'sh',
    '-c',
    'while read line; do echo "[$line]"; done; exit 5',
  );
  const first = start(t, { input: '' }, 'attach', 'c');
  const second = start(t, {}, 'attach', '--no-stdin', 'c');
  const ends = [collectOpen(first), collectOpen(second)];
  await until('both are attached', async () => {
    first.stdin?.write('x\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    return ends.every(({ text }) => text().includes('[x]'));
  });
  first.stdin?.end('last\n');
  for (const end of ends) {
    t.is(await end.status, 0, 'attach does not have the status of the container');
    t.true(end.text().endsWith('[last]\n'));
  }
  t.is(await output(t, 'wait', 'c'), '5\n');
});

/** Output so far, and the status in the end; stdin stays open. */
function collectOpen(child: ReturnType<typeof start>): { text: () => string; status: Promise<number> } {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (data: string) => (text += data));
  return { text: () => text, status: once(child, 'close').then(([code]) => code as number) };
}

onBusybox('logs: streams, tail, times, names, since and until', async (t, root) => {
  const script = 'echo 1; echo err >&2; read line; echo 2; echo 3; printf partial';
  const child = start(t, { input: '' }, 'run', '-i', '--name', 'c', '--rootfs', root, 'sh', '-c', script);
  // What is there at once is logged stream by stream, and the last lines are asked for below.
  await once(child.stderr!, 'data');
  t.is((await collect(child)).status, 0);
  t.deepEqual(await run(t, 0, 'logs', 'c'), { status: 0, stdout: '1\n2\n3\npartial', stderr: 'err\n' });
  t.is((await run(t, 0, 'logs', '--tail', '2', 'c')).stdout, '3\npartial');
  t.is((await run(t, 0, 'logs', '--tail', '0', 'c')).stdout, '');
  t.regex((await run(t, 0, 'logs', '-t', 'c')).stdout, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\S+ 1\n/);
  t.regex((await run(t, 0, 'logs', '-n', 'c')).stdout, /^c 1\nc 2\n/);
  t.is((await run(t, 0, 'logs', '--since', '1h', 'c')).stdout, '1\n2\n3\npartial');
  const hourAgo = String(Math.floor(Date.now() / 1000) - 3600);
  t.is((await run(t, 0, 'logs', '--until', hourAgo, 'c')).stdout, '');
  t.not((await run(t, 0, 'logs', '--until', '1h', 'c')).stdout, '', 'an end is so long from now on');
  t.is((await run(t, 0, 'logs', '--since', '2099-01-01T00:00:00Z', 'c')).stdout, '');
  await run(t, 0, 'run', '--name', 'd', '--rootfs', root, 'echo', 'other');
  t.regex((await run(t, 0, 'logs', '--names', 'c', 'd')).stdout, /c 1\n[^]*d other\n/);
  t.is((await run(t, 0, 'logs', '-l')).stdout, 'other\n');
});

onBusybox('logs: the last line of a container that has no end does not run into those of the next', async (t, root) => {
  const containers: readonly [string, string][] = [
    ['open', 'echo 1; printf out; printf err >&2'],
    ['silent', 'true'],
    ['closed', 'echo 2; echo 3 >&2'],
    ['last', 'printf 4'],
  ];
  for (const [name, script] of containers) await run(t, 0, 'run', '--name', name, '--rootfs', root, 'sh', '-c', script);
  const logs = async (...args: string[]) => run(t, 0, 'logs', '-n', ...args);
  t.deepEqual(await logs('open', 'silent', 'closed', 'last'), {
    status: 0,
    stdout: 'open 1\nopen out\nclosed 2\nlast 4',
    stderr: 'open err\nclosed 3\n',
  });
  t.deepEqual(await logs('open', 'last'), {
    status: 0,
    stdout: 'open 1\nopen out\nlast 4',
    stderr: 'open err\n',
  });
  t.is((await logs('open', 'silent')).stdout, 'open 1\nopen out');
  t.is((await logs('last', 'last', 'closed')).stdout, 'last 4\nlast 4\nclosed 2\n');
});

onBusybox('logs: lines of several containers that are followed are whole, the last ones as well', async (t, root) => {
  const pieces = (word: string) => `printf ${word}; sleep 1; echo ${word}; sleep 1; printf ${word}`;
  const names = ['one', 'two'];
  for (const name of names) await run(t, 0, 'create', '--name', name, '--rootfs', root, 'sh', '-c', pieces(name));
  await run(t, 0, 'start', ...names);
  const { stdout } = await run(t, 0, 'logs', '-f', '-n', ...names);
  t.deepEqual(stdout.split('\n').sort(), ['one one', 'one oneone', 'two two', 'two twotwo']);
});

onBusybox('logs --follow goes on to the end', async (t, root) => {
  await run(
    t,
    0,
    'run',
    '-d',
    '--name',
    'c',
    '--rootfs',
    root,
    'sh',
    '-c',
    'trap "echo 2; exit 0" TERM; echo 1; while :; do sleep 0.05; done',
  );
  const following = start(t, {}, 'logs', '-f', 'c');
  const ended = collect(following);
  await once(following.stdout!, 'data');
  await run(t, 0, 'stop', 'c');
  t.deepEqual(await ended, { status: 0, stdout: '1\n2\n', stderr: '' });
});

onBusybox('a reader of logs that goes away ends them without a word', async (t, root) => {
  await run(t, 0, 'run', '--name', 'c', '--rootfs', root, 'seq', '100000');
  const child = start(t, {}, 'logs', 'c');
  let stderr = '';
  child.stderr?.on('data', (data: Buffer) => (stderr += data.toString()));
  await once(child.stdout!, 'data');
  child.stdout?.destroy();
  const [code] = (await once(child, 'close')) as [number];
  t.true(code === 141 || code === 0, String(code));
  t.is(stderr, '');
});

onBusybox('ps: columns, order, filters and formats', async (t, root) => {
  const up = (await output(t, 'run', '-d', '--name', 'up', '-l', 'a=b', '--rootfs', root, ...SLEEP)).trim();
  const down = (await output(t, 'create', '--name', 'down', '--rootfs', root, 'echo', 'a long line of words')).trim();
  const table = (await output(t, 'ps', '-a')).split('\n');
  t.regex(table[0] ?? '', /^CONTAINER ID {2}IMAGE {7}COMMAND +CREATED +STATUS +PORTS {7}NAMES$/);
  t.regex(table[1] ?? '', new RegExp(`^${up.slice(0, 12)} +sh -c trap "exit \\.\\.\\. +\\S.* ago +Up .* up$`));
  t.regex(table[2] ?? '', new RegExp(`^${down.slice(0, 12)} +echo a long line \\.\\.\\. .* Created .* down$`));
  t.true((await output(t, 'ps', '-a', '--no-trunc')).includes(`echo a long line of words`));
  t.is(await output(t, 'ps', '--format', '{{.Names}}'), 'up\n', 'only what runs');
  t.is(await output(t, 'ps', '-a', '--sort', 'names', '--format', '{{.Names}}'), 'down\nup\n');
  t.is(await output(t, 'ps', '-n', '1', '--format', '{{.Names}}'), 'down\n');
  t.is(await output(t, 'ps', '-l', '--format', '{{.Names}}'), 'down\n');
  t.is(
    await output(t, 'ps', '--format', '{{.ID}} {{.Names}} {{.State}} {{.Labels}} {{index .Labels "a"}}'),
    `${up.slice(0, 12)} up running map[a:b] b\n`,
  );
  t.regex(await output(t, 'ps', '-a', '--size', '--format', '{{.Size}}'), /^\S+B \(virtual \S+B\)\n/);
  t.regex(await output(t, 'ps', '--ns'), /^CONTAINER ID {2}NAMES +PID +CGROUPNS[^\n]*\n\S+ +up +\d+ +\d+/);
  const kinds = { net: 'NET', ipc: 'IPC', uts: 'UTS', pid: 'PIDNS', user: 'USERNS', cgroup: 'CGROUPNS', mnt: 'MNT' };
  const pid = (await output(t, 'inspect', '-f', '{{.State.Pid}}', 'up')).trim();
  const inodes = Object.keys(kinds).map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`).replace(/\D/g, ''));
  const fields = Object.values(kinds).map((name) => `{{.${name}}}`);
  t.is(await output(t, 'ps', '--ns', '--format', fields.join(' ')), `${inodes.join(' ')}\n`);
  t.is(await output(t, 'ps', '-a', '--format', fields.join('')), '\n\n', 'nobody asked for them');
  t.regex(await output(t, 'ps', '--ns', '--format', 'table {{.PIDNS}} {{.USERNS}}'), /^PIDNS +USERNS\n\d+ +\d+\n$/);
  const [{ Namespaces }] = JSON.parse(await output(t, 'ps', '--ns', '--format', 'json')) as [{ Namespaces: object }];
  t.like(Namespaces, { Net: inodes[0], Pidns: inodes[3], User: inodes[4], Cgroup: inodes[5] });
  const year = new Date().getUTCFullYear();
  t.regex(
    await output(t, 'ps', '--format', '{{.Created.Year}}|{{.Created}}|{{.CreatedHuman}}|{{.RunningFor}}'),
    new RegExp(`^${year}\\|${year}-\\d\\d-\\d\\d [\\d:.]+ \\+0000 UTC\\|.* ago\\|.* ago\n$`),
  );
  const rows = JSON.parse(await output(t, 'ps', '-a', '--format', 'json')) as {
    Id: string;
    Names: string[];
    State: string;
    Labels: unknown;
  }[];
  t.deepEqual(
    rows.map(({ Id, Names, State }) => [Id, Names, State]),
    [
      [up, ['up'], 'running'],
      [down, ['down'], 'created'],
    ],
  );
  const names = async (...filters: string[]): Promise<string> =>
    (await output(t, 'ps', '-a', ...filters.flatMap((filter) => ['--filter', filter]), '--format', '{{.Names}}'))
      .split('\n')
      .filter(Boolean)
      .join(' ');
  t.is(await names('name=up'), 'up');
  t.is(await names('label=a'), 'up');
  t.is(await names('label=a=b'), 'up');
  t.is(await names('label=a=c'), '');
  t.is(await names('label!=a'), 'down');
  t.is(await names('status=created'), 'down');
  t.is(await names('status=created', 'status=running'), 'up down');
  t.is(await names(`id=${up.slice(0, 6)}`), 'up');
  t.is(await names('before=down'), 'up');
  t.is(await names('since=up'), 'down');
  t.is(await names('until=24h'), '');
  const guess = await run(t, 125, 'container', 'prune', '--force', '--filter', 'until=nonsense 2099');
  t.regex(guess.stderr, /until: "nonsense 2099" is not a valid time/);
  t.is(await names('command=echo'), 'down');
  t.is(await names('exited=0'), '');
});

onBusybox('inspect: prints JSON, templates, and several containers at once', async (t, root) => {
  const id = (
    await output(t, 'create', '--name', 'c', '-l', 'a=b', '-e', 'X=1', '-m', '32m', '--rootfs', root, 'echo', 'hi')
  ).trim();
  const text = await output(t, 'inspect', 'c');
  t.true(text.startsWith('[\n     {\n          "Id":'));
  const [data] = JSON.parse(text) as [
    {
      Id: string;
      Path: string;
      Args: string[];
      Config: { Env: string[]; CreateCommand: string[] };
      HostConfig: { Memory: number };
    },
  ];
  t.deepEqual([data.Id, data.Path, data.Args, data.HostConfig.Memory], [id, 'echo', ['hi'], 32 * 1024 ** 2]);
  t.true(data.Config.Env.includes('X=1'));
  t.deepEqual(data.Config.CreateCommand.slice(0, 4), ['tspod', 'create', '--name', 'c']);
  t.is(await output(t, 'inspect', '-f', '{{.Name}} {{.ID}} {{.Id}}', 'c'), `c ${id} ${id}\n`);
  t.is(await output(t, 'inspect', '-f', '{{range $k, $v := .Config.Labels}}{{$k}}={{$v}}{{end}}', 'c'), 'a=b\n');
  t.regex(
    await output(t, 'inspect', '-f', '{{.Created}}', 'c'),
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? \+0000 UTC\n$/,
  );
  t.is(await output(t, 'inspect', '-f', '{{.State.StartedAt.IsZero}}', 'c'), 'true\n');
  t.is(await output(t, 'container', 'inspect', '-f', '{{.Name}}', '--latest'), 'c\n');
  const { stderr } = await run(t, 125, 'inspect', '-f', '{{.Config.Foo}}', 'c');
  t.is(
    stderr,
    `Error: inspecting object: printing inspect output: template: inspect:1:20: executing "inspect" at <.Config.Foo>: can't evaluate field Foo in type *define.InspectContainerConfig\n`,
  );
  const partly = await run(t, 125, 'inspect', '-f', '{{.Name}}', 'c', 'nosuch');
  t.deepEqual([partly.stdout, partly.stderr], ['c\n', 'Error: inspecting object: no such object: "nosuch"\n']);
  t.regex(await output(t, 'inspect', '-s', '-f', '{{.SizeRw}}', 'c'), /^\d+\n$/);
  const optional = '{{if .State.Health}}checked{{else}}none{{end}} {{.Config.Healthcheck}} {{.SizeRw}}';
  t.is(await output(t, 'inspect', '-f', optional, 'c'), 'none <nil> <nil>\n');
  t.is(
    await output(t, 'inspect', '-f', 'table {{.Name}} {{.State.Status}}', 'c'),
    'c           created\n',
    'no headings',
  );
});

onBusybox('inspect: the command line that created a container or a pod, as it was typed', async (t, root) => {
  const container = [
    '--log-level',
    'error',
    'container',
    '--events-backend=file',
    'create',
    '--name',
    'c',
    '--rootfs',
    root,
  ];
  await run(t, 0, ...container, 'true');
  t.deepEqual(JSON.parse(await output(t, 'container', 'inspect', '-f', '{{json .Config.CreateCommand}}', 'c')), [
    'tspod',
    ...container,
    'true',
  ]);
  const pod = ['--log-level', 'error', 'pod', 'create', '--infra=false', '--name', 'p'];
  await run(t, 0, ...pod);
  t.deepEqual(JSON.parse(await output(t, 'pod', 'inspect', '-f', '{{json .CreateCommand}}', 'p')), ['tspod', ...pod]);
  await run(t, 0, 'pod', 'rm', 'p');
  const { stderr } = await run(t, 125, '--log-level', 'error', 'container', 'inspect', 'p');
  t.regex(stderr, /no such container/, 'container inspect, with flags before it, looks for containers alone');
});

onBusybox('names, ids and beginnings of ids', async (t, root) => {
  const id = (await output(t, 'create', '--name', 'c', '--rootfs', root, 'true')).trim();
  t.is(await output(t, 'inspect', '-f', '{{.Name}}', id.slice(0, 5)), 'c\n');
  await run(t, 0, 'create', '--name', id.slice(0, 4), '--rootfs', root, 'true');
  t.is(
    await output(t, 'inspect', '-f', '{{.Name}}', id.slice(0, 4)),
    `${id.slice(0, 4)}\n`,
    'a name wins over a beginning',
  );
  const { stderr } = await run(t, 125, 'rename', 'c', id.slice(0, 4));
  t.regex(stderr, /already in use/);
  await run(t, 125, 'rename', 'c', 'a/b');
});

test('info says what the machine is', async (t) => {
  if (!requires(t, 'root')) return;
  t.regex(await output(t, 'info'), /^host:\n {2}arch: /);
  t.is(
    await output(t, 'info', '--format', '{{.Version.NodeVersion}} {{.Version.Node}}'),
    `${process.version} ${process.version}\n`,
  );
  const data = JSON.parse(await output(t, 'info', '--format', 'json')) as {
    store: { containerStore: { number: number } };
  };
  t.is(data.store.containerStore.number, 0);
});
