import { readFileSync } from 'node:fs';

import test from 'ava';

import { commandReference, missingCommandsTable, missingTable } from '../../../src/cli/docs.js';

/** Tables are aligned in the files. */
function unaligned(text: string): string {
  return text
    .replaceAll(/ +/g, ' ')
    .replaceAll(/-{3,}/g, '---')
    .replaceAll('| |', '|  |')
    .replaceAll(/\n{2,}/g, '\n')
    .trim();
}

test('docs/commands.md says what the commands are', async (t) => {
  const file = readFileSync('docs/commands.md', 'utf8');
  t.is(unaligned(file), unaligned(await commandReference()), 'run node scripts/generate-cli-docs.mjs');
});

test('docs/cli.md lists the flags that are missing', async (t) => {
  const file = readFileSync('docs/cli.md', 'utf8');
  const section = file.split('<!-- generated: missing flags -->')[1]?.split('<!-- end -->')[0] ?? '';
  t.is(unaligned(section), unaligned(await missingTable()), 'run node scripts/generate-cli-docs.mjs');
});

test('docs/cli.md lists the commands that are missing', (t) => {
  const file = readFileSync('docs/cli.md', 'utf8');
  const section = file.split('<!-- generated: missing commands -->')[1]?.split('<!-- end -->')[0] ?? '';
  t.is(unaligned(section), unaligned(missingCommandsTable()), 'run node scripts/generate-cli-docs.mjs');
});
