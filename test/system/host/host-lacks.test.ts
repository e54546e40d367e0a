/** A machine that lacks something: it is named with its remedy before anything is launched. */
import { spawnSync } from 'node:child_process';

import test, { type ExecutionContext } from 'ava';

import { storeOf } from '../../helpers/cli.js';
import { requires } from '../../helpers/requires.js';

/** Root without CAP_SYS_ADMIN, as in a container. */
function runWithoutAdmin(t: ExecutionContext, ...args: readonly string[]) {
  const program = ['setpriv', '--bounding-set=-sys_admin', process.execPath, 'bin/tspod', ...args];
  const { env } = storeOf(t);
  return spawnSync('/usr/bin/env', program, { env, encoding: 'utf8' });
}

test('run: without CAP_SYS_ADMIN it says so in one line, and nothing is recorded', (t) => {
  if (!requires(t, 'root')) return;
  const { status, stderr } = runWithoutAdmin(t, 'run', '--name', 'lacking', '--rootfs', '/', 'true');
  t.is(status, 125);
  t.regex(stderr, /^Error: containers need root, and this process lacks CAP_SYS_ADMIN: run it .*\n$/u);
  t.is(runWithoutAdmin(t, 'ps', '-aq').stdout, '');
});

test('run: a user who cannot make a store is told that containers need root', (t) => {
  if (!requires(t, 'root')) return;
  // Without HOME the store would be in /.local. The capability is for the program itself, which may lie where only root reads.
  const { PATH = '' } = process.env;
  const user = ['--reuid=65534', '--clear-groups', '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
  const program = [...user, process.execPath, 'bin/tspod', 'run', '--rm', 'host:', 'true'];
  const { status, stderr } = spawnSync('setpriv', program, { env: { PATH }, encoding: 'utf8' });
  t.is(status, 125);
  t.regex(stderr, /^Error: containers need root, and this process runs as user 65534: run it with sudo .*\n$/u);
  t.regex(stderr, /; cannot make \/.local\/share\/tspod: mkdir .*: permission denied\n$/u);
});

test('info: names what is lacking, what it means and what to do', (t) => {
  if (!requires(t, 'root')) return;
  const { status, stdout } = runWithoutAdmin(t, 'info', '--format', 'json');
  t.is(status, 0);
  const { problems } = JSON.parse(stdout) as { problems: { problem: string; remedy: string; fatal: boolean }[] };
  const lacking = problems.find(({ problem }) => problem.startsWith('capability CAP_SYS_ADMIN'));
  t.true(lacking?.fatal);
  t.regex(lacking?.remedy ?? '', /--cap-add/u);
});
