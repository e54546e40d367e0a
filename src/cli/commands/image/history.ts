import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { formatFlag } from '../../flags/format.js';
import { jsonText } from '../../terminal/escape.js';
import { tableText } from '../../format/columns.js';
import { ago } from '../../format/human.js';
import { goString } from '../../format/print.js';
import { isJsonFormat, renderReport } from '../../format/report.js';
import { struct } from '../../format/values.js';
import type { ImageHistoryEntry } from '../../../engine/images/types.js';
import { imageSizeText, wholeSecond } from '../../rows/image.js';
import { shortId } from '../../../util/short-id.js';

const SHORT_COMMAND = 45;

export const command: Command = {
  name: 'history',
  summary: 'Show the history of an image',
  description: 'Shows the steps that an image was built in, newest first.',
  usage: '[options] IMAGE',
  examples: ['history alpine', "history --format '{{.CreatedBy}}' --no-trunc alpine"],
  flags: [
    formatFlag('json'),
    { name: 'human', short: 'H', kind: 'bool', default: 'true', help: 'Print sizes and times in human-readable form' },
    { name: 'no-trunc', kind: 'bool', help: 'Do not truncate ids and commands' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print ids only' },
  ],
  completion: ['images', []],
  check: ({ args }) => {
    if (args.length !== 1) throw invalid(`accepts 1 arg(s), received ${args.length}`);
  },
  run: async (context, { flags, args }) => {
    const engine = await context.engine();
    const entries = engine.images.history(args[0] ?? '');
    const format = flags.text('format') ?? '';
    const look = {
      truncate: !flags.bool('no-trunc'),
      human: !flags.has('human') || flags.bool('human'),
      now: new Date(),
    };
    if (isJsonFormat(format)) {
      await context.out(`${jsonText(entries.map(jsonOf), 2)}\n`);
      return 0;
    }
    const rows = entries.map((entry) => cells(entry, look));
    if (flags.bool('quiet')) await context.out(rows.map(({ ID }) => `${ID}\n`).join(''));
    else if (format !== '')
      await context.out(
        renderReport({ name: 'history', format, rows: rows.map((row) => struct('history', row)), headings: HEADINGS }),
      );
    else
      await context.out(
        tableText([
          ['ID', 'CREATED', 'CREATED BY', 'SIZE', 'COMMENT'],
          ...rows.map(({ ID, Created, CreatedBy, Size, Comment }) => [ID, Created, CreatedBy, Size, Comment]),
        ]),
      );
    return 0;
  },
};

const HEADINGS: Readonly<Record<string, string>> = {
  ID: 'ID',
  Created: 'CREATED',
  CreatedAt: 'CREATED AT',
  CreatedSince: 'CREATED',
  CreatedBy: 'CREATED BY',
  Size: 'SIZE',
  Comment: 'COMMENT',
  Tags: 'TAGS',
};

interface Look {
  readonly truncate: boolean;
  readonly human: boolean;
  readonly now: Date;
}

function cells(entry: ImageHistoryEntry, { truncate, human, now }: Look) {
  const { createdAt, createdBy } = entry;
  const time = createdAt === null ? '' : human ? ago(createdAt, now) : wholeSecond(createdAt);
  return {
    ID: truncate && entry.id !== '<missing>' ? shortId(entry.id) : entry.id,
    Created: time,
    CreatedSince: time,
    CreatedAt: createdAt === null ? '' : goString({ kind: 'time', text: wholeSecond(createdAt) }),
    CreatedBy: truncate && createdBy.length > SHORT_COMMAND ? `${createdBy.slice(0, SHORT_COMMAND - 3)}...` : createdBy,
    Size: human ? imageSizeText(entry.size) : String(entry.size),
    Comment: entry.comment,
    Tags: entry.names,
  };
}

/** Returns an entry as JSON data with Podman's field names; empty fields are left out, as there. */
function jsonOf({ id, createdAt, createdBy, size, comment, names }: ImageHistoryEntry): Record<string, unknown> {
  return {
    id,
    ...(createdAt === null ? {} : { created: createdAt.toISOString() }),
    ...(createdBy === '' ? {} : { CreatedBy: createdBy }),
    ...(names.length === 0 ? {} : { tags: names }),
    size,
    ...(comment === '' ? {} : { comment }),
    Created: createdAt === null ? '' : wholeSecond(createdAt),
  };
}
