import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';

import { allOrAbort } from '../../../../src/engine/images/all-or-abort.js';

test('allOrAbort: what each answers, in their order', async (t) => {
  const late = turn().then(() => 'late');
  t.deepEqual(await allOrAbort(undefined, () => [late, Promise.resolve('soon')]), ['late', 'soon']);
});

test('allOrAbort: the first failure ends the others, which have ended when it is told', async (t) => {
  const ended: unknown[] = [];
  const untilAborted = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => {
        void turn().then(() => {
          ended.push(signal.reason);
          reject(new Error('the second failure'));
        });
      });
    });
  const first = new Error('the first failure');
  const works = allOrAbort(undefined, (signal) => [untilAborted(signal), Promise.reject(first), untilAborted(signal)]);
  t.is(await t.throwsAsync(works), first);
  t.deepEqual(ended, [first, first]);
});

test('allOrAbort: the signal that is given ends all', async (t) => {
  const stop = new AbortController();
  let inner: AbortSignal | undefined;
  const works = allOrAbort(stop.signal, (signal) => {
    inner = signal;
    return [turn()];
  });
  stop.abort('reason');
  t.is(inner?.reason, 'reason');
  await works;
});
