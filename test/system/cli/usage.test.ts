/** Command lines that come to nothing: what is said about them, and with which status. */
import test from 'ava';

import { run, runWith, storeOf } from '../../helpers/cli.js';
import { requires } from '../../helpers/requires.js';

const fails = test.macro<[string[], string]>({
  exec: async (t, args, stderr) => {
    const result = await run(t, 125, ...args);
    t.is(result.stderr, stderr);
    t.is(result.stdout, '');
  },
  title: (_, args) => `tspod ${args.join(' ')}`,
});

const hint = (command: string): string => `See 'tspod ${command} --help'\n`;

test(fails, ['unheard'], "Error: unrecognized command `tspod unheard`\nTry 'tspod --help' for more information\n");
test(
  fails,
  ['strat'],
  "Error: unrecognized command `tspod strat`\n\nDid you mean this?\n\tstart\n\nTry 'tspod --help' for more information\n",
);
test(
  fails,
  ['container', 'unheard'],
  "Error: unrecognized command `tspod container unheard`\nTry 'tspod container --help' for more information\n",
);
test(
  fails,
  ['system', 'connection', 'list'],
  "Error: unrecognized command `tspod system connection`, which only Podman has: there is no remote service; use `ssh HOST tspod`\nTry 'tspod system --help' for more information\n",
);
test(
  fails,
  ['machine', 'ls'],
  "Error: unrecognized command `tspod machine`, which only Podman has: containers run directly on this machine, not in a virtual machine\nTry 'tspod --help' for more information\n",
);
test(fails, ['--foo', 'ps'], "Error: unknown flag: --foo\nSee 'tspod --help'\n");
test(fails, ['--rm', 'run', 'host:', 'true'], "Error: unknown flag: --rm\nSee 'tspod --help'\n");
test(fails, ['run', '--foo', 'x'], `Error: unknown flag: --foo\n${hint('run')}`);
test(fails, ['run', '-Q', 'x'], `Error: unknown shorthand flag: 'Q' in -Q\n${hint('run')}`);
test(fails, ['container', 'run', '-Q', 'x'], `Error: unknown shorthand flag: 'Q' in -Q\n${hint('container run')}`);
test(fails, ['run', '--name'], `Error: flag needs an argument: --name\n${hint('run')}`);
test(fails, ['run', '-m'], `Error: flag needs an argument: 'm' in -m\n${hint('run')}`);
test(fails, ['run'], 'Error: requires at least 1 arg(s), only received 0\n');
test(fails, ['create'], 'Error: requires at least 1 arg(s), only received 0\n');
test(
  fails,
  ['run', '--rm=maybe', 'x'],
  `Error: invalid argument "maybe" for "--rm" flag: strconv.ParseBool: parsing "maybe": invalid syntax\n${hint('run')}`,
);
test(
  fails,
  ['run', '--cpus', 'abc', 'x'],
  `Error: invalid argument "abc" for "--cpus" flag: strconv.ParseFloat: parsing "abc": invalid syntax\n${hint('run')}`,
);
const NONE = 'Error: no container with name or ID "x" found: no such container\n';
test(fails, ['--trace', '--max-workers', '2', 'logs', '--details', 'x'], NONE);
test(fails, ['cp', '--pause=false', '--extract', 'x:/a', '.'], 'Error: container "x" does not exist\n');
test(
  fails,
  ['run', '--kernel-memory', '64m', 'host:'],
  'Error: --kernel-memory is not supported yet: kernels since 5.16 have no such limit\n',
);
test(fails, ['run', '--pod', 'x', 'host:'], 'Error: no pod with name or ID x found: no such pod\n');
test(
  fails,
  ['run', '--sdnotify', 'conmon', 'host:'],
  'Error: --sdnotify is not supported yet: readiness is not passed on to systemd\n',
);
test(
  fails,
  ['run', '--systemd', 'yes', 'host:'],
  'Error: invalid config provided: --systemd values must be one of "true, false, always": invalid configuration\n',
);
test(
  fails,
  ['run', '--systemd', 'always', '--init', 'host:'],
  'Error: cannot use container-init binary with systemd=always\n',
);
test(
  fails,
  ['run', '-v', 'da ta:/x', 'host:'],
  'Error: creating named volume "da ta": running volume create option: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument\n',
);
test(fails, ['run', '-m', '10x', 'host:'], "Error: invalid value for memory: invalid size: '10x'\n");
test(
  fails,
  ['run', '--rm', '--restart', 'always', 'host:'],
  'Error: the --rm option conflicts with --restart, when the restartPolicy is not "" and "no"\n',
);
test(
  fails,
  ['run', '--cpus', '1', '--cpu-period', '5000', 'host:'],
  'Error: --cpu-period and --cpus cannot be set together\n',
);
test(
  fails,
  ['run', '-a', 'foo', 'host:'],
  'Error: invalid stream "foo" for --attach - must be one of stdin, stdout, or stderr: invalid argument\n',
);
test(
  fails,
  ['run', '--env-file', '/nosuch', 'host:'],
  'Error: parsing env file "/nosuch": open /nosuch: no such file or directory\n',
);
test(
  fails,
  ['run', '--preserve-fds', '3', 'host:'],
  'Error: file descriptor 3 is not available - the preserve-fds option requires that file descriptors must be passed\n',
);
test(fails, ['run', '--replace', 'host:', 'true'], 'Error: cannot replace container without --name being set\n');
test(
  fails,
  ['ps', '--last', 'x'],
  `Error: invalid argument "x" for "-n, --last" flag: strconv.ParseInt: parsing "x": invalid syntax\n${hint('ps')}`,
);
test(
  fails,
  ['ps', '--sort', 'foo'],
  `Error: invalid argument "foo" for "--sort" flag: "foo" is not a valid value.  Choose from: "command, created, id, image, names, runningfor, size, status"\n${hint('ps')}`,
);
test(fails, ['ps', '--filter', 'foo=bar'], 'Error: foo is an invalid filter\n');
test(fails, ['ps', '--filter', 'foo'], 'Error: invalid filter "foo"\n');
test(fails, ['push', '--compress', 'x'], 'Error: --compress is not supported yet: layers are sent as they are\n');
test(fails, ['ps', 'extra'], 'Error: `tspod ps` takes no arguments\n');
test(fails, ['ps', '--ns', '--size'], 'Error: size and namespace options conflict\n');
test(fails, ['ps', '--format', '{{.ID'], 'Error: template: ps:1: unclosed action\n');
test(fails, ['inspect'], 'Error: no names or ids specified\n');
test(
  fails,
  ['inspect', '-t', 'foo', 'c'],
  'Error: invalid type "foo": must be "image", "container", "pod", "network", "volume", or "all"\n',
);
test(fails, ['stop', 'nosuch'], 'Error: no container with name or ID "nosuch" found: no such container\n');
test(fails, ['start', 'nosuch'], 'Error: no container with name or ID "nosuch" found: no such container\n');
test(fails, ['kill', 'nosuch'], 'Error: no container with name or ID "nosuch" found: no such container\n');
test(fails, ['kill', '-s', 'FOO', 'nosuch'], 'Error: invalid signal: FOO\n');
test(fails, ['kill'], 'Error: you must provide at least one name or id\n');
test(fails, ['stop'], 'Error: you must provide at least one name or id\n');
test(fails, ['stop', '-a', 'x'], 'Error: no arguments are needed with --all\n');
test(
  fails,
  ['rm', '--latest', '--cidfile', '/etc/hostname'],
  'Error: --all, --latest, and --cidfile cannot be used together\n',
);
test(fails, ['rm', '--filter', 'name=a', 'x'], 'Error: --filter takes no arguments\n');
test(
  fails,
  ['exec', '--latest', '--cidfile', '/etc/hostname', 'true'],
  'Error: --latest and --cidfile cannot be used together\n',
);
test(fails, ['images', '-f', 'dangling=true', 'x'], 'Error: cannot specify an image and a filter(s)\n');
test(
  fails,
  ['run', '--cidfile', '/nosuch/file', 'host:', 'true'],
  'Error: container id file /nosuch/file: open /nosuch/file: no such file or directory\n',
);
test(fails, ['start'], 'Error: start requires at least one argument\n');
test(
  fails,
  ['start', '--all', 'x'],
  'Error: either start all containers or the container(s) provided in the arguments\n',
);
test(fails, ['start', '-a', 'x', 'y'], 'Error: you cannot start and attach multiple containers at once\n');
test(fails, ['start', '-i', 'x', 'y'], 'Error: you cannot start and attach multiple containers at once\n');
test(fails, ['rm'], 'Error: you must provide at least one name or id\n');
test(fails, ['rm', '-t', '5', 'x'], 'Error: --force option must be specified to use the --time option\n');
test(fails, ['exec'], 'Error: exec requires the name or ID of a container or the --latest flag\n');
test(fails, ['exec', 'nosuch', 'ls'], 'Error: no container with name or ID "nosuch" found: no such container\n');
test(fails, ['logs'], 'Error: specify at least one container name or ID to log\n');
test(fails, ['logs', 'nosuch'], 'Error: no container with name or ID "nosuch" found: no such container\n');
test(fails, ['logs', '--since', 'foo', 'nosuch'], 'Error: parsing --since "foo": unable to interpret time value\n');
test(fails, ['attach'], 'Error: "tspod attach" requires a name, id, or the "--latest" flag\n');
test(fails, ['attach', 'a', 'b'], 'Error: `tspod attach` accepts at most one argument\n');
test(fails, ['attach', 'nosuch'], 'Error: no container with name or ID "nosuch" found: no such container\n');
test(fails, ['wait'], 'Error: "tspod wait" requires a name, id, or the "--latest" flag\n');
test(fails, ['wait', '--condition', 'foo', 'x'], 'Error: unknown container state: foo: invalid argument\n');
test(fails, ['wait', '-i', 'abc', 'nosuch'], 'Error: time: invalid duration "abc"\n');
test(fails, ['wait', 'nosuch'], 'Error: no container with name or ID "nosuch" found: no such container\n');
test(fails, ['pause', 'nosuch'], 'Error: no container with name or ID "nosuch" found: no such container\n');
test(fails, ['unpause'], 'Error: you must provide at least one name or id\n');
test(fails, ['init', 'nosuch'], 'Error: no container with name or ID "nosuch" found: no such container\n');
test(fails, ['rename', 'a'], 'Error: accepts 2 arg(s), received 1\n');
test(fails, ['rename', 'a', 'b'], 'Error: no container with name or ID "a" found: no such container\n');
test(fails, ['explain'], 'Error: nothing to explain: choose from run, create, exec\n');
test(fails, ['explain', 'ps'], 'Error: cannot explain "ps": choose from run, create, exec\n');
test(fails, ['completion', 'tcsh'], 'Error: unknown shell "tcsh": choose from bash, zsh, fish\n');
test(
  fails,
  ['--cgroup-manager', 'foo', 'ps'],
  'Error: configuring runtime: cgroup manager must be one of cgroupfs and systemd: invalid argument\n',
);
test(fails, ['--remote', 'ps'], 'Error: --remote is not supported yet: there is no remote service\n');

