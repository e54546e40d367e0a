/** Tests of one file begin all at once: those that run containers take turns, so that none waits for longer than it allows because of the others. */
import type { ExecutionContext } from 'ava';

/** Of one file. The runner has two files at work. */
const AT_ONCE = 8;

let free = AT_ONCE;
const waiting: (() => void)[] = [];
const served = new WeakSet<ExecutionContext<unknown>>();

/** Resolves when it is the test's turn, which lasts until the test is over and what it made is cleared away. */
export async function ownTurn(t: ExecutionContext<unknown>): Promise<void> {
  if (served.has(t)) return;
  served.add(t);
  if (free > 0) free -= 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  t.teardown(() => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  });
}
