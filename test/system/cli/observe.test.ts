/** stats, top, port and cleanup on the command line: output, messages and statuses as Podman's. */

import { onBusybox } from '../../helpers/busybox.js';
import { collect, output, run, start } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { requires } from '../../helpers/requires.js';
import { openTerminal } from '../../helpers/tmux.js';

const SLEEP = ['sleep', '1000'];

onBusybox('stats: the table, JSON and templates', async (t, root) => {
  const id = (await output(t, 'run', '-d', '--name', 'c', '-m', '64m', '--rootfs', root, ...SLEEP)).trim();
  const table = (await output(t, 'stats', '--no-stream')).split('\n');
  t.deepEqual(table[0]?.trim().split(/ {2,}/), [
    'ID',
    'NAME',
    'CPU %',
    'MEM USAGE / LIMIT',
    'MEM %',
    'NET IO',
    'BLOCK IO',
    'PIDS',
    'CPU TIME',
    'AVG CPU %',
  ]);
  const cells = table[1]?.trim().split(/ {2,}/) ?? [];
  t.deepEqual([cells[0], cells[1], cells[7]], [id.slice(0, 12), 'c', '1']);
  t.regex(cells[2] ?? '', /^\d+\.\d\d%$/);
  t.regex(cells[3] ?? '', /^[\d.]+[kM]?B \/ 67\.11MB$/);
  t.regex(cells[8] ?? '', /^[\d.]+m?s$/);
  const [json] = JSON.parse(await output(t, 'stats', '--no-stream', '--format', 'json', '--no-trunc', 'c')) as [
    Record<string, string>,
  ];
  t.deepEqual(Object.keys(json), [
    'id',
    'name',
    'cpu_time',
    'cpu_percent',
    'avg_cpu',
    'mem_usage',
    'mem_percent',
    'net_io',
    'block_io',
    'pids',
  ]);
  t.is(json['id'], id);
  t.is(
    await output(t, 'stats', '--no-stream', '--format', '{{.Name}} {{.PIDs}} {{.MemLimit}}', '-l'),
    'c 1 67108864\n',
  );
});

onBusybox('stats: which containers', async (t, root) => {
  await run(t, 0, 'create', '--name', 'idle', '--rootfs', root, ...SLEEP);
  const names = async (...args: string[]): Promise<string> =>
    (
      await output(t, 'stats', '--no-stream', '--format', '{{.Name}} {{.CPUPerc}} {{.NetIO}} {{.PIDS}}', ...args)
    ).trim();
  t.is(await names(), '');
  t.is(await names('--all'), 'idle 0.00% 0B / 0B 0');
  t.is(await names('idle'), 'idle 0.00% 0B / 0B 0');
  t.regex(
    (await run(t, 125, 'stats', 'nosuch')).stderr,
    /no container with name or ID "nosuch" found: no such container/,
  );
  for (const args of [
    ['--all', '--latest'],
    ['--all', 'idle'],
  ])
    t.regex((await run(t, 125, 'stats', ...args)).stderr, /--all, --latest and containers cannot be used together/);
});

onBusybox('stats: of a container without a cgroup is an error, and without a name it is left out', async (t, root) => {
  await run(t, 0, 'run', '-d', '--name', 'uncounted', '--cgroups', 'disabled', '--rootfs', root, ...SLEEP);
  await run(t, 0, 'run', '-d', '--name', 'counted', '--rootfs', root, ...SLEEP);
  t.regex((await run(t, 125, 'stats', '--no-stream', 'uncounted')).stderr, /as it did not create a cgroup/);
  t.is(await output(t, 'stats', '--no-stream', '--format', '{{.Name}}'), 'counted\n');
});

