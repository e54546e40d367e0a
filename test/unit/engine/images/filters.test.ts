import test from 'ava';

import { imagePredicate } from '../../../../src/engine/images/filters.js';
import type { ImageSummary } from '../../../../src/engine/images/types.js';
import { noSuchImage } from '../../../../src/state/images.js';

const ID = '9f12'.repeat(16);
const DIGEST = `sha256:${'0'.repeat(64)}`;

function matches(reference: readonly string[], ...names: readonly string[]): boolean {
  const image = { id: ID, names } as unknown as ImageSummary;
  const find = (wanted: string) => {
    if (/^[0-9a-f]+$/.test(wanted) && ID.startsWith(wanted)) return image;
    if (wanted === 'other' || names.includes(wanted)) return image;
    throw noSuchImage(wanted);
  };
  return imagePredicate({ reference }, { now: new Date(), find })(image);
}

const DEEP = 'localhost/a/b/c:1';

test('reference: the whole name, the path in the registry, the last part, with and without the tag', (t) => {
  for (const pattern of [DEEP, 'localhost/a/b/c', 'a/b/c:1', 'a/b/c', 'c:1', 'c', 'a/*/c', 'localhost/*/*/c', 'c*'])
    t.true(matches([pattern], DEEP), pattern);
});

test('reference: no other part of a name', (t) => {
  for (const pattern of ['b/c', 'b/c:1', 'localhost', 'a', 'b', '1', '*/c', 'localhost/*', 'c:', ''])
    t.false(matches([pattern], DEEP), pattern);
});

test('reference: classes and quoted characters', (t) => {
  for (const pattern of ['[b]ase*', '[a-c]ase', 'base:[^2]', '\\base'])
    t.true(matches([pattern], 'localhost/base:1'), pattern);
  for (const pattern of ['[c]ase', 'base:[^1]', '[', 'base\\*'])
    t.false(matches([pattern], 'localhost/base:1'), pattern);
});

test('reference: of a name with a digest', (t) => {
  const name = `quay.io:5000/team/app@${DIGEST}`;
  for (const pattern of [name, 'quay.io:5000/team/app', 'team/app', `team/app@${DIGEST}`, 'app', 'app@*'])
    t.true(matches([pattern], name), pattern);
  for (const pattern of ['quay.io:5000', 'app:1', DIGEST]) t.false(matches([pattern], name), pattern);
});

test('reference: by the id, not by what finds an image else', (t) => {
  t.true(matches([ID], DEEP));
  t.true(matches([ID.slice(0, 12)]));
  t.false(matches(['other'], DEEP));
});

test('reference: one of several values, one of several names', (t) => {
  t.true(matches(['x', 'c'], DEEP));
  t.true(matches(['second'], DEEP, 'localhost/second:latest'));
  t.false(matches(['x', 'y'], DEEP, 'localhost/second:latest'));
});
