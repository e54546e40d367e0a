/** Selects the containers that a command acts on: by name, --all, --latest, --cidfile or --filter. */
import type { Container } from '../../container/api/container.js';
import { isTspodError, messageOf } from '../../errors.js';
import type { ContainerSummary, Engine } from '../../engine/types.js';
import { invalid } from '../errors/cli-error.js';
import type { Invocation } from '../command-parts/definition.js';
import type { Flag } from '../command-parts/flag.js';
import type { Context } from '../context.js';
import { parseFilters } from '../parse/filters.js';

export const latestFlag: Flag = {
  name: 'latest',
  short: 'l',
  kind: 'bool',
  help: 'Act on the container that was created last',
};

export const cidfileFlag: Flag = {
  name: 'cidfile',
  kind: 'items',
  value: 'file',
  completion: 'file',
  help: 'Read the id of a container from a file',
};

export const filterFlag: Flag = {
  name: 'filter',
  short: 'f',
  kind: 'items',
  value: 'name=value',
  help: 'Act on the containers that match',
};

export const ignoreFlag: Flag = {
  name: 'ignore',
  short: 'i',
  kind: 'bool',
  help: 'Ignore missing containers',
};

export function allFlag(help: string): Flag {
  return { name: 'all', short: 'a', kind: 'bool', help };
}

/** A container, and its name as the user gave it. */
export interface Target {
  readonly container: Container;
  readonly shown: string;
}

export interface Selection {
  readonly targets: readonly Target[];
  /**
   * Error for the first container that was not found; then there are no targets, and nothing is done to the other named
   * ones.
   */
  readonly errors: readonly unknown[];
}

export interface SelectionOptions {
  /** Whether --all includes a container. @default all containers */
  readonly matchesAll?: (container: ContainerSummary) => boolean;
  /** Whether a missing container is ignored. @default the flag --ignore */
  readonly ignoreMissing?: boolean;
}

/** Refuses a command line that selects nothing, or that combines names with --all or the like. */
export function checkSelection({ flags, args }: Invocation): void {
  const given = flags.has('cidfile') || flags.has('filter');
  if (flags.bool('all') && flags.bool('latest')) throw invalid('--all and --latest cannot be used together');
  if ((flags.bool('all') || flags.bool('latest')) && flags.has('cidfile')) {
    throw invalid('--all, --latest, and --cidfile cannot be used together');
  }
  if (flags.has('filter') && args.length > 0) throw invalid('--filter takes no arguments');
  if (flags.bool('all') && args.length > 0) throw invalid('no arguments are needed with --all');
  if (flags.bool('latest') && args.length > 0) throw invalid('--latest and containers cannot be used together');
  if (args.length === 0 && !given && !flags.bool('all') && !flags.bool('latest')) {
    throw invalid('you must provide at least one name or id');
  }
}

export async function selectContainers(
  context: Context,
  invocation: Invocation,
  options: SelectionOptions = {},
): Promise<Selection> {
  const { flags, args } = invocation;
  const engine = await context.engine();
  const ignoreMissing = options.ignoreMissing ?? flags.bool('ignore');
  if (flags.bool('latest')) {
    const container = engine.containers.latest();
    return { targets: [{ container, shown: container.id }], errors: [] };
  }
  const names = [...args, ...readCidFiles(context, flags.list('cidfile'), ignoreMissing)];
  const named = findNamed(engine, names, ignoreMissing);
  if (!flags.bool('all') && !flags.has('filter')) return named;
  const wanted = new Set(named.targets.map(({ container }) => container.id));
  const chosen = engine.containers
    .list({ all: true, filters: parseFilters(flags.list('filter')) })
    .filter((summary) => !flags.bool('all') || (options.matchesAll?.(summary) ?? true))
    .filter(({ id }) => names.length === 0 || wanted.has(id));
  return { targets: chosen.flatMap(({ id }) => targetOf(engine, id)), errors: named.errors };
}

function findNamed(engine: Engine, names: readonly string[], ignoreMissing: boolean): Selection {
  const targets: Target[] = [];
  for (const shown of names) {
    try {
      targets.push({ container: engine.containers.get(withoutSlash(shown)), shown });
    } catch (error) {
      if (!ignoreMissing || !isTspodError(error, 'NO_SUCH_CONTAINER')) return { targets: [], errors: [error] };
    }
  }
  return { targets, errors: [] };
}

/** Returns the target for a listed container; none if it is gone meanwhile. */
function targetOf(engine: Engine, id: string): readonly Target[] {
  return ifPresent(engine, id).map((container) => ({ container, shown: id }));
}

/** Returns a listed container; none if it is gone meanwhile, as with --rm. */
export function ifPresent(engine: Engine, id: string): readonly Container[] {
  try {
    return [engine.containers.get(id)];
  } catch (error) {
    if (!isTspodError(error, 'NO_SUCH_CONTAINER')) throw error;
    return [];
  }
}

/** Removes the slash with which names begin in Docker. */
export function withoutSlash(name: string): string {
  return name.startsWith('/') ? name.slice(1) : name;
}

function readCidFiles(context: Context, files: readonly string[], ignoreMissing: boolean): string[] {
  return files.flatMap((file) => {
    try {
      return [context.caller.readFile(file).split('\n')[0]?.trim() ?? ''];
    } catch (error) {
      if (ignoreMissing && error instanceof Error && error.message.endsWith('no such file or directory')) return [];
      throw invalid(`reading CIDFile: ${messageOf(error)}`);
    }
  });
}

/** Returns the container of a command that takes just one: by its name, or the latest. */
export async function selectOne(
  context: Context,
  name: string | undefined,
  { latest = false }: { readonly latest?: boolean } = {},
): Promise<Container> {
  const engine = await context.engine();
  if (latest) return engine.containers.latest();
  return engine.containers.get(withoutSlash(name ?? ''));
}
