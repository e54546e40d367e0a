/** docs/native.md is complete: it names all that `tspod/native` exports. */
import { readFileSync } from 'node:fs';
import test from 'ava';

const PAGE = readFileSync('docs/native.md', 'utf8');

/** Names in `export { a, b } from` and `export type { A } from`. */
const EXPORTS = [...readFileSync('src/native/index.ts', 'utf8').matchAll(/^export (?:type )?\{([^}]*)\}/gms)]
  .flatMap(([, names = '']) => names.split(','))
  .map((name) => name.trim())
  .filter((name) => name !== '');

test('docs/native.md names every export of tspod/native', (t) => {
  t.true(EXPORTS.length > 50);
  const missing = EXPORTS.filter((name) => !new RegExp(`\\b${name}\\b`).test(PAGE));
  t.deepEqual(missing, []);
});

test('docs/native.md names every operation of withNamespaces', (t) => {
  const [, body = ''] =
    /interface InsideOperations \{(.*?)^\}/ms.exec(readFileSync('src/native/with-namespaces.ts', 'utf8')) ?? [];
  const operations = [...body.matchAll(/^ {2}(\w+)\(/gm)].map(([, name = '']) => name);
  t.true(operations.length > 20);
  t.deepEqual(
    operations.filter((name) => !PAGE.includes(`\`${name}\``)),
    [],
  );
});
