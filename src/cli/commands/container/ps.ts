import { noArguments } from '../../command-parts/no-arguments.js';
import { formatFlag } from '../../flags/format.js';
import { portsText } from '../../rows/ports.js';
import type { ContainerSummary, Engine, ListOptions } from '../../../engine/types.js';
import { isTspodError } from '../../../errors.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import type { Flag } from '../../command-parts/flag.js';
import type { Context } from '../../context.js';
import { jsonText } from '../../terminal/escape.js';
import { tableText } from '../../format/columns.js';
import { ago } from '../../format/human.js';
import { isJsonFormat, renderReport } from '../../format/report.js';
import { NAMESPACE_HEADINGS, namespacesOf } from '../../rows/ps-namespaces.js';
import {
  commandText,
  idText,
  imageText,
  podText,
  PS_HEADINGS,
  rowJson,
  rowStruct,
  sizeText,
  statusText,
} from '../../rows/ps.js';
import { parseFilters } from '../../parse/filters.js';
import { sortRows, SORT_KEYS } from '../../rows/ps-sort.js';

const FLAGS: readonly Flag[] = [
  { name: 'all', short: 'a', kind: 'bool', help: 'Also show containers that are not running' },
  { name: 'external', kind: 'bool', help: 'Also show external containers (tspod has none)' },
  { name: 'filter', short: 'f', kind: 'items', value: 'name=value', help: 'Show the containers that match' },
  formatFlag('json', 'table'),
  {
    name: 'last',
    short: 'n',
    kind: 'int',
    value: 'number',
    default: '-1',
    help: 'Show the last created containers, in any state',
  },
  { name: 'latest', short: 'l', kind: 'bool', help: 'Show the container that was created last' },
  { name: 'no-trunc', kind: 'bool', help: 'Do not truncate ids and commands' },
  { name: 'noheading', kind: 'bool', help: 'Do not print headings' },
  { name: 'ns', kind: 'bool', help: 'Show the namespaces' },
  { name: 'pod', short: 'p', kind: 'bool', help: 'Show the pod' },
  { name: 'quiet', short: 'q', kind: 'bool', help: 'Print ids only' },
  { name: 'size', short: 's', kind: 'bool', help: 'Show the size of the files' },
  {
    name: 'sort',
    kind: 'text',
    value: 'key',
    choices: SORT_KEYS,
    completion: SORT_KEYS,
    default: 'created',
    help: `Order: ${SORT_KEYS.join(', ')}`,
  },
  { name: 'sync', kind: 'bool', help: 'Update the recorded states of containers first' },
  { name: 'watch', short: 'w', kind: 'uint', value: 'seconds', help: 'Print the list again at this interval' },
];

