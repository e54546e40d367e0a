/** Containers with a terminal: one stream in each direction, a size, and hanging up. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { requires } from '../helpers/requires.js';
import { exitOf, launchContainer, pidIn, startContainer } from '../helpers/supervised.js';
import { temporaryDirectory } from '../helpers/temp.js';
import { CODES } from '../../src/plan/codes.js';

const TERMINAL = { rows: 24, columns: 80 };
const BOTH = { stdin: true, stdout: true };

/** A test with a terminal out of the host's devpts, whose ptmx is root's. */
function inTerminal(title: string, run: (t: ExecutionContext) => Promise<void>): void {
  test(title, async (t) => {
    if (requires(t, 'root')) await run(t);
  });
}

inTerminal('terminal: the command has one, of the size asked for', async (t) => {
  const { engine } = launchContainer(t, {
    command: 'tty; stty size; test -t 0 && test -t 1 && test -t 2 && echo all',
    terminal: TERMINAL,
    attach: BOTH,
  });
  t.is((await engine.expect('attached')).terminal, 1);
  t.is((await engine.expect('exited')).code, 0);
  t.regex(engine.stdout.toString(), /^\/dev\/pts\/\d+\r\n24 80\r\nall\r\n$/);
});

inTerminal('terminal: stderr comes as stdout, also in the log', async (t) => {
  const container = launchContainer(t, {
    command: 'echo out; echo err >&2',
    terminal: TERMINAL,
    attach: { stdout: true, stderr: true },
    log: {},
  });
  await container.engine.expect('exited');
  t.is(container.engine.stdout.toString(), 'out\r\nerr\r\n');
  t.is(container.engine.stderr.length, 0);
  t.regex(readFileSync(container.logPath, 'utf8'), /^\S+ stdout F out\r\n\S+ stdout F err\r\n$/);
});

inTerminal('terminal: what is typed is echoed, and signals are made of control characters', async (t) => {
  const { engine } = await startContainer(t, { command: 'echo ready; exec cat', terminal: TERMINAL, attach: BOTH });
  await engine.untilOutput('ready\r\n');
  engine.type('hello\n');
  await engine.untilOutput('ready\r\nhello\r\nhello\r\n');
  engine.type('\x03');
  t.like(await engine.expect('exited'), { signal: 2, code: 130 });
});

inTerminal('terminal: a resize reaches the container as SIGWINCH and size', async (t) => {
  const command = 'trap "stty size" WINCH; echo ready; while :; do sleep 0.02; done';
  const { engine } = await startContainer(t, { command, terminal: TERMINAL, attach: BOTH });
  await engine.untilOutput('ready');
  engine.send('resize', { rows: 50, columns: 132 });
  await engine.untilOutput('50 132\r\n');
  engine.send('resize', { rows: 1_000_000, columns: 1 });
  await engine.untilOutput('65535 1\r\n');
  t.pass();
});

inTerminal('terminal: a resize before the start, or before a restart, still counts', async (t) => {
  const restart = { policy: CODES.restartPolicy['on-failure'], maxRetries: 1 };
  const options = { command: 'stty size; exit 1', gate: true, terminal: TERMINAL, attach: BOTH, restart };
  const { engine } = launchContainer(t, options);
  await engine.expect('created');
  engine.send('resize', { rows: 11, columns: 22 });
  engine.send('start', {});
  await engine.expect('exited');
  t.is(engine.stdout.toString(), '11 22\r\n11 22\r\n');
});

inTerminal('terminal: the end of input is typed', async (t) => {
  const { engine } = await startContainer(t, { command: 'cat; echo done', terminal: TERMINAL, attach: BOTH });
  engine.type('line\n');
  engine.send('stdinEnd', {});
  t.is((await engine.expect('exited')).code, 0);
  t.true(engine.stdout.toString().endsWith('done\r\n'));
});

inTerminal('terminal: the end of input in the middle of a line is typed twice', async (t) => {
  const { engine } = await startContainer(t, { command: 'cat; echo done', terminal: TERMINAL, attach: BOTH });
  engine.type('no newline');
  engine.send('stdinEnd', {});
  t.is((await engine.expect('exited')).code, 0);
  t.true(engine.stdout.toString().endsWith('no newlinedone\r\n'));
});

