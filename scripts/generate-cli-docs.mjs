#!/usr/bin/env node
/** Writes docs/commands.md, and the table of missing flags in docs/cli.md, from the definitions of the commands in src/cli. */
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
const { commandReference, missingTable } = bundle.exports;

await write('docs/commands.md', await commandReference());
const guide = readFileSync(`${root}docs/cli.md`, 'utf8');
const [before] = guide.split('<!-- generated: missing flags -->');
const [, after] = guide.split('<!-- end -->');
await write(
  'docs/cli.md',
  `${before}<!-- generated: missing flags -->\n\n${await missingTable()}\n<!-- end -->${after}`,
);

async function write(name, text) {
  const path = `${root}${name}`;
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
}
