import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';

import { signalProcess } from '../../../../src/container/monitor/signal-process.js';
import { openProcess } from '../../../../src/native/process-handle.js';

test('a process that has been reaped needs no signal', async (t) => {
  const child = spawn('sleep', ['1000']);
  using handle = openProcess(child.pid ?? 0);
  t.truthy(handle);
  signalProcess(handle, 'SIGTERM');
  t.deepEqual(await once(child, 'exit'), [null, 'SIGTERM']);
  t.throws(() => handle?.kill('SIGTERM'), { code: 'ESRCH' });
  t.notThrows(() => signalProcess(handle, 'SIGTERM'));
  t.notThrows(() => signalProcess(undefined, 'SIGTERM'));
});

test('other failures are failures', (t) => {
  using handle = openProcess(process.pid);
  t.throws(() => signalProcess(handle, 'SIGNOTHING'), { instanceOf: TypeError });
});
