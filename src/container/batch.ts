/** Runs several verbs under one lock of a container: `container.batch()`, and verbs that take several steps. */
import { TspodError } from '../errors.js';
import { throwIfAborted } from '../native/abort.js';
import { noSuchContainer } from '../state/lookup.js';
import type { BatchedContainer, Container, SignalOption } from './api/container.js';
import type { Batch, EngineContext } from './context.js';
import { recordContainerEvent } from './events.js';
import { withContainer, type HeldContainer } from './held.js';
import { settle } from './settle/settle.js';

class HeldBatch implements Batch {
  readonly id: string;
  readonly held: HeldContainer;
  #last: Promise<unknown> = Promise.resolve();
  readonly #changes = new Set<Promise<unknown>>();
  #isOver = false;

  constructor(held: HeldContainer) {
    this.id = held.id;
    this.held = held;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Runs one body at a time, in the order of the calls. `refreshes`: looks at the container again and settles it first.
   */
  run<T>(body: (held: HeldContainer) => T | Promise<T>, refreshes: boolean): Promise<T> {
    const turn = this.#last.then(() => this.#step(body, refreshes));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Waits for all calls that were begun, also those that the callback did not wait for. The lock is released after
   * that.
   */
  async finish(): Promise<void> {
    while (this.#changes.size > 0) await Promise.allSettled(this.#changes);
    await this.#last;
    this.#isOver = true;
  }

  /** Lets finish() wait for a call that changes the container: such a call may wait between its steps. */
  follow<T>(change: Promise<T>): Promise<T> {
    this.#changes.add(change);
    const forget = () => this.#changes.delete(change);
    change.then(forget, forget);
    return change;
  }

  async #step<T>(body: (held: HeldContainer) => T | Promise<T>, refreshes: boolean): Promise<T> {
    const { held } = this;
    if (held.isForgotten) throw noSuchContainer(held.id);
    if (refreshes) {
      held.look();
      await settle(held);
    }
    try {
      return await body(held);
    } finally {
      // The next step sees what this one has changed.
      held.look();
    }
  }
}

/**
 * Runs `body` under the lock of the batch that is under way for this container, or of a new batch. The body gets a
 * context whose verbs take no lock of this container.
 */
export async function inBatch<T>(
  context: EngineContext,
  id: string,
  body: (inner: EngineContext, held: HeldContainer, batch: HeldBatch) => Promise<T>,
  { signal }: SignalOption = {},
): Promise<T> {
  throwIfAborted(`container ${id}`, signal);
  const { batch } = context;
  if (batch instanceof HeldBatch && batch.id === id && !batch.isOver) return body(context, batch.held, batch);
  return withContainer(
    context,
    id,
    async (held) => {
      const own = new HeldBatch(held);
      try {
        return await body({ ...context, batch: own }, held, own);
      } finally {
        await own.finish();
      }
    },
    { signal },
  );
}

export type HandleMaker = (context: EngineContext, name: { readonly id: string; readonly name: string }) => Container;

/**
 * Calls `callback` with a handle whose verbs run under one lock. The callback's error is thrown unchanged. Throws
 * NO_SUCH_CONTAINER, and STATE_INVALID inside a batch.
 */
export async function batchContainer<T>(
  context: EngineContext,
  id: string,
  {
    callback,
    makeHandle,
    ...options
  }: SignalOption & {
    readonly callback: (container: BatchedContainer) => T | Promise<T>;
    readonly makeHandle: HandleMaker;
  },
): Promise<T> {
  if (context.batch !== undefined) throw refused(id, 'a batch cannot be begun inside a batch');
  return inBatch(
    context,
    id,
    async (inner, held, batch) => callback(batchHandle(makeHandle(inner, { id, name: held.name }), batch)),
    options,
  );
}

/** Records what has happened to the container. In a batch, which does not look by itself, later calls see it. */
export async function syncContainer(context: EngineContext, id: string, { signal }: SignalOption = {}): Promise<void> {
  await withContainer(
    context,
    id,
    ({ name }) => {
      recordContainerEvent(context, { id, name, status: 'sync' });
    },
    { signal, refreshes: true },
  );
}

/** Verbs that end before the lock is released, whether the callback waits for them or not. */
const CHANGES: ReadonlySet<keyof Container> = new Set([
  'init',
  'start',
  'startAttached',
  'stop',
  'restart',
  'kill',
  'pause',
  'unpause',
  'rename',
  'createExec',
  'startExec',
  'cleanup',
  'sync',
] as const);

/** Returns a handle that works until the batch has ended. */
function batchHandle(container: Container, batch: HeldBatch): BatchedContainer {
  const { id } = container;
  const remove = () => Promise.reject(refused(id, 'it cannot be removed inside a batch'));
  return new Proxy(container, {
    get(target, property) {
      // `await` asks for `then`, which is not a verb.
      if (property === 'then' || typeof property === 'symbol') return undefined;
      if (batch.isOver && property !== 'id') throw refused(id, 'its batch has ended');
      if (property === 'remove') return remove;
      const value = Reflect.get(target, property, target) as unknown;
      if (!CHANGES.has(property as keyof Container)) return value;
      const verb = value as (...args: readonly unknown[]) => Promise<unknown>;
      return (...args: readonly unknown[]) => batch.follow(verb(...args));
    },
  });
}

function refused(id: string, why: string): TspodError {
  return new TspodError('STATE_INVALID', `container ${id}: ${why}`, { details: { id } });
}