test('a bad log level has the status 1', async (t) => {
  const { stderr } = await run(t, 1, '--log-level', 'bad', 'ps');
  t.is(
    stderr,
    'Error: Log Level "bad" is not supported, choose from: trace, debug, info, warn, warning, error, fatal, panic\n',
  );
});

test('without a command the commands are listed, and that is an error', async (t) => {
  const { stdout, stderr } = await run(t, 125);
  t.regex(stdout, /Available Commands:\n {2}attach +Attach/);
  t.is(stderr, "Error: missing command 'tspod COMMAND'\n");
  const container = await run(t, 125, 'container');
  t.regex(container.stdout, / {2}exists +Check/);
  t.is(container.stderr, "Error: missing command 'tspod container COMMAND'\n");
});

test('--help, help and --version', async (t) => {
  t.regex((await run(t, 0, '--help')).stdout, /^Run containers without a daemon\n/);
  const { stdout } = await run(t, 0, 'run', '--help');
  t.regex(stdout, /Usage:\n {2}tspod run \[options\] IMAGE/);
  t.regex(stdout, / {2}-m, --memory size /);
  t.notRegex(stdout, /--sdnotify /);
  t.is((await run(t, 0, 'help', 'run')).stdout, stdout);
  t.is(
    (await run(t, 0, 'container', 'run', '--help')).stdout,
    stdout.replace('  tspod run [options]', '  tspod container run [options]'),
  );
  t.regex((await run(t, 0, 'container', '--help')).stdout, / {2}prune +Remove all/);
  t.regex((await run(t, 0, '--version')).stdout, /^tspod version \d+\.\d+\.\d+\n$/);
  t.is((await run(t, 0, '-v')).stdout, (await run(t, 0, '--version')).stdout);
});

