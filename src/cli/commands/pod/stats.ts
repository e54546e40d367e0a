import { setTimeout as delay } from 'node:timers/promises';

import type { ContainerStats } from '../../../container/api/stats.js';
import type { Engine } from '../../../engine/types.js';
import { isTspodError } from '../../../errors.js';
import type { PodSummary } from '../../../pod/api.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import { formatFlag } from '../../flags/format.js';
import { jsonText } from '../../terminal/escape.js';
import { isJsonFormat, renderReport } from '../../format/report.js';
import {
  POD_STATS_HEADINGS,
  POD_STATS_TABLE,
  podStatsJson,
  podStatsStruct,
  type PodStatsRow,
} from '../../rows/pod-stats.js';
import { latestPodFlag } from '../../targets/pods.js';
import { allFlag } from '../../targets/containers.js';

/** Time between two rounds, as in Podman. */
const INTERVAL_MS = 5000;

export const command: Command = {
  name: 'stats',
  summary: 'Display a live stream of resource usage statistics of the containers of pods',
  description:
    'Prints the CPU, memory, network, disk and process usage of the containers of the given pods, or of all running ones, continuously updated.',
  usage: '[options] [POD...]',
  examples: ['pod stats --no-stream web', "pod stats --no-stream --format 'table {{.Pod}} {{.Name}} {{.MemUsage}}'"],
  flags: [
    allFlag('Show all pods, not only running ones'),
    formatFlag('json', 'table'),
    latestPodFlag,
    { name: 'no-reset', kind: 'bool', help: 'Do not clear the screen between measurements' },
    { name: 'no-stream', kind: 'bool', help: 'Print the first measurement only' },
  ],
  completion: ['pods'],
  check: ({ flags, args }) => {
    const chosen = [flags.bool('all'), flags.bool('latest'), args.length > 0].filter(Boolean);
    if (chosen.length > 1) throw invalid('--all, --latest and arguments cannot be used together');
  },
  run: async (context, invocation) => {
    const { flags } = invocation;
    const engine = await context.engine();
    const subjects = subjectsOf(engine, invocation);
    const stream = !flags.bool('no-stream');
    const known = new Map<string, ContainerStats>();
    for (;;) {
      const text = reportText(rowsOf(engine, subjects(), known), flags.text('format') ?? '');
      if (stream && !flags.bool('no-reset')) await context.clearScreen();
      await context.out(text);
      if (!stream) return 0;
      await delay(INTERVAL_MS);
    }
  },
};

const RUNNING: readonly PodSummary['status'][] = ['Running', 'Degraded', 'Paused'];

/**
 * Returns a function that lists the pods of each round: always the same if they were named, otherwise those that exist
 * then.
 */
function subjectsOf({ pods }: Engine, { flags, args }: Invocation): () => readonly PodSummary[] {
  if (flags.bool('latest') || args.length > 0) {
    const named = flags.bool('latest') ? [pods.latest()] : args.map((name) => pods.get(name));
    return () => named.map((pod) => pod.summary());
  }
  const all = flags.bool('all');
  return () => pods.list().filter(({ status }) => all || RUNNING.includes(status));
}

function rowsOf(engine: Engine, pods: readonly PodSummary[], known: Map<string, ContainerStats>): PodStatsRow[] {
  return pods.flatMap(({ id: pod, containers }) =>
    containers.map(({ id, name }) => ({ pod, id, name, stats: measured(engine, id, known) })),
  );
}

const UNCOUNTED = ['STATE_INVALID', 'NO_SUCH_CONTAINER', 'NO_CGROUPS'] as const;

/** Measures a container; undefined if it does not run, has no cgroup or is gone. */
function measured({ containers }: Engine, id: string, known: Map<string, ContainerStats>): ContainerStats | undefined {
  const previous = known.get(id);
  try {
    const stats = containers.get(id).stats(previous === undefined ? {} : { previous });
    known.set(id, stats);
    return stats;
  } catch (error) {
    known.delete(id);
    if (UNCOUNTED.some((code) => isTspodError(error, code))) return undefined;
    throw error;
  }
}

function reportText(rows: readonly PodStatsRow[], format: string): string {
  if (isJsonFormat(format)) return `${jsonText(rows.map(podStatsJson), 5)}\n`;
  return renderReport({
    name: 'stats',
    format: format === '' ? POD_STATS_TABLE : format,
    rows: rows.map(podStatsStruct),
    headings: POD_STATS_HEADINGS,
  });
}
