/** More calls at once than a process can have threads. */
import { spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { getHostname, listXattrs, lock, removeTree, tryLock } from '../../../src/native/index.js';
import { threadCount } from '../../helpers/native.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const MODULE = new URL('../../../src/native/index.js', import.meta.url).href;

test.serial('tens of thousands of calls are carried out, and leave room for the heap meanwhile', (t) => {
  // In a process of its own, which has no memory areas left if each call has a thread.
  const script = `
    import { listXattrs, getHostname } from '${MODULE}';
    const calls = Array.from({ length: 36_000 }, (_, index) => (index % 9 === 0 ? getHostname() : listXattrs('/tmp')));
    const grown = Array.from({ length: 40 }, () => Array.from({ length: 200_000 }, () => ({})));
    const ended = await Promise.allSettled(calls);
    console.log(grown.length, ended.filter(({ status }) => status === 'fulfilled').length);`;
  const { status, signal, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 110_000,
  });
  t.deepEqual({ status, signal, stdout }, { status: 0, signal: null, stdout: '40 36000\n' });
});

test.serial('only some of the calls have threads at once', async (t) => {
  const before = threadCount();
  const calls = Array.from({ length: 2000 }, () => listXattrs('/tmp'));
  t.true(threadCount() - before <= 130, `${threadCount() - before} more threads`);
  await Promise.all(calls);
});

test.serial('a call that is queued can be called off', async (t) => {
  const directory = temporaryDirectory(t);
  const calls = Array.from({ length: 1000 }, () => getHostname());
  const controller = new AbortController();
  const removal = removeTree(directory, { signal: controller.signal });
  controller.abort();
  await t.throwsAsync(removal, { code: 'ABORTED' });
  await Promise.all(calls);
});

test.serial('those who wait for locks hold up nobody', async (t) => {
  const directory = temporaryDirectory(t);
  const paths = Array.from({ length: 200 }, (_, index) => `${directory}/${index}`);
  const held = paths.map((path) => tryLock(path));
  const waiting = Promise.all(paths.map((path) => lock(path)));
  await delay(100);
  t.is(typeof (await getHostname()), 'string');
  for (const each of held) each?.release();
  for (const each of await waiting) each.release();
});
