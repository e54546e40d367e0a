/** The licences that go with the bundle. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { temporaryDirectory } from '../../helpers/temp.js';

type Metafile = Readonly<Record<'outputs', Readonly<Record<string, Readonly<Record<'inputs', Inputs>>>>>>;
type Inputs = Readonly<Record<string, { readonly bytesInOutput: number }>>;

const { licencesOf } = (await import(new URL('../../../../scripts/licences.mjs', import.meta.url).href)) as {
  licencesOf: (root: string, metafiles: readonly Metafile[]) => string;
};

/** What is said of an output that has so many bytes of each of these modules. */
function licences(
  t: ExecutionContext,
  files: Readonly<Record<string, string>>,
  bytes: Readonly<Record<string, number>>,
) {
  const root = temporaryDirectory(t);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const inputs = Object.fromEntries(Object.entries(bytes).map(([path, bytesInOutput]) => [path, { bytesInOutput }]));
  return licencesOf(root, [{ outputs: { 'out.cjs': { inputs } } }]);
}

const ONE = {
  'node_modules/one/package.json': '{ "name": "one", "version": "1.0.0" }',
  'node_modules/one/LICENSE.md': 'Copyright one',
  'node_modules/one/lib/package.json': '{ "type": "commonjs" }',
};

test('each package once, with the licences of its folders and of packages in it', (t) => {
  const inner = 'node_modules/one/node_modules/@in/ner';
  const text = licences(
    t,
    {
      ...ONE,
      'node_modules/one/lib/fetch/license': 'Copyright fetch',
      [`${inner}/package.json`]: '{ "name": "@in/ner", "version": "2.0.0" }',
      [`${inner}/LICENSE-MIT.txt`]: 'Copyright inner',
    },
    {
      'own:src/a.ts': 1,
      'node_modules/one/lib/a.js': 1,
      'node_modules/one/lib/fetch/b.js': 1,
      [`${inner}/c.js`]: 1,
    },
  );
  const [, ...parts] = text.split(/\n\n-+\n/);
  t.deepEqual(parts, ['@in/ner 2.0.0\n\nCopyright inner', 'one 1.0.0\n\nCopyright one\n\nCopyright fetch\n']);
});

test('a package of which nothing is left is not named', (t) => {
  t.notRegex(licences(t, ONE, { 'node_modules/one/lib/a.js': 0 }), /one 1\.0\.0/);
});

test('a package without a licence is refused', (t) => {
  const files = { 'node_modules/two/package.json': '{ "name": "two", "version": "3.0.0" }' };
  t.throws(() => licences(t, files, { 'node_modules/two/a.js': 1 }), { message: /^two 3\.0\.0 has no licence/ });
});
