import test from 'ava';

import { codeName } from '../../../src/util/code-name.js';

test('the name of a number is found, and of another there is none', (t) => {
  const codes = { first: 0, second: 1 } as const;
  t.is(codeName(codes, 0), 'first');
  t.is(codeName(codes, 1), 'second');
  t.is(codeName(codes, 2), undefined);
});