test('help: what is no command gets the list of commands, and is no failure', async (t) => {
  const { stdout: list } = await run(t, 0, '--help');
  t.deepEqual(await run(t, 0, 'help', 'nosuch', 'run'), {
    status: 0,
    stdout: '',
    stderr: `Unknown help topic [\`nosuch\` \`run\`]\n${list}`,
  });
  const { stdout: group } = await run(t, 0, 'container', '--help');
  t.is((await run(t, 0, 'help', 'container', 'nosuch')).stdout, group);
  t.is((await run(t, 0, 'help', '--help')).stdout, list);
  for (const words of [['--foo'], ['run', '--foo']]) {
    const { stderr } = await run(t, 125, 'help', ...words);
    t.is(stderr, "Error: unknown flag: --foo\nSee 'tspod help --help'\n");
  }
});

test('version and its formats', async (t) => {
  const { stdout } = await run(t, 0, '--version');
  const number = stdout.trim().split(' ')[2] ?? '';
  t.regex((await run(t, 0, 'version')).stdout, new RegExp(`^Client: +tspod Engine\nVersion: +${number}\n`));
  t.is((await run(t, 0, 'version', '--format', '{{.Client.Version}}')).stdout, `${number}\n`);
  const json = JSON.parse((await run(t, 0, 'version', '--format', 'json')).stdout) as { Client: { Version: string } };
  t.is(json.Client.Version, number);
  const { stderr } = await run(t, 125, 'version', '--format', '{{.Client.Foo}}');
  t.is(
    stderr,
    `Error: template: version:1:9: executing "version" at <.Client.Foo>: can't evaluate field Foo in type *define.Version\n`,
  );
});

