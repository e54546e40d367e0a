/** What is said of an option that a call does not know. */
import { nearestWord } from './nearest.js';

/** Calls that collect output are given what a process reads, calls that answer streams where it reads from. */
const COUNTERPARTS: Readonly<Record<string, string>> = { stdin: 'input', input: 'stdin' };

/** Names the known one that was meant, as far as that can be guessed. */
export function unknownOption(what: string, name: string, known: readonly string[]): TypeError {
  const counterpart = Object.hasOwn(COUNTERPARTS, name) ? COUNTERPARTS[name] : undefined;
  const meant =
    known.find((each) => each === counterpart) ??
    nearestWord(name, known) ??
    // Most that is left out is a unit: `timeout` for `timeoutSec`.
    known.find((each) => name !== '' && each.startsWith(name));
  const hint = meant === undefined ? '' : `: did you mean "${meant}"?`;
  return new TypeError(`unknown option ${JSON.stringify(name)} in ${what}${hint}`);
}