onBusybox('stats: streams until it is ended', async (t, root) => {
  await run(t, 0, 'run', '-d', '--name', 'c', '--rootfs', root, ...SLEEP);
  const child = start(t, {}, 'stats', '--interval', '1', '--format', '{{.Name}}', 'c');
  let seen = '';
  child.stdout?.on('data', (chunk: Buffer) => (seen += chunk.toString()));
  await until('three looks', () => seen.startsWith('c\nc\nc\n'));
  child.kill('SIGTERM');
  t.not((await collect(child)).status, 0);
});

onBusybox('stats: a terminal is drawn anew', async (t, root) => {
  if (!requires(t, 'tmux')) return;
  await run(t, 0, 'run', '-d', '--name', 'c', '--rootfs', root, 'sh', '-c', 'while :; do :; done');
  const terminal = await openTerminal(t);
  terminal.keys("tspod stats --interval 1 --format 'table {{.Name}} {{.UpTime}}'", 'Enter');
  await terminal.shows(/CPU TIME\nc +\S+s$/);
  const first = terminal.screen();
  // One look: at another one it may just be drawn.
  await until('another time, in one table at the top', () => {
    const screen = terminal.screen();
    return screen !== first && /^NAME +CPU TIME\nc +\S+s$/.test(screen);
  });
  terminal.keys('C-c');
  await terminal.shows(/\$$/);
});

onBusybox('top: default columns, descriptors, and arguments of ps', async (t, root) => {
  await run(t, 0, 'run', '-d', '--name', 'c', '--rootfs', root, 'sh', '-c', 'sleep 999 & wait');
  await until('both run', async () => (await output(t, 'top', 'c', 'comm')) === 'COMMAND\nsh\nsleep\n');
  const table = (await output(t, 'top', 'c')).split('\n').map((line) => line.split(/ {2,}/));
  t.deepEqual(table[0], ['USER', 'PID', 'PPID', '%CPU', 'ELAPSED', 'TTY', 'TIME', 'COMMAND']);
  t.deepEqual(
    table.slice(1, 3).map((row) => [row[0], row[1], row[2], row[5], row[7]]),
    [
      ['root', '1', '0', '?', 'sh -c sleep 999 & wait'],
      ['root', '2', '1', '?', 'sleep 999'],
    ],
  );
  t.regex(table[1]?.[4] ?? '', /^[\d.hm]+s$/);
  const pid = (await output(t, 'inspect', '-f', '{{.State.Pid}}', 'c')).trim();
  t.is((await output(t, 'top', 'c', 'hpid,comm', '%n')).split('\n')[1]?.split(/ +/).join(' '), `${pid} sh 0`);
  t.regex(await output(t, 'top', '--latest', 'capeff'), /^EFFECTIVE CAPS\nCHOWN,/);
  t.regex(await output(t, 'top', 'c', '-o', 'pid,args'), /^PID +COMMAND\n +1 sh -c sleep 999 & wait\n +2 sleep 999\n$/);
  const { stderr } = await run(t, 125, 'top', 'c', '--nonsense');
  t.regex(stderr, /^Error: ps\(1\) failed with exit code 1: /);
});

onBusybox('top: a terminal has its name; one that does not run has no processes', async (t, root) => {
  await run(t, 0, 'run', '-dt', '--name', 'c', '--rootfs', root, ...SLEEP);
  t.is(await output(t, 'top', 'c', 'tty'), 'TTY\npts/0\n');
  await run(t, 0, 'kill', 'c');
  t.regex((await run(t, 125, 'top', 'c')).stderr, /top can only be used on running containers/);
  t.regex((await run(t, 125, 'top')).stderr, /you must provide the name or id of a running container/);
  t.regex(
    (await run(t, 125, 'top', 'nosuch')).stderr,
    /no container with name or ID "nosuch" found: no such container/,
  );
});