inTerminal('terminal: in raw mode the end of input does nothing', async (t) => {
  const command = 'stty raw -echo; echo raw; head -c 3; echo over';
  const { engine } = await startContainer(t, { command, terminal: TERMINAL, attach: BOTH });
  await engine.untilOutput('raw');
  engine.send('stdinEnd', {});
  engine.type('abc');
  await engine.expect('exited');
  t.regex(engine.stdout.toString(), /abcover/);
});

inTerminal('terminal: 1 MiB through it comes whole', async (t) => {
  const command = 'stty raw; head -c 1000000 /dev/zero | tr "\\0" x';
  const { engine } = launchContainer(t, { command, terminal: TERMINAL, attach: BOTH });
  await engine.expect('exited');
  t.is(engine.stdout.length, 1_000_000);
});

inTerminal('terminal: the last words before the end are not lost', async (t) => {
  for (let i = 0; i < 20; i += 1) {
    const { engine } = launchContainer(t, { command: 'echo last words; kill -9 $$', terminal: TERMINAL, attach: BOTH });
    await engine.expect('exited');
    t.is(engine.stdout.toString(), 'last words\r\n');
  }
});

inTerminal('terminal: a container that closes it and opens it again is heard again', async (t) => {
  const command =
    'name=$(tty); exec </dev/null >/dev/null 2>&1; sleep 0.1; echo back > $name; sleep 0.1; echo again > $name';
  const { engine } = await startContainer(t, { command, terminal: TERMINAL, attach: BOTH });
  await engine.expect('exited');
  t.is(engine.stdout.toString(), 'back\r\nagain\r\n');
});

inTerminal('terminal: nobody having it open does not keep the monitor busy', async (t) => {
  const command = 'echo closing; exec </dev/null >/dev/null 2>&1; exec sleep 100';
  const container = await startContainer(t, { command, terminal: TERMINAL, attach: BOTH });
  await container.engine.untilOutput('closing');
  const before = processorTicks(container.monitorPid);
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.true(processorTicks(container.monitorPid) - before <= 2);
});

inTerminal('terminal: a container keeps it when its client goes', async (t) => {
  const container = await startContainer(t, {
    command: 'cat; exit 5',
    terminal: TERMINAL,
    attach: BOTH,
    stdio: { stdinOnce: 1, keepStdin: 0 },
  });
  await container.engine.vanish();
  const later = await container.connect();
  later.attach(BOTH);
  later.type('still here\n');
  await later.untilOutput('still here\r\n');
  later.type('\x04');
  t.is((await later.expect('exited')).code, 5);
});

inTerminal('terminal: that of an exec hangs up when its client goes, since nobody can come back', async (t) => {
  const container = await startContainer(t, {
    command: 'trap "" HUP; cat; exit 5',
    terminal: TERMINAL,
    attach: BOTH,
    exec: true,
  });
  await container.engine.vanish();
  t.is(await container.ended, 0);
});

inTerminal('terminal: that of an exec nobody attached to stays', async (t) => {
  const directory = temporaryDirectory(t);
  const answer = join(directory, 'answer');
  const command = ['/bin/sh', '-c', 'sleep 0.3; echo unheard && tty > "$1"', 'sh', answer];
  const container = await startContainer(t, { command, terminal: TERMINAL, exec: true, directory });
  await container.engine.vanish();
  t.is(await container.ended, 0);
  t.regex(readFileSync(answer, 'utf8'), /^\/dev\/pts\/\d+\n$/);
});

inTerminal('terminal: killed with SIGKILL, the container ends with a record', async (t) => {
  const container = await startContainer(t, { command: 'exec cat', terminal: TERMINAL });
  process.kill(pidIn(container.directory, 'init'), 'SIGKILL');
  await container.ended;
  t.is(exitOf(container)['code'], '137');
});

/** User and system time so far, in ticks. */
function processorTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
