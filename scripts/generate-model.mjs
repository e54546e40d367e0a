#!/usr/bin/env node
/** Writes docs/model.md and docs/security.md, or with --check looks whether they are what it would write; says what is wrong with their items. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PAGES, pageText, problems } from './model/page.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const checking = process.argv.includes('--check');
const found = problems(root);
for (const page of Object.keys(PAGES)) {
  const path = join(root, page);
  if (!checking) writeFileSync(path, pageText(page));
  else if (readFileSync(path, 'utf8') !== pageText(page)) found.push(`${page} is not what npm run model makes`);
}
for (const problem of found) console.error(problem);
process.exitCode = found.length === 0 ? 0 : 1;
