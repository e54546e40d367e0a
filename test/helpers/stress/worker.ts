/** One of the processes of the stress test: does its part of each round, with an engine of its own, and tells what it does. */
import { setTimeout as delay } from 'node:timers/promises';

import { openEngine } from '../../../src/index.js';
import { randomFrom, type Random } from '../random.js';
import { CLI_OPERATIONS } from './commands.js';
import { CREATING, isOneOf, OPERATIONS, type Operation, type Tools } from './operations.js';
import { NAMES, type Part, type Report } from './protocol.js';

const ALL = Object.entries({ ...OPERATIONS, ...CLI_OPERATIONS });
const WEIGHTS = ALL.reduce((sum, [, { weight }]) => sum + weight, 0);

/** What is done instead, most of the time, when there is no such container. */
const CREATE = ['create', CREATING] as const;

/** Most of the time an operation follows the last one at once. */
const PAUSES_MS = [0, 0, 0, 5, 20];

function draw(random: Random): readonly [string, Operation] {
  let left = random.next() * WEIGHTS;
  const found = ALL.find(([, { weight }]) => (left -= weight) < 0);
  if (found === undefined) throw new RangeError('the weights do not add up');
  return found;
}

function report(message: Report): void {
  process.send?.(message);
}

async function play({ seed, operations, opening, cgroupParent }: Part): Promise<void> {
  const random = randomFrom(seed);
  const engine = await openEngine(opening);
  for (let count = 0; count < operations; count += 1) {
    // By a chance of its own each time, so that what one operation draws does not change the next.
    const own = randomFrom(random.next() * 2 ** 32);
    const drawn = draw(own);
    const name = own.pick(NAMES);
    await delay(own.pick(PAUSES_MS));
    const [title, operation] = own.chance(0.7) && !engine.containers.exists(name) ? CREATE : drawn;
    report({ kind: 'begin', operation: `${title} ${name}` });
    await attempt(operation, { engine, random: own, cgroupParent, report }, name);
  }
  await engine.close();
  report({ kind: 'done' });
}

async function attempt({ run, errors }: Operation, tools: Tools, name: string): Promise<void> {
  try {
    report({ kind: 'end', ...(await run(tools, name)) });
  } catch (error) {
    const text = `${(error as { code?: string }).code ?? 'an error without a code'}: ${(error as Error).message}`;
    if (isOneOf(error, errors)) report({ kind: 'end', text });
    else report({ kind: 'end', text, problem: `${text}\n${(error as Error).stack ?? ''}` });
  }
}

process.on('message', (part: Part) => {
  void play(part).catch((error: unknown) => {
    report({ kind: 'end', text: 'the worker failed', problem: String((error as Error).stack) });
    report({ kind: 'done' });
  });
});
process.on('disconnect', () => process.exit());
