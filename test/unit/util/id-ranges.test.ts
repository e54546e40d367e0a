import test from 'ava';

import { sizeOfRanges, subtractRanges, takeIds, type IdRange } from '../../../src/util/id-ranges.js';

const range = (first: number, size: number): IdRange => ({ first, size });

const leaves = test.macro<[IdRange[], IdRange[], IdRange[]]>({
  exec: (t, ranges, others, expected) => {
    t.deepEqual(subtractRanges(ranges, others), expected);
  },
  title: (_, ranges, others) => `of ${JSON.stringify(ranges)} without ${JSON.stringify(others)} is left`,
});
test(leaves, [range(10, 10)], [], [range(10, 10)]);
test(leaves, [range(10, 10)], [range(0, 10), range(20, 5)], [range(10, 10)]);
test(leaves, [range(10, 10)], [range(12, 3)], [range(10, 2), range(15, 5)]);
test(leaves, [range(10, 10)], [range(5, 7), range(18, 100)], [range(12, 6)]);
test(leaves, [range(10, 10)], [range(10, 10)], []);
test(leaves, [range(30, 5), range(10, 10), range(15, 10)], [range(20, 1)], [range(10, 10), range(21, 4), range(30, 5)]);
test(leaves, [range(10, 5), range(15, 5)], [], [range(10, 10)]);

test('ids are taken in one piece where there is one, else in several', (t) => {
  const ranges = [range(10, 5), range(100, 50), range(200, 50)];
  t.deepEqual(takeIds(ranges, 5), [range(10, 5)]);
  t.deepEqual(takeIds(ranges, 6), [range(100, 6)]);
  t.deepEqual(takeIds(ranges, 60), [range(10, 5), range(100, 50), range(200, 5)]);
  t.deepEqual(takeIds(ranges, 105), ranges);
  t.is(takeIds(ranges, 106), undefined);
  t.deepEqual(takeIds(ranges, 0), []);
  t.is(sizeOfRanges(ranges), 105);
});
