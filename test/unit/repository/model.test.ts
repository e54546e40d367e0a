import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';

interface Pages {
  readonly PAGES: Readonly<Record<string, unknown>>;
  readonly pageText: (path: string) => string;
  readonly problems: (root: string) => readonly string[];
}

async function load(): Promise<Pages> {
  return (await import(pathToFileURL(join(process.cwd(), 'scripts/model/page.mjs')).href)) as Pages;
}

test('pages made of items: each has a test that exists, or the reason why it has none', async (t) => {
  t.deepEqual((await load()).problems(process.cwd()), []);
});

test('pages made of items: are what the script makes of them', async (t) => {
  const { PAGES, pageText } = await load();
  t.deepEqual(Object.keys(PAGES), ['docs/model.md', 'docs/security.md']);
  for (const page of Object.keys(PAGES)) t.is(readFileSync(page, 'utf8'), pageText(page), page);
});
