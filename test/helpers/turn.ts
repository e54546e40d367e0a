/** Tests of one file begin all at once: those that run containers take turns, so that none waits for longer than it allows because of the others. */
import type { ExecutionContext } from 'ava';

import { Semaphore } from '../../src/util/semaphore.js';

/** Of one file. The runner has two files at work. */
const turns = new Semaphore(8);
const served = new WeakSet<ExecutionContext<unknown>>();

/** Resolves when it is the test's turn (at once if it is already), which lasts until the test is over and what it made is cleared away. */
export async function ownTurn(t: ExecutionContext<unknown>): Promise<void> {
  if (served.has(t)) return;
  served.add(t);
  await new Promise<void>((begin) => {
    const lasting = () =>
      new Promise<void>((end) => {
        t.teardown(end);
        begin();
      });
    void turns.run(lasting);
  });
}
