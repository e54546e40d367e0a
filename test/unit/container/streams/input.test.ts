import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';

import test from 'ava';

import { pumpInput } from '../../../../src/container/streams/input.js';

const LARGE_BYTES = 20 * 1024 * 1024;

interface Pumped {
  readonly source: PassThrough;
  readonly sent: Uint8Array[];
  /** What else was asked for. */
  readonly calls: string[];
  /** The other side takes what was sent. */
  readonly take: () => Promise<void>;
  readonly stop: () => void;
}

function pump(keys: readonly number[] = [], source = new PassThrough()): Pumped {
  const sent: Uint8Array[] = [];
  const calls: string[] = [];
  let waiters: (() => void)[] = [];
  const stop = pumpInput(source, keys, {
    send: (data) => void sent.push(data),
    drained: () => new Promise((resolve) => void waiters.push(resolve)),
    end: () => void calls.push('end'),
    detach: () => void calls.push('detach'),
  });
  const take = async () => {
    for (const wake of waiters) wake();
    waiters = [];
    await turn();
    await turn();
  };
  return { source, sent, calls, take, stop };
}

const total = (sent: readonly Uint8Array[]) => sent.reduce((sum, { length }) => sum + length, 0);

test('input: a chunk of any size is sent in pieces, no faster than they are taken, and the end after it', async (t) => {
  const data = Buffer.alloc(LARGE_BYTES).map((_, at) => at % 251);
  const { source, sent, calls, take } = pump();
  source.end(data);
  await turn();
  await turn();
  let before = 0;
  while (total(sent) < LARGE_BYTES) {
    t.true(total(sent) > before && total(sent) - before <= 256 * 1024);
    t.deepEqual(calls, []);
    before = total(sent);
    await take();
  }
  await take();
  t.true(sent.every(({ length }) => length <= 64 * 1024));
  t.true(Buffer.concat(sent).equals(data));
  t.deepEqual(calls, ['end']);
});

test('input: keys at the end of a large chunk detach after it', async (t) => {
  const { source, sent, calls, take } = pump([1]);
  source.write(Buffer.concat([Buffer.alloc(1024 * 1024), Buffer.of(1, 2)]));
  await turn();
  t.deepEqual(calls, []);
  for (let round = 0; round < 5; round += 1) await take();
  t.is(total(sent), 1024 * 1024);
  t.deepEqual(calls, ['detach']);
});

test('input: a source goes on after what was held', async (t) => {
  const { source, sent, calls, take } = pump();
  source.write(Buffer.alloc(1024 * 1024));
  await turn();
  source.write('more');
  for (let round = 0; round < 5; round += 1) await take();
  source.end('last');
  await take();
  t.is(total(sent), 1024 * 1024 + 8);
  t.deepEqual(calls, ['end']);
});

test('input: a source that is destroyed or fails has ended, whenever that was', async (t) => {
  const destroyed = pump([1, 2]);
  destroyed.source.write('abc\x01');
  await turn();
  destroyed.source.destroy();
  await turn();
  t.deepEqual(Buffer.concat(destroyed.sent).toString(), 'abc\x01');
  t.deepEqual(destroyed.calls, ['end']);

  const failed = pump();
  failed.source.on('error', () => undefined).destroy(new Error('no more'));
  await turn();
  t.deepEqual(failed.calls, ['end']);

  const before = pump([], new PassThrough().destroy());
  await turn();
  t.deepEqual(before.calls, ['end']);

  const ended = pump();
  ended.source.end();
  await turn();
  await turn();
  t.true(ended.source.closed);
  t.deepEqual(ended.calls, ['end']);
});

test('input: nothing is sent and nothing listens after the stop', async (t) => {
  const source = new PassThrough();
  const listeners = () => source.eventNames().map((name) => [name, source.listenerCount(name)]);
  const before = listeners();
  const { sent, calls, take, stop } = pump([], source);
  source.end(Buffer.alloc(1024 * 1024));
  await turn();
  const so = total(sent);
  stop();
  await take();
  t.is(total(sent), so);
  t.deepEqual(calls, []);
  t.deepEqual(listeners(), before);
});
