/** What shells complete. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { busyboxRoot } from '../../helpers/busybox.js';
import { output, run, storeOf } from '../../helpers/cli.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

/** Candidates, without their descriptions, and the directive. */
async function complete(t: ExecutionContext, ...words: string[]): Promise<string[]> {
  const lines = (await output(t, '__complete', ...words)).trimEnd().split('\n');
  return lines.map((line) => line.split('\t')[0] ?? '');
}

const completes = test.macro<[string[], string[]]>({
  exec: async (t, words, expected) => t.deepEqual(await complete(t, ...words), expected),
  title: (_, words) => `completes ${words.map((word) => (word === '' ? "''" : word)).join(' ')}`,
});

test(completes, ['ru'], ['run', ':none']);
test(completes, ['re'], ['rename', 'restart', ':none']);
test(completes, ['container', 'ex'], ['exec', 'exists', 'export', ':none']);
test(completes, ['container', 'l'], ['logs', 'ls', 'list', ':none']);
test(completes, ['nosuch', ''], [':none']);
test(completes, ['--log-level', 'd'], ['debug', ':none']);
test(completes, ['--root', ''], [':directories']);
test(completes, ['--log-level', 'debug', 'versio'], ['version', ':none']);
test(completes, ['run', '--memory-s'], ['--memory-swap', '--memory-swappiness', ':none']);
test(completes, ['run', '--publ'], ['--publish', '--publish-all', ':none']);
test(completes, ['run', '--pod-i'], ['--pod-id-file', ':none']);
test(completes, ['pod', 'un'], ['unpause', ':none']);
test(completes, ['pod', 'create', '--exit-policy', 's'], ['stop', ':none']);
test(completes, ['run', '--env-file', ''], [':files']);
test(completes, ['run', '--restart', 'on'], ['on-failure', ':none']);
test(completes, ['run', '--restart=on'], ['--restart=on-failure', ':none']);
test(completes, ['run', '--rm', 'ho'], ['host:', 'host:all', ':none']);
test(completes, ['run', '-it', '--rm', '--name', 'x', 'ho'], ['host:', 'host:all', ':none']);
test(completes, ['run', 'host:', '--'], [':none']);
test(completes, ['ps', '--sort', 'na'], ['names', ':none']);
test(completes, ['completion', ''], ['bash', 'zsh', 'fish', ':none']);
test(completes, ['explain', 'c'], ['create', ':none']);
test(completes, ['kill', '-s', 'US'], ['USR1', 'USR2', ':none']);

test('completes names of containers, where the flags say they are', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const root = busyboxRoot(t);
  for (const name of ['web', 'worker', 'db']) await run(t, 0, 'create', '--name', name, '--rootfs', root, 'true');
  t.deepEqual(await complete(t, 'start', 'w'), ['web', 'worker', ':none']);
  t.deepEqual(await complete(t, 'start', 'web', ''), ['web', 'worker', 'db', ':none']);
  t.deepEqual(await complete(t, 'exec', '-it', ''), ['web', 'worker', 'db', ':none']);
  t.deepEqual(await complete(t, 'exec', '-it', 'web', ''), [':none']);
  t.deepEqual(await complete(t, 'rename', 'web', ''), [':none']);
  const elsewhere = temporaryDirectory(t);
  t.deepEqual(await complete(t, '--root', elsewhere, '--runroot', `${elsewhere}/run`, 'start', ''), [':none']);
});

test('completes names of pods', async (t) => {
  if (!requires(t, 'root')) return;
  for (const name of ['web', 'worker', 'db']) await run(t, 0, 'pod', 'create', '--infra=false', name);
  t.deepEqual((await complete(t, 'pod', 'start', 'w')).sort(), [':none', 'web', 'worker']);
  t.deepEqual((await complete(t, 'pod', 'logs', '')).length, 4);
  t.deepEqual(await complete(t, 'pod', 'logs', 'web', ''), [':none']);
  t.deepEqual(await complete(t, 'run', '--pod', 'd'), ['db', ':none']);
  await run(t, 0, 'pod', 'rm', '--all');
});

test('completes names of images, and what inspect finds', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const archive = join(temporaryDirectory(t), 'root.tar');
  t.is(spawnSync('tar', ['-cf', archive, '-T', '/dev/null']).status, 0);
  for (const name of ['host.test/some/app:1', 'localhost/app:2']) await run(t, 0, 'import', archive, name);
  t.deepEqual(await complete(t, 'rmi', ''), ['host.test/some/app:1', 'localhost/app:2', ':none']);
  t.deepEqual(await complete(t, 'rmi', 'host.test/some/app:1', 'lo'), ['localhost/app:2', ':none']);
  t.deepEqual(await complete(t, 'push', 'app:'), ['app:1', 'app:2', ':none'], 'an end stands for the whole');
  t.deepEqual(await complete(t, 'tag', 'so'), ['some/app:1', ':none']);
  t.deepEqual(await complete(t, 'tag', 'app:2', ''), [':none'], 'the second is a new name');
  t.deepEqual(await complete(t, 'run', '--rm', 'host'), ['host:', 'host:all', 'host.test/some/app:1', ':none']);
  t.deepEqual(await complete(t, 'create', 'app:2', ''), [':none']);
  await run(t, 0, 'create', '--name', 'apple', '--rootfs', busyboxRoot(t), 'true');
  await run(t, 0, 'volume', 'create', 'apples');
  t.deepEqual((await complete(t, 'inspect', 'app')).sort(), [':none', 'app:1', 'app:2', 'apple', 'apples']);
  t.deepEqual(await complete(t, 'container', 'inspect', 'app'), ['apple', ':none']);
  t.deepEqual(await complete(t, 'image', 'inspect', 'app'), ['app:1', 'app:2', ':none']);
  await run(t, 0, 'rmi', '--all');
  await run(t, 0, 'volume', 'rm', 'apples');
});

