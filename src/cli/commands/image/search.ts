import { imageTags, searchImages, type FoundImage } from '../../../engine/registries/registries.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import { formatFlag } from '../../flags/format.js';
import { jsonText } from '../../terminal/escape.js';
import { isJsonFormat, renderReport } from '../../format/report.js';
import { struct } from '../../format/values.js';
import { authFileFlag, certDirectoryFlag, registryAccess, tlsVerifyFlag } from '../../flags/registry.js';
import { splitPair } from '../../parse/key-values.js';

const MAX_LIMIT = 100;
const DEFAULT_LIMIT = 25;
/** Maximum length of a description, as in Podman. */
const SHOWN = 44;

export const command: Command = {
  name: 'search',
  summary: 'Search registries for images',
  description:
    'Searches one registry (REGISTRY/TERM), or all that registries.conf lists. With --list-tags, prints the tags of one image.',
  usage: '[options] TERM',
  examples: [
    'search --limit 3 docker.io/alpine',
    'search --list-tags quay.io/podman/stable',
    'search --format json registry.local/',
  ],
  flags: [
    authFileFlag,
    certDirectoryFlag,
    { name: 'compatible', kind: 'bool', help: 'Also print stars, official and automated' },
    {
      name: 'filter',
      short: 'f',
      kind: 'list',
      value: 'filter',
      completion: ['stars=', 'is-official', 'is-automated'],
      help: 'Print what matches: stars=NUMBER, is-official[=BOOL], is-automated[=BOOL]',
    },
    formatFlag('json'),
    {
      name: 'limit',
      kind: 'int',
      value: 'number',
      help: `Maximum number of results from each registry (default ${DEFAULT_LIMIT})`,
    },
    { name: 'list-tags', kind: 'bool', help: 'Print the tags of an image' },
    { name: 'no-trunc', kind: 'bool', help: 'Do not truncate descriptions' },
    tlsVerifyFlag,
  ],
  completion: [[]],
  check: ({ args, flags }) => {
    if (args.length === 0) throw invalid('requires at least 1 arg(s), only received 0');
    if (args.length > 1) throw invalid('search requires exactly one argument');
    const limit = limitOf(flags);
    if (limit < 1 || limit > MAX_LIMIT) throw invalid(`limit ${limit} is outside the range of [1, ${MAX_LIMIT}]`);
    if (flags.bool('list-tags') && flags.list('filter').length > 0)
      throw invalid('filters are not applicable to list tags result');
  },
  run: async (context, invocation) => {
    const [term = ''] = invocation.args;
    const { flags } = invocation;
    await context.out(await (flags.bool('list-tags') ? tagsText(term, flags) : foundText(term, flags)));
    return 0;
  },
};

/** Returns the limit; 0 means the default, as in Podman. */
function limitOf(flags: Invocation['flags']): number {
  const limit = flags.number('limit') ?? 0;
  return limit === 0 ? DEFAULT_LIMIT : limit;
}

async function tagsText(term: string, flags: Invocation['flags']): Promise<string> {
  const { name, tags } = await imageTags(term, registryAccess(flags));
  const shown = tags.slice(0, limitOf(flags));
  const format = flags.text('format') ?? 'table {{.Name}} {{.Tag}}';
  if (isJsonFormat(format)) return `${jsonText([{ Name: name, Tags: shown }], 4)}\n`;
  const rows = shown.map((tag) => struct('entities.ImageSearchReport', { Index: '', Name: name, Tag: tag }));
  return renderReport({ name: 'search', format, rows, headings: HEADINGS });
}

async function foundText(term: string, flags: Invocation['flags']): Promise<string> {
  const keep = flags.list('filter').map(filterOf);
  const found = await searchImages(term, { ...registryAccess(flags), limit: limitOf(flags) });
  const rows = found
    .filter((image) => keep.every((matches) => matches(image)))
    .map((image) => rowOf(image, flags.bool('no-trunc')));
  const columns = flags.bool('compatible')
    ? '{{.Name}} {{.Description}} {{.Stars}} {{.Official}} {{.Automated}}'
    : '{{.Name}} {{.Description}}';
  const format = flags.text('format') ?? `table ${columns}`;
  if (isJsonFormat(format)) return `${jsonText(rows, 4)}\n`;
  return renderReport({
    name: 'search',
    format,
    rows: rows.map((row) => struct('entities.ImageSearchReport', row)),
    headings: HEADINGS,
  });
}

const HEADINGS = {
  Index: 'INDEX',
  Name: 'NAME',
  Description: 'DESCRIPTION',
  Stars: 'STARS',
  Official: 'OFFICIAL',
  Automated: 'AUTOMATED',
  Tag: 'TAG',
} as const;

function rowOf({ index, name, description, stars, official, automated }: FoundImage, isWhole: boolean) {
  const line = description.replaceAll(/\s+/g, ' ').trim();
  return {
    Index: index,
    Name: name,
    Description: isWhole || line.length <= SHOWN ? line : `${line.slice(0, SHOWN)}...`,
    Stars: stars,
    Official: official ? '[OK]' : '',
    Automated: automated ? '[OK]' : '',
    Tag: '',
  };
}

function filterOf(text: string): (image: FoundImage) => boolean {
  const [name, value] = splitPair(text);
  switch (name) {
    case 'stars': {
      if (value === undefined || !/^\d{1,9}$/.test(value)) throw invalid(`incorrect value type for stars filter`);
      return ({ stars }) => stars >= Number(value);
    }
    case 'is-official':
      return ({ official }) => official === (value !== 'false');
    case 'is-automated':
      return ({ automated }) => automated === (value !== 'false');
    default:
      throw invalid(`invalid filter type ${JSON.stringify(text)}`);
  }
}
