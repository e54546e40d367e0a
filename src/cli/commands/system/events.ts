import type { EngineEvent, EventsOptions } from '../../../engine/events.js';
import { EVENT_STATUSES, EVENT_TYPES } from '../../../events/event.js';
import { noArguments } from '../../command-parts/no-arguments.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import { formatFlag } from '../../flags/format.js';
import { jsonText } from '../../terminal/escape.js';
import { eventJson, eventLine, eventStruct } from '../../rows/event.js';
import { evaluateTemplate } from '../../format/evaluate.js';
import { isJsonFormat, lineOf, unescapeFormat } from '../../format/report.js';
import { compileTemplate } from '../../format/template.js';
import { splitPair } from '../../parse/key-values.js';
import { parseMomentFlag } from '../../parse/moment.js';

export const command: Command = {
  name: 'events',
  summary: 'Show what happens to containers, images, volumes, networks, pods and secrets',
  description:
    'Prints a line for each event, and waits for more until it is interrupted or --stream=false is given. Begins with new events unless --since or --until is given.',
  usage: '[options]',
  examples: [
    'events',
    'events --filter event=died --filter label=app=web',
    'events --since 1h30m --stream=false',
    "events --format '{{.Time.Unix}} {{.Status}} {{.Name}}'",
  ],
  flags: [
    {
      name: 'filter',
      short: 'f',
      kind: 'items',
      value: 'name=value',
      help: 'Show the events that match: container, event, id, image, label, name, pod, status, type, volume',
    },
    formatFlag('json'),
    { name: 'no-trunc', kind: 'bool', default: 'true', help: 'Do not truncate ids' },
    {
      name: 'since',
      kind: 'text',
      value: 'time',
      help: 'Show events since this time: a date, seconds since 1970, or a duration before now',
    },
    { name: 'stream', kind: 'bool', default: 'true', help: 'Continue with new events' },
    { name: 'until', kind: 'text', value: 'time', help: 'Show events until this time' },
  ],
  completion: [[]],
  check: ({ args }) => noArguments(args, 'events'),
  run: async (context, invocation) => {
    const { filters, canMatch } = readFilters(invocation.flags.list('filter'));
    const options = { ...readOptions(invocation), filters };
    const print = printer(invocation);
    const engine = await context.engine();
    for await (const event of engine.events(options)) if (canMatch) await context.out(print(event));
    return 0;
  },
};

function readOptions({ flags }: Invocation): EventsOptions {
  const now = new Date();
  const [since, until] = [flags.text('since'), flags.text('until')];
  return {
    follow: !flags.has('stream') || flags.bool('stream'),
    ...(since === undefined ? {} : { since: parseMomentFlag('--since', since, now) }),
    ...(until === undefined ? {} : { until: parseMomentFlag('--until', until, now) }),
  };
}

interface Filters {
  readonly filters: Readonly<Record<string, readonly string[]>>;
  readonly canMatch: boolean;
}

const STATUSES: ReadonlySet<string> = new Set([...EVENT_STATUSES, 'die']);
const WORDS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['event', STATUSES],
  ['status', STATUSES],
  ['type', new Set(EVENT_TYPES)],
]);

/**
 * Reads the filters. A status or type that no event has, such as `build`, matches nothing as in Podman, although the
 * library would refuse it.
 */
function readFilters(items: readonly string[]): Filters {
  const filters: Record<string, string[]> = {};
  for (const item of items) {
    const [name, value] = splitPair(item);
    if (value === undefined) throw invalid(`invalid filter ${JSON.stringify(item)}`);
    const values = (filters[name] ??= []);
    if (WORDS.get(name)?.has(value) !== false) values.push(value);
  }
  return { filters, canMatch: Object.values(filters).every((values) => values.length > 0) };
}

function printer({ flags }: Invocation): (event: EngineEvent) => string {
  const format = flags.text('format') ?? '';
  if (isJsonFormat(format)) return (event) => `${jsonText(eventJson(event))}\n`;
  const truncate = flags.has('no-trunc') && !flags.bool('no-trunc');
  if (format === '') return (event) => eventLine(event, { truncate });
  const template = compileTemplate('events', lineOf(unescapeFormat(format)));
  return (event) => evaluateTemplate(template, eventStruct(event));
}
