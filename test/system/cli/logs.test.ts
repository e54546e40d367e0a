/** What `logs` prints of logs that tests have written. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';

import { output, run, storeOf } from '../../helpers/cli.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const TIME = '2026-01-01T00:00:00.000000001';

/** A container that has never run, and a log as if it had. */
async function withLog(t: ExecutionContext, name: string, records: readonly string[]): Promise<void> {
  const path = join(temporaryDirectory(t), 'ctr.log');
  await run(t, 0, 'create', '--name', name, '--log-opt', `path=${path}`, 'host:', 'true');
  writeFileSync(path, records.map((record) => `${TIME}+00:00 ${record}\n`).join(''));
}

test('logs: stdout and stderr in one file are in the order in which they were written', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const lines = Array.from({ length: 300 }, (_, i) => `${i % 3 === 0 ? 'stderr' : 'stdout'} F line ${String(i)}`);
  await withLog(t, 'a', [...lines, 'stderr P begun', 'stdout F more']);
  await withLog(t, 'b', lines);
  const texts = lines.map((line) => `${line.slice(9)}\n`).join('');
  // Both descriptors are one file, as of a terminal.
  storeOf(t).prefix = ['sh', '-c', 'exec "$@" 2>&1', 'sh'];
  t.is(await output(t, 'logs', 'a'), `${texts}begunmore\n`);
  const both = await output(t, 'logs', 'a', 'b');
  t.is(both.replaceAll(/[0-9a-f]{12} /g, ''), `${texts}begunmore\n${texts}`);
});

test('logs --timestamps: times are in UTC, in the form that Podman prints', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  await withLog(t, 'a', ['stdout F one']);
  t.is(await output(t, 'logs', '-t', 'a'), `${TIME}Z one\n`);
});
