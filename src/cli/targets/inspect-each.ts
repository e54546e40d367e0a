/** Common part of the commands that inspect things by name. */
import type { Flag } from '../command-parts/flag.js';
import type { Context } from '../context.js';
import { formatFlag } from '../flags/format.js';
import { jsonText } from '../terminal/escape.js';
import { isJsonFormat, renderReport } from '../format/report.js';
import type { GoValue } from '../format/values.js';
import { reportErrors } from '../errors/report-error.js';

/** Indentation of JSON: five spaces, as in Podman for most kinds of objects. */
const INDENT = 5;

export const inspectFormatFlag: Flag = { ...formatFlag('json'), short: 'f', default: 'json' };

export interface Inspection<Found, Name> {
  readonly format: string;
  /** Indentation of JSON. @default 5 */
  readonly indent?: number;
  readonly find: (name: Name) => Found | Promise<Found>;
  /** Returns the error for a missing object; undefined for an error that ends the command. */
  readonly missing: (name: Name, error: unknown) => Error | undefined;
  /** Renders the objects in another format than JSON. */
  readonly render: (found: readonly Found[]) => string;
}

/** Prints all objects that exist, then reports the missing ones. Returns the exit status. */
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

/**
 * Renders objects with a template. `table` aligns columns; as in Podman there are no headings. Throws TemplateError.
 */
export function inspectReport(format: string, rows: readonly GoValue[]): string {
  return renderReport({ name: 'inspect', format, rows, heading: false });
}
