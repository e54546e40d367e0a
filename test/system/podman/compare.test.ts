import { spawnSync } from 'node:child_process';
import test from 'ava';

import { takesLong } from '../../helpers/pace.js';
import { requires, skip } from '../../helpers/requires.js';

const NOTHING_TO_COMPARE_WITH = 77;

test('podman: a part of the comparison finds no difference that has no reason', (t) => {
  if (!requires(t, 'root', 'busybox', 'podman')) return;
  takesLong(t);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/compare-podman.mjs', '--quick'], {
    encoding: 'utf8',
  });
  if (status === NOTHING_TO_COMPARE_WITH) return skip(t, stderr.trim());
  t.is(status, 0, stdout + stderr);
  t.regex(stdout, /^\d+ scenarios, \d+ differences, 0 of them without a reason$/m);
});
