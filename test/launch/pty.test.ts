/** The container's terminal: made in its own devpts, handed to the monitor. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { CODES } from '../../src/plan/codes.js';
import type { Step } from '../../src/plan/ops.js';
import { init, ROOT, runContained } from '../helpers/contained.js';
import type { Contained, Outcome } from '../helpers/contained.js';
import { requires } from '../helpers/requires.js';

const DEVPTS: Step[] = [
  init({
    op: 'mountFs',
    slot: 40,
    type: 'devpts',
    options: ['newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    attributes: 10n,
  }),
  init({ op: 'attachInRoot', slot: 40, rootSlot: ROOT, target: '/dev/pts', create: CODES.create.directory }),
  init({ op: 'makeNode', rootSlot: ROOT, path: '/dev/tty', mode: 0o020666, major: 5, minor: 0, uid: 0, gid: 0 }),
];

const terminal = (console = 0): Step => init({ op: 'terminal', rootSlot: ROOT, rows: 33, columns: 99, console });

const IN_TERMINAL: Contained = { stdio: { terminal: 1, stdin: CODES.streamKind.monitor }, before: DEVPTS };

/** What comes out of a terminal has carriage returns. */
const plain = (outcome: Outcome): string => outcome.stdout.replaceAll('\r', '');

test('terminal: all three streams, the size, and control of it', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    ...IN_TERMINAL,
    after: [terminal()],
    command: ['tty', '--', 'processes', '--', 'fds'],
  });
  t.is(outcome.end, 'exit 0');
  t.regex(
    plain(outcome),
    /^tty0=1\ntty1=1\ntty2=1\nsize=33,99\ncontrolling=ok\nforeground=1\npid=1\nppid=0\nsid=1\npgid=1\nfds=0,1,2\n$/,
  );
});

test('terminal: /dev/console is the terminal where that is asked for, whatever is there', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    ...IN_TERMINAL,
    before: [...DEVPTS, terminal(1)],
    proc: true,
    command: ['stat', '/dev/console', '--', 'write', '/dev/console', 'to the console\n'],
  });
  t.is(outcome.end, 'exit 0');
  t.regex(plain(outcome), /^\/dev\/console=c 0620 0 5 136:0 0$/m);
  t.regex(plain(outcome), /^to the console$/m);
});

test('terminal: a console that is a link leads nowhere out of the root', async (t) => {
  if (!requires(t, 'root')) return;
  const before = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').length;
  const outcome = await runContained(t, {
    ...IN_TERMINAL,
    arrange: (root) => symlinkSync('/etc/console', join(root, 'dev/console')),
    after: [terminal(1)],
    command: ['stat', '/etc/console'],
  });
  t.regex(plain(outcome), /^\/etc\/console=c 0620 0 5 136:0 0$/m);
  t.true(Math.abs(readFileSync('/proc/self/mountinfo', 'utf8').split('\n').length - before) < 20);
});

test('terminal: it belongs to the command’s user', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    ...IN_TERMINAL,
    after: [terminal(), init({ op: 'useIds', uid: 1000, gid: 1000, groups: [1000] }), init({ op: 'setIds' })],
    command: ['stat', '/dev/pts/0', '--', 'open', '/dev/pts/0'],
  });
  t.regex(plain(outcome), /^\/dev\/pts\/0=c 0620 1000 5 136:0 0\n\/dev\/pts\/0=ok$/m);
});

test('terminal: what is no ptmx is refused', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    stdio: { terminal: 1, stdin: CODES.streamKind.monitor },
    arrange: (root) => {
      mkdirSync(join(root, 'dev/pts'));
      writeFileSync(join(root, 'dev/pts/ptmx'), '');
    },
    after: [terminal()],
  });
  t.is(outcome.end, 'failed terminal ENODEV open /dev/pts/ptmx');
});

test('terminal: without a devpts', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runContained(t, {
    stdio: { terminal: 1, stdin: CODES.streamKind.monitor },
    after: [terminal()],
  });
  t.is(end, 'failed terminal ENOENT openat2 dev/pts/ptmx');
});
