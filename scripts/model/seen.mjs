/** How each test of an attack was seen to fail: by scripts/guards.mjs in a build without the guard, or else why not. */
import { checkEdits } from '../guards/edits.mjs';
import { GUARDS } from '../guards/table.mjs';
import { fullTitle } from '../guards/titles.mjs';
import { UNBROKEN } from '../guards/unbroken.mjs';

const isSame = (test, { file, title }) => test.file === file && title.startsWith(test.title);

/** The names of the guards without which it fails. */
export function guardsOf(item) {
  return GUARDS.filter(({ tests }) => tests.some((test) => isSame(test, item))).map(({ name }) => name);
}

/** The cell of the table, after the test. */
export function seenToFail(item) {
  const names = guardsOf(item);
  if (names.length > 0) return names.join('; ');
  return UNBROKEN.some((test) => isSame(test, item)) ? '(below)' : '';
}

/** The list below the tables. */
export function unbrokenText() {
  const lines = UNBROKEN.map(({ file, title, why }) => `- \`${file}\`, "${title}": ${why}.`);
  return `## Tests that no broken build was seen to fail\n\n${lines.join('\n')}\n`;
}

/** Guards and reasons that name no test, or text that is not in the sources; tests that have neither a guard nor a reason. */
export function seenProblems(root, items) {
  const named = [...GUARDS.flatMap(({ tests }) => tests), ...UNBROKEN];
  return [
    ...GUARDS.flatMap(({ name, edits }) => problemOf(name, () => checkEdits(root, edits))),
    ...named.flatMap((test) => problemOf('the table of guards', () => fullTitle(root, test))),
    ...items
      .filter(({ title }) => title !== undefined)
      .filter((item) => guardsOf(item).length > 0 === UNBROKEN.some((test) => isSame(test, item)))
      .map(({ item }) => `${item}: the test must have a guard without which it fails, or a reason why there is none`),
  ];
}

function problemOf(what, check) {
  try {
    check();
    return [];
  } catch (error) {
    return [`${what}: ${error.message}`];
  }
}
