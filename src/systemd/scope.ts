/** Scopes (systemd.scope(5)): units for processes that systemd did not start, each with a delegated cgroup. */
import { TspodError } from '../errors.js';
import { converse, ManagerError, NO_SUCH_UNIT, UNIT_EXISTS, type Manager } from './manager.js';

export interface ScopeRequest {
  readonly name: string;
  readonly description: string;
  readonly slice: string;
  /** The first process in the scope. */
  readonly pid: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * No limit for the scope: tspod sets limits in the cgroup below it, and systemd's defaults (TasksMax is 15 % of the
 * total) must not be lower.
 */
const NO_LIMIT = 0xffffffffffffffffn;

/**
 * Attempts to start the scope. An ended scope of the same name is removed within moments; if there are more, somebody
 * creates them on purpose.
 */
const ATTEMPTS = 5;

/**
 * Creates a scope. Resolves when the process is in it; the scope ends by itself with its last process. Throws
 * LAUNCH_FAILED with systemd's message, UNSUPPORTED_HOST if systemd cannot be reached.
 */
export async function startScope(request: ScopeRequest): Promise<void> {
  try {
    await converse(request.name, (manager) => start(manager, request), request.signal);
  } catch (error) {
    request.signal?.throwIfAborted();
    if (error instanceof TspodError) throw error;
    const message = `systemd did not create ${request.name} in ${request.slice}: ${(error as Error).message}`;
    throw new TspodError('LAUNCH_FAILED', message, { cause: error, details: { unit: request.name } });
  }
}

async function start(manager: Manager, request: ScopeRequest): Promise<void> {
  const events = new UnitEvents(manager);
  // Not awaited: answers come in order.
  manager.call('Subscribe', '', []).catch(() => undefined);
  for (let attempt = 1; !(await tryStart(manager, events, request)); attempt += 1) {
    if (attempt === ATTEMPTS) throw new Error(`unit ${request.name} already exists`);
    await endOld(manager, events, request);
  }
}

/** Attempts to start the scope. Returns false if a unit of that name exists. */
async function tryStart(manager: Manager, events: UnitEvents, request: ScopeRequest): Promise<boolean> {
  const { name, signal } = request;
  let job;
  try {
    const values = [name, 'fail', properties(request), []];
    job = await manager.call('StartTransientUnit', 'ssa(sv)a(sa(sv))', values, signal);
  } catch (error) {
    if (error instanceof ManagerError && error.refusal === UNIT_EXISTS) return false;
    throw error;
  }
  const result = await Promise.race([events.jobEnd(String(job)), manager.lost, aborted(signal)]);
  if (result !== 'done') throw new Error(`the result of the job is ${result}`);
  return true;
}

function properties({ description, slice, pid }: ScopeRequest): readonly unknown[] {
  return [
    ['Description', ['s', description]],
    ['Slice', ['s', slice]],
    ['PIDs', ['au', [pid]]],
    ['Delegate', ['b', true]],
    ['TasksMax', ['t', NO_LIMIT]],
    // The scope ends together with the host's other processes, not before the services that use it.
    ['DefaultDependencies', ['b', false]],
    ['CollectMode', ['s', 'inactive-or-failed']],
  ];
}

/** Stops the container's previous scope: everything in it has ended, or is about to be ended. */
async function endOld(manager: Manager, events: UnitEvents, { name, signal }: ScopeRequest): Promise<void> {
  const removed = events.removal(name);
  try {
    await manager.call('StopUnit', 'ss', [name, 'replace'], signal);
  } catch (error) {
    if (error instanceof ManagerError && error.refusal === NO_SUCH_UNIT) return;
    throw error;
  }
  await Promise.race([removed, manager.lost, aborted(signal)]);
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener(
      'abort',
      () => {
        reject(new Error('aborted'));
      },
      { once: true },
    );
  });
}

/**
 * Tracks systemd's signals about jobs and units. A job's end may be signalled before the answer that names the job has
 * been handled.
 */
class UnitEvents {
  readonly #ended = new Map<string, string>();
  readonly #waiting = new Map<string, (result: string) => void>();
  readonly #removals = new Map<string, () => void>();

  constructor(manager: Manager) {
    manager.onSignal(({ name, values }) => {
      if (name === 'JobRemoved') this.#jobEnded(String(values[1]), String(values[3]));
      else if (name === 'UnitRemoved') this.#removals.get(String(values[0]))?.();
    });
  }

  jobEnd(job: string): Promise<string> {
    const known = this.#ended.get(job);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => this.#waiting.set(job, resolve));
  }

  removal(unit: string): Promise<void> {
    return new Promise((resolve) => this.#removals.set(unit, resolve));
  }

  #jobEnded(job: string, result: string): void {
    this.#ended.set(job, result);
    this.#waiting.get(job)?.(result);
  }
}
