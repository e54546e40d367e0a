import { setTimeout as delay } from 'node:timers/promises';

import type { Container } from '../../../container/api/container.js';
import type { ContainerStats } from '../../../container/api/stats.js';
import { isTspodError } from '../../../errors.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import type { Context } from '../../context.js';
import { formatFlag } from '../../flags/format.js';
import { jsonText } from '../../terminal/escape.js';
import { isJsonFormat, renderReport } from '../../format/report.js';
import { allFlag, ifPresent, latestFlag, withoutSlash } from '../../targets/containers.js';
import { STATS_HEADINGS, STATS_TABLE, statsJson, statsStruct, type StatsRow } from '../../rows/stats.js';

export const command: Command = {
  name: 'stats',
  summary: 'Display a live stream of container resource usage statistics',
  description:
    'Prints the CPU, memory, network, disk and process usage of containers, continuously updated. The first CPU % is the average since the start.',
  usage: '[options] [CONTAINER...]',
  examples: [
    'stats --no-stream',
    'stats --interval 1 web db',
    "stats --no-stream --format 'table {{.Name}} {{.MemUsage}}'",
  ],
  flags: [
    allFlag('Show all containers, not only running ones'),
    formatFlag('json', 'table'),
    {
      name: 'interval',
      short: 'i',
      kind: 'int',
      value: 'seconds',
      default: '5',
      help: 'Time between two measurements',
    },
    latestFlag,
    { name: 'no-reset', kind: 'bool', help: 'Do not clear the screen between measurements' },
    { name: 'no-stream', kind: 'bool', help: 'Print the first measurement only' },
    { name: 'no-trunc', kind: 'bool', help: 'Do not truncate ids' },
  ],
  completion: ['containers'],
  check: ({ flags, args }) => {
    const chosen = [flags.bool('all'), flags.bool('latest'), args.length > 0].filter(Boolean);
    if (chosen.length > 1) throw invalid('--all, --latest and containers cannot be used together');
    if ((flags.number('interval') ?? 1) < 1) throw invalid('invalid interval, must be a positive number greater zero');
  },
  run: async (context, invocation) => {
    const { flags } = invocation;
    const subjects = await subjectsOf(context, invocation);
    const intervalMs = (flags.number('interval') ?? 5) * 1000;
    const stream = !flags.bool('no-stream');
    const known = new Map<string, ContainerStats>();
    for (;;) {
      const rows = subjects().flatMap((container) => measured(container, known, invocation) ?? []);
      const text = reportText(rows, invocation);
      if (stream && !flags.bool('no-reset')) await context.clearScreen();
      await context.out(text);
      if (!stream) return 0;
      await delay(intervalMs);
    }
  },
};

/**
 * Returns a function that lists the containers of each round: always the same if they were named, otherwise those that
 * exist then.
 */
async function subjectsOf(context: Context, { flags, args }: Invocation): Promise<() => readonly Container[]> {
  const engine = await context.engine();
  const { containers } = engine;
  if (flags.bool('latest')) {
    const latest = containers.latest();
    return () => [latest];
  }
  if (args.length > 0) {
    const named = args.map((name) => containers.get(withoutSlash(name)));
    return () => named;
  }
  const all = flags.bool('all');
  return () => containers.list({ all }).flatMap(({ id }) => ifPresent(engine, id));
}

/**
 * Measures a container. Returns undefined if it is gone, or is not to be shown because it does not run, or has no
 * cgroup and was not named.
 */
function measured(
  container: Container,
  known: Map<string, ContainerStats>,
  { flags, args }: Invocation,
): StatsRow | undefined {
  const previous = known.get(container.id);
  try {
    const stats = container.stats(previous === undefined ? {} : { previous });
    known.set(container.id, stats);
    return { id: container.id, name: stats.name, stats };
  } catch (error) {
    known.delete(container.id);
    // A container without a process uses nothing; it is shown if it was named, or with --all.
    const named = flags.bool('latest') || args.length > 0;
    const shown = flags.bool('all') || named;
    if (isTspodError(error, 'STATE_INVALID'))
      return shown ? { id: container.id, name: container.name, stats: undefined } : undefined;
    if (isTspodError(error, 'NO_SUCH_CONTAINER') || (isTspodError(error, 'NO_CGROUPS') && !named)) return undefined;
    throw error;
  }
}

function reportText(rows: readonly StatsRow[], { flags }: Invocation): string {
  const truncate = !flags.bool('no-trunc');
  const format = flags.text('format') ?? '';
  if (isJsonFormat(format)) {
    return `${jsonText(
      rows.map((row) => statsJson(row, truncate)),
      1,
    )}\n`;
  }
  return renderReport({
    name: 'stats',
    format: format === '' ? STATS_TABLE : format,
    rows: rows.map((row) => statsStruct(row, truncate)),
    headings: STATS_HEADINGS,
  });
}
