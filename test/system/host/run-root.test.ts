/** A store that is opened with another run root than the one where its containers run. */
import { existsSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import test from 'ava';

import { checkStore, openEngine, type Container, type EngineOptions } from '../../../src/index.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { faults } from '../../helpers/faults.js';
import { reboot } from '../../helpers/reboot.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

async function running({ engine, options }: TestEngine): Promise<Container> {
  const container = await engine.containers.create(options({ name: 'w', command: ['sleep', '1000'] }));
  await container.start();
  return container;
}

function opening({ root, cgroupManager }: TestEngine, runRoot: string): EngineOptions {
  return { root, runRoot, cgroupManager };
}

test('run root: with another one every command is refused, and nothing happens to what runs', async (t) => {
  if (!requires(t, 'root')) return;
  const env = await faults(t);
  const container = await running(env);
  const other = join(temporaryDirectory(t), 'other');
  for (const command of [
    ['ps', '-a'],
    ['images', '-q'],
    ['system', 'check', '--repair'],
    ['system', 'reset', '-f'],
  ]) {
    const { status, stderr } = await env.tspod('--runroot', other, ...command);
    t.is(status, 125, command.join(' '));
    t.true(stderr.includes(`--runroot ${env.runRoot}`), stderr);
    t.true(stderr.includes(`not at "${other}"`), stderr);
  }
  t.false(existsSync(other));
  await rejectsWith(t, checkStore({ ...opening(env, other), repair: true }), 'INVALID_ARGUMENT');
  t.is((await env.reopen()).containers.get('w').state().status, 'running');
  await container.remove({ force: true, timeoutSec: 0 });
});

test('run root: it may be named in several ways', async (t) => {
  if (!requires(t, 'root')) return;
  const env = await testEngine(t);
  const link = join(temporaryDirectory(t), 'link');
  symlinkSync(env.runRoot, link);
  await using engine = await openEngine(opening(env, link));
  t.deepEqual(engine.containers.list({ all: true }), []);
});

test('run root: one that was removed gives way to another when nothing runs', async (t) => {
  if (!requires(t, 'root')) return;
  const env = await testEngine(t);
  const container = await running(env);
  const other = temporaryDirectory(t);
  const [runDirectories, aside] = [join(env.runRoot, 'c'), join(env.runRoot, 'aside')];
  renameSync(runDirectories, aside);
  await rejectsWith(t, openEngine(opening(env, other)), 'INVALID_ARGUMENT');
  renameSync(aside, runDirectories);
  t.is(container.state().status, 'running');
  await container.remove({ force: true, timeoutSec: 0 });

  rmSync(runDirectories, { recursive: true });
  await (await openEngine(opening(env, other))).close();
  await rejectsWith(t, env.reopen(), 'INVALID_ARGUMENT');
  rmSync(join(other, 'c'), { recursive: true });
  await env.reopen();
});

test('run root: the next boot may have another one, also where the last one lies on a disk', async (t) => {
  if (!requires(t, 'root')) return;
  const env = await testEngine(t);
  await running(env);
  await reboot(env, { keepsRunRoot: true });
  const other = temporaryDirectory(t);
  await using engine = await openEngine(opening(env, other));
  t.is(engine.containers.get('w').state().status, 'exited');
  await rejectsWith(t, env.reopen(), 'INVALID_ARGUMENT');
  await engine.containers.remove('w');
  await reboot(env, { keepsRunRoot: true });
  await env.reopen();
});

test('run root: a store that does not say has the one that it is opened with', async (t) => {
  if (!requires(t, 'root')) return;
  const env = await testEngine(t);
  const database = new Database(join(env.root, 'tspod.db'));
  t.is(database.prepare("DELETE FROM meta WHERE key = 'run_root'").run().changes, 1);
  database.close();
  await env.reopen();
  await rejectsWith(t, openEngine(opening(env, temporaryDirectory(t))), 'INVALID_ARGUMENT');
});
