/** The addon in several JavaScript environments of one process. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { binding } from '../../../src/native/binding.js';
import { until } from '../../helpers/until.js';
import { children, openDescriptors, threadCount } from '../../helpers/native.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const MODULE = new URL('../../../src/native/index.js', import.meta.url).href;
const BINDING = new URL('../../../src/native/binding.js', import.meta.url).href;
const ENTRIES = new URL('../../../src/native/directory-entries.js', import.meta.url).href;
const SPAWN = new URL('../../../src/native/monitor-spawn.js', import.meta.url).href;

/** Runs the body in a worker, with `native` and `spawnMonitor`; its exit code. */
async function inWorker(body: string): Promise<number> {
  const source = `void (async () => {
    const native = await import('${MODULE}');
    const { spawnMonitor } = await import('${SPAWN}');
    ${body}
  })();`;
  const worker = new Worker(source, { eval: true });
  const failed = new Promise<never>((_, reject) => worker.once('error', reject));
  const [code] = (await Promise.race([once(worker, 'exit'), failed])) as [number];
  return code;
}

test.serial('each environment has functions of its own', async (t) => {
  t.is(
    await inWorker(`
      const { read, write } = native.pipe();
      native.closeFd(read); native.closeFd(write);
      await native.getHostname();
      process.exit(native.tryLock('/proc/self/none/x') === undefined ? 1 : 0);`).catch(() => 0),
    0,
  );
  t.truthy(binding());
});

test.serial('a worker may end with everything under way', async (t) => {
  const warmUp = await inWorker('await native.getHostname();');
  t.is(warmUp, 0);
  const directory = temporaryDirectory(t);
  const before = { descriptors: openDescriptors().size, threads: threadCount() };
  for (let round = 0; round < 10; round += 1) {
    const code = await inWorker(
      `
      const path = '${directory}/${round}';
      native.tryLock(path);
      native.lock(path);                                  // waits in a thread
      native.openProcess(process.pid).wait();             // watches a pidfd
      const monitor = spawnMonitor();                     // watches a socket and a pidfd
      monitor.onMessage(() => {});
      native.runInNamespaces({ command: ['sleep', '1'] });  // is waited for by a thread
      native.getHostname();
      require('node:fs').unlinkSync(path);
      setTimeout(() => process.exit(3), 20);`.replace("require('node:fs')", "(await import('node:fs'))"),
    );
    t.is(code, 3);
  }
  // The handle of a process is closed by who has it: one a round. Locks, sockets and watched processes end with the worker.
  await until('descriptors and threads are gone', () => {
    return openDescriptors().size <= before.descriptors + 12 && threadCount() <= before.threads + 1;
  });
});

test.serial('a worker that ends closes no descriptor of others', async (t) => {
  const script = `
    const { Worker } = require('node:worker_threads');
    const fs = require('node:fs');
    process.on('warning', ({ message }) => { process.exitCode = 1; console.error(message); });
    const source = "void Promise.all([import('${MODULE}'), import('${ENTRIES}')]).then(async ([native, { openDirectory }]) => {" +
      "for (let round = 0; round < 50; round += 1) {" +
      "  native.openNamespace('net', '/proc/self/ns/net').close();" +
      "  await native.withNamespaces({ net: '/proc/self/ns/net' }, (inside) => inside.listLinks());" +
      "  openDirectory('/').close();" +
      "}" +
      "const { parentPort } = require('node:worker_threads');" +
      "parentPort.once('message', () => process.exit(0));" +
      "parentPort.postMessage(0); })";
    const worker = new Worker(source, { eval: true });
    let opened = [];
    worker.once('message', () => {
      for (let count = 0; count < 100; count += 1) opened.push(fs.openSync('/etc/passwd'));
      worker.postMessage(0);
    });
    worker.once('exit', () => { for (const fd of opened) fs.fstatSync(fd); });`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', timeout: 110_000 });
  t.deepEqual({ status, stderr }, { status: 0, stderr: '' });
});

test.serial('workers that are terminated in the middle of native calls harm nobody', async (t) => {
  for (let round = 0; round < 20; round += 1) {
    const worker = new Worker(
      `void import('${MODULE}').then(async (native) => {
         for (;;) await Promise.all([native.getHostname(), native.readFileInside('/proc/self/status'), native.listLinks()]);
       });`,
      { eval: true },
    );
    await new Promise((resolve) => setTimeout(resolve, 10 + round * 3));
    await worker.terminate();
  }
  t.pass();
});

test.serial('workers that are terminated while the addon reads their arguments harm nobody', (t) => {
  // In a process of its own: what fails here ends the process.
  const script = `
    const { Worker } = require('node:worker_threads');
    const source = "void import('${BINDING}').then(async ({ binding }) => {" +
      "const texts = new Array(3000).fill('x'), numbers = new Array(3000).fill(0), path = '/none';" +
      "require('node:worker_threads').parentPort.postMessage(0);" +
      "for (;;) {" +
      "  await binding().mountFileSystem([], [], 'none', texts, 0, path);" +
      "  await binding().getHostname(texts, numbers);" +
      "  binding().spawnMonitor(path, texts, numbers, false);" +
      "} })";
    const next = (left) => {
      const worker = new Worker(source, { eval: true }).on('exit', () => left > 0 && next(left - 1));
      worker.once('message', () => setTimeout(() => worker.terminate(), left % 5));
    };
    next(40);`;
  const { status, signal } = spawnSync(process.execPath, ['-e', script], { stdio: 'inherit', timeout: 110_000 });
  t.deepEqual({ status, signal }, { status: 0, signal: null });
});

test.serial('a process that loads the addon in workers only ends well', (t) => {
  const script = `
    const { Worker } = require('node:worker_threads');
    const source = "void import('${MODULE}').then((native) => " +
      "[native.getHostname(), native.runInNamespaces({ command: ['sleep', '1'] }), setTimeout(process.exit, 20)])";
    let left = 5;
    const next = () => new Worker(source, { eval: true }).on('exit', () => --left > 0 && next());
    next();`;
  const { status, signal } = spawnSync(process.execPath, ['-e', script], { stdio: 'inherit' });
  t.deepEqual({ status, signal }, { status: 0, signal: null });
});

test.serial('a process with nothing but watched children ends', (t) => {
  const script = `
    import { spawnMonitor } from '${SPAWN}';
    const monitor = spawnMonitor();
    monitor.onMessage(() => {});
    monitor.unref();`;
  const { status, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    stdio: 'inherit',
    timeout: 110_000,
  });
  t.deepEqual({ status, signal }, { status: 0, signal: null });
});

test.serial('no zombie is left of all this', (t) => {
  t.deepEqual(
    children().filter((child) => child.endsWith(' Z')),
    [],
  );
});
