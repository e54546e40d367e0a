import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';

interface Page {
  readonly modelPage: () => string;
  readonly problems: (root: string) => readonly string[];
}

async function loadPage(): Promise<Page> {
  return (await import(pathToFileURL(join(process.cwd(), 'scripts/model/page.mjs')).href)) as Page;
}

test('docs/model.md: each item has a test that exists, or the reason why it has none', async (t) => {
  t.deepEqual((await loadPage()).problems(process.cwd()), []);
});

test('docs/model.md: is what the script makes of the items', async (t) => {
  t.is(readFileSync('docs/model.md', 'utf8'), (await loadPage()).modelPage());
});
