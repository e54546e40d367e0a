/** Refusing what the user gave: one line that names it. */
import { TspodError } from '../errors.js';

/** An error of code INVALID_ARGUMENT, to be thrown. */
export function invalid(message: string, details: Readonly<Record<string, unknown>> = {}): TspodError {
  return new TspodError('INVALID_ARGUMENT', message, { details });
}

/** A user's word as it is shown in an error: quoted, control characters escaped, cut where it is long. */
export function quote(text: string): string {
  const shown = text.length > 120 ? `${text.slice(0, 117)}...` : text;
  return JSON.stringify(shown);
}
