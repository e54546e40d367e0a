/** --format as Podman reads it: a template for each row, `table` in front of it for aligned columns, or `json`. */
import { alignColumns } from './columns.js';
import { compileTemplate, renderTemplate } from './template.js';
import { struct, type GoStruct, type GoValue } from './values.js';

export interface ReportOptions {
  /** The command: appears in messages. */
  readonly name: string;
  readonly format: string;
  readonly rows: readonly GoValue[];
  /** Heading of each field, for `table`. */
  readonly headings?: Readonly<Record<string, string>>;
  /** Print the heading of a table. @default true */
  readonly heading?: boolean;
}

/** Whether --format asks for JSON of everything. */
export function isJsonFormat(format: string): boolean {
  return /^\s*(json\s*|\{\{\s*json\s*(\.\s*)?\}\}\s*)$/.test(format);
}

/** Throws TemplateError. */
export function renderReport(options: ReportOptions): string {
  const { name, format, rows } = options;
  // a mistake in it must not be reported as one of the range that is put around it
  compileTemplate(name, unescapeFormat(format));
  if (!format.startsWith('table ')) return renderTemplate(name, rangeOver(lineOf(unescapeFormat(format))), rows);
  const template = rangeOver(lineOf(tabSeparated(unescapeFormat(format.slice('table '.length)))));
  const head = (options.heading ?? true) ? renderTemplate(name, template, [headingRow(options.headings ?? {})]) : '';
  return alignColumns(head + renderTemplate(name, template, rows));
}

/** From {{ to }}; a }} in a string or in a comment does not end it. */
const ACTION = /\{\{(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|\/\*[^]*?\*\/|(?!\}\})[^])*(?:\}\}|$)/g;

/** Strings with a language of their own for `\t` and `\n`; raw ones, in backquotes, have none. */
const INTERPRETED = /^["']/;

const STRING = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`/g;

/** `\t` and `\n` are typed as two characters on a command line. In the strings of a template they mean the same without that. */
export function unescapeFormat(format: string): string {
  return mapParts(format, ACTION, unescape, (action) =>
    mapParts(action, STRING, unescape, (text) => (INTERPRETED.test(text) ? text : unescape(text))),
  );
}

function unescape(text: string): string {
  return text.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
}

/** `text` with `matched` of what the pattern finds, and `between` of the rest. */
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

/** A template ends with a line end, unless its last trim marker takes it away or a string of its own has one, as with Podman. */
export function lineOf(format: string): string {
  return format.endsWith('\n') || printsLineEnd(format) ? format : `${format}\n`;
}

function printsLineEnd(format: string): boolean {
  const strings = [...format.matchAll(ACTION)].flatMap(([action]) => [...action.matchAll(STRING)]);
  return strings.some(([text]) => INTERPRETED.test(text) && text.includes('\\n'));
}

/** Spaces between the fields of a table separate its columns; those inside {{ }} do not. */
function tabSeparated(format: string): string {
  return mapParts(
    format,
    ACTION,
    (part) => part.replaceAll(/ +/g, '\t'),
    (action) => action,
  );
}

/** The template sees one row at a time, unless it ranges over them itself. */
function rangeOver(format: string): string {
  return /^\{\{-?\s*range\s+\.[\s}]/.test(format) ? format : `{{range .}}${format}{{end -}}`;
}

function headingRow(headings: Readonly<Record<string, string>>): GoStruct {
  return struct('headings', headings);
}
