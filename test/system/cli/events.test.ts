import test from 'ava';

import { output, run, start } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { requires } from '../../helpers/requires.js';
import { openTerminal } from '../../helpers/tmux.js';

const TIME = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})? \+0000 UTC`;

test('events: lines, JSON and templates as Podman prints them', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const none = ['--network', 'none'];
  t.is((await run(t, 3, 'run', '--name', 'a', '--label', 'k=v', ...none, 'host:', 'sh', '-c', 'exit 3')).stdout, '');
  const id = (await output(t, 'ps', '-aq', '--no-trunc')).trim();
  const lines = (await output(t, 'events', '--stream=false')).trimEnd().split('\n');
  t.regex(lines[0] ?? '', new RegExp(`^${TIME} system refresh$`));
  t.regex(lines[1] ?? '', new RegExp(`^${TIME} container create ${id} \\(image=host:, name=a, k=v\\)$`));
  t.deepEqual(
    lines.map((line) => line.split(' ').slice(4, 6).join(' ')),
    ['system refresh', ...['create', 'init', 'start', 'attach', 'died', 'cleanup'].map((word) => `container ${word}`)],
  );
  const died = ['events', '--stream=false', '--filter', 'event=died'];
  t.like(JSON.parse(await output(t, ...died, '--format', 'json')), {
    ID: id,
    Image: 'host:',
    Name: 'a',
    Status: 'died',
    Type: 'container',
    ContainerExitCode: 3,
    Attributes: { k: 'v', containerExitCode: '3' },
  });
  const template = '{{.Type}} {{.Status}} {{.Name}} {{.ID}} {{.Image}} {{.Attributes.k}} {{.ContainerExitCode}}';
  t.is(await output(t, ...died, '--format', template), `container died a ${id} host: v 3\n`);
  t.regex(await output(t, ...died, '--format', '{{.Time}}'), new RegExp(`^${TIME}\n$`));
  t.regex(await output(t, ...died, '--no-trunc=false'), new RegExp(` ${id.slice(0, 12)} `));
  const hourAgo = String(Math.floor(Date.now() / 1000) - 3600);
  t.is(await output(t, 'events', '--until', hourAgo), '');
  t.is((await output(t, 'events', '--since', '1h', '--until', '0s')).trimEnd().split('\n').length, lines.length);
});

test('events: goes on with what happens from now on, and shows ends at once', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  await run(t, 0, 'run', '--name', 'old', '--network', 'none', 'host:', 'true');
  const follower = start(t, {}, 'events', '--format', '{{.Name}} {{.Status}}');
  let text = '';
  follower.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  // It reads from now on once it watches: until something is heard nobody knows that it does.
  for (let i = 0; text === ''; i += 1) await run(t, 0, 'rename', i === 0 ? 'old' : `old-${i - 1}`, `old-${i}`);
  await run(t, 0, 'run', '-d', '--rm', '--name', 'new', '--network', 'none', 'host:', 'true');
  await until('the removal is told', () => text.includes('new remove\n'));
  follower.kill('SIGTERM');
  t.false(text.includes('old create'));
  t.deepEqual(
    text.split('\n').filter((line) => line.startsWith('new ')),
    ['create', 'init', 'start', 'died', 'remove'].map((status) => `new ${status}`),
  );
});

test('events: --events-backend none writes and reads none, journald is refused', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  await run(t, 0, '--events-backend', 'none', 'create', '--name', 'a', '--network', 'none', 'host:', 'true');
  t.is(await output(t, 'events', '--stream=false', '--filter', 'event=create'), '');
  const refused = await run(t, 125, '--events-backend', 'none', 'events', '--stream=false');
  t.is(refused.stderr, 'Error: cannot read events with the "none" backend\n');
  const journald = await run(t, 125, '--events-backend', 'journald', 'ps');
  t.regex(journald.stderr, /^Error: --events-backend journald is not supported yet: /);
  t.regex((await run(t, 125, '--events-backend', 'x', 'ps')).stderr, /^Error: unknown event backend type: "x"/);
});

test('events: wrong command lines are refused', async (t) => {
  if (!requires(t, 'root')) return;
  for (const [args, message] of [
    [['foo'], '`tspod events` takes no arguments'],
    [['--filter', 'foo=bar'], 'foo is an invalid filter'],
    [['--filter', 'foo'], 'invalid filter "foo"'],
    [['--since', '5x'], 'parsing --since "5x": unable to interpret time value'],
    [['--until', 'never'], 'parsing --until "never": unable to interpret time value'],
  ] as const) {
    const { stderr } = await run(t, 125, 'events', '--stream=false', ...args);
    t.is(stderr.split('\n')[0], `Error: ${message}`);
  }
});

test('events: words that no event has match nothing, and are not refused', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  await run(t, 0, 'create', '--name', 'a', '--network', 'none', 'host:', 'true');
  const found = (...filters: readonly string[]) =>
    output(t, 'events', '--stream=false', '--format', '{{.Status}}', ...filters.flatMap((filter) => ['-f', filter]));
  t.is(await found('event=build'), '');
  t.is(await found('type=machine'), '');
  t.is(await found('type=machine', 'event=create'), '');
  t.is(await found('event=build', 'event=create'), 'create\n');
});

test('events: on a terminal control characters of labels are shown, not sent', async (t) => {
  if (!requires(t, 'root', 'tmux')) return;
  await run(t, 0, 'create', '--label', 'k=\x1b]0;title\x07', '--network', 'none', 'host:', 'true');
  const terminal = await openTerminal(t);
  terminal.keys("tspod events --stream=false -f event=create --format '{{.Attributes.k}}'", 'Enter');
  await terminal.shows(/^\\x1b\]0;title\\x07$/m);
});
