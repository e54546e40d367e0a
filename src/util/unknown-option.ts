/** The error for an option that a call does not have. */
import { nearestWord } from './nearest.js';

/**
 * Options that are easily confused: calls that collect output take a process's input as `input`, calls that return
 * streams as `stdin`.
 */
const COUNTERPARTS: Readonly<Record<string, string>> = { stdin: 'input', input: 'stdin' };

/** Returns the error, with a suggestion if the intended option can be guessed. */
export function unknownOption(what: string, name: string, known: readonly string[]): TypeError {
  const counterpart = Object.hasOwn(COUNTERPARTS, name) ? COUNTERPARTS[name] : undefined;
  const meant =
    known.find((each) => each === counterpart) ??
    nearestWord(name, known) ??
    // What is most often left out is a unit: `timeout` for `timeoutSec`.
    known.find((each) => name !== '' && each.startsWith(name));
  const hint = meant === undefined ? '' : `: did you mean "${meant}"?`;
  return new TypeError(`unknown option ${JSON.stringify(name)} in ${what}${hint}`);
}