test('--noout prints nothing, --out prints to a file', async (t) => {
  t.is((await run(t, 0, '--noout', 'version')).stdout, '');
  t.is((await runWith(t, { directory: '/tmp' }, 0, '--out', '/dev/null', 'version')).stdout, '');
});

test('image prune --external: does what it does without', async (t) => {
  t.is((await run(t, 0, 'image', 'prune', '--force', '--external')).stdout, '');
});

test('rm of a missing container has the status 1, and with --force none', async (t) => {
  t.is(
    (await run(t, 1, 'rm', 'nosuch')).stderr,
    'Error: no container with name or ID "nosuch" found: no such container\n',
  );
  const forced = await run(t, 0, 'rm', '-f', 'nosuch');
  t.is(forced.stderr + forced.stdout, '');
  t.is((await run(t, 0, 'rm', '--ignore', 'nosuch')).stderr, '');
  t.is((await run(t, 0, 'stop', '--ignore', 'nosuch')).stderr, '');
});

const MISSING_OBJECTS = {
  all: 'no such object: "nosuch"',
  container: 'no such container nosuch',
  image: 'nosuch: image not known',
  network: 'network nosuch: unable to find network with name or ID nosuch: network not found',
  pod: 'no such pod nosuch',
  volume: 'no such volume nosuch',
} as const;

test('inspect of what is missing prints an empty list and an error', async (t) => {
  for (const [type, words] of Object.entries(MISSING_OBJECTS)) {
    const { stdout, stderr } = await run(t, 125, 'inspect', '--type', type, 'nosuch');
    t.is(stdout, '[]\n');
    t.is(stderr, `Error: inspecting object: ${words}\n`);
  }
});

test('container exists: exits with 1 for a missing container', async (t) => {
  await run(t, 1, 'container', 'exists', 'nosuch');
});

test('an empty list has its headings, quiet has none', async (t) => {
  t.is(
    (await run(t, 0, 'ps')).stdout,
    'CONTAINER ID  IMAGE       COMMAND     CREATED     STATUS      PORTS       NAMES\n',
  );
  t.is((await run(t, 0, 'ps', '-q')).stdout, '');
  t.is((await run(t, 0, 'ps', '--noheading')).stdout, '');
  t.is((await run(t, 0, 'ps', '--format', 'json')).stdout, '[]\n');
  t.is(
    (await run(t, 0, 'container', 'ls', '-a', '--format', 'table {{.ID}} {{.Names}}')).stdout,
    'CONTAINER ID  NAMES\n',
  );
});

test('a working directory that has been removed is missed only by relative paths', async (t) => {
  if (!requires(t, 'root')) return;
  const script = 'directory=$(mktemp -d) && cd "$directory" && rmdir "$directory" && exec "$@"';
  storeOf(t).prefix = ['sh', '-c', script, 'sh'];
  await run(t, 0, '--help');
  t.is((await run(t, 0, 'ps', '--quiet')).stdout, '');
  await run(t, 0, 'create', '--volume', '/usr:/mnt', '--rootfs', '/usr', 'true');
  const relative = await run(t, 125, 'create', '--volume', '.:/mnt', '--rootfs', '/usr', 'true');
  // sh, which starts node, has a line of its own about it
  t.regex(relative.stderr, /^Error: getting absolute path of \.: getwd: no such file or directory$/m);
});
