/**
 * Eight processes that do what chance tells them to the same five containers, through the library and the command line; in every fourth round or so
 * some of them are killed. `npm run test:stress` plays 200 rounds; here are a few. The seed of a round says all that is drawn in
 * it; which process comes first is the kernel's to say.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import test from 'ava';
import type { ExecutionContext } from 'ava';

import { CONTAINER_STATUSES } from '../../../src/container/api/container.js';
import { until } from '../../helpers/until.js';
import { faults, type Faults } from '../../helpers/faults.js';
import { remains } from '../../helpers/leaks.js';
import { SLOW, takesLong } from '../../helpers/pace.js';
import { randomFrom } from '../../helpers/random.js';
import { requires } from '../../helpers/requires.js';
import { Crew, type Played } from '../../helpers/stress/crew.js';

/** How many, and from which seed on: `scripts/stress.mjs` says it. */
const ROUNDS = Number(process.env['TSPOD_STRESS_ROUNDS'] ?? 10);
const SEED = Number(process.env['TSPOD_STRESS_SEED'] ?? Date.now() % 1_000_000);
const KEEP_GOING = process.env['TSPOD_STRESS_KEEP_GOING'] === '1';

const KILLING = 0.25;

/** Most rounds are over before. */
const THAWED_EVERY_MS = 10_000;

test('stress: random operations of eight processes on the same containers', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  takesLong(t);
  const env = await faults(t);
  const crew = new Crew();
  t.teardown(() => {
    crew.end();
  });
  let operations = 0;
  let round = 0;
  const failures: unknown[] = [];
  for (; round < ROUNDS; round += 1) {
    try {
      operations += await playRound(t, { env, crew, seed: SEED + round });
    } catch (error) {
      failures.push(error);
      if (!KEEP_GOING) break;
      await env.tspod('rm', '--force', '--all', '--time', '0');
    }
  }
  t.log(`${round} rounds, ${operations} operations; TSPOD_STRESS_SEED=${SEED}`);
  if (failures.length > 0) throw failures[0];
});

interface Setting {
  readonly env: Faults;
  readonly crew: Crew;
  readonly seed: number;
}

/** Answers how many operations it had. */
async function playRound(t: ExecutionContext, { env, crew, seed }: Setting): Promise<number> {
  const kills = randomFrom(seed ^ 0x5eed).chance(KILLING);
  const { root, runRoot, cgroupManager, cgroupParent } = env;
  const round = { seed, kills, opening: { root, runRoot, cgroupManager }, cgroupParent };
  const thawing = setInterval(() => void thaw(env), THAWED_EVERY_MS);
  const played = await within(`seed ${seed}: the round`, crew.play(round)).finally(() => {
    clearInterval(thawing);
  });
  try {
    t.deepEqual(played.problems, []);
    await until('commands whose worker was killed end', () => commandsOf(runRoot).length === 0);
    await within(`seed ${seed}: the next command`, env.recovers(`seed ${seed}`));
    checkListed(t, env, { played, kills });
    await within(`seed ${seed}: the removal of all`, env.removesAll(`seed ${seed}`));
  } catch (error) {
    const again = `npm run test:stress -- --rounds 1 --seed ${seed}`;
    const there = remains(env).map((line) => `there: ${line}`);
    t.log(
      [...played.history, ...played.problems, inspect(error), ...there, `the same operations again: ${again}`].join(
        '\n',
      ),
    );
    throw error;
  }
  return played.history.length / 2;
}

/** A command in a container that is paused meanwhile ends when somebody unpauses that, and in the end nobody else may be there to do it. */
async function thaw({ engine }: Faults): Promise<void> {
  const paused = engine.containers.list({ all: true }).filter(({ status }) => status === 'paused');
  await Promise.allSettled(paused.map(({ id }) => engine.containers.get(id).unpause()));
}

/** What hangs is named, and no more waited for. */
async function within<T>(what: string, work: Promise<T>): Promise<T> {
  const limitMs = 600_000 * SLOW;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${what}: no end after ${limitMs} ms`));
    }, limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

interface Ended {
  readonly played: Played;
  readonly kills: boolean;
}

/** What was created and is not listed was removed, by somebody who said so or by itself; what was removed is not listed. */
function checkListed(t: ExecutionContext, { engine }: Faults, { played, kills }: Ended): void {
  const listed = engine.containers.list({ all: true });
  for (const { id, status } of listed) {
    t.true(CONTAINER_STATUSES.includes(status), `${id} is ${status}`);
    t.is(engine.containers.get(id).inspect().Id, id);
    t.false(played.removed.has(id), `${id} was removed, and is listed`);
  }
  // Who was killed in a removal had no time to say that it is done.
  const gone = new Set([...played.removed, ...(kills ? played.removing : [])]);
  const ids = new Set(listed.map(({ id }) => id));
  for (const { id, mayVanish } of played.created) t.true(ids.has(id) || gone.has(id) || mayVanish, `${id} was lost`);
}

/** Command lines that work on the store. Monitors have no environment. */
function commandsOf(runRoot: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`TSPOD_RUNROOT=${runRoot}`);
    } catch {
      return false;
    }
  });
}
