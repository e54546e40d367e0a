/** The engine's end of the socket to a monitor, against monitors that end in bad moments. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { encodeMessage } from '../../../src/native/message-codec.js';
import { binding } from '../../../src/native/binding.js';
import { connectMonitor } from '../../../src/native/monitor-spawn.js';
import { temporaryDirectory } from '../../helpers/temp.js';

/** A monitor that reads nothing: to whoever connects it says `bytes` at once, and is gone. */
async function hastyMonitor(directory: string, bytes: Uint8Array) {
  const script = `
    const server = require('node:net').createServer({ pauseOnConnect: true }, (socket) => {
      server.close();
      setTimeout(() => socket.write(Buffer.from('${Buffer.from(bytes).toString('hex')}', 'hex'), () => socket.destroy()), 100);
    });
    server.listen(${JSON.stringify(join(directory, 'attach'))}, () => console.log('listens'));`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  return { ended };
}

/** Nothing of this thread is done meanwhile, so that all that happens is seen at once afterwards. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

test('what a monitor says last is heard, and its end, though it left input unread', async (t) => {
  t.timeout(60_000);
  const directory = temporaryDirectory(t);
  const exited = encodeMessage('exited', {
    code: 3,
    signal: 0,
    oomKilled: 0,
    timedOut: 0,
    startedNs: 0n,
    finishedNs: 0n,
  });
  const monitor = await hastyMonitor(directory, exited);
  const connection = await connectMonitor(directory);
  const heard: string[] = [];
  connection.onMessage(({ name }) => heard.push(name));
  connection.send('stdin', { data: new Uint8Array(1000) });
  await connection.drained();
  block(500);
  await connection.closed;
  t.deepEqual(heard, ['exited']);
  await monitor.ended;
});

test.serial('a message that cannot be sent ends the connection: the monitor would wait for it', async (t) => {
  const directory = temporaryDirectory(t);
  const server = createServer().listen(join(directory, 'attach'));
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const connection = await connectMonitor(directory);
  const [monitor] = await accepted;
  const addon = binding();
  const send = addon.send.bind(addon);
  addon.send = () => -12;
  try {
    connection.send('stdin', { data: new Uint8Array(1000) });
  } finally {
    addon.send = send;
  }
  await connection.drained();
  await t.throwsAsync(connection.closed, { code: 'ENOMEM', message: /send.*to the monitor/ });
  await once(monitor.resume(), 'end');
  server.close();
});
