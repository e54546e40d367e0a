/** Applies an action to several containers: each success is a line on stdout, each failure one on stderr. */
import type { Container } from '../../container/api/container.js';
import type { Context } from '../context.js';
import { reportErrors } from '../errors/report-error.js';
import type { Selection } from './containers.js';

export interface BatchOptions {
  /** Whether containers that depend on another one have their turn before or after it. @default all at the same time */
  readonly order?: 'dependents first' | 'dependencies first';
  readonly act: (container: Container) => Promise<void>;
  /** Returns what is printed after a success. @default the container's name as the user gave it */
  readonly line?: (container: Container) => string | undefined;
  /** Returns the exit status for errors. @default 125 */
  readonly status?: (errors: readonly unknown[]) => number;
}

/**
 * Acts on all containers at the same time, or in the order of their dependencies; prints in the order of the command
 * line. Returns the exit status.
 */
export async function actOnAll(context: Context, selection: Selection, options: BatchOptions): Promise<number> {
  const results = await Promise.all(actions(selection.targets, options));
  const errors = [...selection.errors];
  for (const result of results) {
    if ('error' in result) errors.push(result.error);
    else await context.out(`${result.shown}\n`);
  }
  return reportErrors(context, errors, options.status);
}

type Result = { readonly shown: string } | { readonly error: unknown };

function actions(targets: Selection['targets'], options: BatchOptions): readonly Promise<Result>[] {
  const predecessors = targets.length > 1 ? predecessorsIn(targets, options.order) : new Map<string, Ids>();
  const begun = new Map<Container, Promise<Result>>();
  const byId = new Map(targets.map((target) => [target.container.id, target]));
  const actOn = ({ container, shown }: Selection['targets'][number]): Promise<Result> => {
    const known = begun.get(container);
    if (known !== undefined) return known;
    const before = (predecessors.get(container.id) ?? []).flatMap((id) => byId.get(id) ?? []).map(actOn);
    const action = Promise.all(before)
      .then(() => options.act(container))
      .then(
        () => ({ shown: options.line?.(container) ?? shown }),
        (error: unknown) => ({ error }),
      );
    begun.set(container, action);
    return action;
  };
  return targets.map(actOn);
}

type Ids = readonly string[];

/** Returns, by container id, the containers whose turn comes before. */
function predecessorsIn(targets: Selection['targets'], order: BatchOptions['order']): ReadonlyMap<string, Ids> {
  if (order === undefined) return new Map();
  const dependents = new Map(targets.map(({ container }) => [container.id, dependentsOf(container)]));
  return order === 'dependents first' ? dependents : inverted(dependents);
}

function inverted(dependents: ReadonlyMap<string, Ids>): ReadonlyMap<string, Ids> {
  const dependencies = new Map<string, string[]>();
  for (const [id, above] of dependents)
    for (const dependent of above) dependencies.set(dependent, [...(dependencies.get(dependent) ?? []), id]);
  return dependencies;
}

/** Returns the dependents of a container; none if it is gone. */
function dependentsOf(container: Container): Ids {
  try {
    return container.dependents({ all: true });
  } catch {
    return [];
  }
}
