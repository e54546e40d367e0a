/** Tests by the beginning of their title, so that no table has to repeat a long one. */
import { readFileSync } from 'node:fs';

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The one title of the file that begins like this, or that this is; throws if there is none, or more. Some are made by a macro: any string counts. */
export function fullTitle(root, { file, title }) {
  const source = readFileSync(`${root}/${file}`, 'utf8');
  const literal = new RegExp(`(['"\`])(${escaped(title)}(?:\\\\.|(?!\\1)[^\\\\\\n])*)\\1`, 'g');
  const found = new Set([...source.matchAll(literal)].map(([, , each]) => each));
  if (found.has(title)) return title;
  if (found.size !== 1) throw new Error(`${file}: ${found.size} tests begin with "${title}"`);
  return [...found][0];
}

/** Expressions in a title. */
const EXPRESSION = /\$\{[^}]*\}/g;

/** What ava's --match takes: where the title has an expression, and before it (a macro's words), anything may stand. */
export function patternOf(title) {
  return `*${title.replace(EXPRESSION, '*')}`;
}

/** Whether the name that a run has told is one of this title. */
export function isNamed(name, title) {
  return new RegExp(`${title.split(EXPRESSION).map(escaped).join('.*')}$`).test(name);
}
