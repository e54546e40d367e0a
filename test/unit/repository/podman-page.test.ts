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
  const rows = page
    .split('\n')
    .filter((line) => /^\| `/.test(line))
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()))
    .map(([what = '', why = '']) => ({ what: what.replaceAll('`', '').trim(), why }));
  t.deepEqual(
    rows,
    known.map(({ what, why }) => ({ what: what.replaceAll('`', '').trim(), why })),
  );
});

test('docs/podman.md: a difference has a reason, and one that is none has not', async (t) => {
  const reasonFor = (await load('known.mjs'))['reasonFor'] as (key: string) => string | undefined;
  t.is(reasonFor('inspect: only Podman has .HostConfig.Volume'), 'volumes have one driver, local');
  t.is(reasonFor('success: status of `run --rm ROOTFS true`'), undefined);
});

test('docs/podman.md: says how many scenarios there are', async (t) => {
  const scenarios = (await load('scenarios.mjs'))['SCENARIOS'] as readonly { readonly name: string }[];
  t.true(scenarios.length >= 30);
  t.true(page.includes(`${String(scenarios.length)} scenarios`));
  t.is(new Set(scenarios.map(({ name }) => name)).size, scenarios.length);
});
