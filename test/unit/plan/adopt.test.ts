import test from 'ava';

import { adoptPlan } from '../../../src/plan/adopt.js';
import { ID, planOf, specOf, wordsOf } from '../../helpers/plans.js';

const RUNTIME = {
  path: '/usr/bin/crun',
  args: ['/usr/bin/crun', '--root', '/run/c/runtime'],
  env: [],
  id: 'web',
  bundle: '/run/c/bundle',
  pidFile: '/run/c/pid',
};

function wordsFor(tty: boolean, overlay: boolean): readonly string[] {
  const spec = specOf({ tty });
  const root = overlay
    ? ({ kind: 'overlay', lowerDirs: ['/lower'], upperDir: '/upper', workDir: '/work' } as const)
    : ({ kind: 'directory', path: '/root-fs' } as const);
  const stdio = { stdin: 'null', stdout: 'monitor', stderr: 'monitor', keepStdin: false, stdinOnce: false } as const;
  return wordsOf(
    adoptPlan(spec, { id: ID, runDirectory: '/run/c', root, cgroup: undefined, stdio, gate: true }, RUNTIME),
  );
}

test('adopt: create with bundle and pid file, start when let go, delete before and after', (t) => {
  const words = wordsFor(false, false);
  const command = '/usr/bin/crun --root /run/c/runtime';
  t.deepEqual(
    words.filter((line) => line.includes('crun')),
    [
      `? run ${command} delete --force web`,
      `run ${command} create --bundle /run/c/bundle --pid-file /run/c/pid web, adopt its process, wait for start`,
      `run ${command} start web`,
      `? run ${command} delete --force web`,
    ],
  );
  t.false(words.some((line) => line.startsWith('clone')));
});

test('adopt: an overlay is mounted where only the runtime sees it, and a terminal comes by a socket', (t) => {
  const words = wordsFor(true, true);
  const at = (part: string) => words.findIndex((line) => line.includes(part));
  t.true(at('overlay') > 0 && at('overlay') < at('create'));
  t.true(at('--console-socket /run/c/console') > 0);
  t.true(words.findLastIndex((line) => line.startsWith('join')) > at('create'));
});

test('adopt: the built-in runtime runs no program', (t) => {
  t.deepEqual(
    wordsOf(planOf({})).filter((line) => line.startsWith('run /')),
    [],
  );
});
