/**
 * Containers that must run before another one starts: those whose namespaces it joins, and those that it `requires`.
 */
import { isTspodError, TspodError } from '../../errors.js';
import { noSuchContainer } from '../../state/lookup.js';
import type { StoredContainer } from '../../state/records.js';
import type { EngineContext } from '../context.js';

/** Finds required containers by the names or ids that were given. Throws NO_SUCH_CONTAINER, AMBIGUOUS. */
export function findRequired({ store }: EngineContext, wanted: readonly string[]): readonly StoredContainer[] {
  return wanted.map((name) => {
    try {
      return store.find(name);
    } catch (error) {
      if (!isTspodError(error)) throw error;
      throw new TspodError(
        error.code,
        `${JSON.stringify(name)} is not a valid container, cannot be used as a dependency: ${error.message}`,
        { cause: error, details: error.details },
      );
    }
  });
}

/** Starts one container whose dependencies run. */
export type StartOne = (id: string) => Promise<void>;

/**
 * Starts all containers that this one depends on, each when its own dependencies run; those that are independent of
 * each other at the same time. A container with a failed dependency is not tried. Throws DEPENDENCY_FAILED, whose
 * details say what became of which.
 */
export async function startDependencies(
  { store }: EngineContext,
  id: string,
  { startOne }: { readonly startOne: StartOne },
): Promise<void> {
  const stored = store.get(id);
  if (stored === undefined) throw noSuchContainer(id);
  const failures = new Map<string, Error>();
  const visits = new Map<string, Promise<boolean>>();
  const visit = (dependency: string): Promise<boolean> => {
    const known = visits.get(dependency);
    if (known !== undefined) return known;
    const starting = start(dependency);
    visits.set(dependency, starting);
    return starting;
  };
  const dependenciesRun = async (container: StoredContainer): Promise<boolean> => {
    const started = await Promise.all(store.donors(container.seq).map(visit));
    return !started.includes(false);
  };
  const start = async (dependency: string): Promise<boolean> => {
    try {
      const container = store.get(dependency);
      if (container === undefined) throw noSuchContainer(dependency);
      if (!(await dependenciesRun(container))) throw dependencyOf(dependency);
      await startOne(dependency);
      return true;
    } catch (error) {
      if (isTspodError(error, 'STATE_RUNNING')) return true;
      failures.set(dependency, error instanceof Error ? error : new Error(String(error)));
      return false;
    }
  };
  if (await dependenciesRun(stored)) return;
  throw someFailed(id, failures);
}

function dependencyOf(id: string): TspodError {
  return new TspodError(
    'DEPENDENCY_FAILED',
    `a dependency of container ${id} failed to start: container state improper`,
  );
}

function someFailed(id: string, failures: ReadonlyMap<string, Error>): TspodError {
  const all = new Map<string, Error>([...failures, [id, dependencyOf(id)]]);
  const causes = [...failures].filter(([, error]) => !isTspodError(error, 'DEPENDENCY_FAILED'));
  const words = causes.map(([failed, { message }]) => `${failed}: ${message}`).join('; ');
  return new TspodError('DEPENDENCY_FAILED', `starting some containers: ${words}`, {
    details: { id, failed: Object.fromEntries([...all].map(([failed, { message }]) => [failed, message])) },
    cause: causes[0]?.[1],
  });
}
