import test from 'ava';

import { parseMoment } from '../../../src/util/moment.js';

const NOW = new Date('2024-06-01T12:00:00Z');

const READS: Readonly<Record<string, Date>> = {
  '1717243200': NOW,
  '1717243200.5': new Date('2024-06-01T12:00:00.500Z'),
  '10m': new Date('2024-06-01T11:50:00Z'),
  '1h30m': new Date('2024-06-01T10:30:00Z'),
  '-3h': new Date('2024-06-01T15:00:00Z'),
  '2024-01-02T03:04:05Z': new Date('2024-01-02T03:04:05Z'),
  '2024-01-02T03:04:05.25+01:00': new Date('2024-01-02T02:04:05.250Z'),
  '2024-01-02 03:04:05+0100': new Date('2024-01-02T02:04:05Z'),
  '2024-01-02': new Date(2024, 0, 2),
  '2024-01-02 03:04': new Date(2024, 0, 2, 3, 4),
  '2024-01-02T03:04:05': new Date(2024, 0, 2, 3, 4, 5),
  '2024-02-29': new Date(2024, 1, 29),
};

for (const [text, expected] of Object.entries(READS)) {
  test(`moment: reads ${text}`, (t) => {
    t.deepEqual(parseMoment(text, { now: NOW }), expected);
  });
}

test('moment: a duration may lie after now', (t) => {
  t.deepEqual(parseMoment('10m', { now: NOW, durations: 'after' }), new Date('2024-06-01T12:10:00Z'));
});

// What Date.parse makes a date of, with a guess, among them.
const REFUSED = ['', 'x', 'nonsense 2099', 'container 1', '2099 x', 'Jan 2', '1e3', '10 m', '10q', '+', 'today'];
const NO_DATES = ['2024-13-45T00:00:00Z', '2024-02-30', '2024-02-30T00:00:00Z', '2023-02-29', '2024-01-02 24:00'];

for (const text of [...REFUSED, ...NO_DATES]) {
  test(`moment: refuses ${JSON.stringify(text)}`, (t) => {
    t.is(parseMoment(text, { now: NOW }), undefined);
  });
}
