/** A container with more clients than its monitor serves at one time. */
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';

import type { Container } from '../../../src/index.js';
import { readProcessStat } from '../../../src/native/process-stat.js';
import { rejectsWith, testEngine } from '../../helpers/engine.js';
import { socketsOf } from '../../helpers/processes.js';
import { requires } from '../../helpers/requires.js';
import { until } from '../../helpers/until.js';

/** More than a monitor has room for. */
const MANY = 560;

const MOST_ATTACHED = 256;

/** The others come again, in place of those that have waited longest. */
const MOST_CLIENTS = 512;

/** Of a processor: waiting costs next to nothing. */
const MOST_LOAD = 0.5;

async function loadOf(work: Promise<unknown>): Promise<number> {
  const [began, before] = [performance.now(), process.cpuUsage()];
  await work;
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / (performance.now() - began);
}

async function followLog(container: Container): Promise<number> {
  let chunks = 0;
  for await (const { data } of container.logs({ follow: true })) chunks += data.length > 0 ? 1 : 0;
  return chunks;
}

const restart = { policy: 'always' } as const;
const command = ['sh', '-c', "trap 'echo hup' HUP; trap 'exit 3' TERM; echo up; while :; do sleep 0.1; done"];

test.serial('stop and kill get through, and whoever waits is told of the end', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command, restart, log: { driver: 'k8s-file' } }));
  await container.start();
  const waits = Array.from({ length: MANY / 2 }, () => container.wait());
  const logs = Array.from({ length: MANY / 2 }, () => followLog(container));
  await until('waiting costs next to nothing', async () => (await loadOf(delay(1000))) < MOST_LOAD);
  await container.kill('SIGHUP');
  await container.update({ restart });
  await container.stop({ timeoutSec: 10 });
  const { status, restartCount } = container.state();
  t.deepEqual({ status, restartCount }, { status: 'exited', restartCount: 0 });
  t.deepEqual(new Set(await Promise.all(waits)), new Set([3]));
  t.true((await Promise.all(logs)).every((chunks) => chunks > 0));
});

test.serial('so many are attached and no more', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command, restart }));
  await container.start();
  const attach = () => container.attach({ stdout: new PassThrough().resume() });
  const sessions = [];
  for (let i = 0; i < MOST_ATTACHED; i += 1) sessions.push(await attach());
  t.regex(await rejectsWith(t, attach(), 'STATE_INVALID'), /too many clients/);
  const waits = Array.from({ length: MANY / 2 }, () => container.wait());
  sessions.pop()?.detach();
  sessions.push(await attach());
  await container.kill();
  for (const { ended } of sessions) t.like(await ended, { reason: 'exited', exitCode: 137 });
  t.deepEqual(new Set(await Promise.all(waits)), new Set([137]));
});

test.serial('so many wait for a command', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command }));
  await container.start();
  const session = await container.startExec({ command: ['sh', '-c', 'read line; exit 7'], interactive: true });
  const waits = Array.from({ length: MANY }, () => session.wait());
  const monitor = readProcessStat(session.inspect().Pid)?.parent ?? 0;
  await until('as many wait as it has room for', () => socketsOf(monitor) > MOST_CLIENTS - 10);
  await session.stop();
  t.deepEqual(new Set(await Promise.all(waits)), new Set([143]));
});
