/** Work that nobody waits for: a failure of it is no unhandled rejection, which would end the caller's process. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';

import type { EngineContext } from '../../../src/container/context.js';
import { recordExec } from '../../../src/container/exec/events.js';
import { giveUp } from '../../../src/container/launch/give-up.js';
import type { MonitorTalk } from '../../../src/container/monitor/talk.js';
import { containerPaths } from '../../../src/storage/paths.js';
import { temporaryDirectory } from '../../helpers/temp.js';

/** What was unhandled while the work was done. */
async function unhandledIn(work: () => unknown): Promise<readonly unknown[]> {
  const unhandled: unknown[] = [];
  const listeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (error) => unhandled.push(error));
  try {
    await work();
    for (let turns = 0; turns < 10; turns += 1) await turn();
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
  }
  return unhandled;
}

test.serial('the end of a command that cannot be written down', async (t) => {
  const blocked = join(temporaryDirectory(t), 'file');
  writeFileSync(blocked, '');
  const told: unknown[] = [];
  const context = { events: { record: (event: unknown) => told.push(event) } } as unknown as EngineContext;
  const talk = { exited: () => Promise.resolve(), exit: { exitCode: 3 } } as unknown as MonitorTalk;
  const session = { id: 's', directory: blocked } as Parameters<typeof recordExec>[2]['session'];
  const answer = { kind: 'started', pid: 2, startTime: 1n, startedUs: 5 } as const;
  const record = () => {
    recordExec(context, { id: 'c', name: 'c' }, { talk, answer, ...(session === undefined ? {} : { session }) });
  };
  t.deepEqual(await unhandledIn(record), []);
  t.like(told[0], { status: 'exec', timeUs: 5 });
  t.like(told[1], { status: 'exec_died', key: 's' });
});

test.serial('a launch that is called off, whose record cannot be read', async (t) => {
  const runRoot = temporaryDirectory(t);
  const paths = { ...containerPaths({ root: runRoot, runRoot }, 'c'), run: runRoot, state: runRoot };
  const connection = { close: () => undefined, ended: () => Promise.resolve() };
  t.deepEqual(await unhandledIn(() => giveUp({ connection } as unknown as MonitorTalk, paths)), []);
  t.true(existsSync(runRoot));
});
