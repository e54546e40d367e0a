import { PassThrough, Transform, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';

import test from 'ava';

import { sinkFor } from '../../../../src/container/streams/sink.js';

/** A stream that takes one byte and never gives it to anybody. */
const stuck = () => new Writable({ highWaterMark: 1, write: () => undefined });

const byte = Buffer.from('x');

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => (settled = true));
  await turn();
  await turn();
  return settled;
}

test('sink: a stream that is closed without an error lets the sender go on, and has nothing to wait for', async (t) => {
  for (const stream of [stuck(), new Transform({ highWaterMark: 1, transform: () => undefined })]) {
    let drains = 0;
    const sink = sinkFor(stream, () => (drains += 1));
    t.false(sink.write(byte));
    const flushed = sink.flushed();
    t.false(await isSettled(flushed));
    stream.destroy();
    t.true(await isSettled(flushed));
    t.is(drains, 1);
    t.true(sink.write(byte));
  }
});

test('sink: a stream that was destroyed in this moment has nothing to wait for', async (t) => {
  const stream = stuck();
  const sink = sinkFor(stream, () => undefined);
  sink.write(byte);
  stream.destroy();
  await sink.flushed();
  t.is(stream.listenerCount('drain'), 0);
});

test('sink: no listener stays once all is written', async (t) => {
  const stream = new PassThrough();
  const before = stream.eventNames().map((name) => stream.listenerCount(name));
  const sink = sinkFor(stream, () => undefined);
  sink.write(byte);
  await sink.flushed();
  await turn();
  t.deepEqual(
    stream.eventNames().map((name) => stream.listenerCount(name)),
    before,
  );
});

test('sink: one that is left takes the error of what it had still to write', async (t) => {
  const writes: ((error?: Error) => void)[] = [];
  const stream = new Writable({ highWaterMark: 1, write: (_data, _encoding, done) => void writes.push(done) });
  const sink = sinkFor(stream, () => t.fail('nobody is held back any more'));
  sink.write(byte);
  sink.leave();
  t.is(stream.listenerCount('drain'), 0);
  await turn();
  await turn();
  writes[0]?.(new Error('EPIPE'));
  await turn();
  t.true(stream.destroyed);
  await turn();
  t.is(stream.listenerCount('error'), 0);
});
