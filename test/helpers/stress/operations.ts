/** What a worker of the stress test does to containers through the library, and which errors may come of it. */
import type { Readable } from 'node:stream';

import { isTspodError, type Container, type Engine, type ErrorCode } from '../../../src/index.js';
import type { Random } from '../random.js';
import { randomOptions } from './containers.js';
import { NAMES, type Outcome, type Report } from './protocol.js';

export interface Tools {
  readonly engine: Engine;
  readonly random: Random;
  readonly cgroupParent: string;
  readonly report: (report: Report) => void;
}

export interface Operation {
  /** How often it is drawn, beside the others. */
  readonly weight: number;
  /** Besides NO_SUCH_CONTAINER: anybody may have removed it by now. */
  readonly errors: readonly ErrorCode[];
  readonly run: (tools: Tools, name: string) => Promise<Outcome>;
}

/** Of operations on one container that is there. */
function verb(
  weight: number,
  errors: readonly ErrorCode[],
  run: (container: Container, tools: Tools) => Promise<unknown>,
): Operation {
  return {
    weight,
    errors,
    run: async (tools, name) => {
      const result = await run(tools.engine.containers.get(name), tools);
      return { text: typeof result === 'string' || typeof result === 'number' ? `= ${result}` : 'done' };
    },
  };
}

const invalid = 'STATE_INVALID';

/** It runs until the moment before. */
const notRunning = [invalid, 'CONTAINER_STOPPED'] as const;

export const CREATING: Operation = {
  weight: 4,
  errors: ['NAME_IN_USE'],
  run: async ({ engine, random, cgroupParent }, name) => {
    const options = randomOptions(random, { name, cgroupParent });
    const { id } = await engine.containers.create(options);
    const created = { id, mayVanish: options.autoRemove === true || options.requires !== undefined };
    return { text: `= ${id.slice(0, 12)} ${options.command?.join(' ') ?? ''}`, created };
  },
};

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  create: CREATING,
  init: verb(4, [invalid], (container) => container.init()),
  start: verb(14, [invalid, 'STATE_RUNNING'], (container) => container.start()),
  'start --recursive': verb(3, [invalid, 'STATE_RUNNING', 'DEPENDENCY_FAILED'], (container) =>
    container.start({ recursive: true }),
  ),
  stop: verb(5, [invalid, 'CONTAINER_STOPPED'], (container, { random }) =>
    container.stop({ timeoutSec: random.pick([0, 0.1, 1]) }),
  ),
  kill: verb(5, [invalid], (container, { random }) => container.kill(random.pick(['KILL', 'KILL', 'TERM', 'HUP']))),
  pause: verb(4, [invalid], (container) => container.pause()),
  unpause: verb(5, [invalid], (container) => container.unpause()),
  restart: verb(4, [invalid], (container, { random }) => container.restart({ timeoutSec: random.pick([0, 0.1]) })),
  rename: verb(4, ['NAME_IN_USE'], async (container, { random }) => {
    const name = random.pick(NAMES);
    await container.rename(name);
    return name;
  }),
  remove: removal(4, {}),
  'remove --force': removal(8, { force: true, timeoutSec: 0 }),
  'remove --depend': removal(2, { force: true, depend: true, timeoutSec: 0 }),
  cleanup: verb(2, [invalid], (container) => container.cleanup()),
  update: verb(4, [invalid], (container, { random }) =>
    container.update({ resources: { pidsLimit: 50 + random.below(100) } }),
  ),
  // One that is removed at its end has no policy.
  'update --restart': verb(2, [invalid, 'INVALID_ARGUMENT'], (container, { random }) =>
    container.update({ restart: { policy: random.pick(['no', 'on-failure', 'always']) } }),
  ),
  wait: verb(3, ['ABORTED'], (container, { random }) =>
    container.wait({ signal: AbortSignal.timeout(50 + random.below(300)) }),
  ),
  exec: verb(6, notRunning, async (container, { random }) => {
    const { exitCode } = await container.exec({
      command: random.pick([['true'], ['sh', '-c', 'exit 5'], ['sleep', '0.1']]),
    });
    return exitCode;
  }),
  'exec session': verb(3, [...notRunning, 'NO_SUCH_EXEC_SESSION'], async (container) => {
    const session = await container.startExec({ command: ['sleep', '0.05'] });
    const code = await session.wait();
    await session.remove();
    return code;
  }),
  attach: verb(2, notRunning, async (container) => {
    (await container.attach({})).detach();
  }),
  healthcheck: verb(1, ['NO_HEALTHCHECK'], async (container) => (await container.healthcheck()).status),
  logs: verb(2, [], async (container) => {
    let chunks = 0;
    for await (const _chunk of container.logs()) chunks += 1;
    return chunks;
  }),
  top: verb(2, notRunning, async (container) => (await container.top()).length),
  stats: verb(2, notRunning, async (container) => container.stats().pids),
  inspect: verb(4, [], async (container) => container.inspect().State.Status),
  list: {
    weight: 4,
    errors: [],
    run: async ({ engine }) => ({ text: `= ${engine.containers.list({ all: true }).length}` }),
  },
  sync: verb(3, [], (container) => container.sync()),
  batch: verb(2, [invalid, 'STATE_RUNNING', 'CONTAINER_STOPPED'], (container) =>
    container.batch(async (inner) => {
      await inner.start();
      await inner.stop({ timeoutSec: 0 });
    }),
  ),
  mount: verb(3, [invalid], (container) => container.mount()),
  unmount: verb(3, [invalid], (container, { random }) => container.unmount({ force: random.chance(0.3) })),
  export: verb(2, notRunning, async (container) => firstBytes(await container.export())),
  copyOut: verb(3, notRunning, async (container) => firstBytes(await container.copyOut('/etc/hostname'))),
  copyIn: verb(3, notRunning, (container) => container.copyIn('/tmp', emptyArchive())),
  stat: verb(2, notRunning, async (container) => (await container.stat('/etc')).type),
  diff: verb(2, notRunning, async (container) => (await container.diff()).length),
  prune: {
    weight: 1,
    errors: [],
    run: async ({ engine, report }) => {
      for (const { id } of engine.containers.list({ all: true })) report({ kind: 'removing', id });
      const { done, failed } = await engine.containers.prune();
      for (const error of failed.values()) if (!isOneOf(error, [invalid, 'HAS_DEPENDENTS'])) throw error;
      return { text: `= ${done.length}`, removed: done };
    },
  },
};

function removal(weight: number, options: Parameters<Container['remove']>[0]): Operation {
  return {
    weight,
    errors: [invalid, 'HAS_DEPENDENTS'],
    run: async ({ engine, report }, name) => {
      const container = engine.containers.get(name);
      const ids = [container.id, ...(options?.depend === true ? container.dependents({ all: true }) : [])];
      for (const id of ids) report({ kind: 'removing', id });
      await container.remove(options);
      return { text: `= ${container.id.slice(0, 12)}`, removed: [container.id] };
    },
  };
}

async function firstBytes(stream: Readable): Promise<number> {
  for await (const chunk of stream as AsyncIterable<Buffer>) return chunk.length; // and the stream is destroyed
  return 0;
}

async function* emptyArchive(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new Uint8Array(1024));
}

export function isOneOf(error: unknown, codes: readonly ErrorCode[]): boolean {
  return isTspodError(error, 'NO_SUCH_CONTAINER') || codes.some((code) => isTspodError(error, code));
}
