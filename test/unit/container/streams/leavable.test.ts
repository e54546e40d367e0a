import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';

import test from 'ava';

import { leavable } from '../../../../src/container/streams/leavable.js';
import { onAbort } from '../../../../src/native/abort.js';

interface Waiting {
  readonly items: AsyncIterableIterator<string>;
  /** What the generator has done. */
  readonly told: string[];
}

/** Gives one, and then nothing until its signal aborts. */
function waiting(signal?: AbortSignal): Waiting {
  const told: string[] = [];
  const items = leavable(signal, async function* (either) {
    try {
      yield 'one';
      await new Promise<void>((resolve) => void onAbort(either, resolve));
      either.throwIfAborted();
    } finally {
      told.push('let go');
    }
  });
  return { items, told };
}

const OVER = { done: true, value: undefined };

test('leavable: what is left while it waits ends, and with it what waits', async (t) => {
  const { items, told } = waiting();
  t.deepEqual(await items.next(), { done: false, value: 'one' });
  const pending = [items.next(), items.next()];
  await turn();
  t.deepEqual(await items.return?.(), OVER);
  t.deepEqual(told, ['let go']);
  t.deepEqual(await Promise.all(pending), [OVER, OVER]);
  t.deepEqual(await items.next(), OVER);
});

test('leavable: an error thrown into it is thrown to whoever throws, and ends what waits', async (t) => {
  const { items, told } = waiting();
  await items.next();
  const pending = items.next();
  await t.throwsAsync(items.throw?.(new Error('enough')) as Promise<unknown>, { message: 'enough' });
  t.deepEqual(told, ['let go']);
  t.deepEqual(await pending, OVER);
});

test("leavable: the caller's signal ends it with its reason, and is not listened to afterwards", async (t) => {
  const abort = new AbortController();
  const { items, told } = waiting(abort.signal);
  await items.next();
  const pending = items.next();
  abort.abort(new Error('the reason'));
  await t.throwsAsync(pending, { message: 'the reason' });
  t.deepEqual(told, ['let go']);
  t.deepEqual(await items.next(), OVER);
});

test('leavable: a stream made of it is destroyed at once', async (t) => {
  const { items, told } = waiting();
  const stream = Readable.from(items);
  const closed = new Promise((resolve) => stream.once('close', resolve));
  t.is(await new Promise((resolve) => stream.once('data', resolve)), 'one');
  await turn();
  stream.destroy();
  await closed;
  t.deepEqual(told, ['let go']);
});

test('leavable: what was never begun is left, too', async (t) => {
  const { items, told } = waiting();
  t.deepEqual(await items.return?.(), OVER);
  t.deepEqual(await items.next(), OVER);
  t.deepEqual(told, []);
});
