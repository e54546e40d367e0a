#!/usr/bin/env node
/** Writes docs/commands.md, and the tables of what is missing in docs/cli.md, from the definitions of the commands in src/cli. */
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { format, resolveConfig } from 'prettier';

const root = fileURLToPath(new URL('..', import.meta.url));
const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: ['src/cli/docs.ts'],
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  external: ['better-sqlite3', 'node-gyp-build'],
  // the commands are asked what they are, not run
  define: { 'import.meta.url': '"file:///"' },
  write: false,
});
const bundle = { exports: {} };
new Function('require', 'module', outputFiles[0].text)(createRequire(import.meta.url), bundle);
const { commandReference, missingCommandsTable, missingTable } = bundle.exports;

await write('docs/commands.md', await commandReference());
const guide = readFileSync(`${root}docs/cli.md`, 'utf8');
const tables = { 'missing commands': missingCommandsTable(), 'missing flags': await missingTable() };
await write('docs/cli.md', Object.entries(tables).reduce(withTable, guide));

function withTable(text, [name, table]) {
  const begin = `<!-- generated: ${name} -->`;
  const [before, rest] = text.split(begin);
  const after = rest.slice(rest.indexOf('<!-- end -->'));
  return `${before}${begin}\n\n${table}\n${after}`;
}

async function write(name, text) {
  const path = `${root}${name}`;
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
}
