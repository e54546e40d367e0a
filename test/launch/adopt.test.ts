/** Containers that an OCI runtime makes: here a shell script takes its place. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

import { launchContainer, runContainer, startContainer, stateOf } from '../helpers/supervised.js';
import { CODES } from '../../src/plan/codes.js';

/** Leaves a process behind that waits until \$D/go is there, and then becomes the command. */
function creating(command: string): string {
  // A shell gives what it leaves in the background no stdin.
  return `exec 3<&0; sh -c 'echo $$ > "$D/pid.new"; mv "$D/pid.new" "$D/pid"; while ! test -e "$D/go"; do sleep 0.01; done; ${command}' <&3 3<&- &
    while ! test -e "$D/pid"; do sleep 0.01; done`;
}

const START = 'touch "$D/go"';
/** So that a second run waits as well. */
const RESET = 'rm -f "$D/go" "$D/pid"; ';

test('adopt: the process that the runtime leaves is the first process, with streams, state and end', async (t) => {
  const runtime = { create: creating('cat; echo bad >&2; exit 9'), start: START };
  const container = launchContainer(t, { command: '', runtime, attach: { stdin: true, stdout: true, stderr: true } });
  const { pid } = await container.engine.expect('started');
  t.is(stateOf(container)['init']?.split(' ')[0], String(pid));
  container.engine.type('typed\n');
  container.engine.send('stdinEnd', {});
  t.is((await container.engine.expect('exited')).code, 9);
  t.is(container.engine.stdout.toString(), 'typed\n');
  t.is(container.engine.stderr.toString(), 'bad\n');
});

test('adopt: with a gate the runtime starts it only when asked to', async (t) => {
  const container = launchContainer(t, {
    command: '',
    gate: true,
    attach: { stdout: true },
    runtime: { create: creating('echo on'), start: START },
  });
  await container.engine.expect('created');
  t.false(existsSync(join(container.directory, 'go')));
  container.engine.send('start', {});
  await container.engine.expect('started');
  t.is((await container.engine.expect('exited')).code, 0);
  t.is(container.engine.stdout.toString(), 'on\n');
});

test('adopt: a policy makes it anew', async (t) => {
  const { engine, exited } = await runContainer(t, {
    command: '',
    runtime: { create: RESET + creating('echo run; exit 3'), start: START },
    restart: { policy: CODES.restartPolicy['on-failure'], maxRetries: 2 },
  });
  t.like(exited, { code: '3', restarts: '2' });
  t.is(engine.stdout.toString(), 'run\nrun\nrun\n');
});

test('adopt: a runtime that fails to create or to start is a failed launch, and nothing runs on', async (t) => {
  const bad = launchContainer(t, { command: '', runtime: { create: 'exit 4', start: 'true' } });
  t.regex((await bad.engine.expect('failed')).detail, /exit code 4/);
  const late = launchContainer(t, { command: '', runtime: { create: creating('echo on'), start: 'exit 5' } });
  t.regex((await late.engine.expect('failed')).detail, /exit code 5/);
  await late.ended;
  t.false(existsSync(join(late.directory, 'state')));
});

test('adopt: a pid that is none, or of a process that is not its child, is refused', async (t) => {
  for (const create of ['echo x > "$D/pid"', 'echo 1 > "$D/pid"', 'true']) {
    const container = launchContainer(t, { command: '', runtime: { create, start: 'true' } });
    await container.engine.expect('failed');
    await container.ended;
  }
  t.pass();
});

test('adopt: a terminal that does not come is a failed launch', async (t) => {
  const container = launchContainer(t, {
    command: '',
    terminal: { rows: 24, columns: 80 },
    runtime: { create: 'echo $$ > "$D/pid"', start: START },
  });
  t.regex((await container.engine.expect('failed')).detail, /terminal/);
});

test('adopt: an engine that goes while the runtime works ends the runtime', async (t) => {
  const container = launchContainer(t, {
    command: '',
    runtime: { create: 'touch "$D/begun"; exec sleep 600', start: 'true' },
  });
  while (!existsSync(join(container.directory, 'begun'))) await new Promise((resolve) => setTimeout(resolve, 5));
  container.engine.socket.destroy();
  t.not(await container.ended, null);
});

test('adopt: the container goes on when its creator has gone', async (t) => {
  const container = await startContainer(t, {
    command: '',
    runtime: { create: creating('while ! test -e "$D/end"; do sleep 0.01; done; exit 6'), start: START },
  });
  container.engine.socket.destroy();
  const peer = await container.connect();
  peer.attach();
  await peer.expect('attached');
  peer.send('stop', {});
  await peer.expect('stopping');
  writeFileSync(join(container.directory, 'end'), '');
  t.is((await peer.expect('exited')).code, 6);
});
