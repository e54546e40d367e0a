/** Source files, for checks that look at their text. */
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The paths of all files below a directory; none where that is missing. */
export function filesBelow(directory) {
  let entries;
  try {
    entries = readdirSync(directory, { withFileTypes: true, recursive: true });
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** The files of dist/ that nothing in src/ makes, but for the bundle: what older builds have left. */
export function withoutSource(root) {
  const made = new Set(
    filesBelow(join(root, 'src')).flatMap((path) => {
      const name = relative(join(root, 'src'), path).replace(/\.ts$/, '');
      return [`dist/${name}.js`, `dist/${name}.d.ts`];
    }),
  );
  return filesBelow(join(root, 'dist'))
    .map((path) => relative(root, path))
    .filter((path) => !path.startsWith('dist/bundle/') && !made.has(path));
}

/** Blanks comments out and keeps the lines' numbers. */
export function withoutComments(text) {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
}
