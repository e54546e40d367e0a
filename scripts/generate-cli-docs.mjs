#!/usr/bin/env node
/**
 * Writes docs/commands.md, and the tables of what is missing in docs/cli.md, from the definitions of the commands in src/cli, and the lists of
 * differences in docs/podman.md from compare/known.mjs; with --check looks whether they are what it would write.
 */
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { format, resolveConfig } from 'prettier';
import { commandReference, missingCommandsTable, missingTable } from './cli-docs.mjs';
import { differencesText } from './compare/page.mjs';

const DEFINITIONS = `
export { allCommands, GROUPS } from './src/cli/command-table.ts';
export { flagName } from './src/cli/help.ts';
export { globalFlags } from './src/cli/flags/global.ts';
export { MISSING_COMMANDS } from './src/cli/missing-commands.ts';
`;

const root = fileURLToPath(new URL('..', import.meta.url));
const checking = process.argv.includes('--check');
const cli = await definitions();

await put('docs/commands.md', await commandReference(cli));
const guide = readFileSync(`${root}docs/cli.md`, 'utf8');
const tables = { 'missing commands': missingCommandsTable(cli), 'missing flags': await missingTable(cli) };
await put('docs/cli.md', Object.entries(tables).reduce(withTable, guide));
const page = readFileSync(`${root}docs/podman.md`, 'utf8');
await put('docs/podman.md', withTable(page, ['differences', differencesText()]));

async function definitions() {
  const { outputFiles } = await build({
    absWorkingDir: root,
    stdin: { contents: DEFINITIONS, resolveDir: root },
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
  return bundle.exports;
}

function withTable(text, [name, table]) {
  const begin = `<!-- generated: ${name} -->`;
  const [before, rest] = text.split(begin);
  const after = rest.slice(rest.indexOf('<!-- end -->'));
  return `${before}${begin}\n\n${table}\n${after}`;
}

async function put(name, text) {
  const path = `${root}${name}`;
  const wanted = await format(text, { ...(await resolveConfig(path)), filepath: path });
  if (!checking) return writeFileSync(path, wanted);
  if (readFileSync(path, 'utf8') === wanted) return;
  console.error(`${name} is not what npm run commands makes`);
  process.exitCode = 1;
}
