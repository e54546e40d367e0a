import test from 'ava';

import { Semaphore } from '../../../src/util/semaphore.js';

/** Work that ends when it is told to. */
function work(): { readonly run: () => Promise<void>; readonly end: () => void; readonly begun: () => boolean } {
  let began = false;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return {
    run: () => {
      began = true;
      return ended;
    },
    end,
    begun: () => began,
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('no more than there are places, the others in their order', async (t) => {
  const semaphore = new Semaphore(2);
  const works = [work(), work(), work(), work()];
  const all = works.map(({ run }) => semaphore.run(run));
  const begun = (): readonly boolean[] => works.map((each) => each.begun());
  await settle();
  t.deepEqual(begun(), [true, true, false, false]);
  works[1]?.end();
  await settle();
  t.deepEqual(begun(), [true, true, true, false]);
  for (const { end } of works) end();
  await Promise.all(all);
  t.deepEqual(begun(), [true, true, true, true]);
});

test('work that fails gives its place back', async (t) => {
  const semaphore = new Semaphore(1);
  await t.throwsAsync(
    semaphore.run(() => Promise.reject(new Error('failed'))),
    { message: 'failed' },
  );
  t.is(await semaphore.run(() => Promise.resolve(3)), 3);
});

test('who is aborted while waiting does not wait on, and takes no place', async (t) => {
  const semaphore = new Semaphore(1);
  const first = work();
  const running = semaphore.run(first.run);
  const { signal, abort } = aborter();
  const second = work();
  const waiting = semaphore.run(second.run, signal);
  const third = semaphore.run(() => Promise.resolve('third'));
  abort(new Error('enough'));
  await t.throwsAsync(waiting, { message: 'enough' });
  first.end();
  await running;
  t.is(await third, 'third');
  t.false(second.begun());
});

function aborter(): { readonly signal: AbortSignal; readonly abort: (reason: Error) => void } {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    abort: (reason) => {
      controller.abort(reason);
    },
  };
}
