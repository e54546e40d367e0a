#!/usr/bin/env node
/** Writes docs/model.md, and says what is wrong with its items. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modelPage, problems } from './model/page.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
writeFileSync(join(root, 'docs/model.md'), modelPage());
const found = problems(root);
for (const problem of found) console.error(problem);
process.exitCode = found.length === 0 ? 0 : 1;
