/** What TypeScript takes and refuses of a program that uses the library. The functions are compiled, and never called. */
import type { Readable, Writable } from 'node:stream';
import test from 'ava';

import {
  isTspodError,
  type CollectedResult,
  type Container,
  type ContainerProcess,
  type CreateOptions,
  type Engine,
  type ErrorCode,
  type SpawnOptions,
} from '../../../src/index.js';

/** Compiles for a value of this type and no other. */
type Exactly<T, Wanted> = [T] extends [Wanted] ? ([Wanted] extends [T] ? T : never) : never;

function is<Wanted>() {
  return <T>(value: Exactly<T, Wanted>): void => void value;
}

async function streams(engine: Engine, container: Container) {
  const base = { image: 'host:', command: ['cat'] } as const satisfies CreateOptions;
  const cat = await engine.spawn({ ...base, stdin: 'pipe' });
  cat.stdin.end('text');
  cat.stdout.resume();
  cat.stderr.resume();
  const interactive = await engine.spawn({ ...base, interactive: true, stderr: 'inherit' });
  interactive.stdin.end();
  is<null>()(interactive.stderr);
  const terminal = await engine.spawn({ ...base, tty: true, stdout: 'ignore' });
  is<null>()(terminal.stdin);
  is<null>()(terminal.stdout);
  is<null>()(terminal.stderr);
  const unknown: SpawnOptions = base;
  const some = await engine.spawn(unknown);
  is<Writable | null>()(some.stdin);
  is<Readable | null>()(some.stdout);
  const plain: ContainerProcess = cat;
  is<Readable | null>()(plain.stdout);
  const command = ['cat'];
  const inner = await container.spawnExec({ command, stdin: 'pipe' });
  inner.stdin.end();
  is<Readable>()(inner.stderr);
  const detached = await container.spawnExec({ command, detach: true });
  is<null>()(detached.stdout);
  // @ts-expect-error: a misspelt option
  await engine.spawn({ ...base, stdIn: 'pipe' });
  // @ts-expect-error: a word that there is not
  await engine.spawn({ ...base, stdout: 'pipee' });
}

async function encodings(engine: Engine, container: Container, encoding: BufferEncoding | 'buffer') {
  const command = ['true'];
  is<CollectedResult<string>>()(await engine.run({ image: 'host:', command }));
  is<CollectedResult<string>>()(await engine.run({ image: 'host:', command, encoding: 'latin1' }));
  is<CollectedResult<Buffer>>()(await engine.run({ image: 'host:', command, encoding: 'buffer' }));
  is<CollectedResult<string | Buffer>>()(await engine.run({ image: 'host:', command, encoding }));
  is<CollectedResult<string>>()(await container.exec({ command }));
  is<CollectedResult<Buffer>>()(await container.exec({ command, encoding: 'buffer' }));
  is<CollectedResult<string | Buffer>>()(await container.exec({ command, encoding }));
}

async function options(engine: Engine, container: Container, signal: AbortSignal | undefined) {
  await engine.run({ image: 'host:', env: process.env, signal });
  await container.exec({ command: ['true'], env: { A: undefined }, signal });
  await container.update({ env: process.env });
}

function filters({ containers, images, volumes, networks, pods, secrets, ...engine }: Engine, text: string[]) {
  containers.list({ filters: { label: ['a'], 'restart-policy': ['no'] } });
  // Names that are known later only.
  containers.list({ filters: Object.fromEntries(text.map((name) => [name, text])) });
  // @ts-expect-error: a filter that there is not
  containers.list({ filters: { lable: ['a'] } });
  // @ts-expect-error: a filter that there is not
  images.list({ filters: { lable: ['a'] } });
  // @ts-expect-error: a filter that there is not
  volumes.list({ filters: { lable: ['a'] } });
  // @ts-expect-error: a filter that there is not
  networks.list({ filters: { lable: ['a'] } });
  // @ts-expect-error: a filter that there is not
  pods.list({ filters: { lable: ['a'] } });
  // @ts-expect-error: a filter that there is not
  secrets.list({ filters: { lable: ['a'] } });
  // @ts-expect-error: a filter that there is not
  engine.events({ filters: { lable: ['a'] } });
  // @ts-expect-error: a filter of containers alone
  void engine.prune({ filters: { status: ['exited'] } });
}

function errors(error: unknown) {
  if (isTspodError(error, 'NAME_IN_USE')) is<'NAME_IN_USE'>()(error.code);
  if (isTspodError(error)) is<ErrorCode>()(error.code);
}

test('types: streams, encodings, options, filters and errors of a program compile, or do not', (t) => {
  for (const compiled of [streams, encodings, options, filters, errors]) t.is(typeof compiled, 'function');
});
