/** Pods of a test, what they are in the kernel, and calls about them in a process of their own. */
import { spawn } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

import type { ExecutionContext } from 'ava';

import type { Container, CreateOptions, Pod, PodCreateOptions } from '../../src/index.js';
import type { PodFailpoint, Failpoint } from '../../src/container/failpoint.js';
import { collect, type CliResult } from './cli.js';
import { busyboxRoot } from './busybox.js';
import { testEngine, type TestEngine } from './engine.js';
import { cgroupPathOf, cgroupTops } from './leaks.js';
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
  const { status, stdout, stderr } = await collect(podWorker(place, calls));
  t.is(status, 0, `${JSON.stringify(calls)}\n${stdout}${stderr}`);
  return stdout;
}

/** The same, killed at the point; fails unless it was. */
export async function podCallsKilledAt(
  t: ExecutionContext<unknown>,
  place: Place,
  { point, calls }: { readonly point: PodFailpoint | Failpoint; readonly calls: readonly PodCall[] },
): Promise<void> {
  const child = podWorker(place, calls, { TSPOD_TEST: '1', TSPOD_FAILPOINT: point });
  const { stdout, stderr }: CliResult = await collect(child);
  t.is(child.signalCode, 'SIGKILL', `${JSON.stringify(calls)} pass ${point}\n${stdout}${stderr}`);
}

/** A process that does these. */
export function podWorker(
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

const SLEEP = ['sleep', '1000'];

export interface PodEnv extends TestEngine {
  readonly pod: (options?: PodCreateOptions) => Promise<Pod>;
  /** A container of the pod that sleeps; it is not started. */
  readonly member: (pod: Pod, options?: CreateOptions) => Promise<Container>;
}

export async function withPods(t: ExecutionContext<unknown>): Promise<PodEnv> {
  const env = await testEngine(t);
  const rootfs = busyboxRoot(t);
  const { engine, cgroupParent } = env;
  return {
    ...env,
    pod: (options = {}) => engine.pods.create({ cgroupParent, ...options }),
    member: (pod, options = {}) =>
      engine.containers.create({
        rootfs,
        rootfsOverlay: true,
        command: SLEEP,
        stopSignal: 'KILL',
        pod: pod.id,
        ...options,
      }),
  };
}

export function namespaceOf(pid: number, kind: string): string {
  return readlinkSync(`/proc/${pid}/ns/${kind}`);
}

/** Kinds of namespaces that all these have in common. */
export function common(containers: readonly Container[]): readonly string[] {
  const pids = containers.map((container) => container.state().pid);
  return ['cgroup', 'ipc', 'net', 'pid', 'user', 'uts'].filter(
    (kind) => new Set(pids.map((pid) => namespaceOf(pid, kind))).size === 1,
  );
}

export async function shell(container: Container, script: string): Promise<string> {
  const { stdout, stderr } = await container.exec({ command: ['sh', '-c', script] });
  return (stdout + stderr).trim();
}

export function infraOf({ engine }: TestEngine, pod: Pod): Container {
  return engine.containers.get(pod.summary().infraId);
}

/** Of all hierarchies, the directories of the pod's cgroup that are there. */
export function cgroupsOf(env: TestEngine, pod: Pod): readonly string[] {
  const path = cgroupPathOf(env);
  return cgroupTops().flatMap((top) => {
    try {
      return readdirSync(top + path).flatMap((name) => (name.includes(pod.id) ? [join(top + path, name)] : []));
    } catch {
      return [];
    }
  });
}
