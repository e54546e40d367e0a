/** What the commands that inspect things by name have in common. */
import type { Flag } from '../command-parts/flag.js';
import type { Context } from '../context.js';
import { jsonText } from '../terminal/escape.js';
import { isJsonFormat, renderReport } from '../format/report.js';
import type { GoValue } from '../format/values.js';
import { reportErrors } from '../errors/report-error.js';

/** What is printed between a field and its level, five spaces as Podman has it for most things. */
const INDENT = 5;

export const inspectFormatFlag: Flag = {
  name: 'format',
  short: 'f',
  kind: 'text',
  value: 'template',
  default: 'json',
  completion: ['json'],
  help: 'json, or a Go template',
};

export interface Inspection<Found, Name> {
  readonly format: string;
  /** Of JSON. @default 5 */
  readonly indent?: number;
  readonly find: (name: Name) => Found | Promise<Found>;
  /** What to say of one that is not there; undefined for an error that ends the command. */
  readonly missing: (name: Name, error: unknown) => Error | undefined;
  /** For another format than JSON. */
  readonly render: (found: readonly Found[]) => string;
}

/** Prints all that are there before it says which are not. Answers the exit status. */
export async function inspectEach<Found, Name>(
  context: Context,
  names: readonly Name[],
  { format, indent = INDENT, find, missing, render }: Inspection<Found, Name>,
): Promise<number> {
  const found: Found[] = [];
  const errors: Error[] = [];
  for (const name of names) {
    try {
      found.push(await find(name));
    } catch (error) {
      const said = missing(name, error);
      if (said === undefined) throw error;
      errors.push(said);
    }
  }
  const isJson = format === '' || isJsonFormat(format);
  await context.out(isJson ? `${jsonText(found, indent)}\n` : render(found));
  return reportErrors(context, errors);
}

/** What a template makes of them. `table` aligns columns; as with Podman there are no headings. Throws TemplateError. */
export function inspectReport(format: string, rows: readonly GoValue[]): string {
  return renderReport({ name: 'inspect', format, rows, heading: false });
}