export const command: Command = {
  name: 'ps',
  summary: 'List containers',
  description:
    'Lists running containers, or all of them with --all. Never waits for a container that another process is working on, except with --sync.',
  usage: '[options]',
  examples: [
    'ps -a',
    "ps -a --format '{{.ID}}  {{.Names}}  {{.Status}}'",
    "ps --format 'table {{.Names}} {{.Image}} {{.RunningFor}}'",
    'ps --filter label=app=web --filter status=running -q',
  ],
  flags: FLAGS,
  completion: [[]],
  check: ({ flags, args }) => {
    noArguments(args, 'ps');
    if (flags.bool('size') && flags.bool('ns')) throw invalid('size and namespace options conflict');
    if (flags.bool('quiet') && (flags.bool('size') || flags.bool('ns')))
      throw invalid('quiet conflicts with size and namespace');
    if (flags.bool('latest') && flags.has('last')) throw invalid('last and latest are mutually exclusive');
    if (flags.has('watch') && flags.bool('latest')) throw invalid('the watch and latest flags cannot be used together');
  },
  run: async (context, invocation) => {
    const seconds = invocation.flags.number('watch') ?? 0;
    if (seconds === 0) {
      await context.out(await listText(context, invocation));
      return 0;
    }
    for (;;) {
      // The text is ready before the screen is cleared, so that the display does not flicker.
      const text = await listText(context, invocation);
      await context.clearScreen();
      await context.out(text);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
  },
};

async function listText(context: Context, invocation: Invocation): Promise<string> {
  const { flags } = invocation;
  const engine = await context.engine();
  if (flags.bool('sync')) await syncAll(engine, listOptions(invocation));
  const rows = sortRows(engine.containers.list(listOptions(invocation)), flags.text('sort') ?? 'created');
  const now = new Date();
  const truncate = !flags.bool('no-trunc');
  const namespaces = flags.bool('ns');
  const format = flags.text('format') ?? '';
  if (isJsonFormat(format))
    return `${jsonText(
      rows.map((row) => rowJson(row, { now, namespaces })),
      2,
    )}\n`;
  if (format !== '') {
    const heading = !flags.bool('noheading');
    return renderReport({
      name: 'ps',
      format,
      rows: rows.map((row) => rowStruct(row, { now, truncate, namespaces })),
      headings: PS_HEADINGS,
      heading,
    });
  }
  if (flags.bool('quiet')) return rows.map((row) => `${idText(row, truncate)}\n`).join('');
  return tableText(tableRows(rows, invocation, now));
}

/**
 * Records the present state of the containers. The list is up to date without this, but so are then the recorded
 * events.
 */
async function syncAll(engine: Engine, options: ListOptions): Promise<void> {
  for (const { id } of engine.containers.list(options)) {
    try {
      await engine.containers.get(id).sync();
    } catch (error) {
      if (!isTspodError(error, 'NO_SUCH_CONTAINER')) throw error;
    }
  }
}

function listOptions({ flags }: Invocation): ListOptions {
  const filters = parseFilters(flags.list('filter'));
  const last = flags.bool('latest') ? 1 : (flags.number('last') ?? -1);
  return {
    // A filter for a state also shows containers that do not run.
    all: flags.bool('all') || last >= 0 || 'status' in filters || 'exited' in filters,
    filters,
    size: flags.bool('size') || /\.Size\b/.test(flags.text('format') ?? ''),
    ...(last >= 0 ? { last } : {}),
  };
}

interface Column {
  readonly heading: string;
  readonly cell: (row: ContainerSummary) => string;
}

function tableRows(rows: readonly ContainerSummary[], { flags }: Invocation, now: Date): string[][] {
  const truncate = !flags.bool('no-trunc');
  if (flags.bool('ns')) return namespaceRows(rows, { truncate, heading: !flags.bool('noheading') });
  const columns = usualColumns(now, truncate);
  if (flags.bool('size')) columns.push({ heading: 'SIZE', cell: sizeText });
  if (flags.bool('pod'))
    columns.push(
      { heading: 'POD ID', cell: (row) => podText(row, truncate) },
      { heading: 'PODNAME', cell: (row) => row.podName },
    );
  const lines = rows.map((row) => columns.map(({ cell }) => cell(row)));
  return flags.bool('noheading') ? lines : [columns.map(({ heading }) => heading), ...lines];
}

function usualColumns(now: Date, truncate: boolean): Column[] {
  return [
    { heading: 'CONTAINER ID', cell: (row) => idText(row, truncate) },
    { heading: 'IMAGE', cell: imageText },
    { heading: 'COMMAND', cell: (row) => commandText(row, truncate) },
    { heading: 'CREATED', cell: (row) => ago(row.createdAt, now) },
    { heading: 'STATUS', cell: (row) => statusText(row, now) },
    { heading: 'PORTS', cell: (row) => portsText(row.ports) },
    { heading: 'NAMES', cell: (row) => row.name },
  ];
}

interface NamespaceTable {
  readonly truncate: boolean;
  readonly heading: boolean;
}

function namespaceRows(rows: readonly ContainerSummary[], { truncate, heading }: NamespaceTable): string[][] {
  const lines = rows.map((row) => [
    idText(row, truncate),
    row.name,
    String(row.pid),
    ...Object.values(namespacesOf(row.pid)),
  ]);
  return heading ? [['CONTAINER ID', 'NAMES', 'PID', ...NAMESPACE_HEADINGS], ...lines] : lines;
}
