import test from 'ava';

import { pathPattern } from '../../../src/util/path-pattern.js';

const MATCHES: readonly (readonly [pattern: string, text: string])[] = [
  ['base:1', 'base:1'],
  ['b*e', 'base'],
  ['*', ''],
  ['*/app:?', 'team/app:1'],
  ['[b]ase*', 'base:1'],
  ['[a-c]ase', 'case'],
  ['[^a-c]ase', 'vase'],
  ['[xa-c]ase', 'xase'],
  ['[\\]]', ']'],
  ['[\\-a]', '-'],
  ['a\\*', 'a*'],
  ['a.c', 'a.c'],
  ['(a|b)$', '(a|b)$'],
  ['?', '\u{1f600}'],
];

const MISSES: readonly (readonly [pattern: string, text: string])[] = [
  ['', 'a'],
  ['b', 'base'],
  ['*', 'a/b'],
  ['a?b', 'a/b'],
  ['a.c', 'abc'],
  ['[a-c]ase', 'base/x'],
  ['[c-a]', 'b'],
  ['a\\*', 'ab'],
  ['A', 'a'],
];

for (const [pattern, text] of MATCHES)
  test(`a pattern that matches: ${pattern} ${text}`, (t) => {
    t.true(pathPattern(pattern)?.test(text));
  });

for (const [pattern, text] of MISSES)
  test(`a pattern that does not match: ${pattern} ${text}`, (t) => {
    t.false(pathPattern(pattern)?.test(text));
  });

for (const pattern of ['[', '[]', '[]a]', '[a', '[a-', '[a-]', '[-a]', '[^', 'a\\', '[\\'])
  test(`a pattern that is none: ${pattern}`, (t) => {
    t.is(pathPattern(pattern), undefined);
  });
