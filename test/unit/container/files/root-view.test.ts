import test from 'ava';

import { retriedAfterEnd } from '../../../../src/container/files/root-view.js';
import { justEnded } from '../../../../src/container/transitions.js';

/** A look that meets as many ends. */
function meeting(ends: number) {
  const looks: boolean[] = [];
  const look = (refreshes: boolean): Promise<string> => {
    looks.push(refreshes);
    return looks.length > ends ? Promise.resolve('seen') : Promise.reject(justEnded('subject'));
  };
  return { looks, look };
}

test('a container that is started again and again is looked at until it does not end meanwhile', async (t) => {
  const { looks, look } = meeting(3);
  t.is(await retriedAfterEnd(look), 'seen');
  t.deepEqual(looks, [false, true, true, true]);
});

test('a container that ends at each look is an error at last', async (t) => {
  const { looks, look } = meeting(Infinity);
  await t.throwsAsync(retriedAfterEnd(look), { code: 'CONTAINER_STOPPED' });
  t.is(looks.length, 10);
});

test('what else fails is not looked at again', async (t) => {
  const failure = new Error('broken');
  let looks = 0;
  await t.throwsAsync(
    retriedAfterEnd(() => {
      looks += 1;
      return Promise.reject(failure);
    }),
    { is: failure },
  );
  t.is(looks, 1);
});
