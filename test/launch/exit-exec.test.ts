/** The monitor as parent of one command only, as for exec: nothing on disk, everything over the socket it was spawned with. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { SLOW } from '../helpers/pace.js';
import { untilGone } from '../helpers/processes.js';
import { launchContainer, startContainer } from '../helpers/supervised.js';
import { temporaryDirectory } from '../helpers/temp.js';

const ALL = { stdin: true, stdout: true, stderr: true };

test('exec: output, input and the exit code go over the socket, and no file is made', async (t) => {
  const container = launchContainer(t, { command: 'cat; echo err >&2; exit 7', exec: true, attach: ALL });
  container.engine.type('in');
  container.engine.send('stdinEnd', {});
  t.like(await container.engine.expect('exited'), { code: 7, signal: 0 });
  t.is(container.engine.stdout.toString(), 'in');
  t.is(container.engine.stderr.toString(), 'err\n');
  await container.ended;
  t.deepEqual(readdirSync(container.directory), []);
});

test('exec: a command that cannot be executed is a failure, not an exit', async (t) => {
  const container = launchContainer(t, { command: ['/no/such/command'], exec: true });
  t.is((await container.engine.expect('failed')).errno, 2);
  await container.engine.closed;
  t.false(container.engine.has('exited'));
});

test('exec: the command goes on when the engine goes', async (t) => {
  const directory = temporaryDirectory(t);
  const marker = join(directory, 'marker');
  const command = `sleep 0.3; echo to nobody; touch ${marker}`;
  const container = await startContainer(t, { command, exec: true, attach: ALL, directory });
  await container.engine.vanish();
  t.is(await container.ended, 0);
  t.true(existsSync(marker));
});

test('exec: its input ends when the engine goes', async (t) => {
  const directory = temporaryDirectory(t);
  const marker = join(directory, 'marker');
  const command = `cat > ${marker}; echo end >> ${marker}`;
  const container = await startContainer(t, { command, exec: true, attach: ALL, stdio: { keepStdin: 0 }, directory });
  container.engine.type('some\n');
  container.engine.socket.end();
  await container.ended;
  t.is(readFileSync(marker, 'utf8'), 'some\nend\n');
});

test('exec: a time limit ends the command with all that it has started, also in sessions of their own', async (t) => {
  const directory = temporaryDirectory(t);
  const pids = join(directory, 'pids');
  const command = `sleep 1000 & echo $! >> ${pids}; setsid sh -c 'echo $$ >> ${pids}; sleep 1000' & sleep 1000`;
  const container = launchContainer(t, { command, exec: true, timeLimitMs: 3000 * SLOW, attach: ALL, directory });
  t.like(await container.engine.expect('exited'), { code: 137, signal: 9, timedOut: 1 });
  await container.ended;
  // What was killed takes a moment to vanish.
  const left = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
  t.is(left.length, 2);
  await untilGone(...left);
});

test('exec: SIGTERM to the monitor is passed on', async (t) => {
  const container = await startContainer(t, { command: 'exec sleep 100', exec: true });
  process.kill(container.monitorPid, 'SIGTERM');
  t.like(await container.engine.expect('exited'), { code: 143, signal: 15 });
});

test('exec: what the command left behind does not keep the monitor', async (t) => {
  const container = launchContainer(t, { command: 'sleep 100 & echo $!', exec: true, attach: ALL });
  await container.engine.expect('exited');
  process.kill(Number(container.engine.stdout.toString()), 'SIGKILL');
  t.is(await container.ended, 0);
});
