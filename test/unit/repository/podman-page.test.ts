import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';

interface Known {
  readonly what: string;
  readonly why: string;
}

const page = readFileSync('docs/podman.md', 'utf8');

async function load(name: string): Promise<Record<string, unknown>> {
  return (await import(pathToFileURL(join(process.cwd(), 'scripts/compare', name)).href)) as Record<string, unknown>;
}

test('docs/podman.md: lists the differences that the comparison knows, with the same reasons', async (t) => {
  const known = (await load('known.mjs'))['KNOWN'] as readonly Known[];
  const plain = (text: string) => text.replaceAll('`', '').trim();
  const [users = '', maintainers = ''] = page.split('### Keys of the differences');
  const listed: Known[] = [];
  let why = '';
  for (const [, indent, text = ''] of maintainers.matchAll(/^( *)- (.*)$/gm)) {
    if (indent === '') why = text;
    else listed.push({ what: plain(text), why });
  }
  t.deepEqual(
    listed,
    known.map((one) => ({ what: plain(one.what), why: one.why })),
  );
  for (const reason of new Set(known.map((one) => one.why))) t.true(users.includes(`\n- ${reason}\n`), reason);
});

test('the comparison: no two reasons fit one difference', async (t) => {
  const known = (await load('known.mjs'))['KNOWN'] as readonly Known[];
  for (const { what } of known)
    t.deepEqual(
      known.filter((other) => other.what.startsWith(what)).map((other) => other.what),
      [what],
    );
});

test('docs/podman.md: a difference has a reason, and one that is none has not', async (t) => {
  const reasonFor = (await load('known.mjs'))['reasonFor'] as (key: string) => string | undefined;
  t.regex(reasonFor('inspect: only Podman has .HostConfig.VolumeDriver') ?? '', /volumes have one driver/i);
  t.is(reasonFor('success: status of `run --rm ROOTFS true`'), undefined);
});

test('docs/podman.md: says how many scenarios there are', async (t) => {
  const scenarios = (await load('scenarios.mjs'))['SCENARIOS'] as readonly { readonly name: string }[];
  t.true(scenarios.length >= 30);
  t.true(page.includes(`${String(scenarios.length)} scenarios`));
  t.is(new Set(scenarios.map(({ name }) => name)).size, scenarios.length);
});
