import test from 'ava';

import type { IdMap } from '../../../src/index.js';
import {
  autoMaps,
  autoSize,
  isIdentity,
  mapsOfRanges,
  mappedId,
  mergeMaps,
  rootIds,
} from '../../../src/spec/users/userns.js';

const map = (containerId: number, hostId: number, size: number): IdMap => ({ containerId, hostId, size });
const AVAILABLE = [{ first: 1000, size: 100 }];

const chooses = test.macro<[string, Partial<Parameters<typeof autoMaps>[0]>, readonly IdMap[] | undefined]>({
  exec: (t, _, request, expected) => {
    t.deepEqual(autoMaps({ size: 10, given: [], available: AVAILABLE, used: [], ...request }), expected);
  },
  title: (_, what) => `an automatic map ${what}`,
});
test('takes the first free ids', chooses, 'takes the first free ids', {}, [map(0, 1000, 10)]);
test('of others', chooses, 'leaves the ids of others alone', { used: [{ first: 1005, size: 10 }] }, [map(0, 1015, 10)]);
test('given', chooses, 'has what was given, and no id twice', { given: [map(5, 1000, 1)] }, [
  map(0, 1001, 5),
  map(5, 1000, 1),
  map(6, 1006, 4),
]);
test('beyond', chooses, 'has what was given beyond its size', { given: [map(500, 7, 2)] }, [
  map(0, 1000, 10),
  map(500, 7, 2),
]);
test('pieces', chooses, 'is put together from pieces', { size: 99, used: [{ first: 1050, size: 1 }] }, [
  map(0, 1000, 50),
  map(50, 1051, 49),
]);
test('none', chooses, 'is none where ids are lacking', { size: 101 }, undefined);

test('the size of an automatic namespace follows the accounts and the user', (t) => {
  t.is(autoSize({ user: '', groups: [] }, 0), 1024);
  t.is(autoSize({ user: 'alice:users', groups: ['audio'] }, 5000), 5000);
  t.is(autoSize({ user: '7000', groups: [] }, 5000), 7001);
  t.is(autoSize({ user: '1:8000', groups: ['9000'] }, 5000), 9001);
});

test('no image makes an automatic namespace larger than 65536 IDs', (t) => {
  t.is(autoSize({ user: '65535', groups: [] }, 65_536), 65_536);
  t.throws(() => autoSize({ user: '', groups: [] }, 65_537), { code: 'INVALID_ARGUMENT', message: /of 65537 IDs/ });
  t.throws(() => autoSize({ user: '2147483647', groups: [] }, 0), { code: 'INVALID_ARGUMENT' });
});

test('ids are looked up through the maps', (t) => {
  const uidMaps = [map(0, 100, 10), map(20, 500, 5)];
  t.is(mappedId(uidMaps, 9), 109);
  t.is(mappedId(uidMaps, 10), undefined);
  t.is(mappedId(uidMaps, 24), 504);
  t.deepEqual(rootIds({ uidMaps, gidMaps: [map(0, 7, 1)] }), { uid: 100, gid: 7 });
  t.deepEqual(rootIds({ uidMaps: [], gidMaps: [] }), { uid: 0, gid: 0 });
  t.true(isIdentity({ uidMaps: [map(0, 0, 10)], gidMaps: [map(3, 3, 1)] }));
  t.false(isIdentity({ uidMaps: [map(0, 0, 10)], gidMaps: [map(3, 4, 1)] }));
});

test('maps that go on are one; ranges follow each other', (t) => {
  t.deepEqual(mergeMaps([map(10, 110, 5), map(0, 100, 10), map(20, 120, 1)]), [map(0, 100, 15), map(20, 120, 1)]);
  t.deepEqual(
    mapsOfRanges([
      { first: 100, size: 5 },
      { first: 50, size: 2 },
    ]),
    [map(0, 100, 5), map(5, 50, 2)],
  );
});
