/** The edits of the table, against the sources. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Throws unless each edit's text is in its file exactly once. */
export function checkEdits(tree, edits) {
  for (const { file, from, to } of edits) {
    const count = readFileSync(join(tree, file), 'utf8').split(from).length - 1;
    if (count !== 1) throw new Error(`${file} has ${count} times, and not once: ${from}`);
    if (from === to) throw new Error(`${file}: the edit changes nothing`);
  }
}
