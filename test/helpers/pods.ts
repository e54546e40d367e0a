/** Calls about pods in a process of their own. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

import type { ExecutionContext } from 'ava';

import type { PodFailpoint, Failpoint } from '../../src/container/failpoint.js';
import { collect, type CliResult } from './cli.js';
import type { TestEngine } from './engine.js';
import type { PodCall, PodPart } from './pod-worker.js';

const WORKER = join(import.meta.dirname, 'pod-worker.js');

interface Place extends Pick<TestEngine, 'root' | 'runRoot' | 'cgroupManager'> {
  /** Words before the program. @default none */
  readonly prefix?: readonly string[];
}

/** Does these in a process of its own; its output. */
export async function podCalls(
  t: ExecutionContext<unknown>,
  place: Place,
  ...calls: readonly PodCall[]
): Promise<string> {
  const { status, stdout, stderr } = await collect(worker(place, calls));
  t.is(status, 0, `${JSON.stringify(calls)}\n${stdout}${stderr}`);
  return stdout;
}

/** The same, killed at the point; fails unless it was. */
export async function podCallsKilledAt(
  t: ExecutionContext<unknown>,
  place: Place,
  { point, calls }: { readonly point: PodFailpoint | Failpoint; readonly calls: readonly PodCall[] },
): Promise<void> {
  const child = worker(place, calls, { TSPOD_TEST: '1', TSPOD_FAILPOINT: point });
  const { stdout, stderr }: CliResult = await collect(child);
  t.is(child.signalCode, 'SIGKILL', `${JSON.stringify(calls)} pass ${point}\n${stdout}${stderr}`);
}

function worker(
  { root, runRoot, cgroupManager, prefix = [] }: Place,
  calls: readonly PodCall[],
  variables: Readonly<Record<string, string>> = {},
) {
  const part: PodPart = { opening: { root, runRoot, cgroupManager }, calls };
  const [program = process.execPath, ...words] = [...prefix, process.execPath, WORKER, JSON.stringify(part)];
  const env: NodeJS.ProcessEnv = { ...process.env, ...variables };
  delete env['NODE_EXTRA_CA_CERTS'];
  return spawn(program, words, { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
}
