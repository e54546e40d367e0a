import test from 'ava';

import { escapeControls, jsonText } from '../../../../src/cli/terminal/escape.js';
import { humanDuration, humanSize } from '../../../../src/cli/format/human.js';
import { yamlText } from '../../../../src/cli/format/yaml.js';

const lasts = test.macro<[number, string]>({
  exec: (t, seconds, expected) => t.is(humanDuration(seconds * 1000), expected),
  title: (_, seconds, expected) => `${seconds} seconds are "${expected}"`,
});

const HOUR = 3600;
const DAY = 24 * HOUR;
test(lasts, 0.5, 'Less than a second');
test(lasts, 1.9, '1 second');
test(lasts, 59, '59 seconds');
test(lasts, 60, 'About a minute');
test(lasts, 119, 'About a minute');
test(lasts, 120, '2 minutes');
test(lasts, 59 * 60, '59 minutes');
test(lasts, HOUR, 'About an hour');
test(lasts, 1.4 * HOUR, 'About an hour');
test(lasts, 1.6 * HOUR, '2 hours');
test(lasts, 47 * HOUR, '47 hours');
test(lasts, 2 * DAY, '2 days');
test(lasts, 13 * DAY, '13 days');
test(lasts, 14 * DAY, '2 weeks');
test(lasts, 59 * DAY, '8 weeks');
test(lasts, 60 * DAY, '2 months');
test(lasts, 729 * DAY, '24 months');
test(lasts, 730 * DAY, '2 years');

test('sizes have three digits and powers of 1000', (t) => {
  t.deepEqual([0, 999, 1000, 1234, 12345, 123456, 1.5e9, 2e15].map(humanSize), [
    '0B',
    '999B',
    '1kB',
    '1.23kB',
    '12.3kB',
    '123kB',
    '1.5GB',
    '2PB',
  ]);
});

test('characters that steer a terminal are shown, not sent', (t) => {
  t.is(escapeControls('a\x1b]0;x\x07b\tc\n\u009b1m\u202ed'), 'a\\x1b]0;x\\x07b\tc\n\\x9b1m\\u202ed');
});

test('JSON escapes them as JSON does', (t) => {
  t.is(jsonText({ a: '\x1b\x7f\u009b\u202e' }), '{"a":"\\u001b\\u007f\\u009b\\u202e"}');
  t.deepEqual(JSON.parse(jsonText({ a: '\x1b\x7f\u009b\u202e' })), { a: '\x1b\x7f\u009b\u202e' });
});

test('YAML: maps in order of their keys, lists below them, text quoted where it must be', (t) => {
  const data = {
    b: [1, 'x', { k: 'v', a: true }],
    a: { z: '12', y: 'no', x: 'host: a' },
    empty: [],
    none: {},
    nil: null,
  };
  t.is(
    yamlText(data),
    'a:\n  x: "host: a"\n  y: "no"\n  z: "12"\nb:\n- 1\n- x\n- a: true\n  k: v\nempty: []\nnil: null\nnone: {}\n',
  );
});
