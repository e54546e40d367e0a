/** Output of the diff commands. */
import type { FileChange } from '../../container/api/files.js';
import type { Flag } from '../command-parts/flag.js';

const LETTERS: Readonly<Record<FileChange['kind'], string>> = { added: 'A', changed: 'C', deleted: 'D' };

/** Indentation of JSON, as in Podman. */
const INDENT = 5;

export const changesFormatFlag: Flag = {
  name: 'format',
  kind: 'text',
  value: 'format',
  choices: ['json'],
  help: 'Print as json',
};

export function changesText(changes: readonly FileChange[], format: string | undefined): string {
  if (format === 'json') return `${JSON.stringify(byKind(changes), null, INDENT)}\n`;
  return changes.map(({ kind, path }) => `${LETTERS[kind]} ${path}\n`).join('');
}

/** Groups changes by kind; kinds without changes are omitted, as in Podman. */
function byKind(changes: readonly FileChange[]): Partial<Record<FileChange['kind'], string[]>> {
  const result: Partial<Record<FileChange['kind'], string[]>> = {};
  for (const kind of ['changed', 'added', 'deleted'] as const) {
    const paths = changes.filter((change) => change.kind === kind).map(({ path }) => path);
    if (paths.length > 0) result[kind] = paths;
  }
  return result;
}
