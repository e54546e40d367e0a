import test from 'ava';

import { defined } from '../../../src/util/defined.js';

test('defined: leaves undefined values out, and keeps others that say no', (t) => {
  const given: { a: string | undefined; b: null; c: number; d: string; e?: boolean } = {
    a: undefined,
    b: null,
    c: 0,
    d: '',
    e: false,
  };
  const taken: { a?: string; b: null; c: number; d: string; e?: boolean } = defined(given);
  t.deepEqual(Object.entries(taken), Object.entries({ b: null, c: 0, d: '', e: false }));
});
