import type { ImageSummary } from '../../../engine/images/types.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { formatFlag } from '../../flags/format.js';
import { jsonText } from '../../terminal/escape.js';
import { tableText } from '../../format/columns.js';
import { isJsonFormat, renderReport } from '../../format/report.js';
import {
  createdText,
  IMAGE_HEADINGS,
  imageIdText,
  imageJson,
  imageSizeText,
  rowsOf,
  rowStruct,
  type ImageRow,
} from '../../rows/image.js';
import { IMAGE_FILTERS, parseFilters } from '../../parse/filters.js';

const ORDERS: Readonly<Record<string, (a: ImageRow, b: ImageRow) => number>> = {
  created: (a, b) => time(b.image) - time(a.image),
  id: (a, b) => compare(a.image.id, b.image.id),
  repository: (a, b) => compare(a.repository, b.repository),
  size: (a, b) => a.image.size - b.image.size,
  tag: (a, b) => compare(a.tag, b.tag),
};
const SORT_KEYS = Object.keys(ORDERS);

function time({ createdAt }: ImageSummary): number {
  return createdAt?.getTime() ?? 0;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

export const command: Command = {
  name: 'images',
  summary: 'List images',
  description: 'Lists the images in the store, one line for each name.',
  usage: '[options] [IMAGE]',
  examples: ['images', 'images --filter dangling=true -q', "images --format '{{.Repository}}:{{.Tag}} {{.Size}}'"],
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Also show intermediate images (there are none)' },
    { name: 'digests', kind: 'bool', help: 'Show the digests of manifests' },
    {
      name: 'filter',
      short: 'f',
      kind: 'items',
      value: 'name=value',
      help: 'Show the images that match: before, containers, dangling, digest, id, intermediate, label, label!, readonly, reference, since, until',
    },
    formatFlag('json', 'table'),
    { name: 'history', kind: 'bool', help: 'Show all names of an image in its line' },
    { name: 'no-trunc', kind: 'bool', help: 'Do not truncate ids' },
    { name: 'noheading', short: 'n', kind: 'bool', help: 'Do not print headings' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print ids only' },
    {
      name: 'sort',
      kind: 'text',
      value: 'key',
      choices: SORT_KEYS,
      completion: SORT_KEYS,
      default: 'created',
      help: `Order: ${SORT_KEYS.join(', ')}`,
    },
  ],
  completion: ['images', []],
  check: ({ flags, args }) => {
    if (args.length > 1) throw invalid(`accepts at most 1 arg(s), received ${args.length}`);
    if (args.length > 0 && flags.has('filter')) throw invalid('cannot specify an image and a filter(s)');
  },
  run: async (context, { flags, args }) => {
    const engine = await context.engine();
    const filters = parseFilters(flags.list('filter'), IMAGE_FILTERS);
    const [wanted] = args;
    const all = engine.images.list({
      filters: wanted === undefined ? filters : { ...filters, reference: [wanted] },
      manifestLists: true,
    });
    const rows = rowsOf(all).toSorted(ORDERS[flags.text('sort') ?? 'created'] ?? (() => 0));
    const format = flags.text('format') ?? '';
    const now = new Date();
    const truncate = !flags.bool('no-trunc');
    if (isJsonFormat(format)) {
      const images = [...new Set(rows.map(({ image }) => image))];
      await context.out(`${jsonText(images.map(imageJson), 4)}\n`);
    } else if (format !== '') {
      const structs = rows.map((row) => rowStruct(row, now, truncate));
      const heading = !flags.bool('noheading');
      await context.out(renderReport({ name: 'images', format, rows: structs, headings: IMAGE_HEADINGS, heading }));
    } else if (flags.bool('quiet')) {
      const ids = new Set(rows.map(({ image }) => imageIdText(image, truncate)));
      await context.out([...ids].map((id) => `${id}\n`).join(''));
    } else {
      const columns = columnsOf({ digests: flags.bool('digests'), history: flags.bool('history'), truncate, now });
      const lines = rows.map((row) => columns.map(({ cell }) => cell(row)));
      const heading = columns.map((column) => column.heading);
      await context.out(tableText(flags.bool('noheading') ? lines : [heading, ...lines]));
    }
    return 0;
  },
};

interface Look {
  readonly digests: boolean;
  readonly history: boolean;
  readonly truncate: boolean;
  readonly now: Date;
}

function columnsOf({ digests, history, truncate, now }: Look) {
  const columns: { readonly heading: string; readonly cell: (row: ImageRow) => string }[] = [
    { heading: 'REPOSITORY', cell: ({ repository }) => repository },
    { heading: 'TAG', cell: ({ tag }) => tag },
  ];
  if (digests) columns.push({ heading: 'DIGEST', cell: ({ image }) => image.digest });
  columns.push(
    { heading: 'IMAGE ID', cell: ({ image }) => imageIdText(image, truncate) },
    { heading: 'CREATED', cell: ({ image }) => createdText(image, now) },
    { heading: 'SIZE', cell: ({ image }) => imageSizeText(image.size) },
  );
  if (history) columns.push({ heading: 'HISTORY', cell: ({ image }) => image.names.join(', ') });
  return columns;
}
