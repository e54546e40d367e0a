import type { PodSummary } from '../../../pod/api.js';
import { noArguments } from '../../command-parts/no-arguments.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import type { Context } from '../../context.js';
import { formatFlag } from '../../flags/format.js';
import { jsonText } from '../../terminal/escape.js';
import { tableText } from '../../format/columns.js';
import { isJsonFormat, renderReport } from '../../format/report.js';
import { parseFilters } from '../../parse/filters.js';
import { POD_HEADINGS, POD_SORT_KEYS, podJson, podStruct, podTexts, sortPods } from '../../rows/pod.js';
import { shortId } from '../../../util/short-id.js';

export const command: Command = {
  name: 'ps',
  summary: 'List pods',
  description:
    'Lists pods with their containers, the newest first. Never waits for a pod that another process is working on.',
  usage: '[options]',
  examples: [
    'pod ps',
    'pod ps --ctr-names --ctr-status',
    "pod ps --filter status=running --format '{{.Name}} {{.InfraID}}'",
  ],
  flags: [
    { name: 'ctr-ids', kind: 'bool', help: 'Show the ids of the containers' },
    { name: 'ctr-names', kind: 'bool', help: 'Show the names of the containers' },
    { name: 'ctr-status', kind: 'bool', help: 'Show the states of the containers' },
    {
      name: 'filter',
      short: 'f',
      kind: 'items',
      value: 'name=value',
      help: 'Show those that match: id, name, status, label, label!, until, network, ctr-ids, ctr-names, ctr-number, ctr-status',
    },
    formatFlag('json', 'table'),
    { name: 'latest', short: 'l', kind: 'bool', help: 'Show the pod that was created last' },
    { name: 'no-trunc', kind: 'bool', help: 'Do not truncate ids' },
    { name: 'noheading', short: 'n', kind: 'bool', help: 'Do not print headings' },
    { name: 'ns', kind: 'bool', help: 'Show the namespaces that the containers share' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print ids only' },
    {
      name: 'sort',
      kind: 'text',
      value: 'key',
      choices: POD_SORT_KEYS,
      completion: POD_SORT_KEYS,
      default: 'created',
      help: `Order: ${POD_SORT_KEYS.join(', ')}`,
    },
  ],
  completion: [[]],
  check: ({ args, flags }) => {
    noArguments(args, 'pod ps');
    if (flags.bool('quiet') && flags.has('format')) throw invalid('quiet and format cannot be used together');
  },
  run: async (context, invocation) => {
    await context.out(listText(await listed(context, invocation), invocation));
    return 0;
  },
};

async function listed(context: Context, { flags }: Invocation): Promise<readonly PodSummary[]> {
  const { pods } = await context.engine();
  const found = pods.list({ filters: parseFilters(flags.list('filter'), 'any') });
  return flags.bool('latest') ? found.slice(-1) : sortPods(found, flags.text('sort') ?? 'created');
}

function listText(pods: readonly PodSummary[], invocation: Invocation): string {
  const { flags } = invocation;
  const truncate = !flags.bool('no-trunc');
  const heading = !flags.bool('noheading');
  const format = flags.text('format') ?? '';
  if (isJsonFormat(format)) return `${jsonText(pods.map(podJson), 2)}\n`;
  if (flags.bool('quiet')) return pods.map(({ id }) => `${truncate ? shortId(id) : id}\n`).join('');
  const options = { now: new Date(), truncate };
  if (format !== '') {
    const rows = pods.map((pod) => podStruct(pod, options));
    return renderReport({ name: 'ps', format, rows, headings: POD_HEADINGS, heading });
  }
  const columns = columnsOf(invocation);
  const lines = pods.map((pod) => {
    const texts = podTexts(pod, options);
    return columns.map((name) => texts[name]);
  });
  return tableText(heading ? [columns.map((name) => POD_HEADINGS[name] ?? ''), ...lines] : lines);
}

function columnsOf({ flags }: Invocation): readonly (keyof ReturnType<typeof podTexts>)[] {
  const ofContainers = (
    [
      ['ctr-ids', 'ContainerIds'],
      ['ctr-names', 'ContainerNames'],
      ['ctr-status', 'ContainerStatuses'],
    ] as const
  ).flatMap(([flag, column]) => (flags.bool(flag) ? [column] : []));
  return [
    'ID',
    'Name',
    'Status',
    'Created',
    'InfraID',
    ...ofContainers,
    ...(flags.bool('ns') ? (['Namespace'] as const) : []),
    ...(ofContainers.length === 0 ? (['NumberOfContainers'] as const) : []),
  ];
}
