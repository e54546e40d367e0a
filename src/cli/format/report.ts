/** Implements --format as in Podman: a template for each row, `table` before it for aligned columns, or `json`. */
import { alignColumns } from './columns.js';
import { compileTemplate, renderTemplate } from './template.js';
import { struct, type GoStruct, type GoValue } from './values.js';

export interface ReportOptions {
  /** Name of the command, for messages. */
  readonly name: string;
  readonly format: string;
  readonly rows: readonly GoValue[];
  /** Heading of each field, for `table`. */
  readonly headings?: Readonly<Record<string, string>>;
  /** Whether to print the headings of a table. @default true */
  readonly heading?: boolean;
}

/** Whether --format asks for all data as JSON. */
export function isJsonFormat(format: string): boolean {
  return /^\s*(json\s*|\{\{\s*json\s*(\.\s*)?\}\}\s*)$/.test(format);
}

/** Renders rows with a template. Throws TemplateError. */
export function renderReport(options: ReportOptions): string {
  const { name, format, rows } = options;
  // Compiled alone first, so that an error is not reported as one of the range that is put around it.
  compileTemplate(name, unescapeFormat(format));
  if (!format.startsWith('table ')) return renderTemplate(name, rangeOver(lineOf(unescapeFormat(format))), rows);
  const template = rangeOver(lineOf(tabSeparated(unescapeFormat(format.slice('table '.length)))));
  const head = (options.heading ?? true) ? renderTemplate(name, template, [headingRow(options.headings ?? {})]) : '';
  return alignColumns(head + renderTemplate(name, template, rows));
}

/** Matches an action from {{ to }}; a }} in a string or a comment does not end it. */
const ACTION = /\{\{(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|\/\*[^]*?\*\/|(?!\}\})[^])*(?:\}\}|$)/g;

/** Matches strings in which templates themselves interpret `\t` and `\n`, unlike raw strings in backquotes. */
const INTERPRETED = /^["']/;

const STRING = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`/g;

/**
 * Replaces `\t` and `\n`, which are typed as two characters on a command line. In interpreted strings of a template
 * they are kept, because they have that meaning there anyway.
 */
export function unescapeFormat(format: string): string {
  return mapParts(format, ACTION, unescape, (action) =>
    mapParts(action, STRING, unescape, (text) => (INTERPRETED.test(text) ? text : unescape(text))),
  );
}

function unescape(text: string): string {
  return text.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
}

/** Maps the parts of a text: `matched` is applied to the matches of the pattern, `between` to the rest. */
function mapParts(
  text: string,
  pattern: RegExp,
  between: (part: string) => string,
  matched: (part: string) => string,
): string {
  let at = 0;
  let mapped = '';
  for (const found of text.matchAll(pattern)) {
    mapped += between(text.slice(at, found.index)) + matched(found[0]);
    at = found.index + found[0].length;
  }
  return mapped + between(text.slice(at));
}

/**
 * Appends a line end to a template, unless one of its own strings has one, as in Podman. A trim marker at the end of
 * the template removes it again.
 */
export function lineOf(format: string): string {
  return format.endsWith('\n') || printsLineEnd(format) ? format : `${format}\n`;
}

function printsLineEnd(format: string): boolean {
  const strings = [...format.matchAll(ACTION)].flatMap(([action]) => [...action.matchAll(STRING)]);
  return strings.some(([text]) => INTERPRETED.test(text) && text.includes('\\n'));
}

/** Replaces spaces between the fields of a table by tabs; those inside {{ }} are kept. */
function tabSeparated(format: string): string {
  return mapParts(
    format,
    ACTION,
    (part) => part.replaceAll(/ +/g, '\t'),
    (action) => action,
  );
}

/** Wraps a template so that it gets one row at a time, unless it ranges over the rows itself. */
function rangeOver(format: string): string {
  return /^\{\{-?\s*range\s+\.[\s}]/.test(format) ? format : `{{range .}}${format}{{end -}}`;
}

function headingRow(headings: Readonly<Record<string, string>>): GoStruct {
  return struct('headings', headings);
}