/** A shell with `tspod` on its path, working on the test's store. */
function shell(t: ExecutionContext, program: string, args: readonly string[]): string {
  const { root, runRoot } = storeOf(t);
  const path = `${process.cwd()}/bin:${process.env['PATH'] ?? ''}`;
  const { stdout, stderr } = spawnSync(program, [...args], {
    encoding: 'utf8',
    env: { PATH: path, HOME: temporaryDirectory(t), TSPOD_ROOT: root, TSPOD_RUNROOT: runRoot, TERM: 'dumb' },
  });
  t.is(stderr, '');
  return stdout;
}

test('bash: the script completes as bash asks', async (t) => {
  if (!requires(t, 'bash')) return;
  const script = join(temporaryDirectory(t), 'script');
  writeFileSync(script, await output(t, 'completion', 'bash'));
  const reply = (line: string): string =>
    shell(t, 'bash', [
      '-c',
      `source ${script}
compopt() { :; }
COMP_LINE='${line}' COMP_POINT=${line.length}
_tspod
printf '%s\\n' "\${COMPREPLY[@]}"`,
    ]).trim();
  t.is(reply('tspod ru'), 'run');
  t.is(reply('tspod run --restart=on'), 'on-failure', 'what follows the last = is replaced');
  t.is(reply('tspod run --rm ho'), 'host:\nhost:all');
  t.is(reply('tspod run --rm host:a'), 'all', 'what follows the last : is replaced');
  t.is(reply('tspod completion '), 'bash\nzsh\nfish');
  t.is(reply('tspod run --env-file '), '');
});

test('bash: it is what the tab key does', async (t) => {
  if (!requires(t, 'bash', 'tmux')) return;
  const directory = temporaryDirectory(t);
  const script = join(directory, 'script');
  writeFileSync(script, await output(t, 'completion', 'bash'));
  const { openTerminal } = await import('../../helpers/tmux.js');
  const terminal = await openTerminal(t);
  terminal.keys('exec bash --norc', 'Enter');
  await terminal.shows(/\$$/);
  terminal.keys(`source ${script}; clear`, 'Enter');
  terminal.keys('echo tspod; tspod vers', 'Tab');
  await terminal.shows(/tspod version $|tspod version$/m);
  t.pass();
});

test('zsh: the script is read, and offers commands', async (t) => {
  if (!requires(t, 'zsh')) return;
  const script = join(temporaryDirectory(t), 'script');
  writeFileSync(script, await output(t, 'completion', 'zsh'));
  // _describe is what a completion function hands its candidates to
  const stdout = shell(t, 'zsh', [
    '-f',
    '-c',
    `autoload -Uz compinit; compinit -D -u; source ${script}
_describe() { print -rl -- "\${(@P)2}" }
_files() { print files "$@" }
words=(tspod run --restart on); CURRENT=4; _tspod
words=(tspod ho); CURRENT=2; _tspod
words=(tspod run ho); CURRENT=3; _tspod
words=(tspod run --env-file ''); CURRENT=4; _tspod
words=(tspod --root ''); CURRENT=3; _tspod
print "\${_comps[tspod]}"`,
  ]);
  t.is(
    stdout,
    'on-failure:\n\nhost\\::This machine\nhost\\:all:This machine, with its secrets\nfiles\nfiles -/\n_tspod\n',
  );
});

test('fish: the script completes as fish asks', async (t) => {
  if (!requires(t, 'fish')) return;
  const script = join(temporaryDirectory(t), 'script');
  writeFileSync(script, await output(t, 'completion', 'fish'));
  const reply = (line: string): string[] =>
    shell(t, 'fish', ['--no-config', '-c', `source ${script}; complete -C '${line}'`])
      .trim()
      .split('\n');
  t.deepEqual(reply('tspod ru'), ['run\tRun a command in a new container']);
  t.deepEqual(reply('tspod run --restart on'), ['on-failure']);
  t.deepEqual(reply('tspod container ex'), [
    'exec\tRun a process in a running container',
    'exists\tCheck if a container exists',
    "export\tExport container's filesystem contents as a tar archive",
  ]);
});