onBusybox('port: nothing is published', async (t, root) => {
  await run(t, 0, 'run', '-d', '--name', 'c', '--rootfs', root, ...SLEEP);
  t.is(await output(t, 'port', 'c'), '');
  t.is(await output(t, 'port', '--all'), '');
  t.regex((await run(t, 125, 'port', 'c', '80')).stderr, /^Error: failed to find published port "80"\n$/);
  t.regex((await run(t, 125, 'port', 'c', '80/udp')).stderr, /^Error: failed to find published port "80\/udp"\n$/);
  t.regex((await run(t, 125, 'port', '--latest', '80/tcp')).stderr, /failed to find published port "80\/tcp"/);
  t.regex((await run(t, 125, 'port', 'c', 'http')).stderr, /parsing "http": invalid syntax/);
  t.regex((await run(t, 125, 'port')).stderr, /you must supply a running container name or id/);
  t.regex((await run(t, 125, 'port', '-a', 'c')).stderr, /no arguments are needed with --all/);
});

onBusybox('container cleanup: what does not run', async (t, root) => {
  await run(t, 0, 'create', '--name', 'c', '--rootfs', root, ...SLEEP);
  await run(t, 0, 'init', 'c');
  t.is(await output(t, 'container', 'cleanup', 'c'), 'c\n');
  t.is(await output(t, 'inspect', '-f', '{{.State.Status}}', 'c'), 'created\n');
  await run(t, 0, 'start', 'c');
  t.regex((await run(t, 125, 'container', 'cleanup', 'c')).stderr, /is running, refusing to clean up/);
  t.is(await output(t, 'container', 'cleanup', '--all'), '', 'one that runs is not among them');
  await run(t, 0, 'kill', 'c');
  t.regex((await run(t, 125, 'container', 'cleanup', '--exec', 'x', 'c')).stderr, /--exec is not supported yet/);
  t.is(await output(t, 'container', 'cleanup', '--rm', 'c'), 'c\n');
  await run(t, 1, 'container', 'exists', 'c');
  t.regex((await run(t, 125, 'container', 'cleanup')).stderr, /you must provide at least one name or id/);
});

onBusybox('update: flags, what inspect says, and messages', async (t, root) => {
  const id = (await output(t, 'run', '-d', '--name', 'c', '--rootfs', root, ...SLEEP)).trim();
  const host = async (field: string): Promise<string> =>
    (await output(t, 'inspect', '-f', `{{.HostConfig.${field}}}`, 'c')).trim();
  t.is(await output(t, 'update', '-m', '64m', '--cpus', '0.5', '--pids-limit', '40', 'c'), `${id}\n`);
  t.deepEqual([await host('Memory'), await host('NanoCpus'), await host('PidsLimit')], ['67108864', '500000000', '40']);
  t.is(await output(t, 'stats', '--no-stream', '--format', '{{.MemLimit}}', 'c'), '67108864\n');
  t.is(await output(t, 'update', '--restart', 'on-failure:3', '-l'), `${id}\n`);
  t.is(await host('RestartPolicy'), '{on-failure 3}');
  t.is(await output(t, 'ps', '-q', '--no-trunc', '--filter', 'restart-policy=on-failure'), `${id}\n`);
  await run(t, 0, 'update', '--env', 'A=b', '--unsetenv', 'container', '--ulimit', 'nofile=90:100', 'c');
  t.is(await output(t, 'exec', 'c', 'sh', '-c', 'echo $A$container'), 'b\n');
  await run(t, 0, 'restart', '-t', '0', 'c');
  t.is(await output(t, 'exec', 'c', 'sh', '-c', 'tr "\\0" "\\n" < /proc/1/environ | grep ^A='), 'A=b\n');
  t.is(await host('Memory'), '67108864');
  t.regex((await run(t, 125, 'update', '--memory-swap', '1m', 'c')).stderr, /memorySwapBytes|memory/);
  t.regex(
    (await run(t, 125, 'update', '--restart', 'sometimes', 'c')).stderr,
    /"sometimes" is not a valid restart policy/,
  );
  t.regex((await run(t, 125, 'update')).stderr, /accepts 1 arg\(s\), received 0/);
  t.regex((await run(t, 125, 'update', '-m', '64m', 'nosuch')).stderr, /no container with name or ID "nosuch" found/);
});
