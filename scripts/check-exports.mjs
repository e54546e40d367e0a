#!/usr/bin/env node
/**
 * Names what src/ exports and no other file imports: what only its own file uses needs no `export`, what nothing uses is to go. The
 * index.ts files are the public ones. Usage: check-exports.mjs [ROOT]. Prints each as `file:line: why`, exits with 1 if there is one.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesBelow, withoutComments } from './testing/sources.mjs';

const root = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..'));

const paths = ['src', 'test', 'scripts'].flatMap((tree) => filesBelow(join(root, tree)));
const files = paths
  .filter((path) => /\.(ts|mjs)$/.test(path))
  .map((path) => {
    const text = withoutComments(readFileSync(path, 'utf8'));
    return { path, text, words: new Set(text.match(/\w+/g)), imported: importedBy(path, text) };
  });
const unused = files.filter(({ path }) => path.startsWith(join(root, 'src/'))).flatMap(unusedExports);
for (const line of unused) console.error(line);
if (unused.length > 0) process.exitCode = 1;

function unusedExports({ path, text }) {
  if (path.endsWith('/index.ts')) return [];
  const users = files.filter((file) => file.path !== path && file.imported.has(path));
  return [...text.matchAll(/^export (?:abstract |async )*(function\*?|const|class|interface|type) (\w+)/gm)]
    .filter(([, kind, name]) => !users.some(({ words }) => words.has(name)) && !isNamedBeside(text, kind, name))
    .map(({ 2: name, index }) => {
      const line = text.slice(0, index).split('\n').length;
      return `${relative(root, path)}:${line}: ${name} is imported nowhere`;
    });
}

/** A type is exported with what takes or gives it, for whoever has a name to give to that. */
function isNamedBeside(text, kind, name) {
  return (kind === 'interface' || kind === 'type') && text.match(new RegExp(`\\b${name}\\b`, 'g')).length > 1;
}

/** The source of every module that is named in quotes, as src/ has it: tests and scripts also load what out/ and dist/ hold. */
function importedBy(path, text) {
  const named = [...text.matchAll(/['"`]([\w./-]+)\.[jt]s['"`]/g)].map(([, specifier]) => specifier);
  return new Set(
    named.flatMap((specifier) => [
      `${resolve(dirname(path), specifier)}.ts`,
      `${join(root, specifier.replace(/^(\.\.\/)*(out\/src|dist|src)\//, 'src/'))}.ts`,
    ]),
  );
}
