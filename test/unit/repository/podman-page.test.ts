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
  const groups = (await load('known.mjs'))['GROUPS'] as readonly { readonly reasons: readonly Pick<Known, 'why'>[] }[];
  const [, generated = ''] = /<!-- generated: differences -->(.*?)<!-- end -->/s.exec(page) ?? [];
  const listed = [...generated.matchAll(/^- (.*)$/gm)].map(([, why = '']) => why);
  t.deepEqual(
    listed,
    groups.flatMap(({ reasons }) => reasons.map(({ why }) => why)),
  );
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
  t.regex(reasonFor('inspect: only Podman has .HostConfig.VolumesFrom') ?? '', /--volumes-from/);
  t.is(reasonFor('inspect: only Podman has .HostConfig.VolumeOther'), undefined);
  t.is(reasonFor('success: status of `run --rm ROOTFS true`'), undefined);
});

test('docs/testing.md: says how many scenarios the comparison has', async (t) => {
  const scenarios = (await load('scenarios.mjs'))['SCENARIOS'] as readonly { readonly name: string }[];
  t.true(scenarios.length >= 30);
  t.true(readFileSync('docs/testing.md', 'utf8').includes(`${String(scenarios.length)} scenarios`));
  t.is(new Set(scenarios.map(({ name }) => name)).size, scenarios.length);
});
