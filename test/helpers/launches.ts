/** Launches whose engine has been killed: each monitor finds that out in its own time. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { readLiveRecord } from '../../src/container/monitor/run-record.js';
import { connectMonitor } from '../../src/native/monitor-spawn.js';
import type { Territory } from './leaks.js';
import { isAlive } from './processes.js';
import { until } from './until.js';

/** Resolves when each of the monitors has got its container going, or has given up and is gone. Those that have written nothing yet, the next command finds. */
export async function untilLaunchesAreDecided({ runRoot }: Pick<Territory, 'runRoot'>): Promise<void> {
  const runs = join(runRoot, 'c');
  const directories = existsSync(runs) ? readdirSync(runs).map((name) => join(runs, name)) : [];
  await Promise.all(directories.map((run) => until(`the launch in ${run} is decided`, () => isDecided(run))));
}

async function isDecided(run: string): Promise<boolean> {
  const live = readLiveRecord(join(run, 'state'));
  return live === undefined || !isAlive(live.monitor.pid) || (await answers(run));
}

/** A monitor answers when it launches no more. */
async function answers(run: string): Promise<boolean> {
  const connection = await connectMonitor(run).catch(() => undefined);
  if (connection === undefined) return false;
  try {
    return await new Promise((resolve) => {
      connection.onMessage(({ name }) => {
        if (name === 'attached') resolve(true);
      });
      connection.closed.then(
        () => {
          resolve(false);
        },
        () => {
          resolve(false);
        },
      );
      connection.send('attach', { stdin: 0, stdout: 0, stderr: 0 });
    });
  } finally {
    connection.close();
  }
}
