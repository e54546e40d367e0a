/** Paths that a container does not see or cannot write, and that hiding them gives it no hold on the host. */
import { mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { init, ROOT, runContained } from '../helpers/contained.js';
import { CODES } from '../../src/plan/codes.js';
import type { Step } from '../../src/plan/ops.js';
import { requires } from '../helpers/requires.js';

const mask = (path: string): Step => init({ op: 'maskPath', rootSlot: ROOT, path });
const readonly = (path: string): Step => init({ op: 'readonlyPath', rootSlot: ROOT, path });

/** Both: before the root is the root, and after. */
for (const when of ['before', 'after'] as const) {
  test(`maskPath: files read as empty and directories are empty, ${when} pivotRoot`, async (t) => {
    if (!requires(t, 'root')) return;
    const outcome = await runContained(t, {
      arrange: (root) => {
        mkdirSync(join(root, 'etc/sub'));
        for (const name of ['secret', 'other', 'sub/inside']) writeFileSync(join(root, 'etc', name), 'secret');
        mkdirSync(join(root, 'sys/firmware'));
      },
      [when]: ['/etc/secret', '/etc/other', '/etc/sub', '/sys/firmware', '/no/such', '/probe/not-a-directory'].map(
        mask,
      ),
      command: ['cat', '/etc/secret', '--', 'cat', '/etc/other', '--', 'ls', '/etc/sub', '--', 'ls', '/sys/firmware'],
    });
    t.is(outcome.end, 'exit 0');
    t.is(outcome.stdout, '');
  });
}

test('maskPath: what hides is read-only: the host’s null device keeps its mode', async (t) => {
  if (!requires(t, 'root')) return;
  const before = statSync('/dev/null').mode;
  const outcome = await runContained(t, {
    arrange: (root) => {
      mkdirSync(join(root, 'etc/sub'));
      writeFileSync(join(root, 'etc/secret'), 'secret');
    },
    after: [mask('/etc/secret'), mask('/etc/sub')],
    command: [
      'chmod',
      '/etc/secret',
      '0',
      '--',
      'create',
      '/etc/sub/x',
      '--',
      'chmod',
      '/etc/sub',
      '0777',
      '--',
      'stat',
      '/etc/secret',
    ],
  });
  t.is(outcome.value('/etc/secret'), '!EROFS');
  t.is(outcome.values('/etc/secret')[1], 'c 0666 0 0 1:3 0');
  t.is(outcome.value('/etc/sub/x'), '!EROFS');
  t.is(outcome.value('/etc/sub'), '!EROFS');
  t.is(statSync('/dev/null').mode, before);
});

test('maskPath: what the container calls /dev/null has no part in it', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    proc: true,
    arrange: (root) => {
      rmSync(join(root, 'dev'), { recursive: true });
      mkdirSync(join(root, 'dev'));
      symlinkSync('/proc/sys/kernel/core_pattern', join(root, 'dev/null'));
      writeFileSync(join(root, 'etc/secret'), 'secret');
    },
    after: [mask('/etc/secret'), mask('/proc/version')],
    command: ['stat', '/etc/secret', '--', 'stat', '/proc/version'],
  });
  t.is(outcome.value('/etc/secret'), 'c 0666 0 0 1:3 0');
  t.is(outcome.value('/proc/version'), 'c 0666 0 0 1:3 0');
});

test('maskPath: a link out of the root masks nothing of the host', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    arrange: (root) => symlinkSync('/etc/hostname', join(root, 'etc/link')),
    before: [mask('/etc/link')],
  });
  t.is(outcome.end, 'exit 0');
  t.true(statSync('/etc/passwd').isFile());
});

test('readonlyPath: reads go on, writes do not, missing paths are no matter', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    proc: true,
    arrange: (root) => writeFileSync(join(root, 'etc/file'), 'text'),
    after: ['/etc', '/proc/sys', '/no/such'].map(readonly),
    command: [
      'cat',
      '/etc/file',
      '--',
      'create',
      '/etc/x',
      '--',
      'write',
      '/proc/sys/kernel/hostname',
      'x',
      '--',
      'create',
      '/tmp/x',
    ],
  });
  t.true(outcome.stdout.startsWith('text'));
  t.true(outcome.stdout.includes('/etc/x=!EROFS'));
  t.is(outcome.value('/proc/sys/kernel/hostname'), '!EROFS');
  t.is(outcome.value('/tmp/x'), 'ok');
});

test('readonlyPath: what was more restricted stays so', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    proc: true,
    before: [
      init({ op: 'mountFs', slot: 1, type: 'tmpfs', options: [], attributes: 0xen }),
      init({ op: 'attachInRoot', slot: 1, rootSlot: ROOT, target: '/tmp', create: CODES.create.nothing }),
    ],
    after: [readonly('/tmp')],
    command: ['cat', '/proc/self/mountinfo'],
  });
  const lines = outcome.stdout.split('\n').filter((line) => line.split(' ')[4] === '/tmp');
  t.regex(lines.at(-1) ?? '', / ro,nosuid,nodev,noexec,/);
});
