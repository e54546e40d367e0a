/** An engine of a test's own: its directories, its part of the cgroups; and the proof, after the test, that nothing is left of it. */
import assert from 'node:assert/strict';
import { rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { ExecutionContext } from 'ava';

import {
  isTspodError,
  openEngine,
  type CreateOptions,
  type Engine,
  type EngineOptions,
  type ErrorCode,
} from '../../src/index.js';
import { execute } from '../../src/native/execute.js';
import { PlanBuilder } from '../../src/plan/builder.js';
import { encodePlan } from '../../src/plan/encode.js';
import {
  cgroupTops,
  LOOKS,
  networkState,
  newCgroupParent,
  remains,
  testCgroupManager,
  type Territory,
} from './leaks.js';
import { temporaryDirectory } from './temp.js';
import { ownTurn } from './turn.js';

export interface TestEngine extends Territory {
  readonly engine: Engine;
  /** Options of a container in this test: the host's system, no network, and these. */
  readonly options: (options?: CreateOptions) => CreateOptions;
  /** Another engine on the same store, as another process would open it. Closed after the test. */
  readonly reopen: () => Promise<Engine>;
  /** Fails unless nothing is left but these containers. */
  readonly assertNothingLeft: (...known: readonly string[]) => Promise<void>;
}

/** Removes all containers after the test, and fails it if anything of them is left. */
export async function testEngine(
  t: ExecutionContext<unknown>,
  { cgroupManager = testCgroupManager() }: Partial<Pick<Territory, 'cgroupManager'>> = {},
): Promise<TestEngine> {
  await ownTurn(t);
  const base = temporaryDirectory(t, 'tspod-engine-');
  const territory: Territory = {
    root: join(base, 'root'),
    runRoot: join(base, 'run'),
    cgroupManager,
    cgroupParent: newCgroupParent(cgroupManager),
  };
  const network = networkState();
  const opening = { root: territory.root, runRoot: territory.runRoot, cgroupManager };
  const engine = await openEngine(opening);
  const assertNothingLeft = async (...known: readonly string[]) => {
    t.deepEqual(await settledRemains(territory, known), []);
  };
  t.teardown(() =>
    doAll(
      () => removeContainers(opening),
      () => engine.close(),
      // Not by t: a test that has ended takes no more assertions.
      async () => assert.deepEqual(await settledRemains(territory, []), []),
      () => assert.deepEqual(networkState(), network),
      () => removeCgroups(territory),
      () => unmountHideLayers(territory),
    ),
  );
  return {
    ...territory,
    engine,
    options: (options = {}) => ({
      ...(options.rootfs === undefined ? { image: 'host:' } : {}),
      network: 'none',
      ...(ownPlace(options) ? {} : { cgroupParent: territory.cgroupParent }),
      ...options,
    }),
    reopen: async () => {
      const another = await openEngine(opening);
      t.teardown(() => another.close());
      return another;
    },
    assertNothingLeft,
  };
}

/** One after the other, also after one that has failed; fails with all that failed. */
async function doAll(...steps: readonly (() => void | Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, failures.map((each) => inspect(each)).join('\n'));
}

async function removeContainers(opening: EngineOptions): Promise<void> {
  await using engine = await openEngine(opening);
  for (const { id } of engine.pods.list()) await engine.pods.get(id).remove({ force: true, timeoutSec: 0 });
  for (const { id } of engine.containers.list({ all: true })) {
    // With the one before it, if it shares its namespaces.
    if (!engine.containers.exists(id)) continue;
    await engine.containers.remove(id, { force: true, depend: true, timeoutSec: 0 }).catch(ignoreGone);
  }
}

function ignoreGone(error: unknown): void {
  if (!isTspodError(error, 'NO_SUCH_CONTAINER')) throw error;
}

/** A killed process takes a moment to vanish from /proc; what stays longer is left. */
export async function settledRemains(territory: Territory, known: readonly string[]): Promise<readonly string[]> {
  for (let attempt = 0; ; attempt += 1) {
    const found = remains(territory, known);
    if (found.length === 0 || attempt === LOOKS) return found;
    await delay(25);
  }
}

/** These have no parent to choose. */
function ownPlace({ cgroups }: CreateOptions): boolean {
  return cgroups === 'disabled' || cgroups === 'split';
}

/** The group, or the slice, in which a test's containers were: they do not take it along. */
export async function removeCgroups({
  cgroupManager,
  cgroupParent,
}: Pick<Territory, 'cgroupManager' | 'cgroupParent'>): Promise<void> {
  if (cgroupManager === 'systemd') {
    await stopUnit(cgroupParent);
    return;
  }
  await doAll(...cgroupTops().map((top) => () => removeCgroup(top + cgroupParent)));
}

function removeCgroup(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    // No container needed this hierarchy.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** A slice stays when what was in it is gone. */
async function stopUnit(name: string): Promise<void> {
  const { connectManager } = await import('../../src/systemd/manager.js');
  using manager = connectManager(name);
  // No container was in it, so that systemd does not know it.
  await manager.call('StopUnit', 'ss', [name, 'replace']).catch(() => undefined);
}

async function unmountHideLayers({ runRoot }: Territory): Promise<void> {
  const builder = new PlanBuilder();
  builder.add('teardown', 'unmount', { path: join(runRoot, 'hide') });
  await execute(encodePlan(builder.build()));
}

/** Fails unless the promise rejects with a TspodError of this code. Answers its message. */
export async function rejectsWith(
  t: ExecutionContext<unknown>,
  work: Promise<unknown>,
  code: ErrorCode,
): Promise<string> {
  const error = await t.throwsAsync(async () => {
    await work;
  });
  t.true(isTspodError(error, code), `${String(error)} should have code ${code}`);
  return error instanceof Error ? error.message : '';
}
