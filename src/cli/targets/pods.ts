/** Selects the pods that a command acts on (by name, --all, --latest, --pod-id-file), and reports on each. */
import { isTspodError, messageOf } from '../../errors.js';
import type { Pod, PodSummary } from '../../pod/api.js';
import { EXIT_FAILURE, invalid, CliError } from '../errors/cli-error.js';
import type { Invocation } from '../command-parts/definition.js';
import type { Flag } from '../command-parts/flag.js';
import type { Context } from '../context.js';
import { readPodIdFile } from '../parse/pod-id-file.js';
import { reportErrors } from '../errors/report-error.js';

export const latestPodFlag: Flag = {
  name: 'latest',
  short: 'l',
  kind: 'bool',
  help: 'Act on the pod that was created last',
};

export const podIdFileFlag: Flag = {
  name: 'pod-id-file',
  kind: 'items',
  value: 'file',
  completion: 'file',
  help: 'Read the id of a pod from a file',
};

export const ignorePodFlag: Flag = {
  name: 'ignore',
  short: 'i',
  kind: 'bool',
  help: 'Ignore missing pods',
};

export interface PodSelection {
  readonly pods: readonly Pod[];
  /**
   * Error for the first pod that was not found; then there are no pods, and nothing is done to the other named ones.
   */
  readonly errors: readonly unknown[];
}

/** Refuses a command line that selects nothing, or that combines names with --all or the like. */
export function checkPodSelection({ flags, args }: Invocation): void {
  const fromFile = flags.has('pod-id-file');
  if (flags.bool('all') && flags.bool('latest')) throw invalid('--all and --latest cannot be used together');
  if (fromFile && (flags.bool('all') || flags.bool('latest')))
    throw invalid('--all, --latest, and --pod-id-file cannot be used together');
  if (args.length > 0 && flags.bool('all')) throw invalid('no arguments are needed with --all');
  if (args.length > 0 && flags.bool('latest')) throw invalid('--latest and pods cannot be used together');
  if (args.length === 0 && !fromFile && !flags.bool('all') && !flags.bool('latest'))
    throw invalid('you must provide at least one name or id');
}

export interface PodSelectionOptions {
  /** Whether --all includes a pod. @default all pods */
  readonly matchesAll?: (pod: PodSummary) => boolean;
  /** Whether a missing pod is ignored. @default the flag --ignore */
  readonly ignoreMissing?: boolean;
}

export async function selectPods(
  context: Context,
  { flags, args }: Invocation,
  { matchesAll = () => true, ignoreMissing = flags.bool('ignore') }: PodSelectionOptions = {},
): Promise<PodSelection> {
  const { pods } = await context.engine();
  if (flags.bool('latest')) return { pods: [pods.latest()], errors: [] };
  if (flags.bool('all')) {
    const chosen = pods.list().filter(matchesAll);
    return { pods: chosen.flatMap(({ id }) => (pods.exists(id) ? [pods.get(id)] : [])), errors: [] };
  }
  const found: Pod[] = [];
  const ids = flags.list('pod-id-file').map((file) => readPodIdFile(context.caller, file));
  for (const name of [...args, ...ids]) {
    try {
      found.push(pods.get(name));
    } catch (error) {
      if (!ignoreMissing || !isTspodError(error, 'NO_SUCH_POD')) return { pods: [], errors: [error] };
    }
  }
  return { pods: found, errors: [] };
}

/** Returns the pod of a command that takes just one: by its name, or the latest. */
export async function selectOnePod(context: Context, name: string | undefined): Promise<Pod> {
  const { pods } = await context.engine();
  return name === undefined ? pods.latest() : pods.get(name);
}

export interface PodBatchOptions {
  readonly act: (pod: Pod) => Promise<void>;
  /** Text before the error of each container: 'starting container'. */
  readonly doing?: string;
  /** Returns the exit status for errors. @default 125 */
  readonly status?: (errors: readonly unknown[]) => number;
}

/**
 * Acts on all pods at the same time; prints the ids of those done in the order of the command line. Returns the exit
 * status.
 */
export async function actOnPods(
  context: Context,
  { pods, errors: missing }: PodSelection,
  { act, doing, status = () => EXIT_FAILURE }: PodBatchOptions,
): Promise<number> {
  const results = await Promise.allSettled(pods.map(act));
  const errors = [...missing];
  for (const [index, result] of results.entries()) {
    if (result.status === 'rejected') errors.push(result.reason);
    else await context.out(`${pods[index]?.id ?? ''}\n`);
  }
  const lines = doing === undefined ? errors : errors.flatMap((error) => byContainer(error, doing));
  return reportErrors(context, lines, () => status(errors));
}

/** Splits the error of a pod some of whose containers failed into an error for each of these. */
export function byContainer(error: unknown, doing: string): readonly unknown[] {
  if (!isTspodError(error, 'POD_PARTIAL_FAIL')) return [error];
  const { errors } = error.details as { readonly errors?: unknown };
  if (!(errors instanceof Map) || errors.size === 0) return [error];
  return [...(errors as ReadonlyMap<string, unknown>)].map(
    ([id, each]) => new CliError(`${doing} ${id}: ${messageOf(each)}`),
  );
}
