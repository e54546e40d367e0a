/** A thousand containers at once, and a recorded process whose number belongs to another one by now. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

import { openEngine } from '../../../src/index.js';
import { output, run, storeOf } from '../../helpers/cli.js';
import { isAlive, killHard } from '../../helpers/processes.js';
import { takesLong } from '../../helpers/pace.js';
import { requires } from '../../helpers/requires.js';

const COUNT = 1000;
/** Of commands that need one that runs. */
const STATUSES: Readonly<Record<string, number>> = { kill: 125, exec: 255 };
const FLAGS = ['--network', 'none', '--stop-signal', 'KILL'];

test('a thousand containers at once are listed, inspected and pruned, and nothing of them is left', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  takesLong(t);
  const { root, runRoot } = storeOf(t);
  const names = Array.from({ length: COUNT }, (_, index) => `many${String(index)}`);
  const engine = await openEngine({ root, runRoot });
  for (const name of names) await engine.containers.create({ image: 'host:', name, network: 'none' });
  await engine.close();
  await run(t, 0, 'run', '-d', '--name', 'bystander', ...FLAGS, 'host:', 'sleep', '1000');
  const listed = (await output(t, 'ps', '-a', '--format', '{{.Names}}')).trim().split('\n');
  t.deepEqual(new Set(listed), new Set([...names, 'bystander']));
  t.is(listed.length, COUNT + 1);
  const states = (await output(t, 'inspect', '--format', '{{.Name}} {{.State.Status}}', ...names)).trim().split('\n');
  t.deepEqual(
    states,
    names.map((name) => `${name} created`),
  );
  t.is(await output(t, 'run', '--rm', ...FLAGS, 'host:', 'echo', 'well'), 'well\n');
  const pruned = (await output(t, 'container', 'prune', '--force')).trim().split('\n');
  t.is(pruned.filter((line) => /^[0-9a-f]{64}$/.test(line)).length, COUNT);
  t.is(await output(t, 'ps', '-a', '--format', '{{.Names}} {{.State}}'), 'bystander running\n');
  t.is(readdirSync(join(root, 'containers')).length, 1);
  t.is((await run(t, 0, 'system', 'check')).stdout, '');
});

test('a recorded number that belongs to another process by now: the container has ended, and that process is left alone', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { runRoot } = storeOf(t);
  const other = spawn('sleep', ['1000'], { stdio: 'ignore' });
  t.teardown(() => other.kill('SIGKILL'));
  const { pid = 0 } = other;
  for (const args of [
    ['ps'],
    ['stop', '--time', '0', 'subject'],
    ['kill', 'subject'],
    ['rm', '--force', 'subject'],
    ['exec', 'subject', 'true'],
  ]) {
    await run(t, 0, 'run', '-d', '--name', 'subject', ...FLAGS, 'host:', 'sleep', '1000');
    const id = (await output(t, 'inspect', '--format', '{{.Id}}', 'subject')).trim();
    const file = join(runRoot, 'c', id, 'state');
    const text = readFileSync(file, 'utf8');
    const [monitor = 0, init = 0] = ['monitor', 'init'].map((word) =>
      Number(new RegExp(`^${word} (\\d+) `, 'm').exec(text)?.[1]),
    );
    await killHard(monitor);
    await killHard(init);
    writeFileSync(file, text.replaceAll(/^(monitor|init) \d+ /gm, `$1 ${String(pid)} `));
    const { status } = await run(t, STATUSES[args[0] ?? ''] ?? 0, ...args);
    t.true(isAlive(pid), `${args.join(' ')}: ${String(status)}`);
    const rest = await output(t, 'ps', '-a', '--format', '{{.State}} {{.ExitCode}}');
    t.is(rest, args[0] === 'rm' ? '' : 'exited -1\n', args.join(' '));
    await run(t, 0, 'rm', '--force', '--ignore', 'subject');
    t.true(isAlive(pid), args.join(' '));
  }
});
