/** Who reads slowly what a container wrote, while others look at its end, or bring it about. */
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';

import type { Engine } from '../../../src/index.js';
import { start, run, output, collect } from '../../helpers/cli.js';
import { killHard } from '../../helpers/processes.js';
import { testEngine } from '../../helpers/engine.js';
import { requires } from '../../helpers/requires.js';
import { until } from '../../helpers/until.js';

/** More than a stream, a socket and what a monitor keeps for a client hold each, and less than all of them together. */
const LENGTH = 450_000;

/** After so long whoever needs the end of a monitor has cut its clients off. */
const PATIENCE_MS = 6000;

const writer = { command: ['head', '-c', String(LENGTH), '/dev/zero'] };

async function count(stream: PassThrough, ended: Promise<unknown>): Promise<number> {
  let length = 0;
  stream.on('data', (chunk: Buffer) => (length += chunk.length));
  await ended;
  return length;
}

/** Follows until the engine is closed. */
async function follow(engine: Engine, heard: string[]): Promise<void> {
  for await (const { status } of engine.events({ follow: true })) heard.push(status);
}

test('events: who only follows them does not cut off what others read', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options, reopen } = await testEngine(t);
  const [before, meanwhile] = [await reopen(), await reopen()];
  const heard: string[] = [];
  const followers = [follow(before, heard)];
  const containers = [
    await engine.containers.create(options({ ...writer, restart: { policy: 'on-failure' } })),
    await engine.containers.create(options({ ...writer, autoRemove: true })),
  ];
  const readers = await Promise.all(
    containers.map(async (container) => {
      const stdout = new PassThrough();
      return { stdout, session: await container.startAttached({ stdout }) };
    }),
  );
  for (const container of containers) await until('it has ended', () => container.state().status === 'exited');
  followers.push(follow(meanwhile, heard));
  await delay(PATIENCE_MS);
  for (const { stdout, session } of readers) {
    t.is(await count(stdout, session.ended), LENGTH);
    t.like(await session.ended, { reason: 'exited', exitCode: 0 });
  }
  await until('its removal is told', () => heard.includes('remove'));
  for (const each of [before, meanwhile]) await each.close();
  await Promise.allSettled(followers);
});

test('attach: an end that nobody told of is none', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const killed = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  await killed.start();
  const session = await killed.attach({ stdout: new PassThrough() });
  await killHard(killed.state().monitorPid);
  t.deepEqual(await session.ended, { reason: 'lost' });
  t.is(await killed.wait(), -1);

  const slow = await engine.containers.create(
    options({ command: ['sh', '-c', `${writer.command.join(' ')}; exit 3`] }),
  );
  const stdout = new PassThrough();
  const reader = await slow.startAttached({ stdout });
  await until('it has ended', () => slow.state().status === 'exited');
  await slow.rename('another');
  const length = count(stdout, reader.ended);
  t.deepEqual(await reader.ended, { reason: 'lost' });
  t.true((await length) < LENGTH);
  t.is(await slow.wait(), 3);
});

test('run: says when a part of the output was lost', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  await warns(t, ['rm', '-f', 'slow']);
  await warns(t, ['rename', 'slow', 'another']);
});

async function warns(t: ExecutionContext, meanwhile: readonly string[]): Promise<void> {
  const command = ['head', '-c', '1750000', '/dev/zero'];
  const slow = start(t, {}, 'run', '--name', 'slow', '--network', 'none', 'host:', ...command);
  await until('it has ended', async () => (await output(t, 'ps', '-aq', '--filter', 'status=exited')) !== '');
  await run(t, 0, ...meanwhile);
  const { status, stdout, stderr } = await collect(slow);
  t.is(status, 0);
  t.true(stdout.length < 1_750_000);
  t.regex(stderr, /level=warning msg="?the last output of container \w+ is lost/);
}
